/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/talk.h"

#include <stdio.h>

#include "base/hex.h"
#include "protocols/usb_desc.h"

/* ---- a struct usb that does what the rows say ---- */

struct fake_xfer {
	struct usb_xfer x;
	unsigned order;		/* of submission */
	bool cancelled;
	bool over;		/* ends at the next dispatch */
	enum err err;
	size_t n;
};

struct fake {
	struct usb usb;
	struct usb_ops ops;
	unsigned submits;
};

static struct fake_xfer *
fake_of(struct usb_xfer *x)
{
	return (struct fake_xfer *)x;
}

static struct usb_xfer *
fake_xfer_new(struct usb *usb, size_t cap)
{
	struct fake_xfer *x = calloc(1, sizeof(*x));

	(void)usb;
	ck_assert_ptr_nonnull(x);
	x->x.buf = malloc(cap);
	ck_assert_ptr_nonnull(x->x.buf);
	return &x->x;
}

static void
fake_xfer_free(struct usb_xfer *x)
{
	free(x->buf);
	free(x);
}

static bool
fake_submit(struct usb_xfer *x)
{
	struct fake *f = (struct fake *)x->usb;

	fake_of(x)->order = ++f->submits;
	fake_of(x)->cancelled = fake_of(x)->over = false;
	return true;
}

static void
fake_cancel(struct usb_xfer *x)
{
	fake_of(x)->cancelled = true;
}

static enum err
fake_claim(struct usb *usb, uint8_t interface)
{
	(void)usb;
	(void)interface;
	return ERR_OK;
}

static void
fake_reset(struct usb *usb)
{
	(void)usb;
}

static size_t
fake_pollfds(struct usb *usb, struct pollfd *fds, size_t cap)
{
	(void)usb;
	(void)fds;
	(void)cap;
	return 0;
}

static void
fake_dispatch(struct usb *usb)
{
	for (struct usb_xfer *x = usb->xfers; x != NULL; x = x->next)
		if (x->busy && fake_of(x)->over)
			usb_ended(x, fake_of(x)->err, fake_of(x)->n);
}

static void
fake_close(struct usb *usb)
{
	free(usb);
}

static const struct usb_ops ops = {
	.xfer_new = fake_xfer_new,
	.xfer_free = fake_xfer_free,
	.submit = fake_submit,
	.cancel = fake_cancel,
	.claim = fake_claim,
	.reset = fake_reset,
	.pollfds = fake_pollfds,
	.dispatch = fake_dispatch,
	.close = fake_close,
};

/* ---- what the engine tells ---- */

static struct told *
tell(struct world *w, enum turn_kind kind)
{
	struct told *t = &w->told[w->n_told++];

	ck_assert_uint_lt(w->n_told, sizeof(w->told) / sizeof(w->told[0]));
	*t = (struct told){ .kind = kind };
	return t;
}

static void
keep(struct told *t, struct view v)
{
	ck_assert_uint_le(v.n, sizeof(t->data));
	if (v.n != 0)
		memcpy(t->data, v.p, v.n);
	t->data_n = v.n;
}

static void
on_ready(void *arg, const struct channel_info *info)
{
	(void)info;
	tell(arg, READY);
}

static void
on_lost(void *arg, enum err err, const char *text)
{
	struct told *t = tell(arg, LOST);

	((struct world *)arg)->lost = true;
	t->err = err;
	keep(t, (struct view){ (const uint8_t *)text, strlen(text) });
}

static void
on_ended(void *arg, const struct ifd_slot *slot, enum err err,
    struct view data, const char *text)
{
	struct told *t = tell(arg, ENDED);

	t->n = slot->number;
	t->err = err;
	keep(t, err == ERR_OK ? data :
	    (struct view){ (const uint8_t *)text, strlen(text) });
}

static void
on_card(void *arg, const struct ifd_slot *slot, uint32_t card, struct view atr)
{
	struct told *t = tell(arg, CARD);

	t->n = slot->number;
	t->arg = card;
	keep(t, atr);
}

static void
on_slow_card(void *arg, const struct ifd_slot *slot, uint32_t bps)
{
	struct told *t = tell(arg, SLOW);

	t->n = slot->number;
	t->arg = bps;
}

static const struct engine_events events = {
	.ready = on_ready,
	.lost = on_lost,
	.ended = on_ended,
	.card = on_card,
	.slow_card = on_slow_card,
};

/* ---- the player ---- */

static void
run(struct world *w)
{
	engine_set_time(w->engine, w->now_ms);
	usb_dispatch(w->usb, true);
	engine_run(w->engine, w->now_ms);
	usb_flush(w->usb);
}

static void
open_world(struct world *w, const struct ifd_driver *driver, int interface,
    void (*describe)(struct usb *, struct channel_info *))
{
	struct fake *f = calloc(1, sizeof(*f));

	ck_assert_ptr_nonnull(f);
	f->ops = ops;
	f->ops.describe = describe;
	f->usb.ops = &f->ops;
	*w = (struct world){ .usb = &f->usb, .now_ms = 1000 };
	ck_assert_int_eq(engine_new(&w->engine, w->usb, driver, interface,
	    &events, w, w->now_ms), ERR_OK);
	if (describe != NULL)
		run(w);
}

void
world_open(struct world *w, const struct ifd_driver *driver)
{
	open_world(w, driver, -1, NULL);
}

void
world_open_interface(struct world *w, const struct ifd_driver *driver,
    int interface)
{
	open_world(w, driver, interface, NULL);
}

void
world_open_described(struct world *w, const struct ifd_driver *driver,
    void (*describe)(struct usb *, struct channel_info *))
{
	open_world(w, driver, -1, describe);
}

void
world_close(struct world *w)
{
	struct usb_xfer *x;

	for (x = w->usb->xfers; x != NULL; x = x->next) {
		fake_of(x)->over = true;
		fake_of(x)->err = ERR_CANCELLED;
		fake_of(x)->n = 0;
	}
	usb_close(&w->usb, 1000);
	engine_free(&w->engine);
}

static void
complain(const struct world *w, const char *what, struct view want,
    struct view got)
{
	char a[700], b[700];

	hex_from_bytes(a, sizeof(a), want, 0);
	hex_from_bytes(b, sizeof(b), got, 0);
	ck_abort_msg("%s, turn %zu: %s: want %s got %s", w->talk, w->turn, what,
	    a, b);
}

static void
expect(const struct world *w, bool what, const char *text)
{
	if (!what)
		ck_abort_msg("%s, turn %zu: %s", w->talk, w->turn, text);
}

/* The oldest transfer in flight of that kind and endpoint. */
static struct usb_xfer *
pending(const struct world *w, enum usb_kind kind, unsigned ep)
{
	struct usb_xfer *best = NULL, *x;

	for (x = w->usb->xfers; x != NULL; x = x->next)
		if (x->busy && x->kind == kind && (kind == USB_CONTROL ||
		    x->ep == ep) && (best == NULL || fake_of(x)->order <
		    fake_of(best)->order))
			best = x;
	return best;
}

static void
end(struct world *w, struct usb_xfer *x, enum err err, struct view in)
{
	size_t skip = x->kind == USB_CONTROL ? USB_SETUP_SIZE : 0;

	if (err == ERR_OK && usb_is_in(x)) {
		expect(w, in.n <= x->n - skip, "more than was asked for");
		if (in.n != 0)
			memcpy(x->buf + skip, in.p, in.n);
	}
	fake_of(x)->over = true;
	fake_of(x)->err = err;
	fake_of(x)->n = in.n;
	run(w);
}

struct usb_xfer *
world_control(const struct world *w)
{
	return pending(w, USB_CONTROL, 0);
}

void
world_end(struct world *w, struct usb_xfer *x, enum err err, struct view in)
{
	end(w, x, err, in);
}

void
world_wait(struct world *w)
{
	struct usb_xfer *x = world_control(w);

	expect(w, engine_deadline_ms(w->engine) != UINT64_MAX,
	    "nothing will happen any more");
	w->now_ms = engine_deadline_ms(w->engine);
	run(w);
	if (x != NULL && x->busy && fake_of(x)->cancelled)
		end(w, x, ERR_CANCELLED, (struct view){ NULL, 0 });
}

static void
device_takes(struct world *w, const struct turn *t, enum usb_kind kind)
{
	struct usb_xfer *x = pending(w, kind, t->n);
	size_t n;

	expect(w, x != NULL, "nothing was sent");
	n = kind == USB_CONTROL && usb_is_in(x) ? USB_SETUP_SIZE : x->n;
	if (!view_eq((struct view){ x->buf, n }, t->out))
		complain(w, "sent", t->out, (struct view){ x->buf, n });
	end(w, x, t->err, t->in);
}

static void
device_gives(struct world *w, const struct turn *t)
{
	struct usb_xfer *x = pending(w, USB_BULK, t->n);

	if (x == NULL)
		x = pending(w, USB_INTERRUPT, t->n);
	expect(w, x != NULL, "nobody reads");
	end(w, x, t->err, t->in);
}

static void
device_cancels(struct world *w, const struct turn *t)
{
	struct usb_xfer *x = pending(w, t->n == 0 ? USB_CONTROL : USB_BULK,
	    t->n);

	expect(w, x != NULL && fake_of(x)->cancelled, "nothing was cancelled");
	end(w, x, ERR_CANCELLED, (struct view){ NULL, 0 });
}

static void
device_clears(struct world *w, const struct turn *t)
{
	struct usb_xfer *x = pending(w, USB_CLEAR_HALT, t->n);

	expect(w, x != NULL, "no halt is being cleared");
	end(w, x, t->err, (struct view){ NULL, 0 });
}

static void
was_told(struct world *w, const struct turn *t)
{
	const struct told *got = &w->told[w->first];
	struct view data = { got->data, got->data_n };

	expect(w, w->first < w->n_told, "nothing was told");
	w->first++;
	expect(w, got->kind == t->kind, "something else was told");
	expect(w, got->n == t->n, "of another slot");
	if (got->err != t->err)
		ck_abort_msg("%s, turn %zu: %s (%.*s), %s expected", w->talk,
		    w->turn, err_name(got->err), (int)got->data_n,
		    (const char *)got->data, err_name(t->err));
	if (got->arg != t->arg)
		ck_abort_msg("%s, turn %zu: %x, %x expected", w->talk, w->turn,
		    (unsigned)got->arg, (unsigned)t->arg);
	if (t->kind == LOST)
		data = view_first(data, t->in.n);
	if ((t->kind == ENDED || t->in.n != 0) && !view_eq(data, t->in))
		complain(w, "told", t->in, data);
}

static void
ask(struct world *w, const struct turn *t)
{
	struct ifd_request r = { (enum ifd_op)t->arg, t->more, t->out };

	expect(w, engine_may_start(w->engine, t->n), "the slot is busy");
	engine_start(w->engine, t->n, &r);
	run(w);
}

static void
nothing_in_flight(const struct world *w)
{
	const struct usb_xfer *x;

	for (x = w->usb->xfers; x != NULL; x = x->next)
		expect(w, !x->busy || x->kind == USB_INTERRUPT || w->lost,
		    "a transfer is in flight");
}

static void
play(struct world *w, const struct turn *t)
{
	switch (t->kind) {
	case CONTROL:
		device_takes(w, t, USB_CONTROL);
		break;
	case OUT:
		device_takes(w, t, USB_BULK);
		break;
	case IN:
		device_gives(w, t);
		break;
	case HALT:
		device_clears(w, t);
		break;
	case CANCELLED:
		device_cancels(w, t);
		break;
	case UNPLUG:
		usb_lost(w->usb);
		run(w);
		break;
	case PASS:
		w->now_ms += t->arg;
		expect(w, engine_deadline_ms(w->engine) <= w->now_ms,
		    "nothing is due by then");
		run(w);
		break;
	case ASK:
		ask(w, t);
		break;
	case GIVE_UP:
		engine_cancel(w->engine, t->n);
		run(w);
		break;
	case ENDED:
	case CARD:
	case SLOW:
	case READY:
	case LOST:
		was_told(w, t);
		break;
	case QUIET:
		nothing_in_flight(w);
		break;
	}
}

void
world_play(struct world *w, const char *talk, const struct turn *t, size_t n)
{
	w->talk = talk;
	for (w->turn = 0; w->turn < n; w->turn++)
		play(w, &t[w->turn]);
}

void
world_is_quiet(struct world *w)
{
	expect(w, w->first == w->n_told, "more was told");
	nothing_in_flight(w);
}

/* A string descriptor; ASCII is enough here. */
static size_t
string_descriptor(uint8_t *buf, const char *s)
{
	size_t n = strlen(s);

	buf[0] = (uint8_t)(2 + 2 * n);
	buf[1] = USB_DESC_STRING;
	for (size_t i = 0; i < n; i++) {
		buf[2 + 2 * i] = (uint8_t)s[i];
		buf[3 + 2 * i] = 0;
	}
	return 2 + 2 * n;
}

static void
answer_standard(struct world *w, const struct device *d, struct usb_xfer *x)
{
	uint8_t buf[256] = { 4, USB_DESC_STRING, 0x09, 0x04 };
	struct view in = { buf, 4 };
	struct rd r = { .in = { x->buf, USB_SETUP_SIZE } };
	struct usb_setup s;
	unsigned index;

	usb_setup_read(&r, &s);
	index = s.value & 0xff;
	if (s.value >> 8 == USB_DESC_DEVICE)
		in = d->device;
	else if (s.value >> 8 == USB_DESC_CONFIG)
		in = d->config;
	else if (index >= 6 || (index != 0 && d->strings[index] == NULL))
		in.p = NULL;
	else if (index != 0)
		in.n = string_descriptor(buf, d->strings[index]);
	end(w, x, in.p == NULL ? ERR_STALL : ERR_OK, view_first(in, s.length));
}

void
world_identify(struct world *w, const struct device *d)
{
	struct usb_xfer *x;

	w->talk = "identify";
	run(w);
	while ((x = pending(w, USB_CONTROL, 0)) != NULL &&
	    (x->buf[0] & 0x60) == 0)
		answer_standard(w, d, x);
}
