/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_DIALECTS_H
#define DAEMON_DIALECTS_H

/* The sockets that programs use, each as openct.conf wants it: there or not. */

#include "base/err.h"
#include "base/must_use.h"
#include "daemon/activation.h"
#include "daemon/control.h"
#include "protocols/settings.h"

struct openct_server;
struct pcsc_server;

struct dialects {
	/* borrowed, and set by the caller */
	struct event_base *base;
	struct registry *registry;
	struct activation *activation;
	const char *dir;		/* of the sockets */
	control_reload_fn reload;	/* what the control socket asks for */
	void *reload_arg;
	/* NULL: not served */
	struct openct_server *openct;
	struct pcsc_server *pcsc;
	struct control *control;
};

/*
 * Opens what is to be served and is not, closes what is not to be. Not from a
 * callback of one of them. An error is logged, and that of PC/SC, where another
 * pcscd may be, is none; the others are as they can be.
 */
enum err	dialects_follow(struct dialects *, const struct settings *)
		    MUST_USE;

void		dialects_close(struct dialects *);

#endif
