/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IFD_CCID_ROWS_H
#define TESTS_IFD_CCID_ROWS_H

/* Rows that the talks with CCID readers share, and a reader to be made. */

#include "tests/ifd/talk.h"

enum { BULK_OUT = 0x02, BULK_IN = 0x82, INT_IN = 0x81 };

enum { NO_CARD = 0, THERE = CHANNEL_PRESENT,
	ON_NOW = CHANNEL_PRESENT | CHANNEL_POWERED };

/* Little endian, for the descriptor. */
#define LE16(n) (uint8_t)((n) & 0xff), (uint8_t)((n) >> 8 & 0xff)
#define LE32(n) LE16(n), LE16((uint32_t)(n) >> 16)

/* The configuration of a reader with three endpoints. */
#define READER_CONFIG(slots, clock, max_rate, features, max, busy) {	\
	9, 2, LE16(9 + 9 + 54 + 21), 1, 1, 0, 0x80, 50,			\
	9, 4, 0, 0, 3, 0x0b, 0, 0, 0,					\
	54, 0x21, LE16(0x0110), (slots) - 1, 7, LE32(3),		\
	LE32(clock), LE32(clock), 0, LE32((clock) * 1000 / 372),	\
	LE32(max_rate), 0, LE32(254), LE32(0), LE32(0),			\
	LE32(features), LE32(max), 0xff, 0xff, LE16(0), 0, (busy),	\
	7, 5, INT_IN, 3, LE16(8), 16,					\
	7, 5, BULK_OUT, 2, LE16(64), 0,					\
	7, 5, BULK_IN, 2, LE16(64), 0,					\
}

/* The same of a card with a USB plug: version A is 1, B is 2. */
#define ICCD_CONFIG(version, features) {				\
	9, 2, LE16(9 + 9 + 54), 1, 1, 0, 0x80, 50,			\
	9, 4, 0, 0, 0, 0x0b, 0, (version), 0,				\
	54, 0x21, LE16(0x0110), 0, 1, LE32(3), LE32(4000), LE32(4000),	\
	0, LE32(10752), LE32(344086), 0, LE32(254), LE32(0), LE32(0),	\
	LE32(features), LE32(261), 0xff, 0xff, LE16(0), 0, 1,		\
}

#define READER_DEVICE(vid, pid, bcd) {					\
	18, 1, LE16(0x0200), 0, 0, 0, 64, LE16(vid), LE16(pid),		\
	LE16(bcd), 0, 0, 0, 1,						\
}

#define BYTES(a) { (a), sizeof(a) }

#define ROW(t) { #t, t, sizeof(t) / sizeof(t[0]) }
#define PLAY(w, talk) world_play(w, #talk, talk, sizeof(talk) / sizeof(talk[0]))

struct talk_row {
	const char *name;
	const struct turn *turns;
	size_t n;
};

#define STATUS(slot, seq) "\x65\x00\x00\x00\x00" slot seq "\x00\x00\x00"
#define ON(seq, volts) "\x62\x00\x00\x00\x00\x00" seq volts "\x00\x00"
#define OFF(seq) "\x63\x00\x00\x00\x00\x00" seq "\x00\x00\x00"
#define SLOT(slot, seq, status, error)					\
	"\x81\x00\x00\x00\x00" slot seq status error "\x00"
#define ATR5(seq) "\x80\x05\x00\x00\x00\x00" seq "\x00\x00\x00"		\
	"\x3b\x80\x80\x01\x01"
#define SET_T0(seq) "\x61\x05\x00\x00\x00\x00" seq "\x00\x00\x00"	\
	"\x11\x00\x00\x0a\x00"
#define PARAMS_T0(seq) "\x82\x05\x00\x00\x00\x00" seq "\x00\x00\x00"	\
	"\x11\x00\x00\x0a\x00"
#define CHALLENGE(slot, seq) "\x6f\x05\x00\x00\x00" slot seq		\
	"\x00\x00\x00\x00\x84\x00\x00\x08"
#define ANSWER(slot, seq) "\x80\x0a\x00\x00\x00" slot seq		\
	"\x00\x00\x00" "12345678\x90\x00"

#define SENDS(bytes) { .kind = OUT, .n = BULK_OUT, .out = V(bytes) }
#define GIVES(bytes) { .kind = IN, .n = BULK_IN, .in = V(bytes) }
#define NOTIFIES(bytes) { .kind = IN, .n = INT_IN, .in = V(bytes) }
#define ASKS(slot, what, ...)						\
	{ .kind = ASK, .n = slot, .arg = what, __VA_ARGS__ }
#define ENDS(slot, bytes) { .kind = ENDED, .n = slot, .in = V(bytes) }
#define FAILS(slot, e, words)						\
	{ .kind = ENDED, .n = slot, .err = e, .in = V(words) }
#define TELLS(slot, mask) { .kind = CARD, .n = slot, .arg = mask }
#define GET_CHALLENGE .out = V("\x00\x84\x00\x00\x08")


#endif
