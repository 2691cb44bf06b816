/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/eutron.h"

#include <errno.h>
#include <string.h>

#include "emulator/card_t1.h"

enum {
	TYPE_OUT = 0x42,	/* vendor, to an endpoint */
	TYPE_IN = 0xc2,
	REQ_WRITE = 0x01,
	REQ_READ = 0x02,
	REQ_ATR = 0x09,
	REQ_SPEED = 0x65,	/* wValue */
	REQ_LINE = 0xa0,	/* to a3: what they do is not known */
	REQ_LINE_LAST = 0xa3,
	SPEED_DEFAULT = 1,
	PART_FIRST = 3,
	PART_MAX = 64,
	QUEUE_MAX = 1024,
};

enum stage {
	STAGE_OFF,
	STAGE_RESET,		/* the ATR was sent */
	STAGE_PPS,		/* T=1 was agreed upon */
	STAGE_T1,		/* and the speed set */
};

struct eutron {
	enum stage stage;
	struct card_t1 t1;
	uint8_t queue[QUEUE_MAX];
	size_t n;
	bool begun;		/* a part of it was read */
	uint64_t due_ms;
};

static void
drop(struct eutron *s)
{
	explicit_bzero(s->queue, sizeof(s->queue));
	s->n = 0;
	s->begun = false;
}

static void
put(struct usb_device *d, struct view v, uint32_t after_ms)
{
	struct eutron *s = d->state;
	struct wr w = { s->queue, sizeof(s->queue), s->n, false };

	wr_view(&w, v);
	s->n = w.n;
	s->begun = false;
	s->due_ms = d->now_ms + after_ms;
}

static void
eutron_reset(struct usb_device *d)
{
	static const uint8_t stale[] = { 0x00, 0xe3, 0x01, 0x01, 0xe3 };
	struct eutron *s = d->state;

	drop(s);
	s->stage = STAGE_OFF;
	put(d, (struct view){ stale, sizeof(stale) }, 0);
}

static int
reset_card(struct usb_device *d)
{
	struct eutron *s = d->state;
	struct card *c = d->slot[0].card;

	s->stage = STAGE_OFF;
	if (!d->slot[0].in || c->mute)
		return 0;
	card_reset(c);
	card_t1_reset(&s->t1, &c->offer);
	if (d->wtx_ms != 0)
		s->t1.wtx_ms = d->wtx_ms;
	s->stage = STAGE_RESET;
	put(d, (struct view){ c->atr, c->atr_len }, 0);
	return 0;
}

/* T=1 without a change of speed, or silence. */
static void
on_pps(struct usb_device *d, struct view v)
{
	static const uint8_t pps[] = { 0xff, 0x01, 0xfe };
	struct eutron *s = d->state;

	if (!view_eq(v, (struct view){ pps, sizeof(pps) }) ||
	    (d->slot[0].card->offer.protocols & 1u << 1) == 0)
		return;
	s->stage = STAGE_PPS;
	put(d, v, 0);
}

static int
take(struct usb_device *d, struct view v)
{
	uint8_t buf[CARD_T1_BLOCK_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };
	struct eutron *s = d->state;

	if (v.n > CARD_T1_BLOCK_MAX)
		return -EPIPE;
	if (s->stage == STAGE_RESET)
		on_pps(d, v);
	if (s->stage != STAGE_T1 || d->now_ms < s->due_ms || !d->slot[0].in)
		return 0;	/* nobody listens */
	card_t1_block(&s->t1, d->slot[0].card, &d->fault, v, &w);
	put(d, wr_done(&w), s->t1.after_ms);
	explicit_bzero(buf, sizeof(buf));
	return 0;
}

static int
give(struct usb_device *d, size_t length, struct wr *in)
{
	struct eutron *s = d->state;
	size_t n = s->begun ? PART_MAX : PART_FIRST;

	if (d->now_ms < s->due_ms)
		return 0;
	n = n < s->n ? n : s->n;
	n = n < length ? n : length;
	wr_view(in, (struct view){ s->queue, n });
	s->n -= n;
	memmove(s->queue, s->queue + n, s->n);
	s->begun = s->n != 0;
	return 0;
}

static int
set_speed(struct eutron *s, uint16_t speed)
{
	if (speed != SPEED_DEFAULT)
		return -EPIPE;
	if (s->stage == STAGE_PPS)
		s->stage = STAGE_T1;
	return 0;
}

static int
eutron_control(struct usb_device *d, const struct usb_setup *q,
    struct view out, struct wr *in)
{
	struct eutron *s = d->state;

	if (d->configuration == 0 || q->index != 0)
		return -EPIPE;
	if (q->type == TYPE_OUT && q->request == REQ_SPEED)
		return set_speed(s, q->value);
	if (q->value != 0)
		return -EPIPE;
	if (q->type == TYPE_IN)
		return q->request == REQ_READ ? give(d, q->length, in) : -EPIPE;
	if (q->type != TYPE_OUT)
		return -EPIPE;
	if (q->request == REQ_WRITE)
		return take(d, out);
	if (q->request == REQ_ATR)
		return reset_card(d);
	return q->request >= REQ_LINE && q->request <= REQ_LINE_LAST ?
	    0 : -EPIPE;
}

const struct usb_family eutron_family = {
	.state_size	= sizeof(struct eutron),
	.reset		= eutron_reset,
	.control	= eutron_control,
};
