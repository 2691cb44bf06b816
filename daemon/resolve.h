/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_RESOLVE_H
#define DAEMON_RESOLVE_H

/*
 * A host name's address without waiting for a name server: numbers are read on
 * the spot, anything else is looked up by a child process.
 */

#include <sys/socket.h>

#include "base/must_use.h"

struct event_base;
struct resolve;

struct resolved {
	struct sockaddr_storage sa;
	socklen_t n;		/* 0: not found */
};

typedef void	(*resolve_fn)(void *arg, const struct resolved *);

/* done is called once, later, from the loop. NULL when it cannot begin. */
struct resolve	*resolve_start(struct event_base *, const char *host,
		    const char *port, resolve_fn done, void *arg) MUST_USE;

/* Gives up or cleans up: needed after done too. NULL is fine. */
void		resolve_free(struct resolve *);

#endif
