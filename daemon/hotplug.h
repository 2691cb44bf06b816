/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_HOTPLUG_H
#define DAEMON_HOTPLUG_H

/*
 * Follows USB devices through udev and tells the registry of those a driver can
 * drive: every interface of class 0b, and devices a row of ids names.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/must_use.h"

struct event_base;
struct hotplug;
struct registry;

/*
 * Tells of what is there and then of every change; the monitor listens before
 * the first look, so nothing is missed, and the registry knows what it knows.
 * NULL when udev cannot be reached; errno says why.
 */
struct hotplug	*hotplug_open(struct event_base *, struct registry *) MUST_USE;
void		hotplug_close(struct hotplug *);

/* Tells of everything there is, as if it came now: the settings are new. */
bool		hotplug_look_around(struct hotplug *);

/*
 * Is there an interface of this class in a device's descriptors, as sysfs shows
 * them: the device's, then each configuration's, one after another? What does
 * not fit together ends the search (USB 2.0, chapter 9).
 */
bool		hotplug_has_class(struct view descriptors, uint8_t class);

#endif
