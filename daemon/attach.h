/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_ATTACH_H
#define DAEMON_ATTACH_H

/* Readers that somebody tells of at run time, as openct-control attach does. */

#include "base/err.h"
#include "base/must_use.h"

struct registry;

enum { ATTACH_TEXT_MAX = 255 };

struct attach_result {
	unsigned reader;	/* its number; it may still be starting */
	char text[ATTACH_TEXT_MAX + 1];	/* on errors: what is wrong */
};

/*
 * Starts the reader at device, a device string of openct.conf that names a place:
 * a node in /dev/bus/usb, usbip, vpcd. driver is a driver's name, or "usb:VVVV/PPPP" or NULL:
 * the one for that device. A reader that is there already is not started again,
 * but one that has failed is, at once. ERR_ARG for words that make no sense,
 * ERR_UNSUPPORTED for kinds of devices slotd does not drive, ERR_NO_READER when
 * the device is not there or is no reader, ERR_BUSY when it was just plugged in
 * and the kernel is not ready yet, ERR_MEMORY.
 */
enum err	attach_reader(struct attach_result *, struct registry *,
		    const char *driver, const char *device) MUST_USE;

#endif
