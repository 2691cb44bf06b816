/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/ccid_slot.h"

#include "base/log.h"

enum {	/* milliseconds */
	PARAMETERS_MS = 5000,
	BLOCK_SLACK_MS = 3000,	/* USB and reader, besides the card's time */
};

struct step
ccid_slot_power_on(struct ifd_slot *slot)
{
	const struct ccid_plan *p = &ccid_of(slot)->plan;
	const struct ccid_slot *s = slot->state;

	return ccid_slot_command(slot, STAGE_ON,
	    ccid_power_on(p->power[s->power]), CCID_SLOT_POWER_MS);
}

/* IccPowerOn on a powered card is a warm reset (CCID 1.1 §6.1.1); to be cold it
   goes off first. */
struct step
ccid_slot_reset(struct ifd_slot *slot, bool warm)
{
	struct ccid_slot *s = slot->state;
	bool off_first = ccid_has_quirk(ccid_of(slot)->plan.quirks,
	    CCID_QUIRK_OFF_BEFORE_ON);

	s->warm = warm && s->active;
	s->asked = 0;
	if (!s->warm)
		s->power = 0;
	if (off_first || (s->active && !s->warm))
		return ccid_slot_command(slot, STAGE_OFF_FIRST,
		    ccid_power_off(), CCID_SLOT_POWER_MS);
	return ccid_slot_power_on(slot);
}

/* Without a PPS of ours the card stays at the default speed, unless it is in
   specific mode. */
static uint8_t
speed_of(const struct ifd_slot *slot)
{
	const struct ccid *c = slot->reader->state;
	const struct ccid_slot *s = slot->state;

	if (c->plan.host_pps && !s->atr.specific)
		return 0x11;
	return ccid_speed_choose(&s->atr, &c->plan, &c->rates, 0).ta1;
}

static struct step
set_protocol(struct ifd_slot *slot, uint8_t protocol)
{
	struct ccid_slot *s = slot->state;
	struct ccid_params params = ccid_params_of(&s->atr, protocol,
	    speed_of(slot));
	struct wr w = { .p = s->params, .cap = sizeof(s->params) };

	ccid_params_write(&w, &params);
	return ccid_slot_command(slot, STAGE_PARAMETERS,
	    ccid_set_parameters(protocol, wr_done(&w)), PARAMETERS_MS);
}

/* The protocol in use if it is among those wanted, else another that both the
   card and the reader speak. */
struct step
ccid_slot_choose_protocol(struct ifd_slot *slot, uint32_t wanted)
{
	struct ccid_slot *s = slot->state;
	uint32_t both = slot->reader->info.protocols & s->atr.protocols;

	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if ((slot->result & wanted) != 0)
		return step_done((struct view){ NULL, 0 });
	if (s->atr.specific || (both & wanted) == 0)
		return step_fail(ERR_PROTOCOL);
	if (ccid_of(slot)->plan.host_pps)
		return ifd_fail(slot, ERR_PROTOCOL, "the card would have to be "
		    "asked by PPS for another protocol than its first");
	s->asked = both & wanted & CHANNEL_T1 ? CHANNEL_T1 : CHANNEL_T0;
	return set_protocol(slot, s->asked == CHANNEL_T1 ? 1 : 0);
}

struct step
ccid_slot_powered(const struct ifd_slot *slot)
{
	const struct ccid_slot *s = slot->state;

	return step_done((struct view){ slot->atr,
	    s->asked != 0 ? 0 : slot->atr_n });
}

/* The last step of power on: the protocol starts anew. */
static struct step
powered(struct ifd_slot *slot)
{
	const struct ccid_plan *p = &ccid_of(slot)->plan;
	struct ccid_slot *s = slot->state;
	uint8_t protocol = slot->result == CHANNEL_T1 ? 1 : 0;

	if (p->level == CCID_TPDU && card_reset(&s->card, protocol, &s->atr,
	    p->default_clock_khz, BLOCK_SLACK_MS, s->rsp, s->rsp_cap) != ERR_OK)
		return ifd_fail(slot, ERR_PROTOCOL, "its parameters for T=%u "
		    "are impossible", protocol);
	s->announcing = p->level == CCID_TPDU && protocol == 1 && p->host_ifs &&
	    p->ifsd > s->card.t1.ifsd;
	if (s->announcing)
		return ccid_slot_carry(slot, t1_announce_ifsd(&s->card.t1,
		    p->ifsd));
	return ccid_slot_powered(slot);
}

/* A reader without automatic negotiation is told which protocol the card
   speaks, as the drivers that these readers were made for do. Those that follow
   the ATR by themselves may refuse, which does no harm. */
struct step
ccid_slot_on_atr(struct ifd_slot *slot, struct view data)
{
	struct ccid_slot *s = slot->state;

	if (data.n == 0 || data.n > sizeof(slot->atr))
		return ifd_fail(slot, ERR_CARD, "the reader handed over an ATR "
		    "of %zu bytes", data.n);
	memcpy(slot->atr, data.p, data.n);
	slot->atr_n = data.n;
	slot->card = CHANNEL_PRESENT | CHANNEL_POWERED;
	if (atr_parse(&s->atr, data) != ERR_OK)
		log_at(LOG_LEVEL_WARN, NULL, "slot %u: the ATR is odd: %s",
		    slot->number, atr_flaw_text(s->atr.flaw));
	slot->result = s->atr.protocol == 1 ? CHANNEL_T1 : CHANNEL_T0;
	if (!ccid_of(slot)->plan.host_params || s->atr.protocol > 1)
		return powered(slot);
	return set_protocol(slot, s->atr.protocol);
}

/* Errors for which another voltage is worth trying. */
static bool
may_be_voltage(enum err e)
{
	return e == ERR_MUTE || e == ERR_CARD || e == ERR_ARG ||
	    e == ERR_UNSUPPORTED || e == ERR_READER || e == ERR_UNPOWERED;
}

struct step
ccid_slot_on_power_failed(struct ifd_slot *slot, struct step failure)
{
	struct ccid_slot *s = slot->state;

	if (may_be_voltage(failure.err) && !s->warm &&
	    s->power + 1 < ccid_of(slot)->plan.n_power) {
		s->power++;
		return ccid_slot_power_on(slot);
	}
	slot->card &= ~(uint32_t)CHANNEL_POWERED;
	slot->atr_n = 0;
	if ((slot->card & CHANNEL_PRESENT) != 0 && may_be_voltage(failure.err))
		slot->card |= CHANNEL_MUTED;
	return ccid_slot_explain(slot, failure);
}

struct step
ccid_slot_on_parameters(struct ifd_slot *slot, struct step s)
{
	struct ccid_slot *c = slot->state;

	if (s.kind == STEP_FAIL && c->x.rsp.type == 0)
		return ccid_slot_explain(slot, s);	/* not a refusal */
	if (c->asked != 0 && s.kind == STEP_FAIL)
		return ccid_slot_explain(slot, s);
	if (c->asked != 0)
		slot->result = c->asked;
	else if (s.kind == STEP_FAIL)
		log_at(LOG_LEVEL_INFO, NULL, "slot %u: parameters refused: %s",
		    slot->number, ccid_error_text(c->x.rsp.error));
	return powered(slot);
}
