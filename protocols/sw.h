/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_SW_H
#define PROTOCOLS_SW_H

/* The status words SW1 SW2 of ISO 7816-4, for people and for exit codes. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum sw_kind {
	SW_SUCCESS,	/* 9000, 61xx */
	SW_WARNING,	/* 62xx, 63xx: done, with a remark */
	SW_ERROR,	/* 64xx to 6fxx */
	SW_OTHER,	/* 9xxx: the application's own, may be either */
	SW_INVALID,	/* no status word at all */
};

enum { SW_TEXT_MAX = 96 };	/* with its NUL */

/* The last two bytes of a response; 0 when there are none. */
uint16_t	sw_of(struct view response);

enum sw_kind	sw_kind(uint16_t sw);

/* "wrong; tries left: 3", into dst of cap bytes; returns dst. */
char		*sw_text(char *dst, size_t cap, uint16_t sw);

#endif
