/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/terminal.h"

#include "lib/ctbcs.h"
#include "protocols/ctbcs.h"

_Static_assert((int)CTBCS_MAKER == CTBCS_P2_MAKER, "GET STATUS");
_Static_assert((int)CTBCS_CARDS == CTBCS_P2_CARDS, "GET STATUS");
_Static_assert((int)CTBCS_UNITS == CTBCS_P2_UNITS, "GET STATUS");
_Static_assert((int)CTBCS_EJECT_KEEP == CTBCS_P2_KEEP, "EJECT");

/* One command of the terminal: what was asked, where the answer goes. */
struct order {
	struct terminal *t;
	const struct ctbcs *c;
	unsigned slot;		/* of the reader, where c->slot names one */
	struct wr *w;
};

/* What the caller asked SET INTERFACE PARAMETER for comes after each reset. */
static int
apply_interface(struct terminal *t, unsigned slot, int *error)
{
	uint8_t interface = t->slot[slot].interface;

	*error = 0;
	if (interface == 0 || t->slot[slot].card == 0)
		return CTAPI_OK;
	return terminal_set_protocol(t, slot, interface == CTBCS_T1, error);
}

/* RESET and REQUEST of a card; absent is the answer where there is none. */
static int
activate(const struct order *o, unsigned wait_s, enum ctbcs_sw absent)
{
	uint8_t atr[33];
	size_t n = 0;
	int error, rc;

	rc = terminal_request(o->t, o->slot, wait_s, atr, &n, &error);
	if (rc == CTAPI_OK && error == 0)
		rc = apply_interface(o->t, o->slot, &error);
	if (rc != CTAPI_OK)
		return rc;
	if (error == OPENCT_E_NO_CARD)
		ctbcs_answer(o->w, absent);
	else if (error != 0)
		ctbcs_answer(o->w, CTBCS_SW_RESET_FAILED);
	else
		ctbcs_answer_atr(o->w, o->c->p2, (struct view){ atr, n });
	return CTAPI_OK;
}

/* 6400, not 64A1: some programs take the answer apart as if it were an ATR. */
static int
reset(const struct order *o)
{
	if (o->c->slot != 0)
		return activate(o, 0, CTBCS_SW_RESET_FAILED);
	for (unsigned i = 0; i < o->t->slots; i++)
		terminal_deactivate(o->t, i);
	ctbcs_answer(o->w, CTBCS_SW_OK);
	return CTAPI_OK;
}

/* Never 6201: programs take it for a failure; what they want is a reset. */
static int
request(const struct order *o)
{
	return activate(o, o->c->has_timeout ? o->c->timeout_s : 0,
	    CTBCS_SW_NOT_IN_TIME);
}

/* slotd powers each card on when it is put in: none is ever CTBCS_CARD_OFF. */
static void
status_cards(const struct order *o)
{
	uint8_t state[OPENCT_SLOTS_MAX];

	for (unsigned i = 0; i < o->t->slots; i++)
		state[i] = o->t->record.card[i] != 0 ? CTBCS_CARD_ON :
		    CTBCS_CARD_NONE;
	ctbcs_answer_cards(o->w, (struct view){ state, o->t->slots });
}

/* A display or keypad counts once it can be used from here. */
static void
status_units(const struct order *o)
{
	uint8_t unit[OPENCT_SLOTS_MAX];

	for (unsigned i = 0; i < o->t->slots; i++)
		unit[i] = (uint8_t)(i + 1);
	ctbcs_answer_units(o->w, (struct view){ unit, o->t->slots });
}

static int
status(const struct order *o)
{
	if (o->c->p2 == CTBCS_CARDS)
		status_cards(o);
	else if (o->c->p2 == CTBCS_UNITS)
		status_units(o);
	else
		ctbcs_answer_maker(o->w, "XXSLD", "SLOTD", PACKAGE_VERSION,
		    o->t->record.name);
	return CTAPI_OK;
}

static int
deactivate(const struct order *o)
{
	bool inside = o->t->record.card[o->slot] != 0;

	terminal_deactivate(o->t, o->slot);
	ctbcs_answer(o->w, inside ? CTBCS_SW_OK : CTBCS_SW_NO_CARD);
	return CTAPI_OK;
}

/* No reader pushes its card out; what is left is to wait for the user. */
static int
eject(const struct order *o)
{
	unsigned wait_s = o->c->has_timeout ? o->c->timeout_s : 0;
	bool out;
	int rc;

	terminal_deactivate(o->t, o->slot);
	if ((o->c->p2 & CTBCS_EJECT_KEEP) != 0 || wait_s == 0) {
		ctbcs_answer(o->w, CTBCS_SW_OK);
		return CTAPI_OK;
	}
	rc = terminal_await_removal(o->t, o->slot, wait_s, &out);
	if (rc == CTAPI_OK)
		ctbcs_answer(o->w, out ? CTBCS_SW_ASYNC : CTBCS_SW_NOT_IN_TIME);
	return rc;
}

/* What needs a keypad or a display. */
static int
unknown(const struct order *o)
{
	ctbcs_answer(o->w, CTBCS_SW_INS);
	return CTAPI_OK;
}

/* What the card cannot do is forgotten, or no reset would succeed any more. */
static int
set_interface(const struct order *o)
{
	uint8_t *interface = &o->t->slot[o->slot].interface, before = *interface;
	enum ctbcs_sw sw = CTBCS_SW_OK;
	int error, rc;

	if (o->c->interface != CTBCS_T0 && o->c->interface != CTBCS_T1) {
		ctbcs_answer(o->w, CTBCS_SW_DATA);	/* memory cards */
		return CTAPI_OK;
	}
	*interface = o->c->interface;
	rc = apply_interface(o->t, o->slot, &error);
	if (rc != CTAPI_OK)
		return rc;
	if (error != 0) {
		*interface = before;
		sw = error == OPENCT_E_INCOMPATIBLE ? CTBCS_SW_CONDITIONS :
		    CTBCS_SW_COMM;
	}
	ctbcs_answer(o->w, sw);
	return CTAPI_OK;
}

static int	(*const run[])(const struct order *) = {
	[CTBCS_RESET] = reset,
	[CTBCS_REQUEST] = request,
	[CTBCS_STATUS] = status,
	[CTBCS_DEACTIVATE] = deactivate,
	[CTBCS_EJECT] = eject,
	[CTBCS_INPUT] = unknown,
	[CTBCS_OUTPUT] = unknown,
	[CTBCS_VERIFY] = unknown,
	[CTBCS_MODIFY] = unknown,
	[CTBCS_INTERFACE] = set_interface,
};

/* Display and keypad have addresses of their own. */
static bool
slot_exists(const struct order *o)
{
	return run[o->c->command] == unknown || o->c->slot <= o->t->slots;
}

int
terminal_command(struct terminal *t, struct view command, struct wr *w)
{
	struct ctbcs c;
	struct order o = { .t = t, .c = &c, .w = w };
	uint16_t sw = ctbcs_parse(&c, command);
	int rc = terminal_look(t);

	if (rc != CTAPI_OK)
		return rc;
	o.slot = c.slot != 0 ? c.slot - 1u : 0;
	if (sw == CTBCS_SW_OK && !slot_exists(&o))
		sw = CTBCS_SW_P1P2;
	if (sw != CTBCS_SW_OK) {
		ctbcs_answer(w, (enum ctbcs_sw)sw);
		return CTAPI_OK;
	}
	rc = run[c.command](&o);
	if (rc == CTAPI_OK)
		ctbcs_fit(w, &c);
	return rc;
}
