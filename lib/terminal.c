/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/terminal.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "base/clock.h"
#include "base/secret.h"
#include "protocols/ctbcs.h"

enum { NAP_MS = 100, ATR_SIZE = 33 };

/* Whether the other side has closed the connection. */
static bool
hung_up(int fd)
{
	struct pollfd p = { .fd = fd };

	return fd < 0 || (poll(&p, 1, 0) > 0 && p.revents != 0);
}

/* The connection is of no more use: why. */
static int
lost(const struct terminal *t)
{
	struct openct_record now;
	bool other = record_read(&now, t->handle.reader) == ERR_OK &&
	    now.pid != t->daemon;

	return other || !daemon_listens() ? CTAPI_ERR_HTSI : CTAPI_ERR_TRANS;
}

/* Whether an error that slotd answered with is about the connection. */
static bool
is_lost(const struct terminal *t, int error)
{
	return t->handle.conn.fd < 0 || error == OPENCT_E_GONE ||
	    error == OPENCT_E_DISCONNECTED;
}

static void
forget_answer(struct terminal *t)
{
	secret_wipe(t->kept, t->kept_n);
	secret_wipe(t->answer, t->kept_answer_n);
	t->kept_n = t->kept_answer_n = 0;
}

int
terminal_look(struct terminal *t)
{
	if (hung_up(t->handle.conn.fd) ||
	    record_read(&t->record, t->handle.reader) != ERR_OK)
		return lost(t);
	return CTAPI_OK;
}

static int
lock(struct terminal *t, unsigned slot)
{
	struct terminal_slot *s = &t->slot[slot];
	int error;

	if (s->locked)
		return CTAPI_OK;
	error = ct_card_lock(&t->handle, slot, OPENCT_LOCK_TERMINAL, &s->lock);
	if (error < 0 && is_lost(t, error))
		return lost(t);
	if (error == OPENCT_E_GENERIC)	/* see, but not use */
		return CTAPI_ERR_HOST;
	if (error < 0)
		return CTAPI_ERR_CT;
	s->locked = true;
	return CTAPI_OK;
}

static int
connect_error(enum err e)
{
	if (e == ERR_NO_DAEMON)
		return CTAPI_ERR_HTSI;
	return errno == EACCES || errno == EPERM ? CTAPI_ERR_HOST :
	    CTAPI_ERR_CT;
}

int
terminal_open(struct terminal *t, unsigned reader,
    const struct openct_record *record)
{
	enum err e;
	int rc = CTAPI_OK;

	t->handle.reader = reader;
	t->record = *record;
	t->daemon = record->pid;
	t->slots = record->slots < OPENCT_SLOTS_MAX ? record->slots :
	    OPENCT_SLOTS_MAX;
	e = conn_open(&t->handle.conn, reader);
	if (e != ERR_OK)
		return connect_error(e);
	for (unsigned i = 0; i < t->slots && rc == CTAPI_OK; i++)
		rc = lock(t, i);
	if (rc != CTAPI_OK)
		terminal_close(t);
	return rc;
}

void
terminal_drop(struct terminal *t)
{
	conn_close(&t->handle.conn);
	forget_answer(t);
}

/* Without a word to slotd, a program that opens the reader again at once could
   be faster than slotd is to see that the connection was closed. */
void
terminal_close(struct terminal *t)
{
	if (terminal_look(t) == CTAPI_OK) {
		for (unsigned i = 0; i < t->slots; i++) {
			terminal_deactivate(t, i);
			if (t->slot[i].locked)
				(void)ct_card_unlock(&t->handle, i,
				    t->slot[i].lock);
		}
	}
	terminal_drop(t);
}

/* slotd has taken the lock away from a program that was too slow. */
static void
robbed(struct terminal_slot *s)
{
	s->locked = false;
	s->card = 0;
}

int
terminal_request(struct terminal *t, unsigned slot, unsigned wait_s,
    uint8_t *atr, size_t *n, int *error)
{
	struct terminal_slot *s = &t->slot[slot];
	uint32_t before;
	int rc = terminal_look(t);

	if (rc == CTAPI_OK)
		rc = lock(t, slot);
	if (rc != CTAPI_OK)
		return rc;
	forget_answer(t);
	s->card = 0;
	before = t->record.card[slot];
	*error = ct_card_request(&t->handle, slot, wait_s, NULL, atr, ATR_SIZE);
	if (*error < 0 && is_lost(t, *error))
		return lost(t);
	if (*error == OPENCT_E_NO_LOCK)
		robbed(s);
	if (*error < 0)
		return CTAPI_OK;
	*n = (size_t)*error;
	*error = 0;
	rc = terminal_look(t);
	if (rc != CTAPI_OK)
		return rc;
	s->card = t->record.card[slot];
	if (before != 0 && before != s->card) {	/* whose ATR is it? */
		s->card = 0;
		*error = OPENCT_E_COMM;
	}
	return CTAPI_OK;
}

void
terminal_deactivate(struct terminal *t, unsigned slot)
{
	struct terminal_slot *s = &t->slot[slot];
	uint8_t atr[ATR_SIZE];

	if (s->card != 0 && s->card == t->record.card[slot] &&
	    ct_card_reset(&t->handle, slot, atr, sizeof(atr)) ==
	    OPENCT_E_NO_LOCK)
		robbed(s);
	s->card = 0;
	forget_answer(t);
}

/* The status file cannot be waited for. */
static void
nap(void)
{
	const struct timespec ts = { .tv_nsec = NAP_MS * 1000000L };

	(void)nanosleep(&ts, NULL);
}

int
terminal_await_removal(struct terminal *t, unsigned slot, unsigned wait_s,
    bool *out)
{
	uint64_t deadline = clock_now_ms() + wait_s * 1000u;
	uint32_t card = t->record.card[slot];

	for (;;) {
		int rc = terminal_look(t);

		if (rc != CTAPI_OK)
			return rc;
		*out = card == 0 || t->record.card[slot] != card;
		if (*out || clock_now_ms() >= deadline)
			return CTAPI_OK;
		nap();
	}
}

int
terminal_set_protocol(struct terminal *t, unsigned slot, unsigned protocol,
    int *error)
{
	*error = ct_card_set_protocol(&t->handle, slot, protocol);
	if (*error < 0 && is_lost(t, *error))
		return lost(t);
	if (*error == OPENCT_E_NO_LOCK)
		robbed(&t->slot[slot]);
	return CTAPI_OK;
}

/*
 * Whether the card that was requested is in the slot, as far as can be seen.
 * One that is put in after this look slotd knows: it refuses the command.
 */
static enum ctbcs_sw
check_card(struct terminal *t, unsigned slot)
{
	struct terminal_slot *s = &t->slot[slot];
	uint32_t card = t->record.card[slot];

	if (s->card != card) {
		s->card = 0;
		forget_answer(t);
	}
	if (card == 0)
		return CTBCS_SW_NO_CARD;
	return s->card == 0 ? CTBCS_SW_NOT_ACTIVE : CTBCS_SW_OK;
}

/* What slotd's error means to the program that sent a command to a card. */
static enum ctbcs_sw
failed(struct terminal *t, unsigned slot, int error)
{
	struct terminal_slot *s = &t->slot[slot];
	bool other;

	switch (error) {
	case OPENCT_E_NO_CARD:
		other = terminal_look(t) == CTAPI_OK &&
		    t->record.card[slot] != 0 && t->record.card[slot] != s->card;
		s->card = 0;
		return other ? CTBCS_SW_NOT_ACTIVE : CTBCS_SW_NO_CARD;
	case OPENCT_E_NO_ATR:		/* another one, or it lost its power */
		s->card = 0;
		return CTBCS_SW_NOT_ACTIVE;
	case OPENCT_E_NO_LOCK:
	case OPENCT_E_LOCKED:
		robbed(s);
		return CTBCS_SW_NOT_ACTIVE;
	case OPENCT_E_ARG:
	case OPENCT_E_BUFFER:
	case OPENCT_E_UNSUPPORTED:	/* an extended APDU, a short reader */
		return CTBCS_SW_LENGTH;
	}
	return CTBCS_SW_COMM;
}

/* Hands the answer in t->answer over, or keeps it. */
static int
give(struct terminal *t, unsigned slot, struct view command, size_t n,
    struct wr *w)
{
	wr_view(w, (struct view){ t->answer, n });
	if (!w->bad) {
		t->kept_answer_n = n;
		forget_answer(t);
		return CTAPI_OK;
	}
	if (command.n <= sizeof(t->kept)) {
		memcpy(t->kept, command.p, command.n);
		t->kept_n = command.n;
		t->kept_slot = slot;
	}
	t->kept_answer_n = n;
	return CTAPI_ERR_MEMORY;
}

int
terminal_transact(struct terminal *t, unsigned slot, struct view command,
    struct wr *w, bool *by_card)
{
	int rc = terminal_look(t);
	enum ctbcs_sw sw;

	*by_card = false;
	if (rc != CTAPI_OK)
		return rc;
	sw = check_card(t, slot);
	if (sw != CTBCS_SW_OK) {
		ctbcs_answer(w, sw);
		return CTAPI_OK;
	}
	*by_card = true;
	if (t->kept_n != 0 && t->kept_slot == slot &&
	    view_eq(command, (struct view){ t->kept, t->kept_n }))
		return give(t, slot, command, t->kept_answer_n, w);
	forget_answer(t);
	rc = ct_card_transact(&t->handle, slot, command.p, command.n, t->answer,
	    sizeof(t->answer));
	if (rc >= 0)
		return give(t, slot, command, (size_t)rc, w);
	if (is_lost(t, rc))
		return lost(t);
	*by_card = false;
	ctbcs_answer(w, failed(t, slot, rc));
	return CTAPI_OK;
}
