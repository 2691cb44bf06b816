/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CARD_T0_H
#define EMULATOR_CARD_T0_H

/*
 * The card's end of T=0, ISO 7816-3:2006 §10: bytes in, bytes out. A command
 * whose Le was wrong is answered with 6Cxx; when it comes again with the right
 * Le, what was computed is sent and nothing runs twice.
 */

#include "base/bytes.h"
#include "emulator/card.h"

enum { CARD_T0_HEADER = 5, CARD_T0_OUT_MAX = 1 + 256 + 2 + 16 };

struct card_t0 {
	uint8_t in[CARD_T0_HEADER + 255];
	size_t n;		/* bytes of the command that came */
	/* the answer that waits for the right Le */
	uint8_t kept_header[4];
	uint8_t kept[256 + 2];
	size_t kept_n;		/* 0: none */
};

void	card_t0_reset(struct card_t0 *);

/*
 * The reader sent these bytes; what the card sends then (procedure bytes, data,
 * status) goes to out, CARD_T0_OUT_MAX bytes at most. Nothing: it waits for
 * more.
 */
void	card_t0_bytes(struct card_t0 *, struct card *, struct view in,
	    struct wr *out);

/*
 * One TPDU as a reader of TPDU level carries it: the reader's side of the
 * procedure bytes. rsp gets data and status; nothing: the card is silent.
 */
void	card_t0_tpdu(struct card_t0 *, struct card *, struct view tpdu,
	    struct wr *rsp);

#endif
