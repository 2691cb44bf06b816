/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_SCRIPT_H
#define PROTOCOLS_SCRIPT_H

/*
 * The rite of a token's maker, as a table of USB control transfers, and the one
 * player of such tables: a step machine of STEP_CONTROL and STEP_PAUSE.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/step.h"
#include "protocols/usb_setup.h"

enum {
	SCRIPT_OUT_MAX = 32,	/* bytes of data of an OUT row */
	SCRIPT_KEPT_MAX = 64,	/* bytes of the answer that is kept */
};

/* Members left out are zero: no data, nothing to check, once, no pause. */
struct script_row {
	uint8_t type, request;
	uint16_t value, index;
	struct view out;	/* OUT: the data */
	uint16_t length;	/* IN: how much to ask for */
	uint16_t min, max;	/* IN: how much of it must come */
	struct view expect;	/* IN: what the answer begins with ... */
	struct view mask;	/* ... in these bits; empty: in all */
	bool keep;		/* IN: this answer is the script's result */
	uint8_t tries;		/* until min, max and expect fit; 0 is 1 */
	uint32_t timeout_ms;	/* 0: no transfer, the row is only a pause */
	uint32_t pause_ms;	/* after the row, each time */
};

/* Private to script.c; it lies here so that it can be embedded. */
struct script {
	const struct script_row *rows;
	size_t n, at;		/* the row that is played, for messages too */
	unsigned tried;
	bool is_pausing;
	bool is_satisfied;	/* by the answer before the pause */
	uint8_t out[USB_SETUP_SIZE + SCRIPT_OUT_MAX];
	uint8_t kept[SCRIPT_KEPT_MAX];
	size_t kept_n;
};

/*
 * Plays n rows, which must outlive the machine. STEP_DONE's out is the answer
 * of the row marked `keep` (the last one that is, empty when none is), in the
 * machine until its next start.
 *
 * STEP_FAIL: ERR_READER when an answer is not what the row wants, ERR_TIMEOUT,
 * what script_failed was told, or ERR_ARG for a row that cannot be played (too
 * much data to send or to keep, nothing to do, IN with data, n is 0). s->at is
 * the row.
 */
struct step	script_start(struct script *, const struct script_row *rows,
		    size_t n);

/* The answer to a STEP_CONTROL; empty after an OUT. */
struct step	script_input(struct script *, struct view);

/* A pause is over, or a transfer took too long. */
struct step	script_timeout(struct script *);

/* The transfer failed (ERR_STALL, ERR_GONE ...); it is not tried again. */
struct step	script_failed(struct script *, enum err why);

#endif
