/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/pcsc_call.h"
#include "daemon/reader.h"
#include "daemon/slot.h"

enum {
	HANDLES_MAX = 200,		/* of one client, as pcscd has it */
	CROSSED_MS = 1000,		/* of who keeps others waiting */
};

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	pcsc_begin_timeout(arg);
}

/* NULL: memory. */
static struct pcsc_handle *
handle_alloc(struct pcsc_client *c, struct pcsc_place *place)
{
	static const struct session_rules rules = { .dialect = "PC/SC",
		.reset_on_close = true, .report_reset = true,
		.unlock_on_removal = true };
	struct pcsc_handle *h;

	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return NULL;
	h->client = c;
	h->place = place;
	h->reader = place->reader;
	memcpy(h->name, place->name, sizeof(h->name));
	h->timer = evtimer_new(c->world->base, on_timer, h);
	h->session = session_open(reader_slot(place->reader, place->slot),
	    &c->peer, &rules);
	if (h->timer == NULL || h->session == NULL) {
		if (h->timer != NULL)
			event_free(h->timer);
		session_close(h->session);
		free(h);
		return NULL;
	}
	place->connecting++;
	c->n_handles++;
	TAILQ_INSERT_TAIL(&c->handles, h, entry);
	return h;
}

/* One context as many as pcscd gives it, one user not all there are. */
static bool
may_have_more(struct pcsc_client *c)
{
	struct quota *q = &c->world->handle_quota;
	enum err e;

	if (c->n_handles >= HANDLES_MAX)
		return false;
	e = quota_enter(q, c->peer.uid);
	if (e == ERR_QUOTA)
		quota_tell(q, "PC/SC", &c->peer, "card handles");
	return e == ERR_OK;
}

struct pcsc_handle *
pcsc_handle_new(struct pcsc_client *c, struct pcsc_place *place)
{
	struct pcsc_handle *h;

	if (!may_have_more(c))
		return NULL;
	h = handle_alloc(c, place);
	if (h == NULL)
		quota_leave(&c->world->handle_quota, c->peer.uid);
	return h;
}

void
pcsc_handle_free(struct pcsc_handle *h)
{
	struct pcsc_client *c = h->client;
	struct pcsc_place *place = h->place;

	TAILQ_REMOVE(&c->handles, h, entry);
	c->n_handles--;
	quota_leave(&c->world->handle_quota, c->peer.uid);
	if (place != NULL && place->exclusive == h)
		place->exclusive = NULL;
	if (place != NULL && h->number == 0)
		place->connecting--;
	session_close(h->session);
	event_free(h->timer);
	free(h);
	if (place != NULL)
		pcsc_sharing_changed(c->world, place);
}

void
pcsc_handle_leave(struct pcsc_handle *h)
{
	while (session_unlock(h->session, LOCK_EXCLUSIVE) == ERR_OK)
		;
	pcsc_handle_free(h);
}

struct pcsc_handle *
pcsc_handle_find(const struct pcsc_client *c, uint32_t number)
{
	struct pcsc_handle *h;

	TAILQ_FOREACH(h, &c->handles, entry) {
		if (h->number == number && number != 0)
			return h;
	}
	return NULL;
}

enum pcsc_rv
pcsc_handle_news(struct pcsc_handle *h)
{
	uint32_t news = h->news | session_flags(h->session);

	if (news & SESSION_WAS_REMOVED)
		return PCSC_RV_REMOVED_CARD;
	return news != 0 ? PCSC_RV_RESET_CARD : PCSC_RV_SUCCESS;
}

void
pcsc_handle_note(struct pcsc_handle *h)
{
	h->news |= session_flags(h->session);
	session_acknowledge(h->session);
}

static bool
holds(const struct pcsc_handle *h)
{
	return session_locks(h->session, LOCK_EXCLUSIVE) != 0;
}

bool
pcsc_handle_blocks_itself(const struct pcsc_handle *h)
{
	const struct pcsc_handle *o;

	TAILQ_FOREACH(o, &h->client->handles, entry) {
		if (o != h && o->place == h->place && holds(o))
			return true;
	}
	return false;
}

/*
 * The program cannot do anything else with this context while it waits. If the
 * card is in another handle of the same context, that would be for ever; if it
 * holds another card for which others wait, it might be.
 */
uint32_t
pcsc_handle_patience(const struct pcsc_handle *h)
{
	const struct pcsc_handle *o;

	if (pcsc_handle_blocks_itself(h))
		return WAIT_NOT;
	TAILQ_FOREACH(o, &h->client->handles, entry) {
		if (o != h && holds(o))
			return CROSSED_MS;
	}
	return WAIT_FOREVER;
}

uint32_t
pcsc_handle_moment(const struct pcsc_handle *h)
{
	return pcsc_handle_patience(h) == WAIT_FOREVER ? PCSC_PARK_MS :
	    WAIT_NOT;
}

/* One that kept others waiting too long has lost it. */
bool
pcsc_is_taken(const struct pcsc_place *p, const struct pcsc_handle *but)
{
	const struct pcsc_handle *h = p->exclusive;

	return h != NULL && h != but && (holds(h) ||
	    (session_flags(h->session) & SESSION_WAS_REMOVED) != 0);
}

/* The kind of use: exclusive, none, or by some. */
static int32_t
kind_of(int32_t sharing)
{
	return sharing > 0 ? 1 : sharing;
}

void
pcsc_sharing_changed(struct pcsc_world *world, struct pcsc_place *p)
{
	int32_t now = pcsc_place_sharing(p);

	if (kind_of(now) != kind_of(p->told))
		pcsc_changed(world);
	p->told = now;
}

enum err
pcsc_handle_request(struct pcsc_handle *h, enum request_kind kind, uint32_t arg,
    struct view data, uint32_t wait_ms, result_fn done)
{
	struct request_spec spec = { .kind = kind, .arg = arg, .data = data,
		.wait_ms = wait_ms, .done = done, .done_arg = h };

	return session_request(h->session, &spec);
}
