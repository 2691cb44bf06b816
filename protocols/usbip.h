/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_USBIP_H
#define PROTOCOLS_USBIP_H

/*
 * The messages of USB/IP, version 1.1.1, as the Linux kernel and the usbip tools
 * speak it (Documentation/usb/usbip_protocol.rst). All fields are big-endian but
 * the setup packet, which is a USB one. A connection starts with one operation
 * (OP_REQ_DEVLIST or OP_REQ_IMPORT); after a good import it carries URBs.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	USBIP_VERSION = 0x0111,
	USBIP_PORT = 3240,
	USBIP_BUSID_MAX = 31,	/* characters, without the NUL */
	/* sizes on the wire, bytes */
	USBIP_OP_SIZE = 8,		/* version, code, status */
	USBIP_IMPORT_REQ_SIZE = 8 + 32,
	USBIP_DEVICE_SIZE = 312,
	USBIP_INTERFACE_SIZE = 4,
	USBIP_URB_SIZE = 48,
	/* operation codes */
	USBIP_OP_REQ_IMPORT = 0x8003,
	USBIP_OP_REP_IMPORT = 0x0003,
	USBIP_OP_REQ_DEVLIST = 0x8005,
	USBIP_OP_REP_DEVLIST = 0x0005,
	/* enum usb_device_speed */
	USBIP_SPEED_LOW = 1,
	USBIP_SPEED_FULL = 2,
	USBIP_SPEED_HIGH = 3,
};

enum usbip_status {
	USBIP_ST_OK,
	USBIP_ST_NA,		/* not available */
	USBIP_ST_DEV_BUSY,	/* imported by somebody else */
	USBIP_ST_DEV_ERR,
	USBIP_ST_NODEV,		/* no such bus id */
	USBIP_ST_ERROR,
};

struct usbip_op {
	uint16_t version, code;
	uint32_t status;	/* enum usbip_status, 0 in requests */
};

struct usbip_device {
	char path[256];
	char busid[32];
	uint32_t busnum, devnum, speed;
	uint16_t vid, pid, bcd_device;
	uint8_t dev_class, dev_subclass, dev_protocol;
	uint8_t configuration, configurations, interfaces;
};

enum usbip_urb_kind {
	USBIP_CMD_SUBMIT = 1,
	USBIP_CMD_UNLINK = 2,
	USBIP_RET_SUBMIT = 3,
	USBIP_RET_UNLINK = 4,
};

/*
 * One URB message. After a CMD_SUBMIT with is_in false, and after a RET_SUBMIT
 * of an IN transfer, as many bytes of data follow as `length` says.
 */
struct usbip_urb {
	enum usbip_urb_kind kind;
	uint32_t seq;
	uint32_t devid;		/* busnum << 16 | devnum; 0 in answers */
	bool is_in;		/* direction; false in answers */
	uint32_t ep;		/* number without direction bit; 0 in answers */
	/* CMD_SUBMIT and RET_SUBMIT */
	uint32_t flags;		/* transfer_flags */
	uint32_t length;	/* buffer length asked, or bytes transferred */
	uint32_t interval;
	uint8_t setup[8];	/* control transfers, else zeros */
	/* answers: 0 or a negative errno of Linux (-EPIPE 32 stall, -ENOENT 2
	   unlinked, -ECONNRESET 104, -ESHUTDOWN 108 unplugged, -EOVERFLOW 75) */
	int32_t status;
	/* CMD_UNLINK: seq of the URB to cancel */
	uint32_t unlink_seq;
};

/* The devid of an imported device. */
uint32_t	usbip_devid(const struct usbip_device *);

void		usbip_op_write(struct wr *, const struct usbip_op *);
/* ERR_FORMAT for a foreign version; other codes are the caller's to judge. */
enum err	usbip_op_parse(struct usbip_op *, struct view) MUST_USE;

/* OP_REQ_IMPORT whole, USBIP_IMPORT_REQ_SIZE bytes. */
void		usbip_import_write(struct wr *, const char *busid);

void		usbip_device_write(struct wr *, const struct usbip_device *);
/* Strings come out NUL-terminated whatever was sent. */
enum err	usbip_device_parse(struct usbip_device *, struct view) MUST_USE;

void		usbip_urb_write(struct wr *, const struct usbip_urb *);
/* Exactly USBIP_URB_SIZE bytes. ERR_FORMAT for an unknown kind. */
enum err	usbip_urb_parse(struct usbip_urb *, struct view) MUST_USE;

#endif
