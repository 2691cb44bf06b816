/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

/* A listening Unix socket in the file system, and who may connect how often. */

#include <sys/types.h>

#include <event2/event.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "daemon/peer.h"
#include "daemon/quota.h"

struct listener;

/* A client has connected; fd is the callee's. The quota was entered for it. */
typedef void	(*listener_fn)(void *arg, int owned_fd, const struct peer *);

/*
 * Binds path with that mode and listens. A socket that nobody listens to any
 * more is replaced; ERR_BUSY when another program does. ERR_TOO_LONG,
 * ERR_SYSTEM (errno), ERR_MEMORY.
 */
enum err	listener_open(struct listener **, struct event_base *,
		    const char *path, mode_t mode, struct quota *, listener_fn,
		    void *arg) MUST_USE;

/*
 * Serves a socket that somebody else bound at path and listens at. It is
 * borrowed: neither closed nor removed, so clients may wait there for the next
 * of us. ERR_TOO_LONG, ERR_MEMORY.
 */
enum err	listener_adopt(struct listener **, struct event_base *, int fd,
		    const char *path, struct quota *, listener_fn, void *arg)
		    MUST_USE;

/*
 * What those are told that the quota has no room for, before they are closed;
 * borrowed. Without it they are told nothing.
 */
void		listener_set_refusal(struct listener *, struct view word);

/* Stops listening and removes a socket of our own. NULL is fine. */
void		listener_close(struct listener *);

#endif
