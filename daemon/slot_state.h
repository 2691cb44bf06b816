/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_SLOT_STATE_H
#define DAEMON_SLOT_STATE_H

/*
 * What slot.c (a slot's life), slot_news.c (what the handler says), arbiter.c
 * (whose turn it is) and session.c (who asks) share; nobody else includes it.
 *
 * A request is in exactly one place: slot->queue, slot->running, slot->done, or
 * in the hands of request_deliver. Callbacks are made from slot_tick,
 * slot_result and slot_down only, one at a time, with no pointer kept across.
 */

#include <sys/queue.h>

#include "daemon/session.h"
#include "daemon/slot.h"

struct request {
	TAILQ_ENTRY(request) entry;
	struct session *session;	/* NULL: closed, nobody wants the result */
	enum request_kind kind;
	uint32_t arg;			/* in the request, then in the result */
	uint64_t deadline_ms;		/* of waiting for somebody's lock */
	uint64_t card_deadline_ms;	/* of waiting for a card */
	bool waits;			/* somebody's lock is in its way */
	bool awaits_card;
	enum err err;			/* of the result, on slot->done */
	result_fn done;
	void *done_arg;
	size_t n;
	uint8_t data[];
};

TAILQ_HEAD(request_list, request);

struct session {
	TAILQ_ENTRY(session) entry;
	struct slot *slot;		/* NULL: the reader has left */
	enum err gone;			/* and this is why */
	struct peer peer;
	struct session_rules rules;
	unsigned locks[2];		/* by enum lock_kind */
	uint64_t lock_order;		/* of the oldest one */
	unsigned requests;		/* outstanding */
	unsigned waiting;		/* of them, for somebody's lock */
	uint32_t flags;
	uint64_t asked_ms;		/* when it last asked for something */
	bool robbed;			/* of its locks; its next request says so */
};

enum task {
	TASK_NONE,
	TASK_REQUEST,		/* slot->running */
	TASK_LOOK,		/* asking what is in, after a pause */
	TASK_CHECK,		/* powering on what was in before the pause */
	TASK_INSERT,		/* powering a new card on */
	TASK_POWER,		/* powering the card on for a request in line */
	TASK_RESET,		/* cleaning up behind a holder */
	TASK_OFF,		/* nobody uses the card */
};

struct slot {
	unsigned index;
	char subject[48];
	const struct slot_ops *ops;
	void *ops_arg;
	struct slot_times times;

	enum slot_card card;
	bool known;		/* SLOT_KNOWN was reported */
	bool fresh;		/* inserted, not yet powered on and announced */
	bool look_due;		/* nobody looked for a while */
	bool stale;		/* the card left while the task was running */
	bool keeps_power;	/* it cannot be powered off ... */
	bool reset_first;	/* ... and was unused: reset before use */
	bool power_lost;	/* it lost its power while the task was running */
	bool reset_due;		/* a holder left it logged in, perhaps */
	enum err card_err;	/* why the card is mute */
	uint8_t atr[ATR_MAX];
	size_t atr_n;
	uint32_t protocol, sequence, last_sequence, events;
	uint64_t unused_since_ms;

	TAILQ_HEAD(, session) sessions;
	struct request_list queue;	/* in order of arrival */
	struct request_list done;	/* results for the next slot_tick */
	enum task task;
	struct request *running;
	uint32_t xid;
	enum err down;		/* ERR_OK while the reader is there */

	unsigned locks;		/* held by all sessions */
	uint64_t lock_count;	/* taken so far, for lock_order */
	uint64_t wanted_since_ms;	/* others want it, its holder is idle */
	bool holder_named;
	uint64_t wake_ms;	/* last told to wake_at */
};

/* slot.c */
/* Sends the message; the slot is busy with task then. ERR_OK or not sent. */
enum err	slot_start(struct slot *, enum task, struct channel_msg *) MUST_USE;
enum err	slot_power(struct slot *, enum task, bool warm) MUST_USE;

/* slot_news.c */
/* The card was reset: tells all sessions but one, which may be NULL. */
void		slot_flag_reset(struct slot *, const struct session *but);
/* Hands out the results that are there now; a callback that asks again waits
   for the loop. */
void		slot_deliver(struct slot *);

/* arbiter.c */
/* Starts what can be started, ends what cannot wait, and sets the alarm. */
void		slot_run(struct slot *);
/* Puts the result on slot->done. */
void		request_end(struct slot *, struct request *, enum err);
void		request_free(struct request *);
/* Frees the session's locks and does what its rules say about them. */
void		locks_drop(struct slot *, struct session *);
/* A holder gave a sign of life. */
void		locks_touch(struct slot *, const struct session *);

static inline bool
session_holds(const struct session *s)
{
	return s->locks[LOCK_SHARED] + s->locks[LOCK_EXCLUSIVE] != 0;
}

/* A card that everybody knows of. */
static inline bool
slot_is_inside(const struct slot *s)
{
	return !s->fresh && s->card >= SLOT_PRESENT;
}

static inline uint64_t
slot_now(const struct slot *s)
{
	return s->ops->now_ms(s->ops_arg);
}

#endif
