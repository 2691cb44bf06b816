/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/log.h"
#include "daemon/pcsc_call.h"
#include "daemon/slot.h"

/*
 * A BEGIN that was refused after PCSC_PARK_MS keeps its place in line while
 * libpcsclite naps. When its turn comes then, the card is kept for it for
 * KEEP_MS.
 */
enum { KEEP_MS = 300 };

static const struct view nothing = { NULL, 0 };

static void
set_timer(struct pcsc_handle *h, long ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	if (evtimer_add(h->timer, &tv) != 0)
		log_at(LOG_LEVEL_ERROR, h->name, "cannot set a timer");
}

static void
begun(struct pcsc_handle *h)
{
	evtimer_del(h->timer);
	h->begin = PCSC_BEGIN_NONE;
	h->begun++;
	pcsc_answer(h->client, PCSC_RV_SUCCESS);
}

static void
on_locked(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;
	bool naps = h->begin == PCSC_BEGIN_NAPS;

	evtimer_del(h->timer);
	h->begin = PCSC_BEGIN_NONE;
	if (r->err == ERR_OK && naps) {
		h->begin = PCSC_BEGIN_KEPT;
		set_timer(h, KEEP_MS);
	} else if (r->err == ERR_OK) {
		begun(h);
	} else if (!naps) {
		pcsc_answer(h->client, pcsc_rv_from(r->err));
	}
}

void
pcsc_begin_timeout(struct pcsc_handle *h)
{
	if (h->begin == PCSC_BEGIN_ASKED) {
		h->begin = PCSC_BEGIN_NAPS;
		pcsc_answer(h->client, PCSC_RV_SHARING_VIOLATION);
	} else if (h->begin == PCSC_BEGIN_KEPT) {
		h->begin = PCSC_BEGIN_NONE;
		if (session_unlock(h->session, LOCK_EXCLUSIVE) != ERR_OK)
			h->begun = 0;
	}
}

/* The same question as before the nap. */
static void
ask_again(struct pcsc_client *c, struct pcsc_handle *h)
{
	if (pcsc_handle_patience(h) != WAIT_FOREVER) {
		pcsc_answer(c, PCSC_RV_SHARING_VIOLATION);
		return;
	}
	h->begin = PCSC_BEGIN_ASKED;
	set_timer(h, PCSC_PARK_MS);
}

void
pcsc_begin(struct pcsc_client *c, struct pcsc_handle *h)
{
	bool park = pcsc_handle_patience(h) == WAIT_FOREVER;
	enum err e;

	if (h->begin == PCSC_BEGIN_KEPT) {
		begun(h);
		return;
	}
	if (h->begin == PCSC_BEGIN_NAPS) {
		ask_again(c, h);
		return;
	}
	e = pcsc_handle_request(h, REQUEST_LOCK, LOCK_EXCLUSIVE, nothing,
	    park ? WAIT_FOREVER : WAIT_NOT, on_locked);
	if (e != ERR_OK) {
		pcsc_answer(c, pcsc_rv_from(e));
		return;
	}
	h->begin = PCSC_BEGIN_ASKED;
	set_timer(h, PCSC_PARK_MS);
}

static void
end(struct pcsc_handle *h)
{
	if (h->begun != 0) {
		h->begun--;
		if (session_unlock(h->session, LOCK_EXCLUSIVE) != ERR_OK)
			h->begun = 0;
	}
	pcsc_answer(h->client, PCSC_RV_SUCCESS);
}

/* The card is another one for its own program, too. */
static void
on_reset(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;

	if (r->err == ERR_LOCKED) {
		pcsc_answer(h->client, PCSC_RV_SHARING_VIOLATION);
		return;
	}
	if (r->err == ERR_OK)
		h->news |= SESSION_WAS_RESET;
	end(h);
}

/* Not in a transaction: is it somebody else's? */
static void
on_turn(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;

	pcsc_answer(h->client, r->err == ERR_OK ? PCSC_RV_NOT_TRANSACTED :
	    pcsc_rv_from(r->err));
}

void
pcsc_end(struct pcsc_client *c, struct pcsc_handle *h)
{
	uint32_t what = pcsc_get(&c->q, PCSC_END_TRANSACTION_DISPOSITION);
	enum err e = ERR_OK;

	if (what > PCSC_EJECT)
		pcsc_answer(c, PCSC_RV_INVALID_VALUE);
	else if (h->begun == 0)
		e = pcsc_handle_request(h, REQUEST_TURN, 0, nothing, WAIT_NOT,
		    on_turn);
	else if (what == PCSC_RESET || what == PCSC_UNPOWER)
		e = pcsc_handle_request(h, what == PCSC_RESET ?
		    REQUEST_RESET_WARM : REQUEST_RESET_COLD, 0, nothing,
		    WAIT_NOT, on_reset);
	else
		end(h);
	if (e != ERR_OK)
		pcsc_answer(c, pcsc_rv_from(e));
}
