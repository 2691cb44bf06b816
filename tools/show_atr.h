/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_SHOW_ATR_H
#define TOOLS_SHOW_ATR_H

#include "tools/slotctl.h"

/*
 * Prints the answer to reset that slotd sent in `answer`, as hex or as a JSON
 * object; with --decode the meaning of each byte, too.
 */
enum status	show_atr(const struct ctl *, const struct target *,
		    const json_t *answer) MUST_USE;

#endif
