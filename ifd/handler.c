/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/handler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "ifd/engine.h"
#include "ifd/link.h"

struct request {
	uint32_t xid;
	struct ifd_request ifd;
	uint8_t *data;		/* handler.data_cap bytes */
};

/* Requests in order of arrival; the first one may be running. */
struct queue {
	struct request ring[HANDLER_QUEUE_MAX];
	unsigned first, n;
	bool running;		/* the first of the ring */
	bool internal;		/* a request of our own runs instead */
	bool off;		/* was powered off, to quit */
};

struct handler {
	struct link link;
	struct usb *usb;
	struct engine *engine;
	struct queue *queues;	/* one a slot, once ready */
	unsigned slots;
	size_t data_cap;
	uint8_t *data;		/* of all requests */
	uint64_t now_ms;
	bool watched;
	bool told_to_poll;	/* slotd knows, and says when to look */
	uint64_t poll_ms;	/* the next look at the cards */
	bool quitting;
	uint64_t quit_ms;	/* by then it is over */
	bool over;
	int status;
};

static const struct {
	enum channel_type type;
	enum ifd_op op;
} requests[] = {
	{ CHANNEL_POWER_ON, IFD_POWER_ON },
	{ CHANNEL_POWER_OFF, IFD_POWER_OFF },
	{ CHANNEL_TRANSMIT, IFD_TRANSMIT },
	{ CHANNEL_PROTOCOL, IFD_PROTOCOL },
	{ CHANNEL_CONTROL, IFD_CONTROL },
	{ CHANNEL_STATUS, IFD_STATUS },
};

/* ---- results ---- */

static void
refuse(struct handler *h, unsigned slot, uint32_t xid, enum err err,
    const char *text)
{
	struct channel_msg m = { .type = CHANNEL_RESULT, .slot = (uint8_t)slot,
		.err = err, .xid = xid,
		.data = { (const uint8_t *)text, strlen(text) } };

	link_send(&h->link, &m);
}

static void
drop_first(struct queue *q)
{
	struct request *r = &q->ring[q->first];

	secret_wipe(r->data, r->ifd.data.n);
	r->ifd = (struct ifd_request){ .op = IFD_STATUS };
	q->first = (q->first + 1) % HANDLER_QUEUE_MAX;
	q->n--;
	q->running = false;
}

/* Ends a request that has not started; those behind it move up. */
static void
refuse_waiting(struct handler *h, unsigned slot, unsigned i, enum err err)
{
	struct queue *q = &h->queues[slot];
	struct request *r = &q->ring[(q->first + i) % HANDLER_QUEUE_MAX];
	struct request removed = *r;

	secret_wipe(r->data, r->ifd.data.n);
	refuse(h, slot, r->xid, err, err_text(err));
	for (q->n--; i < q->n; i++) {
		struct request *next = &q->ring[(q->first + i + 1) %
		    HANDLER_QUEUE_MAX];

		*r = *next;
		r = next;
	}
	r->data = removed.data;
}

static void
refuse_all_waiting(struct handler *h, unsigned slot, enum err err)
{
	const struct queue *q = &h->queues[slot];

	while (q->n > (q->running ? 1 : 0))
		refuse_waiting(h, slot, q->n - 1, err);
}

static void
on_ended(void *arg, const struct ifd_slot *slot, enum err err,
    struct view data, const char *text)
{
	struct handler *h = arg;
	struct queue *q = &h->queues[slot->number];
	struct request *r = &q->ring[q->first];
	struct channel_msg m = { .type = CHANNEL_RESULT, .slot = slot->number,
		.xid = r->xid, .data = data };

	if (q->internal || !q->running) {
		q->internal = false;
		return;
	}
	if (r->ifd.op == IFD_POWER_ON || r->ifd.op == IFD_PROTOCOL)
		m.arg = slot->result;
	if (err == ERR_OK && data.n > CHANNEL_DATA_MAX)
		err = ERR_TOO_LONG;
	if (err == ERR_OK)
		link_send(&h->link, &m);
	else
		refuse(h, slot->number, r->xid, err, text);
	drop_first(q);
}

static void
on_card(void *arg, const struct ifd_slot *slot, uint32_t card, struct view atr)
{
	struct handler *h = arg;
	struct channel_msg m = { .type = CHANNEL_CARD, .slot = slot->number,
		.arg = card, .data = atr };

	link_send(&h->link, &m);
}

static void
on_slow_card(void *arg, const struct ifd_slot *slot, uint32_t bps)
{
	struct handler *h = arg;
	struct channel_msg m = { .type = CHANNEL_SLOW_CARD, .arg = bps,
		.slot = slot->number, .data = { slot->atr, slot->atr_n } };

	link_send(&h->link, &m);
}

static void
on_lost(void *arg, enum err err, const char *text)
{
	struct handler *h = arg;
	struct channel_msg m = { .type = CHANNEL_FAILED, .err = err,
		.data = { (const uint8_t *)text, strlen(text) } };

	for (unsigned i = 0; i < h->slots; i++)
		refuse_all_waiting(h, i, err);
	link_send(&h->link, &m);
	h->over = true;
	h->status = 1;
}

static bool
make_queues(struct handler *h, const struct channel_info *info)
{
	size_t cap = info->max_apdu > HANDLER_DATA_MIN ? info->max_apdu :
	    HANDLER_DATA_MIN;

	h->data_cap = cap;
	h->queues = calloc(info->slots, sizeof(*h->queues));
	h->data = calloc((size_t)info->slots * HANDLER_QUEUE_MAX, cap);
	if (h->queues == NULL || h->data == NULL)
		return false;
	h->slots = info->slots;
	for (size_t i = 0; i < h->slots * (size_t)HANDLER_QUEUE_MAX; i++)
		h->queues[i / HANDLER_QUEUE_MAX].ring[i % HANDLER_QUEUE_MAX]
		    .data = h->data + i * cap;
	return true;
}

static void
on_ready(void *arg, const struct channel_info *info)
{
	struct handler *h = arg;
	uint8_t buf[2048];
	struct channel_msg m = { .type = CHANNEL_READY,
		.data = channel_info_encode(buf, sizeof(buf), info) };

	h->told_to_poll = info->polls;
	if (!make_queues(h, info)) {
		on_lost(h, ERR_MEMORY, err_text(ERR_MEMORY));
		return;
	}
	link_send(&h->link, &m);
}

static const struct engine_events events = {
	.ready = on_ready,
	.lost = on_lost,
	.ended = on_ended,
	.card = on_card,
	.slow_card = on_slow_card,
};

/* ---- requests ---- */

static void
enqueue(struct handler *h, const struct channel_msg *m, enum ifd_op op)
{
	struct queue *q = &h->queues[m->slot];
	struct request *r = &q->ring[(q->first + q->n) % HANDLER_QUEUE_MAX];

	if (q->n == HANDLER_QUEUE_MAX) {
		refuse(h, m->slot, m->xid, ERR_QUOTA, err_text(ERR_QUOTA));
		return;
	}
	r->xid = m->xid;
	if (m->data.n != 0)
		memcpy(r->data, m->data.p, m->data.n);
	r->ifd = (struct ifd_request){ op, m->arg, { r->data, m->data.n } };
	q->n++;
}

enum { SHORT_APDU_MAX = 261 };

static void
refuse_long(struct handler *h, const struct channel_msg *m, uint32_t max)
{
	char text[80];

	snprintf(text, sizeof(text), max <= SHORT_APDU_MAX ?
	    "this reader takes short APDUs only (at most %u bytes)" :
	    "this reader takes APDUs of at most %u bytes", max);
	refuse(h, m->slot, m->xid, ERR_TOO_LONG, text);
}

static void
on_request(struct handler *h, const struct channel_msg *m, enum ifd_op op)
{
	const struct channel_info *info = &engine_reader(h->engine)->info;

	if (h->quitting || !engine_is_ready(h->engine))
		refuse(h, m->slot, m->xid, ERR_NO_READER,
		    "the reader is not ready");
	else if (m->slot >= h->slots)
		refuse(h, m->slot, m->xid, ERR_NO_SLOT, err_text(ERR_NO_SLOT));
	else if (op == IFD_TRANSMIT && m->data.n > info->max_apdu)
		refuse_long(h, m, info->max_apdu);
	else if (m->data.n > h->data_cap)
		refuse(h, m->slot, m->xid, ERR_TOO_LONG,
		    err_text(ERR_TOO_LONG));
	else
		enqueue(h, m, op);
}

static void
on_cancel(struct handler *h, const struct channel_msg *m)
{
	for (unsigned s = 0; s < h->slots; s++) {
		struct queue *q = &h->queues[s];

		for (unsigned i = 0; i < q->n; i++) {
			struct request *r = &q->ring[(q->first + i) %
			    HANDLER_QUEUE_MAX];

			if (r->xid != m->xid)
				continue;
			if (i == 0 && q->running)
				engine_cancel(h->engine, s);
			else
				refuse_waiting(h, s, i, ERR_CANCELLED);
			return;
		}
	}
}

static void
quit(struct handler *h)
{
	if (h->quitting)
		return;
	h->quitting = true;
	h->quit_ms = h->now_ms + HANDLER_QUIT_MS;
	for (unsigned i = 0; i < h->slots; i++) {
		refuse_all_waiting(h, i, ERR_CANCELLED);
		engine_cancel(h->engine, i);
	}
}

static void
on_message(struct handler *h, const struct channel_msg *m)
{
	struct channel_msg pong = { .type = CHANNEL_PONG, .xid = m->xid };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].type == m->type) {
			on_request(h, m, requests[i].op);
			return;
		}
	if (m->type == CHANNEL_PING)
		link_send(&h->link, &pong);
	else if (m->type == CHANNEL_CANCEL)
		on_cancel(h, m);
	else if (m->type == CHANNEL_WATCH)
		h->watched = m->arg != 0;
	else if (m->type == CHANNEL_SLOW_CARD)
		engine_slow_card(h->engine, m->data, m->arg);
	else if (m->type == CHANNEL_QUIT)
		quit(h);
	else
		log_at(LOG_LEVEL_WARN, NULL, "slotd sent %s, which is not "
		    "for a handler", channel_type_name(m->type));
}

/* One message; poll says when there are more. */
static void
read_channel(struct handler *h)
{
	struct channel_msg m;
	enum err err = link_receive(&h->link, &m);

	if (err == ERR_OK)
		on_message(h, &m);
	else if (err == ERR_CLOSED)
		h->link.broken = true;
	else if (err != ERR_BUSY)
		on_lost(h, err, "slotd sent a malformed message");
	link_done(&h->link);
}

/* ---- the loop ---- */

/* Starts what may start; a request can end at once and let the next one in. */
static void
start_requests(struct handler *h)
{
	bool again = true;

	while (again && !h->over) {
		again = false;
		for (unsigned i = 0; i < h->slots; i++) {
			struct queue *q = &h->queues[i];

			if (q->n == 0 || q->running ||
			    !engine_may_start(h->engine, i))
				continue;
			q->running = true;
			engine_start(h->engine, i, &q->ring[q->first].ifd);
			again = true;
		}
	}
}

static void
start_internal(struct handler *h, unsigned slot, enum ifd_op op)
{
	struct ifd_request r = { .op = op };

	h->queues[slot].internal = true;
	engine_start(h->engine, slot, &r);
}

static bool
must_poll(const struct handler *h)
{
	return (h->watched || !h->told_to_poll) && !h->quitting &&
	    engine_is_ready(h->engine) &&
	    engine_reader(h->engine)->info.polls;
}

static void
look_at_cards(struct handler *h)
{
	bool due = must_poll(h) && h->now_ms >= h->poll_ms;

	if ((!engine_takes_doubt(h->engine) && !due) || h->quitting)
		return;
	h->poll_ms = h->now_ms + HANDLER_POLL_MS;
	for (unsigned i = 0; i < h->slots; i++)
		if (h->queues[i].n == 0 && engine_may_start(h->engine, i))
			start_internal(h, i, IFD_STATUS);
}

/* Powers off what is powered; over when nothing is, or when it takes long. */
static void
wind_up(struct handler *h)
{
	bool busy = false;

	for (unsigned i = 0; i < h->slots && !h->over; i++) {
		const struct ifd_slot *s = &engine_reader(h->engine)->slots[i];
		struct queue *q = &h->queues[i];
		bool powered = (s->card & CHANNEL_POWERED) != 0;

		if (powered && !q->off && engine_may_start(h->engine, i)) {
			q->off = true;
			start_internal(h, i, IFD_POWER_OFF);
		}
		busy = busy || q->running || q->internal ||
		    (powered && !q->off);
	}
	if (!busy || h->now_ms >= h->quit_ms)
		h->over = true;
}

static int
wait_ms(const struct handler *h)
{
	uint64_t when = engine_deadline_ms(h->engine);
	int usb_ms = usb_poll_ms(h->usb);

	if (h->quitting && h->quit_ms < when)
		when = h->quit_ms;
	if (must_poll(h) && h->poll_ms < when)
		when = h->poll_ms;
	if (usb_ms >= 0)
		return usb_ms;
	if (when == UINT64_MAX)
		return -1;
	return when <= h->now_ms ? 0 :
	    when - h->now_ms > 60000 ? 60000 : (int)(when - h->now_ms);
}

/* Waits for the channel, the device or the next deadline. */
static void
turn(struct handler *h)
{
	struct pollfd fds[1 + USB_POLLFDS_MAX];
	bool queued = h->link.first != NULL, ready = false;
	size_t n;

	/* nothing more is asked of us while slotd does not take our answers */
	fds[0] = (struct pollfd){ h->link.broken ? -1 : h->link.fd,
		queued ? POLLOUT : POLLIN, 0 };
	n = usb_pollfds(h->usb, fds + 1, USB_POLLFDS_MAX);
	if (poll(fds, 1 + (nfds_t)n, wait_ms(h)) < 0 && errno != EINTR)
		on_lost(h, ERR_SYSTEM, "poll failed");
	h->now_ms = clock_now_ms();
	engine_set_time(h->engine, h->now_ms);
	for (size_t i = 1; i <= n; i++)
		ready = ready || fds[i].revents != 0;
	usb_dispatch(h->usb, ready);
	if (fds[0].revents & POLLOUT)
		link_flush(&h->link);
	else if (fds[0].revents != 0)
		read_channel(h);
}

static void
serve(struct handler *h)
{
	while (!h->over) {
		engine_run(h->engine, h->now_ms);
		if (h->link.broken)
			quit(h);
		start_requests(h);
		look_at_cards(h);
		if (h->quitting && !h->over)
			wind_up(h);
		usb_flush(h->usb);
		if (!h->over)
			turn(h);
	}
	link_flush(&h->link);
}

static void
free_queues(struct handler *h)
{
	secret_wipe(h->data, h->slots * HANDLER_QUEUE_MAX * h->data_cap);
	free(h->data);
	free(h->queues);
}

int
handler_serve(int channel_fd, struct usb *owned_usb,
    const struct ifd_driver *driver, int interface,
    const struct ifd_wishes *wishes)
{
	struct handler h = { .usb = owned_usb, .now_ms = clock_now_ms(),
		.status = 1 };

	if (link_open(&h.link, channel_fd) == ERR_OK) {
		log_set_sink(link_log, &h.link);
		if (engine_new(&h.engine, h.usb, driver, interface, &events,
		    &h, h.now_ms) == ERR_OK) {
			engine_set_wishes(h.engine, wishes);
			h.status = 0;
			serve(&h);
		} else {
			on_lost(&h, ERR_MEMORY, err_text(ERR_MEMORY));
		}
		log_set_sink(NULL, NULL);
	}
	usb_close(&h.usb, HANDLER_CLOSE_MS);
	engine_free(&h.engine);
	free_queues(&h);
	link_close(&h.link);
	return h.status;
}
