/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_T1_CARD_H
#define EMULATOR_T1_CARD_H

/*
 * The card's side of T=1 (ISO 7816-3:2006 §11): blocks in, blocks out, APDUs to
 * whoever plays the card. It keeps to the rules, so that what a test breaks is
 * what the test meant to break: a block with the wrong N(S) is never run.
 */

#include "protocols/t1_block.h"

enum { T1_CARD_COMMAND_MAX = 65544 };	/* bytes */

/* Runs a command; the response is borrowed until the next call. */
typedef struct view	(*t1_card_run)(void *arg, struct view apdu);

struct t1_card {
	/* set by the caller */
	t1_card_run run;
	void *arg;
	bool crc;
	unsigned wtx;		/* requests for time before each answer */
	uint8_t ask_ifsc;	/* announced once after reset; 0: not */
	/* private */
	uint8_t ns, nr, ifsd;
	uint8_t nad;		/* of the last block, turned around */
	uint8_t command[T1_CARD_COMMAND_MAX];
	size_t n;
	struct view rsp;	/* what is not acknowledged */
	size_t chunk;
	bool has_i_out;		/* an I-block of ours is not acknowledged */
	bool is_asking;		/* an S request of ours is not answered */
	enum t1_s asked;
	uint8_t value;		/* of that request */
	unsigned wtx_left;
	bool has_asked_ifsc;
	uint8_t out[T1_BLOCK_MAX];
};

/* As after a reset of the card; what the caller set stays. */
void		t1_card_reset(struct t1_card *);

/* One block in, the card's answer out, borrowed until the next call. */
struct view	t1_card_input(struct t1_card *, struct view block);

#endif
