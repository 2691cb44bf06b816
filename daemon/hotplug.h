/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_HOTPLUG_H
#define DAEMON_HOTPLUG_H

/*
 * Follows USB devices through udev and tells the registry of those a driver can
 * drive: every interface of class 0b, and devices a row of ids names.
 */

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

#endif
