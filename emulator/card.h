/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CARD_H
#define EMULATOR_CARD_H

/*
 * A card: an ATR and a function from command APDUs to response APDUs. Each kind
 * of card is one file and one const struct card_kind; card.c lists them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/must_use.h"
#include "emulator/card_atr.h"

enum {
	CARD_ATR_MAX = 33,
	CARD_APDU_MAX = 65544,		/* 4 + 3 + 65535 + 2 */
	CARD_RESPONSE_MAX = 65538,	/* 65536 + SW1 SW2 */
	CARD_WHY_MAX = 200,
	/* voltages, as bits of bVoltageSupport */
	CARD_5V = 1,
	CARD_3V = 2,
	CARD_1V8 = 4,
};

struct card;

struct card_kind {
	const char *name;	/* the word after "card" in a card file */
	/*
	 * One line of the card's file, split into words (words[0] is the
	 * keyword). Returns false and a text in why (CARD_WHY_MAX) when it is
	 * not understood.
	 */
	bool (*line)(struct card *, size_t n, char *const *words, char *why);
	/* All lines were read. NULL allowed. As line. */
	bool (*ready)(struct card *, char *why);
	/* Power was applied or the reset line pulled. */
	void (*reset)(struct card *);
	/*
	 * cmd is at least 4 bytes. Writes a response of at least 2 bytes. May
	 * add to busy_ms.
	 */
	void (*apdu)(struct card *, struct view cmd, struct wr *rsp);
	/* Do the data of this INS travel to the card? For T=0. */
	bool (*takes_data)(uint8_t ins);
	size_t state_size;	/* zeroed memory that the card owns */
	/* Frees what the state points to. NULL allowed. */
	void (*fini)(struct card *);
};

struct card {
	const struct card_kind *kind;
	void *state;
	uint8_t atr[CARD_ATR_MAX];
	size_t atr_len;
	struct card_atr offer;	/* what the ATR says */
	unsigned voltages;	/* mask of CARD_5V, ... */
	bool mute;		/* never answers to reset */
	uint32_t delay_ms;	/* time each command takes */
	uint32_t keygen_ms;	/* and making a key pair on top of it */
	uint32_t busy_ms;	/* the time that the last command takes */
	uint64_t executed;	/* commands run since it was made */
	uint64_t resets;
};

/*
 * Makes the built-in card with this name (NULL: "sample"), else reads the card
 * file of that path. Returns NULL and a text ("FILE:LINE: ...") in why,
 * which holds CARD_WHY_MAX + strlen(path) bytes at least. card_free frees.
 */
struct card	*card_load(const char *path, char *why, size_t cap) MUST_USE;

/* The same from text in memory; name is for messages. */
struct card	*card_parse(const char *name, const char *text, char *why,
		    size_t cap) MUST_USE;

/* NULL is fine. */
void		card_free(struct card *);

/* Resets the card, as power and RST do. */
void		card_reset(struct card *);

/*
 * Runs one command. rsp has room for CARD_RESPONSE_MAX bytes. A command
 * shorter than 4 bytes is answered with 6700 and not counted. The answer is
 * there at once, but belongs on the line busy_ms later.
 */
void		card_apdu(struct card *, struct view cmd, struct wr *rsp);

/* Do the data of this INS travel to the card? */
bool		card_takes_data(const struct card *, uint8_t ins);

/* The card files of emulator/cards, by name; the last has NULL. */
struct card_builtin {
	const char *name;
	const char *text;
};

extern const struct card_builtin card_builtins[];

/* The text of a built-in card, or NULL. */
const char	*card_builtin(const char *name);

#endif
