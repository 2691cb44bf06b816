/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_APDU_H
#define PROTOCOLS_APDU_H

/*
 * Command APDUs and their cases, ISO 7816-3:2006 §12.1. Nc is the number of
 * data bytes in the command, Ne the most that are expected in the response.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	APDU_HEADER = 4,
	APDU_SHORT_MAX = 261,			/* 4 + 1 + 255 + 1 */
	APDU_SHORT_RESPONSE_MAX = 258,		/* 256 + SW1 SW2 */
	APDU_MAX = 65544,			/* 4 + 3 + 65535 + 2 */
	APDU_RESPONSE_MAX = 65538,		/* 65536 + SW1 SW2 */
	APDU_DESCRIBE_MAX = 40,			/* text, with its NUL */
};

enum apdu_case {
	APDU_CASE_1,	/* no data either way */
	APDU_CASE_2,	/* response data: Ne */
	APDU_CASE_3,	/* command data: Nc */
	APDU_CASE_4,	/* both */
};

struct apdu {
	enum apdu_case kind;
	bool extended;		/* 3-byte Lc or Le; never in case 1 */
	uint8_t cla, ins, p1, p2;
	struct view data;	/* Nc bytes, borrowed */
	uint32_t ne;		/* 0 without Le, else 1..65536 */
};

/*
 * ERR_SHORT for less than four bytes, ERR_FORMAT when Lc and Le do not agree
 * with the length.
 */
enum err	apdu_parse(struct apdu *, struct view) MUST_USE;

/* The longest response that obeys Ne, SW1 SW2 included. */
size_t		apdu_response_max(const struct apdu *);

/*
 * What may be logged of an APDU: "00 20 00 80, 16 bytes". Never its data, and
 * the size rounded up to 16, for the length of a PIN is a secret too. Less than
 * four bytes give the size alone. dst holds cap bytes; returns dst.
 */
char		*apdu_describe(char *dst, size_t cap, struct view apdu);

#endif
