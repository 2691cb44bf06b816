/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_RUTOKEN_H
#define EMULATOR_RUTOKEN_H

/*
 * How the card of a Rutoken S differs from one after ISO 7816-4, put between
 * the token and any card: file ids are little-endian, SELECT answers 9000 and
 * has a header of 32 bytes waiting for GET RESPONSE.
 */

#include "emulator/card_t0.h"

enum { RUTOKEN_HEADER = 32 };

struct rutoken {
	uint8_t waiting[RUTOKEN_HEADER];
	bool waits;
};

/*
 * The host's bytes: a header, or the data that belong to `header`; the card's
 * answer as it comes on the line, CARD_T0_OUT_MAX bytes at most.
 */
void	rutoken_say(struct rutoken *, struct card_t0 *, struct card *,
	    const uint8_t header[CARD_T0_HEADER], struct view bytes,
	    struct wr *out);

#endif
