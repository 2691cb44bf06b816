/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ikey.h"

#include <errno.h>
#include <string.h>

#include "emulator/card_t1.h"

enum {
	TYPE_OUT = 0x41,
	TYPE_IN = 0xc1,
	REQ_SIGNATURE = 0x00,
	REQ_FETCH = 0x01,
	REQ_TELL = 0x16,
	REQ_BLOCK = 0x17,
	SIGNATURE_ROOM = 0x40,
	BLOCK_ROOM = 255,
	HEAD = 4,		/* of a block, in wValue and wIndex */
};

struct ikey {
	size_t at;		/* words that were told */
	bool told;		/* the last one may be fetched */
	struct card_t1 t1;
	uint8_t block[CARD_T1_BLOCK_MAX];	/* the card's */
	size_t n;
	uint64_t due_ms;
};

static const struct ikey_traits *
traits(const struct usb_device *d)
{
	return d->model->traits;
}

static void
forget(struct ikey *s)
{
	explicit_bzero(s->block, sizeof(s->block));
	s->n = 0;
	s->told = false;
}

static void
ikey_reset(struct usb_device *d)
{
	struct ikey *s = d->state;

	forget(s);
	s->at = traits(d)->n + 1;	/* the signature comes first */
}

static int
signature(struct usb_device *d, size_t length, struct wr *in)
{
	struct ikey *s = d->state;

	if (length > SIGNATURE_ROOM)
		return -EPIPE;
	forget(s);
	s->at = 0;
	wr_view(in, traits(d)->signature);
	return 0;
}

static bool
has_card(const struct usb_device *d)
{
	return d->slot[0].in && !d->slot[0].card->mute;
}

static int
tell(struct usb_device *d, uint16_t word, struct view out)
{
	const struct ikey_traits *t = traits(d);
	struct ikey *s = d->state;
	struct card *c = d->slot[0].card;

	if (out.n != 0 || s->at >= t->n || t->words[s->at].word != word ||
	    !has_card(d))
		return -EPIPE;
	if (t->words[s->at].about == IKEY_ATR ||
	    t->words[s->at].about == IKEY_COUNTED_ATR) {
		card_reset(c);
		card_t1_reset(&s->t1, &c->offer);
		if (d->wtx_ms != 0)
			s->t1.wtx_ms = d->wtx_ms;
	}
	s->at++;
	s->told = true;
	return 0;
}

static int
fetch_word(struct usb_device *d, size_t length, struct wr *in)
{
	static const uint8_t pps[] = { 0xff, 0x11, 0x11, 0xff };
	struct ikey *s = d->state;
	const struct ikey_word *word = &traits(d)->words[s->at - 1];
	const struct card *c = d->slot[0].card;
	struct view atr = { c->atr, c->atr_len };

	if (length > word->room ||
	    (word->about == IKEY_ATR && atr.n > word->room))
		return -EPIPE;
	s->told = false;
	switch (word->about) {
	case IKEY_WELL:
		wr_u8(in, 0);
		break;
	case IKEY_ATR:
		wr_view(in, atr);
		wr_fill(in, 0, word->room - atr.n);
		break;
	case IKEY_COUNTED_ATR:
		wr_u8(in, (uint8_t)atr.n);
		wr_view(in, atr);
		break;
	case IKEY_PPS:
		wr_view(in, (struct view){ pps, sizeof(pps) });
		break;
	}
	return 0;
}

static int
fetch(struct usb_device *d, size_t length, struct wr *in)
{
	struct ikey *s = d->state;

	if (s->told)
		return fetch_word(d, length, in);
	if (s->n == 0 || length > BLOCK_ROOM)
		return -EPIPE;
	if (d->now_ms < s->due_ms)
		return USB_PENDING;
	wr_view(in, (struct view){ s->block, s->n });
	forget(s);
	return 0;
}

/* A card that works does not listen. */
static int
take_block(struct usb_device *d, const struct usb_setup *q, struct view rest)
{
	uint8_t buf[CARD_T1_BLOCK_MAX];
	struct wr block = { buf, sizeof(buf), 0, false };
	struct ikey *s = d->state;
	struct wr w = { s->block, sizeof(s->block), 0, false };

	wr_le16(&block, q->value);
	wr_le16(&block, q->index);
	wr_view(&block, rest);
	if (block.bad || s->at != traits(d)->n || s->told || !has_card(d))
		return -EPIPE;
	if (s->n != 0 && d->now_ms < s->due_ms)
		return 0;
	card_t1_block(&s->t1, d->slot[0].card, &d->fault, wr_done(&block), &w);
	s->n = w.n;
	s->due_ms = d->now_ms + s->t1.after_ms;
	explicit_bzero(buf, sizeof(buf));
	return 0;
}

static int
ikey_control(struct usb_device *d, const struct usb_setup *q, struct view out,
    struct wr *in)
{
	if (d->configuration == 0)
		return -EPIPE;
	if (q->type == TYPE_OUT && q->request == REQ_BLOCK)
		return take_block(d, q, out);
	if (q->index != 0)
		return -EPIPE;
	if (q->type == TYPE_OUT && q->request == REQ_TELL)
		return tell(d, q->value, out);
	if (q->type != TYPE_IN || q->value != 0)
		return -EPIPE;
	if (q->request == REQ_SIGNATURE)
		return signature(d, q->length, in);
	return q->request == REQ_FETCH ? fetch(d, q->length, in) : -EPIPE;
}

static uint64_t
ikey_deadline(const struct usb_device *d)
{
	const struct ikey *s = d->state;

	return s->n != 0 && d->now_ms < s->due_ms ? s->due_ms : USB_NEVER;
}

/* Time alone does it: the transfer that waits is tried again after this. */
static void
ikey_tick(struct usb_device *d)
{
	(void)d;
}

const struct usb_family ikey_family = {
	.state_size	= sizeof(struct ikey),
	.reset		= ikey_reset,
	.control	= ikey_control,
	.deadline	= ikey_deadline,
	.tick		= ikey_tick,
};
