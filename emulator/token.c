/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/token.h"

#include <errno.h>
#include <string.h>

#include "emulator/card_t1.h"

enum {
	VENDOR_OUT = 0x40,
	VENDOR_IN = 0xc0,
	REQ_SEND = 0x06,
	REQ_RECEIVE = 0x86,
	ATR_ROOM = 35,
	BLOCK_OVERHEAD = 3,
	ANSWERS_MAX = 4,
};

/* A block of the card that its host has not fetched yet. */
struct answer {
	uint8_t bytes[CARD_T1_BLOCK_MAX];
	size_t n;
	uint64_t due_ms;
};

struct token {
	size_t at;		/* the step that is next */
	bool told;		/* the ATR went to its endpoint */
	struct card_t1 t1;
	struct answer answer[ANSWERS_MAX];	/* the oldest first */
	size_t answers;
};

static const struct token_traits *
traits(const struct usb_device *d)
{
	return d->model->traits;
}

static void
drop_answers(struct token *s)
{
	explicit_bzero(s->answer, sizeof(s->answer));
	s->answers = 0;
}

static void
reset_card(struct usb_device *d)
{
	struct token *s = d->state;
	struct card *card = d->slot[0].card;

	drop_answers(s);
	card_reset(card);
	card_t1_reset(&s->t1, &card->offer);
	if (d->wtx_ms != 0)
		s->t1.wtx_ms = d->wtx_ms;
}

static void
token_reset(struct usb_device *d)
{
	struct token *s = d->state;

	drop_answers(s);
	s->at = 0;
	s->told = false;
}

static bool
has_card(const struct usb_device *d)
{
	return d->slot[0].in && !d->slot[0].card->mute;
}

/* The rite */

static int
put_atr(const struct usb_device *d, const struct usb_setup *q, struct wr *in)
{
	const struct card *card = d->slot[0].card;

	if (q->length > ATR_ROOM || !has_card(d))
		return -EPIPE;
	wr_u8(in, (uint8_t)card->atr_len);
	wr_view(in, (struct view){ card->atr, card->atr_len });
	return 0;
}

static int
play(struct usb_device *d, const struct token_step *step,
    const struct usb_setup *q, struct view out, struct wr *in)
{
	if ((q->type & 0x80) == 0)
		return view_eq(out, step->bytes) ? 0 : -EPIPE;
	if (step->bytes.n == 0)
		return put_atr(d, q, in);
	if (q->length > step->bytes.n)
		return -EPIPE;
	wr_view(in, step->bytes);
	return 0;
}

static bool
is_step(const struct token_step *step, const struct usb_setup *q)
{
	return step->type == q->type && step->request == q->request;
}

/* The first step may come at any time, the others in their turn. */
static int
token_rite(struct usb_device *d, const struct usb_setup *q, struct view out,
    struct wr *in)
{
	const struct token_traits *t = traits(d);
	struct token *s = d->state;
	int status;

	if (t->n == 0)
		return -EPIPE;
	if (is_step(&t->steps[0], q)) {
		s->at = 0;
		if (d->slot[0].in)
			reset_card(d);
	}
	if (s->at == t->n || !is_step(&t->steps[s->at], q))
		return -EPIPE;
	status = play(d, &t->steps[s->at], q, out, in);
	if (status == 0)
		s->at++;
	return status;
}

/* Blocks */

static bool
card_works(const struct usb_device *d)
{
	const struct token *s = d->state;

	return s->answers != 0 &&
	    d->now_ms < s->answer[s->answers - 1].due_ms;
}

static bool
is_ready(const struct usb_device *d)
{
	const struct token *s = d->state;

	return has_card(d) && s->at == traits(d)->n &&
	    (traits(d)->n != 0 || s->told);
}

/* A card that works does not listen; one that is not listened to goes on. */
static int
take_block(struct usb_device *d, struct view block)
{
	struct token *s = d->state;
	struct answer *a = &s->answer[s->answers];
	struct wr w = { NULL, CARD_T1_BLOCK_MAX, 0, false };

	if (!is_ready(d) || block.n > CARD_T1_BLOCK_MAX)
		return -EPIPE;
	if (card_works(d))
		return 0;
	if (s->answers == ANSWERS_MAX)
		return -EPIPE;
	w.p = a->bytes;
	card_t1_block(&s->t1, d->slot[0].card, &d->fault, block, &w);
	a->n = w.n;
	a->due_ms = d->now_ms + s->t1.after_ms;
	if (a->n != 0)
		s->answers++;
	return 0;
}

static int
give_block(struct usb_device *d, size_t length, struct wr *in)
{
	struct token *s = d->state;
	size_t most = BLOCK_OVERHEAD + s->t1.ifsd + (s->t1.crc ? 2u : 1u) + 1u;

	if (!is_ready(d) || length > most || s->answers == 0)
		return -EPIPE;
	if (d->now_ms < s->answer[0].due_ms)
		return USB_PENDING;
	wr_view(in, (struct view){ s->answer[0].bytes, s->answer[0].n });
	s->answers--;
	memmove(&s->answer[0], &s->answer[1],
	    s->answers * sizeof(s->answer[0]));
	explicit_bzero(&s->answer[s->answers], sizeof(s->answer[0]));
	return 0;
}

static int
token_control(struct usb_device *d, const struct usb_setup *q, struct view out,
    struct wr *in)
{
	if (d->configuration == 0 || q->value != 0 || q->index != 0)
		return -EPIPE;
	if (q->type == VENDOR_OUT && q->request == REQ_SEND)
		return take_block(d, out);
	if (q->type == VENDOR_IN && q->request == REQ_RECEIVE)
		return give_block(d, q->length, in);
	return token_rite(d, q, out, in);
}

/* The ATR comes by itself, when somebody listens for the first time. */
static void
token_poll(struct usb_device *d, uint8_t ep)
{
	struct token *s = d->state;
	const struct card *card = d->slot[0].card;

	if (ep != traits(d)->ep_atr || s->told || !has_card(d))
		return;
	reset_card(d);
	s->told = usb_push(d, ep, (struct view){ card->atr, card->atr_len },
	    false);
}

static uint64_t
token_deadline(const struct usb_device *d)
{
	const struct token *s = d->state;

	return s->answers != 0 && d->now_ms < s->answer[0].due_ms ?
	    s->answer[0].due_ms : USB_NEVER;
}

/* Time alone does it: the transfer that waits is tried again after this. */
static void
token_tick(struct usb_device *d)
{
	(void)d;
}

const struct usb_family token_family = {
	.state_size	= sizeof(struct token),
	.reset		= token_reset,
	.control	= token_control,
	.poll		= token_poll,
	.deadline	= token_deadline,
	.tick		= token_tick,
};
