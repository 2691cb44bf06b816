/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_IFDH_NAME_H
#define LIB_IFDH_NAME_H

#include "base/must_use.h"
#include "protocols/openct_wire.h"

/*
 * The DEVICENAME of a reader in pcscd's reader.conf, which says what reader of
 * slotd's it is:
 *
 *	slotd:		the only reader there is
 *	slotd:3		reader number 3
 *	slotd:Cherry	the reader of that name, or else the only one that has
 *			this in its name; upper and lower case are the same
 *
 * openct: instead of slotd: is the same.
 */

/*
 * What follows the prefix. pcscd leaves the quotes on that a name with blanks
 * needs; they are taken off. ERR_ARG: there is no prefix. ERR_TOO_LONG.
 */
enum err	ifdh_name_which(char *dst, size_t cap,
		    const char *device) MUST_USE;

/*
 * Finds the reader. ERR_NO_DAEMON without slotd, ERR_NO_READER when there is
 * none of that name now, ERR_ARG when there are several.
 */
enum err	ifdh_name_find(const char *which, unsigned *reader,
		    struct openct_record *) MUST_USE;

#endif
