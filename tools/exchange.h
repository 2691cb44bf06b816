/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_EXCHANGE_H
#define TOOLS_EXCHANGE_H

/* One APDU to a card and its answer, for `send` and `mf`. */

#include "base/bytes.h"
#include "tools/slotctl.h"

struct apdu;

/*
 * Reads an APDU from hex digits. It is a secret: free it with apdu_free. NULL
 * when it is none; then it has been said why, with `what` ("APDU 2") for name.
 */
struct apdu	*apdu_new(const char *hex, const char *what);
void		 apdu_free(struct apdu **);

/*
 * Sends it and prints what was sent (header and length) and the answer, with
 * the status word explained; or the answer as one line of JSON. *sw is the
 * status word. STATUS_CARD, with everything printed, when that is neither 9000
 * nor 61xx.
 */
enum status	exchange(struct ctl *, const struct target *,
		    const struct apdu *, uint16_t *sw) MUST_USE;

/* Takes the card for this connection, waiting for others a while. */
enum status	lock_card(struct ctl *, const struct target *) MUST_USE;

#endif
