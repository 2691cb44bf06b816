/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token_blocks.h"

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
};

enum {	/* PCB, ISO 7816-3:2006 §11.3.2.2 */
	PCB_NOT_I = 0x80,
	PCB_WTX_RESPONSE = 0xe3,
	PCB_TYPE_OF_R = 0xc0,
	PCB_R = 0x80,
	PCB_R_ERROR = 0x0f,
};

const struct token_pipe *
token_pipe_of(const struct ifd_reader *r)
{
	const struct token *t = r->state;

	return t->model->pipe != NULL ? t->model->pipe : &etoken_pipe;
}

static struct step
fetch(const struct ifd_slot *slot, enum token_stage stage, uint32_t wait_ms)
{
	const struct token_pipe *p = token_pipe_of(slot->reader);
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
	const struct token_pipe *p = token_pipe_of(slot->reader);
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

struct step
token_is_on(struct ifd_slot *slot)
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
		return token_is_on(slot);
	}
	return s.kind == STEP_FAIL ? fail_exchange(slot, s.err) : s;
}

/* An answer came twice, or the one that was missed came at last. It must not be
   taken for that of the next command, whose number may be the same. */
struct step
token_drain(struct ifd_slot *slot, struct view in)
{
	struct token_slot *s = slot->state;

	if (in.n != 0 && ++s->stale <= T1_STALE_MAX)
		return fetch(slot, TOKEN_DRAIN, T1_QUIET_MS);
	return exchange_over(slot, step_done(s->response));
}

/* What T=1 wants becomes control transfers. */
struct step
token_carry(struct ifd_slot *slot, struct step s)
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
struct step
token_quiet(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	if (s->paused)
		return token_carry(slot, t1_timeout(&s->t1));
	s->paused = true;
	s->stage = TOKEN_QUIET_PAUSE;
	return step_pause(T1_QUIET_MS);
}

/* It does not even take a block: no more of them, each would take as long. */
struct step
token_stuck(struct ifd_slot *slot)
{
	struct token_slot *s = slot->state;

	s->stage = TOKEN_IDLE;
	s->announcing = false;
	return fail_exchange(slot, t1_failed(&s->t1, ERR_CANCELLED).kind ==
	    STEP_FAIL ? ERR_TIMEOUT : ERR_READER);
}

struct step
token_listen(struct ifd_slot *slot)
{
	return fetch(slot, TOKEN_QUIET, T1_QUIET_MS);
}

struct step
token_receive(struct ifd_slot *slot)
{
	const struct token_slot *s = slot->state;

	return fetch(slot, TOKEN_RECEIVE, s->wait_ms);
}
