/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_IDENTIFY_H
#define IFD_IDENTIFY_H

/*
 * Asks a device who it is, with the standard requests of USB 2.0 §9.4: the
 * device descriptor, the configuration (in use, or put to use), the strings. It
 * is played like a driver with one slot and one request, before the real driver
 * is asked.
 */

#include "ifd/driver.h"

enum {
	IDENTIFY_CONFIG_MAX = 4096,	/* bytes of a configuration */
	IDENTIFY_STRING_MAX = 255,
	IDENTIFY_WAIT_MS = 5000,	/* for each answer, USB 2.0 §9.2.6.4 */
};

enum identify_state {
	IDENTIFY_DEVICE,
	IDENTIFY_ACTIVE,	/* which configuration is in use */
	IDENTIFY_HEAD,
	IDENTIFY_CONFIG,
	IDENTIFY_CONFIGURE,	/* SET_CONFIGURATION */
	IDENTIFY_LANGUAGE,
	IDENTIFY_STRINGS,
};

/* The state of the slot. */
struct identify {
	int interface;		/* wanted; -1: the CCID one, or the first */
	bool configure;		/* it is not configured yet: take the first */
	/* its own */
	enum identify_state state;
	uint8_t active;		/* bConfigurationValue, 0: the first */
	uint8_t index;		/* of the configuration asked for */
	uint16_t language;
	unsigned string;	/* which of the strings is asked for */
	uint8_t setup[8];
	uint8_t config[IDENTIFY_CONFIG_MAX];
};

/*
 * Fills in device, config, interface and the strings of slot->reader; config
 * and interface borrow from the state. A string that fails is left empty.
 */
extern const struct ifd_driver ifd_identify;

#endif
