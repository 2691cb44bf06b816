/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CARD_T1_H
#define EMULATOR_CARD_T1_H

/*
 * The card's end of T=1, ISO 7816-3:2006 §11: one block in, one block out. It
 * is written on its own and judges the reader's end: what a reader may not send
 * is counted in `violations`.
 */

#include "base/bytes.h"
#include "emulator/card.h"
#include "emulator/card_atr.h"
#include "emulator/fault.h"

enum { CARD_T1_BLOCK_MAX = 3 + 254 + 2 };

struct card_t1 {
	bool crc;
	uint8_t ifsc, ifsd;
	uint8_t ns;		/* of the next I-block the card sends */
	uint8_t nr;		/* expected from the reader */
	uint8_t cmd[CARD_APDU_MAX];
	size_t cmd_n;
	uint8_t rsp[CARD_RESPONSE_MAX];
	size_t rsp_n, rsp_at;	/* the I-block under way starts at rsp_at */
	size_t sent_n;		/* its length, 0: no I-block under way */
	uint8_t last[CARD_T1_BLOCK_MAX];	/* as it should have been */
	size_t last_n;
	bool asked;		/* the card's S request waits for its answer */
	uint8_t asked_pcb;
	uint8_t after[CARD_T1_BLOCK_MAX];	/* what the request held up */
	size_t after_n;
	uint32_t wtx_ms;	/* the card asks for more time this often */
	uint32_t work_ms;	/* left of the command under way */
	uint32_t after_ms;	/* what came out last belongs on the line then */
	uint32_t violations;
};

void	card_t1_reset(struct card_t1 *, const struct card_atr *);

/*
 * A block from the reader; the card's goes to out, CARD_T1_BLOCK_MAX bytes at
 * most. Nothing: the card is silent. Faults of the plan are applied to what the
 * card sends. It comes after_ms after the reader's block: a command that takes
 * longer than wtx_ms is answered with S(WTX) first, as often as needed.
 */
void	card_t1_block(struct card_t1 *, struct card *, struct fault_plan *,
	    struct view in, struct wr *out);

#endif
