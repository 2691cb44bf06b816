/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/ccid.h"

#include "base/log.h"

/* IFD_OPEN: what a reader needs once, before it is asked about cards. */

enum { WAKE_MS = 1000 };

/* GemPC: commands are those of ISO 7816, not of EMV. */
static const uint8_t gempc_iso[] = { 0x1f, 0x02 };

static struct step
ask_rates(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;
	struct wr w = { .p = s->setup, .cap = sizeof(s->setup) };
	struct usb_setup setup = ccid_rates_request(
	    ccid_of(slot)->plan.interface);

	if (!ccid_of(slot)->plan.asks_rates)
		return step_done((struct view){ NULL, 0 });
	s->stage = CCID_STAGE_RATES;
	usb_setup_write(&w, &setup);
	return step_control(wr_done(&w), CCID_RATES_MS);
}

struct step
ccid_open_rates(struct ifd_slot *slot, struct view in)
{
	if (ccid_rates_parse(&ccid_of(slot)->rates, in) != ERR_OK)
		log_at(LOG_LEVEL_INFO, NULL, "its data rates are malformed "
		    "(%zu bytes)", in.n);
	return step_done((struct view){ NULL, 0 });
}

struct step
ccid_open_escaped(struct ifd_slot *slot, struct step step)
{
	const struct ccid_slot *s = slot->state;

	if (step.kind == STEP_FAIL && s->x.rsp.type == 0)
		return step;	/* no answer at all */
	return ask_rates(slot);
}

struct step
ccid_open_awake(struct ifd_slot *slot)
{
	struct view escape = { gempc_iso, sizeof(gempc_iso) };

	if (!ccid_has_quirk(ccid_of(slot)->plan.quirks, CCID_QUIRK_GEMPC_ISO))
		return ask_rates(slot);
	return ccid_command(slot, CCID_STAGE_OPEN_ESCAPE, ccid_escape(escape),
	    CCID_STATUS_MS);
}

struct step
ccid_open_begin(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	if (!ccid_has_quirk(ccid_of(slot)->plan.quirks, CCID_QUIRK_SLOW_OPEN))
		return ccid_open_awake(slot);
	s->stage = CCID_STAGE_WAKE;
	return step_pause(WAKE_MS);
}
