/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/usb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/secret.h"
#include "protocols/usbip.h"

enum {
	IN_CAP = 8192,
	URB_DIR_IN = 0x0200,	/* transfer_flags of the Linux kernel */
	/* Every 16 ms at full speed. The server's kernel wants a number. */
	INTERVAL = 16,
	READS_MAX = 16,		/* in one dispatch, so that the loop goes on */
};

struct usbip {
	struct usb usb;
	int fd;
	uint32_t devid;
	uint32_t seq;		/* of the last message sent */
	uint32_t unlinks;	/* RET_UNLINK still to come */
	/* what is to be sent; room for each transfer and its unlink */
	uint8_t *out;
	size_t out_cap, out_n, out_sent;
	/* what came and is not understood yet */
	uint8_t in[IN_CAP];
	size_t in_n;
	/* the answer whose data is coming */
	struct usbip_xfer *into;
	enum err into_err;
	size_t into_n, into_left;
};

struct usbip_xfer {
	struct usb_xfer x;
	uint32_t seq;
	uint32_t unlink_seq;	/* 0: not cancelled */
};

static const struct {
	int32_t status;		/* negative errno of Linux */
	enum err err;
} status_err[] = {
	{ 0, ERR_OK },
	{ -2, ERR_CANCELLED },		/* ENOENT */
	{ -19, ERR_GONE },		/* ENODEV */
	{ -32, ERR_STALL },		/* EPIPE */
	{ -104, ERR_CANCELLED },	/* ECONNRESET */
	{ -108, ERR_GONE },		/* ESHUTDOWN */
};

static enum err
err_of(int32_t status)
{
	for (size_t i = 0; i < sizeof(status_err) / sizeof(status_err[0]); i++)
		if (status_err[i].status == status)
			return status_err[i].err;
	return ERR_IO;
}

static struct usbip *
of(struct usb *usb)
{
	return (struct usbip *)usb;
}

static struct usbip_xfer *
xfer_of(struct usb_xfer *x)
{
	return (struct usbip_xfer *)x;
}

static struct usb_xfer *
xfer_new(struct usb *usb, size_t cap)
{
	struct usbip *u = of(usb);
	size_t room = u->out_cap + cap + 2 * USBIP_URB_SIZE;
	struct usbip_xfer *x = calloc(1, sizeof(*x));
	uint8_t *out = realloc(u->out, room);

	if (out != NULL) {
		u->out = out;
		u->out_cap = room;
	}
	if (x == NULL || out == NULL || (x->x.buf = calloc(1, cap)) == NULL) {
		free(x);
		return NULL;
	}
	return &x->x;
}

static void
xfer_free(struct usb_xfer *x)
{
	free(x->buf);
	free(x);
}

static uint32_t
next_seq(struct usbip *u)
{
	if (++u->seq == 0)
		u->seq = 1;
	return u->seq;
}

static enum err
gather(struct usbip *u, const struct usbip_urb *urb, struct view data)
{
	struct wr w = { .p = u->out, .cap = u->out_cap, .n = u->out_n };

	usbip_urb_write(&w, urb);
	wr_view(&w, data);
	if (w.bad)
		return ERR_IO;
	u->out_n = w.n;
	return ERR_OK;
}

/* USB 2.0 §9.4.1: CLEAR_FEATURE(ENDPOINT_HALT). The server's kernel sees it and
   clears its own side too. */
static void
clear_halt(struct usbip_urb *urb, uint8_t ep)
{
	const uint8_t setup[8] = { 0x02, 0x01, 0, 0, ep, 0, 0, 0 };

	memcpy(urb->setup, setup, sizeof(setup));
}

static bool
submit(struct usb_xfer *x)
{
	struct usbip *u = of(x->usb);
	size_t skip = x->kind == USB_CONTROL ? USB_SETUP_SIZE : 0;
	struct view data = { x->buf + skip, x->n - skip };
	struct usbip_urb urb = {
		.kind = USBIP_CMD_SUBMIT,
		.seq = next_seq(u),
		.devid = u->devid,
		.is_in = x->kind != USB_CLEAR_HALT && usb_is_in(x),
		.length = (uint32_t)(x->n - skip),
	};

	if (urb.is_in)
		urb.flags = URB_DIR_IN;
	if (x->kind == USB_CONTROL)
		memcpy(urb.setup, x->buf, USB_SETUP_SIZE);
	else if (x->kind == USB_CLEAR_HALT)
		clear_halt(&urb, x->ep);
	else
		urb.ep = x->ep & 0x0fu;
	if (x->kind == USB_INTERRUPT)
		urb.interval = INTERVAL;
	if (urb.is_in || x->kind == USB_CLEAR_HALT)
		data.n = 0;
	xfer_of(x)->seq = urb.seq;
	xfer_of(x)->unlink_seq = 0;
	x->result = gather(u, &urb, data);
	return x->result == ERR_OK;
}

static void
cancel(struct usb_xfer *x)
{
	struct usbip *u = of(x->usb);
	struct usbip_urb urb = {
		.kind = USBIP_CMD_UNLINK,
		.devid = u->devid,
		.unlink_seq = xfer_of(x)->seq,
	};

	if (xfer_of(x)->unlink_seq != 0)
		return;
	urb.seq = next_seq(u);
	if (gather(u, &urb, (struct view){ NULL, 0 }) != ERR_OK)
		return;
	xfer_of(x)->unlink_seq = urb.seq;
	u->unlinks++;
}

static void
flush(struct usb *usb)
{
	struct usbip *u = of(usb);
	ssize_t n;

	while (u->out_sent < u->out_n && !usb->gone) {
		n = send(u->fd, u->out + u->out_sent, u->out_n - u->out_sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			usb_lost(usb);
		else
			u->out_sent += (size_t)n;
	}
	secret_wipe(u->out, u->out_n);
	u->out_n = u->out_sent = 0;
}

static enum err
claim(struct usb *usb, uint8_t interface)
{
	(void)usb;
	(void)interface;	/* an import takes the whole device */
	return ERR_OK;
}

static size_t
pollfds(struct usb *usb, struct pollfd *fds, size_t cap)
{
	const struct usbip *u = of(usb);

	if (cap == 0 || usb->gone)
		return 0;
	fds[0] = (struct pollfd){ u->fd, POLLIN, 0 };
	if (u->out_sent < u->out_n)
		fds[0].events = POLLIN | POLLOUT;
	return 1;
}

/* The transfer in flight with that number, as a SUBMIT or as an UNLINK. */
static struct usbip_xfer *
find(const struct usbip *u, uint32_t seq, bool unlink)
{
	struct usb_xfer *x;

	for (x = u->usb.xfers; x != NULL; x = x->next) {
		struct usbip_xfer *ux = xfer_of(x);

		if (x->busy && !x->deferred &&
		    (unlink ? ux->unlink_seq : ux->seq) == seq)
			return ux;
	}
	return NULL;
}

static enum err
on_submitted(struct usbip *u, const struct usbip_urb *urb)
{
	struct usbip_xfer *ux = find(u, urb->seq, false);
	enum err e = err_of(urb->status);
	size_t skip;
	struct usb_xfer *x;

	if (ux == NULL)
		return ERR_FORMAT;
	x = &ux->x;
	skip = x->kind == USB_CONTROL ? USB_SETUP_SIZE : 0;
	if (x->kind == USB_CLEAR_HALT) {
		usb_ended(x, e, 0);
		return ERR_OK;
	}
	if (urb->length > x->n - skip)
		return ERR_FORMAT;
	if (!usb_is_in(x)) {
		usb_ended(x, e == ERR_OK && urb->length != x->n - skip ?
		    ERR_IO : e, 0);
		return ERR_OK;
	}
	if (urb->length == 0) {
		usb_ended(x, e, 0);
		return ERR_OK;
	}
	u->into = ux;		/* data comes with errors too */
	u->into_err = e;
	u->into_n = 0;
	u->into_left = urb->length;
	return ERR_OK;
}

/* The answer to an UNLINK of a transfer that had ended comes too late to tell
   us anything. */
static enum err
on_unlinked(struct usbip *u, const struct usbip_urb *urb)
{
	struct usbip_xfer *x = find(u, urb->seq, true);

	if (u->unlinks == 0)
		return ERR_FORMAT;
	u->unlinks--;
	if (x != NULL)
		usb_ended(&x->x, ERR_CANCELLED, 0);
	return ERR_OK;
}

static enum err
on_header(struct usbip *u, struct view in)
{
	struct usbip_urb urb;
	enum err e = usbip_urb_parse(&urb, in);

	if (e != ERR_OK)
		return e;
	switch (urb.kind) {
	case USBIP_RET_SUBMIT:
		return on_submitted(u, &urb);
	case USBIP_RET_UNLINK:
		return on_unlinked(u, &urb);
	case USBIP_CMD_SUBMIT:
	case USBIP_CMD_UNLINK:
		break;
	}
	return ERR_FORMAT;
}

/* The next piece of the data of an answer; returns the bytes used. */
static size_t
take_data(struct usbip *u, struct view in)
{
	struct usb_xfer *x = &u->into->x;
	size_t skip = x->kind == USB_CONTROL ? USB_SETUP_SIZE : 0;
	size_t n = in.n < u->into_left ? in.n : u->into_left;

	memcpy(x->buf + skip + u->into_n, in.p, n);
	u->into_n += n;
	u->into_left -= n;
	if (u->into_left == 0) {
		u->into = NULL;
		usb_ended(x, u->into_err, u->into_n);
	}
	return n;
}

/* Understands what has come, keeps the beginning of a header for later. */
static enum err
consume(struct usbip *u)
{
	struct view in = { u->in, u->in_n };
	enum err e = ERR_OK;

	while (e == ERR_OK && !u->usb.gone) {
		if (u->into != NULL && in.n != 0) {
			in = view_skip(in, take_data(u, in));
		} else if (u->into == NULL && in.n >= USBIP_URB_SIZE) {
			e = on_header(u, view_first(in, USBIP_URB_SIZE));
			in = view_skip(in, USBIP_URB_SIZE);
		} else {
			break;
		}
	}
	if (in.n != 0)
		memmove(u->in, in.p, in.n);
	secret_wipe(u->in + in.n, u->in_n - in.n);
	u->in_n = in.n;
	return e;
}

/* Reads until nothing is left: a short read says so without asking again. */
static void
dispatch(struct usb *usb)
{
	struct usbip *u = of(usb);

	for (int i = 0; i < READS_MAX && !usb->gone; i++) {
		size_t room = IN_CAP - u->in_n;
		ssize_t n = recv(u->fd, u->in + u->in_n, room, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0)
			u->in_n += (size_t)n;
		if (n <= 0 || consume(u) != ERR_OK)
			usb_lost(usb);
		if ((size_t)n < room)
			return;
	}
}

static void
close_usbip(struct usb *usb)
{
	struct usbip *u = of(usb);

	close(u->fd);
	secret_wipe(u->out, u->out_cap);
	free(u->out);
	secret_wipe(u, sizeof(*u));
	free(u);
}

static const struct usb_ops ops = {
	.xfer_new = xfer_new,
	.xfer_free = xfer_free,
	.submit = submit,
	.cancel = cancel,
	.flush = flush,
	.claim = claim,
	.pollfds = pollfds,
	.dispatch = dispatch,
	.close = close_usbip,
};

enum err
usb_usbip_open(struct usb **usb, int owned_fd, uint32_t devid)
{
	int flags = fcntl(owned_fd, F_GETFL);
	struct usbip *u = NULL;

	*usb = NULL;
	if (flags >= 0 && fcntl(owned_fd, F_SETFL, flags | O_NONBLOCK) == 0)
		u = calloc(1, sizeof(*u));
	if (u == NULL) {
		close(owned_fd);
		return flags < 0 ? ERR_SYSTEM : ERR_MEMORY;
	}
	u->usb.ops = &ops;
	/* the server's kernel took it away when it exported the device */
	u->usb.unconfigured = true;
	u->fd = owned_fd;
	u->devid = devid;
	*usb = &u->usb;
	return ERR_OK;
}
