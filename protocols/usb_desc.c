/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/usb_desc.h"

enum { DESC_HEADER = 2, REPLACEMENT = 0xfffd };

bool
usb_desc_next(struct view *rest, struct usb_desc *d)
{
	size_t n = rest->n == 0 ? 0 : rest->p[0];

	if (rest->n < DESC_HEADER || n < DESC_HEADER || n > rest->n)
		return false;
	d->type = rest->p[1];
	d->bytes = view_first(*rest, n);
	*rest = view_skip(*rest, n);
	return true;
}

/* A descriptor that must have this type and at least this size. */
static enum err
open_desc(struct rd *r, struct view in, uint8_t type, size_t size)
{
	*r = (struct rd){ .in = in };
	if (in.n < DESC_HEADER)
		return ERR_SHORT;
	if (in.p[1] != type || in.p[0] < size)
		return ERR_FORMAT;
	if (in.n < size)
		return ERR_SHORT;
	rd_take(r, DESC_HEADER);
	return ERR_OK;
}

enum err
usb_device_parse(struct usb_device_desc *d, struct view in)
{
	struct rd r;
	enum err e = open_desc(&r, in, USB_DESC_DEVICE, USB_DEVICE_SIZE);

	if (e != ERR_OK)
		return e;
	d->bcd_usb = rd_le16(&r);
	d->dev_class = rd_u8(&r);
	d->subclass = rd_u8(&r);
	d->protocol = rd_u8(&r);
	d->max_packet0 = rd_u8(&r);
	d->vid = rd_le16(&r);
	d->pid = rd_le16(&r);
	d->bcd_device = rd_le16(&r);
	d->manufacturer = rd_u8(&r);
	d->product = rd_u8(&r);
	d->serial = rd_u8(&r);
	d->configurations = rd_u8(&r);
	return ERR_OK;
}

enum err
usb_config_parse(struct usb_config *c, struct view in)
{
	struct rd r;
	size_t head, total;
	enum err e = open_desc(&r, in, USB_DESC_CONFIG, USB_CONFIG_SIZE);

	if (e != ERR_OK)
		return e;
	head = in.p[0];
	total = rd_le16(&r);
	c->interfaces = rd_u8(&r);
	c->value = rd_u8(&r);
	c->string = rd_u8(&r);
	c->attributes = rd_u8(&r);
	c->max_power_ma = (uint16_t)(2 * rd_u8(&r));	/* USB 2.0 table 9-10 */
	if (total < head)
		return ERR_FORMAT;
	if (total > in.n)
		return ERR_SHORT;
	c->body = view_skip(view_first(in, total), head);
	return ERR_OK;
}

/* Adds a descriptor that directly follows what is in extra already. */
static void
extend(struct view *extra, const struct usb_desc *d)
{
	if (extra->n == 0)
		extra->p = d->bytes.p;
	extra->n += d->bytes.n;
}

static void
read_interface(struct usb_interface *i, struct view bytes)
{
	struct rd r = { .in = view_skip(bytes, DESC_HEADER) };

	i->number = rd_u8(&r);
	i->alt = rd_u8(&r);
	(void)rd_u8(&r);	/* bNumEndpoints: those that are there count */
	i->iface_class = rd_u8(&r);
	i->subclass = rd_u8(&r);
	i->protocol = rd_u8(&r);
	i->string = rd_u8(&r);
	i->n_endpoints = 0;
	i->extra = (struct view){ NULL, 0 };
}

static void
read_endpoint(struct usb_endpoint *e, struct view bytes)
{
	struct rd r = { .in = view_skip(bytes, DESC_HEADER) };

	e->address = rd_u8(&r);
	e->type = (enum usb_endpoint_type)(rd_u8(&r) & 3);
	e->max_packet = rd_le16(&r) & 0x7ff;	/* USB 2.0 table 9-13 */
	e->interval = rd_u8(&r);
	e->extra = (struct view){ NULL, 0 };
}

static bool
is_interface(struct view rest)
{
	return rest.n >= USB_INTERFACE_SIZE &&
	    rest.p[0] >= USB_INTERFACE_SIZE && rest.p[1] == USB_DESC_INTERFACE;
}

/* Endpoints and class descriptors up to the next interface. */
static void
read_followers(struct view *rest, struct usb_interface *i)
{
	struct view *extra = &i->extra;
	struct usb_desc d;

	while (!is_interface(*rest) && usb_desc_next(rest, &d)) {
		if (d.type != USB_DESC_ENDPOINT ||
		    d.bytes.n < USB_ENDPOINT_SIZE) {
			extend(extra, &d);
			continue;
		}
		if (i->n_endpoints == USB_ENDPOINTS_MAX)
			continue;
		read_endpoint(&i->endpoint[i->n_endpoints], d.bytes);
		extra = &i->endpoint[i->n_endpoints].extra;
		i->n_endpoints++;
	}
}

bool
usb_interface_next(struct view *rest, struct usb_interface *i)
{
	struct usb_desc d;

	while (usb_desc_next(rest, &d)) {
		if (d.type != USB_DESC_INTERFACE ||
		    d.bytes.n < USB_INTERFACE_SIZE)
			continue;
		read_interface(i, d.bytes);
		read_followers(rest, i);
		return true;
	}
	return false;
}

/* One character; half a pair is the replacement character. */
static uint32_t
rd_utf16(struct rd *r)
{
	uint32_t high = rd_le16(r), low;
	struct rd ahead = *r;

	if (high < 0xd800 || high > 0xdfff)
		return high;
	low = rd_le16(&ahead);
	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT;
	*r = ahead;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static void
wr_utf8(struct wr *w, uint32_t c)
{
	static const struct {
		uint32_t below;
		uint8_t lead;
		int more;
	} rows[] = {
		{ 0x80, 0x00, 0 }, { 0x800, 0xc0, 1 },
		{ 0x10000, 0xe0, 2 }, { 0x110000, 0xf0, 3 },
	};
	size_t i = 0;
	uint8_t *p;

	while (c >= rows[i].below)
		i++;
	p = wr_room(w, (size_t)rows[i].more + 1);
	if (p == NULL)
		return;
	*p++ = (uint8_t)(rows[i].lead | c >> (6 * rows[i].more));
	for (int k = rows[i].more - 1; k >= 0; k--)
		*p++ = (uint8_t)(0x80 | (c >> (6 * k) & 0x3f));
}

/* C0, DEL and C1; a line or paragraph separator breaks a line as well. */
static bool
is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) ||
	    c == 0x2028 || c == 0x2029;
}

enum err
usb_string_parse(char *dst, size_t cap, struct view in)
{
	struct wr w = { .p = (uint8_t *)dst, .cap = cap - 1 };
	struct rd r;
	enum err e = open_desc(&r, in, USB_DESC_STRING, DESC_HEADER);

	dst[0] = '\0';
	if (e != ERR_OK)
		return e;
	if (in.p[0] > in.n)
		return ERR_SHORT;
	r.in = view_skip(view_first(in, in.p[0]), DESC_HEADER);
	while (r.in.n >= 2 && !w.bad) {
		uint32_t c = rd_utf16(&r);

		if (c == 0)
			break;
		if (c != ' ' || w.n != 0)
			wr_utf8(&w, is_control(c) ? '?' : c);
	}
	while (w.n != 0 && dst[w.n - 1] == ' ')
		w.n--;
	dst[w.n] = '\0';
	return ERR_OK;
}

uint16_t
usb_langid_parse(struct view in)
{
	struct rd r;

	if (open_desc(&r, in, USB_DESC_STRING, DESC_HEADER + 2) != ERR_OK)
		return 0x0409;	/* English (United States) */
	return rd_le16(&r);
}
