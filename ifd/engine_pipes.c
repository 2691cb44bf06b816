/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/log.h"
#include "base/secret.h"
#include "ifd/engine_state.h"

enum {
	INTERRUPT_ERRORS_MAX = 8,	/* in a row, then it is given up */
	BULK_UNIT = 1024,	/* a multiple of every wMaxPacketSize: no
				   packet of the device may overrun the end */
};

static void
deliver(struct engine *e, struct view data)
{
	const struct ifd_driver *d = e->driver;
	int slot = d->route != NULL ? d->route(&e->reader, data) : 0;

	e->held = false;
	if (slot < 0 || (size_t)slot >= engine_slots(e) ||
	    !exchange_wants_input(&e->exchanges[slot])) {
		log_at(LOG_LEVEL_INFO, NULL, "a message of %zu bytes that "
		    "nobody waits for was discarded", data.n);
	} else if (!exchange_takes_input(&e->exchanges[slot])) {
		e->held = true;
		e->held_data = data;
		return;
	} else {
		exchange_input(&e->exchanges[slot], data);
	}
	secret_wipe(e->in->buf, data.n);
}

/* Tells all who wait for a message that none can come. */
static void
fault_all(struct engine *e, enum err err)
{
	for (size_t i = 0; i < engine_slots(e); i++)
		if (exchange_wants_input(&e->exchanges[i]))
			exchange_fault(&e->exchanges[i], err);
}

static void
submit_clear_halt(struct usb_xfer *x)
{
	log_at(LOG_LEVEL_INFO, NULL, "endpoint %02x is halted: cleared", x->ep);
	x->kind = USB_CLEAR_HALT;
	x->n = 0;
	usb_submit(x);
}

static void
in_done(void *arg, enum err err, struct view data)
{
	struct engine *e = arg;

	if (e->in->kind == USB_CLEAR_HALT && err != ERR_GONE)
		fault_all(e, ERR_STALL);
	else if (err == ERR_OK)
		deliver(e, data);
	else if (err == ERR_STALL)
		submit_clear_halt(e->in);
	else if (err != ERR_CANCELLED && err != ERR_GONE)
		fault_all(e, err);
}

void
engine_keep_in(struct engine *e)
{
	bool wanted = false;

	if (e->in == NULL)
		return;
	if (e->held)
		deliver(e, e->held_data);
	for (size_t i = 0; i < engine_slots(e); i++)
		wanted = wanted || exchange_wants_input(&e->exchanges[i]);
	if (e->in->busy && !wanted && e->in->kind == USB_BULK)
		usb_cancel(e->in);
	if (e->in->busy || !wanted || e->held)
		return;
	e->in->kind = USB_BULK;
	e->in->n = e->reader.in_read != 0 ? e->reader.in_read : e->in->cap;
	usb_submit(e->in);
}

static void
interrupt_came(struct engine *e, struct view data)
{
	int slot = -1;

	e->interrupt_errors = 0;
	if (e->driver->interrupt != NULL && data.n != 0)
		slot = e->driver->interrupt(&e->reader, data);
	if (slot >= 0 && (size_t)slot < engine_slots(e))
		exchange_input(&e->exchanges[slot], data);
}

static void
interrupt_done(void *arg, enum err err, struct view data)
{
	struct engine *e = arg;
	struct usb_xfer *x = e->interrupt;

	if (err == ERR_GONE || err == ERR_CANCELLED)
		return;
	e->doubt = e->doubt || err == ERR_IO;
	if (err == ERR_OK && x->kind == USB_INTERRUPT)
		interrupt_came(e, data);
	else if (err != ERR_OK &&
	    ++e->interrupt_errors > INTERRUPT_ERRORS_MAX) {
		e->reader.info.polls = true;
		log_at(LOG_LEVEL_WARN, NULL, "the interrupt pipe is given up: "
		    "%s", err_text(err));
		return;
	}
	if (err == ERR_STALL && x->kind == USB_INTERRUPT) {
		submit_clear_halt(x);
		return;
	}
	x->kind = USB_INTERRUPT;
	x->n = x->cap;
	usb_submit(x);
}

static size_t
round_up(size_t n)
{
	return (n + BULK_UNIT - 1) / BULK_UNIT * BULK_UNIT;
}

enum err
engine_open_pipes(struct engine *e)
{
	const struct ifd_reader *r = &e->reader;

	if (r->bulk_in != 0) {
		e->in = usb_xfer_new(e->usb, round_up(r->in_cap), in_done, e);
		if (e->in == NULL)
			return ERR_MEMORY;
		e->in->ep = r->bulk_in;
	}
	if (r->interrupt == 0)
		return ERR_OK;
	e->interrupt = usb_xfer_new(e->usb, r->interrupt_cap, interrupt_done,
	    e);
	if (e->interrupt == NULL)
		return ERR_MEMORY;
	e->interrupt->ep = r->interrupt;
	e->interrupt->kind = USB_INTERRUPT;
	e->interrupt->n = r->interrupt_cap;
	usb_submit(e->interrupt);
	return ERR_OK;
}
