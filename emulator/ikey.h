/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_IKEY_H
#define EMULATOR_IKEY_H

/*
 * Rainbow iKeys: after their signature was read (at any time, and the rite
 * begins anew), words must be told in this order, and what each is about may
 * be fetched once; then T=1 blocks, with their first four bytes in the setup
 * packet. Whatever else comes is stalled.
 */

#include "emulator/usb.h"

enum ikey_about {
	IKEY_WELL,		/* one zero */
	IKEY_ATR,		/* `room` bytes, zeros at its end */
	IKEY_COUNTED_ATR,	/* behind its length */
	IKEY_PPS,		/* an answer to a PPS for T=1 */
};

struct ikey_word {
	uint16_t word;
	enum ikey_about about;
	uint16_t room;		/* more may not be asked for */
};

struct ikey_traits {
	struct view signature;
	const struct ikey_word *words;
	size_t n;
};

extern const struct usb_family ikey_family;

#endif
