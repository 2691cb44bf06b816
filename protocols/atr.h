/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_ATR_H
#define PROTOCOLS_ATR_H

/*
 * The answer to reset, ISO 7816-3:2006 §8. Values that the standard reserves
 * count as its defaults; atr_text.h shows them as they were sent.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	ATR_MAX = 33,			/* TS and up to 32 characters */
	ATR_HISTORICAL_MAX = 15,
	ATR_T15 = 15,			/* not a protocol: global values */
	ATR_FD = 372,			/* F and D before any negotiation */
	ATR_DD = 1,
};

/* What is wrong with an ATR. */
#define ATR_FLAW_LIST(X)						\
	X(NONE,		"nothing")					\
	X(TS,		"its first byte is neither 3b nor 3f")		\
	X(SHORT,	"bytes are missing")				\
	X(TOO_LONG,	"it is longer than 33 bytes")			\
	X(TRAILING,	"more bytes follow than it announces")		\
	X(TCK_MISSING,	"its check byte is missing")			\
	X(TCK_WRONG,	"its check byte is wrong")

enum atr_flaw {
#define X(name, text) ATR_FLAW_##name,
	ATR_FLAW_LIST(X)
#undef X
	ATR_FLAW_COUNT
};

struct atr {
	uint8_t bytes[ATR_MAX];	/* as sent, cut at 33 */
	uint8_t n;
	uint8_t historical_at, historical_n;
	enum atr_flaw flaw;
	bool inverse;		/* TS 3F: inverse convention */

	uint16_t protocols;	/* mask 1u << T of what is offered, never 0 */
	uint8_t protocol;	/* TA2's, else the first offered */
	bool specific;		/* TA2 is there: no PPS, protocol is fixed */
	bool implicit;		/* TA2: F and D are not those of TA1 */
	bool can_change;	/* TA2: negotiable again after a warm reset */

	uint8_t ta1;		/* 0x11 when absent or reserved */
	uint16_t fi;		/* clock rate conversion, 372..2048 */
	uint8_t di;		/* baud rate adjustment, 1..64 */
	uint16_t fmax_khz;	/* highest clock */
	uint8_t guard;		/* N of TC1, extra guard time; 255 is special */

	uint8_t wi;		/* T=0, 1..255 */
	uint8_t ifsc;		/* T=1, 1..254 bytes */
	uint8_t bwi, cwi;	/* T=1, bwi 0..9, cwi 0..15 */
	bool crc;		/* T=1: CRC, not LRC */

	uint8_t clock_stop;	/* 0 no, 1 state L, 2 state H, 3 either */
	uint8_t classes;	/* mask: 1 A (5 V), 2 B (3 V), 4 C (1.8 V) */
};

/*
 * Parses a whole ATR. ERR_SHORT when bytes are missing, ERR_TOO_LONG above 33,
 * ERR_FORMAT for every other flaw. The members are always set: to what could
 * be read, and to the defaults for the rest.
 */
enum err	atr_parse(struct atr *, struct view) MUST_USE;

/*
 * A few cards need more time than their ATR says: BWI is raised. True: this is
 * one of them.
 */
bool		atr_mend(struct atr *);

/*
 * A parsed ATR can be used though atr_parse complained: only its end is wrong.
 * Cards with a missing or wrong check byte are in the field, and work.
 */
bool		atr_is_usable(const struct atr *);

/* "its check byte is wrong". Never NULL. */
const char	*atr_flaw_text(enum atr_flaw);

/*
 * How long an ATR that begins with these bytes is. When *n <= prefix.n it is
 * complete (and followed by prefix.n - *n other bytes); when not, at least *n
 * bytes are needed: read them and ask again. ERR_FORMAT when TS is wrong,
 * ERR_TOO_LONG when it cannot end within 33 bytes.
 */
enum err	atr_length(size_t *n, struct view prefix) MUST_USE;

/* Borrowed from the struct. */
struct view	atr_historical(const struct atr *);

/* The F and D of a TA1 byte; false (and 372, 1) when either is reserved. */
bool		atr_speed(uint8_t ta1, uint16_t *fi, uint8_t *di);

/* The highest clock of a TA1 byte, kHz; 5000 when reserved. */
uint16_t	atr_fmax_khz(uint8_t ta1);

/*
 * Waiting times in milliseconds, rounded up, never 0, at a card clock in kHz
 * (below 1000, the least the standard allows, counts as 1000). They hold at the
 * default speed and at the one of TA1: where a time is counted in etu, the
 * longer etu of the two is taken.
 */
/* T=0: between two characters, §10.2. */
uint32_t	atr_wwt_ms(const struct atr *, uint32_t clock_khz);
/* T=1: from a block sent to the first character of the answer, §11.4.3. */
uint32_t	atr_bwt_ms(const struct atr *, uint32_t clock_khz);
/* T=1: between two characters of a block, §11.4.3. */
uint32_t	atr_cwt_ms(const struct atr *, uint32_t clock_khz);

/* What an interface byte says, by its place. */
enum atr_role {
	ATR_ROLE_SPEED,		/* TA1: Fi, Di */
	ATR_ROLE_VPP,		/* TB1, TB2: deprecated */
	ATR_ROLE_GUARD,		/* TC1 */
	ATR_ROLE_SPECIFIC,	/* TA2 */
	ATR_ROLE_WI,		/* TC2 */
	ATR_ROLE_IFSC,		/* first TA for T=1 */
	ATR_ROLE_WAITS,		/* first TB for T=1: BWI, CWI */
	ATR_ROLE_EDC,		/* first TC for T=1 */
	ATR_ROLE_CLOCK_CLASS,	/* first TA for T=15 */
	ATR_ROLE_SPU,		/* first TB for T=15 */
	ATR_ROLE_NEXT,		/* TDi */
	ATR_ROLE_RESERVED,
};

struct atr_item {
	enum atr_role role;
	char letter;		/* 'A' .. 'D' */
	uint8_t index;		/* the 1 of TA1 */
	uint8_t group;		/* T of the TD before it, 0 for index 1 */
	uint8_t value;
	size_t offset;		/* from TS */
};

/* Walks the interface bytes; what is in it after the walk is for atr.c. */
struct atr_cursor {
	struct rd rd;
	size_t offset;		/* of the next byte */
	uint8_t present;	/* Y: bytes of this index to come */
	uint8_t index, group;
	uint8_t historical_n;	/* K of T0 */
	bool needs_tck;		/* a protocol but T=0, or T=15, was named */
	uint32_t seen;		/* mask of roles */
};

/*
 * Starts behind T0; with less than two bytes there is nothing to walk. Looks at
 * no more than 33 bytes.
 */
struct atr_cursor	atr_walk(struct view atr);

/* The next interface byte; false at their end or the end of the input. */
bool		atr_next(struct atr_cursor *, struct atr_item *);

#endif
