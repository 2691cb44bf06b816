/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token.h"

#include "base/secret.h"

/*
 * Eutron CryptoIdentity IT-SEC (073d:0005). It passes bytes on as they come
 * from its card: what is read may be nothing yet, or a part. So ATR, PPS and blocks
 * are collected here until they are whole; what a block is for is ifd/token.c's
 * business. The requests, and the tenth of a second between two reads, are
 * OpenCT's; that IFSC is never above 254 and T=0 is not spoken are ours.
 */

enum {
	VENDOR_OUT = 0x42,	/* to an endpoint */
	VENDOR_IN = 0xc2,
	REQ_WRITE = 0x01,
	REQ_READ = 0x02,
	REQ_ATR = 0x09,
	REQ_SPEED = 0x65,	/* wValue; 1 is the default speed */
	OUT_MS = 10000,
	WRITE_MS = 1000,
	READ_MS = 1000,
	POLL_MS = 100,
	ATR_WAIT_MS = 2000,
	PPS_WAIT_MS = 2000,
	REST_WAIT_MS = 3000,	/* of something that has begun */
	DRAIN_ROOM = 164,
	DRAINS = 20,
	ATR_ROOM = 64,
	PPS_SIZE = 3,
	BLOCK_ROOM = T1_BLOCK_MAX + 1,
};

enum eutron_stage {
	EUTRON_TOKEN,		/* ifd/token.c decides */
	EUTRON_RESET,		/* the script before the ATR runs */
	EUTRON_ATR,
	EUTRON_PPS_SEND,
	EUTRON_PPS,
	EUTRON_SPEED,		/* the script after the PPS runs */
};

struct eutron_slot {
	struct token_slot token;	/* first: ifd/token.c's state */
	enum eutron_stage stage;
	/* what is being collected; room 0: nothing is */
	uint8_t in[BLOCK_ROOM];
	size_t n;
	uint16_t room;		/* to ask for */
	uint32_t left_ms;
	bool pausing;
	uint8_t out[USB_SETUP_SIZE + PPS_SIZE];
};

#define TELL(what, words)						\
	{ .type = VENDOR_OUT, .request = (what), .value = (words),	\
	  .timeout_ms = OUT_MS }

static const struct script_row before_atr[] = {
	TELL(0xa3, 0), TELL(0xa1, 0), TELL(0xa2, 0), TELL(0xa0, 0),
	{ .type = VENDOR_IN, .request = REQ_READ, .length = DRAIN_ROOM,
	  .tries = DRAINS, .timeout_ms = READ_MS },
	TELL(REQ_ATR, 0),
};

/* T=1 at the default speed, without PPS1: some ITSEC-P answer nothing else. */
static const uint8_t pps[PPS_SIZE] = { 0xff, 0x01, 0xfe };

static const struct script_row after_pps[] = {
	TELL(REQ_SPEED, 1), TELL(0xa1, 0), TELL(0xa0, 0),
};

static const struct token_pipe pipe = {
	.send_type = VENDOR_OUT,
	.send = REQ_WRITE,
	.receive_type = VENDOR_IN,
	.receive = REQ_READ,
	.receive_length = BLOCK_ROOM,
	.ifsc = T1_INF_MAX,
	.ifsd = T1_IFS_DEFAULT,
	.announces = true,
};

static const struct token_model model = {
	.reset = before_atr,	/* but see start_reset */
	.n_reset = sizeof(before_atr) / sizeof(before_atr[0]),
	.pipe = &pipe,
	.plan = "CryptoIdentity, reset with scripts, PPS for T=1, read in "
	    "parts",
};

static struct step	carry(struct ifd_slot *, struct step);

/* ---- collecting ---- */

static struct step
read_part(struct eutron_slot *s)
{
	struct wr w = { .p = s->out, .cap = sizeof(s->out) };
	struct usb_setup setup = { .type = VENDOR_IN, .request = REQ_READ,
		.length = (uint16_t)(s->room - s->n) };

	s->pausing = false;
	usb_setup_write(&w, &setup);
	return step_control(wr_done(&w), READ_MS);
}

static struct step
collect(struct eutron_slot *s, uint16_t room, uint32_t wait_ms)
{
	s->room = room;
	s->n = 0;
	s->left_ms = wait_ms;
	return read_part(s);
}

/* How long a T=1 block is that begins with these bytes. */
static size_t
block_length(const struct eutron_slot *s)
{
	return s->n < 3 ? 4 : 3u + s->in[2] + (s->token.atr.crc ? 2u : 1u);
}

static bool
is_whole(const struct eutron_slot *s)
{
	size_t n = PPS_SIZE;

	if (s->stage == EUTRON_TOKEN)
		n = block_length(s);
	else if (s->stage == EUTRON_ATR && (s->n == 0 || atr_length(&n,
	    (struct view){ s->in, s->n }) != ERR_OK))
		return s->n != 0;	/* nonsense does not get better */
	return s->n >= n || s->n == s->room;
}

/* ---- reset ---- */

static struct step
mute(struct ifd_slot *slot, struct step failure)
{
	struct eutron_slot *s = slot->state;

	s->stage = EUTRON_TOKEN;
	s->room = 0;
	return token_mute(slot, failure);
}

static struct step
script(struct ifd_slot *slot, enum eutron_stage stage,
    const struct script_row *rows, size_t n)
{
	struct eutron_slot *s = slot->state;

	s->stage = stage;
	s->room = 0;
	return carry(slot, script_start(&s->token.script, rows, n));
}

static struct step
start_reset(struct ifd_slot *slot)
{
	slot->card = CHANNEL_PRESENT;
	return script(slot, EUTRON_RESET, before_atr,
	    sizeof(before_atr) / sizeof(before_atr[0]));
}

static struct step
on_script(struct ifd_slot *slot, struct step s)
{
	struct eutron_slot *e = slot->state;

	if (s.kind == STEP_FAIL)
		return mute(slot, ifd_fail(slot, s.err, "the token did not "
		    "take transfer %zu of the %zu of its reset: %s",
		    e->token.script.at + 1, e->token.script.n,
		    s.err == ERR_READER ? "an answer of another kind" :
		    err_text(s.err)));
	if (s.kind != STEP_DONE)
		return s;
	if (e->stage == EUTRON_RESET) {
		e->stage = EUTRON_ATR;
		return collect(e, ATR_ROOM, ATR_WAIT_MS);
	}
	e->stage = EUTRON_TOKEN;
	return carry(slot, token_powered(slot, (struct view){
	    e->token.atr.bytes, e->token.atr.n }));
}

static struct step
on_atr(struct ifd_slot *slot, struct view in)
{
	struct eutron_slot *s = slot->state;
	struct wr w = { .p = s->out, .cap = sizeof(s->out) };
	struct usb_setup setup = { .type = VENDOR_OUT, .request = REQ_WRITE,
		.length = sizeof(pps) };
	size_t n;

	if (atr_length(&n, in) != ERR_OK || n > in.n)
		return mute(slot, ifd_fail(slot, ERR_CARD, "the %zu bytes that "
		    "came are no ATR", in.n));
	if (atr_parse(&s->token.atr, view_first(in, n)) != ERR_OK &&
	    !atr_is_usable(&s->token.atr))
		return mute(slot, ifd_fail(slot, ERR_CARD, "the ATR makes no "
		    "sense: %s", atr_flaw_text(s->token.atr.flaw)));
	if ((s->token.atr.protocols & 1u << 1) == 0)
		return mute(slot, ifd_fail(slot, ERR_PROTOCOL, "the card does "
		    "not offer T=1, and this driver speaks nothing else"));
	s->stage = EUTRON_PPS_SEND;
	usb_setup_write(&w, &setup);
	wr_view(&w, (struct view){ pps, sizeof(pps) });
	return step_control(wr_done(&w), WRITE_MS);
}

static struct step
on_pps(struct ifd_slot *slot, struct view in)
{
	if (!view_eq(in, (struct view){ pps, sizeof(pps) }))
		return mute(slot, ifd_fail(slot, ERR_PROTOCOL, "the card "
		    "refused T=1"));
	return script(slot, EUTRON_SPEED, after_pps,
	    sizeof(after_pps) / sizeof(after_pps[0]));
}

/* ---- between ifd/token.c and the token ---- */

/* Nobody waits for an answer, but there may be one. */
static bool
hopes_for_nothing(const struct eutron_slot *s)
{
	return s->token.stage == TOKEN_QUIET || s->token.stage == TOKEN_DRAIN;
}

/* A read that ifd/token.c wants is the first of as many as it takes. */
static struct step
carry(struct ifd_slot *slot, struct step s)
{
	struct eutron_slot *e = slot->state;

	if (e->stage != EUTRON_TOKEN)
		return on_script(slot, s);
	if (s.kind == STEP_CONTROL && (e->token.stage == TOKEN_RECEIVE ||
	    hopes_for_nothing(e)))
		return collect(e, BLOCK_ROOM, s.wait_ms);
	return s;
}

static struct step
deliver(struct ifd_slot *slot)
{
	struct eutron_slot *s = slot->state;
	struct view in = { s->in, s->n };

	s->room = 0;
	if (s->stage == EUTRON_ATR)
		return on_atr(slot, in);
	if (s->stage == EUTRON_PPS)
		return on_pps(slot, in);
	return carry(slot, token_input(slot, in));
}

static struct step
on_too_late(struct ifd_slot *slot)
{
	struct eutron_slot *s = slot->state;

	s->room = 0;
	if (s->stage == EUTRON_TOKEN)
		return carry(slot, token_timeout(slot));
	return mute(slot, ifd_fail(slot, ERR_MUTE, "the card does not answer "
	    "to %s", s->stage == EUTRON_ATR ? "reset" : "PPS"));
}

static struct step
on_part(struct ifd_slot *slot, struct view in)
{
	struct eutron_slot *s = slot->state;
	struct wr w = { .p = s->in, .cap = sizeof(s->in), .n = s->n };

	if (s->n == 0 && in.n != 0 && s->left_ms > REST_WAIT_MS)
		s->left_ms = REST_WAIT_MS;
	wr_view(&w, in);
	s->n = w.n;
	if (s->stage == EUTRON_TOKEN && hopes_for_nothing(s) && s->n == 0)
		return deliver(slot);
	if (is_whole(s))
		return deliver(slot);
	if (s->left_ms < POLL_MS)
		return on_too_late(slot);
	s->left_ms -= POLL_MS;
	s->pausing = true;
	return step_pause(POLL_MS);
}

/* ---- requests and events ---- */

static enum err
open_reader(struct ifd_reader *r)
{
	return token_open(r, &model);
}

static struct step
start(struct ifd_slot *slot, const struct ifd_request *r)
{
	struct eutron_slot *s = slot->state;

	s->stage = EUTRON_TOKEN;
	s->room = 0;
	return r->op == IFD_POWER_ON ? start_reset(slot) :
	    carry(slot, token_start(slot, r));
}

static struct step
input(struct ifd_slot *slot, struct view in)
{
	struct eutron_slot *s = slot->state;

	if (s->room != 0)
		return on_part(slot, in);
	if (s->stage == EUTRON_TOKEN)
		return carry(slot, token_input(slot, in));
	if (s->stage == EUTRON_PPS_SEND) {
		s->stage = EUTRON_PPS;
		return collect(s, PPS_SIZE, PPS_WAIT_MS);
	}
	return carry(slot, script_input(&s->token.script, in));
}

static struct step
timeout(struct ifd_slot *slot)
{
	struct eutron_slot *s = slot->state;

	if (s->room != 0)
		return s->pausing ? read_part(s) : on_too_late(slot);
	if (s->stage == EUTRON_TOKEN)
		return carry(slot, token_timeout(slot));
	if (s->stage == EUTRON_PPS_SEND)
		return on_too_late(slot);
	return carry(slot, script_timeout(&s->token.script));
}

static struct step
failed(struct ifd_slot *slot, enum err e)
{
	struct eutron_slot *s = slot->state;
	bool collected = s->room != 0;

	s->room = 0;
	if (s->stage == EUTRON_TOKEN)
		return carry(slot, token_failed(slot, e));
	if (collected || s->stage == EUTRON_PPS_SEND)
		return mute(slot, step_fail(e));
	return carry(slot, script_failed(&s->token.script, e));
}

static void
ended(struct ifd_slot *slot)
{
	struct eutron_slot *s = slot->state;

	s->room = 0;
	secret_wipe(s->in, sizeof(s->in));
	token_ended(slot);
}

const struct ifd_driver ifd_eutron = {
	.name = "eutron",
	.text = "Eutron CryptoIdentity",
	.reader_size = sizeof(struct token),
	.slot_size = sizeof(struct eutron_slot),
	.open = open_reader,
	.slot_open = token_slot_open,
	.start = start,
	.input = input,
	.timeout = timeout,
	.failed = failed,
	.ended = ended,
	.close = token_close,
};
