/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ccid_desc.h"

enum { MESSAGE_MIN = 11 };	/* a header and one byte */

static void
read_fields(struct ccid_desc *d, struct rd *r)
{
	d->bcd_ccid = rd_le16(r);
	d->max_slot_index = rd_u8(r);
	d->voltages = rd_u8(r);
	d->protocols = rd_le32(r);
	d->default_clock_khz = rd_le32(r);
	d->max_clock_khz = rd_le32(r);
	d->num_clocks = rd_u8(r);
	d->data_rate = rd_le32(r);
	d->max_data_rate = rd_le32(r);
	d->num_data_rates = rd_u8(r);
	d->max_ifsd = rd_le32(r);
	d->synch_protocols = rd_le32(r);
	d->mechanical = rd_le32(r);
	d->features = rd_le32(r);
	d->max_message = rd_le32(r);
	d->class_get_response = rd_u8(r);
	d->class_envelope = rd_u8(r);
	d->lcd_columns = rd_u8(r);	/* wLcdLayout: XXYYh, XX lines */
	d->lcd_lines = rd_u8(r);
	d->pin_support = rd_u8(r);
	d->max_busy_slots = rd_u8(r);
}

/* Of 773 published interfaces 5 have type FFh, and 12 a bcdCCID of 2.00 and
   more; all are ordinary CCIDs. So FFh is good, and bcdCCID is not judged. */
static bool
is_type(uint8_t type)
{
	return type == CCID_DESC_TYPE || type == CCID_DESC_TYPE_VENDOR;
}

static enum err
refuse(const char **why, enum err e, const char *text)
{
	if (why != NULL)
		*why = text;
	return e;
}

enum err
ccid_desc_parse(struct ccid_desc *d, struct view in, const char **why)
{
	struct rd r = { .in = in };
	uint8_t length = rd_u8(&r), type = rd_u8(&r);

	if (why != NULL)
		*why = NULL;
	read_fields(d, &r);
	if (in.n == 0)
		return refuse(why, ERR_SHORT, "there is no class descriptor");
	if (in.n >= 2 && !is_type(type))
		return refuse(why, ERR_FORMAT,
		    "that is no CCID class descriptor: its type is not 21h");
	if (length != CCID_DESC_SIZE)
		return refuse(why, ERR_FORMAT,
		    "the class descriptor says it is not 54 bytes long");
	if (r.bad)
		return refuse(why, ERR_SHORT,
		    "the class descriptor ends before its 54 bytes");
	if (r.in.n != 0)
		return refuse(why, ERR_FORMAT,
		    "more than a class descriptor's 54 bytes");
	if (d->max_message < MESSAGE_MIN)
		return refuse(why, ERR_FORMAT,
		    "its messages could not carry a single byte of data");
	return ERR_OK;
}

void
ccid_desc_write(struct wr *w, const struct ccid_desc *d)
{
	wr_u8(w, CCID_DESC_SIZE);
	wr_u8(w, CCID_DESC_TYPE);
	wr_le16(w, d->bcd_ccid);
	wr_u8(w, d->max_slot_index);
	wr_u8(w, d->voltages);
	wr_le32(w, d->protocols);
	wr_le32(w, d->default_clock_khz);
	wr_le32(w, d->max_clock_khz);
	wr_u8(w, d->num_clocks);
	wr_le32(w, d->data_rate);
	wr_le32(w, d->max_data_rate);
	wr_u8(w, d->num_data_rates);
	wr_le32(w, d->max_ifsd);
	wr_le32(w, d->synch_protocols);
	wr_le32(w, d->mechanical);
	wr_le32(w, d->features);
	wr_le32(w, d->max_message);
	wr_u8(w, d->class_get_response);
	wr_u8(w, d->class_envelope);
	wr_u8(w, d->lcd_columns);
	wr_u8(w, d->lcd_lines);
	wr_u8(w, d->pin_support);
	wr_u8(w, d->max_busy_slots);
}

/* The better of what was found so far and what this chain holds. */
static struct view
look_in(struct view chain, struct view found)
{
	struct usb_desc d;

	while (found.n != CCID_DESC_SIZE && usb_desc_next(&chain, &d)) {
		if (!is_type(d.type))
			continue;
		if (found.n == 0 || d.bytes.n == CCID_DESC_SIZE)
			found = d.bytes;
	}
	return found;
}

struct view
ccid_desc_find(const struct usb_interface *i)
{
	struct view found = look_in(i->extra, (struct view){ NULL, 0 });

	for (size_t k = 0; k < i->n_endpoints; k++)
		found = look_in(i->endpoint[k].extra, found);
	return found;
}
