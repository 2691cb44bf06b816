/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CCID_PARAMS_H
#define PROTOCOLS_CCID_PARAMS_H

/*
 * The parameters a reader talks to a card with (CCID 1.1 §6.1.7), and the
 * choice of their speed.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "protocols/atr.h"
#include "protocols/ccid_msg.h"
#include "protocols/ccid_plan.h"

enum {
	CCID_PARAMS_T0_SIZE = 5,
	CCID_PARAMS_T1_SIZE = 7,
};

struct ccid_params {
	uint8_t protocol;	/* 0 or 1 */
	uint8_t ta1;		/* F and D, coded as TA1 */
	bool inverse;		/* inverse convention */
	bool crc;		/* T=1: CRC, not LRC */
	uint8_t guard;		/* N of TC1 */
	uint8_t wi;		/* T=0 */
	uint8_t bwi, cwi;	/* T=1 */
	uint8_t clock_stop;	/* 0: the clock may not be stopped */
	uint8_t ifsc;		/* T=1 */
	uint8_t nad;		/* T=1 */
};

/*
 * The parameters of a card for protocol 0 or 1 at the speed ta1. They never
 * allow the clock to be stopped, which is right for every card.
 */
struct ccid_params ccid_params_of(const struct atr *, uint8_t protocol,
		    uint8_t ta1);

/* The data of PC_to_RDR_SetParameters, 5 or 7 bytes. */
void		ccid_params_write(struct wr *, const struct ccid_params *);

/*
 * The data of RDR_to_PC_Parameters, or of a SetParameters in an emulated
 * reader. ERR_SHORT, ERR_FORMAT for too many bytes, ERR_PROTOCOL for a protocol
 * that is neither 0 nor 1.
 */
enum err	ccid_params_parse(struct ccid_params *, uint8_t protocol,
		    struct view) MUST_USE;

struct ccid_speed {
	uint8_t ta1;		/* for PPS and SetParameters; 0x11: default */
	uint32_t rate;		/* bit/s at the reader's default clock */
};

/*
 * The fastest speed that card and reader have in common: the card's F with its
 * D or a smaller one, at a rate of the reader's table (rates; NULL or empty
 * where it has none) and not above the plan's maximum, else the default speed.
 * below, unless 0, allows lower rates only: give it the rate of the speed that
 * failed and the next lower one comes back, in the end the default speed.
 * A card in specific mode (TA2) has one speed and no choice.
 */
struct ccid_speed ccid_speed_choose(const struct atr *,
		    const struct ccid_plan *, const struct ccid_rates *rates,
		    uint32_t below);

#endif
