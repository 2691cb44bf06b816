/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "emulator/ccid_state.h"

/* Answers on their way out, in their time, and what the fault plan does to
   them. */

enum {
	AT_LENGTH = 1,
	AT_SLOT = 5,
	AT_SEQ = 6,
	BABBLE = 1024,		/* bytes too many */
};

static void
push(struct usb_device *d, struct view v)
{
	usb_push(d, ccid_traits(d)->ep_in, v, false);
}

/* Holds the answer back; ccid_tick sends it. */
static void
park(struct usb_device *d, unsigned slot, struct view v, uint64_t due_ms)
{
	struct ccid_slot *s = ccid_slot(d, slot);

	if (v.p != s->answer)
		memcpy(s->answer, v.p, v.n);
	s->answer_n = v.n;
	s->seq = v.p[AT_SEQ];
	s->busy = true;
	s->due_ms = due_ms;
	s->wtx_ms = s->wtx_left = 0;
	s->wtx_due_ms = USB_NEVER;
}

static void
extend_time(struct usb_device *d, unsigned slot, uint32_t period_ms,
    uint32_t count)
{
	struct ccid_slot *s = ccid_slot(d, slot);

	s->wtx_ms = period_ms;
	s->wtx_left = count;
	s->wtx_due_ms = period_ms == 0 ? USB_NEVER : d->now_ms + period_ms;
}

/* Faults that change the bytes; the copy is spoiled, not the answer. */
static void
push_spoiled(struct usb_device *d, struct fault f, struct view v)
{
	uint8_t buf[CCID_MESSAGE_MAX + BABBLE];
	struct wr w = { buf, sizeof(buf), 0, false };

	memset(buf, 0, CCID_HEADER);
	wr_view(&w, v);
	switch (f.kind) {
	case FAULT_SHORT:
		w.n -= f.value < w.n ? f.value : w.n;
		break;
	case FAULT_SEQ:
		buf[AT_SEQ] = (uint8_t)(buf[AT_SEQ] + f.value);
		break;
	case FAULT_SLOT:
		buf[AT_SLOT] = (uint8_t)(buf[AT_SLOT] + f.value);
		break;
	case FAULT_LENGTH:
		for (size_t i = 0; i < 4; i++)
			buf[AT_LENGTH + i] =
			    (uint8_t)((v.n - CCID_HEADER + f.value) >> 8 * i);
		break;
	case FAULT_TYPE:
		buf[0] = (uint8_t)f.value;
		break;
	case FAULT_BABBLE:
		wr_fill(&w, 0xbb, BABBLE);
		break;
	default:
		break;
	}
	push(d, wr_done(&w));
	explicit_bzero(buf, w.n);
}

static void
misbehave(struct usb_device *d, struct fault f, unsigned slot, struct view v)
{
	struct usb_endpoint *in = usb_endpoint(d, ccid_traits(d)->ep_in);

	switch (f.kind) {
	case FAULT_STALL:
		in->halted = true;
		push(d, v);
		return;
	case FAULT_EMPTY:
		push(d, (struct view){ NULL, 0 });
		push(d, v);
		return;
	case FAULT_TWICE:
		push(d, v);
		push(d, v);
		return;
	case FAULT_LATE:
		park(d, slot, v, d->now_ms + f.value);
		return;
	case FAULT_WTX:
		park(d, slot, v, f.value == 0 ? USB_NEVER :
		    d->now_ms + (uint64_t)WTX_PERIOD_MS * f.value + 1);
		extend_time(d, slot, WTX_PERIOD_MS, f.value);
		return;
	case FAULT_HANG:
		((struct ccid *)d->state)->dead = true;
		return;
	case FAULT_LOST:
		return;
	case FAULT_UNPLUG:
		d->leaving = true;
		return;
	default:
		push_spoiled(d, f, v);
	}
}

/* Every answer to a command passes here once. */
static void
emit(struct usb_device *d, unsigned slot, bool xfr, struct view v)
{
	struct ccid_slot *s = ccid_slot(d, slot);
	struct fault f = fault_next(&d->fault, FAULT_ON_ANSWER);
	struct fault x = { FAULT_NONE, 0 };

	if (xfr)
		x = fault_next(&d->fault, FAULT_ON_XFR);
	if (f.kind == FAULT_NONE)
		f = x;
	s->busy = false;
	s->faulted = true;
	if (((struct ccid *)d->state)->dead)
		return;
	if (f.kind == FAULT_NONE)
		push(d, v);
	else
		misbehave(d, f, slot, v);
}

uint8_t
ccid_icc_status(const struct usb_device *d, unsigned slot)
{
	if (slot >= d->model->slots || !d->slot[slot].in)
		return ICC_ABSENT;
	return ccid_slot(d, slot)->powered ? ICC_ACTIVE : ICC_INACTIVE;
}

void
ccid_put_header(struct wr *w, uint8_t type, size_t length,
    const struct ccid_msg *m, uint8_t status, uint8_t error, uint8_t last)
{
	wr_u8(w, type);
	wr_le32(w, (uint32_t)length);
	wr_u8(w, m->slot);
	wr_u8(w, m->seq);
	wr_u8(w, status);
	wr_u8(w, error);
	wr_u8(w, last);
}

void
ccid_answer(struct usb_device *d, uint8_t type, const struct ccid_msg *m,
    struct view data, uint8_t last)
{
	uint8_t buf[CCID_HEADER + CARD_ATR_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };

	ccid_put_header(&w, type, data.n, m, ccid_icc_status(d, m->slot), 0,
	    last);
	wr_view(&w, data);
	emit(d, m->slot, false, wr_done(&w));
}

void
ccid_refuse_aside(struct usb_device *d, const struct ccid_msg *m, uint8_t error)
{
	uint8_t buf[CCID_HEADER];
	struct wr w = { buf, sizeof(buf), 0, false };

	ccid_put_header(&w, ccid_answer_type(m->type), 0, m,
	    CMD_FAILED | ccid_icc_status(d, m->slot), error, 0);
	if (!((struct ccid *)d->state)->dead)
		push(d, wr_done(&w));
}

void
ccid_refuse(struct usb_device *d, uint8_t type, const struct ccid_msg *m,
    uint8_t error)
{
	uint8_t buf[CCID_HEADER];
	struct wr w = { buf, sizeof(buf), 0, false };

	ccid_put_header(&w, type, 0, m,
	    CMD_FAILED | ccid_icc_status(d, m->slot), error, 0);
	emit(d, m->slot, type == RDR_DATA_BLOCK && m->type == PC_XFR_BLOCK,
	    wr_done(&w));
}

void
ccid_answer_later(struct usb_device *d, const struct ccid_msg *m,
    struct view data, uint8_t chain, uint32_t delay_ms)
{
	struct ccid_slot *s = ccid_slot(d, m->slot);
	struct wr w = { s->answer, sizeof(s->answer), 0, false };

	ccid_put_header(&w, RDR_DATA_BLOCK, data.n, m, ICC_ACTIVE, 0, chain);
	wr_view(&w, data);
	if (delay_ms == 0) {
		emit(d, m->slot, true, wr_done(&w));
		return;
	}
	park(d, m->slot, wr_done(&w), d->now_ms + delay_ms);
	s->faulted = false;
	extend_time(d, m->slot, d->wtx_ms, 0);
}

uint64_t
ccid_deadline(const struct usb_device *d)
{
	uint64_t first = USB_NEVER;

	for (unsigned i = 0; i < d->model->slots; i++) {
		const struct ccid_slot *s = ccid_slot(d, i);

		if (s->busy && s->due_ms < first)
			first = s->due_ms;
		if (s->busy && s->wtx_due_ms < first)
			first = s->wtx_due_ms;
	}
	return first;
}

/* bStatus "time extension": bError is a multiplier of BWT or WWT. */
static void
time_extension(struct usb_device *d, unsigned slot)
{
	struct ccid_slot *s = ccid_slot(d, slot);
	uint8_t buf[CCID_HEADER];
	struct wr w = { buf, sizeof(buf), 0, false };
	struct ccid_msg m = { .slot = (uint8_t)slot, .seq = s->seq };

	ccid_put_header(&w, s->answer[0], 0, &m, CMD_TIME_EXTENSION, 1, 0);
	push(d, wr_done(&w));
	s->wtx_due_ms = d->now_ms + s->wtx_ms;
	if (s->wtx_left != 0 && --s->wtx_left == 0)
		s->wtx_due_ms = USB_NEVER;
}

static void
finish(struct usb_device *d, unsigned slot)
{
	struct ccid_slot *s = ccid_slot(d, slot);
	struct view v = { s->answer, s->answer_n };

	s->busy = false;
	if (s->faulted)
		push(d, v);
	else
		emit(d, slot, true, v);
	if (!s->busy)
		explicit_bzero(s->answer, s->answer_n);
}

void
ccid_tick(struct usb_device *d)
{
	for (unsigned i = 0; i < d->model->slots; i++) {
		struct ccid_slot *s = ccid_slot(d, i);

		if (s->busy && s->wtx_due_ms <= d->now_ms &&
		    s->wtx_due_ms < s->due_ms)
			time_extension(d, i);
		else if (s->busy && s->due_ms <= d->now_ms)
			finish(d, i);
	}
}
