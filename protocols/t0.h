/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_T0_H
#define PROTOCOLS_T0_H

/*
 * A short APDU over T=0, ISO 7816-3:2006 §12.2, as a step machine: case 1 gets
 * a P3, case 4 is sent without its Le and its answer fetched with GET RESPONSE,
 * 61xx is followed until Ne bytes are there, 6Cxx repeats a command that the
 * card has not carried out with the length it names.
 *
 * At TPDU level a SEND is a whole command and the input a whole response. At
 * character level the inputs are the card's bytes: t0_expects says how many to
 * ask the reader for after SEND and after WAIT, which here means "read on".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/apdu.h"
#include "protocols/step.h"
#include "protocols/t0_char.h"

enum t0_level {
	T0_TPDU,
	T0_CHARACTER,
	/* As TPDU; but the device may answer a case 4 with the data at once,
	   as one does that fetches them from its card by itself. */
	T0_DIRECT,
};

enum {
	T0_TPDU_MAX = 260,	/* header and 255 bytes */
	T0_ROUNDS_MAX = 264,	/* commands sent for one APDU */
};

enum t0_state {
	T0_IDLE,
	T0_COMMAND,		/* the command itself is out */
	T0_FETCHING,		/* a GET RESPONSE is out */
};

/*
 * Must not be moved while an APDU is under way. The caller may set nothing in
 * it; zeros are a good start.
 */
struct t0 {
	enum t0_level level;
	enum t0_state state;
	uint32_t wait_ms;
	enum apdu_case kind;
	uint8_t get_cla;	/* CLA for GET RESPONSE */
	uint16_t ne;
	bool corrected;		/* this command was repeated after 6Cxx */
	bool accepted;		/* 9000 came before the first GET RESPONSE */
	unsigned rounds;
	uint8_t tpdu[T0_TPDU_MAX];
	size_t tpdu_n;
	uint8_t rsp[T0_RESPONSE_MAX];
	size_t n;		/* data in rsp */
	struct t0_char ch;
};

/*
 * Starts an APDU, which is copied. wait_ms is, at TPDU level, how long a whole
 * response may take; at character level the card's WWT (atr_wwt_ms), started
 * anew by every NULL byte. FAIL with ERR_TOO_LONG for an extended APDU, with
 * ERR_FORMAT or ERR_SHORT for a malformed one, with ERR_ARG for an INS of 6x or
 * 9x at character level.
 */
struct step	t0_start(struct t0 *, enum t0_level, uint32_t wait_ms,
		    struct view apdu);

/* What came. FAIL with ERR_CARD when the card may not say that. */
struct step	t0_input(struct t0 *, struct view);

/* Nothing came: FAIL with ERR_TIMEOUT. */
struct step	t0_timeout(struct t0 *);

/* The bytes to ask for next; 0 at TPDU level and when nothing is under way. */
size_t		t0_expects(const struct t0 *);

/*
 * Forgets command and response, both of which may be secret. To be called once
 * a response was taken over; FAIL and t0_start wipe by themselves.
 */
void		t0_wipe(struct t0 *);

#endif
