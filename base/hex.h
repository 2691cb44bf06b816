/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

/*
 * Writes bytes as lower-case hex pairs with `sep` between them (no separator
 * when sep is 0) and a closing NUL. Cuts at a whole byte when cap is too small.
 * Returns dst.
 */
char	*hex_from_bytes(char *dst, size_t cap, struct view bytes, char sep);

/*
 * Reads hex digits into dst, *n bytes. White space and ':' between the bytes
 * are passed over. ERR_FORMAT for any other character or half a byte,
 * ERR_TOO_LONG when more than cap bytes come.
 */
enum err	hex_to_bytes(uint8_t *dst, size_t cap, size_t *n,
		    const char *text) MUST_USE;

#endif
