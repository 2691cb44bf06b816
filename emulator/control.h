/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CONTROL_H
#define EMULATOR_CONTROL_H

/*
 * The control socket: one request a line, words separated by blanks; the
 * answer is one line, "ok", "ok TEXT" or "error TEXT", sent when it has
 * happened. A line is at most CONTROL_LINE_MAX bytes. See slotemu(1).
 */

#include "base/must_use.h"
#include "emulator/loop.h"
#include "emulator/server.h"
#include "emulator/world.h"

enum { CONTROL_LINE_MAX = 8192, CONTROL_CONNS_MAX = 32 };

struct control_conn;

struct control {
	struct loop *loop;
	struct world *world;
	struct server *server;
	struct control_conn *conn[CONTROL_CONNS_MAX];
	int listen_fd;
};

/* Takes over the listening descriptor. False when the loop is full. */
bool	control_init(struct control *, struct loop *, struct world *,
	    struct server *, int owned_fd) MUST_USE;

/* Runs one request line; the answer, with its newline, goes to dst. */
void	control_run(struct control *, char *line, char *dst, size_t cap);

void	control_fini(struct control *);

#endif
