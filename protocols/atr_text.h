/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_ATR_TEXT_H
#define PROTOCOLS_ATR_TEXT_H

/*
 * An ATR explained byte by byte, for people. The interface bytes are those of
 * ISO 7816-3:2006 §8, the historical bytes those of ISO 7816-4 and, for
 * contactless memory cards, of PC/SC part 3.
 */

#include <stddef.h>

#include "base/bytes.h"

enum {
	ATR_ROWS_MAX = 36,	/* a row a byte, and what is wrong at the end */
	ATR_ROW_NAME_MAX = 15,
	ATR_ROW_TEXT_MAX = 159,
};

struct atr_row {
	size_t offset, n;	/* which bytes */
	char name[ATR_ROW_NAME_MAX + 1];	/* "TA1", "historical" */
	char text[ATR_ROW_TEXT_MAX + 1];	/* plain ASCII, one line */
};

/*
 * Fills rows, at most ATR_ROWS_MAX, and returns how many there are. They tile
 * the input: each byte is in exactly one row, in order. Any bytes will do: what
 * is no ATR is said to be none, and when bytes are missing a last row of no
 * bytes says so. Times and speeds are given at a clock of 4 MHz.
 */
size_t	atr_explain(struct atr_row rows[ATR_ROWS_MAX], struct view atr);

#endif
