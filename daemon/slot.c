/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/slot.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/slot_state.h"

struct slot *
slot_new(unsigned index, const char *subject, const struct slot_ops *ops,
    void *ops_arg, const struct slot_times *times)
{
	struct slot *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->index = index;
	snprintf(s->subject, sizeof(s->subject), "%s", subject);
	s->ops = ops;
	s->ops_arg = ops_arg;
	s->times = *times;
	s->wake_ms = SLOT_NEVER;
	TAILQ_INIT(&s->sessions);
	TAILQ_INIT(&s->queue);
	TAILQ_INIT(&s->done);
	return s;
}

void
slot_keep_power(struct slot *s)
{
	s->keeps_power = true;
}

void
slot_free(struct slot *s)
{
	free(s);
}

void
slot_status(const struct slot *s, struct slot_status *st)
{
	const struct session *session;
	const struct request *r;
	uint64_t oldest = UINT64_MAX;

	*st = (struct slot_status){ .card = s->fresh ? SLOT_ABSENT : s->card,
		.events = s->events };
	if (!s->known)
		st->card = SLOT_UNKNOWN;
	if (slot_is_inside(s)) {
		st->atr = (struct view){ s->atr, s->atr_n };
		st->sequence = s->sequence;
		st->protocol = s->protocol;
	}
	TAILQ_FOREACH(session, &s->sessions, entry) {
		st->sessions++;
		if (!session_holds(session) || session->lock_order >= oldest)
			continue;
		oldest = session->lock_order;
		st->holder = &session->peer;
		st->exclusive = session->locks[LOCK_EXCLUSIVE] != 0;
	}
	TAILQ_FOREACH(r, &s->queue, entry)
		st->waiting += r->waits;
}

void
slot_users(const struct slot *s, void (*fn)(void *, const struct slot_user *),
    void *arg)
{
	const struct session *session;
	uint64_t now_ms = slot_now(s);

	TAILQ_FOREACH(session, &s->sessions, entry)
		fn(arg, &(struct slot_user){ .peer = &session->peer,
		    .dialect = session->rules.dialect,
		    .holds = session_holds(session),
		    .waits = session->waiting != 0,
		    .silent_ms = now_ms - session->asked_ms });
}

unsigned
slot_index(const struct slot *s)
{
	return s->index;
}

void
slot_set_times(struct slot *s, const struct slot_times *times)
{
	s->times = *times;
	slot_run(s);
}

uint32_t
slot_last_sequence(const struct slot *s)
{
	return s->last_sequence;
}

void
slot_set_last_sequence(struct slot *s, uint32_t sequence)
{
	s->last_sequence = sequence;
}

enum err
slot_start(struct slot *s, enum task task, struct channel_msg *m)
{
	enum err e;

	m->slot = (uint8_t)s->index;
	m->xid = ++s->xid;
	e = s->ops->send(s->ops_arg, m);
	if (e != ERR_OK)
		return e;
	s->task = task;
	s->stale = s->power_lost = false;
	return ERR_OK;
}

enum err
slot_power(struct slot *s, enum task task, bool warm)
{
	struct channel_msg m = { .type = CHANNEL_POWER_ON, .arg = warm };

	return slot_start(s, task, &m);
}

void
slot_look(struct slot *s)
{
	s->look_due = true;
	slot_run(s);
}

bool
slot_is_settled(const struct slot *s)
{
	return !s->look_due && !s->fresh && s->task != TASK_LOOK &&
	    s->task != TASK_CHECK && s->task != TASK_INSERT;
}

bool
slot_is_in_use(const struct slot *s)
{
	return !TAILQ_EMPTY(&s->sessions) || !slot_is_settled(s) ||
	    (s->card == SLOT_POWERED && !s->reset_first);
}

void
slot_tick(struct slot *s)
{
	s->wake_ms = SLOT_NEVER;
	slot_deliver(s);
	slot_run(s);
}

static void
cut_off(struct slot *s)
{
	struct session *session;

	while ((session = TAILQ_FIRST(&s->sessions)) != NULL) {
		TAILQ_REMOVE(&s->sessions, session, entry);
		locks_drop(s, session);
		session->slot = NULL;
	}
}

void
slot_down(struct slot *s, enum err e)
{
	struct session *session;
	struct request *r;

	s->down = e;
	s->card = SLOT_ABSENT;
	s->fresh = s->reset_due = s->look_due = false;
	TAILQ_FOREACH(session, &s->sessions, entry)
		session->gone = e;
	if (s->running != NULL) {
		TAILQ_INSERT_HEAD(&s->queue, s->running, entry);
		s->running = NULL;
	}
	s->task = TASK_NONE;
	while ((r = TAILQ_FIRST(&s->queue)) != NULL)
		request_end(s, r, e);
	while (!TAILQ_EMPTY(&s->done))
		slot_deliver(s);
	cut_off(s);
	s->ops->wake_at(s->ops_arg, s->index, SLOT_NEVER);
}
