/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CCID_H
#define EMULATOR_CCID_H

/* The family of readers after the CCID specification, revision 1.1. */

#include "emulator/usb.h"

enum {
	CCID_HEADER = 10,
	/* dwFeatures */
	CCID_AUTO_PARAMS = 0x2,
	CCID_AUTO_VOLTAGE = 0x8,
	CCID_AUTO_PPS = 0xc0,	/* either of the two kinds */
	CCID_LEVEL_CHARACTER = 0,
	CCID_LEVEL_TPDU = 0x10000,
	CCID_LEVEL_SHORT = 0x20000,
	CCID_LEVEL_EXTENDED = 0x40000,
	CCID_LEVEL_MASK = 0x70000,
};

/* What one reader of the family is; must agree with its descriptors. */
struct ccid_traits {
	uint32_t features;	/* dwFeatures */
	uint32_t max_message;
	uint8_t voltages;	/* bVoltageSupport */
	uint8_t busy_slots;	/* bMaxCCIDBusySlots */
	uint8_t ep_out, ep_in, ep_interrupt;	/* addresses; 0: none */
	uint32_t clock_khz;	/* of the cards */
	uint32_t limit_bps;	/* what really works, whatever is announced;
				   0: as announced */
	const uint32_t *clocks_khz, *rates_bps;
	size_t n_clocks, n_rates;
	/* entries of the answers, the rest zeros; 0: request not supported */
	size_t clock_entries, rate_entries;
	bool names_itself;	/* as the answer to the escape 02 */
};

static inline uint32_t
ccid_level(const struct usb_device *d)
{
	const struct ccid_traits *t = d->model->traits;

	return t->features & CCID_LEVEL_MASK;
}

extern const struct usb_family ccid_family;

#endif
