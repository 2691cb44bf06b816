/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/ccid.h"

#include "base/log.h"

/* Resets of the card, at the voltages of the plan, up to its ATR. */

/* GemPC: the card is no EMV card, which its reader had expected. */
static const uint8_t gempc_power[] = { 0x1f, 0x01 };
enum { GEMPC_NOT_EMV = 0xbb };	/* bError */

struct step
ccid_power_on_card(struct ifd_slot *slot)
{
	const struct ccid_plan *p = &ccid_of(slot)->plan;
	const struct ccid_slot *s = slot->state;

	return ccid_command(slot, CCID_STAGE_ON,
	    ccid_power_on(p->power[s->power]), CCID_POWER_MS);
}

/* IccPowerOn on a powered card is a warm reset (CCID 1.1 §6.1.1); to be cold it
   goes off first. */
struct step
ccid_reset(struct ifd_slot *slot, bool warm)
{
	struct ccid_slot *s = slot->state;
	bool off_first = ccid_has_quirk(ccid_of(slot)->plan.quirks,
	    CCID_QUIRK_OFF_BEFORE_ON);

	s->warm = warm && s->active;
	if (!s->warm)
		s->power = 0;
	if (off_first || (s->active && !s->warm))
		return ccid_command(slot, CCID_STAGE_OFF_FIRST,
		    ccid_power_off(), CCID_POWER_MS);
	return ccid_power_on_card(slot);
}

static struct step
on_atr(struct ifd_slot *slot, struct view data)
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
	if (atr_mend(&s->atr))
		log_at(LOG_LEVEL_INFO, NULL, "slot %u: this card gets more time "
		    "than its ATR says", slot->number);
	if (s->once_more) {
		s->once_more = false;
		return ccid_reset(slot, true);
	}
	return ccid_setup(slot);
}

/* Errors for which another voltage is worth trying. */
static bool
may_be_voltage(enum err e)
{
	return e == ERR_MUTE || e == ERR_CARD || e == ERR_ARG ||
	    e == ERR_UNSUPPORTED || e == ERR_READER || e == ERR_UNPOWERED;
}

static struct step
on_power_failed(struct ifd_slot *slot, struct step failure)
{
	struct ccid_slot *s = slot->state;
	bool gempc = ccid_has_quirk(ccid_of(slot)->plan.quirks,
	    CCID_QUIRK_GEMPC_POWER);

	if (gempc && s->x.rsp.error == GEMPC_NOT_EMV && !s->escaped) {
		s->escaped = true;
		return ccid_command(slot, CCID_STAGE_POWER_ESCAPE, ccid_escape(
		    (struct view){ gempc_power, sizeof(gempc_power) }),
		    CCID_STATUS_MS);
	}
	if (may_be_voltage(failure.err) && !s->warm &&
	    s->power + 1 < ccid_of(slot)->plan.n_power) {
		s->power++;
		return ccid_power_on_card(slot);
	}
	slot->card &= ~(uint32_t)CHANNEL_POWERED;
	slot->atr_n = 0;
	if ((slot->card & CHANNEL_PRESENT) != 0 && may_be_voltage(failure.err))
		slot->card |= CHANNEL_MUTED;
	if (ccid_has_quirk(ccid_of(slot)->plan.quirks, CCID_QUIRK_CLAIMS_CARD))
		return ifd_fail(slot, failure.err, "no card, or one that does "
		    "not answer to reset: this reader cannot tell");
	return ccid_explain(slot, failure);
}

struct step
ccid_on_power(struct ifd_slot *slot, struct step s)
{
	return s.kind == STEP_DONE ? on_atr(slot, s.out) :
	    on_power_failed(slot, s);
}
