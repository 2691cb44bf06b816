/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_USB_DESC_H
#define PROTOCOLS_USB_DESC_H

/*
 * USB descriptors from raw bytes (USB 2.0 §9.6), as a device node, a USB/IP
 * server or an emulated device has them. Nothing here trusts a length: a chain
 * is walked to its first impossible descriptor and no further.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	USB_DESC_DEVICE = 1,
	USB_DESC_CONFIG = 2,
	USB_DESC_STRING = 3,
	USB_DESC_INTERFACE = 4,
	USB_DESC_ENDPOINT = 5,

	USB_DEVICE_SIZE = 18,
	USB_CONFIG_SIZE = 9,
	USB_INTERFACE_SIZE = 9,
	USB_ENDPOINT_SIZE = 7,

	USB_ENDPOINTS_MAX = 30,		/* an interface cannot have more */
	USB_ENDPOINT_IN = 0x80,		/* bit of an endpoint's address */
};

enum usb_endpoint_type {
	USB_EP_CONTROL,
	USB_EP_ISOCHRONOUS,
	USB_EP_BULK,
	USB_EP_INTERRUPT,
};

struct usb_device_desc {
	uint16_t bcd_usb;
	uint8_t dev_class, subclass, protocol;
	uint8_t max_packet0;
	uint16_t vid, pid, bcd_device;
	uint8_t manufacturer, product, serial;	/* string indices, 0: none */
	uint8_t configurations;
};

struct usb_endpoint {
	uint8_t address;	/* number, with USB_ENDPOINT_IN */
	enum usb_endpoint_type type;
	uint16_t max_packet;	/* bytes, 1 .. 2047 of a sound device */
	uint8_t interval;
	struct view extra;	/* class descriptors behind it, borrowed */
};

struct usb_interface {
	uint8_t number, alt;
	uint8_t iface_class, subclass, protocol;
	uint8_t string;		/* index of its name, 0: none */
	size_t n_endpoints;	/* as found, whatever bNumEndpoints says */
	struct usb_endpoint endpoint[USB_ENDPOINTS_MAX];
	struct view extra;	/* class descriptors behind it, borrowed */
};

struct usb_config {
	uint8_t value;		/* for SET_CONFIGURATION */
	uint8_t interfaces;	/* as announced */
	uint8_t string;
	uint8_t attributes;
	uint16_t max_power_ma;
	struct view body;	/* all that follows, borrowed */
};

/* One descriptor: its type and the whole of it, header included. */
struct usb_desc {
	uint8_t type;
	struct view bytes;	/* at least 2, borrowed */
};

/*
 * Takes the next descriptor off the front of *rest. False at the end, and at a
 * descriptor shorter than 2 bytes or longer than what is left: then *rest is
 * not empty.
 */
bool		usb_desc_next(struct view *rest, struct usb_desc *) MUST_USE;

/* ERR_SHORT, or ERR_FORMAT where it is no device descriptor. */
enum err	usb_device_parse(struct usb_device_desc *, struct view)
		    MUST_USE;

/*
 * The head of a configuration with all its interfaces behind it. ERR_SHORT when
 * fewer bytes came than wTotalLength says, ERR_FORMAT where it is no
 * configuration descriptor; bytes beyond wTotalLength are ignored.
 */
enum err	usb_config_parse(struct usb_config *, struct view) MUST_USE;

/*
 * Takes the next interface (each alternate setting is one) with its endpoints
 * off the front of *rest, which starts as usb_config.body. False when there is
 * none. Descriptors that are not understood are in `extra` of what they follow;
 * endpoints beyond USB_ENDPOINTS_MAX and interface descriptors of fewer than 9
 * bytes are left out.
 */
bool		usb_interface_next(struct view *rest, struct usb_interface *)
		    MUST_USE;

/*
 * A string descriptor (UTF-16) as UTF-8, NUL-terminated, cut at a whole
 * character where cap is too small; cap is at least 1. The result is valid
 * UTF-8 without control characters, whatever came: half a surrogate pair is
 * U+FFFD, a control character '?', a NUL ends it, spaces at both ends go.
 * On ERR_SHORT and ERR_FORMAT (no string descriptor) it is empty.
 */
enum err	usb_string_parse(char *dst, size_t cap, struct view) MUST_USE;

/* The first language of string descriptor 0; 0x0409 where none is named. */
uint16_t	usb_langid_parse(struct view);

#endif
