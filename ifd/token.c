/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "ifd/token_blocks.h"
#include "ifd/token_request.h"

enum {	/* milliseconds */
	/* But for the answer to a command the card's BWT is long enough; the
	   token's clock is not known, a slow one is on the safe side. */
	CLOCK_KHZ = 3000,
	SLACK_MS = 1000,
	UNASKED_MS = 20000,	/* for an ATR that comes by itself */
	RESET_TRIES = 2,	/* of a token that refused its rite */
	RESET_PAUSE_MS = 100,
};

static const struct view nothing = { NULL, 0 };

static const struct token_model *
model_of(const struct ifd_slot *slot)
{
	return ((const struct token *)slot->reader->state)->model;
}

/* ---- opening and closing ---- */

enum err
token_open(struct ifd_reader *r, const struct token_model *model)
{
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
	    r->wishes.block_size != 0 ? r->wishes.block_size :
	    token_pipe_of(r)->ifsc);
	r->control_cap = T1_BLOCK_MAX + 1;
	r->never_reset = true;	/* as OpenCT, which never did it either */
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
	const struct token_pipe *pipe = token_pipe_of(slot->reader);
	unsigned block = slot->reader->wishes.block_size;
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
	uint8_t block = slot->reader->wishes.block_size;

	if (block == 0 && token_pipe_of(slot->reader)->announces)
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
		return token_is_on(slot);
	return token_carry(slot, t1_announce_ifsd(&s->t1, larger_blocks(slot)));
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
	return token_is_on(slot);
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
	return token_carry(slot, t1_start(&s->t1, apdu));
}

struct step
token_start(struct ifd_slot *slot, const struct ifd_request *r)
{
	static const struct token_requests requests = { CHANNEL_T1, power_on,
		transmit };

	return token_request(slot, r, &requests);
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
		return token_receive(slot);
	case TOKEN_QUIET:
		if (in.n == 0)
			return token_quiet(slot);
		/* FALLTHROUGH */
	case TOKEN_RECEIVE:
		return token_carry(slot, t1_input(&s->t1, in));
	case TOKEN_DRAIN:
		return token_drain(slot, in);
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
		return token_stuck(slot);
	case TOKEN_QUIET_PAUSE:
		return token_listen(slot);
	case TOKEN_RECEIVE:
	case TOKEN_QUIET:
		return token_carry(slot, t1_timeout(&s->t1));
	case TOKEN_DRAIN:
		return token_drain(slot, nothing);
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
		return token_quiet(slot);
	case TOKEN_DRAIN:
		return token_drain(slot, nothing);
	case TOKEN_SEND:
	case TOKEN_RECEIVE:
		return token_carry(slot, t1_failed(&s->t1, e));
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
