/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CYBERJACK_H
#define PROTOCOLS_CYBERJACK_H

/*
 * REINER SCT cyberJack e-com and pinpad: blocks of T=1 with the terminal, each
 * in a frame (00, the length in two bytes, least significant first, the block),
 * and blocks of its own that T=1 does not know.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "protocols/t1_block.h"

enum {
	CYBERJACK_HEADER = 3,
	CYBERJACK_FRAME_MAX = CYBERJACK_HEADER + T1_BLOCK_MAX,
	CYBERJACK_NAD_CARD = 0x02,
	CYBERJACK_NAD_TERMINAL = 0x12,
};

/* One frame; at most CYBERJACK_FRAME_MAX bytes. */
void		cyberjack_wrap(struct wr *, struct view block);

/*
 * The block in a frame, from what has come so far; it is borrowed. ERR_SHORT:
 * more has to come; ERR_FORMAT: this is no frame; ERR_TOO_LONG: longer than any
 * block. Zeros may follow.
 */
enum err	cyberjack_unwrap(struct view *block, struct view in) MUST_USE;

enum cyberjack_kind {
	CYBERJACK_T1,		/* for T=1, good or bad */
	CYBERJACK_ASKS,		/* it wants the answer that was written */
	CYBERJACK_TELLS,	/* to be ignored */
};

/*
 * What a block is. A key was pressed, a card came or went, time is wanted: the
 * answer to be sent is written, at most five bytes, and the wait goes on.
 */
enum cyberjack_kind	cyberjack_sort(struct view block, struct wr *answer);

#endif
