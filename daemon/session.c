/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/session.h"

#include <stdlib.h>

#include "base/secret.h"
#include "daemon/slot_state.h"
#include "protocols/channel.h"

struct session *
session_open(struct slot *slot, const struct peer *peer,
    const struct session_rules *rules)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->peer = *peer;
	s->rules = *rules;
	s->gone = slot->down;
	s->asked_ms = slot_now(slot);
	if (slot->down == ERR_OK) {
		s->slot = slot;
		TAILQ_INSERT_TAIL(&slot->sessions, s, entry);
	}
	return s;
}

void
session_set_rules(struct session *s, const struct session_rules *rules)
{
	s->rules = *rules;
}

static void
drop_requests(struct request_list *list, const struct session *s)
{
	struct request *r, *next;

	for (r = TAILQ_FIRST(list); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		if (r->session != s)
			continue;
		TAILQ_REMOVE(list, r, entry);
		request_free(r);
	}
}

/* The card finishes what it is at; a PIN pad should stop asking. */
static void
orphan_running(struct slot *slot, const struct session *s)
{
	struct channel_msg m = { .type = CHANNEL_CANCEL, .xid = slot->xid,
		.slot = (uint8_t)slot->index };
	struct request *r = slot->running;

	if (r == NULL || r->session != s)
		return;
	r->session = NULL;
	if (r->kind == REQUEST_CONTROL &&
	    slot->ops->send(slot->ops_arg, &m) != ERR_OK)
		return;		/* it ends by its own time-out then */
}

void
session_close(struct session *s)
{
	struct slot *slot;

	if (s == NULL)
		return;
	slot = s->slot;
	if (slot != NULL) {
		drop_requests(&slot->queue, s);
		drop_requests(&slot->done, s);
		orphan_running(slot, s);
		TAILQ_REMOVE(&slot->sessions, s, entry);
		if (s->rules.reset_on_close && s->locks[LOCK_EXCLUSIVE] != 0 &&
		    s->flags == 0)
			slot->reset_due = true;
		locks_drop(slot, s);
		slot->unused_since_ms = slot_now(slot);
		slot_run(slot);
	}
	free(s);
}

static enum err
spec_check(const struct request_spec *spec)
{
	if (spec->kind >= REQUEST_KINDS || spec->done == NULL)
		return ERR_ARG;
	if (spec->kind == REQUEST_LOCK && spec->arg > LOCK_EXCLUSIVE)
		return ERR_ARG;
	return spec->data.n > CHANNEL_DATA_MAX ? ERR_TOO_LONG : ERR_OK;
}

static uint64_t
deadline(uint64_t now_ms, uint32_t wait_ms)
{
	return wait_ms == WAIT_FOREVER ? SLOT_NEVER : now_ms + wait_ms;
}

static struct request *
request_new(struct session *s, const struct request_spec *spec)
{
	struct request *r = calloc(1, sizeof(*r) + spec->data.n);

	if (r == NULL)
		return NULL;
	r->session = s;
	r->kind = spec->kind;
	r->arg = spec->arg;
	r->deadline_ms = deadline(slot_now(s->slot), spec->wait_ms);
	r->card_deadline_ms = deadline(slot_now(s->slot), spec->card_ms);
	r->done = spec->done;
	r->done_arg = spec->done_arg;
	r->n = spec->data.n;
	if (r->n != 0)
		memcpy(r->data, spec->data.p, r->n);
	return r;
}

/* Asked each time: the configuration may be another one by now. */
static bool
is_allowed(const struct session *s, const struct request_spec *spec)
{
	const struct slot *slot = s->slot;
	bool escape = spec->kind == REQUEST_CONTROL &&
	    spec->arg == CHANNEL_ESCAPE;

	return slot->ops->may == NULL || slot->ops->may(slot->ops_arg,
	    &s->peer, escape ? RIGHT_ESCAPE : RIGHT_USE);
}

enum err
session_request(struct session *s, const struct request_spec *spec)
{
	struct request *r;
	enum err e = spec_check(spec);

	if (s->gone != ERR_OK)
		return s->gone;
	if (e == ERR_OK && !is_allowed(s, spec))
		e = ERR_DENIED;
	if (e != ERR_OK)
		return e;
	if (s->requests >= SESSION_REQUESTS_MAX)
		return ERR_QUOTA;
	r = request_new(s, spec);
	if (r == NULL)
		return ERR_MEMORY;
	s->requests++;
	s->asked_ms = slot_now(s->slot);
	locks_touch(s->slot, s);
	TAILQ_INSERT_TAIL(&s->slot->queue, r, entry);
	slot_run(s->slot);
	return ERR_OK;
}

enum err
session_unlock(struct session *s, enum lock_kind kind)
{
	if (s->slot == NULL || s->locks[kind] == 0)
		return ERR_NO_LOCK;
	s->locks[kind]--;
	s->slot->locks--;
	s->slot->wanted_since_ms = 0;
	slot_run(s->slot);
	return ERR_OK;
}

unsigned
session_locks(const struct session *s, enum lock_kind kind)
{
	return s->locks[kind];
}

uint32_t
session_flags(const struct session *s)
{
	return s->flags;
}

void
session_acknowledge(struct session *s)
{
	s->flags = 0;
	s->robbed = false;
}

struct slot *
session_slot(const struct session *s)
{
	return s->slot;
}

const struct peer *
session_peer(const struct session *s)
{
	return &s->peer;
}
