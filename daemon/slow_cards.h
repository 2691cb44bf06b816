/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_SLOW_CARDS_H
#define DAEMON_SLOW_CARDS_H

/*
 * Cards that a reader does not understand at the speed they offer, as its
 * handlers found out: the next handler need not find out again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/must_use.h"

enum { SLOW_CARDS_MAX = 8, SLOW_CARDS_ATR_MAX = 33 };

struct slow_card {
	uint8_t atr[SLOW_CARDS_ATR_MAX];
	size_t n;			/* 0: the row is free */
	uint32_t bps;			/* not at so many bit/s or more */
};

/* All zero knows none. */
struct slow_cards {
	struct slow_card row[SLOW_CARDS_MAX];
	unsigned next;			/* the row to be written, if none fits */
};

/* Takes the place of what was known of this card; false: that is no ATR. */
bool		slow_cards_add(struct slow_cards *, struct view atr,
		    uint32_t bps) MUST_USE;

#endif
