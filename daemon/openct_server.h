/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_OPENCT_SERVER_H
#define DAEMON_OPENCT_SERVER_H

/*
 * OpenCT's dialect: DIR/status and one socket DIR/N for each reader. Reader
 * numbers from OPENCT_READERS_MAX on cannot be seen from there.
 */

#include <event2/event.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/must_use.h"
#include "daemon/registry.h"

struct openct_server;

/*
 * Serves what the registry has now and will have, in dir, which must exist.
 * mode is that of the sockets (0666: everybody). ERR_BUSY when another daemon
 * serves there, ERR_TOO_LONG, ERR_MEMORY, ERR_SYSTEM (errno).
 */
enum err	openct_server_open(struct openct_server **, struct event_base *,
		    struct registry *, const char *dir, mode_t mode) MUST_USE;

/* openct.conf may say something else of who may see a reader. */
void		openct_server_publish(struct openct_server *);

/* Closes all clients, removes the sockets, empties DIR/status. NULL is fine. */
void		openct_server_close(struct openct_server *);

#endif
