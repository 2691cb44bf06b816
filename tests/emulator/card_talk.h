/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_EMULATOR_CARD_TALK_H
#define TESTS_EMULATOR_CARD_TALK_H

/*
 * Cards play talks, files of lines: "> command", "< answer", "reset", and
 * "card NAME" for a new card. Bytes are hex digits; "*N" stands for N times the
 * byte before it in all, "?N" for N bytes of any value, "[...]" for what is in
 * between with its length before it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "emulator/card.h"

enum { TALK_BYTES_MAX = 1200 };

struct pattern {
	uint8_t byte[TALK_BYTES_MAX];
	bool any[TALK_BYTES_MAX];
	size_t n;
};

/* A built-in card, after its reset. */
struct card	*new_card(const char *name);

void		read_pattern(struct pattern *, const char *text);

/* Each line of a talk; the card may be replaced. */
typedef void	each(const char *where, struct card **, char mark,
		    const struct pattern *);

/* Through the file, "cardos" first. Returns how many answers it has. */
unsigned	walk(const char *name, each *);

/* The card answers as the talk says. */
each		play;

/*
 * Each command cut at each length, then with each byte of its first 40
 * spoiled, in exact copies, then as it should be.
 */
each		spoil;

/* Runs a command in hex; returns the answer without SW1 SW2, which is 9000. */
struct view	good(struct card *, const char *hex);

#endif
