/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/usb_control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/usb_standard.h"

enum { REQUEST_TYPE = 0x60 };	/* of bmRequestType: 0 is standard */

static bool
is_standard(const struct usb_setup *s)
{
	return (s->type & REQUEST_TYPE) == 0;
}

static int
end(struct usb_device *d, int status, const struct wr *in)
{
	usb_count_transfer(d);
	d->control_transfers++;
	d->control_bytes += in->n + d->held.out_n;
	d->held.busy = false;
	return status;
}

/* The device has answered; its host will not know for a while, or ever. */
static int
keep(struct usb_device *d, int status, struct wr *in)
{
	struct usb_held *h = &d->held;

	h->answer = malloc(in->n + 1);
	if (h->answer == NULL)
		return end(d, -ENOMEM, in);
	if (in->n != 0)
		memcpy(h->answer, in->p, in->n);
	h->answer_n = in->n;
	h->status = status;
	h->due_ms = h->fault.kind == FAULT_LATE ?
	    d->now_ms + h->fault.value : USB_NEVER;
	in->n = 0;
	return USB_PENDING;
}

static int
class_request(struct usb_device *d, struct view out, struct wr *in)
{
	const struct usb_family *f = d->model->family;

	return f->control == NULL ? -EPIPE :
	    f->control(d, &d->held.setup, out, in);
}

/* Lets the device answer, which may take more than one attempt. */
static int
run(struct usb_device *d, struct view out, struct wr *in)
{
	struct usb_held *h = &d->held;
	int status = is_standard(&h->setup) ?
	    usb_standard_request(d, &h->setup, in) :
	    class_request(d, out, in);

	if (status == USB_PENDING)
		return status;
	if (status < 0)
		in->n = 0;
	if (in->n > h->setup.length)
		in->n = h->setup.length;
	if (h->fault.kind == FAULT_SHORT)
		in->n -= h->fault.value < in->n ? h->fault.value : in->n;
	if (h->fault.kind == FAULT_LATE || h->fault.kind == FAULT_LOST)
		return keep(d, status, in);
	return end(d, status, in);
}

/* The faults of which the device's own part knows nothing. */
static int
begin(struct usb_device *d, struct view out, struct wr *in)
{
	switch (d->held.fault.kind) {
	case FAULT_STALL:
		return end(d, -EPIPE, in);
	case FAULT_BABBLE:
		return end(d, -EOVERFLOW, in);
	case FAULT_EMPTY:
		return end(d, 0, in);
	case FAULT_UNPLUG:
		d->leaving = true;
		return end(d, -EPIPE, in);
	case FAULT_HANG:
		d->hung = true;
		break;
	default:
		break;
	}
	return d->hung ? USB_PENDING : run(d, out, in);
}

int
usb_control(struct usb_device *d, const uint8_t setup[8], struct view out,
    struct wr *in, uint64_t now_ms)
{
	struct usb_held *h = &d->held;
	struct rd r = { .in = { setup, 8 } };

	d->now_ms = now_ms;
	usb_control_drop(d);
	h->setup.type = rd_u8(&r);
	h->setup.request = rd_u8(&r);
	h->setup.value = rd_le16(&r);
	h->setup.index = rd_le16(&r);
	h->setup.length = rd_le16(&r);
	h->busy = true;
	h->out_n = out.n;
	if (!is_standard(&h->setup))
		h->fault = fault_next(&d->fault, FAULT_ON_CONTROL);
	return begin(d, out, in);
}

int
usb_control_more(struct usb_device *d, struct wr *in)
{
	struct usb_held *h = &d->held;

	if (!h->busy || d->hung)
		return USB_PENDING;
	if (h->answer == NULL)
		return run(d, (struct view){ NULL, 0 }, in);
	if (d->now_ms < h->due_ms)
		return USB_PENDING;
	wr_view(in, (struct view){ h->answer, h->answer_n });
	return end(d, h->status, in);
}

void
usb_control_drop(struct usb_device *d)
{
	struct usb_held *h = &d->held;

	if (h->answer != NULL)
		explicit_bzero(h->answer, h->answer_n);
	free(h->answer);
	*h = (struct usb_held){ .busy = false };
}

uint64_t
usb_control_deadline(const struct usb_device *d)
{
	const struct usb_held *h = &d->held;

	return h->busy && h->answer != NULL ? h->due_ms : USB_NEVER;
}
