/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/usb.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "ifd/vpcd.h"

/*
 * Connections of card emulators, as the pipes that ifd/vpcd.h describes. They
 * come through the feed, a socket to slotd: a packet with the slot's number and
 * a descriptor. The number alone goes back when the slot is free again.
 */

struct conn {
	int fd;			/* -1: none */
	bool came, gone;	/* not told yet; gone goes first */
	bool asked;		/* an answer is due */
	struct usb_xfer *out;	/* on its way */
	size_t sent;
	size_t in_n;
	uint8_t in[VPCD_FRAME_MAX + 1];
};

struct vpcd {
	struct usb usb;
	int feed;
	struct usb_xfer *in, *interrupt;	/* while submitted */
	uint8_t slots;
	struct conn conns[];
};

static struct vpcd *
of(struct usb *usb)
{
	return (struct vpcd *)usb;
}

static struct usb_xfer *
xfer_new(struct usb *usb, size_t cap)
{
	struct usb_xfer *x = calloc(1, sizeof(*x));

	(void)usb;
	if (x != NULL && (x->buf = calloc(1, cap)) == NULL) {
		free(x);
		return NULL;
	}
	return x;
}

static void
xfer_free(struct usb_xfer *x)
{
	free(x->buf);
	free(x);
}

/* The card is out, and slotd may send another one. */
static void
hang_up(struct vpcd *u, uint8_t slot)
{
	struct conn *c = &u->conns[slot];

	close(c->fd);
	c->fd = -1;
	c->gone = c->gone || !c->came;	/* nobody heard of it */
	c->came = false;
	c->asked = false;
	secret_wipe(c->in, c->in_n);
	c->in_n = 0;
	if (send(u->feed, &slot, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1)
		usb_lost(&u->usb);
}

/*
 * An emulator that writes a length and a message apart waits for our ACK in
 * between, if Nagle's algorithm is on: have it sent at once. The kernel forgets
 * this wish again and again. It makes no difference to a Unix socket.
 */
static void
hurry_ack(const struct conn *c)
{
	static const int one = 1;

	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
}

/* ERR_BUSY: not all was taken yet. */
static enum err
send_rest(struct conn *c)
{
	while (c->sent < c->out->n) {
		ssize_t n = send(c->fd, c->out->buf + c->sent,
		    c->out->n - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? ERR_BUSY : ERR_IO;
		c->sent += (size_t)n;
	}
	c->out = NULL;
	hurry_ack(c);
	return ERR_OK;
}

/* What cannot be sent shows as the end of the connection, too. */
static bool
submit_out(struct vpcd *u, struct usb_xfer *x)
{
	struct conn *c = x->n != 0 && x->buf[0] < u->slots ?
	    &u->conns[x->buf[0]] : NULL;

	x->result = ERR_IO;
	if (c == NULL || c->fd < 0 || c->out != NULL)
		return false;
	c->asked = true;
	c->out = x;
	c->sent = 1;
	x->result = send_rest(c);
	if (x->result == ERR_IO)
		c->out = NULL;
	return x->result == ERR_BUSY;
}

static enum err
order(struct vpcd *u, uint8_t slot, uint8_t what)
{
	struct conn *c = &u->conns[slot];
	uint8_t frame[VPCD_HEADER + 1];
	struct wr w = { .p = frame, .cap = sizeof(frame) };

	if (c->fd < 0)
		return ERR_IO;
	if (what == VPCD_HANG_UP) {
		log_at(LOG_LEVEL_INFO, NULL, "slot %u: closed", slot);
		hang_up(u, slot);
		c->gone = false;	/* whose idea was it */
		return ERR_OK;
	}
	vpcd_write_order(&w, (enum vpcd_order)what);
	/* a socket that takes not even this has long been too slow */
	return send(c->fd, frame, w.n, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)w.n ? ERR_OK : ERR_IO;
}

static bool
submit_control(struct vpcd *u, struct usb_xfer *x)
{
	struct rd r = { .in = { x->buf, x->n } };
	struct usb_setup s;

	usb_setup_read(&r, &s);
	x->result = r.bad || s.index >= u->slots ? ERR_ARG :
	    order(u, (uint8_t)s.index, s.request);
	return false;
}

static bool
submit(struct usb_xfer *x)
{
	struct vpcd *u = of(x->usb);

	if (x->kind == USB_CONTROL)
		return submit_control(u, x);
	if (x->kind == USB_BULK && !usb_is_in(x))
		return submit_out(u, x);
	x->result = ERR_UNSUPPORTED;
	if (x->kind == USB_CLEAR_HALT)
		return false;
	*(x->kind == USB_BULK ? &u->in : &u->interrupt) = x;
	return true;
}

static void
cancel(struct usb_xfer *x)
{
	struct vpcd *u = of(x->usb);

	if (x == u->in)
		u->in = NULL;
	if (x == u->interrupt)
		u->interrupt = NULL;
	for (unsigned i = 0; i < u->slots; i++)
		if (u->conns[i].out == x)
			u->conns[i].out = NULL;
	usb_end_soon(x, ERR_CANCELLED);
}

/* An interface of nothing. */
static enum err
claim(struct usb *usb, uint8_t interface)
{
	(void)usb;
	(void)interface;
	return ERR_OK;
}

static void
describe(struct usb *usb, struct channel_info *info)
{
	info->slots = of(usb)->slots;
	snprintf(info->product, sizeof(info->product), "Virtual PCD");
}

/* While nobody reads the bulk pipe an answer waits in its socket. */
static bool
wants_reading(const struct vpcd *u, const struct conn *c)
{
	return c->fd >= 0 && !u->usb.gone && (!c->asked || u->in != NULL);
}

static size_t
pollfds(struct usb *usb, struct pollfd *fds, size_t cap)
{
	const struct vpcd *u = of(usb);
	size_t n = 0;

	if (usb->gone || cap <= u->slots)
		return 0;
	fds[n++] = (struct pollfd){ u->feed, POLLIN, 0 };
	for (unsigned i = 0; i < u->slots; i++) {
		const struct conn *c = &u->conns[i];
		short events = wants_reading(u, c) ? POLLIN : 0;

		if (c->fd >= 0 && c->out != NULL)
			events |= POLLOUT;
		if (events != 0)
			fds[n++] = (struct pollfd){ c->fd, events, 0 };
	}
	return n;
}

/* Ends the transfer first, which may be submitted again by its callback. */
static void
deliver(struct usb_xfer **at, uint8_t slot, struct view data)
{
	struct usb_xfer *x = *at;
	struct wr w = { .p = x->buf, .cap = x->cap };

	*at = NULL;
	wr_u8(&w, slot);
	wr_view(&w, data);
	usb_ended(x, w.bad ? ERR_TOO_LONG : ERR_OK, w.n);
}

static void
wrong(struct vpcd *u, uint8_t slot, const char *what)
{
	log_at(LOG_LEVEL_WARN, NULL, "slot %u: the card emulator sent %s: its "
	    "connection is closed", slot, what);
	hang_up(u, slot);
}

static void
on_bytes(struct vpcd *u, uint8_t slot)
{
	struct conn *c = &u->conns[slot];
	struct view message;
	enum err e = vpcd_parse(&message, (struct view){ c->in, c->in_n });

	if (!c->asked) {
		wrong(u, slot, "what nobody had asked for");
	} else if (e == ERR_FORMAT) {
		wrong(u, slot, "more than the answer");
	} else if (e == ERR_SHORT) {
		hurry_ack(c);
	} else {
		size_t n = c->in_n;

		c->asked = false;
		c->in_n = 0;
		deliver(&u->in, slot, message);
		secret_wipe(c->in, n);
	}
}

static void
receive(struct vpcd *u, uint8_t slot)
{
	struct conn *c = &u->conns[slot];
	ssize_t n;

	if (!wants_reading(u, c))
		return;
	n = recv(c->fd, c->in + c->in_n, sizeof(c->in) - c->in_n,
	    MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		hang_up(u, slot);
		return;
	}
	c->in_n += (size_t)n;
	on_bytes(u, slot);
}

static void
continue_sending(struct conn *c)
{
	struct usb_xfer *x = c->out;
	enum err e;

	if (c->fd < 0 || x == NULL)
		return;
	e = send_rest(c);
	if (e == ERR_BUSY)
		return;
	c->out = NULL;
	usb_ended(x, e, 0);
}

static void
take(struct vpcd *u, uint8_t slot, int owned_fd)
{
	if (slot >= u->slots || u->conns[slot].fd >= 0) {
		close(owned_fd);
		return;
	}
	u->conns[slot].fd = owned_fd;
	u->conns[slot].came = true;
}

static void
read_feed(struct vpcd *u)
{
	union {
		struct cmsghdr head;
		uint8_t room[CMSG_SPACE(sizeof(int))];
	} control;
	uint8_t slot;
	struct iovec iov = { &slot, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(u->feed, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	int fd;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		usb_lost(&u->usb);	/* slotd is gone */
	if (c == NULL || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(fd)))
		return;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	take(u, slot, fd);
}

static void
tell(struct vpcd *u)
{
	for (uint8_t i = 0; i < u->slots; i++) {
		struct conn *c = &u->conns[i];

		while ((c->gone || c->came) && u->interrupt != NULL &&
		    !u->usb.gone) {
			uint8_t news = c->gone ? VPCD_GONE : VPCD_CAME;

			*(c->gone ? &c->gone : &c->came) = false;
			deliver(&u->interrupt, i, (struct view){ &news, 1 });
		}
	}
}

static void
dispatch(struct usb *usb)
{
	struct vpcd *u = of(usb);

	read_feed(u);
	for (uint8_t i = 0; i < u->slots && !usb->gone; i++) {
		continue_sending(&u->conns[i]);
		receive(u, i);
	}
	tell(u);
}

static void
close_vpcd(struct usb *usb)
{
	struct vpcd *u = of(usb);

	for (unsigned i = 0; i < u->slots; i++)
		if (u->conns[i].fd >= 0)
			close(u->conns[i].fd);
	close(u->feed);
	for (unsigned i = 0; i < u->slots; i++)
		secret_wipe(u->conns[i].in, u->conns[i].in_n);
	free(u);
}

static const struct usb_ops ops = {
	.xfer_new = xfer_new,
	.xfer_free = xfer_free,
	.submit = submit,
	.cancel = cancel,
	.claim = claim,
	.describe = describe,
	.pollfds = pollfds,
	.dispatch = dispatch,
	.close = close_vpcd,
};

enum err
usb_vpcd_open(struct usb **usb, int owned_fd, uint8_t slots)
{
	struct vpcd *u = calloc(1, sizeof(*u) + slots * sizeof(u->conns[0]));

	*usb = NULL;
	if (u == NULL) {
		close(owned_fd);
		return ERR_MEMORY;
	}
	u->usb.ops = &ops;
	u->feed = owned_fd;
	u->slots = slots;
	for (unsigned i = 0; i < slots; i++)
		u->conns[i].fd = -1;
	*usb = &u->usb;
	return ERR_OK;
}
