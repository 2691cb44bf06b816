/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/access.h"
#include "daemon/identity.h"
#include "daemon/reader_life.h"

/* What openct.conf says of readers, and what follows when it says otherwise. */

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

/* "1-1.2" is the port of the interface "1-1.2:1.0", too. */
static bool
is_port(const char *port, const char *interface)
{
	size_t n = strlen(port);

	return strncmp(port, interface, n) == 0 &&
	    (interface[n] == '\0' || interface[n] == ':');
}

static bool
is_of(const struct settings_reader *own, const struct usb_place *p)
{
	return own->where.kind == DEVICE_USB_ID && own->where.vid == p->vid &&
	    own->where.pid == p->pid &&
	    (own->serial[0] == '\0' || strcmp(own->serial, p->serial) == 0) &&
	    (own->port[0] == '\0' || is_port(own->port, p->port));
}

bool
registry_block(const struct registry *g, const struct usb_place *p,
    struct settings_reader *own)
{
	const struct settings *s = registry_settings(g);
	const struct conf_node *at = NULL;

	while (settings_next_reader(s, &at, own)) {
		if (is_of(own, p))
			return true;
	}
	settings_reader_init(own, s);
	return false;
}

bool
registry_has_node(const struct registry *g, const char *node)
{
	const struct conf_node *at = NULL;
	struct settings_reader own;

	while (settings_next_reader(registry_settings(g), &at, &own)) {
		if (own.where.kind == DEVICE_USB_NODE &&
		    strcmp(own.where.node, node) == 0)
			return true;
	}
	return false;
}

bool
registry_wants_hotplug(const struct registry *g)
{
	const struct settings *s = registry_settings(g);
	const struct conf_node *at = NULL;
	struct settings_reader own;

	if (s->hotplug)
		return true;
	while (settings_next_reader(s, &at, &own)) {
		if (!is_static(&own))
			return true;
	}
	return false;
}

static bool
is_same(const struct settings_reader *own, const struct reader *r)
{
	return is_static(own) && strcmp(own->device, r->device) == 0 &&
	    strcmp(driver_of(own), r->driver) == 0;
}

/* The block of a static reader. */
static bool
find_static(const struct settings *s, const struct reader *r,
    struct settings_reader *own)
{
	const struct conf_node *at = NULL;

	while (settings_next_reader(s, &at, own)) {
		if (is_same(own, r))
			return true;
	}
	return false;
}

static bool
is_running(const struct registry *g, const struct settings_reader *own)
{
	const struct reader *r = NULL;

	while ((r = registry_next(g, r)) != NULL) {
		if (r->is_static && is_same(own, r))
			return true;
	}
	return false;
}

static struct reader *
start_static(struct registry *g, const struct settings_reader *own)
{
	struct reader *r = registry_lowest_free(g);

	if (r == NULL) {
		log_at(LOG_LEVEL_ERROR, own->device, "out of memory");
		return NULL;
	}
	memset(&r->usb, 0, sizeof(r->usb));
	r->usb.interface = -1;
	memcpy(r->usb.node, own->where.node, sizeof(r->usb.node));
	r->own = *own;
	r->is_static = true;
	r->attached = false;
	snprintf(r->driver, sizeof(r->driver), "%s", driver_of(own));
	snprintf(r->device, sizeof(r->device), "%s", own->device);
	reader_arrive(r);
	return r;
}

struct reader *
registry_attach(struct registry *g, const struct settings_reader *own)
{
	struct reader *r = start_static(g, own);

	if (r != NULL)
		r->attached = true;
	return r;
}

/* What a handler cannot learn while it runs. */
static bool
needs_restart(const struct reader *r, const struct settings_reader *own,
    const struct settings *s)
{
	return r->handler != NULL && (strcmp(own->name, r->own.name) != 0 ||
	    own->max_speed != r->own.max_speed ||
	    s->force_poll != r->force_poll ||
	    settings_block_size(s, r->driver) != r->block_size);
}

/* No block names it, or not any more. */
static void
unconfigured(struct reader *r, const struct settings *s)
{
	if (r->attached) {
		r->own.power_off_ms = s->power_off_ms;
		r->own.escape = s->escape;
		reader_set_times(r);
		return;
	}
	reader_leave(r, "openct.conf names it no longer");
	r->is_static = false;
}

static void
configure_reader(struct registry *g, struct reader *r)
{
	const struct settings *s = registry_settings(g);
	struct settings_reader own;
	bool restart;

	if (r->is_static && !find_static(s, r, &own)) {
		unconfigured(r, s);
		return;
	}
	if (!r->is_static)
		registry_block(g, &r->usb, &own);
	restart = r->present && needs_restart(r, &own, s);
	r->own = own;
	if (restart) {
		reader_leave(r, "openct.conf says something else of it");
		reader_arrive(r);
	}
	reader_set_times(r);
}

void
registry_configure(struct registry *g, const struct settings *settings)
{
	struct access *access = access_new(settings);
	struct identity identity;
	const struct conf_node *at = NULL;
	struct settings_reader own;
	struct reader *r = NULL;

	if (access == NULL)
		log_at(LOG_LEVEL_ERROR, "access", "out of memory: nobody but "
		    "root may use a reader");
	identity_look_up(&identity, settings);
	registry_set(g, settings, access, &identity);
	while ((r = registry_next(g, r)) != NULL)
		configure_reader(g, r);
	while (settings_next_reader(settings, &at, &own)) {
		if (is_static(&own) && !is_running(g, &own))
			(void)start_static(g, &own);
	}
}
