/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CARD_CMD_H
#define EMULATOR_CARD_CMD_H

/* What every kind of card needs of ISO 7816-4: commands and status words. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/must_use.h"

/* Status words, ISO 7816-4:2005 §5.1.3 */
enum {
	SW_OK = 0x9000,
	SW_MORE = 0x6100,		/* SW2: bytes that wait */
	SW_EOF = 0x6282,
	SW_DEACTIVATED = 0x6283,
	SW_PIN_WRONG = 0x6300,
	SW_PIN_TRIES = 0x63c0,		/* low 4 bits: tries left */
	SW_WRONG_LENGTH = 0x6700,
	SW_NO_CHANNEL = 0x6881,
	SW_NO_SECURE_MESSAGING = 0x6882,
	SW_NO_CHAINING = 0x6884,
	SW_FILE_STRUCTURE = 0x6981,
	SW_SECURITY = 0x6982,
	SW_BLOCKED = 0x6983,
	SW_REFERENCE_UNUSABLE = 0x6984,
	SW_CONDITIONS = 0x6985,
	SW_NO_EF = 0x6986,
	SW_SM_WRONG = 0x6988,
	SW_WRONG_DATA = 0x6a80,
	SW_NO_FUNCTION = 0x6a81,
	SW_FILE_NOT_FOUND = 0x6a82,
	SW_RECORD_NOT_FOUND = 0x6a83,
	SW_NO_SPACE = 0x6a84,
	SW_LC_TLV = 0x6a85,
	SW_P1P2 = 0x6a86,
	SW_LC_P1P2 = 0x6a87,
	SW_NOT_FOUND = 0x6a88,
	SW_EXISTS = 0x6a89,
	SW_OFFSET = 0x6b00,
	SW_EXACT_LENGTH = 0x6c00,	/* SW2: the right Le */
	SW_INS = 0x6d00,
	SW_CLA = 0x6e00,
};

/* A command taken apart. */
struct card_cmd {
	uint8_t cla, ins, p1, p2;
	struct view data;
	bool has_le;
	size_t le;		/* 256 or 65536 for a zero on the wire */
	bool extended;
};

/* ISO 7816-4:2005 §5.1, cases 1 to 4, short and extended; else false. */
bool	card_cmd_parse(struct card_cmd *, struct view) MUST_USE;

#endif
