/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "base/hex.h"

#include <ctype.h>

char *
hex_from_bytes(char *dst, size_t cap, struct view bytes, char sep)
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	if (cap == 0)
		return dst;
	for (size_t i = 0; i < bytes.n; i++) {
		size_t need = i != 0 && sep != 0 ? 3 : 2;

		if (need >= cap - at)
			break;
		if (need == 3)
			dst[at++] = sep;
		dst[at++] = digits[bytes.p[i] >> 4];
		dst[at++] = digits[bytes.p[i] & 0x0f];
	}
	dst[at] = '\0';
	return dst;
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum err
hex_to_bytes(uint8_t *dst, size_t cap, size_t *n, const char *text)
{
	*n = 0;
	while (*text != '\0') {
		int hi, lo;

		if (isspace((unsigned char)*text) || *text == ':') {
			text++;
			continue;
		}
		hi = nibble(text[0]);
		lo = hi < 0 ? -1 : nibble(text[1]);
		if (lo < 0)
			return ERR_FORMAT;
		if (*n >= cap)
			return ERR_TOO_LONG;
		dst[(*n)++] = (uint8_t)(hi << 4 | lo);
		text += 2;
	}
	return ERR_OK;
}
