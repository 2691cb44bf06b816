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
#include "base/err.h"
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
 * Tells of the device at a node in /dev/bus/usb as if it were plugged in now,
 * with udev's word or without. driver is to drive it, whatever its ids say; "":
 * as for any other device. On errors text says why: ERR_NO_READER when no USB
 * device is there, ERR_BUSY when the kernel is still setting it up. A device that
 * nothing drives is passed over.
 */
enum err	hotplug_attach(struct registry *, const char *node,
		    const char *driver, char *text, size_t cap) MUST_USE;

/*
 * Is there an interface of this class in a device's descriptors, as sysfs shows
 * them: the device's, then each configuration's, one after another? What does
 * not fit together ends the search (USB 2.0, chapter 9).
 */
bool		hotplug_has_class(struct view descriptors, uint8_t class);

#endif
