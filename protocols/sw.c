/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/sw.h"

#include <stdio.h>

/* What to print behind the text. */
enum detail {
	NONE,
	TRIES,		/* low half of SW2 */
	COUNT,		/* SW2, 00 meaning 256 */
	VALUE,		/* SW2 in hex */
};

/* The first row that fits counts: single values, then ranges. */
static const struct row {
	uint16_t from, to;
	enum detail detail;
	const char *text;
} rows[] = {
	{ 0x9000, 0x9000, NONE, "success" },
	{ 0x6100, 0x61ff, COUNT, "success; more bytes to fetch" },

	{ 0x6200, 0x6200, NONE, "warning, nothing changed" },
	{ 0x6202, 0x6280, VALUE, "the card wants to be asked something" },
	{ 0x6281, 0x6281, NONE, "part of the data may be corrupted" },
	{ 0x6282, 0x6282, NONE, "end of file before Le bytes were read" },
	{ 0x6283, 0x6283, NONE, "the selected file is deactivated" },
	{ 0x6284, 0x6284, NONE, "control information not as standardised" },
	{ 0x6285, 0x6285, NONE, "the selected file is in termination state" },
	{ 0x6286, 0x6286, NONE, "no input data from a sensor on the card" },
	{ 0x6287, 0x6287, NONE, "a referenced record is deactivated" },
	{ 0x6200, 0x62ff, VALUE, "warning, nothing changed" },

	{ 0x6300, 0x6300, NONE, "warning, something changed" },
	{ 0x6381, 0x6381, NONE, "file filled up by the last write" },
	{ 0x63c0, 0x63cf, TRIES, "wrong; tries left" },
	{ 0x6300, 0x63ff, VALUE, "warning, something changed" },

	{ 0x6400, 0x6400, NONE, "failed, nothing changed" },
	{ 0x6401, 0x6401, NONE, "the card needs an immediate response" },
	{ 0x6402, 0x6480, VALUE, "the card wants to be asked something" },
	{ 0x6481, 0x6481, NONE, "no access to the logical channel" },
	{ 0x6482, 0x6482, NONE, "the logical channel cannot be opened" },
	{ 0x6400, 0x64ff, VALUE, "failed, nothing changed" },
	{ 0x6500, 0x6500, NONE, "failed, something changed" },
	{ 0x6581, 0x6581, NONE, "memory failure" },
	{ 0x6500, 0x65ff, VALUE, "failed, something changed" },
	{ 0x6600, 0x66ff, VALUE, "security issue" },

	{ 0x6700, 0x6700, NONE, "wrong length" },
	{ 0x6701, 0x6701, NONE, "malformed command APDU" },
	{ 0x6702, 0x6702, NONE, "Lc not as expected" },
	{ 0x6700, 0x67ff, VALUE, "wrong length" },
	{ 0x6881, 0x6881, NONE, "logical channel not supported" },
	{ 0x6882, 0x6882, NONE, "secure messaging not supported" },
	{ 0x6883, 0x6883, NONE, "last command of the chain expected" },
	{ 0x6884, 0x6884, NONE, "command chaining not supported" },
	{ 0x6800, 0x68ff, VALUE, "function in CLA not supported" },

	{ 0x6981, 0x6981, NONE, "command does not fit the file's structure" },
	{ 0x6982, 0x6982, NONE, "security status not satisfied" },
	{ 0x6983, 0x6983, NONE, "authentication method blocked" },
	{ 0x6984, 0x6984, NONE, "reference data not usable" },
	{ 0x6985, 0x6985, NONE, "conditions of use not satisfied" },
	{ 0x6986, 0x6986, NONE, "command not allowed: no file selected" },
	{ 0x6987, 0x6987, NONE, "secure messaging objects missing" },
	{ 0x6988, 0x6988, NONE, "secure messaging objects wrong" },
	{ 0x6900, 0x69ff, VALUE, "command not allowed" },

	{ 0x6a80, 0x6a80, NONE, "wrong data in the command" },
	{ 0x6a81, 0x6a81, NONE, "function not supported" },
	{ 0x6a82, 0x6a82, NONE, "file or application not found" },
	{ 0x6a83, 0x6a83, NONE, "record not found" },
	{ 0x6a84, 0x6a84, NONE, "not enough memory in the file" },
	{ 0x6a85, 0x6a85, NONE, "Lc does not fit the TLV structure" },
	{ 0x6a86, 0x6a86, NONE, "wrong P1 P2" },
	{ 0x6a87, 0x6a87, NONE, "Lc does not fit P1 P2" },
	{ 0x6a88, 0x6a88, NONE, "referenced data not found" },
	{ 0x6a89, 0x6a89, NONE, "file exists already" },
	{ 0x6a8a, 0x6a8a, NONE, "DF name exists already" },
	{ 0x6a00, 0x6aff, VALUE, "wrong parameters" },

	{ 0x6b00, 0x6b00, NONE, "wrong P1 P2" },
	{ 0x6b00, 0x6bff, VALUE, "wrong P1 P2" },
	{ 0x6c00, 0x6cff, COUNT, "wrong Le; bytes available" },
	{ 0x6d00, 0x6d00, NONE, "instruction not supported" },
	{ 0x6d00, 0x6dff, VALUE, "instruction not supported" },
	{ 0x6e00, 0x6e00, NONE, "class not supported" },
	{ 0x6e00, 0x6eff, VALUE, "class not supported" },
	{ 0x6f00, 0x6f00, NONE, "error without a diagnosis" },
	{ 0x6f00, 0x6fff, VALUE, "error without a diagnosis" },
	{ 0x9000, 0x9fff, VALUE, "the application's own status" },
	{ 0x0000, 0xffff, NONE, "not a status word" },
};

uint16_t
sw_of(struct view response)
{
	struct rd r = { .in = response };

	if (response.n < 2)
		return 0;
	rd_take(&r, response.n - 2);
	return rd_be16(&r);
}

enum sw_kind
sw_kind(uint16_t sw)
{
	uint8_t sw1 = (uint8_t)(sw >> 8);

	if (sw == 0x9000 || sw1 == 0x61)
		return SW_SUCCESS;
	if (sw1 == 0x62 || sw1 == 0x63)
		return SW_WARNING;
	if (sw1 >= 0x64 && sw1 <= 0x6f)
		return SW_ERROR;
	return sw1 >> 4 == 0x9 ? SW_OTHER : SW_INVALID;
}

static const struct row *
row_of(uint16_t sw)
{
	const struct row *row = rows;

	while (sw < row->from || sw > row->to)	/* the last row fits all */
		row++;
	return row;
}

char *
sw_text(char *dst, size_t cap, uint16_t sw)
{
	const struct row *row = row_of(sw);
	unsigned sw2 = sw & 0xff;

	switch (row->detail) {
	case NONE:
		snprintf(dst, cap, "%s", row->text);
		break;
	case TRIES:
		snprintf(dst, cap, "%s: %u", row->text, sw2 & 15);
		break;
	case COUNT:
		snprintf(dst, cap, "%s: %u", row->text, sw2 == 0 ? 256 : sw2);
		break;
	case VALUE:
		snprintf(dst, cap, "%s (SW2 %02x)", row->text, sw2);
		break;
	}
	return dst;
}
