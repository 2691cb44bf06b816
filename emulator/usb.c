/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/usb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "emulator/usb_control.h"

enum {
	BULK = 2,		/* bmAttributes & 3 */
	DESC_ENDPOINT = 5,
	DESC_CCID = 0x21,
};

struct usb_message {
	struct usb_message *next;
	size_t n, at;
	bool open;
	uint8_t bytes[];
};

static void
find_endpoints(struct usb_device *d)
{
	struct rd r = { .in = d->model->config };

	while (r.in.n >= 2) {
		struct view v = rd_take(&r, r.in.p[0]);

		if (v.n < 2)
			return;
		if (v.p[1] != DESC_ENDPOINT || v.n < 7 ||
		    d->n_ep == USB_ENDPOINTS_MAX)
			continue;
		d->ep[d->n_ep++] = (struct usb_endpoint){
			.address = v.p[2],
			.kind = v.p[3] & 3,
			.packet = (uint16_t)(v.p[4] | v.p[5] << 8),
		};
	}
}

static bool
has_bulk(const struct usb_device *d)
{
	for (size_t i = 0; i < d->n_ep; i++)
		if (d->ep[i].kind == BULK)
			return true;
	return false;
}

/* The class descriptor, in the variant that the fault plan wants. */
static void
put_class(struct wr *w, enum fault_class class, struct view v)
{
	uint8_t *p;

	switch (class) {
	case FAULT_CLASS_NONE:
		return;
	case FAULT_CLASS_SHORT:
		wr_u8(w, 10);
		wr_view(w, view_skip(view_first(v, 10), 1));
		return;
	case FAULT_CLASS_LONG:
		wr_u8(w, 0xff);
		wr_view(w, view_skip(v, 1));
		return;
	case FAULT_CLASS_NONSENSE:
		p = wr_room(w, v.n);
		if (p != NULL) {
			memset(p, 0xa5, v.n);
			memcpy(p, v.p, 2);
		}
		return;
	case FAULT_CLASS_GOOD:
		wr_view(w, v);
		return;
	}
}

/* This device's copy of the configuration. */
static void
set_config(struct usb_device *d)
{
	struct wr w = { d->config, sizeof(d->config), 0, false };
	struct rd r = { .in = d->model->config };

	while (r.in.n >= 2) {
		struct view v = rd_take(&r, r.in.p[0]);

		if (v.n < 2)
			break;
		if (v.p[1] == DESC_CCID)
			put_class(&w, d->fault.class, v);
		else
			wr_view(&w, v);
	}
	d->config_len = w.n;
	d->config[2] = (uint8_t)w.n;		/* wTotalLength */
	d->config[3] = (uint8_t)(w.n >> 8);
}

struct usb_device *
usb_new(const struct usb_model *m)
{
	struct usb_device *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->model = m;
	d->state = calloc(1, m->family->state_size);
	if (d->state == NULL || m->config.n > sizeof(d->config)) {
		usb_free(d);
		return NULL;
	}
	set_config(d);
	find_endpoints(d);
	usb_reset(d);
	return d;
}

bool
usb_set_fault(struct usb_device *d, const char *script)
{
	if (!fault_parse(&d->fault, script))
		return false;
	d->fault.seeded = has_bulk(d) ? FAULT_ON_ANSWER : FAULT_ON_CONTROL;
	set_config(d);
	return true;
}

void
usb_free(struct usb_device *d)
{
	if (d == NULL)
		return;
	usb_control_drop(d);
	for (size_t i = 0; i < d->n_ep; i++)
		usb_flush(d, d->ep[i].address);
	for (size_t i = 0; i < USB_SLOTS_MAX; i++)
		card_free(d->slot[i].card);
	if (d->state != NULL && d->model->family->fini != NULL)
		d->model->family->fini(d);
	free(d->state);
	free(d);
}

void
usb_reset(struct usb_device *d)
{
	d->configuration = 0;
	d->hung = false;
	usb_control_drop(d);
	for (size_t i = 0; i < d->n_ep; i++) {
		d->ep[i].halted = false;
		usb_flush(d, d->ep[i].address);
	}
	d->model->family->reset(d);
}

struct usb_endpoint *
usb_endpoint(struct usb_device *d, uint8_t address)
{
	for (size_t i = 0; i < d->n_ep; i++)
		if (d->ep[i].address == address)
			return &d->ep[i];
	return NULL;
}

void
usb_count_transfer(struct usb_device *d)
{
	if (fault_next(&d->fault, FAULT_ON_TRANSFER).kind == FAULT_UNPLUG)
		d->leaving = true;
}

int
usb_out(struct usb_device *d, uint8_t number, struct view data, uint64_t now_ms)
{
	struct usb_endpoint *ep = usb_endpoint(d, number);

	d->now_ms = now_ms;
	if (ep == NULL || d->configuration == 0)
		return -ENOENT;
	usb_count_transfer(d);
	ep->transfers++;
	if (ep->halted)
		return -EPIPE;
	ep->bytes += data.n;
	if (d->model->family->out == NULL)
		return -EPIPE;
	return d->model->family->out(d, number, data);
}

static void
pop(struct usb_endpoint *ep)
{
	struct usb_message *m = ep->first;

	ep->first = m->next;
	ep->queued--;
	explicit_bzero(m->bytes, m->n);
	free(m);
}

/* Moves packets until a short one or until len bytes are there. */
static int
take_packets(struct usb_endpoint *ep, size_t len, struct wr *in)
{
	for (;;) {
		struct usb_message *m = ep->first;
		size_t n;

		if (m == NULL)
			return USB_PENDING;
		n = m->n - m->at < ep->packet ? m->n - m->at : ep->packet;
		if (n > len - in->n) {
			pop(ep);	/* the packet is lost */
			return -EOVERFLOW;
		}
		wr_view(in, (struct view){ m->bytes + m->at, n });
		m->at += n;
		if (n < ep->packet || (m->at == m->n && m->open)) {
			bool was_open = m->open && n == ep->packet;

			pop(ep);
			if (!was_open)
				return 0;
		}
		if (in->n == len)
			return 0;
	}
}

int
usb_in(struct usb_device *d, uint8_t number, size_t len, struct wr *in)
{
	struct usb_endpoint *ep = usb_endpoint(d, number | 0x80);
	int status;

	if (ep == NULL || d->configuration == 0)
		return -ENOENT;
	if (ep->halted) {
		usb_count_transfer(d);
		ep->transfers++;
		return -EPIPE;
	}
	if (ep->first == NULL && d->model->family->poll != NULL)
		d->model->family->poll(d, ep->address);
	if (ep->first == NULL)
		return USB_PENDING;
	status = take_packets(ep, len, in);
	if (status == USB_PENDING)	/* an open message: the end never comes */
		status = 0;
	if (status < 0)
		in->n = 0;
	usb_count_transfer(d);
	ep->transfers++;
	ep->bytes += in->n;
	return status;
}

bool
usb_push(struct usb_device *d, uint8_t address, struct view v, bool open)
{
	struct usb_endpoint *ep = usb_endpoint(d, address);
	struct usb_message *m, **end;

	if (ep == NULL || ep->queued >= USB_QUEUE_MAX)
		return false;
	m = malloc(sizeof(*m) + v.n);
	if (m == NULL)
		return false;
	*m = (struct usb_message){ .n = v.n, .open = open };
	if (v.n != 0)
		memcpy(m->bytes, v.p, v.n);
	for (end = &ep->first; *end != NULL; end = &(*end)->next)
		;
	*end = m;
	ep->queued++;
	return true;
}

void
usb_flush(struct usb_device *d, uint8_t address)
{
	struct usb_endpoint *ep = usb_endpoint(d, address);

	while (ep != NULL && ep->first != NULL)
		pop(ep);
}

static uint64_t
family_deadline(const struct usb_device *d)
{
	if (d->model->family->deadline == NULL)
		return USB_NEVER;
	return d->model->family->deadline(d);
}

uint64_t
usb_deadline(const struct usb_device *d)
{
	uint64_t family = family_deadline(d), held = usb_control_deadline(d);

	return family < held ? family : held;
}

void
usb_tick(struct usb_device *d, uint64_t now_ms)
{
	d->now_ms = now_ms;
	if (family_deadline(d) <= now_ms)
		d->model->family->tick(d);
}

static void
card_moved(struct usb_device *d, unsigned slot, bool in)
{
	if (d->slot[slot].in == in)
		return;
	d->slot[slot].in = in;
	if (d->model->family->card_changed != NULL)
		d->model->family->card_changed(d, slot);
}

void
usb_card_insert(struct usb_device *d, unsigned slot)
{
	if (d->slot[slot].card != NULL)
		card_moved(d, slot, true);
}

void
usb_card_remove(struct usb_device *d, unsigned slot)
{
	card_moved(d, slot, false);
}
