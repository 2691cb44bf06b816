/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/ifdh_bell.h"

#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/bytes.h"
#include "lib/path.h"

/* slotd writes the file in place, and the end of its process closes it. */
enum {
	WATCHED = IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO |
	    IN_DELETE | IN_ONLYDIR,
};

enum err
bell_open(struct bell *b)
{
	b->dir = -1;
	b->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	b->rung = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->watch >= 0 && b->rung >= 0)
		return ERR_OK;
	bell_close(b);
	return ERR_SYSTEM;
}

void
bell_close(struct bell *b)
{
	if (b->watch >= 0)
		close(b->watch);
	if (b->rung >= 0)
		close(b->rung);
	b->watch = b->rung = -1;
}

void
bell_ring(struct bell *b)
{
	(void)eventfd_write(b->rung, 1);
}

bool
bell_hears(struct bell *b)
{
	char dir[PATH_MAX];

	if (b->dir < 0 && path_in_socket_dir(dir, sizeof(dir), "") == ERR_OK)
		b->dir = inotify_add_watch(b->watch, dir, WATCHED);
	return b->dir >= 0;
}

/* Takes what has been heard; a directory that has gone is not watched more. */
static void
drain(struct bell *b)
{
	uint8_t buf[4096];
	ssize_t n;

	while ((n = read(b->watch, buf, sizeof(buf))) > 0) {
		struct rd r = { .in = { buf, (size_t)n } };

		while (r.in.n != 0 && !r.bad) {
			struct view v = rd_take(&r, sizeof(struct inotify_event));
			struct inotify_event e;

			if (r.bad)
				break;
			memcpy(&e, v.p, sizeof(e));
			(void)rd_take(&r, e.len);
			if ((e.mask & IN_IGNORED) != 0)
				b->dir = -1;
		}
	}
}

enum bell_event
bell_wait(struct bell *b, int timeout_ms)
{
	struct pollfd p[2] = { { .fd = b->rung, .events = POLLIN },
		{ .fd = b->watch, .events = POLLIN } };
	eventfd_t count;

	if (poll(p, 2, timeout_ms) <= 0)
		return BELL_QUIET;
	if (p[1].revents != 0)
		drain(b);
	if (p[0].revents == 0)
		return BELL_WRITTEN;
	(void)eventfd_read(b->rung, &count);
	return BELL_RUNG;
}
