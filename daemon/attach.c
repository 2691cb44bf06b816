/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/attach.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/hotplug.h"
#include "daemon/reader.h"
#include "daemon/registry.h"
#include "daemon/registry_life.h"
#include "protocols/ids.h"

static enum err refuse(struct attach_result *, enum err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static enum err
refuse(struct attach_result *res, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(res->text, sizeof(res->text), fmt, ap);
	va_end(ap);
	return e;
}

static enum err
name_driver(struct attach_result *res, char driver[SETTINGS_NAME_MAX + 1],
    const char *name)
{
	if (!ids_has_driver(name))
		return refuse(res, ERR_ARG, "there is no driver \"%.60s\"; "
		    "ifdhandler(8) lists them", name);
	snprintf(driver, SETTINGS_NAME_MAX + 1, "%s", name);
	return ERR_OK;
}

/* "usb:VVVV/PPPP": as for a device of these ids that is plugged in. */
static enum err
driver_of_id(struct attach_result *res, const struct settings *settings,
    char driver[SETTINGS_NAME_MAX + 1], const char *id)
{
	struct view text = { (const uint8_t *)id, strlen(id) };
	const struct id_row *row;
	uint16_t vid, pid;

	if (!device_parse_usb_id(&vid, &pid, text))
		return refuse(res, ERR_ARG, "\"%.60s\": expected "
		    "usb:VVVV/PPPP, in hexadecimal", id);
	if (settings_driver_of(settings, vid, pid, driver))
		return ERR_OK;
	row = ids_find(vid, pid);
	snprintf(driver, SETTINGS_NAME_MAX + 1, "%s",
	    row != NULL ? row->driver : "ccid");
	return ERR_OK;
}

static bool
is_id(const char *driver)
{
	return strncmp(driver, "usb:", 4) == 0;
}

/* The reader of that device string that is there or should be, or NULL. */
static struct reader *
find(const struct registry *registry, const char *device)
{
	struct reader *r = NULL;
	struct reader_status st;

	while ((r = registry_next(registry, r)) != NULL) {
		reader_status(r, &st);
		if (strcmp(st.device, device) == 0 && registry_is_present(r))
			return r;
	}
	return NULL;
}

static enum err
found(struct attach_result *res, struct reader *r)
{
	struct reader_status st;

	reader_status(r, &st);
	res->reader = st.number;
	if (st.state == READER_FAILED)
		registry_retry(r);
	return ERR_OK;
}

/* What the device says it is goes before what the caller says of its ids. */
static enum err
attach_node(struct attach_result *res, struct registry *registry,
    const char *driver, const struct device *where, const char *device)
{
	char name[SETTINGS_NAME_MAX + 1] = "";
	struct reader *r;
	enum err e = ERR_OK;

	if (driver != NULL && !is_id(driver))
		e = name_driver(res, name, driver);
	if (e == ERR_OK)
		e = hotplug_attach(registry, where->node, name, res->text,
		    sizeof(res->text));
	if (e != ERR_OK)
		return e;
	r = find(registry, device);
	return r != NULL ? found(res, r) :
	    refuse(res, ERR_NO_READER, "%.100s is no smart card reader: it has "
	    "no interface of class 0b, and no driver knows it", device);
}

/* Of another computer, or a virtual one. */
static enum err
attach_static(struct attach_result *res, struct registry *registry,
    const char *driver, struct settings_reader *own)
{
	struct reader *r = find(registry, own->device);
	enum err e = ERR_OK;

	if (driver == NULL)
		driver = own->where.kind == DEVICE_VPCD ? "vpcd" : "ccid";
	if (is_id(driver))
		e = driver_of_id(res, registry_settings(registry), own->driver,
		    driver);
	else
		e = name_driver(res, own->driver, driver);
	if (e != ERR_OK)
		return e;
	if (r == NULL)
		r = registry_attach(registry, own);
	return r != NULL ? found(res, r) :
	    refuse(res, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
}

enum err
attach_reader(struct attach_result *res, struct registry *registry,
    const char *driver, const char *device)
{
	struct view text = { (const uint8_t *)device, strlen(device) };
	struct settings_reader own;
	const char *why = "";
	enum err e;

	*res = (struct attach_result){ .reader = 0 };
	settings_reader_init(&own, registry_settings(registry));
	e = device_parse(&own.where, text, &why);
	if (e != ERR_OK || text.n >= sizeof(own.device))
		return refuse(res, e, "\"%.100s\": %s", device,
		    e != ERR_OK ? why : err_text(ERR_TOO_LONG));
	memcpy(own.device, device, text.n + 1);
	if (own.where.kind == DEVICE_USB_ID)
		return refuse(res, ERR_ARG, "\"%.100s\": a device node is "
		    "expected, usb:/dev/bus/usb/BBB/DDD", device);
	if (own.where.kind == DEVICE_USB_NODE)
		return attach_node(res, registry, driver, &own.where, device);
	return attach_static(res, registry, driver, &own);
}
