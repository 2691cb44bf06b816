/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/pcsc_client.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/pcsc_call.h"
#include "protocols/settings.h"

static const struct stream_limits limits = {
	.in_max = 2 * PCSC_REQUEST_MAX,
	.out_max = 512 * 1024,
	.stall_ms = 10000,
};

void
pcsc_answer_raw(struct pcsc_client *c, struct view v)
{
	stream_send(c->stream, v);
	stream_release(c->stream);
}

void
pcsc_answer_data(struct pcsc_client *c, enum pcsc_rv rv, struct view data)
{
	pcsc_set_rv(&c->q, rv);
	stream_send_two(c->stream, (struct view){ c->q.body, c->q.n }, data);
	stream_release(c->stream);
}

void
pcsc_answer(struct pcsc_client *c, enum pcsc_rv rv)
{
	pcsc_answer_data(c, rv, (struct view){ NULL, 0 });
}

void
pcsc_refuse(struct pcsc_client *c, const char *why)
{
	char who[80];

	log_at(LOG_LEVEL_INFO, peer_text(who, sizeof(who), &c->peer),
	    "its PC/SC connection is closed: %s", why);
	c->waits = false;
	stream_finish(c->stream);
}

/*
 * A signal carries the count of reader events, for a client may take it for the
 * answer to READER_EVENTS, which has the same length, and the other way round.
 */
static void
send_signal(struct pcsc_client *c, uint32_t rv)
{
	uint8_t buf[PCSC_SIGNAL];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	c->waits = c->due = false;
	pcsc_word_write(&w, rv == PCSC_RV_SUCCESS ? c->world->state.events : 0);
	pcsc_word_write(&w, rv);
	stream_send(c->stream, wr_done(&w));
}

void
pcsc_signal(struct pcsc_client *c, uint32_t rv)
{
	if (!c->waits)
		return;
	if (!c->quiet) {
		send_signal(c, rv);
		return;
	}
	if (!c->due || rv != PCSC_RV_SUCCESS)
		c->due_rv = rv;
	c->due = true;
}

void
pcsc_changed(struct pcsc_world *world)
{
	struct pcsc_client *c;

	world->state.changes++;
	TAILQ_FOREACH(c, &world->clients, entry)
		pcsc_signal(c, PCSC_RV_SUCCESS);
}

static bool
is_taken(const struct pcsc_world *world, uint32_t number)
{
	const struct pcsc_client *c;

	TAILQ_FOREACH(c, &world->clients, entry) {
		if (c->context == number ||
		    pcsc_handle_find(c, number) != NULL)
			return true;
	}
	return false;
}

uint32_t
pcsc_new_number(const struct pcsc_world *world)
{
	uint32_t x;

	do {
		if (getrandom(&x, sizeof(x), 0) != (ssize_t)sizeof(x))
			return 0;
		x &= INT32_MAX;
	} while (x == 0 || is_taken(world, x));
	return x;
}

static bool
waits(const void *arg, const struct reader *reader)
{
	const struct pcsc_client *c = arg;

	(void)reader;
	return c->waits;
}

static size_t
on_input(void *arg, struct view in)
{
	struct pcsc_client *c = arg;
	size_t used;
	enum err e = pcsc_request_parse(&c->q, &used, in, c->minor);

	if (e == ERR_OK) {
		if (pcsc_asks_about_cards(c) &&
		    !watcher_ask(&c->watcher, c->stream, NULL))
			return 0;
		stream_hold(c->stream);
		pcsc_command(c);
	} else if (e != ERR_SHORT) {
		pcsc_refuse(c, err_text(e));
	}
	return used;
}

static void
on_closed(void *arg)
{
	struct pcsc_client *c = arg;

	c->closed(c->arg, c);
}

struct pcsc_client *
pcsc_client_new(struct pcsc_world *world, int fd, const struct peer *peer,
    void (*closed)(void *, struct pcsc_client *), void *arg)
{
	static const struct stream_ops ops = { on_input, on_closed };
	struct pcsc_client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return NULL;
	}
	c->world = world;
	c->peer = *peer;
	c->peer.dialect = DIALECT_PCSC;
	c->closed = closed;
	c->arg = arg;
	TAILQ_INIT(&c->handles);
	c->stream = stream_new(world->base, fd, &limits, &ops, c);
	if (c->stream == NULL) {
		free(c);
		return NULL;
	}
	watcher_init(&c->watcher, world->registry, waits, c);
	TAILQ_INSERT_TAIL(&world->clients, c, entry);
	return c;
}

void
pcsc_client_free(struct pcsc_client *c)
{
	struct pcsc_handle *h;

	if (c == NULL)
		return;
	c->waits = false;
	while ((h = TAILQ_FIRST(&c->handles)) != NULL)
		pcsc_handle_free(h);
	watcher_fini(&c->watcher);
	TAILQ_REMOVE(&c->world->clients, c, entry);
	stream_free(c->stream);
	free(c);
}
