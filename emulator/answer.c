/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/answer.h"

#include <string.h>

enum { BABBLE = 1024 };

void
answer_drop(struct answer *a)
{
	explicit_bzero(a->bytes, a->n);
	a->n = 0;
	a->waits = false;
}

void
answer_reset(struct answer *a)
{
	answer_drop(a);
	a->dead = false;
}

static void
wait_until(struct answer *a, uint64_t due_ms)
{
	a->waits = true;
	a->due_ms = due_ms;
}

static void
push(struct usb_device *d, const struct answer *a, size_t n)
{
	usb_push(d, a->ep, (struct view){ a->bytes, n }, n != 0);
}

static void
push_babble(struct usb_device *d, const struct answer *a)
{
	static const uint8_t noise[BABBLE] = { 0xbb };

	push(d, a, a->n);
	usb_push(d, a->ep, (struct view){ noise, sizeof(noise) }, true);
}

/* False: the answer is kept for later. */
static bool
misbehave(struct usb_device *d, struct answer *a, struct fault f)
{
	switch (f.kind) {
	case FAULT_STALL:
		usb_endpoint(d, a->ep)->halted = true;
		push(d, a, a->n);
		break;
	case FAULT_SHORT:
		push(d, a, a->n - (f.value < a->n ? f.value : a->n));
		break;
	case FAULT_EMPTY:
		push(d, a, 0);
		push(d, a, a->n);
		break;
	case FAULT_TWICE:
		push(d, a, a->n);
		push(d, a, a->n);
		break;
	case FAULT_TYPE:
		a->bytes[0] = (uint8_t)f.value;
		push(d, a, a->n);
		break;
	case FAULT_BABBLE:
		push_babble(d, a);
		break;
	case FAULT_LATE:
		wait_until(a, d->now_ms + f.value);
		return false;
	case FAULT_HANG:
		a->dead = true;
		break;
	case FAULT_LOST:
		break;
	case FAULT_UNPLUG:
		d->leaving = true;
		break;
	default:
		push(d, a, a->n);
		break;
	}
	return true;
}

static void
emit(struct usb_device *d, struct answer *a)
{
	struct fault f = { FAULT_NONE, 0 };

	if (!a->planned)
		f = fault_next(&d->fault, FAULT_ON_ANSWER);
	a->planned = true;
	a->waits = false;
	if (a->dead || misbehave(d, a, f))
		answer_drop(a);
}

void
answer_send(struct usb_device *d, struct answer *a, uint8_t ep, struct view v,
    uint32_t delay_ms)
{
	struct wr w = { a->bytes, sizeof(a->bytes), 0, false };

	answer_drop(a);
	wr_view(&w, v);
	a->ep = ep;
	a->n = w.n;
	a->planned = false;
	if (delay_ms == 0)
		emit(d, a);
	else
		wait_until(a, d->now_ms + delay_ms);
}

uint64_t
answer_deadline(const struct usb_device *d)
{
	const struct answer *a = d->state;

	return a->waits ? a->due_ms : USB_NEVER;
}

void
answer_tick(struct usb_device *d)
{
	struct answer *a = d->state;

	if (a->waits && a->due_ms <= d->now_ms)
		emit(d, a);
}
