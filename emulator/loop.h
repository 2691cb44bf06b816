/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_LOOP_H
#define EMULATOR_LOOP_H

/* A poll(2) loop: descriptors with a function each. One thread, no timers. */

#include <stdbool.h>
#include <stddef.h>

#include "base/must_use.h"

enum { LOOP_MAX = 256 };

typedef void	(*loop_fn)(void *arg, short revents);

struct loop_source {
	int fd;			/* -1: free */
	short events;
	loop_fn fn;
	void *arg;
};

struct loop {
	struct loop_source src[LOOP_MAX];
	bool quit;
};

void	loop_init(struct loop *);

/* Watches fd, which stays the caller's. Returns a handle, -1 when full. */
int	loop_add(struct loop *, int fd, short events, loop_fn, void *arg) MUST_USE;

/* Changes what is waited for. */
void	loop_want(struct loop *, int handle, short events);

/* Forgets the descriptor; allowed inside any callback. */
void	loop_del(struct loop *, int handle);

/* Waits once, up to timeout_ms (-1 for ever), and calls what is ready. */
void	loop_once(struct loop *, int timeout_ms);

#endif
