/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/hotplug.h"

#include <event2/event.h>
#include <fcntl.h>
#include <libudev.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/registry_life.h"
#include "protocols/ids.h"

enum {
	MONITOR_BUFFER = 1 << 20,	/* a hub full of readers at once */
	DESCRIPTORS_MAX = 4096,
	DESCRIPTOR_INTERFACE = 4,	/* USB 2.0, table 9-5 */
	INTERFACE_CLASS = 5,		/* offset of bInterfaceClass */
};

struct hotplug {
	struct udev *udev;
	struct udev_monitor *monitor;
	struct event *readable;
	struct registry *registry;
	bool has_udevd;		/* it sets permissions: wait for its word */
};

static unsigned
hex_attribute(struct udev_device *d, const char *name)
{
	const char *s = udev_device_get_sysattr_value(d, name);

	return s != NULL ? (unsigned)strtoul(s, NULL, 16) : 0;
}

static const char *
text_attribute(struct udev_device *d, const char *name)
{
	const char *s = udev_device_get_sysattr_value(d, name);

	return s != NULL ? s : "";
}

/* The driver that configuration or table name for the device. */
static bool
driver_by_id(const struct hotplug *hp, struct usb_place *p)
{
	const struct id_row *row = ids_find(p->vid, p->pid);

	if (p->driver[0] != '\0' || settings_driver_of(registry_settings(hp->registry), p->vid, p->pid,
	    p->driver))
		return true;
	if (row != NULL)
		snprintf(p->driver, sizeof(p->driver), "%s", row->driver);
	return row != NULL;
}

bool
hotplug_has_class(struct view descriptors, uint8_t class)
{
	struct rd r = { .in = descriptors };

	while (r.in.n >= 2) {
		uint8_t length = r.in.p[0], type = r.in.p[1];
		struct view d = rd_take(&r, length);

		if (r.bad || length < 2)
			return false;
		if (type == DESCRIPTOR_INTERFACE && d.n > INTERFACE_CLASS &&
		    d.p[INTERFACE_CLASS] == class)
			return true;
	}
	return false;
}

/*
 * Has the device an interface of class 0b? Those are readers of their own. The
 * descriptors tell, also of interfaces that are still to be announced.
 */
static bool
has_ccid_interface(struct udev_device *device)
{
	uint8_t bytes[DESCRIPTORS_MAX];
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/descriptors",
	    udev_device_get_syspath(device));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	return n > 0 && hotplug_has_class((struct view){ bytes, (size_t)n },
	    USB_CLASS_CCID);
}

/*
 * Puts down what drives an interface. A device that is known by its ids alone
 * is one reader, told when its first interface appears.
 */
static bool
choose(const struct hotplug *hp, struct udev_device *device,
    struct udev_device *interface, struct usb_place *p)
{
	bool known = driver_by_id(hp, p);
	unsigned number = hex_attribute(interface, "bInterfaceNumber");

	p->interface = (int)number;
	if (hex_attribute(interface, "bInterfaceClass") == USB_CLASS_CCID) {
		if (!known)
			snprintf(p->driver, sizeof(p->driver), "ccid");
		return true;
	}
	p->interface = -1;
	return known && number == 0 && !has_ccid_interface(device);
}

/* By openct.conf: is it looked for at all, and is it driven otherwise? */
static bool
is_wanted(const struct hotplug *hp, struct usb_place *p)
{
	struct settings_reader own;
	bool named = registry_block(hp->registry, p, &own);

	snprintf(p->driver, sizeof(p->driver), "%s", own.driver);
	return (named || registry_settings(hp->registry)->hotplug) &&
	    !registry_has_node(hp->registry, p->node);
}

static bool
fits(size_t n, const char *s)
{
	return s != NULL && strlen(s) < n;
}

static void
look_at(struct hotplug *hp, struct udev_device *interface)
{
	struct udev_device *device = udev_device_get_parent_with_subsystem_devtype(
	    interface, "usb", "usb_device");	/* borrowed */
	struct usb_place p = { .interface = -1 };
	const char *port = udev_device_get_sysname(interface), *node;

	if (device == NULL)
		return;
	p.vid = (uint16_t)hex_attribute(device, "idVendor");
	p.pid = (uint16_t)hex_attribute(device, "idProduct");
	node = udev_device_get_devnode(device);
	if (!fits(sizeof(p.port), port) || !fits(sizeof(p.node), node))
		return;
	snprintf(p.port, sizeof(p.port), "%s", port);
	snprintf(p.node, sizeof(p.node), "%s", node);
	snprintf(p.serial, sizeof(p.serial), "%s",
	    text_attribute(device, "serial"));
	if (!is_wanted(hp, &p) || !choose(hp, device, interface, &p)) {
		registry_unplugged(hp->registry, p.port);	/* not any more */
		return;
	}
	if (hp->has_udevd && udev_device_get_is_initialized(device) == 0)
		return;			/* udev's word about it is to come */
	registry_plugged(hp->registry, &p);
}

static bool
is_interface(struct udev_device *d)
{
	const char *type = udev_device_get_devtype(d);

	return type != NULL && strcmp(type, "usb_interface") == 0;
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct hotplug *hp = arg;
	struct udev_device *d = udev_monitor_receive_device(hp->monitor);
	const char *action = d != NULL ? udev_device_get_action(d) : NULL;

	(void)fd;
	(void)what;
	if (action != NULL && is_interface(d)) {
		if (strcmp(action, "remove") == 0)
			registry_unplugged(hp->registry,
			    udev_device_get_sysname(d));
		else if (strcmp(action, "unbind") != 0)
			look_at(hp, d);
	}
	udev_device_unref(d);
}

bool
hotplug_look_around(struct hotplug *hp)
{
	struct udev_enumerate *e = udev_enumerate_new(hp->udev);
	struct udev_list_entry *item;
	struct udev_device *d;

	if (e == NULL || udev_enumerate_add_match_subsystem(e, "usb") < 0 ||
	    udev_enumerate_add_match_property(e, "DEVTYPE", "usb_interface") <
	    0 || udev_enumerate_scan_devices(e) < 0) {
		udev_enumerate_unref(e);
		return false;
	}
	udev_list_entry_foreach(item, udev_enumerate_get_list_entry(e)) {
		d = udev_device_new_from_syspath(hp->udev,
		    udev_list_entry_get_name(item));
		if (d != NULL)
			look_at(hp, d);
		udev_device_unref(d);
	}
	udev_enumerate_unref(e);
	return true;
}

static bool
listen_to(struct hotplug *hp, struct event_base *base)
{
	int fd;

	hp->has_udevd = access("/run/udev/control", F_OK) == 0;
	hp->monitor = udev_monitor_new_from_netlink(hp->udev,
	    hp->has_udevd ? "udev" : "kernel");
	if (hp->monitor == NULL ||
	    udev_monitor_filter_add_match_subsystem_devtype(hp->monitor, "usb",
	    "usb_interface") < 0)
		return false;
	/* needs CAP_NET_ADMIN; the default is what an ordinary user has */
	(void)udev_monitor_set_receive_buffer_size(hp->monitor, MONITOR_BUFFER);
	if (udev_monitor_enable_receiving(hp->monitor) < 0)
		return false;
	fd = udev_monitor_get_fd(hp->monitor);
	hp->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_event, hp);
	return hp->readable != NULL && event_add(hp->readable, NULL) == 0;
}

struct hotplug *
hotplug_open(struct event_base *base, struct registry *registry)
{
	struct hotplug *hp = calloc(1, sizeof(*hp));

	if (hp == NULL)
		return NULL;
	hp->registry = registry;
	hp->udev = udev_new();
	if (hp->udev == NULL || !listen_to(hp, base) || !hotplug_look_around(hp)) {
		hotplug_close(hp);
		return NULL;
	}
	return hp;
}

void
hotplug_close(struct hotplug *hp)
{
	if (hp == NULL)
		return;
	if (hp->readable != NULL)
		event_free(hp->readable);
	udev_monitor_unref(hp->monitor);
	udev_unref(hp->udev);
	free(hp);
}
