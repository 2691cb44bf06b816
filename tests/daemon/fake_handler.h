/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DAEMON_FAKE_HANDLER_H
#define TESTS_DAEMON_FAKE_HANDLER_H

/* A world for one slot: a clock the test turns, a handler the test plays. */

#include <stdio.h>

#include "daemon/session.h"
#include "daemon/slot.h"
#include "tests/unit.h"

#define ATR_A B("\x3b\x80\x01\x81")
#define ATR_B B("\x3b\x00")

struct world {
	uint64_t now_ms, wake_ms;
	enum err send_err;
	struct slot *slot;
	struct channel_msg sent;	/* the last one, its data in sent_data */
	uint8_t sent_data[64];
	unsigned sends;
	char events[128];		/* "K I R" ... in order */
	char results[512];		/* "a:OK b:LOCKED " ... in order */
};

static inline uint64_t
world_now(void *arg)
{
	return ((struct world *)arg)->now_ms;
}

static inline void
world_wake_at(void *arg, unsigned index, uint64_t when_ms)
{
	(void)index;
	((struct world *)arg)->wake_ms = when_ms;
}

static inline enum err
world_send(void *arg, const struct channel_msg *m)
{
	struct world *w = arg;

	if (w->send_err != ERR_OK)
		return w->send_err;
	ck_assert_uint_le(m->data.n, sizeof(w->sent_data));
	if (m->data.n != 0)
		memcpy(w->sent_data, m->data.p, m->data.n);
	w->sent = *m;
	w->sent.data.p = w->sent_data;
	w->sends++;
	return ERR_OK;
}

static inline void
world_event(void *arg, unsigned index, enum slot_event e)
{
	struct world *w = arg;
	size_t n = strlen(w->events);

	(void)index;
	w->events[n] = "KIRX"[e];	/* known, inserted, removed, reset */
}

static void
world_doubt(void *arg)
{
	(void)arg;
}

static const struct slot_ops world_ops = {
	.now_ms = world_now,
	.wake_at = world_wake_at,
	.send = world_send,
	.event = world_event,
	.doubt = world_doubt,
};

static inline struct world *
world_new(void)
{
	static const struct slot_times times = { 5000, 60000 };
	struct world *w = calloc(1, sizeof(*w));

	w->now_ms = 1000;
	w->wake_ms = SLOT_NEVER;
	w->slot = slot_new(0, "reader 0 slot 0", &world_ops, w, &times);
	return w;
}

static inline void
world_free(struct world *w)
{
	slot_down(w->slot, ERR_GONE);
	slot_free(w->slot);
	free(w);
}

/* Lets the loop turn until the slot asks for no more at this time. */
static inline void
world_settle(struct world *w)
{
	for (int i = 0; i < 100 && w->wake_ms <= w->now_ms; i++) {
		w->wake_ms = SLOT_NEVER;
		slot_tick(w->slot);
	}
	ck_assert_uint_gt(w->wake_ms, w->now_ms);
}

static inline void
world_wait(struct world *w, uint64_t ms)
{
	w->now_ms += ms;
	world_settle(w);
}

static inline void
world_card(struct world *w, uint32_t state)
{
	slot_card(w->slot, &(struct channel_msg){ .type = CHANNEL_CARD,
	    .arg = state });
	world_settle(w);
}

/* The handler answers the last message. */
static inline void
world_answer(struct world *w, enum err e, struct view data)
{
	slot_result(w->slot, &(struct channel_msg){ .type = CHANNEL_RESULT,
	    .xid = w->sent.xid, .err = e, .arg = CHANNEL_T1, .data = data });
	world_settle(w);
}

/* A card is in and powered: what most tests start from. */
static inline void
world_insert(struct world *w)
{
	world_card(w, CHANNEL_PRESENT);
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	world_answer(w, ERR_OK, ATR_A);
}

static inline enum slot_card
world_state(const struct world *w)
{
	struct slot_status st;

	slot_status(w->slot, &st);
	return st.card;
}

static inline struct session *
world_session(struct world *w, const char *name, uid_t uid,
    struct session_rules rules)
{
	struct peer peer = { .pid = 71, .uid = uid };
	struct session *s;

	snprintf(peer.program, sizeof(peer.program), "%s", name);
	s = session_open(w->slot, &peer, &rules);
	ck_assert_ptr_nonnull(s);
	return s;
}

/* A question with a name; its end is noted in world->results. */
struct ask {
	struct world *w;
	const char *name;
	struct session *close;	/* closed by the callback */
	unsigned calls;
	size_t n;
	uint8_t data[64];
};

static inline void
ask_done(void *arg, const struct result *r)
{
	struct ask *a = arg;
	size_t n = strlen(a->w->results);

	a->calls++;
	a->n = r->data.n;
	ck_assert_uint_le(a->n, sizeof(a->data));
	if (a->n != 0)
		memcpy(a->data, r->data.p, a->n);
	snprintf(a->w->results + n, sizeof(a->w->results) - n, "%s:%s ",
	    a->name, err_name(r->err));
	session_close(a->close);
	a->close = NULL;
}

static inline enum err
ask(struct ask *a, struct session *s, enum request_kind kind, uint32_t arg,
    struct view data, uint32_t wait_ms)
{
	return session_request(s, &(struct request_spec){ kind, arg, data,
	    wait_ms, ask_done, a, WAIT_NOT });
}

static inline void
ask_apdu(struct ask *a, struct session *s)
{
	ck_assert_int_eq(ask(a, s, REQUEST_TRANSMIT, 0,
	    B("\x00\xa4\x00\x00\x02\x3f\x00"), WAIT_NOT), ERR_OK);
}

static inline void
ask_lock(struct ask *a, struct session *s, enum lock_kind kind,
    uint32_t wait_ms)
{
	ck_assert_int_eq(ask(a, s, REQUEST_LOCK, kind, (struct view){ NULL, 0 },
	    wait_ms), ERR_OK);
}

static inline void
ask_plain(struct ask *a, struct session *s, enum request_kind kind)
{
	ck_assert_int_eq(ask(a, s, kind, 0, (struct view){ NULL, 0 }, WAIT_NOT),
	    ERR_OK);
}

#endif
