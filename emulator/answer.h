/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_ANSWER_H
#define EMULATOR_ANSWER_H

/*
 * The answers of devices that are no CCIDs: one at a time on an IN endpoint,
 * after the time that the card takes, and spoiled as the fault plan wants it. The
 * state of a family that uses them begins with its struct answer.
 */

#include "emulator/usb.h"

enum { ANSWER_MAX = 2048 };

struct answer {
	uint8_t ep;
	uint8_t bytes[ANSWER_MAX];
	size_t n;
	bool waits;
	bool planned;		/* the fault plan was asked already */
	uint64_t due_ms;
	bool dead;		/* by a fault: nothing is answered any more */
};

/* The device was reset, or the answer is not wanted any more. */
void		answer_reset(struct answer *);
void		answer_drop(struct answer *);

/*
 * Sends an answer of up to ANSWER_MAX bytes in delay_ms, in packets of which
 * the last may be a full one; what was still waiting is dropped.
 */
void		answer_send(struct usb_device *, struct answer *, uint8_t ep,
		    struct view, uint32_t delay_ms);

/* For the family's deadline and tick. */
uint64_t	answer_deadline(const struct usb_device *);
void		answer_tick(struct usb_device *);

#endif
