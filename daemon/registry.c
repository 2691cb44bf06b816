/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/registry.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/reader_life.h"
#include "daemon/watch.h"

struct registry {
	struct event_base *base;
	const struct settings *settings;
	struct watch *watch;
	TAILQ_HEAD(, reader) readers;
	TAILQ_HEAD(, observer) observers;
	struct observer *next;		/* the one told after this one */
};

struct registry *
registry_new(struct event_base *base, const struct settings *settings)
{
	struct registry *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->base = base;
	g->settings = settings;
	TAILQ_INIT(&g->readers);
	TAILQ_INIT(&g->observers);
	g->watch = watch_new(base, g);
	if (g->watch == NULL) {
		free(g);
		return NULL;
	}
	return g;
}

void
registry_free(struct registry *g)
{
	struct reader *r;

	if (g == NULL)
		return;
	while ((r = TAILQ_FIRST(&g->readers)) != NULL) {
		TAILQ_REMOVE(&g->readers, r, entry);
		reader_free(r);
	}
	watch_free(g->watch);
	free(g);
}

struct event_base *
registry_base(const struct registry *g)
{
	return g->base;
}

const struct settings *
registry_settings(const struct registry *g)
{
	return g->settings;
}

struct watch *
registry_watch(const struct registry *g)
{
	return g->watch;
}

void
registry_observe(struct registry *g, struct observer *o)
{
	TAILQ_INSERT_TAIL(&g->observers, o, entry);
}

void
registry_unobserve(struct registry *g, struct observer *o)
{
	if (g->next == o)
		g->next = TAILQ_NEXT(o, entry);
	TAILQ_REMOVE(&g->observers, o, entry);
}

void
registry_tell(struct registry *g, const struct change *change)
{
	struct observer *o;

	for (o = TAILQ_FIRST(&g->observers); o != NULL; o = g->next) {
		g->next = TAILQ_NEXT(o, entry);
		o->changed(o->arg, change);
	}
}

struct reader *
registry_next(const struct registry *g, const struct reader *r)
{
	return r == NULL ? TAILQ_FIRST(&g->readers) : TAILQ_NEXT(r, entry);
}

struct reader *
registry_find(const struct registry *g, unsigned number)
{
	struct reader *r;

	TAILQ_FOREACH(r, &g->readers, entry) {
		if (r->number == number)
			return r;
	}
	return NULL;
}

static bool
is_free(const struct reader *r)
{
	return !r->present && !r->is_static;
}

static bool
same_serial(const struct usb_place *a, const struct usb_place *b)
{
	return a->serial[0] != '\0' && strcmp(a->serial, b->serial) == 0 &&
	    a->vid == b->vid && a->pid == b->pid && a->interface == b->interface;
}

/* The number this device had: by its serial number, else by its port. */
static struct reader *
remembered(const struct registry *g, const struct usb_place *place)
{
	struct reader *r;

	TAILQ_FOREACH(r, &g->readers, entry) {
		if (is_free(r) && same_serial(&r->usb, place))
			return r;
	}
	TAILQ_FOREACH(r, &g->readers, entry) {
		if (is_free(r) && strcmp(r->usb.port, place->port) == 0)
			return r;
	}
	return NULL;
}

/* The reader of the lowest number nobody has; a new one, or one long gone. */
static struct reader *
lowest_free(struct registry *g)
{
	struct reader *r, *made;
	unsigned number = 0;

	TAILQ_FOREACH(r, &g->readers, entry) {
		if (is_free(r))
			return r;
		if (r->number != number)
			break;
		number++;
	}
	made = reader_new(g, number);
	if (made == NULL)
		return NULL;
	if (r == NULL)
		TAILQ_INSERT_TAIL(&g->readers, made, entry);
	else
		TAILQ_INSERT_BEFORE(r, made, entry);
	return made;
}

static struct reader *
present_at(const struct registry *g, const char *port)
{
	struct reader *r;

	TAILQ_FOREACH(r, &g->readers, entry) {
		if (r->present && !r->is_static &&
		    strcmp(r->usb.port, port) == 0)
			return r;
	}
	return NULL;
}

void
registry_plugged(struct registry *g, const struct usb_place *place)
{
	struct reader *r = present_at(g, place->port);

	if (r != NULL && strcmp(r->usb.node, place->node) == 0)
		return;
	if (r != NULL)
		reader_leave(r);	/* its departure was never told */
	r = remembered(g, place);
	if (r == NULL)
		r = lowest_free(g);
	if (r == NULL) {
		log_at(LOG_LEVEL_ERROR, place->port, "out of memory");
		return;
	}
	r->usb = *place;
	snprintf(r->driver, sizeof(r->driver), "%s", place->driver);
	snprintf(r->device, sizeof(r->device), "usb:%s", place->node);
	reader_arrive(r);
}

void
registry_unplugged(struct registry *g, const char *port)
{
	struct reader *r = present_at(g, port);

	if (r != NULL)
		reader_leave(r);
}

/* Readers that are looked for at a place; the others come by hotplug. */
static bool
is_static(const struct settings_reader *own)
{
	return own->where.kind != DEVICE_USB_ID;
}

static const char *
driver_of(const struct settings_reader *own)
{
	return own->driver[0] != '\0' ? own->driver : "ccid";
}

static bool
is_configured(const struct settings *s, const struct reader *r)
{
	const struct conf_node *at = NULL;
	struct settings_reader own;

	while (settings_next_reader(s, &at, &own)) {
		if (is_static(&own) && strcmp(own.device, r->device) == 0 &&
		    strcmp(driver_of(&own), r->driver) == 0)
			return true;
	}
	return false;
}

static void
stop_unconfigured(struct registry *g)
{
	struct reader *r;

	TAILQ_FOREACH(r, &g->readers, entry) {
		if (!r->is_static || is_configured(g->settings, r))
			continue;
		reader_leave(r);
		r->is_static = false;
	}
}

static bool
is_running(const struct registry *g, const struct settings_reader *own)
{
	const struct reader *r;

	TAILQ_FOREACH(r, &g->readers, entry) {
		if (r->is_static && strcmp(r->device, own->device) == 0 &&
		    strcmp(r->driver, driver_of(own)) == 0)
			return true;
	}
	return false;
}

static void
start_static(struct registry *g, const struct settings_reader *own)
{
	struct reader *r = lowest_free(g);

	if (r == NULL) {
		log_at(LOG_LEVEL_ERROR, own->device, "out of memory");
		return;
	}
	memset(&r->usb, 0, sizeof(r->usb));
	r->usb.interface = -1;
	memcpy(r->usb.node, own->where.node, sizeof(r->usb.node));
	r->where = own->where;
	r->is_static = true;
	snprintf(r->driver, sizeof(r->driver), "%s", driver_of(own));
	snprintf(r->device, sizeof(r->device), "%s", own->device);
	reader_arrive(r);
}

void
registry_configure(struct registry *g, const struct settings *settings)
{
	const struct conf_node *at = NULL;
	struct settings_reader own;
	struct reader *r;

	g->settings = settings;
	stop_unconfigured(g);
	while (settings_next_reader(settings, &at, &own)) {
		if (is_static(&own) && !is_running(g, &own))
			start_static(g, &own);
	}
	TAILQ_FOREACH(r, &g->readers, entry)
		reader_set_times(r);
}

void
registry_reap(struct registry *g)
{
	struct reader *r;

	TAILQ_FOREACH(r, &g->readers, entry)
		reader_reap(r);
}

void
registry_quit(struct registry *g)
{
	struct reader *r;

	TAILQ_FOREACH(r, &g->readers, entry)
		reader_quit(r);
}

bool
registry_is_over(const struct registry *g)
{
	const struct reader *r;

	TAILQ_FOREACH(r, &g->readers, entry) {
		if (!reader_is_over(r))
			return false;
	}
	return true;
}
