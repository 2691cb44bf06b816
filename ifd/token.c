/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

/* Vendor requests to the device. Blocks of 32 bytes are what was ever used,
   though TA3 of these cards offers 254. */
static const struct token_pipe etoken_pipe = {
	.send_type = 0x40,
	.send = 0x06,
	.receive_type = 0xc0,
	.receive = 0x86,
	.ifsc = T1_IFS_DEFAULT,
	.ifsd = T1_IFS_DEFAULT,
};

enum {	/* milliseconds, as OpenCT had them */
	SEND_MS = 10000,
	/* For the answer to a command, however short BWT is. What takes longer,
	   as making a key does, is announced with S(WTX). */
	ANSWER_MS = 20000,
	/* For other blocks the card's BWT is long enough; the token's clock is
	   not known, a slow one is on the safe side. */
	CLOCK_KHZ = 3000,
	SLACK_MS = 1000,
	UNASKED_MS = 20000,	/* for an ATR that comes by itself */
	RESET_TRIES = 2,	/* of a token that refused its rite */
	RESET_PAUSE_MS = 100,
};

enum {	/* PCB, ISO 7816-3:2006 §11.3.2.2 */
	PCB_NOT_I = 0x80,
	PCB_WTX_RESPONSE = 0xe3,
	PCB_TYPE_OF_R = 0xc0,
	PCB_R = 0x80,
	PCB_R_ERROR = 0x0f,
};

static const struct view nothing = { NULL, 0 };

static const struct token_model *
model_of(const struct ifd_slot *slot)
{
	return ((const struct token *)slot->reader->state)->model;
}

static const struct token_pipe *
pipe_of(const struct ifd_slot *slot)
{
	const struct token_pipe *p = model_of(slot)->pipe;

	return p != NULL ? p : &etoken_pipe;
}

/* ---- opening and closing ---- */

enum err
token_open(struct ifd_reader *r, const struct token_model *model)
{
	const struct token_pipe *p = model->pipe != NULL ? model->pipe :
	    &etoken_pipe;
	struct channel_info *info = &r->info;

	((struct token *)r->state)->model = model;
	info->slots = 1;
	info->always_present = true;
	info->keeps_power = true;
	info->max_apdu = T1_COMMAND_MAX;
	info->protocols = CHANNEL_T1;
	snprintf(info->plan, sizeof(info->plan), "%s; T=1 in blocks of %u "
	    "bytes over control transfers; always present, never powered off, "
	    "nothing is asked while idle", model->plan,
	    r->block_size != 0 ? r->block_size : p->ifsc);
	r->control_cap = T1_BLOCK_MAX + 1;
	return ERR_OK;
}

enum err
token_slot_open(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	slot->card = CHANNEL_PRESENT;
	s->rsp = calloc(1, T1_RESPONSE_MAX);
	return s->rsp != NULL ? ERR_OK : ERR_MEMORY;
}

void
token_close(struct ifd_reader *r)
{
	struct token_slot *s = r->slots != NULL ? r->slots[0].state : NULL;

	if (s != NULL)
		secret_free(&s->rsp, s->rsp != NULL ? T1_RESPONSE_MAX : 0);
}

/* ---- blocks ---- */

static struct step
fetch(const struct ifd_slot *slot, enum token_stage stage, uint32_t wait_ms)
{
	const struct token_pipe *p = pipe_of(slot);
	struct token_slot *s = slot->state;
	struct wr w = { .p = s->out, .cap = sizeof(s->out) };
	struct usb_setup setup = { .type = p->receive_type,
		.request = p->receive,
		.length = p->receive_length != 0 ? p->receive_length :
		    (uint16_t)t1_receive_len(&s->t1) };

	s->stage = stage;
	usb_setup_write(&w, &setup);
	return step_control(wr_done(&w), wait_ms);
}

/* The card works on a command, or goes on doing so. */
static bool
takes_time(struct view block)
{
	return (block.p[1] & PCB_NOT_I) == 0 || block.p[1] == PCB_WTX_RESPONSE;
}

/* The card is asked to say something again. */
static bool
is_complaint(struct view block)
{
	return (block.p[1] & PCB_TYPE_OF_R) == PCB_R &&
	    (block.p[1] & PCB_R_ERROR) != 0;
}

static struct step
send_block(const struct ifd_slot *slot, struct view block, uint32_t wait_ms)
{
	const struct token_pipe *p = pipe_of(slot);
	struct token_slot *s = slot->state;
	struct wr w = { .p = s->out, .cap = sizeof(s->out) };
	struct rd head = { .in = view_first(block, 4) };
	struct usb_setup setup = { .type = p->send_type, .request = p->send };

	s->stage = TOKEN_SEND;
	s->complained = s->complained || is_complaint(block);
	s->wait_ms = takes_time(block) && wait_ms < ANSWER_MS ? ANSWER_MS :
	    wait_ms;
	if (p->head_in_setup) {
		setup.value = rd_le16(&head);
		setup.index = rd_le16(&head);
		block = view_skip(block, 4);
	}
	setup.length = (uint16_t)block.n;
	usb_setup_write(&w, &setup);
	wr_view(&w, block);
	return step_control(wr_done(&w), SEND_MS);
}

static struct step
powered(struct ifd_slot *slot)
{
	slot->card = CHANNEL_PRESENT | CHANNEL_POWERED;
	slot->result = CHANNEL_T1;
	return step_done((struct view){ slot->atr, slot->atr_n });
}

/* A command that failed is not sent again. A card that cannot be spoken to any
   more is used again after a reset only, and everybody hears of that one. */
static struct step
fail_exchange(struct ifd_slot *slot, enum err e)
{
	const struct token_slot *s = slot->state;
	bool lost = t1_is_lost(&s->t1);

	if (lost) {
		slot->card = CHANNEL_PRESENT;
		slot->atr_n = 0;
	}
	return ifd_fail(slot, e, "%s; whether the card has carried out the "
	    "command is not known%s", err_text(e),
	    lost ? ", and it must be reset" : "");
}

static struct step
exchange_over(struct ifd_slot *slot, struct step s)
{
	struct token_slot *t = slot->state;

	if (s.kind == STEP_DONE && t->complained) {
		t->complained = false;
		t->stale = 0;
		t->response = s.out;
		return fetch(slot, TOKEN_DRAIN, T1_QUIET_MS);
	}
	t->stage = TOKEN_IDLE;
	if (t->announcing) {	/* refused is refused: back to what is known */
		t->announcing = false;
		if (s.kind == STEP_FAIL && t->t1.params.ifsc > T1_IFS_DEFAULT)
			t->t1.ifsc = t->t1.params.ifsc = T1_IFS_DEFAULT;
		return powered(slot);
	}
	return s.kind == STEP_FAIL ? fail_exchange(slot, s.err) : s;
}

/* An answer came twice, or the one that was missed came at last. It must not be
   taken for that of the next command, whose number may be the same. */
static struct step
drain(struct ifd_slot *slot, struct view in)
{
	struct token_slot *s = slot->state;

	if (in.n != 0 && ++s->stale <= T1_STALE_MAX)
		return fetch(slot, TOKEN_DRAIN, T1_QUIET_MS);
	return exchange_over(slot, step_done(s->response));
}

/* What T=1 wants becomes control transfers. */
static struct step
carry(struct ifd_slot *slot, struct step s)
{
	struct token_slot *t = slot->state;

	switch (s.kind) {
	case STEP_SEND:
		return send_block(slot, s.out, s.wait_ms);
	case STEP_WAIT:
		t->paused = false;
		return fetch(slot, TOKEN_QUIET, s.wait_ms);
	default:
		return exchange_over(slot, s);
	}
}

/* A token with nothing to say stalls, is silent or sends no byte: nobody has
   written down which. One pause later the answer is believed. */
static struct step
on_quiet(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	if (s->paused)
		return carry(slot, t1_timeout(&s->t1));
	s->paused = true;
	s->stage = TOKEN_QUIET_PAUSE;
	return step_pause(T1_QUIET_MS);
}

/* It does not even take a block: no more of them, each would take as long. */
static struct step
on_stuck(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	s->stage = TOKEN_IDLE;
	s->announcing = false;
	return fail_exchange(slot, t1_failed(&s->t1, ERR_CANCELLED).kind ==
	    STEP_FAIL ? ERR_TIMEOUT : ERR_READER);
}

/* ---- reset ---- */

struct step
token_mute(struct ifd_slot *slot, struct step failure)
{
	struct token_slot *s = slot->state;

	s->stage = TOKEN_IDLE;
	slot->card = CHANNEL_PRESENT | CHANNEL_MUTED;
	slot->atr_n = 0;
	return failure;
}

static uint8_t
smaller(unsigned a, unsigned b)
{
	return (uint8_t)(a < b ? a : b);
}

static enum err
begin_t1(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;
	const struct token_pipe *pipe = pipe_of(slot);
	unsigned block = slot->reader->block_size;
	struct t1_params p = {
		.crc = s->atr.crc,
		.ifsc = smaller(s->atr.ifsc, block != 0 ? block : pipe->ifsc),
		.ifsd = pipe->ifsd,
		.bwt_ms = atr_bwt_ms(&s->atr, CLOCK_KHZ) + SLACK_MS,
	};

	return t1_init(&s->t1, &p, s->rsp, T1_RESPONSE_MAX);
}

/* The larger blocks that are to be tried, 0 when none are. */
static uint8_t
larger_blocks(const struct ifd_slot *slot)
{
	const struct token_slot *s = slot->state;
	uint8_t block = slot->reader->block_size;

	if (block == 0 && pipe_of(slot)->announces)
		block = s->atr.ifsc;
	return block > s->t1.ifsd ? block : 0;
}

struct step
token_powered(struct ifd_slot *slot, struct view atr)
{
	struct token_slot *s = slot->state;

	if (begin_t1(slot) != ERR_OK)
		return token_mute(slot, step_fail(ERR_CARD));
	s->has_t1 = true;
	memcpy(slot->atr, atr.p, atr.n);
	slot->atr_n = atr.n;
	s->complained = false;
	s->announcing = larger_blocks(slot) != 0;
	if (!s->announcing)
		return powered(slot);
	return carry(slot, t1_announce_ifsd(&s->t1, larger_blocks(slot)));
}

static struct step
on_atr(struct ifd_slot *slot, struct view atr)
{
	struct token_slot *s = slot->state;

	if (atr_parse(&s->atr, atr) != ERR_OK && !atr_is_usable(&s->atr))
		return token_mute(slot, ifd_fail(slot, ERR_CARD, "the ATR "
		    "makes no sense: %s", atr_flaw_text(s->atr.flaw)));
	if (s->atr.protocol != 1)
		return token_mute(slot, ifd_fail(slot, ERR_PROTOCOL, "the card "
		    "does not begin with T=1, and the token can carry nothing "
		    "else"));
	return token_powered(slot, atr);
}

/* The length byte in front is believed when the bytes are there. */
static struct step
on_counted_atr(struct ifd_slot *slot, struct view in)
{
	struct rd r = { .in = in };
	uint8_t n = rd_u8(&r);
	struct view atr = rd_take(&r, n);

	if (r.bad || n == 0)
		return token_mute(slot, ifd_fail(slot, ERR_CARD, "an ATR of "
		    "%u bytes was announced in an answer of %zu", n, in.n));
	return on_atr(slot, atr);
}

static struct step
start_rite(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	s->stage = TOKEN_RESET;
	return script_start(&s->script, model_of(slot)->reset,
	    model_of(slot)->n_reset);
}

static struct step
on_plain_atr(struct ifd_slot *slot, struct view in)
{
	size_t n;

	if (atr_length(&n, in) != ERR_OK || n > in.n)
		return token_mute(slot, ifd_fail(slot, ERR_CARD, "the %zu "
		    "bytes that came are no ATR", in.n));
	return on_atr(slot, view_first(in, n));
}

/* Once more, for a token that has just got its power; one that is silent has
   cost enough time already. */
static struct step
on_rite_failed(struct ifd_slot *slot, struct step failure)
{
	struct token_slot *s = slot->state;

	if (failure.err != ERR_TIMEOUT && ++s->tries < RESET_TRIES) {
		s->stage = TOKEN_RESET_AGAIN;
		return step_pause(RESET_PAUSE_MS);
	}
	return token_mute(slot, ifd_fail(slot, failure.err, "the token did "
	    "not take transfer %zu of the %zu of its reset: %s",
	    s->script.at + 1, s->script.n, failure.err == ERR_READER ?
	    "an answer of another kind" : err_text(failure.err)));
}

static struct step
rite(struct ifd_slot *slot, struct step s)
{
	if (s.kind == STEP_FAIL)
		return on_rite_failed(slot, s);
	if (s.kind != STEP_DONE)
		return s;
	return model_of(slot)->plain_atr ? on_plain_atr(slot, s.out) :
	    on_counted_atr(slot, s.out);
}

/*
 * The card of a token without a reset lives on: no login is lost, and T=1 goes
 * on where it was. Not tried on hardware; OpenCT waited for another ATR.
 */
static struct step
hand_over(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	if (s->unasked.n == 0) {
		s->stage = TOKEN_ATR;
		return step_wait(UNASKED_MS);
	}
	if (!s->has_t1)
		return on_atr(slot, s->unasked);
	memcpy(slot->atr, s->unasked.p, s->unasked.n);
	slot->atr_n = s->unasked.n;
	return powered(slot);
}

static struct step
power_on(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	if (model_of(slot)->reset == NULL)
		return hand_over(slot);
	slot->card = CHANNEL_PRESENT;
	s->tries = 0;
	return rite(slot, start_rite(slot));
}

int
token_interrupt(struct ifd_reader *r, struct view in)
{
	struct ifd_slot *slot = &r->slots[0];
	struct token_slot *s = slot->state;
	size_t n;

	if (model_of(slot)->reset != NULL ||
	    atr_length(&n, in) != ERR_OK || n > in.n)
		return -1;
	memcpy(s->unasked_bytes, in.p, n);
	s->unasked = (struct view){ s->unasked_bytes, n };
	s->has_t1 = false;	/* the card was reset */
	if (s->stage == TOKEN_ATR)
		return 0;
	if (slot->card != CHANNEL_PRESENT) {	/* powered, or mute so far */
		slot->card = CHANNEL_PRESENT;
		slot->atr_n = 0;
		slot->swapped = true;
	}
	return -1;
}

/* ---- requests and events ---- */

/*
 * The card keeps its power as long as the token is plugged in. What is meant
 * by powering off is kept all the same: no command before the next reset.
 */
static struct step
power_off(struct ifd_slot *slot)
{
	slot->card = CHANNEL_PRESENT;
	slot->atr_n = 0;
	return step_done(nothing);
}

static struct step
transmit(struct ifd_slot *slot, struct view apdu)
{
	struct token_slot *s = slot->state;

	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if (apdu.n < 4)
		return ifd_fail(slot, ERR_ARG, "an APDU has at least 4 bytes, "
		    "this one has %zu", apdu.n);
	s->complained = false;
	return carry(slot, t1_start(&s->t1, apdu));
}

/* T=1 is spoken already; starting it anew would lose the count of blocks. */
static struct step
set_protocol(struct ifd_slot *slot, uint32_t wanted)
{
	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if ((wanted & CHANNEL_T1) == 0)
		return step_fail(ERR_PROTOCOL);
	slot->result = CHANNEL_T1;
	return step_done(nothing);
}

struct step
token_start(struct ifd_slot *slot, const struct ifd_request *r)
{
	switch (r->op) {
	case IFD_OPEN:
	case IFD_STATUS:
		return step_done(nothing);	/* it cannot be otherwise */
	case IFD_POWER_ON:
		return power_on(slot);
	case IFD_POWER_OFF:
		return power_off(slot);
	case IFD_TRANSMIT:
		return transmit(slot, r->data);
	case IFD_PROTOCOL:
		return set_protocol(slot, r->arg);
	case IFD_CONTROL:
		break;
	}
	return step_fail(ERR_UNSUPPORTED);
}

struct step
token_input(struct ifd_slot *slot, struct view in)
{
	struct token_slot *s = slot->state;

	switch (s->stage) {
	case TOKEN_RESET:
		return rite(slot, script_input(&s->script, in));
	case TOKEN_ATR:
		s->stage = TOKEN_IDLE;
		return hand_over(slot);
	case TOKEN_SEND:
		return fetch(slot, TOKEN_RECEIVE, s->wait_ms);
	case TOKEN_QUIET:
		if (in.n == 0)
			return on_quiet(slot);
		/* FALLTHROUGH */
	case TOKEN_RECEIVE:
		return carry(slot, t1_input(&s->t1, in));
	case TOKEN_DRAIN:
		return drain(slot, in);
	default:
		return step_fail(ERR_READER);
	}
}

struct step
token_timeout(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	switch (s->stage) {
	case TOKEN_RESET:
		return rite(slot, script_timeout(&s->script));
	case TOKEN_RESET_AGAIN:
		return rite(slot, start_rite(slot));
	case TOKEN_ATR:
		return token_mute(slot, ifd_fail(slot, ERR_MUTE, "the token "
		    "has not sent its ATR"));
	case TOKEN_SEND:
		return on_stuck(slot);
	case TOKEN_QUIET_PAUSE:
		return fetch(slot, TOKEN_QUIET, T1_QUIET_MS);
	case TOKEN_RECEIVE:
	case TOKEN_QUIET:
		return carry(slot, t1_timeout(&s->t1));
	case TOKEN_DRAIN:
		return drain(slot, nothing);
	default:
		return step_fail(ERR_READER);
	}
}

struct step
token_failed(struct ifd_slot *slot, enum err e)
{
	struct token_slot *s = slot->state;

	switch (s->stage) {
	case TOKEN_RESET:
		return rite(slot, script_failed(&s->script, e));
	case TOKEN_QUIET:
		return on_quiet(slot);
	case TOKEN_DRAIN:
		return drain(slot, nothing);
	case TOKEN_SEND:
	case TOKEN_RECEIVE:
		return carry(slot, t1_failed(&s->t1, e));
	default:
		return step_fail(e);
	}
}

/* Sequence numbers stay, they are the card's as well. */
void
token_ended(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	secret_wipe(s->rsp, s->t1.n);
	secret_wipe(s->out, sizeof(s->out));
}
