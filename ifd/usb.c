/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/usb.h"

#include "base/clock.h"
#include "base/secret.h"

enum err
usb_claim(struct usb *usb, uint8_t interface)
{
	return usb->ops->claim(usb, interface);
}

struct usb_xfer *
usb_xfer_new(struct usb *usb, size_t cap, usb_done *done, void *arg)
{
	struct usb_xfer *x = usb->ops->xfer_new(usb, cap);

	if (x == NULL)
		return NULL;
	x->usb = usb;
	x->cap = cap;
	x->done = done;
	x->arg = arg;
	x->next = usb->xfers;
	usb->xfers = x;
	return x;
}

void
usb_xfer_free(struct usb_xfer **at)
{
	struct usb_xfer *x = *at, **p;

	*at = NULL;
	if (x == NULL)
		return;
	for (p = &x->usb->xfers; *p != x; p = &(*p)->next)
		;
	*p = x->next;
	secret_wipe(x->buf, x->cap);
	x->usb->ops->xfer_free(x);
}

void
usb_submit(struct usb_xfer *x)
{
	struct usb *usb = x->usb;

	x->busy = true;
	x->result = usb->gone ? ERR_GONE : ERR_TOO_LONG;
	x->deferred = usb->gone || x->n > x->cap || !usb->ops->submit(x);
	if (!x->deferred)
		usb->in_flight++;
}

void
usb_cancel(struct usb_xfer *x)
{
	if (x->busy && !x->deferred)
		x->usb->ops->cancel(x);
}

void
usb_flush(struct usb *usb)
{
	if (usb->ops->flush != NULL)
		usb->ops->flush(usb);
}

size_t
usb_pollfds(struct usb *usb, struct pollfd *fds, size_t cap)
{
	return usb->ops->pollfds(usb, fds, cap);
}

static struct usb_xfer *
next_deferred(const struct usb *usb)
{
	struct usb_xfer *x;

	for (x = usb->xfers; x != NULL; x = x->next)
		if (x->busy && x->deferred)
			return x;
	return NULL;
}

int
usb_poll_ms(const struct usb *usb)
{
	return next_deferred(usb) != NULL ? 0 : -1;
}

/*
 * A transfer that is over at once each time its callback submits it again must
 * not hold the loop: no more rounds than there are transfers.
 */
static void
end_deferred(struct usb *usb)
{
	struct usb_xfer *x;
	size_t rounds = 0;

	for (x = usb->xfers; x != NULL; x = x->next)
		rounds++;
	while (rounds-- > 0 && (x = next_deferred(usb)) != NULL) {
		x->busy = false;
		x->done(x->arg, x->result, (struct view){ NULL, 0 });
	}
}

void
usb_dispatch(struct usb *usb, bool ready)
{
	end_deferred(usb);
	if (ready)
		usb->ops->dispatch(usb);
}

void
usb_ended(struct usb_xfer *x, enum err e, size_t n)
{
	size_t skip = x->kind == USB_CONTROL ? USB_SETUP_SIZE : 0;
	struct view data = { NULL, 0 };

	x->usb->in_flight--;
	x->busy = false;
	if (e == ERR_OK && usb_is_in(x))
		data = (struct view){ x->buf + skip, n };
	x->done(x->arg, e, data);
}

void
usb_end_soon(struct usb_xfer *x, enum err e)
{
	x->deferred = true;
	x->result = e;
	x->usb->in_flight--;
}

void
usb_lost(struct usb *usb)
{
	struct usb_xfer *x;

	usb->gone = true;
	for (x = usb->xfers; x != NULL; x = x->next)
		if (x->busy && !x->deferred)
			usb_end_soon(x, ERR_GONE);
}

static void
ignore(void *arg, enum err e, struct view data)
{
	(void)arg;
	(void)e;
	(void)data;
}

/* Runs the device alone until nothing is in flight. */
static void
drain(struct usb *usb, uint32_t limit_ms)
{
	struct pollfd fds[USB_POLLFDS_MAX];
	uint64_t now = clock_now_ms(), end = now + limit_ms;

	while (usb->in_flight != 0 && now < end) {
		size_t n;

		usb_flush(usb);
		n = usb_pollfds(usb, fds, USB_POLLFDS_MAX);
		poll(fds, n, n == 0 ? 0 : (int)(end - now));
		usb_dispatch(usb, true);
		now = clock_now_ms();
	}
}

bool
usb_reset_on_close(struct usb *usb)
{
	usb->reset_on_close = usb->ops->reset != NULL && !usb->gone;
	return usb->reset_on_close;
}

void
usb_close(struct usb **at, uint32_t limit_ms)
{
	struct usb *usb = *at;
	struct usb_xfer *x;

	*at = NULL;
	if (usb == NULL)
		return;
	for (x = usb->xfers; x != NULL; x = x->next) {
		x->done = ignore;
		usb_cancel(x);
	}
	drain(usb, limit_ms);
	if (usb->reset_on_close) {	/* which brings back what hangs */
		usb->ops->reset(usb);
		drain(usb, limit_ms);
	}
	for (x = usb->xfers; x != NULL; x = x->next)
		secret_wipe(x->buf, x->cap);
	if (usb->in_flight != 0 && usb->ops->lends_buffers)
		return;
	while (usb->xfers != NULL) {
		x = usb->xfers;
		usb_xfer_free(&x);
	}
	usb->ops->close(usb);
}
