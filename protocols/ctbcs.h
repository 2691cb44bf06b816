/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CTBCS_H
#define PROTOCOLS_CTBCS_H

/*
 * CT-BCS: the commands that a program gives to a card terminal itself, through
 * CT-API, and what the terminal answers. Two versions are in the field; where
 * they differ, what is here is what the programs of both understand.
 *
 * A command has the form of a short APDU. Slots are called ICC1, ICC2, ... and
 * have the addresses 1 to 14 in P1.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/must_use.h"

enum {
	CTBCS_SLOTS_MAX = 14,
	CTBCS_TEXTS_MAX = 3,
	CTBCS_NAME = 5,			/* of maker, type, version */
	CTBCS_ANSWER_MAX = 258,		/* 256 + SW1 SW2 */
};

enum ctbcs_command {
	CTBCS_RESET,		/* of the terminal (slot 0) or of a card */
	CTBCS_REQUEST,		/* wait for a card, power it on */
	CTBCS_STATUS,		/* p2: enum ctbcs_object */
	CTBCS_DEACTIVATE,
	CTBCS_EJECT,
	CTBCS_INPUT,
	CTBCS_OUTPUT,
	CTBCS_VERIFY,		/* PERFORM VERIFICATION */
	CTBCS_MODIFY,		/* MODIFY VERIFICATION DATA */
	CTBCS_INTERFACE,	/* SET INTERFACE PARAMETER */
};

enum ctbcs_object {
	CTBCS_MAKER = 0x46,
	CTBCS_CARDS = 0x80,
	CTBCS_UNITS = 0x81,
};

/* Functional units besides the slots, which have their addresses. */
enum {
	CTBCS_UNIT_DISPLAY = 0x40,
	CTBCS_UNIT_KEYPAD = 0x50,
};

/* A card in GET STATUS. */
enum {
	CTBCS_CARD_NONE = 0x00,
	CTBCS_CARD_OFF = 0x03,
	CTBCS_CARD_ON = 0x05,
};

/* What SET INTERFACE PARAMETER may ask for. */
enum {
	CTBCS_T0 = 0x01,
	CTBCS_T1 = 0x02,
};

enum { CTBCS_EJECT_KEEP = 0x04 };	/* p2 of EJECT: leave the card in */

/*	X(name, SW1 SW2, text) */
#define CTBCS_SW_LIST(X)						\
	X(OK,		0x9000,	"done")					\
	X(ASYNC,	0x9001,	"done: a processor card, or it was taken out") \
	X(NOT_IN_TIME,	0x6200,	"no card put in, or none taken out, in time") \
	X(ACTIVE,	0x6201,	"the card is active already")		\
	X(RESET_FAILED,	0x6400,	"no card, it does not answer, or no input") \
	X(CANCELLED,	0x6401,	"cancelled by the user")		\
	X(MISMATCH,	0x6402,	"the two new PINs differ")		\
	X(NO_CARD,	0x64a1,	"no card")				\
	X(NOT_ACTIVE,	0x64a2,	"no card was requested, or it is another one") \
	X(LENGTH,	0x6700,	"wrong length")				\
	X(NOT_ALLOWED,	0x6900,	"not allowed")				\
	X(CONDITIONS,	0x6985,	"the card does not speak this protocol") \
	X(P1P2,		0x6a00,	"wrong P1 or P2")			\
	X(DATA,		0x6a80,	"wrong data object")			\
	X(LE,		0x6c00,	"wrong Le")				\
	X(INS,		0x6d00,	"unknown command")			\
	X(CLA,		0x6e00,	"unknown class")			\
	X(COMM,		0x6f00,	"communication with the card failed")

enum ctbcs_sw {
#define X(name, sw, text) CTBCS_SW_##name = sw,
	CTBCS_SW_LIST(X)
#undef X
};

/* The text of a status word of a terminal; NULL when it is not one. */
const char	*ctbcs_sw_text(uint16_t sw);

/* PERFORM VERIFICATION's and MODIFY's command for the card. */
struct ctbcs_perform {
	uint8_t pin_length;	/* 0: the user decides */
	uint8_t encoding;	/* 0 BCD, 1 ASCII, 2 format 2 block */
	uint8_t position;	/* of the PIN in the APDU, counted from 1 */
	uint8_t new_position;	/* of the new PIN; MODIFY only */
	struct view apdu;	/* borrowed, at least 4 bytes */
};

struct ctbcs {
	enum ctbcs_command command;
	uint8_t slot;		/* address in P1; 0: the terminal */
	uint8_t p2;
	bool has_timeout;
	uint8_t timeout_s;
	struct view text[CTBCS_TEXTS_MAX];	/* borrowed */
	uint8_t texts;
	struct ctbcs_perform perform;	/* of VERIFY and MODIFY */
	uint8_t interface;	/* of INTERFACE: CTBCS_T0, CTBCS_T1, ... */
	bool has_le;
	uint16_t le;		/* 1 .. 256 */
};

/*
 * Reads a command. CTBCS_SW_OK, or the status word to answer; the struct is
 * complete only with CTBCS_SW_OK. A time-out may be a data object, or one byte
 * alone.
 */
uint16_t	ctbcs_parse(struct ctbcs *, struct view command) MUST_USE;

/*
 * Answers. Each writes data and SW1 SW2, or sets w->bad; w should be empty and
 * have room for CTBCS_ANSWER_MAX.
 */

/* No data. */
void		ctbcs_answer(struct wr *, enum ctbcs_sw);

/*
 * 9001 with what P2 of REQUEST or RESET asked for: the ATR, its historical
 * bytes, or nothing. All cards that slotd drives are processor cards.
 */
void		ctbcs_answer_atr(struct wr *, uint8_t p2, struct view atr);

/*
 * GET STATUS 80: one byte a slot, without tag and length. Programs of version
 * 0.9 compare the first byte with 05, and OpenSC takes a tag for a card.
 */
void		ctbcs_answer_cards(struct wr *, struct view states);

/* GET STATUS 81, with tag and length; OpenSC requires them. */
void		ctbcs_answer_units(struct wr *, struct view units);

/*
 * GET STATUS 46, with tag and length: maker, type and version, each padded with
 * blanks or cut to CTBCS_NAME, then free text (cut so that it fits). What is
 * not printable ASCII comes out as '?'.
 */
void		ctbcs_answer_maker(struct wr *, const char *maker,
		    const char *type, const char *version, const char *text);

/* Replaces an answer with more data than Le allows by 6C00. */
void		ctbcs_fit(struct wr *, const struct ctbcs *);

#endif
