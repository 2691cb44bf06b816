/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token_t0.h"

#include <stdio.h>

#include "base/secret.h"
#include "ifd/token_request.h"

enum {	/* milliseconds, as OpenCT had them */
	OUT_MS = 10000,
	IN_MS = 10000,
	STATUS_MS = 1000,
};

enum {	/* the upper half of the status byte */
	STATUS_READY = 0x00,
	STATUS_DATA = 0x10,
	STATUS_SW = 0x20,
	STATUS_BUSY = 0x40,
	STATUS_MASK = 0xf0,
};

enum { HEADER_SIZE = 5, P3_AT = 4, SW_SIZE = 2, FAST_POLLS = 64 };

static const struct token_t0_model *
model_of(const struct ifd_slot *slot)
{
	return ((const struct token_t0 *)slot->reader->state)->model;
}

enum err
token_t0_open(struct ifd_reader *r, const struct token_t0_model *model)
{
	struct channel_info *info = &r->info;

	((struct token_t0 *)r->state)->model = model;
	info->slots = 1;
	info->always_present = true;
	info->max_apdu = APDU_SHORT_MAX;
	info->protocols = CHANNEL_T0;
	snprintf(info->plan, sizeof(info->plan), "%s; T=0 TPDUs over control "
	    "transfers; always present, never powered off, nothing is asked "
	    "while idle", model->plan);
	r->control_cap = T0_TPDU_MAX;
	return ERR_OK;
}

enum err
token_t0_slot_open(struct ifd_slot *slot)
{
	slot->card = CHANNEL_PRESENT;
	return ERR_OK;
}

/* ---- the parts of a TPDU ---- */

/* In the middle of a TPDU neither the token nor its card can be told to forget
   it. The card is used again after a reset only, and everybody hears of it. */
static struct step
lose_card(struct ifd_slot *slot, enum err e, const char *what)
{
	struct token_t0_slot *s = slot->state;

	t0_wipe(&s->t0);
	slot->card = CHANNEL_PRESENT;
	slot->atr_n = 0;
	return ifd_fail(slot, e, "%s; whether the card has carried out the "
	    "command is not known, it must be reset", what);
}

static struct step
transfer(struct token_t0_slot *s, enum token_t0_stage stage,
    const struct usb_setup *setup, struct view data, uint32_t wait_ms)
{
	struct wr w = { .p = s->out, .cap = sizeof(s->out) };

	s->stage = stage;
	usb_setup_write(&w, setup);
	wr_view(&w, data);
	return step_control(wr_done(&w), wait_ms);
}

static struct step
send(struct ifd_slot *slot, enum token_t0_stage stage, uint8_t request,
    struct view data)
{
	struct usb_setup setup = { .type = model_of(slot)->out_type,
		.request = request, .length = (uint16_t)data.n };

	return transfer(slot->state, stage, &setup, data, OUT_MS);
}

static struct step
receive(struct ifd_slot *slot, enum token_t0_stage stage, uint8_t request,
    size_t n, uint32_t wait_ms)
{
	struct usb_setup setup = { .type = model_of(slot)->in_type,
		.request = request, .length = (uint16_t)n };

	return transfer(slot->state, stage, &setup, (struct view){ NULL, 0 },
	    wait_ms);
}

static struct step
send_header(struct ifd_slot *slot)
{
	struct token_t0_slot *s = slot->state;

	s->sent_header = true;
	return send(slot, TOKEN_T0_HEADER, model_of(slot)->header,
	    view_first(s->tpdu, HEADER_SIZE));
}

static struct step
ask_status(struct ifd_slot *slot)
{
	return receive(slot, TOKEN_T0_STATUS, model_of(slot)->status, 1,
	    STATUS_MS);
}

/* Something was sent: what does the token say now? */
static struct step
begin_to_ask(struct ifd_slot *slot)
{
	struct token_t0_slot *s = slot->state;

	s->stalls = 0;
	s->count = 0;
	s->waited_ms = 0;
	return ask_status(slot);
}

static struct step
begin_tpdu(struct ifd_slot *slot, struct view tpdu)
{
	struct token_t0_slot *s = slot->state;

	s->tpdu = tpdu;
	s->sent_header = s->sent_data = s->reading_sw = false;
	s->n = 0;
	return model_of(slot)->asks_first ? begin_to_ask(slot) :
	    send_header(slot);
}

static struct step	carry(struct ifd_slot *, struct step);

/* How much data a response may have; the header does not tell a case 1 from a
   Le of 256, the card does. */
static size_t
response_room(const struct token_t0_slot *s)
{
	return s->tpdu.p[P3_AT] == 0 ? 256 : s->tpdu.p[P3_AT];
}

static struct step
on_data_wanted(struct ifd_slot *slot)
{
	struct token_t0_slot *s = slot->state;
	struct view data = view_skip(s->tpdu, HEADER_SIZE);

	if (data.n != 0 && !s->sent_data) {
		s->sent_data = true;
		return send(slot, TOKEN_T0_WRITE, model_of(slot)->write, data);
	}
	if (data.n != 0 || s->n >= response_room(s))
		return lose_card(slot, ERR_CARD, "the token has or wants more "
		    "data than there are");
	return receive(slot, TOKEN_T0_READ, model_of(slot)->read,
	    response_room(s) - s->n, IN_MS);
}

static struct step
on_busy(struct ifd_slot *slot, uint8_t status)
{
	struct token_t0_slot *s = slot->state;
	const struct token_t0_model *m = model_of(slot);
	uint8_t count = status & 0x0f;
	uint32_t pause = s->waited_ms < FAST_POLLS * m->poll_ms ||
	    m->poll_ms > TOKEN_T0_POLL_SLOW_MS ? m->poll_ms :
	    TOKEN_T0_POLL_SLOW_MS;

	if (m->counts && s->waited_ms != 0 &&
	    count != ((s->count + 1) & 0x0f) &&
	    ++s->stalls > TOKEN_T0_STALLS_MAX)
		return lose_card(slot, ERR_MUTE, "the card has stopped "
		    "working");
	if (s->waited_ms >= TOKEN_T0_WORK_MAX_MS)
		return lose_card(slot, ERR_TIMEOUT, "the card works for ever");
	s->count = count;
	s->waited_ms += pause;
	s->stage = TOKEN_T0_BUSY;
	return step_pause(pause);
}

static struct step
on_ready(struct ifd_slot *slot)
{
	struct token_t0_slot *s = slot->state;

	if (!s->sent_header)
		return send_header(slot);
	return lose_card(slot, ERR_CARD, "no status word came");
}

static struct step
on_status(struct ifd_slot *slot, struct view in)
{
	struct token_t0_slot *s = slot->state;
	uint8_t status = in.n == 1 ? in.p[0] & STATUS_MASK : 0xff;

	if (status == STATUS_BUSY)
		return on_busy(slot, in.p[0]);
	if (status == STATUS_READY)
		return on_ready(slot);
	if (!s->sent_header)
		return lose_card(slot, ERR_READER, "the token is not ready");
	if (status == STATUS_DATA)
		return on_data_wanted(slot);
	if (status != STATUS_SW)
		return lose_card(slot, ERR_MUTE, "the card does not answer");
	if (model_of(slot)->exact && s->n != 0 && s->n < response_room(s))
		return lose_card(slot, ERR_SHORT, "bytes are missing");
	s->reading_sw = true;
	return receive(slot, TOKEN_T0_READ, model_of(slot)->read, SW_SIZE,
	    IN_MS);
}

static struct step
on_read(struct ifd_slot *slot, struct view in)
{
	struct token_t0_slot *s = slot->state;
	struct wr w = { .p = s->rsp, .cap = sizeof(s->rsp), .n = s->n };

	if (in.n == 0 || (s->reading_sw && in.n != SW_SIZE))
		return lose_card(slot, ERR_SHORT, "bytes are missing");
	wr_view(&w, in);
	if (w.bad)
		return lose_card(slot, ERR_TOO_LONG, "the response is too "
		    "long");
	s->n = w.n;
	if (!s->reading_sw)
		return begin_to_ask(slot);
	return carry(slot, t0_input(&s->t0, wr_done(&w)));
}

/* ---- APDUs ---- */

static struct step
on_response(struct ifd_slot *slot, struct view rsp)
{
	struct token_t0_slot *s = slot->state;
	const struct token_t0_model *m = model_of(slot);

	return step_done(m->response == NULL ? rsp :
	    m->response(s->response, s->apdu, rsp));
}

/* A step of T=0. */
static struct step
carry(struct ifd_slot *slot, struct step t)
{
	switch (t.kind) {
	case STEP_SEND:
		return begin_tpdu(slot, t.out);
	case STEP_DONE:
		return on_response(slot, t.out);
	default:
		return lose_card(slot, t.err, err_text(t.err));
	}
}

static struct step
transmit(struct ifd_slot *slot, struct view bytes)
{
	struct token_t0_slot *s = slot->state;
	const struct token_t0_model *m = model_of(slot);
	struct apdu a;

	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if (apdu_parse(&a, bytes) != ERR_OK)
		return step_fail(ERR_ARG);
	if (a.extended)
		return ifd_fail(slot, ERR_TOO_LONG, "over T=0 this token takes "
		    "short APDUs only (at most %d bytes)", APDU_SHORT_MAX);
	s->apdu = bytes;
	if (m->command != NULL)
		bytes = m->command(s->command, bytes);
	return carry(slot, t0_start(&s->t0, T0_TPDU, TOKEN_T0_WORK_MAX_MS,
	    bytes));
}

/* ---- reset ---- */

static struct step
mute(struct ifd_slot *slot, struct step failure)
{
	slot->card = CHANNEL_PRESENT | CHANNEL_MUTED;
	slot->atr_n = 0;
	return failure;
}

static struct step
on_atr(struct ifd_slot *slot, struct view in)
{
	struct token_t0_slot *s = slot->state;
	size_t n;

	if (atr_length(&n, in) != ERR_OK || n > in.n)
		return mute(slot, ifd_fail(slot, ERR_CARD, "the %zu bytes that "
		    "came are no ATR", in.n));
	in = view_first(in, n);
	if (atr_parse(&s->atr, in) != ERR_OK && !atr_is_usable(&s->atr))
		return mute(slot, ifd_fail(slot, ERR_CARD, "the ATR makes no "
		    "sense: %s", atr_flaw_text(s->atr.flaw)));
	if (s->atr.protocol != 0)
		return mute(slot, ifd_fail(slot, ERR_PROTOCOL, "the card "
		    "begins with T=%u, the token carries T=0 only",
		    s->atr.protocol));
	memcpy(slot->atr, in.p, in.n);
	slot->atr_n = in.n;
	slot->card = CHANNEL_PRESENT | CHANNEL_POWERED;
	slot->result = CHANNEL_T0;
	return step_done(in);
}

static struct step
rite(struct ifd_slot *slot, struct step s)
{
	const struct token_t0_slot *t = slot->state;

	if (s.kind == STEP_FAIL)
		return mute(slot, ifd_fail(slot, s.err, "the token did not "
		    "take step %zu of the %zu of its reset: %s",
		    t->script.at + 1, t->script.n, s.err == ERR_READER ?
		    "an answer of another kind" : err_text(s.err)));
	return s.kind == STEP_DONE ? on_atr(slot, s.out) : s;
}

static struct step
power_on(struct ifd_slot *slot)
{
	struct token_t0_slot *s = slot->state;

	slot->card = CHANNEL_PRESENT;
	s->stage = TOKEN_T0_RESET;
	return rite(slot, script_start(&s->script, model_of(slot)->reset,
	    model_of(slot)->n_reset));
}

/* ---- requests and events ---- */

struct step
token_t0_start(struct ifd_slot *slot, const struct ifd_request *r)
{
	static const struct token_requests requests = { CHANNEL_T0, power_on,
		transmit };

	return token_request(slot, r, &requests);
}

struct step
token_t0_input(struct ifd_slot *slot, struct view in)
{
	struct token_t0_slot *s = slot->state;

	switch (s->stage) {
	case TOKEN_T0_RESET:
		return rite(slot, script_input(&s->script, in));
	case TOKEN_T0_HEADER:
	case TOKEN_T0_WRITE:
		return begin_to_ask(slot);
	case TOKEN_T0_STATUS:
		return on_status(slot, in);
	case TOKEN_T0_READ:
		return on_read(slot, in);
	case TOKEN_T0_BUSY:
		break;
	}
	return lose_card(slot, ERR_READER, "bytes came that nobody asked for");
}

struct step
token_t0_timeout(struct ifd_slot *slot)
{
	struct token_t0_slot *s = slot->state;

	if (s->stage == TOKEN_T0_RESET)
		return rite(slot, script_timeout(&s->script));
	if (s->stage == TOKEN_T0_BUSY)
		return ask_status(slot);
	return lose_card(slot, ERR_TIMEOUT, err_text(ERR_TIMEOUT));
}

struct step
token_t0_failed(struct ifd_slot *slot, enum err e)
{
	struct token_t0_slot *s = slot->state;

	if (s->stage == TOKEN_T0_RESET)
		return rite(slot, script_failed(&s->script, e));
	return lose_card(slot, e, err_text(e));
}

/* Comes in a pause only. */
struct step
token_t0_cancel(struct ifd_slot *slot)
{
	const struct token_t0_slot *s = slot->state;

	if (s->stage == TOKEN_T0_RESET)
		return mute(slot, step_fail(ERR_CANCELLED));
	return lose_card(slot, ERR_CANCELLED, err_text(ERR_CANCELLED));
}

void
token_t0_ended(struct ifd_slot *slot)
{
	struct token_t0_slot *s = slot->state;

	t0_wipe(&s->t0);
	secret_wipe(s->rsp, sizeof(s->rsp));
	secret_wipe(s->command, sizeof(s->command));
	secret_wipe(s->response, sizeof(s->response));
	secret_wipe(s->out, sizeof(s->out));
}
