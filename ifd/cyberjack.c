/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/driver.h"

#include <stdio.h>

#include "base/log.h"
#include "base/secret.h"
#include "ifd/pipes.h"
#include "protocols/apdu.h"
#include "protocols/atr.h"
#include "protocols/cyberjack.h"
#include "protocols/t1.h"

/*
 * REINER SCT cyberJack (0c4b:0100). T=1 leads to two addresses: the terminal,
 * which takes CT-BCS commands, and the card, to which the terminal speaks its
 * protocol. As in OpenCT both share one pair of sequence numbers. PINs cannot
 * be entered on the keypad yet.
 */

enum {
	ANSWER_MS = 8000,	/* to a block, as OpenCT waited */
	HELLO_MS = 100,		/* after the block that has no answer */
	PART_MS = 500,
	DRAIN_MS = 50,		/* silence that ends what nobody understands */
	DRAIN_MAX = 64,
	EMPTY_MAX = 16,
	STRAYS_MAX = 16,	/* blocks before the answer to S(RESYNCH) */
	/* blocks of the reader's own while a command runs: an hour of them */
	OWN_MAX = 450,
	FIELD = 254,
	SW_OK = 0x9000,
	SW_ASYNC = 0x9001,
	SW_NO_CARD = 0x6200,
	SW_ACTIVE = 0x6201,
};

enum stage {
	IDLE,
	HELLO,			/* opening: OpenCT's first block */
	SYNC_FIRST,
	RESET_CT,
	SYNC_SECOND,
	STATUS,
	ON_STATUS,		/* before a card is powered */
	REQUEST_ICC,
	RESET_ICC,
	APDU,
};

struct reader_slot {
	enum stage stage;
	struct t1 t1;
	uint8_t out[CYBERJACK_FRAME_MAX];
	uint8_t in[CYBERJACK_FRAME_MAX + 1];
	size_t in_n;
	unsigned empties, strays, own;
	bool draining;
	unsigned drained;
	uint8_t rsp[T1_RESPONSE_MAX];
};

static struct step next(struct ifd_slot *, struct step);

static enum err
open_reader(struct ifd_reader *r)
{
	r->info.slots = 1;
	r->info.protocols = CHANNEL_T0 | CHANNEL_T1;
	r->info.max_apdu = APDU_SHORT_MAX;
	r->info.polls = true;
	snprintf(r->info.plan, sizeof(r->info.plan), "T=1 to the terminal; "
	    "PINs cannot be entered on its keypad yet");
	r->out_cap = r->in_cap = CYBERJACK_FRAME_MAX;
	return pipes_choose(r, 0x02, 0x82, 0);
}

/* ---- blocks ---- */

static struct step
send_block(struct ifd_slot *slot, struct view block, uint32_t wait_ms)
{
	struct reader_slot *s = slot->state;
	struct wr w = { .p = s->out, .cap = sizeof(s->out) };

	s->in_n = 0;
	s->empties = 0;
	cyberjack_wrap(&w, block);
	return step_send(wr_done(&w), wait_ms);
}

/* A step of T=1; at its end what comes next. */
static struct step
carry(struct ifd_slot *slot, struct step step)
{
	struct reader_slot *s = slot->state;

	if (step.kind == STEP_SEND)
		return send_block(slot, step.out, step.wait_ms);
	if (step.kind == STEP_WAIT)
		s->in_n = 0;
	return step.kind == STEP_WAIT ? step : next(slot, step);
}

static struct step
command(struct ifd_slot *slot, enum stage stage, uint8_t nad, struct view apdu)
{
	struct reader_slot *s = slot->state;

	s->stage = stage;
	s->own = 0;
	s->t1.params.nad = nad;
	return carry(slot, t1_start(&s->t1, apdu));
}

static struct step
tell_terminal(struct ifd_slot *slot, enum stage stage)
{
	static const uint8_t reset_ct[] = { 0x20, 0x11, 0x00, 0x00 };
	static const uint8_t status[] = { 0x20, 0x13, 0x00, 0x80, 0x00 };
	/* for up to 20 seconds; a card is there by then */
	static const uint8_t request_icc[] = {
		0x20, 0x12, 0x01, 0x01, 0x01, 0x14, 0x00,
	};
	static const uint8_t reset_icc[] = { 0x20, 0x11, 0x01, 0x01, 0x00 };
	const struct view commands[] = {
		[RESET_CT] = { reset_ct, sizeof(reset_ct) },
		[STATUS] = { status, sizeof(status) },
		[ON_STATUS] = { status, sizeof(status) },
		[REQUEST_ICC] = { request_icc, sizeof(request_icc) },
		[RESET_ICC] = { reset_icc, sizeof(reset_icc) },
	};

	return command(slot, stage, CYBERJACK_NAD_TERMINAL, commands[stage]);
}

/* ---- opening ---- */

/*
 * An S(IFS) without a value, which nothing answers; then S(RESYNCH). Both are
 * OpenCT's, which reset the device on the bus before: here the kernel did, when
 * it was plugged in.
 */
static struct step
say_hello(struct ifd_slot *slot)
{
	static const uint8_t hello[] = { 0xe2, 0xc1, 0x00, 0x23 };
	struct reader_slot *s = slot->state;

	s->stage = HELLO;
	return send_block(slot, (struct view){ hello, sizeof(hello) },
	    HELLO_MS);
}

static struct step
sync(struct ifd_slot *slot, enum stage stage)
{
	static const uint8_t resynch[] = { 0xe2, 0xc0, 0x00, 0x22 };
	struct reader_slot *s = slot->state;

	s->stage = stage;
	s->strays = 0;
	return send_block(slot, (struct view){ resynch, sizeof(resynch) },
	    ANSWER_MS);
}

static struct step
on_sync(struct ifd_slot *slot, struct view block)
{
	static const uint8_t good[] = { 0x2e, 0xe0, 0x00, 0xce };
	const struct t1_params params = { .nad = CYBERJACK_NAD_TERMINAL,
		.ifsc = FIELD, .ifsd = FIELD, .bwt_ms = ANSWER_MS };
	struct reader_slot *s = slot->state;

	if (!view_eq(block, (struct view){ good, sizeof(good) })) {
		if (++s->strays > STRAYS_MAX)
			return ifd_fail(slot, ERR_READER,
			    "the terminal does not resynchronise");
		s->in_n = 0;
		return step_wait(ANSWER_MS);
	}
	if (t1_init(&s->t1, &params, s->rsp, sizeof(s->rsp)) != ERR_OK)
		return step_fail(ERR_ARG);
	if (s->stage == SYNC_FIRST)
		return tell_terminal(slot, RESET_CT);
	return step_done((struct view){ NULL, 0 });
}

/* ---- what the terminal answers ---- */

static uint16_t
status_word(struct view rsp)
{
	struct rd r = { .in = view_skip(rsp, rsp.n - 2) };

	return rd_be16(&r);
}

static void
set_card(struct ifd_slot *slot, bool present)
{
	slot->card = present ? slot->card | CHANNEL_PRESENT : 0;
	if (!present)
		slot->atr_n = 0;
}

static struct step
refused(struct ifd_slot *slot, enum err e, uint16_t sw)
{
	return ifd_fail(slot, e, "%s: the terminal says %04x", err_text(e), sw);
}

/* 80 01 03 for a card, 80 01 00 for none. */
static struct step
on_status(struct ifd_slot *slot, struct view rsp, uint16_t sw)
{
	const struct reader_slot *s = slot->state;

	if (sw != SW_OK || rsp.n < 3)
		return refused(slot, ERR_READER, sw);
	set_card(slot, rsp.p[rsp.n - 3] != 0);
	if (s->stage == STATUS)
		return step_done((struct view){ NULL, 0 });
	if (slot->card == 0)
		return step_fail(ERR_NO_CARD);
	return tell_terminal(slot, REQUEST_ICC);
}

static struct step
on_atr(struct ifd_slot *slot, struct view atr)
{
	struct atr a;

	if (atr.n < 2 || atr.n > sizeof(slot->atr))
		return ifd_fail(slot, ERR_MUTE, "the terminal handed over an "
		    "ATR of %zu bytes", atr.n);
	memcpy(slot->atr, atr.p, atr.n);
	slot->atr_n = atr.n;
	if (atr_parse(&a, atr) != ERR_OK)
		log_at(LOG_LEVEL_WARN, NULL, "the ATR is odd: %s",
		    atr_flaw_text(a.flaw));
	slot->card = CHANNEL_PRESENT | CHANNEL_POWERED;
	slot->result = a.protocol == 1 ? CHANNEL_T1 : CHANNEL_T0;
	return step_done(atr);
}

static struct step
on_reset(struct ifd_slot *slot, struct view rsp, uint16_t sw)
{
	const struct reader_slot *s = slot->state;

	if (sw == SW_OK || sw == SW_ASYNC)
		return on_atr(slot, view_first(rsp, rsp.n - 2));
	if (sw == SW_ACTIVE && s->stage == REQUEST_ICC)
		return tell_terminal(slot, RESET_ICC);
	slot->card &= ~(uint32_t)CHANNEL_POWERED;
	slot->atr_n = 0;
	if (sw != SW_NO_CARD) {
		slot->card |= CHANNEL_MUTED;
		return refused(slot, ERR_MUTE, sw);
	}
	set_card(slot, false);
	return step_fail(ERR_NO_CARD);
}

/* T=1 has come to an end. */
static struct step
next(struct ifd_slot *slot, struct step step)
{
	struct reader_slot *s = slot->state;
	uint16_t sw;

	if (step.kind != STEP_DONE || s->stage == APDU)
		return step;
	sw = status_word(step.out);
	switch (s->stage) {
	case RESET_CT:
		return sw == SW_OK ? sync(slot, SYNC_SECOND) :
		    refused(slot, ERR_READER, sw);
	case STATUS:
	case ON_STATUS:
		return on_status(slot, step.out, sw);
	case REQUEST_ICC:
	case RESET_ICC:
		return on_reset(slot, step.out, sw);
	case IDLE:
	case HELLO:
	case SYNC_FIRST:
	case SYNC_SECOND:
	case APDU:
		break;
	}
	return step_fail(ERR_ARG);
}

/* ---- events ---- */

static struct step
transmit(struct ifd_slot *slot, struct view apdu)
{
	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail((slot->card & CHANNEL_PRESENT) != 0 ?
		    ERR_UNPOWERED : ERR_NO_CARD);
	if (apdu.n < 4)
		return ifd_fail(slot, ERR_ARG, "an APDU has at least 4 bytes, "
		    "this one has %zu", apdu.n);
	return command(slot, APDU, CYBERJACK_NAD_CARD, apdu);
}

/* OpenCT never switched a card off; the terminal does when one is taken out,
   and REQUEST ICC resets one that is on. */
static struct step
forget_power(struct ifd_slot *slot)
{
	slot->card &= ~(uint32_t)CHANNEL_POWERED;
	slot->atr_n = 0;
	return step_done((struct view){ NULL, 0 });
}

static struct step
start(struct ifd_slot *slot, const struct ifd_request *r)
{
	switch (r->op) {
	case IFD_OPEN:
		return say_hello(slot);
	case IFD_STATUS:
		return tell_terminal(slot, STATUS);
	case IFD_POWER_ON:
		return tell_terminal(slot, ON_STATUS);
	case IFD_POWER_OFF:
		return forget_power(slot);
	case IFD_TRANSMIT:
		return transmit(slot, r->data);
	case IFD_PROTOCOL:	/* the terminal has chosen it */
		if ((slot->card & CHANNEL_POWERED) == 0)
			return step_fail(ERR_UNPOWERED);
		return (slot->result & r->arg) != 0 ?
		    step_done((struct view){ NULL, 0 }) :
		    step_fail(ERR_PROTOCOL);
	case IFD_CONTROL:
		break;
	}
	return step_fail(ERR_UNSUPPORTED);
}

static bool
is_raw(const struct reader_slot *s)
{
	return s->stage == HELLO || s->stage == SYNC_FIRST ||
	    s->stage == SYNC_SECOND;
}

static struct step
on_block(struct ifd_slot *slot, struct view block)
{
	struct reader_slot *s = slot->state;
	uint8_t answer[5];
	struct wr w = { .p = answer, .cap = sizeof(answer) };
	enum cyberjack_kind kind = cyberjack_sort(block, &w);

	if (kind != CYBERJACK_T1 && ++s->own > OWN_MAX)
		return ifd_fail(slot, ERR_READER, "the terminal asks for time "
		    "without end");
	if (kind == CYBERJACK_ASKS)
		return send_block(slot, wr_done(&w), ANSWER_MS);
	if (kind == CYBERJACK_TELLS) {
		s->in_n = 0;
		return step_wait(ANSWER_MS);
	}
	if (s->stage == HELLO)
		return sync(slot, SYNC_FIRST);
	return is_raw(s) ? on_sync(slot, block) :
	    carry(slot, t1_input(&s->t1, block));
}

static struct step
failed(struct ifd_slot *slot, enum err e)
{
	struct reader_slot *s = slot->state;

	s->in_n = 0;
	s->draining = false;
	if (s->stage == HELLO && e == ERR_TIMEOUT)
		return sync(slot, SYNC_FIRST);
	return is_raw(s) ? step_fail(e) : carry(slot, t1_failed(&s->t1, e));
}

/* What came is no frame: what follows it is none either. */
static struct step
drain(struct ifd_slot *slot)
{
	struct reader_slot *s = slot->state;

	s->draining = true;
	if (++s->drained > DRAIN_MAX)
		return ifd_fail(slot, ERR_READER, "the terminal does not stop "
		    "talking");
	return step_wait(DRAIN_MS);
}

static struct step
input(struct ifd_slot *slot, struct view in)
{
	struct reader_slot *s = slot->state;
	struct wr w = { .p = s->in, .cap = sizeof(s->in), .n = s->in_n };
	struct view block;
	enum err e;

	if (s->draining)
		return drain(slot);
	wr_view(&w, in);
	s->in_n = w.n;
	if (w.bad || (in.n == 0 && ++s->empties > EMPTY_MAX))
		return drain(slot);
	e = cyberjack_unwrap(&block, wr_done(&w));
	if (e == ERR_SHORT)
		return step_wait(s->in_n == 0 ? ANSWER_MS : PART_MS);
	return e == ERR_OK ? on_block(slot, block) : drain(slot);
}

static struct step
timeout(struct ifd_slot *slot)
{
	struct reader_slot *s = slot->state;
	enum err e = s->draining ? ERR_FORMAT : ERR_TIMEOUT;

	s->draining = false;
	return failed(slot, e);
}

static void
ended(struct ifd_slot *slot)
{
	struct reader_slot *s = slot->state;

	s->stage = IDLE;
	s->draining = false;
	s->drained = 0;
	secret_wipe(s->out, sizeof(s->out));
	secret_wipe(s->in, sizeof(s->in));
	secret_wipe(s->t1.out, sizeof(s->t1.out));
	secret_wipe(s->rsp, s->t1.n);
}

const struct ifd_driver ifd_cyberjack = {
	.name = "cyberjack",
	.text = "REINER SCT cyberJack e-com and pinpad",
	.slot_size = sizeof(struct reader_slot),
	.open = open_reader,
	.start = start,
	.input = input,
	.timeout = timeout,
	.failed = failed,
	.ended = ended,
};
