/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/hotplug.h"

#include <event2/event.h>
#include <fcntl.h>
#include <libudev.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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
	const char *attach;	/* NULL; or the driver of what is attached, or
				   "": by its ids */
	unsigned seen;		/* interfaces, when that is counted */
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

	p->attached = hp->attach != NULL;
	snprintf(p->driver, sizeof(p->driver), "%s", p->attached &&
	    hp->attach[0] != '\0' ? hp->attach : own.driver);
	return (named || p->attached || registry_settings(hp->registry)->hotplug) &&
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
		registry_unwanted(hp->registry, p.port);
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

/* Everything there is, or is in that device, as if it came now. */
static bool
look_around(struct hotplug *hp, struct udev_device *device)
{
	struct udev_enumerate *e = udev_enumerate_new(hp->udev);
	struct udev_list_entry *item;
	struct udev_device *d;

	if (e == NULL || udev_enumerate_add_match_subsystem(e, "usb") < 0 ||
	    udev_enumerate_add_match_property(e, "DEVTYPE", "usb_interface") <
	    0 || (device != NULL && udev_enumerate_add_match_parent(e, device) <
	    0) || udev_enumerate_scan_devices(e) < 0) {
		udev_enumerate_unref(e);
		return false;
	}
	udev_list_entry_foreach(item, udev_enumerate_get_list_entry(e)) {
		d = udev_device_new_from_syspath(hp->udev,
		    udev_list_entry_get_name(item));
		if (d != NULL)
			look_at(hp, d);
		udev_device_unref(d);
		hp->seen++;
	}
	udev_enumerate_unref(e);
	return true;
}

bool
hotplug_look_around(struct hotplug *hp)
{
	return look_around(hp, NULL);
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

/* The USB device of a node: the caller's to unref. NULL when it is none. */
static struct udev_device *
device_at(struct udev *udev, const char *node)
{
	struct udev_device *d;
	const char *type;
	struct stat st;

	if (stat(node, &st) != 0 || !S_ISCHR(st.st_mode))
		return NULL;
	d = udev_device_new_from_devnum(udev, 'c', st.st_rdev);
	type = d != NULL ? udev_device_get_devtype(d) : NULL;
	if (type != NULL && strcmp(type, "usb_device") == 0)
		return d;
	udev_device_unref(d);
	return NULL;
}

/* The node is there before the interfaces are, which come one by one. */
static bool
is_set_up(const struct hotplug *hp, struct udev_device *device)
{
	unsigned n = (unsigned)strtoul(text_attribute(device, "bNumInterfaces"),
	    NULL, 10);

	return n != 0 && hp->seen >= n;
}

enum err
hotplug_attach(struct registry *registry, const char *node, const char *driver,
    char *text, size_t cap)
{
	struct hotplug hp = { .registry = registry, .attach = driver };
	struct udev_device *device;
	enum err e = ERR_MEMORY;

	snprintf(text, cap, "%s", err_text(ERR_MEMORY));
	hp.udev = udev_new();
	if (hp.udev == NULL)
		return ERR_MEMORY;
	device = device_at(hp.udev, node);
	if (device == NULL) {
		snprintf(text, cap, "%s: there is no USB device", node);
		e = ERR_NO_READER;
	} else if (look_around(&hp, device)) {
		e = is_set_up(&hp, device) ? ERR_OK : ERR_BUSY;
		snprintf(text, cap, "%s: the kernel is still setting it up",
		    node);
	}
	udev_device_unref(device);
	udev_unref(hp.udev);
	return e;
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
