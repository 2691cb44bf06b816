/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_EMULATOR_VPCD_SERVE_H
#define TESTS_EMULATOR_VPCD_SERVE_H

/* The emulator's end of vsmartcard's protocol (protocols/vpcd.h). */

#include "base/bytes.h"
#include "protocols/vpcd.h"

/* Answers one order or, when it is longer than a byte, one APDU. */
typedef void	(*vpcd_answer_fn)(void *card, struct view message,
		    struct wr *answer);

/*
 * Connects to a virtual reader at this port of this computer and answers it
 * until it hangs up. Nothing is sent where nothing was written. False, with a
 * line on standard error, when nobody is there.
 */
bool	vpcd_serve(const char *port, vpcd_answer_fn, void *card);

#endif
