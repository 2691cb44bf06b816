/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/refusal.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"

enum { LINGER_S = 1, READS_MAX = 16 };

struct refusal {
	TAILQ_ENTRY(refusal) entry;
	struct refusals *all;
	int fd;
	unsigned reads;
	struct event *event;
};

struct refusals {
	struct event_base *base;
	unsigned n;
	TAILQ_HEAD(, refusal) list;
};

static void
end(struct refusal *r)
{
	TAILQ_REMOVE(&r->all->list, r, entry);
	r->all->n--;
	if (r->event != NULL)
		event_free(r->event);
	close(r->fd);
	free(r);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct refusal *r = arg;
	uint8_t buf[256];
	ssize_t n = -1;

	if (what & EV_READ)
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	secret_wipe(buf, sizeof(buf));
	if (n <= 0 || ++r->reads == READS_MAX)
		end(r);
}

struct refusals *
refusals_new(struct event_base *base)
{
	struct refusals *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->base = base;
	TAILQ_INIT(&all->list);
	return all;
}

void
refusals_free(struct refusals *all)
{
	struct refusal *r;

	if (all == NULL)
		return;
	while ((r = TAILQ_FIRST(&all->list)) != NULL)
		end(r);
	free(all);
}

void
refusals_add(struct refusals *all, int fd, struct view word)
{
	static const struct timeval linger = { .tv_sec = LINGER_S };
	struct refusal *r = NULL;

	if (word.n != 0 && all->n < REFUSALS_MAX && send(fd, word.p, word.n,
	    MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)word.n)
		r = calloc(1, sizeof(*r));
	if (r == NULL) {
		close(fd);
		return;
	}
	*r = (struct refusal){ .all = all, .fd = fd };
	TAILQ_INSERT_TAIL(&all->list, r, entry);
	all->n++;
	r->event = event_new(all->base, fd, EV_READ | EV_PERSIST, on_event, r);
	if (r->event == NULL || event_add(r->event, &linger) != 0)
		end(r);
}
