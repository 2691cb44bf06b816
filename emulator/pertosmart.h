/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_PERTOSMART_H
#define EMULATOR_PERTOSMART_H

/*
 * What the AC1030 and the AC1038 of ACS have in common: commands, a card, T=0
 * and T=1. Each has its own frames, in a file of its own.
 */

#include "emulator/answer.h"
#include "emulator/card_t0.h"
#include "emulator/card_t1.h"

enum perto_result {
	PERTO_OK,
	PERTO_NO_CARD,
	PERTO_MUTE,
	PERTO_UNPOWERED,
	PERTO_BAD_COMMAND,
	PERTO_BAD_LENGTH,
	PERTO_RESULTS
};

enum { PERTO_DATA_MAX = 512, PERTO_IN_MAX = 2048 };

struct perto {
	struct answer answer;
	bool powered;
	uint8_t type;		/* card type selected */
	uint8_t protocol;	/* in use: 0 or 1 */
	struct card_t0 t0;
	struct card_t1 t1;
	uint8_t in[PERTO_IN_MAX];	/* for the frames */
	size_t n;
};

/* As attached. */
void	perto_reset(struct usb_device *);

/* A command; its answer's data go to rsp, PERTO_DATA_MAX bytes at most, and
   belong on the line *delay_ms later. lc_and_le: T=0 commands have both. */
enum perto_result	perto_command(struct usb_device *, uint8_t code,
	    struct view data, bool lc_and_le, struct wr *rsp,
	    uint32_t *delay_ms);

#endif
