/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_PCSC_CLIENT_H
#define DAEMON_PCSC_CLIENT_H

/*
 * One connection of PC/SC's dialect, which is one context of a program: its
 * requests are answered one after the other; only the end of a wait comes when
 * it likes. The protocol's minor version is the client's choice, 3 to 6.
 */

#include "base/must_use.h"
#include "daemon/peer.h"

struct pcsc_client;
struct pcsc_world;

/* closed is called once, from the loop, when the client has gone or was put an
   end to; pcsc_client_free must follow. NULL: memory; fd is closed then. */
struct pcsc_client *pcsc_client_new(struct pcsc_world *, int owned_fd,
		    const struct peer *,
		    void (*closed)(void *arg, struct pcsc_client *),
		    void *arg) MUST_USE;

/* Gives back what it has; a transaction under way costs a reset. NULL is
   fine. */
void		pcsc_client_free(struct pcsc_client *);

#endif
