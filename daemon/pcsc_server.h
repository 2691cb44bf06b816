/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_PCSC_SERVER_H
#define DAEMON_PCSC_SERVER_H

/* PC/SC's dialect: the socket that libpcsclite's programs speak to. */

#include <event2/event.h>

#include "base/err.h"
#include "base/must_use.h"
#include "daemon/registry.h"

struct pcsc_server;

struct pcsc_options {
	const char *dir;	/* of the files below; made if missing */
	const char *own_dir;	/* for what is to be known after a restart */
	unsigned legacy;	/* places of the array of readers up to 4.5 */
	int fd;			/* listens there already, borrowed; or -1 */
};

/*
 * Listens at DIR/pcscd.comm (mode 0666) and writes DIR/pcscd.pid, which may fail
 * where somebody else made the socket. ERR_BUSY when another pcscd listens
 * there; ERR_SYSTEM (errno), ERR_TOO_LONG, ERR_MEMORY.
 *
 * Makes OWN_DIR/pcsc-many when there are more readers than usual: programs of
 * 4.6 that were told so can bear no smaller number until they end, whichever
 * slotd tells it.
 */
enum err	pcsc_server_open(struct pcsc_server **, struct event_base *,
		    struct registry *, const struct pcsc_options *) MUST_USE;

/* Removes both files, if they are ours. Transactions under way cost a reset. NULL is fine. */
void		pcsc_server_close(struct pcsc_server *);

/*
 * openct.conf was read again: the number of readers that older programs expect,
 * and whoever waits looks at what it may see now.
 */
void		pcsc_server_follow(struct pcsc_server *, unsigned legacy);

#endif
