/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/log.h"
#include "daemon/exchange_log.h"
#include "daemon/slot_state.h"

/* What the handler says of the card and of a task, and what that changes. */

static void
flag_all(struct slot *s, uint32_t flag, const struct session *but)
{
	struct session *session;

	TAILQ_FOREACH(session, &s->sessions, entry) {
		if (session != but)
			session->flags |= flag;
	}
}

void
slot_flag_reset(struct slot *s, const struct session *but)
{
	flag_all(s, SESSION_WAS_RESET, but);
}

static void
report(struct slot *s, enum slot_event event)
{
	s->ops->event(s->ops_arg, s->index, event);
}

/* Tells the world about a card that is in, or about the first state. */
static void
announce(struct slot *s, enum slot_event event)
{
	if (!s->known) {
		s->known = true;
		event = SLOT_KNOWN;
	} else if (event != SLOT_RESET) {
		s->events++;
	}
	report(s, event);
}

static void
powered(struct slot *s, const struct channel_msg *m)
{
	s->card = SLOT_POWERED;
	s->reset_first = false;
	s->protocol = m->arg;
	s->atr_n = m->data.n <= ATR_MAX ? m->data.n : 0;
	if (s->atr_n != 0)
		memcpy(s->atr, m->data.p, s->atr_n);
}

static void
mute(struct slot *s, enum err e)
{
	s->card = SLOT_MUTE;
	s->reset_first = false;
	s->card_err = e;
	s->protocol = 0;
	s->atr_n = 0;
}

static void
card_is_new(struct slot *s)
{
	s->fresh = false;
	s->sequence = ++s->last_sequence;
	if (s->sequence == 0)
		s->sequence = s->last_sequence = 1;	/* 0 is no card */
	s->unused_since_ms = slot_now(s);
}

static void
unlock_removed(struct slot *s)
{
	struct session *session;

	TAILQ_FOREACH(session, &s->sessions, entry) {
		if (session->rules.unlock_on_removal)
			locks_drop(s, session);
	}
}

/* Returns whether anybody knew of the card. */
static bool
card_left(struct slot *s)
{
	bool was_inside = slot_is_inside(s);

	s->card = SLOT_ABSENT;
	s->fresh = false;
	s->stale = true;
	s->reset_due = s->reset_first = false;
	s->protocol = 0;
	s->atr_n = 0;
	s->sequence = 0;
	flag_all(s, SESSION_WAS_REMOVED, NULL);
	unlock_removed(s);
	return was_inside;
}

static void
on_removed(struct slot *s)
{
	bool news = card_left(s) || !s->known;

	slot_run(s);
	if (news)
		announce(s, SLOT_REMOVED);
}

static void
on_inserted(struct slot *s, const struct channel_msg *m)
{
	s->card = SLOT_PRESENT;
	s->fresh = true;
	if (s->task == TASK_NONE && m->arg & CHANNEL_POWERED && m->data.n != 0) {
		powered(s, &(struct channel_msg){ .data = m->data });
		card_is_new(s);
		slot_run(s);
		announce(s, SLOT_INSERTED);
		return;
	}
	slot_run(s);	/* powers it on */
}

/* The power of a card came or went without our asking. */
static void
on_power_changed(struct slot *s, const struct channel_msg *m)
{
	if (m->arg & CHANNEL_POWERED) {
		if (s->card != SLOT_POWERED && m->data.n != 0)
			powered(s, &(struct channel_msg){ .data = m->data });
	} else if (s->card == SLOT_POWERED) {
		s->card = SLOT_PRESENT;
		s->protocol = 0;
		slot_flag_reset(s, NULL);
	}
	slot_run(s);
}

void
slot_card(struct slot *s, const struct channel_msg *m)
{
	bool was = s->card >= SLOT_PRESENT;
	bool is = (m->arg & CHANNEL_PRESENT) != 0;

	if (is && !was)
		on_inserted(s, m);
	else if (!is && (was || !s->known))
		on_removed(s);
	else if (is && s->task == TASK_NONE)
		on_power_changed(s, m);
	else if (is)
		s->power_lost = (m->arg & CHANNEL_POWERED) == 0;
}

/* What a finished power-on says about the card. */
static void
on_power_on(struct slot *s, const struct channel_msg *m)
{
	if (m->err == ERR_OK)
		powered(s, m);
	else
		mute(s, m->err);
}

static void
deliver(struct request *r, const struct result *result)
{
	if (r->session != NULL) {
		r->session->requests--;
		r->done(r->done_arg, result);
	}
	request_free(r);
}

static struct view
deferred_data(const struct slot *s, const struct request *r)
{
	if (r->err == ERR_OK && r->kind == REQUEST_ATR)
		return (struct view){ s->atr, s->atr_n };
	return (struct view){ NULL, 0 };
}

void
slot_deliver(struct slot *s)
{
	struct request *r;
	uint8_t atr[ATR_MAX];
	struct view data;
	unsigned n = 0;

	TAILQ_FOREACH(r, &s->done, entry)
		n++;
	for (; n != 0 && (r = TAILQ_FIRST(&s->done)) != NULL; n--) {
		TAILQ_REMOVE(&s->done, r, entry);
		locks_touch(s, r->session);
		data = deferred_data(s, r);
		if (data.n != 0)
			data.p = memcpy(atr, data.p, data.n);
		deliver(r, &(struct result){ r->err, r->arg, data });
	}
}

static bool
is_reset(const struct request *r)
{
	return r->kind == REQUEST_RESET_WARM || r->kind == REQUEST_RESET_COLD;
}

/* It reset the card, so it knows which one it has. */
static void
session_begins_anew(struct session *session, enum err e)
{
	session->robbed = false;
	if (session->rules.one_card && e == ERR_OK)
		session->flags = 0;
}

/* What a client's exchange changed about the card. */
static void
learn(struct slot *s, const struct request *r, const struct channel_msg *m)
{
	if (s->stale)
		return;
	if (is_reset(r) || r->kind == REQUEST_ATR)
		on_power_on(s, m);
	if (is_reset(r)) {
		slot_flag_reset(s, r->session);
		if (r->session != NULL)
			session_begins_anew(r->session, m->err);
	}
	if (r->kind == REQUEST_PROTOCOL && m->err == ERR_OK)
		s->protocol = m->arg;
	if (r->kind == REQUEST_POWER_OFF && m->err == ERR_OK) {
		s->card = SLOT_PRESENT;
		s->protocol = 0;
		slot_flag_reset(s, r->session);
	}
}

/* What the handler said of the card's power meanwhile, if the result did not. */
static void
learn_power(struct slot *s)
{
	if (!s->power_lost || s->stale || s->card != SLOT_POWERED)
		return;
	s->card = SLOT_PRESENT;
	s->protocol = 0;
	slot_flag_reset(s, NULL);
}

static void
finish_request(struct slot *s, const struct channel_msg *m)
{
	struct request *r = s->running;
	struct result result = { m->err, m->arg, m->data };
	bool reset = is_reset(r) && !s->stale;

	log_result(s->subject, r->kind, &result);
	learn(s, r, m);
	learn_power(s);
	slot_deliver(s);	/* earlier results first; may orphan r */
	if (reset && s->known)
		report(s, SLOT_RESET);	/* before what is made of it; the same */
	locks_touch(s, r->session);
	s->running = NULL;
	s->task = TASK_NONE;
	slot_run(s);
	deliver(r, &result);
}

/* The handler has looked, and told what had changed. Whether the card that is
   in is the one that was, only its ATR can tell. */
static void
finish_look(struct slot *s)
{
	bool doubt = s->card == SLOT_PRESENT || s->card == SLOT_MUTE ||
	    s->reset_first;

	s->task = TASK_NONE;
	if (s->stale || s->fresh || !doubt ||
	    slot_power(s, TASK_CHECK, false) != ERR_OK)
		slot_run(s);
}

static bool
is_same_card(const struct slot *s, const struct channel_msg *m)
{
	if (m->err != ERR_OK)
		return s->card == SLOT_MUTE;
	return s->card != SLOT_MUTE &&
	    view_eq(m->data, (struct view){ s->atr, s->atr_n });
}

static void
finish_check(struct slot *s, const struct channel_msg *m)
{
	bool same = is_same_card(s, m);

	if (!same) {
		card_left(s);
		announce(s, SLOT_REMOVED);
	}
	on_power_on(s, m);
	if (!same)
		card_is_new(s);
	s->unused_since_ms = slot_now(s);
	slot_run(s);
	announce(s, same ? SLOT_RESET : SLOT_INSERTED);
}

static void
finish_own(struct slot *s, const struct channel_msg *m)
{
	enum task task = s->task;

	if (task == TASK_LOOK) {
		finish_look(s);
		return;
	}
	s->task = TASK_NONE;
	if (s->stale) {
		slot_run(s);
		return;
	}
	if ((task == TASK_INSERT || task == TASK_CHECK) &&
	    m->err == ERR_NO_CARD) {
		on_removed(s);		/* in and out again */
		return;
	}
	if (task == TASK_CHECK) {
		finish_check(s, m);
		return;
	}
	if (task == TASK_OFF) {
		s->card = SLOT_PRESENT;
		s->protocol = 0;
	} else {
		on_power_on(s, m);
	}
	if (task == TASK_INSERT)
		card_is_new(s);
	if (task == TASK_RESET) {
		s->reset_due = false;
		slot_flag_reset(s, NULL);
	}
	s->unused_since_ms = slot_now(s);
	slot_run(s);
	if (task == TASK_INSERT)
		announce(s, SLOT_INSERTED);
	else if (task == TASK_RESET)
		report(s, SLOT_RESET);
}

void
slot_result(struct slot *s, const struct channel_msg *m)
{
	if (s->task == TASK_NONE || m->xid != s->xid) {
		log_at(LOG_LEVEL_WARN, s->subject,
		    "the handler answered a question nobody asked");
		return;
	}
	if (s->task == TASK_REQUEST)
		finish_request(s, m);
	else
		finish_own(s, m);
}
