/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_DEVICE_H
#define PROTOCOLS_DEVICE_H

/* Device strings of openct.conf: where a reader is. */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "protocols/usbip.h"

enum device_kind {
	/* "usb:046a/002d", hexadecimal: any such device on USB. A third part,
	   OpenCT's release number, is passed over. */
	DEVICE_USB_ID,
	/* "usb:/dev/bus/usb/001/004": the one at this node */
	DEVICE_USB_NODE,
	/* "usbip:HOST:PORT/BUSID", "usbip:HOST/BUSID", HOST in brackets when it
	   is an IPv6 address; "usbip:unix:PATH/BUSID" */
	DEVICE_USBIP,
	/* "vpcd:PORT", "vpcd:ADDRESS:PORT": a virtual reader, to whose first
	   slot emulated cards connect at this port, to its second at the next
	   one; without an address only those of this computer can.
	   "vpcd:connect:HOST:PORT": it connects to them. Behind each, "/N" says
	   how many slots, 1 to 8, instead of vsmartcard's 2. */
	DEVICE_VPCD,
};

struct device {
	enum device_kind kind;
	uint16_t vid, pid;		/* DEVICE_USB_ID */
	char node[64];			/* DEVICE_USB_NODE */
	/* DEVICE_USBIP, DEVICE_VPCD */
	bool is_unix;			/* DEVICE_USBIP */
	char host[108];			/* or the path of a Unix socket */
	char port[6];
	/* DEVICE_VPCD */
	bool connects;
	uint8_t slots;
	/* DEVICE_USBIP */
	char busid[USBIP_BUSID_MAX + 1];
};

/*
 * ERR_UNSUPPORTED for the kinds that OpenCT had and slotd has no driver for,
 * such as serial:/dev/ttyS0; ERR_ARG for anything else that is wrong. Then *why
 * is a sentence about it, which lives for ever: "expected ...".
 */
enum err	device_parse(struct device *, struct view text,
		    const char **why) MUST_USE;

/* "usb:VVVV/PPPP", maybe with a third part. */
bool		device_parse_usb_id(uint16_t *vid, uint16_t *pid, struct view);

#endif
