/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_CTAPI_PORT_H
#define LIB_CTAPI_PORT_H

#include <stdint.h>

#include "base/must_use.h"
#include "protocols/openct_wire.h"

/*
 * The reader that a port number means, and its record:
 *
 *	0, 1		the one that $CTAPI_READER names (its number or a part
 *			of its name), else the first there is
 *	n <= 16		slotd's reader n - 1
 *	0x8000 + n	slotd's reader n
 *
 * CTAPI_OK, CTAPI_ERR_INVALID (no such port, or no reader there) or
 * CTAPI_ERR_HTSI (slotd is not running).
 */
int	port_find(uint16_t pn, unsigned *reader,
	    struct openct_record *record) MUST_USE;

#endif
