/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_USB_SETUP_H
#define PROTOCOLS_USB_SETUP_H

/* The 8 bytes that begin a control transfer (USB 2.0 §9.3), little-endian. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	USB_SETUP_SIZE = 8,
	/* type: direction, kind, recipient */
	USB_DIR_IN = 0x80,
	USB_TYPE_CLASS = 0x20,
	USB_TYPE_VENDOR = 0x40,
	USB_TO_INTERFACE = 0x01,
	USB_TO_ENDPOINT = 0x02,
};

struct usb_setup {
	uint8_t type;		/* bmRequestType */
	uint8_t request;
	uint16_t value;
	uint16_t index;
	uint16_t length;	/* of the data that goes out or may come in */
};

static inline void
usb_setup_write(struct wr *w, const struct usb_setup *s)
{
	wr_u8(w, s->type);
	wr_u8(w, s->request);
	wr_le16(w, s->value);
	wr_le16(w, s->index);
	wr_le16(w, s->length);
}

/* Takes the setup packet off the front of r; r->bad when it is not there. */
static inline void
usb_setup_read(struct rd *r, struct usb_setup *s)
{
	s->type = rd_u8(r);
	s->request = rd_u8(r);
	s->value = rd_le16(r);
	s->index = rd_le16(r);
	s->length = rd_le16(r);
}

#endif
