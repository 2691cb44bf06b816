/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/driver.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/secret.h"
#include "protocols/atr.h"
#include "protocols/ccid_chain.h"
#include "protocols/ccid_desc.h"
#include "protocols/ccid_exchange.h"
#include "protocols/ccid_msg.h"
#include "protocols/ccid_params.h"
#include "protocols/ccid_plan.h"

/*
 * Readers of the CCID class that take whole APDUs. How one is driven is decided
 * by protocols/ccid_plan.h; here the requests become its commands.
 */

enum {	/* milliseconds; a reader extends them itself while a card works */
	RATES_MS = 3000,
	STATUS_MS = 5000,
	SLOW_STATUS_MS = 20000,
	POWER_MS = 10000,
	PARAMETERS_MS = 5000,
	/* Some readers do not, so an APDU may take as long as a key takes to be
	   made. Waiting costs nothing: whoever is tired of it cancels. */
	APDU_MS = 180000,
	LONG_APDU_MS = 300000,
};

enum stage {
	STAGE_RATES,		/* the class request of IFD_OPEN */
	STAGE_STATUS,
	STAGE_OFF,
	STAGE_OFF_FIRST,	/* of a cold reset */
	STAGE_ON,
	STAGE_PARAMETERS,
	STAGE_APDU,
};

struct ccid {
	struct ccid_plan plan;
	struct ccid_seq seq;
	struct ccid_rates rates;	/* that the reader told of */
};

struct ccid_slot {
	struct ccid_exchange x;
	struct ccid_chain chain;
	uint8_t *buf, *rsp;
	size_t rsp_cap;
	enum stage stage;
	bool warm;
	uint32_t asked;		/* the protocol of a PROTOCOL request, or 0 */
	unsigned power;		/* index of plan.power being tried, or in use */
	bool active;		/* the reader says that the card has power */
	struct atr atr;
	uint8_t setup[USB_SETUP_SIZE];
	uint8_t params[CCID_PARAMS_T1_SIZE];
};

static struct ccid *
reader_of(const struct ifd_slot *slot)
{
	return slot->reader->state;
}

/* ---- opening and closing ---- */

static void
fill_info(struct ifd_reader *r, const struct ccid_desc *d)
{
	const struct ccid_plan *p = &((struct ccid *)r->state)->plan;
	struct channel_info *info = &r->info;

	info->slots = p->slots;
	info->has_display = p->lcd_lines != 0;
	info->has_keypad = p->pin_verify || p->pin_modify;
	info->polls = p->interrupt == 0;
	info->max_apdu = p->max_apdu;
	info->max_message = d->max_message;
	info->features = d->features;
	info->protocols = p->protocols;
	ccid_plan_text(info->plan, sizeof(info->plan), p);
}

static void
fill_pipes(struct ifd_reader *r)
{
	const struct ccid_plan *p = &((struct ccid *)r->state)->plan;

	r->bulk_out = p->bulk_out;
	r->bulk_in = p->bulk_in;
	r->interrupt = p->interrupt;
	r->out_cap = r->in_cap = p->max_message;
	r->interrupt_cap = p->interrupt_packet;
	r->control_cap = CCID_RATES_SIZE;
	r->busy_slots = p->busy_slots;
}

static enum err
open_reader(struct ifd_reader *r)
{
	struct ccid *c = r->state;
	struct ccid_device device = { .vid = r->device.vid,
		.pid = r->device.pid, .bcd_device = r->device.bcd_device };
	struct view raw = ccid_desc_find(&r->interface);
	struct ccid_desc desc;
	enum err e = ccid_plan_make(&c->plan, &r->interface, raw, &device,
	    r->why);

	if (e == ERR_OK)
		e = ccid_desc_parse(&desc, raw, NULL);
	if (e != ERR_OK && raw.n != 0 && raw.n != CCID_DESC_SIZE)
		snprintf(r->why, sizeof(r->why), "the class descriptor is %zu "
		    "bytes long, %u expected", raw.n, CCID_DESC_SIZE);
	if (e != ERR_OK)
		return e;
	if (c->plan.transport != CCID_BULK ||
	    (c->plan.level != CCID_SHORT && c->plan.level != CCID_EXTENDED)) {
		snprintf(r->why, sizeof(r->why), "this driver exchanges APDUs "
		    "on bulk pipes; the reader wants: %s", ccid_level_name(
		    c->plan.level));
		return ERR_UNSUPPORTED;
	}
	fill_info(r, &desc);
	fill_pipes(r);
	return ERR_OK;
}

static enum err
open_slot(struct ifd_slot *slot)
{
	struct ccid *c = reader_of(slot);
	struct ccid_slot *s = slot->state;
	const struct ccid_plan *p = &c->plan;

	s->rsp_cap = p->level == CCID_SHORT ? p->max_data : CCID_CHAIN_RSP_MAX;
	s->buf = calloc(1, p->max_message);
	s->rsp = calloc(1, s->rsp_cap);
	if (s->buf == NULL || s->rsp == NULL)
		return ERR_MEMORY;
	ccid_exchange_init(&s->x, slot->number, &c->seq, s->buf,
	    p->max_message);
	ccid_chain_init(&s->chain, &s->x, s->rsp, s->rsp_cap);
	return ERR_OK;
}

static void
close_reader(struct ifd_reader *r)
{
	const struct ccid *c = r->state;

	for (size_t i = 0; r->slots != NULL && i < r->info.slots; i++) {
		struct ccid_slot *s = r->slots[i].state;

		if (s == NULL)
			continue;
		secret_free(&s->buf, s->buf != NULL ? c->plan.max_message : 0);
		secret_free(&s->rsp, s->rsp != NULL ? s->rsp_cap : 0);
	}
}

/* ---- commands ---- */

static struct step	next(struct ifd_slot *, struct step);

static struct step
command(struct ifd_slot *slot, enum stage stage, struct ccid_cmd cmd,
    uint32_t wait_ms)
{
	struct ccid_slot *s = slot->state;

	s->stage = stage;
	return next(slot, ccid_exchange_start(&s->x, &cmd, wait_ms));
}

static struct step
ask_rates(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;
	struct wr w = { .p = s->setup, .cap = sizeof(s->setup) };
	struct usb_setup setup = ccid_rates_request(
	    reader_of(slot)->plan.interface);

	if (!reader_of(slot)->plan.asks_rates)
		return step_done((struct view){ NULL, 0 });
	s->stage = STAGE_RATES;
	usb_setup_write(&w, &setup);
	return step_control(wr_done(&w), RATES_MS);
}

static struct step
ask_status(struct ifd_slot *slot)
{
	bool slow = ccid_has_quirk(reader_of(slot)->plan.quirks,
	    CCID_QUIRK_SLOW_STATUS);

	return command(slot, STAGE_STATUS, ccid_slot_status(),
	    slow ? SLOW_STATUS_MS : STATUS_MS);
}

static struct step
power_on(struct ifd_slot *slot)
{
	const struct ccid_plan *p = &reader_of(slot)->plan;
	const struct ccid_slot *s = slot->state;

	return command(slot, STAGE_ON, ccid_power_on(p->power[s->power]),
	    POWER_MS);
}

/* IccPowerOn on a powered card is a warm reset (CCID 1.1 §6.1.1); to be cold it
   goes off first. */
static struct step
reset(struct ifd_slot *slot, bool warm)
{
	struct ccid_slot *s = slot->state;
	bool off_first = ccid_has_quirk(reader_of(slot)->plan.quirks,
	    CCID_QUIRK_OFF_BEFORE_ON);

	s->warm = warm && s->active;
	s->asked = 0;
	if (!s->warm)
		s->power = 0;
	if (off_first || (s->active && !s->warm))
		return command(slot, STAGE_OFF_FIRST, ccid_power_off(),
		    POWER_MS);
	return power_on(slot);
}

static struct step
set_protocol(struct ifd_slot *slot, uint8_t protocol)
{
	const struct ccid *c = reader_of(slot);
	struct ccid_slot *s = slot->state;
	struct ccid_speed speed = ccid_speed_choose(&s->atr, &c->plan,
	    &c->rates, 0);
	struct ccid_params params = ccid_params_of(&s->atr, protocol,
	    speed.ta1);
	struct wr w = { .p = s->params, .cap = sizeof(s->params) };

	ccid_params_write(&w, &params);
	return command(slot, STAGE_PARAMETERS, ccid_set_parameters(protocol,
	    wr_done(&w)), PARAMETERS_MS);
}

/* The protocol in use if it is among those wanted, else another that both the
   card and the reader speak. */
static struct step
choose_protocol(struct ifd_slot *slot, uint32_t wanted)
{
	struct ccid_slot *s = slot->state;
	uint32_t both = slot->reader->info.protocols & s->atr.protocols;

	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if ((slot->result & wanted) != 0)
		return step_done((struct view){ NULL, 0 });
	if (s->atr.specific || (both & wanted) == 0)
		return step_fail(ERR_PROTOCOL);
	s->asked = both & wanted & CHANNEL_T1 ? CHANNEL_T1 : CHANNEL_T0;
	return set_protocol(slot, s->asked == CHANNEL_T1 ? 1 : 0);
}

static struct step
transmit(struct ifd_slot *slot, struct view apdu)
{
	struct ccid_slot *s = slot->state;
	const struct ccid_plan *p = &reader_of(slot)->plan;
	bool slow = ccid_has_quirk(p->quirks, CCID_QUIRK_LONG_T1);

	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail((slot->card & CHANNEL_PRESENT) != 0 ?
		    ERR_UNPOWERED : ERR_NO_CARD);
	if (apdu.n < 4)
		return ifd_fail(slot, ERR_ARG, "an APDU has at least 4 bytes, "
		    "this one has %zu", apdu.n);
	s->stage = STAGE_APDU;
	return next(slot, ccid_chain_start(&s->chain, apdu, slow ?
	    LONG_APDU_MS : APDU_MS));
}

/* ---- answers ---- */

/* What the reader said of the card in its last answer. */
static void
note_card(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	if (s->x.rsp.type == 0 || s->x.rsp.icc == CCID_ICC_RFU)
		return;
	s->active = s->x.rsp.icc == CCID_ICC_ACTIVE;
	if (s->x.rsp.icc == CCID_ICC_ABSENT)
		slot->card = 0;
	else
		slot->card |= CHANNEL_PRESENT;
	if (!s->active)
		slot->card &= ~(uint32_t)CHANNEL_POWERED;
	if ((slot->card & CHANNEL_POWERED) == 0)
		slot->atr_n = 0;
}

static struct step
explain(struct ifd_slot *slot, struct step s)
{
	const struct ccid_slot *c = slot->state;

	if (c->x.stuck) {
		slot->reader->lost = true;
		snprintf(slot->reader->why, sizeof(slot->reader->why),
		    "not even an abort was answered");
	}
	if (c->x.rsp.type == 0)
		return s;
	return ifd_fail(slot, s.err, "%s: %s", err_text(s.err),
	    ccid_error_text(c->x.rsp.error));
}

static struct step
powered(struct ifd_slot *slot)
{
	return step_done((struct view){ slot->atr, slot->atr_n });
}

/* A reader without automatic negotiation is told which protocol the card
   speaks, as the drivers that these readers were made for do. Those that follow
   the ATR by themselves may refuse, which does no harm. */
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
	slot->result = s->atr.protocol == 1 ? CHANNEL_T1 : CHANNEL_T0;
	if (!reader_of(slot)->plan.host_params || s->atr.protocol > 1)
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

static struct step
on_power_failed(struct ifd_slot *slot, struct step failure)
{
	struct ccid_slot *s = slot->state;

	if (may_be_voltage(failure.err) && !s->warm &&
	    s->power + 1 < reader_of(slot)->plan.n_power) {
		s->power++;
		return power_on(slot);
	}
	slot->card &= ~(uint32_t)CHANNEL_POWERED;
	slot->atr_n = 0;
	if ((slot->card & CHANNEL_PRESENT) != 0 && may_be_voltage(failure.err))
		slot->card |= CHANNEL_MUTED;
	return explain(slot, failure);
}

static struct step
on_parameters(struct ifd_slot *slot, struct step s)
{
	struct ccid_slot *c = slot->state;

	if (s.kind == STEP_FAIL && c->x.rsp.type == 0)
		return explain(slot, s);	/* no answer: not a refusal */
	if (c->asked != 0 && s.kind == STEP_FAIL)
		return explain(slot, s);
	if (c->asked != 0) {
		slot->result = c->asked;
		return step_done((struct view){ NULL, 0 });
	}
	if (s.kind == STEP_FAIL)
		log_at(LOG_LEVEL_INFO, NULL, "slot %u: parameters refused: %s",
		    slot->number, ccid_error_text(c->x.rsp.error));
	return powered(slot);
}

/* A command has ended: what comes next in this request. */
static struct step
next(struct ifd_slot *slot, struct step s)
{
	struct ccid_slot *c = slot->state;

	if (s.kind != STEP_DONE && s.kind != STEP_FAIL)
		return s;
	note_card(slot);
	switch (c->stage) {
	case STAGE_ON:
		return s.kind == STEP_DONE ? on_atr(slot, s.out) :
		    on_power_failed(slot, s);
	case STAGE_OFF_FIRST:
		return s.kind == STEP_DONE ? power_on(slot) : explain(slot, s);
	case STAGE_PARAMETERS:
		return on_parameters(slot, s);
	case STAGE_STATUS:
		if (s.err == ERR_NO_CARD || s.kind == STEP_DONE)
			return step_done((struct view){ NULL, 0 });
		return explain(slot, s);
	case STAGE_RATES:
	case STAGE_OFF:
	case STAGE_APDU:
		break;
	}
	return s.kind == STEP_FAIL ? explain(slot, s) : s;
}

/* ---- events ---- */

static struct step
start(struct ifd_slot *slot, const struct ifd_request *r)
{
	switch (r->op) {
	case IFD_OPEN:
		return ask_rates(slot);
	case IFD_STATUS:
		return ask_status(slot);
	case IFD_POWER_ON:
		return reset(slot, r->arg != 0);
	case IFD_POWER_OFF:
		return command(slot, STAGE_OFF, ccid_power_off(), POWER_MS);
	case IFD_TRANSMIT:
		return transmit(slot, r->data);
	case IFD_PROTOCOL:
		return choose_protocol(slot, r->arg);
	case IFD_CONTROL:
		break;
	}
	return step_fail(ERR_UNSUPPORTED);
}

static struct step
input(struct ifd_slot *slot, struct view in)
{
	struct ccid_slot *s = slot->state;

	if (s->stage == STAGE_RATES) {
		if (ccid_rates_parse(&reader_of(slot)->rates, in) != ERR_OK)
			log_at(LOG_LEVEL_INFO, NULL, "its data rates are "
			    "malformed (%zu bytes)", in.n);
		return step_done((struct view){ NULL, 0 });
	}
	if (s->stage == STAGE_APDU)
		return next(slot, ccid_chain_input(&s->chain, in));
	return next(slot, ccid_exchange_input(&s->x, in));
}

static struct step
timeout(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	if (s->stage == STAGE_RATES)
		return step_done((struct view){ NULL, 0 });
	if (s->stage == STAGE_APDU)
		return next(slot, ccid_chain_timeout(&s->chain));
	return next(slot, ccid_exchange_timeout(&s->x));
}

/* Many readers stall the request for data rates. A command whose transfer
   failed is not sent again: nobody knows whether the card has seen it. */
static struct step
failed(struct ifd_slot *slot, enum err e)
{
	struct ccid_slot *s = slot->state;

	if (s->stage == STAGE_RATES)
		return step_done((struct view){ NULL, 0 });
	ccid_exchange_fini(&s->x);
	return step_fail(e);
}

static struct step
cancel(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	if (s->stage == STAGE_APDU)
		return next(slot, ccid_chain_cancel(&s->chain));
	return next(slot, ccid_exchange_cancel(&s->x));
}

static void
ended(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	ccid_exchange_fini(&s->x);
	secret_wipe(s->rsp, s->chain.n < s->rsp_cap ? s->chain.n : s->rsp_cap);
}

static int
route(const struct ifd_reader *r, struct view in)
{
	(void)r;
	return in.n > 5 ? in.p[5] : -1;	/* bSlot */
}

static void
slot_changed(struct ifd_slot *slot, bool present)
{
	struct ccid_slot *s = slot->state;

	slot->swapped = true;
	slot->card = present ? CHANNEL_PRESENT : 0;
	slot->atr_n = 0;
	s->active = false;
}

/* The message says whether a card is there, so nothing is asked. */
static int
interrupt(struct ifd_reader *r, struct view in)
{
	struct ccid_notify n;
	bool present, changed;

	if (ccid_notify_parse(&n, in) != ERR_OK)
		return -1;
	if (n.type == CCID_HARDWARE_ERROR)
		log_at(LOG_LEVEL_WARN, NULL, "slot %u: the reader reports a "
		    "hardware error, code %02x", n.slot, n.code);
	for (unsigned i = 0; i < r->info.slots; i++)
		if (ccid_notify_slot(&n, i, &present, &changed) && changed)
			slot_changed(&r->slots[i], present);
	return -1;
}

const struct ifd_driver ifd_ccid = {
	.name = "ccid",
	.text = "CCID readers that take whole APDUs",
	.reader_size = sizeof(struct ccid),
	.slot_size = sizeof(struct ccid_slot),
	.open = open_reader,
	.slot_open = open_slot,
	.start = start,
	.input = input,
	.timeout = timeout,
	.failed = failed,
	.cancel = cancel,
	.ended = ended,
	.route = route,
	.interrupt = interrupt,
	.close = close_reader,
};
