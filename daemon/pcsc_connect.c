/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/log.h"
#include "daemon/pcsc_call.h"
#include "daemon/reader.h"
#include "daemon/slot.h"
#include "protocols/atr.h"

/*
 * CONNECT and RECONNECT are the same road: the card (its turn comes, it is
 * powered or reset), then the protocol, then the share mode. CONNECT waits in
 * line, for libpcsclite does not ask again; RECONNECT only for a moment.
 */

static const struct view nothing = { NULL, 0 };

static uint32_t
asked_mode(const struct pcsc_client *c)
{
	return pcsc_get(&c->q, c->again ? PCSC_RECONNECT_MODE :
	    PCSC_CONNECT_MODE);
}

static uint32_t
asked_protocols(const struct pcsc_client *c)
{
	return pcsc_get(&c->q, c->again ? PCSC_RECONNECT_PREFERRED :
	    PCSC_CONNECT_PREFERRED);
}

static uint32_t
patience(const struct pcsc_client *c, const struct pcsc_handle *h)
{
	return c->again ? pcsc_handle_moment(h) : pcsc_handle_patience(h);
}

/* An attempt that failed leaves the handle as it was: not there, or not new. */
static void
give_up(struct pcsc_handle *h, enum pcsc_rv rv)
{
	struct pcsc_client *c = h->client;

	if (!c->again)
		pcsc_handle_leave(h);
	pcsc_answer(c, rv);
}

static void
answer_card(struct pcsc_handle *h)
{
	struct pcsc_client *c = h->client;

	if (c->again) {
		pcsc_set(&c->q, PCSC_RECONNECT_PROTOCOL, h->protocol);
	} else {
		pcsc_set(&c->q, PCSC_CONNECT_CARD, h->number);
		pcsc_set(&c->q, PCSC_CONNECT_PROTOCOL, h->protocol);
	}
	pcsc_answer(c, PCSC_RV_SUCCESS);
}

static void	on_card(void *arg, const struct result *);

static void
want_card(struct pcsc_handle *h, enum request_kind kind)
{
	enum err e = pcsc_handle_request(h, kind, 0, nothing,
	    patience(h->client, h), on_card);

	if (e != ERR_OK)
		give_up(h, pcsc_rv_from(e));
}

/*
 * A step has failed. What happened to the card on the way is news for nobody who
 * connects: then it is the first step again, with the card as it is now.
 */
static void
step_failed(struct pcsc_handle *h, enum err e)
{
	if (h->place == NULL) {
		give_up(h, pcsc_rv_from(ERR_GONE));
	} else if (e == ERR_WAS_RESET || e == ERR_REMOVED) {
		pcsc_handle_note(h);
		want_card(h, asked_mode(h->client) == PCSC_DIRECT ?
		    REQUEST_TURN : REQUEST_ATR);
	} else {
		give_up(h, pcsc_rv_from(e));
	}
}

/* It has all it asked for. */
static void
connected(struct pcsc_handle *h)
{
	struct pcsc_client *c = h->client;

	h->mode = asked_mode(c);
	h->news = 0;
	h->named = false;
	if (h->mode == PCSC_EXCLUSIVE)
		h->place->exclusive = h;
	if (h->number == 0) {
		h->number = pcsc_new_number(c->world);
		h->place->connecting--;
	}
	pcsc_sharing_changed(c->world, h->place);
	answer_card(h);
}

static void
on_exclusive(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;

	if (r->err == ERR_OK && h->place != NULL)
		connected(h);
	else
		step_failed(h, r->err);
}

static unsigned
others(const struct pcsc_handle *h)
{
	struct slot_status st;

	slot_status(session_slot(h->session), &st);
	return st.sessions - h->place->connecting - (h->number != 0);
}

static void
leave_exclusive(struct pcsc_handle *h)
{
	if (h->place->exclusive != h)
		return;
	h->place->exclusive = NULL;
	if (session_locks(h->session, LOCK_EXCLUSIVE) > h->begun &&
	    session_unlock(h->session, LOCK_EXCLUSIVE) != ERR_OK)
		h->begun = 0;
}

/* The last step. */
static void
share(struct pcsc_handle *h)
{
	enum err e;

	if (h->begun > session_locks(h->session, LOCK_EXCLUSIVE))
		h->begun = 0;		/* they ended with the card */
	if (asked_mode(h->client) != PCSC_EXCLUSIVE) {
		leave_exclusive(h);
		connected(h);
		return;
	}
	if (h->place->exclusive == h &&
	    session_locks(h->session, LOCK_EXCLUSIVE) > h->begun) {
		connected(h);
		return;
	}
	if (others(h) != 0) {
		give_up(h, PCSC_RV_SHARING_VIOLATION);
		return;
	}
	e = pcsc_handle_request(h, REQUEST_LOCK, LOCK_EXCLUSIVE, nothing,
	    WAIT_NOT, on_exclusive);
	if (e != ERR_OK)
		give_up(h, pcsc_rv_from(e));
}

/* Agreed. A program that wants nothing but raw is told that it is. */
static void
agree(struct pcsc_handle *h, uint32_t protocol)
{
	uint32_t named = PCSC_T0 | PCSC_T1 | PCSC_ANY_OLD;

	h->place->protocol = protocol;
	h->protocol = (asked_protocols(h->client) & named) != 0 ? protocol :
	    PCSC_RAW;
	share(h);
}

static void	on_protocol(void *arg, const struct result *);

static void
ask_protocol(struct pcsc_handle *h, uint32_t want)
{
	enum err e = pcsc_handle_request(h, REQUEST_PROTOCOL, want, nothing,
	    patience(h->client, h), on_protocol);

	if (e != ERR_OK)
		give_up(h, pcsc_rv_from(e));
}

/* Programs that want raw or any get what the card speaks. */
static uint32_t
wanted(const struct pcsc_client *c)
{
	uint32_t asked = asked_protocols(c) & (PCSC_T0 | PCSC_T1);

	return asked != 0 && (asked_protocols(c) & PCSC_ANY_OLD) == 0 ? asked :
	    PCSC_T0 | PCSC_T1;
}

/* A card that says T=1 and does not mean it: whatever it speaks, then. */
static void
on_protocol(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;
	struct pcsc_client *c = h->client;
	bool first = c->t1_first;

	c->t1_first = false;
	if (r->err == ERR_OK && h->place != NULL)
		agree(h, r->arg);
	else if (first && r->err == ERR_PROTOCOL && h->place != NULL)
		ask_protocol(h, wanted(c));
	else
		step_failed(h, r->err);
}

/* Has it spoken to no card, or to one that is not there any more? */
static bool
is_idle(struct pcsc_handle *h)
{
	return h->number != 0 && (h->protocol == 0 ||
	    pcsc_handle_news(h) != PCSC_RV_SUCCESS);
}

static unsigned
idle_handles(const struct pcsc_handle *h)
{
	const struct pcsc_client *c;
	struct pcsc_handle *o;
	unsigned n = 0;

	TAILQ_FOREACH(c, &h->client->world->clients, entry)
		TAILQ_FOREACH(o, &c->handles, entry)
			n += o != h && o->place == h->place && is_idle(o);
	return n;
}

static bool
has_just_reset(const struct pcsc_client *c)
{
	return c->again && pcsc_get(&c->q, PCSC_RECONNECT_INIT) != PCSC_LEAVE;
}

/* What others use the card with, which is not changed under them: as agreed, or
   as programs of other dialects found it. 0: nobody does. */
static uint32_t
used_with(const struct pcsc_handle *h, const struct slot_status *st)
{
	if (others(h) == 0)
		return 0;
	if (h->place->protocol != 0)
		return h->place->protocol;
	return has_just_reset(h->client) || others(h) == idle_handles(h) ? 0 :
	    st->protocol;
}

/* Both will do: T=1 before T=0 as by pcscd, whichever the card says first. */
static bool
prefers_t1(const struct pcsc_handle *h, const struct slot_status *st)
{
	struct reader_status reader;
	struct atr atr;

	reader_status(h->reader, &reader);
	if (wanted(h->client) != (PCSC_T0 | PCSC_T1) || reader.info == NULL ||
	    (reader.info->protocols & CHANNEL_T1) == 0)
		return false;
	return (atr_parse(&atr, st->atr) == ERR_OK || atr_is_usable(&atr)) &&
	    !atr.specific && (atr.protocols & 1u << 1) != 0;
}

/* What is agreed on already need not be asked for: the next transaction of others
   would be in the way. */
static void
choose_protocol(struct pcsc_handle *h)
{
	uint32_t used, want = wanted(h->client), now = h->place->protocol;
	struct slot_status st;

	slot_status(session_slot(h->session), &st);
	used = used_with(h, &st);
	if (used != 0)
		want &= used;
	if (want == 0) {
		give_up(h, PCSC_RV_PROTO_MISMATCH);
	} else if (used != 0 && now != 0) {
		agree(h, now);
	} else {
		h->client->t1_first = used == 0 && now == 0 &&
		    prefers_t1(h, &st);
		ask_protocol(h, h->client->t1_first ? CHANNEL_T1 : want);
	}
}

/* The turn has come, and the card is powered unless none is needed. */
static void
on_card(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;
	struct pcsc_client *c = h->client;

	if (r->err != ERR_OK || h->place == NULL) {
		step_failed(h, r->err);
		return;
	}
	if (pcsc_is_taken(h->place, h)) {
		give_up(h, PCSC_RV_SHARING_VIOLATION);
		return;
	}
	pcsc_handle_note(h);
	if (asked_mode(c) == PCSC_DIRECT) {
		h->protocol = h->place->protocol;
		share(h);
		return;
	}
	h->place->off = false;
	choose_protocol(h);
}

static enum pcsc_rv
check(uint32_t mode, uint32_t protocols)
{
	uint32_t known = PCSC_T0 | PCSC_T1 | PCSC_RAW | PCSC_ANY_OLD;

	if (mode != PCSC_DIRECT && (protocols & known) == 0)
		return PCSC_RV_PROTO_MISMATCH;
	if (mode < PCSC_EXCLUSIVE || mode > PCSC_DIRECT)
		return PCSC_RV_INVALID_VALUE;
	return PCSC_RV_SUCCESS;
}

/* Refused at once, as by pcscd. Whose fault it is can be read in the log. */
static void
name_owner(const struct pcsc_client *c, struct pcsc_handle *owner)
{
	char who[80], other[80];

	if (owner->named)
		return;
	owner->named = true;
	log_at(LOG_LEVEL_INFO, owner->name, "%s has it for itself, %s is "
	    "refused", peer_text(who, sizeof(who), &owner->client->peer),
	    peer_text(other, sizeof(other), &c->peer));
}

/* One that is stopped is waited for, so that lock_timeout can come. */
static bool
is_refused(const struct pcsc_client *c, struct pcsc_place *p)
{
	if (!pcsc_is_taken(p, NULL) ||
	    peer_is_stopped(&p->exclusive->client->peer))
		return false;
	name_owner(c, p->exclusive);
	return true;
}

/* Checks in pcscd's order; PCSC_RV_SUCCESS: *p is there and free to be used. */
static enum pcsc_rv
find_place(struct pcsc_client *c, struct pcsc_place **p)
{
	enum pcsc_rv rv = check(asked_mode(c), asked_protocols(c));

	if (rv != PCSC_RV_SUCCESS)
		return rv;
	if (c->context == 0 ||
	    pcsc_get(&c->q, PCSC_CONNECT_CONTEXT) != c->context)
		return PCSC_RV_INVALID_HANDLE;
	*p = pcsc_state_find(&c->world->state, pcsc_bytes(&c->q,
	    PCSC_CONNECT_NAME, PCSC_NAME_MAX + 1));
	if (*p == NULL || !reader_may((*p)->reader, &c->peer, RIGHT_SEE))
		return PCSC_RV_UNKNOWN_READER;
	if (!reader_may((*p)->reader, &c->peer, RIGHT_USE))
		return PCSC_RV_SECURITY_VIOLATION;
	if (reader_slot((*p)->reader, (*p)->slot) == NULL)
		return PCSC_RV_READER_UNAVAILABLE;
	return is_refused(c, *p) ? PCSC_RV_SHARING_VIOLATION :
	    PCSC_RV_SUCCESS;
}

void
pcsc_connect(struct pcsc_client *c, struct pcsc_handle *h)
{
	struct pcsc_place *p;
	enum pcsc_rv rv;

	c->again = false;
	rv = find_place(c, &p);
	if (rv != PCSC_RV_SUCCESS) {
		pcsc_answer(c, rv);
		return;
	}
	h = pcsc_handle_new(c, p);
	if (h == NULL)
		pcsc_answer(c, PCSC_RV_NO_MEMORY);
	else
		want_card(h, asked_mode(c) == PCSC_DIRECT ? REQUEST_TURN :
		    REQUEST_ATR);
}

void
pcsc_reconnect(struct pcsc_client *c, struct pcsc_handle *h)
{
	uint32_t init = pcsc_get(&c->q, PCSC_RECONNECT_INIT);
	enum pcsc_rv rv;

	c->again = true;
	rv = check(asked_mode(c), asked_protocols(c));
	if (rv == PCSC_RV_SUCCESS && init > PCSC_UNPOWER)
		rv = PCSC_RV_INVALID_VALUE;
	if (rv != PCSC_RV_SUCCESS)
		pcsc_answer(c, rv);
	else if (init != PCSC_LEAVE)
		want_card(h, init == PCSC_RESET ? REQUEST_RESET_WARM :
		    REQUEST_RESET_COLD);
	else
		want_card(h, asked_mode(c) == PCSC_DIRECT ? REQUEST_TURN :
		    REQUEST_ATR);
}

static void
on_disposed(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;
	struct pcsc_client *c = h->client;

	if (r->err == ERR_LOCKED) {
		pcsc_answer(c, PCSC_RV_SHARING_VIOLATION);
		return;
	}
	if (r->err == ERR_OK && h->place != NULL) {
		pcsc_place_fresh(h->place);
		h->place->off = pcsc_get(&c->q, PCSC_DISCONNECT_DISPOSITION) ==
		    PCSC_UNPOWER;
	}
	pcsc_handle_leave(h);
	pcsc_answer(c, PCSC_RV_SUCCESS);
}

void
pcsc_disconnect(struct pcsc_client *c, struct pcsc_handle *h)
{
	uint32_t what = pcsc_get(&c->q, PCSC_DISCONNECT_DISPOSITION);

	if (what > PCSC_EJECT) {
		pcsc_answer(c, PCSC_RV_INVALID_VALUE);
		return;
	}
	if ((what == PCSC_RESET || what == PCSC_UNPOWER) &&
	    pcsc_handle_request(h, what == PCSC_RESET ? REQUEST_RESET_WARM :
	    REQUEST_POWER_OFF, 0, nothing, pcsc_handle_patience(h),
	    on_disposed) == ERR_OK)
		return;
	pcsc_handle_leave(h);		/* no reader: nothing to do to it */
	pcsc_answer(c, PCSC_RV_SUCCESS);
}
