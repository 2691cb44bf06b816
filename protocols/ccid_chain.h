/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CCID_CHAIN_H
#define PROTOCOLS_CCID_CHAIN_H

/*
 * An APDU through a reader of extended APDU level (CCID 1.1 §6.1.4): command
 * and response in as many XfrBlock messages as they need, wLevelParameter and
 * bChainParameter saying which part each one is. It stands on one ccid_exchange
 * and serves readers of short APDU level as well, whose APDUs are one message.
 */

#include "protocols/ccid_exchange.h"

enum {
	CCID_CHAIN_APDU_MAX = 65544,	/* 4 + 3 + 65535 + 2 */
	CCID_CHAIN_RSP_MAX = 65538,	/* 65536 + 2 */
	CCID_CHAIN_PARTS_MAX = 2048,	/* of a response; 64-byte messages
					   need 1214 for the longest */
};

struct ccid_chain {
	struct ccid_exchange *x;
	uint8_t *rsp;
	size_t cap;
	size_t n;		/* bytes of response so far */
	struct view left;	/* of the command, not sent yet */
	unsigned parts;		/* of the response so far, bounded */
	uint32_t wait_ms;
};

/* Borrows x and rsp (cap bytes for the response) for as long as it lives. */
void		ccid_chain_init(struct ccid_chain *, struct ccid_exchange *x,
		    uint8_t *rsp, size_t cap);

/*
 * Sends an APDU, which is borrowed until the machine ends. wait_ms is for each
 * message. STEP_DONE's out is the whole response, in rsp until the next start.
 * Fails as the exchange does, and with ERR_TOO_LONG (APDU, or response longer
 * than cap) or ERR_FORMAT (parts out of order). rsp is wiped on failure and at
 * the next start; wiping it after STEP_DONE is the caller's.
 */
struct step	ccid_chain_start(struct ccid_chain *, struct view apdu,
		    uint32_t wait_ms);
struct step	ccid_chain_input(struct ccid_chain *, struct view);
struct step	ccid_chain_timeout(struct ccid_chain *);
struct step	ccid_chain_cancel(struct ccid_chain *);

#endif
