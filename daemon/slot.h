/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_SLOT_H
#define DAEMON_SLOT_H

/*
 * One card slot: what is in it, whose turn it is, and one FIFO of requests with
 * at most one exchange under way. It meets the world through a table of
 * functions, so that tests run it without a process, a socket or a clock.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/must_use.h"
#include "daemon/peer.h"
#include "protocols/atr.h"
#include "protocols/channel.h"
#include "protocols/settings.h"

struct slot;

enum slot_card {
	SLOT_UNKNOWN,		/* the handler has not said yet */
	SLOT_ABSENT,
	SLOT_PRESENT,		/* not powered; the last ATR is kept */
	SLOT_POWERED,
	SLOT_MUTE,		/* present, but it did not answer to reset */
};

enum slot_event {
	SLOT_KNOWN,		/* first state after the start, ATR included */
	SLOT_INSERTED,		/* powered, ATR known; or mute */
	SLOT_REMOVED,
	SLOT_RESET,		/* ATR and protocol may be new */
};

struct slot_ops {
	uint64_t (*now_ms)(void *arg);
	/* Call slot_tick then; the last call counts. SLOT_NEVER: no need. */
	void (*wake_at)(void *arg, unsigned index, uint64_t when_ms);
	/* Sends to the handler; the answer comes through slot_result. */
	enum err (*send)(void *arg, const struct channel_msg *) MUST_USE;
	void (*event)(void *arg, unsigned index, enum slot_event);
	/* May this client do that with the reader? NULL: everybody may. */
	bool (*may)(void *arg, const struct peer *, enum right);
	/* A client was told that there is no card, on the handler's word. */
	void (*doubt)(void *arg);
};

#define SLOT_NEVER UINT64_MAX

/* Times, in milliseconds. */
struct slot_times {
	uint32_t power_off_ms;	/* unused cards are powered off after this */
	uint32_t lock_ms;	/* an idle holder loses its locks when others
				   have wanted the card this long; 0: never */
};

/* What everybody may know about a slot; pointers hold until the next event. */
struct slot_status {
	enum slot_card card;
	struct view atr;	/* empty when there is none */
	uint32_t sequence;	/* of this insertion, 0: no card */
	uint32_t events;	/* insertions and removals so far */
	uint32_t protocol;	/* CHANNEL_T0, CHANNEL_T1, or 0: none yet */
	const struct peer *holder;	/* of the oldest lock, or NULL */
	bool exclusive;		/* and it is an exclusive one */
	unsigned sessions;
	unsigned waiting;	/* requests that wait for a lock */
};

/* A session of a slot, for people; pointers hold until the next event. */
struct slot_user {
	const struct peer *peer;
	const char *dialect;
	bool holds;		/* a lock */
	bool waits;		/* for somebody's lock */
	uint64_t silent_ms;	/* since it last asked for something */
};

/* subject is for the log ("reader 0 slot 1"); copied. */
struct slot	*slot_new(unsigned index, const char *subject,
		    const struct slot_ops *, void *ops_arg,
		    const struct slot_times *) MUST_USE;

/*
 * The card cannot be powered off. When it was unused for power_off_ms it is left
 * alone, and reset before its next use, so that no login outlives those who
 * used it.
 */
void		slot_keep_power(struct slot *);

/* slot_down must have been called, or the slot never used. NULL is fine. */
void		slot_free(struct slot *);

void		slot_status(const struct slot *, struct slot_status *);
/* Tells of each session, in order of opening. */
void		slot_users(const struct slot *,
		    void (*fn)(void *arg, const struct slot_user *), void *arg);
unsigned	slot_index(const struct slot *);
void		slot_set_times(struct slot *, const struct slot_times *);

/* The sequence number of the last insertion, to go on from after a restart. */
uint32_t	slot_last_sequence(const struct slot *);
void		slot_set_last_sequence(struct slot *, uint32_t);

/* From the handler. Results of unknown xid are reported and dropped. */
void		slot_card(struct slot *, const struct channel_msg *);
void		slot_result(struct slot *, const struct channel_msg *);

/*
 * Nobody has looked at the reader for a while. The handler is asked what is in
 * it, before any request; a card that was there is powered on, for it may be
 * another one. Until then the slot is not settled.
 */
void		slot_look(struct slot *);
bool		slot_is_settled(const struct slot *);

/* It would matter if the card left: somebody has a session, or it has power and
   may be logged in. */
bool		slot_is_in_use(const struct slot *);

/* The time asked for by wake_at has come. */
void		slot_tick(struct slot *);

/*
 * The reader has left: every request ends with err, every session is cut off.
 * No event is reported; the reader's own says enough.
 */
void		slot_down(struct slot *, enum err);

#endif
