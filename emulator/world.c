/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One ",name=value" of a device's description; value NULL without '='. */
struct option {
	const char *name;
	bool (*set)(struct port *, const char *value, char *why);
};

static bool
sorry(char *why, const char *text, const char *what)
{
	snprintf(why, WORLD_WHY_MAX, "%s '%.100s'", text, what);
	return false;
}

static bool
number(const char *text, uint32_t *x, char *why)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = text == NULL ? 0 : strtoul(text, &end, 10);
	if (text == NULL || *text < '0' || *text > '9' || *end != 0 ||
	    errno != 0 || v > UINT32_MAX)
		return sorry(why, "a number is expected, not",
		    text == NULL ? "" : text);
	*x = (uint32_t)v;
	return true;
}

static bool
opt_card(struct port *p, const char *value, char *why)
{
	for (unsigned i = 0; i < p->dev->model->slots; i++) {
		struct card *c = card_load(value, why, WORLD_WHY_MAX);

		if (c == NULL)
			return false;
		card_free(p->dev->slot[i].card);
		p->dev->slot[i].card = c;
	}
	return true;
}

static bool
opt_serial(struct port *p, const char *value, char *why)
{
	if (value == NULL || strlen(value) > USB_SERIAL_MAX)
		return sorry(why, "1 to 63 characters are expected for",
		    "serial");
	memcpy(p->dev->serial, value, strlen(value) + 1);
	return true;
}

static bool
opt_nocard(struct port *p, const char *value, char *why)
{
	(void)why;
	(void)value;
	for (unsigned i = 0; i < p->dev->model->slots; i++)
		usb_card_remove(p->dev, i);
	return true;
}

static bool
opt_unplugged(struct port *p, const char *value, char *why)
{
	(void)why;
	(void)value;
	p->plugged = false;
	return true;
}

static bool
opt_delay(struct port *p, const char *value, char *why)
{
	uint32_t ms;

	if (!number(value, &ms, why))
		return false;
	for (unsigned i = 0; i < p->dev->model->slots; i++)
		p->dev->slot[i].card->delay_ms = ms;
	return true;
}

static bool
opt_keygen(struct port *p, const char *value, char *why)
{
	uint32_t ms;

	if (!number(value, &ms, why))
		return false;
	for (unsigned i = 0; i < p->dev->model->slots; i++)
		p->dev->slot[i].card->keygen_ms = ms;
	return true;
}

static bool
opt_limit(struct port *p, const char *value, char *why)
{
	return number(value, &p->dev->limit_bps, why);
}

static bool
opt_wtx(struct port *p, const char *value, char *why)
{
	return number(value, &p->dev->wtx_ms, why);
}

static bool
opt_fault(struct port *p, const char *value, char *why)
{
	return (value != NULL && usb_set_fault(p->dev, value)) ||
	    sorry(why, "unknown fault in", value == NULL ? "" : value);
}

static const struct option options[] = {
	{ "card",	opt_card },
	{ "delay",	opt_delay },
	{ "fault",	opt_fault },
	{ "keygen",	opt_keygen },
	{ "limit",	opt_limit },
	{ "nocard",	opt_nocard },
	{ "serial",	opt_serial },
	{ "unplugged",	opt_unplugged },
	{ "wtx",	opt_wtx },
};

static bool
set_option(struct port *p, char *text, char *why)
{
	char *value = strchr(text, '=');

	if (value != NULL)
		*value++ = 0;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(options[i].name, text) == 0)
			return options[i].set(p, value, why);
	return sorry(why, "unknown device option", text);
}

static bool
make_device(struct port *p, char *spec, char *why)
{
	char *rest = spec, *word = strsep(&rest, ",");
	const struct usb_model *m = usb_model_find(word);

	if (m == NULL)
		return sorry(why, "unknown model (see --list-models)", word);
	p->plugged = true;
	p->dev = usb_new(m);
	if (p->dev == NULL)
		return sorry(why, "out of memory for", word);
	if (!opt_card(p, m->card, why))
		return false;
	for (unsigned i = 0; i < m->slots; i++)
		p->dev->slot[i].in = true;
	while ((word = strsep(&rest, ",")) != NULL)
		if (!set_option(p, word, why))
			return false;
	usb_reset(p->dev);
	return true;
}

bool
world_add(struct world *w, const char *spec, char *why)
{
	struct port p = { .number = (uint32_t)w->n + 1 };
	char *copy;
	bool ok;

	if (w->n == WORLD_PORTS_MAX)
		return sorry(why, "too many devices at", spec);
	snprintf(p.busid, sizeof(p.busid), "1-%u", (unsigned)p.number);
	copy = strdup(spec);
	if (copy == NULL)
		return sorry(why, "out of memory for", spec);
	ok = make_device(&p, copy, why);
	free(copy);
	if (!ok) {
		usb_free(p.dev);
		return false;
	}
	w->port[w->n++] = p;
	return true;
}

void
world_fini(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		usb_free(w->port[i].dev);
	w->n = 0;
}

struct port *
world_port(struct world *w, const char *busid, size_t len)
{
	for (size_t i = 0; i < w->n; i++)
		if (strlen(w->port[i].busid) == len &&
		    memcmp(w->port[i].busid, busid, len) == 0)
			return &w->port[i];
	return NULL;
}

uint64_t
world_deadline(const struct world *w)
{
	uint64_t first = USB_NEVER;

	for (size_t i = 0; i < w->n; i++) {
		uint64_t t = w->port[i].imported ?
		    usb_deadline(w->port[i].dev) : USB_NEVER;

		if (t < first)
			first = t;
	}
	return first;
}

void
world_tick(struct world *w, uint64_t now_ms)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->port[i].imported)
			usb_tick(w->port[i].dev, now_ms);
}

void
world_set_card(struct port *p, unsigned slot, struct card *owned_card)
{
	usb_card_remove(p->dev, slot);
	card_free(p->dev->slot[slot].card);
	p->dev->slot[slot].card = owned_card;
	usb_card_insert(p->dev, slot);
}

/* Appends as printf does; *n stays at cap once the text was cut. */
static void
say(char *dst, size_t cap, size_t *n, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static void
say(char *dst, size_t cap, size_t *n, const char *fmt, ...)
{
	va_list ap;
	int k;

	if (*n >= cap)
		return;
	va_start(ap, fmt);
	k = vsnprintf(dst + *n, cap - *n, fmt, ap);
	va_end(ap);
	*n = k < 0 || (size_t)k >= cap - *n ? cap : *n + (size_t)k;
}

static void
say_endpoint(char *dst, size_t cap, size_t *n, const struct usb_endpoint *ep)
{
	static const char *const kinds[] = {
		"control", "isochronous", "bulk", "interrupt"
	};
	bool in = (ep->address & 0x80) != 0;

	say(dst, cap, n, ", {\"endpoint\": \"%02x\", \"type\": \"%s\", "
	    "\"direction\": \"%s\", \"transfers\": %llu, \"bytes\": %llu}",
	    ep->address, kinds[ep->kind], in ? "in" : "out",
	    (unsigned long long)ep->transfers, (unsigned long long)ep->bytes);
}

static void
say_slot(char *dst, size_t cap, size_t *n, const struct usb_slot *s, unsigned i)
{
	say(dst, cap, n, "%s{\"slot\": %u, \"card\": %s, \"commands\": %llu, "
	    "\"resets\": %llu}", i == 0 ? "" : ", ", i,
	    s->in ? "true" : "false",
	    s->card == NULL ? 0 : (unsigned long long)s->card->executed,
	    s->card == NULL ? 0 : (unsigned long long)s->card->resets);
}

bool
world_stats(const struct port *p, char *dst, size_t cap)
{
	const struct usb_device *d = p->dev;
	size_t n = 0;

	say(dst, cap, &n, "{\"busid\": \"%s\", \"model\": \"%s\", "
	    "\"plugged\": %s, \"imported\": %s, \"endpoints\": ["
	    "{\"endpoint\": \"00\", \"type\": \"control\", "
	    "\"transfers\": %llu, \"bytes\": %llu}",
	    p->busid, d->model->name, p->plugged ? "true" : "false",
	    p->imported ? "true" : "false",
	    (unsigned long long)d->control_transfers,
	    (unsigned long long)d->control_bytes);
	for (size_t i = 0; i < d->n_ep; i++)
		say_endpoint(dst, cap, &n, &d->ep[i]);
	say(dst, cap, &n, "], \"slots\": [");
	for (unsigned i = 0; i < d->model->slots; i++)
		say_slot(dst, cap, &n, &d->slot[i], i);
	say(dst, cap, &n, "]}");
	return n < cap;
}

void
world_stats_reset(struct port *p)
{
	struct usb_device *d = p->dev;

	d->control_transfers = d->control_bytes = 0;
	for (size_t i = 0; i < d->n_ep; i++)
		d->ep[i].transfers = d->ep[i].bytes = 0;
	for (unsigned i = 0; i < d->model->slots; i++)
		if (d->slot[i].card != NULL)
			d->slot[i].card->executed = d->slot[i].card->resets = 0;
}
