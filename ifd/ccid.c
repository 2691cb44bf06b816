/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/ccid.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/secret.h"
#include "protocols/ccid_desc.h"

/* ---- opening and closing ---- */

/* A reader that negotiates by itself is told nothing. */
static void
limit_speed(struct ccid_plan *p, uint32_t most)
{
	if (most == 0 || most >= p->max_data_rate)
		return;
	p->max_data_rate = most;
	if (!p->host_params)
		log_at(LOG_LEVEL_WARN, NULL, "max_speed has no effect: this "
		    "reader agrees with its cards by itself");
}

static void
fill_info(struct ifd_reader *r, const struct ccid_desc *d)
{
	const struct ccid_plan *p = &((struct ccid *)r->state)->plan;
	struct channel_info *info = &r->info;

	info->slots = p->slots;
	info->has_display = p->lcd_lines != 0;
	info->has_keypad = p->pin_verify || p->pin_modify;
	info->polls = p->transport == CCID_BULK &&
	    (p->interrupt == 0 || r->wishes.force_poll);
	info->always_present = p->transport != CCID_BULK;
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
	r->interrupt = r->wishes.force_poll ? 0 : p->interrupt;
	r->out_cap = r->in_cap = p->transport == CCID_BULK ? p->max_message : 0;
	r->interrupt_cap = p->interrupt_packet;
	r->control_cap = p->transport == CCID_BULK ? CCID_RATES_SIZE :
	    p->max_message;
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

	if (e == ERR_OK) {
		limit_speed(&c->plan, r->wishes.max_speed);
		e = ccid_desc_parse(&desc, raw, NULL);
	}
	if (e != ERR_OK && raw.n != 0 && raw.n != CCID_DESC_SIZE)
		snprintf(r->why, sizeof(r->why), "the class descriptor is %zu "
		    "bytes long, %u expected", raw.n, CCID_DESC_SIZE);
	if (e != ERR_OK)
		return e;
	fill_info(r, &desc);
	fill_pipes(r);
	return ERR_OK;
}

static enum err
open_slot(struct ifd_slot *slot)
{
	struct ccid *c = ccid_of(slot);
	struct ccid_slot *s = slot->state;
	const struct ccid_plan *p = &c->plan;

	/* which T=1 needs as well */
	s->rsp_cap = p->level == CCID_SHORT ? p->max_data : CCID_CHAIN_RSP_MAX;
	s->buf = calloc(1, p->max_message);
	s->rsp = calloc(1, s->rsp_cap);
	if (s->buf == NULL || s->rsp == NULL)
		return ERR_MEMORY;
	ccid_exchange_init(&s->x, slot->number, &c->seq, s->buf,
	    p->max_message);
	ccid_chain_init(&s->chain, &s->x, s->rsp, s->rsp_cap);
	return p->transport == CCID_BULK ? ERR_OK : ccid_open_iccd(s, p);
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
		secret_free(&s->iccd_buf, s->iccd_buf != NULL ?
		    ICCD_BUF(c->plan.max_data) : 0);
	}
}

/* ---- commands ---- */

struct step
ccid_command(struct ifd_slot *slot, enum ccid_stage stage, struct ccid_cmd cmd,
    uint32_t wait_ms)
{
	struct ccid_slot *s = slot->state;

	s->stage = stage;
	s->machine = CCID_NO_MACHINE;
	return ccid_next(slot, ccid_exchange_start(&s->x, &cmd, wait_ms));
}

static struct step
ask_status(struct ifd_slot *slot)
{
	uint64_t quirks = ccid_of(slot)->plan.quirks;
	uint32_t wait_ms = CCID_STATUS_MS;

	if (ccid_has_quirk(quirks, CCID_QUIRK_SLOW_STATUS))
		wait_ms = CCID_SLOW_STATUS_MS;
	if (ccid_has_quirk(quirks, CCID_QUIRK_SLOW_OPEN))
		wait_ms = CCID_SLOW_OPEN_MS;
	return ccid_command(slot, CCID_STAGE_STATUS, ccid_slot_status(),
	    wait_ms);
}

static struct step
power_on(struct ifd_slot *slot, bool warm)
{
	struct ccid_slot *s = slot->state;

	s->purpose = CCID_FOR_ATR;
	s->switched = s->no_pps = s->escaped = s->once_more = false;
	s->below = 0;
	return ccid_reset(slot, warm);
}

/* A token on the control pipe has no such message (ICCD). */
static struct step
escape(struct ifd_slot *slot, const struct ifd_request *r)
{
	if (r->arg != CHANNEL_ESCAPE && r->arg != CHANNEL_ESCAPE_HARMLESS)
		return step_fail(ERR_UNSUPPORTED);
	if (ccid_of(slot)->plan.transport != CCID_BULK)
		return ifd_fail(slot, ERR_UNSUPPORTED, "this reader knows no "
		    "escape commands");
	return ccid_command(slot, CCID_STAGE_ESCAPE, ccid_escape(r->data),
	    CCID_ESCAPE_MS);
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

static void
note_trouble(struct ifd_slot *slot)
{
	const struct ccid_slot *s = slot->state;

	if (s->x.stale != 0 && !ccid_has_quirk(ccid_of(slot)->plan.quirks,
	    CCID_QUIRK_EMPTY_PACKETS))
		log_at(LOG_LEVEL_INFO, NULL, "slot %u: late, foreign or empty "
		    "answers were discarded (%u)", slot->number, s->x.stale);
	if (!s->x.stuck)
		return;
	slot->reader->lost = true;
	snprintf(slot->reader->why, sizeof(slot->reader->why),
	    "not even an abort was answered");
}

struct step
ccid_explain(struct ifd_slot *slot, struct step s)
{
	const struct ccid_slot *c = slot->state;

	if (c->x.rsp.type == 0 || c->x.rsp.outcome != CCID_FAILED)
		return s;
	return ifd_fail(slot, s.err, "%s: %s", err_text(s.err),
	    ccid_error_text(c->x.rsp.error));
}

static struct step
on_status(struct ifd_slot *slot, struct step s)
{
	if (s.err == ERR_NO_CARD || s.kind == STEP_DONE)
		return step_done((struct view){ NULL, 0 });
	return ccid_explain(slot, s);
}

struct step
ccid_next(struct ifd_slot *slot, struct step s)
{
	const struct ccid_slot *c = slot->state;

	if (s.kind != STEP_DONE && s.kind != STEP_FAIL)
		return s;
	note_card(slot);
	note_trouble(slot);
	switch (c->stage) {
	case CCID_STAGE_ON:
		return ccid_on_power(slot, s);
	case CCID_STAGE_OFF_FIRST:
		return s.kind == STEP_DONE ? ccid_power_on_card(slot) :
		    ccid_explain(slot, s);
	case CCID_STAGE_PPS:
		return ccid_on_pps(slot, s);
	case CCID_STAGE_PARAMETERS:
		return ccid_on_parameters(slot, s);
	case CCID_STAGE_IFSD:
		return ccid_on_ifsd(slot, s);
	case CCID_STAGE_STATUS:
		return on_status(slot, s);
	case CCID_STAGE_APDU:
		return ccid_on_response(slot, s);
	case CCID_STAGE_OPEN_ESCAPE:
		return ccid_open_escaped(slot, s);
	case CCID_STAGE_POWER_ESCAPE:
		return ccid_power_on_card(slot);
	case CCID_STAGE_WAKE:
	case CCID_STAGE_RATES:
	case CCID_STAGE_OFF:
	case CCID_STAGE_ESCAPE:
		break;
	}
	return s.kind == STEP_FAIL ? ccid_explain(slot, s) : s;
}

/* ---- events ---- */

static struct step
on_request(struct ifd_slot *slot, const struct ifd_request *r)
{
	struct ccid_slot *s = slot->state;

	switch (r->op) {
	case IFD_OPEN:
		return ccid_open_begin(slot);
	case IFD_STATUS:
		return ask_status(slot);
	case IFD_POWER_ON:
		return power_on(slot, r->arg != 0);
	case IFD_POWER_OFF:
		return ccid_command(slot, CCID_STAGE_OFF, ccid_power_off(),
		    CCID_POWER_MS);
	case IFD_TRANSMIT:
		s->apdu = r->data;
		return ccid_transmit(slot);
	case IFD_PROTOCOL:
		return ccid_choose_protocol(slot, r->arg);
	case IFD_CONTROL:
		return escape(slot, r);
	}
	return step_fail(ERR_UNSUPPORTED);
}

struct step
ccid_on_message(struct ifd_slot *slot, struct view in)
{
	struct ccid_slot *s = slot->state;

	if (s->machine == CCID_BY_CHAIN)
		return ccid_next(slot, ccid_chain_input(&s->chain, in));
	return ccid_next(slot, ccid_heard(slot,
	    ccid_exchange_input(&s->x, in)));
}

struct step
ccid_on_timeout(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	if (s->x.state == CCID_IDLE)
		return ccid_next(slot, ccid_pause_over(slot));
	if (s->machine == CCID_BY_CHAIN)
		return ccid_next(slot, ccid_chain_timeout(&s->chain));
	return ccid_next(slot, ccid_heard(slot,
	    ccid_exchange_timeout(&s->x)));
}

/* A command whose transfer failed is not sent again: nobody knows whether the
   card has seen it. But T=1 can ask the card. */
struct step
ccid_on_failed(struct ifd_slot *slot, enum err e)
{
	struct ccid_slot *s = slot->state;

	ccid_exchange_fini(&s->x);
	if (s->machine == CCID_BY_T1)
		return ccid_next(slot, ccid_heard(slot, step_fail(e)));
	return step_fail(e);
}

static struct step
on_cancel(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	if (s->machine == CCID_BY_CHAIN)
		return ccid_next(slot, ccid_chain_cancel(&s->chain));
	return ccid_next(slot, ccid_heard(slot, s->x.state != CCID_IDLE ?
	    ccid_exchange_cancel(&s->x) : step_fail(ERR_CANCELLED)));
}

/* ---- as the engine tells of them ---- */

static struct step
out(struct ifd_slot *slot, struct step step)
{
	const struct ccid_slot *s = slot->state;

	if (step.kind == STEP_ABORT && s->x.aborts == 1)
		log_at(LOG_LEVEL_INFO, NULL, "slot %u: %s: the command is "
		    "aborted", slot->number, err_text(s->x.why));
	return ccid_down(slot, step);
}

static struct step
start(struct ifd_slot *slot, const struct ifd_request *r)
{
	return out(slot, on_request(slot, r));
}

static struct step
input(struct ifd_slot *slot, struct view in)
{
	struct ccid_slot *s = slot->state;

	if (s->stage == CCID_STAGE_RATES)
		return ccid_open_rates(slot, in);
	if (s->iccd_buf != NULL)
		return ccid_from_iccd(slot, iccd_input(&s->iccd, in));
	return out(slot, ccid_on_message(slot, in));
}

static struct step
timeout(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	if (s->stage == CCID_STAGE_WAKE)
		return out(slot, ccid_open_awake(slot));
	if (s->stage == CCID_STAGE_RATES)
		return step_done((struct view){ NULL, 0 });
	if (s->iccd.state != ICCD_IDLE)
		return ccid_from_iccd(slot, iccd_timeout(&s->iccd));
	return out(slot, ccid_on_timeout(slot));
}

/* Many readers stall the request for data rates. */
static struct step
failed(struct ifd_slot *slot, enum err e)
{
	struct ccid_slot *s = slot->state;

	if (s->stage == CCID_STAGE_RATES)
		return step_done((struct view){ NULL, 0 });
	if (s->iccd.state != ICCD_IDLE)
		return ccid_from_iccd(slot, iccd_failed(&s->iccd, e));
	return out(slot, ccid_on_failed(slot, e));
}

static struct step
cancel(struct ifd_slot *slot)
{
	const struct ccid_slot *s = slot->state;

	if (s->stage == CCID_STAGE_WAKE)
		return step_fail(ERR_CANCELLED);
	return out(slot, on_cancel(slot));
}

static void
ended(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	ccid_exchange_fini(&s->x);
	secret_wipe(s->rsp, s->chain.n < s->rsp_cap ? s->chain.n : s->rsp_cap);
	secret_wipe(s->rsp, s->t1.n < s->rsp_cap ? s->t1.n : s->rsp_cap);
	secret_wipe(s->block, sizeof(s->block));
	if (s->iccd_buf != NULL)
		secret_wipe(s->iccd_buf, s->iccd.cap);
	t0_wipe(&s->t0);
	s->apdu = (struct view){ NULL, 0 };
}

static int
route(const struct ifd_reader *r, struct view in)
{
	/* whatever a reader of one slot says is for it, and judged there */
	if (r->info.slots == 1)
		return 0;
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
	.text = "readers of the USB class CCID",
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
	.slow_card = ccid_slow_card,
	.close = close_reader,
};
