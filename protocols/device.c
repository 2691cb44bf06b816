/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/device.h"

#include "protocols/vpcd.h"

static bool
take_prefix(struct view *v, const char *prefix)
{
	size_t n = strlen(prefix);

	if (v->n < n || memcmp(v->p, prefix, n) != 0)
		return false;
	*v = view_skip(*v, n);
	return true;
}

static bool
copy(char *dst, size_t cap, struct view v)
{
	if (v.n == 0 || v.n >= cap)
		return false;
	memcpy(dst, v.p, v.n);
	dst[v.n] = '\0';
	return true;
}

static unsigned
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
}

/* Digits up to the end or to a slash; *v moves behind it. */
static bool
take_hex(struct view *v, uint16_t *out)
{
	uint32_t x = 0;
	size_t i;

	for (i = 0; i < v->n && v->p[i] != '/'; i++) {
		x = x << 4 | hex_digit(v->p[i]);
		if (hex_digit(v->p[i]) > 15 || x > UINT16_MAX)
			return false;
	}
	*out = (uint16_t)x;
	*v = view_skip(*v, i + 1);
	return i != 0;
}

bool
device_parse_usb_id(uint16_t *vid, uint16_t *pid, struct view v)
{
	return take_prefix(&v, "usb:") && take_hex(&v, vid) &&
	    take_hex(&v, pid);
}

static bool
is_port(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	}
	return true;
}

/* The bytes before the first c, or all; *v keeps the rest, c included. */
static struct view
take_until(struct view *v, uint8_t c)
{
	const uint8_t *end = v->n != 0 ? memchr(v->p, c, v->n) : NULL;
	size_t n = end != NULL ? (size_t)(end - v->p) : v->n;
	struct view taken = view_first(*v, n);

	*v = view_skip(*v, n);
	return taken;
}

/* "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT"; port is the one else. */
static bool
parse_host(struct device *d, struct view v, const char *port)
{
	struct view host;

	if (take_prefix(&v, "[")) {
		host = take_until(&v, ']');
		if (!take_prefix(&v, "]"))
			return false;
	} else {
		host = take_until(&v, ':');
	}
	if (!copy(d->host, sizeof(d->host), host))
		return false;
	if (v.n == 0)
		return copy(d->port, sizeof(d->port), view_str(port));
	return take_prefix(&v, ":") && is_port(v) &&
	    copy(d->port, sizeof(d->port), v);
}

static uint32_t
port_number(const struct device *d)
{
	uint32_t n = 0;

	for (const char *c = d->port; *c != '\0'; c++)
		n = n * 10 + (uint32_t)(*c - '0');
	return n;
}

static bool
parse_usbip(struct device *d, struct view v)
{
	const uint8_t *slash = v.n != 0 ? memrchr(v.p, '/', v.n) : NULL;
	struct view server;

	if (slash == NULL)
		return false;
	server = view_first(v, (size_t)(slash - v.p));
	if (!copy(d->busid, sizeof(d->busid), view_skip(v, server.n + 1)))
		return false;
	d->kind = DEVICE_USBIP;
	d->is_unix = take_prefix(&server, "unix:");
	if (d->is_unix)
		return copy(d->host, sizeof(d->host), server);
	return parse_host(d, server, "3240") && port_number(d) != 0 &&
	    port_number(d) <= UINT16_MAX;
}

/* Each slot has a port. 0 stands for any. */
static bool
has_ports(const struct device *d)
{
	uint32_t n = port_number(d);

	return n + d->slots - 1 <= UINT16_MAX && (n != 0 || !d->connects);
}

static bool
take_slots(struct device *d, struct view *v)
{
	struct view where = take_until(v, '/'), digit = view_skip(*v, 1);

	d->slots = VPCD_SLOTS;
	if (v->n != 0 && (digit.n != 1 || digit.p[0] < '1' ||
	    digit.p[0] > '0' + VPCD_SLOTS_MAX))
		return false;
	if (v->n != 0)
		d->slots = (uint8_t)(digit.p[0] - '0');
	*v = where;
	return true;
}

static bool
parse_vpcd(struct device *d, struct view v)
{
	d->kind = DEVICE_VPCD;
	d->connects = take_prefix(&v, "connect:");
	if (!take_slots(d, &v))
		return false;
	if (!d->connects && is_port(v))
		return copy(d->host, sizeof(d->host), view_str("127.0.0.1")) &&
		    copy(d->port, sizeof(d->port), v) && has_ports(d);
	return parse_host(d, v, "") && has_ports(d);
}

static bool
parse_usb(struct device *d, struct view v)
{
	struct view rest = v;

	if (take_prefix(&rest, "usb:") && rest.n != 0 && rest.p[0] == '/') {
		d->kind = DEVICE_USB_NODE;
		return copy(d->node, sizeof(d->node), rest);
	}
	d->kind = DEVICE_USB_ID;
	return device_parse_usb_id(&d->vid, &d->pid, v);
}

/* What OpenCT had, and what there is to say about it. */
static const struct {
	const char *prefix, *why;
} foreign[] = {
	{ "serial:", "slotd has no driver for serial readers yet" },
	{ "pcmcia:", "slotd has no driver for PCMCIA readers" },
	{ "pcmcia_block:", "slotd has no driver for PCMCIA readers" },
	{ "remote:", "slotd does not use ifdproxy; a USB reader of another "
	    "computer is usbip:HOST:PORT/BUSID" },
};

enum err
device_parse(struct device *d, struct view text, const char **why)
{
	struct view v = text;

	*d = (struct device){ .kind = DEVICE_USB_ID };
	*why = "expected usb:VVVV/PPPP (hexadecimal) or "
	    "usb:/dev/bus/usb/BBB/DDD";
	if (take_prefix(&v, "usb:"))
		return parse_usb(d, text) ? ERR_OK : ERR_ARG;
	*why = "expected usbip:HOST:PORT/BUSID or usbip:unix:PATH/BUSID";
	if (take_prefix(&v, "usbip:"))
		return parse_usbip(d, v) ? ERR_OK : ERR_ARG;
	*why = "expected vpcd:PORT, vpcd:ADDRESS:PORT or "
	    "vpcd:connect:HOST:PORT, maybe with /SLOTS";
	if (take_prefix(&v, "vpcd:"))
		return parse_vpcd(d, v) ? ERR_OK : ERR_ARG;
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		*why = foreign[i].why;
		if (take_prefix(&v, foreign[i].prefix))
			return ERR_UNSUPPORTED;
	}
	*why = "expected usb:VVVV/PPPP, usb:/dev/bus/usb/BBB/DDD, "
	    "usbip:HOST:PORT/BUSID or vpcd:PORT";
	return ERR_ARG;
}
