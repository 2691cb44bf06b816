/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/token_t0.h"

#include <errno.h>
#include <string.h>

#include "emulator/card_t0.h"
#include "emulator/rutoken.h"

enum {	/* status byte */
	STATUS_READY = 0x00,
	STATUS_DATA = 0x10,
	STATUS_SW = 0x20,
	STATUS_BUSY = 0x40,
	STATUS_MUTE = 0x80,
};

enum { HEADER = CARD_T0_HEADER, P3 = 4, SW_SIZE = 2, BUSY_POLLS = 2 };

enum phase {
	PHASE_OFF,		/* until the first reset */
	PHASE_ATR,
	PHASE_READY,
	PHASE_COMMAND_DATA,
	PHASE_RESPONSE_DATA,
	PHASE_SW,
	PHASE_MUTE,
};

struct token_t0 {
	enum phase phase;
	struct card_t0 t0;
	uint8_t header[HEADER];
	uint8_t rsp[CARD_T0_OUT_MAX];	/* data, then SW1 SW2 */
	size_t n, at;
	struct rutoken rutoken;
	uint8_t count;		/* of the busy status */
	unsigned busy_polls;	/* still to come */
	uint64_t due_ms;
};

static const struct token_t0_traits *
traits(const struct usb_device *d)
{
	return d->model->traits;
}

static void
forget(struct token_t0 *s)
{
	explicit_bzero(s->rsp, sizeof(s->rsp));
	s->n = s->at = 0;
	memset(&s->rutoken, 0, sizeof(s->rutoken));
	card_t0_reset(&s->t0);
}

static void
token_reset(struct usb_device *d)
{
	struct token_t0 *s = d->state;

	forget(s);
	s->phase = PHASE_OFF;
	s->busy_polls = 0;
	s->due_ms = 0;
}

static bool
is_busy(const struct usb_device *d)
{
	const struct token_t0 *s = d->state;

	return s->busy_polls != 0 || d->now_ms < s->due_ms;
}

static int
reset_card(struct usb_device *d)
{
	struct token_t0 *s = d->state;
	bool there = d->slot[0].in && !d->slot[0].card->mute;

	forget(s);
	if (there)
		card_reset(d->slot[0].card);
	s->phase = there ? PHASE_ATR : PHASE_MUTE;
	s->due_ms = d->now_ms + traits(d)->reset_ms;
	s->busy_polls = 0;
	return 0;
}

static int
give_atr(struct usb_device *d, size_t length, struct wr *in)
{
	struct token_t0 *s = d->state;
	const struct card *c = d->slot[0].card;

	if (s->phase != PHASE_ATR || is_busy(d) || length > traits(d)->atr_room)
		return -EPIPE;
	wr_view(in, (struct view){ c->atr, c->atr_len });
	s->phase = PHASE_READY;
	return 0;
}

static uint8_t
phase_status(const struct usb_device *d)
{
	const struct token_t0 *s = d->state;

	switch (s->phase) {
	case PHASE_OFF:
	case PHASE_READY:
		break;
	case PHASE_ATR:
		return traits(d)->atr_is_data ? STATUS_DATA : STATUS_READY;
	case PHASE_COMMAND_DATA:
	case PHASE_RESPONSE_DATA:
		return STATUS_DATA;
	case PHASE_SW:
		return STATUS_SW;
	case PHASE_MUTE:
		return STATUS_MUTE;
	}
	return STATUS_READY;
}

static int
give_status(struct usb_device *d, size_t length, struct wr *in)
{
	struct token_t0 *s = d->state;
	uint8_t status = phase_status(d);

	if (length != 1)
		return -EPIPE;
	if (is_busy(d)) {
		status = STATUS_BUSY;
		if (traits(d)->counts)
			status |= ++s->count & 0x0f;
		if (s->busy_polls != 0)
			s->busy_polls--;
	}
	wr_u8(in, status);
	return 0;
}

/* What the card sent after a header or data: its procedure byte, data, SW. */
static void
take_answer(struct usb_device *d, struct view v, uint64_t before)
{
	struct token_t0 *s = d->state;
	const struct card *c = d->slot[0].card;
	bool data = v.n != 0 && v.p[0] == s->header[1];
	struct wr w = { s->rsp, sizeof(s->rsp), 0, false };

	s->busy_polls = BUSY_POLLS;
	s->due_ms = d->now_ms + (c->executed != before ? c->busy_ms : 0);
	wr_view(&w, data ? view_skip(v, 1) : v);
	s->n = w.n;
	s->at = 0;
	if (s->n == 0)
		s->phase = PHASE_COMMAND_DATA;
	else
		s->phase = s->n > SW_SIZE ? PHASE_RESPONSE_DATA : PHASE_SW;
}

/* Runs bytes on the card's line, in the token's words if it has any. */
static void
say(struct usb_device *d, struct view bytes)
{
	uint8_t buf[CARD_T0_OUT_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };
	struct token_t0 *s = d->state;
	struct card *c = d->slot[0].card;
	uint64_t before = c->executed;

	if (traits(d)->dialect)
		rutoken_say(&s->rutoken, &s->t0, c, s->header, bytes, &w);
	else
		card_t0_bytes(&s->t0, c, bytes, &w);
	take_answer(d, wr_done(&w), before);
	explicit_bzero(buf, sizeof(buf));
}

static int
take_header(struct usb_device *d, struct view v)
{
	struct token_t0 *s = d->state;

	if (v.n != HEADER || s->phase != PHASE_READY || is_busy(d))
		return -EPIPE;
	memcpy(s->header, v.p, HEADER);
	if (fault_next(&d->fault, FAULT_ON_BLOCK).kind == FAULT_CARD_MUTE)
		s->phase = PHASE_MUTE;
	else
		say(d, v);
	return 0;
}

static int
take_data(struct usb_device *d, struct view v)
{
	struct token_t0 *s = d->state;

	if (s->phase != PHASE_COMMAND_DATA || is_busy(d) ||
	    v.n != s->header[P3])
		return -EPIPE;
	say(d, v);
	return 0;
}

static int
give(struct usb_device *d, size_t length, struct wr *in)
{
	struct token_t0 *s = d->state;
	size_t left = s->n - s->at - (s->phase == PHASE_SW ? 0 : SW_SIZE);
	struct view v = { s->rsp + s->at, left < length ? left : length };

	if ((s->phase != PHASE_RESPONSE_DATA && s->phase != PHASE_SW) ||
	    is_busy(d) || (s->phase == PHASE_SW && length > SW_SIZE))
		return -EPIPE;
	wr_view(in, v);
	s->at += v.n;
	if (s->at == s->n) {
		explicit_bzero(s->rsp, s->n);
		s->n = s->at = 0;
		s->phase = PHASE_READY;
	} else if (s->n - s->at == SW_SIZE) {
		s->phase = PHASE_SW;
	}
	return 0;
}

/* With one request for both, the phase tells a header from data. */
static int
take(struct usb_device *d, uint8_t request, struct view out)
{
	const struct token_t0_traits *t = traits(d);
	const struct token_t0 *s = d->state;

	if (request == t->reset)
		return reset_card(d);
	if (request == t->write && s->phase == PHASE_COMMAND_DATA)
		return take_data(d, out);
	return request == t->header ? take_header(d, out) : -EPIPE;
}

static int
token_control(struct usb_device *d, const struct usb_setup *q, struct view out,
    struct wr *in)
{
	const struct token_t0_traits *t = traits(d);

	if (d->configuration == 0 || q->value != 0 || q->index != 0)
		return -EPIPE;
	if (q->type == t->out_type)
		return take(d, q->request, out);
	if (q->type != t->in_type)
		return -EPIPE;
	if (q->request == t->status)
		return give_status(d, q->length, in);
	if (q->request == t->atr)
		return give_atr(d, q->length, in);
	return q->request == t->read ? give(d, q->length, in) : -EPIPE;
}

const struct usb_family token_t0_family = {
	.state_size	= sizeof(struct token_t0),
	.reset		= token_reset,
	.control	= token_control,
};
