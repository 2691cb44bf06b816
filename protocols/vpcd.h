/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_VPCD_H
#define PROTOCOLS_VPCD_H

/*
 * What vsmartcard's virtual reader ("vpcd") and an emulated card say to each
 * other over TCP. A message is its length in two bytes, big-endian, then so many
 * bytes. The reader asks: a message of one byte is an order, a longer one is an
 * APDU, whose answer is the response. Of the orders only GET_ATR is answered.
 * The card sends nothing unasked; it is in the reader while it is connected.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	VPCD_HEADER = 2,
	VPCD_MESSAGE_MAX = 65535,
	VPCD_FRAME_MAX = VPCD_HEADER + VPCD_MESSAGE_MAX,
	VPCD_APDU_MIN = 4,		/* a header */
	VPCD_SLOTS = 2,			/* of vsmartcard's reader */
	VPCD_SLOTS_MAX = 8,
};

enum vpcd_order {
	VPCD_OFF = 0,
	VPCD_ON = 1,
	VPCD_RESET = 2,
	VPCD_GET_ATR = 4,
};

void		vpcd_write(struct wr *, struct view message);
void		vpcd_write_order(struct wr *, enum vpcd_order);

/*
 * The message of which in is the beginning, borrowed from it. ERR_SHORT: there
 * is more to come. ERR_FORMAT: more came than one message, which nobody asked
 * for.
 */
enum err	vpcd_parse(struct view *message, struct view in) MUST_USE;

#endif
