/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_IDS_H
#define PROTOCOLS_IDS_H

/*
 * Which driver drives which USB device. This is the one place: slotd matches
 * with it, the udev rules and the shipped openct.conf are made from it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_row {
	uint16_t vid, pid;
	const char *driver;	/* by OpenCT's name for it */
	const char *device;	/* for people */
};

enum { USB_CLASS_CCID = 0x0b, USB_CLASS_VENDOR = 0xff };

/* Sorted by vid, then pid; a test checks. *n is their number. */
const struct id_row	*ids_all(size_t *n);

/* Is there a driver of this name? */
bool			ids_has_driver(const char *name);

/* The row of a device, or NULL. */
const struct id_row	*ids_find(uint16_t vid, uint16_t pid);

#endif
