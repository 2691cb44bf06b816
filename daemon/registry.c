/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/registry.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/access.h"
#include "daemon/identity.h"
#include "daemon/reader_life.h"
#include "daemon/watch.h"

struct registry {
	struct event_base *base;
	const struct settings *settings;
	struct watch *watch;
	struct access *access;
	struct identity identity;
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
	access_free(g->access);
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

const struct access *
registry_access(const struct registry *g)
{
	return g->access;
}

void
registry_set(struct registry *g, const struct settings *settings,
    struct access *owned_access, const struct identity *identity)
{
	access_free(g->access);
	g->settings = settings;
	g->access = owned_access;
	g->identity = *identity;
}

const struct identity *
registry_identity(const struct registry *g)
{
	return &g->identity;
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
struct reader *
registry_lowest_free(struct registry *g)
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

/* What somebody attached stays what it was attached as. */
static bool
is_known(const struct reader *r, const struct usb_place *place)
{
	bool starts = r->handler != NULL && !r->lost;	/* its old one ends */

	return (r->state != READER_ABSENT || starts) &&
	    strcmp(r->usb.node, place->node) == 0 &&
	    (strcmp(r->driver, place->driver) == 0 ||
	    (r->attached && !place->attached));
}

void
registry_plugged(struct registry *g, const struct usb_place *place)
{
	struct reader *r = present_at(g, place->port);

	if (r != NULL && is_known(r, place))
		return;
	if (r != NULL)
		reader_leave(r, strcmp(r->usb.node, place->node) != 0 ?
		    "unplugged" : "it is to be driven anew");
	r = remembered(g, place);
	if (r == NULL)
		r = registry_lowest_free(g);
	if (r == NULL) {
		log_at(LOG_LEVEL_ERROR, place->port, "out of memory");
		return;
	}
	r->usb = *place;
	r->attached = place->attached;
	registry_block(g, place, &r->own);
	snprintf(r->driver, sizeof(r->driver), "%s", place->driver);
	snprintf(r->device, sizeof(r->device), "usb:%s", place->node);
	reader_arrive(r);
}

void
registry_unwanted(struct registry *g, const char *port)
{
	struct reader *r = present_at(g, port);

	if (r != NULL && !r->attached)
		reader_leave(r, "openct.conf does not want it");
}

bool
registry_is_present(const struct reader *r)
{
	return r->present;
}

void
registry_retry(struct reader *r)
{
	if (r->present)
		reader_arrive(r);
}

void
registry_unplugged(struct registry *g, const char *port)
{
	struct reader *r = present_at(g, port);

	if (r != NULL)
		reader_leave(r, "unplugged");
}

void
registry_unplug_all(struct registry *g)
{
	struct reader *r;

	TAILQ_FOREACH(r, &g->readers, entry) {
		if (r->present && !r->is_static && !r->attached)
			reader_leave(r, "openct.conf wants no hotplug");
	}
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
