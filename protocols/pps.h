/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_PPS_H
#define PROTOCOLS_PPS_H

/*
 * Protocol and parameters selection, ISO 7816-3:2006 §9, for readers that do
 * not do it themselves. It is the first thing said to a card after its ATR; when
 * it fails the card must be reset before anything else is said.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "protocols/step.h"

enum { PPS_MAX = 6 };		/* PPSS PPS0 PPS1 PPS2 PPS3 PCK */

struct pps {
	/* after STEP_DONE: what reader and card use from here on */
	uint8_t protocol;
	uint8_t ta1;		/* coded as TA1; 0x11 if it left PPS1 out */

	uint8_t request[PPS_MAX];
	uint8_t request_n;
	uint8_t response[PPS_MAX];
	uint8_t response_n;
	uint32_t wait_ms;
};

/*
 * Asks for a protocol (0..14) and a speed, coded as TA1. wait_ms is for one
 * character: 9600 etu at the default speed by the standard.
 */
struct step	pps_start(struct pps *, uint8_t protocol, uint8_t ta1,
		    uint32_t wait_ms);

/*
 * The response, whole or in pieces. DONE without bytes; FAIL with ERR_CARD when
 * the card answers what it may not.
 */
struct step	pps_input(struct pps *, struct view);

/* How many bytes the card will send for certain before it waits for us. */
size_t		pps_expects(const struct pps *);

/* FAIL with ERR_TIMEOUT. */
struct step	pps_timeout(struct pps *);

#endif
