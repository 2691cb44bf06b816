/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_RUTOKEN_H
#define PROTOCOLS_RUTOKEN_H

/*
 * The card in a Rutoken S speaks a dialect: file ids are little-endian, a file
 * or a data object is described by a header of 32 bytes instead of by TLVs.
 * Programs (OpenSC's card driver for it) speak ISO 7816-4 and rely on the
 * reader's driver to translate. What is translated, both ways:
 *
 *	SELECT, DELETE FILE	the ids of the path
 *	SELECT			header to FCP; without data, Le is 20
 *	CREATE FILE		FCP to header
 *	PUT DATA 0162, 0165	an object's TLVs to header and contents
 *	80 30 (object info)	header and contents to TLVs; without data, Le
 *				is FF
 *	GET DATA 0181, 018A	serial number and free memory, big-endian
 *	GET DATA 0111		id of the current file, big-endian
 *
 * Everything else, and whatever does not look as it should, goes through as it
 * is. After OpenCT; not tried on hardware by us.
 */

#include "base/bytes.h"
#include "protocols/apdu.h"

enum {
	/* An object's contents may be 208 bytes, its TLVs 57 more. */
	RUTOKEN_RESPONSE_MAX = 512,
};

/* The command for the token: written into buf, or apdu itself. */
struct view	rutoken_command(uint8_t buf[APDU_SHORT_MAX], struct view apdu);

/*
 * The response for the program: written into buf, or rsp itself. apdu is the
 * program's; no more than its Ne bytes of data are returned.
 */
struct view	rutoken_response(uint8_t buf[RUTOKEN_RESPONSE_MAX],
		    struct view apdu, struct view rsp);

#endif
