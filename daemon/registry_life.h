/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_REGISTRY_LIFE_H
#define DAEMON_REGISTRY_LIFE_H

/* How devices and the daemon's own life move the registry. */

#include <stdbool.h>
#include <stdint.h>

#include "base/must_use.h"
#include "protocols/settings.h"

struct access;
struct change;
struct event_base;
struct identity;
struct reader;
struct registry;
struct watch;

/* A USB device, or one interface of it, that a driver can drive. */
struct usb_place {
	char port[64];		/* "1-1.2:1.0": the same for the same socket */
	char serial[64];	/* or empty */
	char node[64];		/* "/dev/bus/usb/001/004" */
	char driver[SETTINGS_NAME_MAX + 1];
	uint16_t vid, pid;
	int interface;		/* number, or -1: the driver finds it */
	bool attached;		/* by somebody, not found by hotplug */
};

/* settings is borrowed and may change before registry_configure only. */
struct registry	*registry_new(struct event_base *,
		    const struct settings *) MUST_USE;
void		registry_free(struct registry *);

/* Starts the static readers of the settings, and stops those no longer there. */
void		registry_configure(struct registry *, const struct settings *);

/* Hotplug. A place that is there already is not added again. */
void		registry_plugged(struct registry *, const struct usb_place *);
void		registry_unplugged(struct registry *, const char *port);
/* Not by openct.conf, any more; what was attached stays. */
void		registry_unwanted(struct registry *, const char *port);

/*
 * Starts a reader that openct.conf does not name: of DEVICE_USBIP or DEVICE_VPCD,
 * and there is none of that device yet. It stays until slotd ends. NULL: memory.
 */
struct reader	*registry_attach(struct registry *,
		    const struct settings_reader *) MUST_USE;

/* Is its device there, as far as anybody knows? */
bool		registry_is_present(const struct reader *);

/* Tries a reader that has failed again now, and not only later. */
void		registry_retry(struct reader *);

/* A child died. */
void		registry_reap(struct registry *);

/* Powers all cards off and ends all handlers; done once is_over. */
void		registry_quit(struct registry *);
bool		registry_is_over(const struct registry *);

/* What was found by hotplug is gone, as far as anybody knows. */
void		registry_unplug_all(struct registry *);

/*
 * The block of openct.conf that is about this place; false when there is none,
 * and then the values for all.
 */
bool		registry_block(const struct registry *,
		    const struct usb_place *, struct settings_reader *);

/* Is there a block about this node? Then hotplug leaves it alone. */
bool		registry_has_node(const struct registry *, const char *node);

/* Is there a reader that only hotplug can find? */
bool		registry_wants_hotplug(const struct registry *);

/* For registry_conf.c. */
struct reader	*registry_lowest_free(struct registry *);
void		registry_set(struct registry *, const struct settings *,
		    struct access *owned_access, const struct identity *);

/* For reader.c; the watch is for watch.h. */
struct event_base	*registry_base(const struct registry *);
const struct settings	*registry_settings(const struct registry *);
const struct access	*registry_access(const struct registry *);
const struct identity	*registry_identity(const struct registry *);
struct watch	*registry_watch(const struct registry *);
void		registry_tell(struct registry *, const struct change *);

#endif
