/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_CARD_H
#define IFD_CARD_H

/*
 * A card behind something that carries single T=0 TPDUs or T=1 blocks: one
 * machine that is either protocols/t0.h or protocols/t1.h. Its STEP_SEND is a
 * TPDU or a block, its input the card's. Where nothing can be read without
 * asking, its STEP_WAIT is a pause.
 */

#include "protocols/atr.h"
#include "protocols/t0.h"
#include "protocols/t1.h"

struct card {
	uint8_t protocol;	/* 0 or 1 */
	uint32_t wait_ms;	/* T=0: for a whole response */
	struct t0 t0;
	struct t1 t1;
};

/*
 * After each reset of the card, and when its protocol was chosen: the speed is
 * the default one or that of TA1. Waiting times get slack_ms for what is in
 * between. Borrows rsp as t1_init does. ERR_ARG for another protocol.
 */
enum err	card_reset(struct card *, uint8_t protocol, const struct atr *,
		    uint32_t clock_khz, uint32_t slack_ms, uint8_t *rsp,
		    size_t cap) MUST_USE;

/* The APDU is borrowed until the end. */
struct step	card_start(struct card *, struct view apdu);
struct step	card_input(struct card *, struct view);

/* The card did not answer in its time. */
struct step	card_timeout(struct card *);

/* Whatever carries the blocks failed with this error. */
struct step	card_failed(struct card *, enum err);

/* How many block waiting times this step is to wait, for a reader that counts
   them itself; 0: the usual one. */
uint8_t		card_bwi(const struct card *, const struct step *);

/* Wipes command and response, once it was taken over. */
void		card_wipe(struct card *);

#endif
