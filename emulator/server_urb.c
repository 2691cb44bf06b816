/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"

/* The log: one line a transfer */

static void
log_transfer(const struct conn *c, uint8_t ep, bool in, int status,
    struct view setup, struct view data)
{
	static const char *const names[] = { "control", "iso", "bulk", "int" };
	const struct usb_endpoint *e = usb_endpoint(c->port->dev,
	    (uint8_t)(ep | (in ? 0x80 : 0)));
	const char *kind = ep == 0 ? names[0] : e == NULL ? "?" : names[e->kind];
	char hex[2 * 512 + 1] = "", request[17] = "";

	if (c->server->world->log == WORLD_LOG_NONE)
		return;
	if (c->server->world->log == WORLD_LOG_BYTES)
		hex_from_bytes(hex, sizeof(hex), data, 0);
	hex_from_bytes(request, sizeof(request), setup, 0);
	fprintf(stderr, "%s ep%u %s-%s %zu%s%s%s%s", c->port->busid, ep, kind,
	    in ? "in" : "out", data.n, request[0] == 0 ? "" : " setup ",
	    request, hex[0] == 0 ? "" : " ", hex);
	if (status != 0)
		fprintf(stderr, " (%s)", strerror(-status));
	fputc('\n', stderr);
}

/* URBs */

static void
ret_submit(struct conn *c, uint32_t seq, int status, size_t length,
    struct view data)
{
	uint8_t head[USBIP_URB_SIZE];
	struct wr w = { head, sizeof(head), 0, false };
	struct usbip_urb u = {
		.kind = USBIP_RET_SUBMIT,
		.seq = seq,
		.status = status,
		.length = (uint32_t)length,
	};

	if (c->port->dev->leaving)	/* unplugged at this very transfer */
		return;
	usbip_urb_write(&w, &u);
	conn_queue(c, wr_done(&w));
	conn_queue(c, data);
}

static void
ret_unlink(struct conn *c, uint32_t seq, int status)
{
	uint8_t head[USBIP_URB_SIZE];
	struct wr w = { head, sizeof(head), 0, false };
	struct usbip_urb u = {
		.kind = USBIP_RET_UNLINK, .seq = seq, .status = status
	};

	usbip_urb_write(&w, &u);
	conn_queue(c, wr_done(&w));
}

static void
forget_pending(struct conn *c, size_t i)
{
	struct pending *p = &c->pending[i];

	if (p->out != NULL)
		explicit_bzero(p->out, p->out_n);
	free(p->out);
	c->n_pending--;
	memmove(p, p + 1, (c->n_pending - i) * sizeof(*p));
}

void
conn_forget(struct conn *c)
{
	while (c->n_pending != 0)
		forget_pending(c, c->n_pending - 1);
	if (c->port != NULL)
		usb_control_drop(c->port->dev);
}

/* Tries one IN transfer. False when it stays pending. */
static bool
try_in(struct conn *c, const struct pending *p)
{
	size_t len = p->length < TRANSFER_MAX ? p->length : TRANSFER_MAX;
	struct wr w = { c->transfer, TRANSFER_MAX, 0, false };
	int status = usb_in(c->port->dev, p->ep, len, &w);

	if (status == USB_PENDING)
		return false;
	if (status == 0 && w.n < p->length && (p->flags & SHORT_NOT_OK) != 0)
		status = -EREMOTEIO;
	log_transfer(c, p->ep, true, status, (struct view){ NULL, 0 },
	    wr_done(&w));
	ret_submit(c, p->seq, status, w.n, wr_done(&w));
	explicit_bzero(c->transfer, w.n);
	return true;
}

/* The same for a control transfer. */
static bool
try_control(struct conn *c, struct pending *p)
{
	struct wr w = { c->transfer, 65535, 0, false };
	struct view out = { p->out, p->out_n }, data = { NULL, 0 };
	bool in = (p->setup[0] & 0x80) != 0;
	int status;

	if (p->begun)
		status = usb_control_more(c->port->dev, &w);
	else
		status = usb_control(c->port->dev, p->setup, out, &w,
		    clock_now_ms());
	p->begun = true;
	if (status == USB_PENDING)
		return false;
	if (w.n > p->length)
		w.n = p->length;
	if (in)
		data = wr_done(&w);
	log_transfer(c, 0, in, status,
	    (struct view){ p->setup, sizeof(p->setup) }, in ? data : out);
	ret_submit(c, p->seq, status,
	    status < 0 ? 0 : in ? data.n : out.n, data);
	explicit_bzero(c->transfer, w.n);
	return true;
}

static bool
try(struct conn *c, struct pending *p)
{
	return p->ep == 0 ? try_control(c, p) : try_in(c, p);
}

void
conn_complete(struct conn *c)
{
	uint16_t blocked = 0;

	for (size_t i = 0; i < c->n_pending && !c->dead &&
	    !c->port->dev->leaving;) {
		uint16_t bit = (uint16_t)(1u << (c->pending[i].ep & 15));

		if ((blocked & bit) == 0 && try(c, &c->pending[i])) {
			forget_pending(c, i);
		} else {
			blocked |= bit;
			i++;
		}
	}
}

/* A control transfer, or one from an IN endpoint. */
static void
await(struct conn *c, const struct usbip_urb *u, struct view out)
{
	struct pending p = {
		.seq = u->seq, .length = u->length, .flags = u->flags,
		.ep = (uint8_t)u->ep, .out_n = out.n,
	};

	memcpy(p.setup, u->setup, sizeof(p.setup));
	if (out.n != 0)
		p.out = malloc(out.n);
	if (c->n_pending == PENDING_MAX || (out.n != 0 && p.out == NULL)) {
		free(p.out);
		ret_submit(c, u->seq, -ENOMEM, 0, (struct view){ NULL, 0 });
		return;
	}
	if (out.n != 0)
		memcpy(p.out, out.p, out.n);
	c->pending[c->n_pending++] = p;
}

static void
submit(struct conn *c, const struct usbip_urb *u, struct view out)
{
	int status;

	if (u->ep == 0 || u->is_in) {
		await(c, u, out);	/* conn_complete tries it next */
		return;
	}
	status = usb_out(c->port->dev, (uint8_t)u->ep, out, clock_now_ms());
	log_transfer(c, (uint8_t)u->ep, false, status,
	    (struct view){ NULL, 0 }, out);
	ret_submit(c, u->seq, status, status < 0 ? 0 : out.n,
	    (struct view){ NULL, 0 });
}

/* Cancelled in time: no RET_SUBMIT, and ECONNRESET here. Else 0. */
static void
unlink_urb(struct conn *c, const struct usbip_urb *u)
{
	for (size_t i = 0; i < c->n_pending; i++) {
		if (c->pending[i].seq != u->unlink_seq)
			continue;
		if (c->pending[i].begun)
			usb_control_drop(c->port->dev);
		forget_pending(c, i);
		ret_unlink(c, u->seq, -ECONNRESET);
		return;
	}
	ret_unlink(c, u->seq, 0);
}

size_t
conn_on_urb(struct conn *c, struct view v)
{
	struct usbip_urb u;
	size_t data;

	if (v.n < USBIP_URB_SIZE)
		return 0;
	if (usbip_urb_parse(&u, view_first(v, USBIP_URB_SIZE)) != ERR_OK ||
	    (u.kind != USBIP_CMD_SUBMIT && u.kind != USBIP_CMD_UNLINK) ||
	    u.devid != (1u << 16 | c->port->number) || u.ep > 15) {
		c->dead = true;
		return 0;
	}
	if (u.kind == USBIP_CMD_UNLINK) {
		unlink_urb(c, &u);
		return USBIP_URB_SIZE;
	}
	data = u.is_in ? 0 : u.length;
	if (data > OUT_DATA_MAX) {
		c->dead = true;
		return 0;
	}
	v = view_skip(v, USBIP_URB_SIZE);
	if (v.n < data)
		return 0;
	submit(c, &u, view_first(v, data));
	conn_complete(c);
	return USBIP_URB_SIZE + data;
}
