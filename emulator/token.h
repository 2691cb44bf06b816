/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_TOKEN_H
#define EMULATOR_TOKEN_H

/*
 * Tokens with a T=1 card behind vendor control transfers: the eToken PRO and its
 * kin. A token is a list of requests that must come one after the other; then
 * blocks may be sent and fetched. Whatever is not in the list, not its turn or
 * longer than it ought to be is stalled, as OpenCT's authors found out.
 */

#include "emulator/usb.h"

struct token_step {
	uint8_t type, request;	/* bmRequestType, bRequest; the rest is 0 */
	/* OUT: what the host must send; IN: the answer, and the most that may be
	   asked for; empty: the ATR behind its length, 35 bytes at most */
	struct view bytes;
};

struct token_traits {
	const struct token_step *steps;	/* the first one resets the card */
	size_t n;
	uint8_t ep_atr;		/* no steps: the ATR comes here, once */
};

extern const struct usb_family token_family;

#endif
