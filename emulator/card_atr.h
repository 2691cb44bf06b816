/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CARD_ATR_H
#define EMULATOR_CARD_ATR_H

/*
 * What the emulator's own engines need from an ATR, read on their own so that
 * they check the host's parser instead of sharing its mistakes.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct card_atr {
	unsigned protocols;	/* mask of 1 << T */
	uint8_t first;		/* the first T offered, or the specific one */
	bool specific;		/* TA2 is there: no PPS */
	uint8_t ta1;		/* FI DI; 0x11 when absent */
	uint8_t tc1;		/* guard time; 0 when absent */
	uint8_t wi;		/* TC2; 10 when absent */
	/* T=1, ISO 7816-3:2006 §11.4 */
	uint8_t ifsc;		/* 32 when absent */
	uint8_t bwi_cwi;	/* 0x4d when absent */
	bool crc;		/* the check is a CRC, not an LRC */
};

/* Never fails: what is missing has its default. */
void	card_atr_read(struct card_atr *, struct view atr);

#endif
