/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_TOKEN_T0_H
#define EMULATOR_TOKEN_T0_H

/*
 * Tokens with a T=0 card behind vendor control transfers and a status byte: the
 * e-gate and the Rutoken S. What is not its turn, or longer than it ought to
 * be, is stalled. After each header and each data the card is seen at work for
 * at least two questions, however fast it is.
 */

#include "emulator/usb.h"

struct token_t0_traits {
	uint8_t out_type, in_type;	/* bmRequestType */
	uint8_t reset;		/* OUT */
	uint8_t atr;		/* IN, room for so much */
	uint8_t atr_room;
	uint8_t header, write, read, status;
	uint32_t reset_ms;	/* busy after a reset */
	bool atr_is_data;	/* the status says that the ATR waits */
	bool counts;		/* the busy status does */
	/* The Rutoken's: ids and headers of files in another form. */
	bool dialect;
};

extern const struct usb_family token_t0_family;

#endif
