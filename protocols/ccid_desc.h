/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CCID_DESC_H
#define PROTOCOLS_CCID_DESC_H

/* The CCID class descriptor (CCID 1.1 §5.1): what a reader says it can do. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "protocols/usb_desc.h"

enum {
	CCID_DESC_TYPE = 0x21,
	CCID_DESC_TYPE_VENDOR = 0xff,	/* seen on readers of class FFh */
	CCID_DESC_SIZE = 54,
};

enum {	/* bVoltageSupport */
	CCID_CAN_5V = 1u << 0,
	CCID_CAN_3V = 1u << 1,
	CCID_CAN_1V8 = 1u << 2,
};

enum {	/* dwFeatures */
	CCID_AUTO_ATR_PARAMS = 0x2,	/* parameters set from the ATR */
	CCID_AUTO_ACTIVATE = 0x4,
	CCID_AUTO_VOLTAGE = 0x8,
	CCID_AUTO_CLOCK = 0x10,
	CCID_AUTO_BAUD = 0x20,
	CCID_AUTO_NEGOTIATE = 0x40,	/* the reader's own parameters, PPS */
	CCID_AUTO_PPS = 0x80,		/* PPS from the current parameters */
	CCID_CLOCK_STOP = 0x100,
	CCID_NAD = 0x200,
	CCID_AUTO_IFSD = 0x400,
	CCID_LEVEL_MASK = 0x70000,
	CCID_LEVEL_TPDU = 0x10000,
	CCID_LEVEL_SHORT = 0x20000,
	CCID_LEVEL_EXTENDED = 0x40000,
	CCID_WAKEUP = 0x100000,
};

enum {	/* bPINSupport */
	CCID_PIN_VERIFY = 1u << 0,
	CCID_PIN_MODIFY = 1u << 1,
};

struct ccid_desc {
	uint16_t bcd_ccid;	/* 0x0110 is 1.10 */
	uint8_t max_slot_index;
	uint8_t voltages;	/* CCID_CAN_5V ... */
	uint32_t protocols;	/* bit 0: T=0, bit 1: T=1 */
	uint32_t default_clock_khz, max_clock_khz;
	uint8_t num_clocks;	/* 0: any between default and maximum */
	uint32_t data_rate, max_data_rate;	/* bits a second */
	uint8_t num_data_rates;	/* 0: any between the two */
	uint32_t max_ifsd;
	uint32_t synch_protocols, mechanical;
	uint32_t features;
	uint32_t max_message;	/* bytes, the 10 of the header among them */
	uint8_t class_get_response, class_envelope;	/* 0xff: echoed */
	uint8_t lcd_lines, lcd_columns;
	uint8_t pin_support;	/* CCID_PIN_VERIFY, CCID_PIN_MODIFY */
	uint8_t max_busy_slots;
};

/*
 * Reads a class descriptor whole. Refuses what cannot be driven: a wrong length
 * or type (ERR_SHORT, ERR_FORMAT), messages too short to carry a byte
 * (ERR_FORMAT). Then *why, unless why is NULL, says what is wrong. What is
 * merely odd is the plan's business.
 */
enum err	ccid_desc_parse(struct ccid_desc *, struct view,
		    const char **why) MUST_USE;

/* The 54 bytes of a descriptor, for emulated readers and tests. */
void		ccid_desc_write(struct wr *, const struct ccid_desc *);

/*
 * The class descriptor of an interface, wherever its maker put it: behind the
 * interface descriptor, or behind an endpoint (O2Micro and others). One of the
 * right length is preferred; failing that one of the right type is returned, so
 * that ccid_desc_parse can say what is wrong with it. Empty when there is none.
 */
struct view	ccid_desc_find(const struct usb_interface *);

#endif
