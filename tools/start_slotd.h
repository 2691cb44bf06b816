/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_START_SLOTD_H
#define TOOLS_START_SLOTD_H

/* slotd started by hand, for openct-control. */

#include "base/must_use.h"

/*
 * Starts slotd in the background and returns 0 when it is ready: the one beside
 * this program, else the one that is installed; as the user slotd if we are root
 * and there is one, for whom dir is made. config may be NULL: slotd's own. 1 when
 * it did not start; it has been said why.
 */
int	start_slotd(const char *dir, const char *config, unsigned debug)
	    MUST_USE;

/* "openct-control: " and the text, on standard error; returns 1. */
int	complain(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
