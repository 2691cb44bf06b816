/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CARD_CHAIN_H
#define EMULATOR_CARD_CHAIN_H

/* Commands that come in parts: command chaining, ISO 7816-4:2005 §5.1.1.1. */

#include "emulator/card_cmd.h"

enum {
	CARD_CLA_CHAIN = 0x10,		/* more parts follow */
	CARD_CHAIN_MAX = 2560,
};

struct card_chain {
	bool open;			/* more is to come */
	uint8_t header[3];		/* of the first part, but for CLA */
	uint8_t data[CARD_CHAIN_MAX];
	size_t n;
};

/*
 * A command came. True: it is whole and can be run; its data may be the chain's
 * until card_chain_forget. False: *sw is the answer. Another command in between
 * ends the chain and is whole. may: this one may come in parts, of max bytes
 * in all.
 */
bool	card_chain_take(struct card_chain *, struct card_cmd *, bool may,
	    size_t max, uint16_t *sw) MUST_USE;

/* To be called after a command was run, and at a reset. */
void	card_chain_forget(struct card_chain *);

#endif
