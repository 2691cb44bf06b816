/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_STEP_H
#define PROTOCOLS_STEP_H

/*
 * What every protocol machine answers to an event.
 *
 * A machine is a struct and a few functions, event in, step out:
 *
 *	struct step x_start(struct x *, ...);		a new exchange
 *	struct step x_input(struct x *, struct view);	bytes came
 *	struct step x_timeout(struct x *);		wait_ms went by
 *
 * It does no I/O, has no clock, allocates nothing and logs nothing. Machines
 * stack: the SEND of the inner one is what the outer one starts with.
 */

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

enum step_kind {
	STEP_SEND,	/* transmit out, then wait up to wait_ms for an answer */
	STEP_CONTROL,	/* out is a USB control request: 8 bytes of setup, then
			   the data of an OUT request; the answer is the data of
			   an IN request, empty for OUT. Time-out: wait_ms */
	STEP_ABORT,	/* as STEP_SEND, and the class request ABORT of the same
			   slot and sequence goes with it (CCID 1.1 §5.3.1) */
	STEP_WAIT,	/* nothing to send: wait up to wait_ms for an answer */
	STEP_PAUSE,	/* nothing to send, no answer expected: call x_timeout
			   after wait_ms */
	STEP_DONE,	/* out is the response; the machine is idle again */
	STEP_FAIL,	/* err says why; start anew before reuse */
};

struct step {
	enum step_kind kind;
	struct view out;	/* borrowed from the machine until its next event */
	uint32_t wait_ms;	/* never 0 where a wait is meant */
	enum err err;		/* STEP_FAIL only */
};

static inline struct step
step_send(struct view out, uint32_t wait_ms)
{
	return (struct step){ STEP_SEND, out, wait_ms, ERR_OK };
}

static inline struct step
step_control(struct view setup_and_data, uint32_t wait_ms)
{
	return (struct step){ STEP_CONTROL, setup_and_data, wait_ms, ERR_OK };
}

static inline struct step
step_wait(uint32_t wait_ms)
{
	return (struct step){ STEP_WAIT, { NULL, 0 }, wait_ms, ERR_OK };
}

static inline struct step
step_pause(uint32_t wait_ms)
{
	return (struct step){ STEP_PAUSE, { NULL, 0 }, wait_ms, ERR_OK };
}

static inline struct step
step_done(struct view out)
{
	return (struct step){ STEP_DONE, out, 0, ERR_OK };
}

static inline struct step
step_fail(enum err err)
{
	return (struct step){ STEP_FAIL, { NULL, 0 }, 0, err };
}

#endif
