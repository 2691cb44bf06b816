/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CARD_TEXT_H
#define EMULATOR_CARD_TEXT_H

/* The words of a card file: slotemu(1), CARD FILES. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/must_use.h"

enum { CARD_WORDS_MAX = 64 };

/*
 * Splits a line into words, in place. '#' starts a comment. A quoted word keeps
 * its opening quote, so that "12" and 12 stay different. False with a text in
 * why (CARD_WHY_MAX).
 */
bool	card_text_split(char *line, char **words, size_t *n, char *why) MUST_USE;

/* Appends the bytes of n words, each hex digits or quoted text. */
bool	card_text_bytes(struct wr *, size_t n, char *const *words, char *why)
	    MUST_USE;

/* A decimal number up to max. */
bool	card_text_number(unsigned long *, unsigned long max, const char *word,
	    char *why) MUST_USE;

#endif
