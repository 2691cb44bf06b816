/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/exchange.h"

#include "base/secret.h"
#include "protocols/ccid_msg.h"

static usb_done out_done, control_done;
static void	carry_out(struct exchange *, struct step);

enum err
exchange_open(struct exchange *x, struct usb *usb,
    const struct ifd_driver *driver, struct ifd_slot *slot)
{
	const struct ifd_reader *r = slot->reader;

	*x = (struct exchange){ .driver = driver, .slot = slot,
		.deadline_ms = UINT64_MAX };
	x->control = usb_xfer_new(usb, USB_SETUP_SIZE + r->control_cap,
	    control_done, x);
	if (x->control == NULL)
		return ERR_MEMORY;
	if (r->bulk_out == 0)
		return ERR_OK;
	x->out = usb_xfer_new(usb, r->out_cap, out_done, x);
	return x->out != NULL ? ERR_OK : ERR_MEMORY;
}

static bool
out_busy(const struct exchange *x)
{
	return x->out != NULL && x->out->busy;
}

bool
exchange_is_idle(const struct exchange *x)
{
	return x->state == EXCHANGE_IDLE && !out_busy(x) && !x->control->busy;
}

bool
exchange_is_running(const struct exchange *x)
{
	return x->state != EXCHANGE_IDLE;
}

bool
exchange_wants_input(const struct exchange *x)
{
	return x->state == EXCHANGE_ANSWER && x->slot->reader->bulk_in != 0;
}

bool
exchange_takes_input(const struct exchange *x)
{
	return x->state == EXCHANGE_ANSWER && !out_busy(x);
}

/* The one way out. What is still in flight is called back; idle comes then. */
static void
finish(struct exchange *x, enum err e, struct view data)
{
	x->state = EXCHANGE_IDLE;
	x->deadline_ms = UINT64_MAX;
	x->expired = false;
	if (!exchange_is_idle(x))
		x->deadline_ms = *x->now_ms + EXCHANGE_CANCEL_MS;
	if (out_busy(x))
		usb_cancel(x->out);
	if (x->control->busy)
		usb_cancel(x->control);
	x->ended(x->arg, x->slot, e, data);
	if (x->driver->ended != NULL)
		x->driver->ended(x->slot);
}

static bool
send_out(struct exchange *x, struct view out)
{
	if (x->out == NULL || x->out->busy || out.n > x->out->cap)
		return false;
	memcpy(x->out->buf, out.p, out.n);
	x->out->n = out.n;
	x->out->kind = USB_BULK;
	x->out->ep = x->slot->reader->bulk_out;
	x->state = EXCHANGE_ANSWER;
	usb_submit(x->out);
	return true;
}

static bool
send_control(struct exchange *x, struct view out)
{
	struct rd r = { .in = out };
	struct usb_setup s;
	size_t n;

	usb_setup_read(&r, &s);
	n = (s.type & USB_DIR_IN) != 0 ? s.length : r.in.n;
	if (r.bad || r.in.n > s.length || x->control->busy ||
	    n > x->control->cap - USB_SETUP_SIZE)
		return false;
	memcpy(x->control->buf, out.p, out.n);
	x->control->n = USB_SETUP_SIZE + n;
	x->control->kind = USB_CONTROL;
	x->control->ep = 0;
	usb_submit(x->control);
	return true;
}

/* CCID 1.1 §5.3.1: the class request names slot and sequence of the message
   that goes with it. How it ends does not matter: the message decides. */
static bool
send_abort(struct exchange *x, struct view out)
{
	uint8_t setup[USB_SETUP_SIZE];
	struct wr w = { .p = setup, .cap = sizeof(setup) };
	struct usb_setup s;

	if (out.n != CCID_HEADER)
		return false;
	s = ccid_abort_request(x->slot->reader->interface.number, out.p[5],
	    out.p[6]);
	usb_setup_write(&w, &s);
	if (!x->control->busy && !send_control(x, wr_done(&w)))
		return false;
	return send_out(x, out);
}

static void
carry_out(struct exchange *x, struct step s)
{
	bool sent = true;

	if (s.kind == STEP_DONE || s.kind == STEP_FAIL) {
		finish(x, s.kind == STEP_DONE ? ERR_OK : s.err, s.out);
		return;
	}
	if (++x->steps > EXCHANGE_STEPS_MAX) {
		finish(x, ERR_READER, (struct view){ NULL, 0 });
		return;
	}
	x->deadline_ms = *x->now_ms + s.wait_ms;
	x->expired = false;
	if (s.kind == STEP_SEND) {
		sent = send_out(x, s.out);
	} else if (s.kind == STEP_ABORT) {
		sent = send_abort(x, s.out);
	} else if (s.kind == STEP_CONTROL) {
		x->state = EXCHANGE_CONTROL;
		sent = send_control(x, s.out);
	} else {
		x->state = s.kind == STEP_PAUSE ? EXCHANGE_PAUSE :
		    EXCHANGE_ANSWER;
	}
	if (!sent)
		finish(x, ERR_TOO_LONG, (struct view){ NULL, 0 });
}

void
exchange_start(struct exchange *x, const struct ifd_request *r)
{
	x->steps = 0;
	x->cancel = false;
	x->slot->why[0] = '\0';
	carry_out(x, x->driver->start(x->slot, r));
}

void
exchange_input(struct exchange *x, struct view in)
{
	if (x->state != EXCHANGE_ANSWER || x->expired)
		return;
	carry_out(x, x->driver->input(x->slot, in));
}

static void
timeout(struct exchange *x)
{
	x->expired = false;
	carry_out(x, x->driver->timeout(x->slot));
}

static void
fault(struct exchange *x, enum err e)
{
	if (x->driver->failed != NULL)
		carry_out(x, x->driver->failed(x->slot, e));
	else
		finish(x, e, (struct view){ NULL, 0 });
}

void
exchange_fault(struct exchange *x, enum err e)
{
	if (x->state != EXCHANGE_ANSWER)
		return;
	fault(x, e);
}

/* A driver is asked to cancel between its steps only. */
static void
cancel_if_wanted(struct exchange *x)
{
	if (!x->cancel || x->expired || out_busy(x) || x->control->busy ||
	    (x->state != EXCHANGE_ANSWER && x->state != EXCHANGE_PAUSE))
		return;
	x->cancel = false;
	carry_out(x, x->driver->cancel(x->slot));
}

void
exchange_cancel(struct exchange *x)
{
	x->cancel = x->state != EXCHANGE_IDLE && x->driver->cancel != NULL;
	cancel_if_wanted(x);
}

void
exchange_abandon(struct exchange *x, enum err e)
{
	if (x->state != EXCHANGE_IDLE)
		finish(x, e, (struct view){ NULL, 0 });
}

static void
clear_halt(struct exchange *x)
{
	x->state = EXCHANGE_HALT;
	x->deadline_ms = *x->now_ms + EXCHANGE_HALT_MS;
	x->out->kind = USB_CLEAR_HALT;
	x->out->n = 0;
	usb_submit(x->out);
}

static void
out_done(void *arg, enum err e, struct view data)
{
	struct exchange *x = arg;

	(void)data;
	secret_wipe(x->out->buf, x->out->n);
	if (e == ERR_GONE)
		return;		/* the engine sees it too, and ends all */
	if (x->state == EXCHANGE_HALT)
		fault(x, ERR_STALL);
	else if (x->state != EXCHANGE_ANSWER)
		return;
	else if (x->expired)
		timeout(x);
	else if (e == ERR_STALL)
		clear_halt(x);
	else if (e != ERR_OK)
		fault(x, e);
	cancel_if_wanted(x);
}

static void
control_answered(struct exchange *x, enum err e, struct view data)
{
	if (e == ERR_OK)
		carry_out(x, x->driver->input(x->slot, data));
	else if (x->expired)
		timeout(x);
	else
		fault(x, e);
}

static void
control_done(void *arg, enum err e, struct view data)
{
	struct exchange *x = arg;
	size_t n = x->control->n;

	if (x->state == EXCHANGE_CONTROL && e != ERR_GONE)
		control_answered(x, e, data);
	cancel_if_wanted(x);
	if (!x->control->busy)
		secret_wipe(x->control->buf, n);
}

/* The transfer that the deadline was for, if it is still in flight. */
static struct usb_xfer *
overdue(const struct exchange *x)
{
	if (x->state == EXCHANGE_CONTROL)
		return x->control;
	return out_busy(x) ? x->out : NULL;
}

void
exchange_tick(struct exchange *x)
{
	struct usb_xfer *late = overdue(x);

	if (*x->now_ms < x->deadline_ms)
		return;
	x->deadline_ms = UINT64_MAX;
	if (x->state == EXCHANGE_IDLE || x->expired) {
		x->stuck = !exchange_is_idle(x);
		return;
	}
	if (late == NULL) {
		timeout(x);
		return;
	}
	x->expired = true;	/* the driver hears of it when it is back */
	x->deadline_ms = *x->now_ms + EXCHANGE_CANCEL_MS;
	usb_cancel(late);
}
