/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

/* DIR/control: JSON lines for slotctl and other programs (doc/control.md). */

#include <event2/event.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/must_use.h"
#include "daemon/registry.h"

struct control;

/*
 * Serves the registry's readers at DIR/control; dir must exist. mode is that of
 * the socket (0666: everybody). fd is one that listens there already, borrowed,
 * or -1. Errors as openct_server_open.
 */
enum err	control_open(struct control **, struct event_base *,
		    struct registry *, const char *dir, mode_t mode, int fd)
		    MUST_USE;

/*
 * What to do when root, or the user slotd runs as, wants the configuration to be
 * read again. On errors text, which holds CONTROL_RELOAD_TEXT bytes, says why.
 */
enum { CONTROL_RELOAD_TEXT = 1536 };
typedef enum err	(*control_reload_fn)(void *arg, char *text);
void		control_on_reload(struct control *, control_reload_fn,
		    void *arg);

/* Closes all clients and removes the socket. NULL is fine. */
void		control_close(struct control *);

#endif
