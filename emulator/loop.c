/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/loop.h"

#include <poll.h>
#include <string.h>

void
loop_init(struct loop *l)
{
	memset(l, 0, sizeof(*l));
	for (size_t i = 0; i < LOOP_MAX; i++)
		l->src[i].fd = -1;
}

int
loop_add(struct loop *l, int fd, short events, loop_fn fn, void *arg)
{
	for (int i = 0; i < LOOP_MAX; i++) {
		if (l->src[i].fd >= 0)
			continue;
		l->src[i] = (struct loop_source){ fd, events, fn, arg };
		return i;
	}
	return -1;
}

void
loop_want(struct loop *l, int handle, short events)
{
	l->src[handle].events = events;
}

void
loop_del(struct loop *l, int handle)
{
	l->src[handle] = (struct loop_source){ .fd = -1 };
}

void
loop_once(struct loop *l, int timeout_ms)
{
	struct pollfd p[LOOP_MAX];
	loop_fn fn[LOOP_MAX];

	size_t n = 0;

	for (size_t i = 0; i < LOOP_MAX; i++) {
		p[i] = (struct pollfd){ l->src[i].fd, l->src[i].events, 0 };
		fn[i] = l->src[i].fn;
		if (p[i].fd >= 0)
			n = i + 1;
	}
	if (poll(p, n, timeout_ms) <= 0)
		return;
	/* A callback may free another source or put a new one in its place. */
	for (size_t i = 0; i < n; i++) {
		if (p[i].revents == 0 || l->src[i].fd != p[i].fd ||
		    l->src[i].fn != fn[i])
			continue;
		l->src[i].fn(l->src[i].arg, p[i].revents);
	}
}
