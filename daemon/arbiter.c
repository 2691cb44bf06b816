/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/slot_state.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/secret.h"
#include "daemon/exchange_log.h"

/* A holder that is idle while others wait is named after this. */
enum { NAME_AFTER_MS = 10000 };

/* What a request asks of the handler, and of the card before it. */
static const struct {
	enum channel_type type;
	bool card;	/* there must be one */
	bool power;	/* and it must be on, and as the session knew it */
} kinds[REQUEST_KINDS] = {
	[REQUEST_TRANSMIT] = { CHANNEL_TRANSMIT, true, true },
	[REQUEST_ATR] = { CHANNEL_POWER_ON, true, false },
	[REQUEST_RESET_WARM] = { CHANNEL_POWER_ON, true, false },
	[REQUEST_RESET_COLD] = { CHANNEL_POWER_ON, true, false },
	[REQUEST_POWER_OFF] = { CHANNEL_POWER_OFF, true, false },
	[REQUEST_PROTOCOL] = { CHANNEL_PROTOCOL, true, true },
	[REQUEST_CONTROL] = { CHANNEL_CONTROL, false, false },
	[REQUEST_LOCK] = { CHANNEL_NONE, false, false },
	[REQUEST_TURN] = { CHANNEL_NONE, false, false },
};

void
request_free(struct request *r)
{
	secret_free(&r, sizeof(*r) + r->n);
}

static void
set_waits(struct request *r, bool waits)
{
	if (r->waits == waits)
		return;
	r->waits = waits;
	r->session->waiting += waits ? 1u : -1u;
}

void
request_end(struct slot *s, struct request *r, enum err e)
{
	set_waits(r, false);
	TAILQ_REMOVE(&s->queue, r, entry);
	r->err = e;
	TAILQ_INSERT_TAIL(&s->done, r, entry);
}

void
locks_drop(struct slot *s, struct session *session)
{
	s->locks -= session->locks[LOCK_SHARED] + session->locks[LOCK_EXCLUSIVE];
	session->locks[LOCK_SHARED] = session->locks[LOCK_EXCLUSIVE] = 0;
	s->wanted_since_ms = 0;
}

void
locks_touch(struct slot *s, const struct session *session)
{
	if (session == NULL || !session_holds(session))
		return;
	s->wanted_since_ms = 0;
	s->holder_named = false;
}

/* The rule of session.h: may `other` not have what `wanted` names? */
static bool
conflict(const struct session *holder, bool exclusive,
    const struct session *other, enum lock_kind wanted)
{
	return holder != other && (exclusive || wanted == LOCK_EXCLUSIVE ||
	    holder->peer.uid != other->peer.uid);
}

static bool
blocks(const struct session *holder, const struct request *r)
{
	enum lock_kind wanted = LOCK_SHARED;

	if (r->kind == REQUEST_LOCK)
		wanted = (enum lock_kind)r->arg;
	return session_holds(holder) && conflict(holder,
	    holder->locks[LOCK_EXCLUSIVE] != 0, r->session, wanted);
}

/* Somebody came first: a lock may not overtake one that waits. */
static bool
overtakes(const struct slot *s, const struct request *r)
{
	const struct request *q;

	if (r->kind != REQUEST_LOCK || session_holds(r->session))
		return false;
	for (q = TAILQ_FIRST(&s->queue); q != r; q = TAILQ_NEXT(q, entry)) {
		if (q->kind == REQUEST_LOCK && q->waits && conflict(q->session,
		    q->arg == LOCK_EXCLUSIVE, r->session,
		    (enum lock_kind)r->arg))
			return true;
	}
	return false;
}

static bool
is_locked_out(const struct slot *s, const struct request *r)
{
	const struct session *h;

	if (s->locks != 0) {
		TAILQ_FOREACH(h, &s->sessions, entry) {
			if (blocks(h, r))
				return true;
		}
	}
	return overtakes(s, r);
}

static void
name_holders(struct slot *s, const char *what)
{
	const struct session *h;
	char who[80];

	TAILQ_FOREACH(h, &s->sessions, entry) {
		if (session_holds(h))
			log_at(LOG_LEVEL_WARN, s->subject, "%s %s%s",
			    peer_text(who, sizeof(who), &h->peer), what,
			    peer_is_stopped(&h->peer) ? "; it is stopped" : "");
	}
}

static void
rob_holders(struct slot *s)
{
	struct session *h;

	name_holders(s, "kept the card locked too long and lost it");
	TAILQ_FOREACH(h, &s->sessions, entry) {
		if (!session_holds(h))
			continue;
		locks_drop(s, h);
		h->robbed = true;
	}
	s->reset_due = true;
	s->holder_named = false;
}

static bool
holder_at_work(const struct slot *s)
{
	return s->running != NULL && s->running->session != NULL &&
	    session_holds(s->running->session);
}

/*
 * A request found the card locked. Holders that have been idle for too long
 * since others first wanted it lose their locks; true if that happened.
 */
static bool
press_holders(struct slot *s, uint64_t now_ms)
{
	uint64_t wanted_ms;

	if (s->locks == 0 || holder_at_work(s))
		return false;
	if (s->wanted_since_ms == 0)
		s->wanted_since_ms = now_ms;
	wanted_ms = now_ms - s->wanted_since_ms;
	if (s->times.lock_ms != 0 && wanted_ms >= s->times.lock_ms) {
		rob_holders(s);
		return true;
	}
	if (wanted_ms >= NAME_AFTER_MS && !s->holder_named) {
		s->holder_named = true;
		name_holders(s, "keeps the card locked while others wait");
	}
	return false;
}

/* What the session must hear before it goes on with the card, or ERR_OK. */
static enum err
bad_news(const struct request *r)
{
	const struct session *session = r->session;
	bool report = session->rules.report_reset;
	bool one_card = session->rules.one_card;

	if (!kinds[r->kind].power && !(report && r->kind == REQUEST_LOCK))
		return ERR_OK;
	if ((report || one_card) && session->flags & SESSION_WAS_REMOVED)
		return ERR_REMOVED;
	if (session->robbed || (report && session->flags != 0))
		return ERR_WAS_RESET;
	return one_card && session->flags != 0 ? ERR_UNPOWERED : ERR_OK;
}

static void
grant(struct slot *s, struct request *r)
{
	struct session *session = r->session;

	if (!session_holds(session))
		session->lock_order = s->lock_count++;
	session->locks[r->arg]++;
	s->locks++;
	request_end(s, r, ERR_OK);
}

/* Requests that the slot's state answers by itself. */
static bool
answer_at_once(struct slot *s, struct request *r)
{
	enum err e = ERR_OK;

	if (kinds[r->kind].card &&
	    (s->card == SLOT_ABSENT || s->card == SLOT_UNKNOWN))
		e = ERR_NO_CARD;
	else if (kinds[r->kind].power && s->card == SLOT_MUTE)
		e = s->card_err;
	else if (r->kind == REQUEST_ATR && s->card == SLOT_POWERED)
		r->arg = s->protocol;
	else if (r->kind != REQUEST_POWER_OFF || s->card != SLOT_PRESENT)
		return false;
	if (e == ERR_NO_CARD)
		s->ops->doubt(s->ops_arg);
	request_end(s, r, e);
	return true;
}

static enum err
start_request(struct slot *s, struct request *r)
{
	struct channel_msg m = { .type = kinds[r->kind].type, .arg = r->arg,
		.data = { r->data, r->n } };
	enum err e;

	if (m.type == CHANNEL_POWER_ON)
		m.arg = s->card == SLOT_POWERED && r->kind == REQUEST_RESET_WARM;
	log_request(s->subject, &r->session->peer, r->kind, m.data);
	e = slot_start(s, TASK_REQUEST, &m);
	secret_wipe(r->data, r->n);
	if (e != ERR_OK)
		return e;
	TAILQ_REMOVE(&s->queue, r, entry);
	s->running = r;
	return ERR_OK;
}

/*
 * The slot is idle and the request may go ahead. Returns false when it stays in
 * line, while the card is powered on for it.
 */
static bool
serve(struct slot *s, struct request *r)
{
	bool power = kinds[r->kind].power &&
	    (s->card == SLOT_PRESENT || s->reset_first);
	enum err e;

	if (answer_at_once(s, r))
		return true;
	if (power)
		e = slot_power(s, TASK_POWER, false);
	else
		e = start_request(s, r);
	if (e != ERR_OK)
		request_end(s, r, e);
	return e != ERR_OK || !power;
}

/* Whoever is told of resets is told of this one first, and then has no lock. */
static bool
awaits_reset(const struct slot *s, const struct request *r)
{
	return r->kind == REQUEST_LOCK && r->session->rules.report_reset &&
	    (s->reset_due || s->task == TASK_RESET);
}

static void
refuse_or_park(struct slot *s, struct request *r, uint64_t now_ms)
{
	set_waits(r, now_ms < r->deadline_ms);
	if (!r->waits)
		request_end(s, r, ERR_LOCKED);
}

/* It came before its card, and has time. */
static bool
await_card(const struct slot *s, struct request *r, uint64_t now_ms)
{
	r->awaits_card = kinds[r->kind].card && s->card == SLOT_ABSENT &&
	    now_ms < r->card_deadline_ms;
	return r->awaits_card;
}

/*
 * Looks at one request in line. `behind` is true when an earlier one waits for
 * the exchange under way: then this one can only be refused or wait.
 * Returns whether later ones are behind.
 */
static bool
consider(struct slot *s, struct request *r, uint64_t now_ms, bool behind)
{
	enum err e = bad_news(r);

	if (e != ERR_OK) {
		r->session->robbed = false;
		request_end(s, r, e);
		return behind;
	}
	if (is_locked_out(s, r) &&
	    !(press_holders(s, now_ms) && !is_locked_out(s, r))) {
		refuse_or_park(s, r, now_ms);
		return behind;
	}
	set_waits(r, false);
	if (await_card(s, r, now_ms))
		return behind;
	if (r->kind == REQUEST_TURN) {
		request_end(s, r, ERR_OK);
		return behind;
	}
	if (behind)
		return true;
	if (awaits_reset(s, r))
		return false;
	if (r->kind == REQUEST_LOCK) {
		grant(s, r);
		return false;
	}
	if (s->task != TASK_NONE || s->reset_due)
		return true;
	return !serve(s, r);
}

/* What the slot owes itself before it serves anybody. */
static void
run_own(struct slot *s)
{
	struct channel_msg look = { .type = CHANNEL_STATUS };

	if (s->task != TASK_NONE)
		return;
	if (s->fresh) {
		s->reset_due = false;
		if (slot_power(s, TASK_INSERT, false) == ERR_OK)
			return;
	}
	if (s->look_due) {
		s->look_due = false;
		if (slot_start(s, TASK_LOOK, &look) == ERR_OK)
			return;
	}
	if (s->reset_due && (s->card != SLOT_POWERED ||
	    slot_power(s, TASK_RESET, false) != ERR_OK))
		s->reset_due = false;
}

static bool
is_unused(const struct slot *s)
{
	return s->card == SLOT_POWERED && !s->fresh && !s->reset_first &&
	    s->task == TASK_NONE && TAILQ_EMPTY(&s->sessions) && s->times.power_off_ms != UINT32_MAX;
}

static void
power_off_unused(struct slot *s, uint64_t now_ms)
{
	struct channel_msg m = { .type = CHANNEL_POWER_OFF };

	if (!is_unused(s) ||
	    now_ms < s->unused_since_ms + s->times.power_off_ms)
		return;
	if (s->keeps_power)
		s->reset_first = true;
	else if (slot_start(s, TASK_OFF, &m) != ERR_OK)
		log_at(LOG_LEVEL_WARN, s->subject, "cannot power off");
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
next_wake(const struct slot *s)
{
	const struct request *r;
	uint64_t at = SLOT_NEVER;
	bool pressed = false;

	if (!TAILQ_EMPTY(&s->done))
		return 0;
	TAILQ_FOREACH(r, &s->queue, entry) {
		if (r->awaits_card)
			at = earlier(at, r->card_deadline_ms);
		if (!r->waits)
			continue;
		at = earlier(at, r->deadline_ms);
		pressed = s->wanted_since_ms != 0;
	}
	if (pressed && !s->holder_named)
		at = earlier(at, s->wanted_since_ms + NAME_AFTER_MS);
	if (pressed && s->times.lock_ms != 0)
		at = earlier(at, s->wanted_since_ms + s->times.lock_ms);
	if (is_unused(s))
		at = earlier(at, s->unused_since_ms + s->times.power_off_ms);
	return at;
}

static void
run_queue(struct slot *s, uint64_t now_ms)
{
	struct request *r, *next;
	bool behind = false;

	for (r = TAILQ_FIRST(&s->queue); r != NULL; r = next) {
		next = TAILQ_NEXT(r, entry);
		behind = consider(s, r, now_ms, behind);
	}
}

void
slot_run(struct slot *s)
{
	uint64_t now_ms = slot_now(s), at;

	do {
		run_own(s);
		run_queue(s, now_ms);
	} while (s->reset_due && s->task == TASK_NONE);
	power_off_unused(s, now_ms);
	at = next_wake(s);
	if (at != s->wake_ms) {
		s->wake_ms = at;
		s->ops->wake_at(s->ops_arg, s->index, at);
	}
}
