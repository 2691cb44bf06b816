/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_T0_CHAR_H
#define PROTOCOLS_T0_CHAR_H

/*
 * One T=0 command, byte by byte, ISO 7816-3:2006 §10.3: the header goes out,
 * procedure bytes say what to send or to receive next, SW1 SW2 end it. For
 * readers at character level; t0.h stacks this under an APDU.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "protocols/step.h"

enum {
	T0_HEADER = 5,
	T0_RESPONSE_MAX = 258,		/* 256 and SW1 SW2 */
	/*
	 * NULL bytes (and acknowledgements of nothing) of one APDU. Cards that
	 * make keys send one each WWT for minutes: at 200 ms this is over ten.
	 */
	T0_NULLS_MAX = 4000,
};

enum t0_char_state {
	T0_CHAR_IDLE,
	T0_CHAR_PROCEDURE,	/* a procedure byte or SW1 comes */
	T0_CHAR_DATA,		/* response bytes come */
	T0_CHAR_SW2,
};

/* Private to t0_char.c; it lies here so that it can be embedded. */
struct t0_char {
	enum t0_char_state state;
	uint32_t wwt_ms;
	struct view tpdu;	/* header and data to send */
	size_t sent;
	size_t missing;		/* response bytes the header asked for */
	size_t run;		/* of these, acknowledged but not here yet */
	unsigned nulls;
	uint8_t rsp[T0_RESPONSE_MAX];
	size_t n;
};

/*
 * Sends a command: 5 bytes of header and, where the card receives, P3 bytes of
 * data. With receives false and no data P3 is 0 and the card sends nothing but
 * SW1 SW2; with receives true the host gets up to P3 bytes (0: 256). The bytes
 * are borrowed until DONE or FAIL. nulls counts on from what is in the struct.
 * ERR_ARG when INS is 6x or 9x, which T=0 cannot carry.
 */
struct step	t0_char_start(struct t0_char *, struct view tpdu, bool receives,
		    uint32_t wwt_ms);

/*
 * Bytes from the card: at least one, at most t0_char_expects. WAIT means: read
 * on. DONE brings the data received and SW1 SW2. FAIL with ERR_CARD when the
 * card says what it may not, ERR_TIMEOUT when it sends NULL for ever.
 */
struct step	t0_char_input(struct t0_char *, struct view);

/* How many bytes the card will send for certain before it waits for us. */
size_t		t0_char_expects(const struct t0_char *);

#endif
