/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_ESCAPE_H
#define PROTOCOLS_ESCAPE_H

/*
 * Commands to a reader itself that do no harm, so that whoever may use its cards
 * may send them, as under libccid: to ask for its version, to choose one of its
 * antennas, or all of those of a reader that is made to be configured so.
 */

#include <stdbool.h>

#include "base/bytes.h"

bool		escape_is_harmless(uint16_t vid, uint16_t pid,
		    struct view command);

#endif
