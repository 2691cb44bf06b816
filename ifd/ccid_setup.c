/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/ccid.h"

#include "base/log.h"

/*
 * What is agreed upon after an answer to reset, as far as the reader does not
 * do it by itself: PPS (ISO 7816-3:2006 §9), the reader's parameters (CCID 1.1
 * §6.1.7), the field size of T=1 (ISO 7816-3:2006 §11.4.2). A card that is not
 * understood at the speed that came of it is reset and has another chance at
 * the next lower one.
 */

enum {
	TA1_DEFAULT = 0x11,
	IFSD_DEFAULT = 32,
	PPS_ETU = 9600,		/* for each character of the answer */
	CLOCK_MIN_KHZ = 1000,	/* no card runs slower */
};

static bool
takes_apdus(const struct ccid_plan *p)
{
	return p->level == CCID_SHORT || p->level == CCID_EXTENDED;
}

/* ---- cards that are slower than they say ---- */

static struct view
atr_of(const struct ifd_slot *slot)
{
	return (struct view){ slot->atr, slot->atr_n };
}

static struct ccid_slow_card *
slow_card(struct ccid *c, struct view atr)
{
	for (size_t i = 0; i < CCID_SLOW_CARDS; i++)
		if (view_eq((struct view){ c->slow[i].atr, c->slow[i].n }, atr))
			return &c->slow[i];
	return NULL;
}

void
ccid_slow_card(struct ifd_reader *reader, struct view atr, uint32_t bps)
{
	struct ccid *c = reader->state;
	struct ccid_slow_card *row = slow_card(c, atr);

	if (atr.n == 0 || atr.n > ATR_MAX)
		return;
	if (row == NULL) {
		row = &c->slow[c->slow_next];
		c->slow_next = (c->slow_next + 1) % CCID_SLOW_CARDS;
	}
	memcpy(row->atr, atr.p, atr.n);
	row->n = atr.n;
	row->below = bps;
}

/* Once: a speed that was known already is no news. */
static void
learn(struct ifd_slot *slot)
{
	const struct ccid_slot *s = slot->state;
	const struct ccid_slow_card *row = slow_card(ccid_of(slot),
	    atr_of(slot));

	if (row != NULL && row->below == s->below)
		return;
	ccid_slow_card(slot->reader, atr_of(slot), s->below);
	slot->slow = s->below;
}

void
ccid_speed_works(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	if (!s->proven && s->below != 0 && slot->atr_n != 0)
		learn(slot);
	s->proven = true;
}

struct step
ccid_slow_down(struct ifd_slot *slot, enum err why)
{
	struct ccid_slot *s = slot->state;

	log_at(LOG_LEVEL_INFO, NULL, "slot %u: the card is not understood at "
	    "%u bit/s (%s), it is reset and tried slower", slot->number,
	    s->speed.rate, err_text(why));
	s->why = why;
	s->below = s->speed.rate;
	return ccid_reset(slot, false);
}

/* Errors that a wrong speed may look like; others are not the card's. */
static bool
may_be_speed(enum err e)
{
	return e == ERR_MUTE || e == ERR_CARD || e == ERR_READER ||
	    e == ERR_ARG;
}

bool
ccid_speed_may_be_why(const struct ifd_slot *slot, enum err e)
{
	const struct ccid_slot *s = slot->state;

	return may_be_speed(e) && !s->proven && !s->atr.specific &&
	    s->speed.ta1 != TA1_DEFAULT && ccid_of(slot)->plan.host_params;
}

/* ---- the steps of an agreement ---- */

static struct step
settled(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	slot->result = s->protocol == 1 ? CHANNEL_T1 : CHANNEL_T0;
	switch (s->purpose) {
	case CCID_FOR_PROTOCOL:
		return step_done((struct view){ NULL, 0 });
	case CCID_FOR_APDU:
		return ccid_transmit(slot);
	case CCID_FOR_NEXT:
		return ifd_fail(slot, s->why, "%s; it was reset and is ready "
		    "again", err_text(s->why));
	case CCID_FOR_ATR:
		break;
	}
	return step_done((struct view){ slot->atr, slot->atr_n });
}

static struct step
announce_ifsd(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;
	const struct ccid_plan *p = &ccid_of(slot)->plan;

	if (s->protocol != 1 || takes_apdus(p))
		return settled(slot);
	ccid_t1_prepare(slot);
	if (!p->host_ifs || p->ifsd == IFSD_DEFAULT)
		return settled(slot);
	return ccid_speak(slot, CCID_STAGE_IFSD, CCID_BY_T1,
	    t1_announce_ifsd(&s->t1, p->ifsd));
}

struct step
ccid_on_ifsd(struct ifd_slot *slot, struct step step)
{
	if (step.kind == STEP_FAIL &&
	    ccid_speed_may_be_why(slot, step.err))
		return ccid_slow_down(slot, step.err);
	if (step.kind == STEP_FAIL && !may_be_speed(step.err))
		return ccid_explain(slot, step);
	if (step.kind == STEP_FAIL)
		log_at(LOG_LEVEL_INFO, NULL, "slot %u: the card takes no IFSD "
		    "but %d", slot->number, IFSD_DEFAULT);
	else
		ccid_speed_works(slot);
	return settled(slot);
}

/* A reader without automatic negotiation is told what was agreed. One with
   APDUs may refuse, since it follows the ATR by itself. */
static struct step
set_parameters(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;
	struct ccid_params params = ccid_params_of(&s->atr, s->protocol,
	    s->speed.ta1);
	struct wr w = { .p = s->params, .cap = sizeof(s->params) };

	if (s->protocol > 1 ||
	    (!ccid_of(slot)->plan.host_params && !s->switched))
		return announce_ifsd(slot);
	ccid_params_write(&w, &params);
	return ccid_command(slot, CCID_STAGE_PARAMETERS, ccid_set_parameters(
	    s->protocol, wr_done(&w)), CCID_PARAMETERS_MS);
}

struct step
ccid_on_parameters(struct ifd_slot *slot, struct step step)
{
	struct ccid_slot *s = slot->state;

	if (step.kind == STEP_DONE)
		return announce_ifsd(slot);
	if (s->x.rsp.type == 0)		/* no answer: not a refusal */
		return ccid_explain(slot, step);
	if (ccid_speed_may_be_why(slot, step.err)) {
		s->once_more = ccid_has_quirk(ccid_of(slot)->plan.quirks,
		    CCID_QUIRK_RESET_TWICE);
		return ccid_slow_down(slot, step.err);
	}
	if (s->purpose == CCID_FOR_PROTOCOL) {
		s->switched = false;
		s->protocol = slot->result == CHANNEL_T1 ? 1 : 0;
		return ccid_explain(slot, step);
	}
	log_at(LOG_LEVEL_INFO, NULL, "slot %u: parameters refused: %s",
	    slot->number, ccid_error_text(s->x.rsp.error));
	return announce_ifsd(slot);
}

/* After a PPS in vain nothing may be said to the card but a reset. */
struct step
ccid_on_pps(struct ifd_slot *slot, struct step step)
{
	struct ccid_slot *s = slot->state;

	if (step.kind == STEP_DONE) {
		if (s->pps.ta1 != s->speed.ta1)
			s->speed = ccid_speed_choose(&s->atr,
			    &ccid_of(slot)->plan, NULL, 1);
		return set_parameters(slot);
	}
	if (!may_be_speed(step.err))
		return ccid_explain(slot, step);
	if (s->speed.ta1 != TA1_DEFAULT) {
		s->no_pps = true;
		return ccid_slow_down(slot, step.err);
	}
	s->switched = false;
	if (s->purpose != CCID_FOR_PROTOCOL)
		return ccid_explain(slot, step);
	s->purpose = CCID_FOR_NEXT;
	s->why = ERR_PROTOCOL;
	return ccid_reset(slot, false);
}

static bool
needs_pps(const struct ifd_slot *slot)
{
	const struct ccid_slot *s = slot->state;

	return ccid_of(slot)->plan.host_pps && !s->atr.specific &&
	    s->protocol <= 1 && (s->speed.ta1 != TA1_DEFAULT ||
	    s->protocol != s->atr.protocol);
}

static uint32_t
pps_wait_ms(const struct ccid_plan *p)
{
	uint32_t khz = p->default_clock_khz;

	return PPS_ETU * ATR_FD / (khz < CLOCK_MIN_KHZ ? CLOCK_MIN_KHZ : khz) +
	    1;
}

/* The protocol is chosen: the speed, and all the rest. */
static struct step
agree(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;
	const struct ccid *c = ccid_of(slot);
	bool stays = c->plan.stays_slow || s->no_pps;

	s->speed = ccid_speed_choose(&s->atr, &c->plan, &c->rates,
	    stays ? 1 : s->below);
	if (!needs_pps(slot))
		return set_parameters(slot);
	return ccid_speak(slot, CCID_STAGE_PPS, CCID_BY_PPS,
	    pps_start(&s->pps, s->protocol, s->speed.ta1,
	    pps_wait_ms(&c->plan)));
}

/* ---- which protocol ---- */

static uint32_t
common(const struct ifd_slot *slot)
{
	const struct ccid_slot *s = slot->state;

	return slot->reader->info.protocols & s->atr.protocols;
}

/* The card's first unless the reader cannot, but speaks another of them. */
static uint8_t
default_protocol(const struct ifd_slot *slot)
{
	const struct ccid_slot *s = slot->state;
	uint32_t both = common(slot);

	if (s->atr.specific || both == 0 || (both >> s->atr.protocol & 1) != 0)
		return s->atr.protocol;
	return (both & CHANNEL_T1) != 0 ? 1 : 0;
}

struct step
ccid_setup(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;
	const struct ccid_slow_card *slow = slow_card(ccid_of(slot),
	    atr_of(slot));

	s->fresh = true;
	s->proven = false;
	if (s->below == 0 && slow != NULL)
		s->below = slow->below;
	if (!s->switched || (common(slot) >> s->protocol & 1) == 0)
		s->protocol = default_protocol(slot);
	return agree(slot);
}

struct step
ccid_choose_protocol(struct ifd_slot *slot, uint32_t wanted)
{
	struct ccid_slot *s = slot->state;
	uint32_t both = common(slot) & wanted;

	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if ((slot->result & wanted) != 0)
		return step_done((struct view){ NULL, 0 });
	if (s->atr.specific || both == 0)
		return step_fail(ERR_PROTOCOL);
	s->purpose = CCID_FOR_PROTOCOL;
	s->switched = true;
	s->protocol = (both & CHANNEL_T1) != 0 ? 1 : 0;
	if (s->fresh || takes_apdus(&ccid_of(slot)->plan))
		return agree(slot);
	return ccid_reset(slot, true);
}
