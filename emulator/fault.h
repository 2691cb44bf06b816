/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_FAULT_H
#define EMULATOR_FAULT_H

/*
 * A plan of misbehaviour, the same each time it runs. Written as a script,
 * "KIND@N[:VALUE]" joined by '+', or as "seed=NUMBER". See slotemu(1).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must_use.h"

/*	X(name, word in a script, value when none is given) */
#define FAULT_LIST(X)							\
	X(STALL,	"stall",	0) /* the answer's endpoint halts */ \
	X(SHORT,	"short",	1) /* the last VALUE bytes are missing */ \
	X(EMPTY,	"empty",	0) /* an empty transfer comes first */ \
	X(SEQ,		"seq",		1) /* bSeq is wrong by VALUE */	\
	X(SLOT,		"slot",		1) /* bSlot is wrong by VALUE */ \
	X(LENGTH,	"length",	1) /* dwLength is too large by VALUE */ \
	X(TYPE,		"type",		0) /* bMessageType is VALUE */	\
	X(TWICE,	"twice",	0) /* the answer comes twice */	\
	X(BABBLE,	"babble",	0) /* far more bytes than asked for */ \
	X(LATE,		"late",		1000) /* VALUE milliseconds later */ \
	X(HANG,		"hang",		0) /* no answer, now and later */ \
	X(LOST,		"lost",		0) /* this one answer never comes */ \
	X(WTX,		"wtx",		0) /* VALUE time extensions first, a
					      second apart; 0: for ever */ \
	X(UNPLUG,	"unplug",	0) /* the device leaves instead */ \
	/* errors on the card's side of the reader */			\
	X(CARD_EDC,	"card-edc",	0) /* T=1: wrong check byte */	\
	X(CARD_MUTE,	"card-mute",	0) /* the card is silent once */ \
	X(CARD_NAD,	"card-nad",	0) /* T=1: wrong node address */ \
	X(CARD_PCB,	"card-pcb",	0) /* T=1: an undefined block */ \
	X(CARD_SEQ,	"card-seq",	0) /* T=1: wrong N(S) or N(R) */ \
	X(CARD_LEN,	"card-len",	0) /* T=1: wrong length byte */	\
	X(CARD_WTX,	"card-wtx",	1) /* T=1: S(WTX) of VALUE first */ \
	X(CARD_ABORT,	"card-abort",	0) /* T=1: S(ABORT) first */	\
	X(CARD_IFS,	"card-ifs",	32) /* T=1: S(IFS) of VALUE first */ \
	X(CARD_RESYNCH,	"card-resynch", 0) /* T=1: S(RESYNCH), wrong from a card */

enum fault_kind {
	FAULT_NONE,
#define X(name, word, value) FAULT_##name,
	FAULT_LIST(X)
#undef X
	FAULT_COUNT
};

/* What "class=VARIANT" does to the class descriptor. */
enum fault_class {
	FAULT_CLASS_GOOD,
	FAULT_CLASS_SHORT,	/* ten bytes, its length says so */
	FAULT_CLASS_LONG,	/* its length reaches beyond the configuration */
	FAULT_CLASS_NONSENSE,	/* 54 bytes of A5 after length and type */
	FAULT_CLASS_NONE,	/* not there */
};

/* What is counted for "@N". */
enum fault_on {
	FAULT_ON_ANSWER,	/* "@N": answers on the bulk IN endpoint */
	FAULT_ON_XFR,		/* "@xN": answers to XfrBlock only */
	FAULT_ON_TRANSFER,	/* "@tN": transfers of any endpoint */
	FAULT_ON_CONTROL,	/* "@cN": class and vendor requests */
	FAULT_ON_BLOCK,		/* "card-...@N": blocks the card sends */
	FAULT_ON_COUNT
};

enum { FAULT_RULES_MAX = 16 };

struct fault_rule {
	enum fault_kind kind;
	enum fault_on on;
	uint32_t at;		/* 1, 2, ...; 0: each time */
	uint32_t value;
};

struct fault_plan {
	struct fault_rule rule[FAULT_RULES_MAX];
	size_t n;
	uint32_t counted[FAULT_ON_COUNT];
	uint32_t seed;		/* not 0: one answer in eight goes wrong */
	enum fault_on seeded;	/* where: FAULT_ON_ANSWER, or FAULT_ON_CONTROL
				   for a device that answers there */
	enum fault_class class;
};

struct fault {
	enum fault_kind kind;
	uint32_t value;
};

/* Reads a script; counting starts anew. False, and unchanged, if not valid. */
bool		fault_parse(struct fault_plan *, const char *script) MUST_USE;

/* Counts one event; what goes wrong with it. */
struct fault	fault_next(struct fault_plan *, enum fault_on);

#endif
