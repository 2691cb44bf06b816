/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "emulator/card.h"

static bool
sorry(char *why, const char *text, const char *word)
{
	snprintf(why, CARD_WHY_MAX, "%s '%.50s'", text, word);
	return false;
}

bool
card_text_split(char *line, char **words, size_t *n, char *why)
{
	static const char blank[] = " \t\r";

	*n = 0;
	for (;;) {
		line += strspn(line, blank);
		if (*line == 0 || *line == '#')
			return true;
		if (*n == CARD_WORDS_MAX)
			return sorry(why, "too many words at", line);
		words[(*n)++] = line;
		if (*line == '"') {
			line = strchr(line + 1, '"');
			if (line == NULL)
				return sorry(why, "no closing quote after",
				    words[*n - 1]);
		} else {
			line += strcspn(line, blank);
		}
		if (*line == 0)
			return true;
		*line++ = 0;
	}
}

bool
card_text_bytes(struct wr *w, size_t n, char *const *words, char *why)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(words[i]);

		if (words[i][0] == '"') {
			wr_view(w, (struct view){
			    (const uint8_t *)words[i] + 1, len - 1 });
		} else {
			uint8_t *at = wr_room(w, len / 2);
			size_t got;

			if (at != NULL && hex_to_bytes(at, len / 2, &got,
			    words[i]) != ERR_OK)
				return sorry(why, "hex digits or \"text\" are "
				    "expected, not", words[i]);
		}
		if (w->bad)
			return sorry(why, "too many bytes at", words[i]);
	}
	return true;
}

bool
card_text_number(unsigned long *x, unsigned long max, const char *word,
    char *why)
{
	char *end;

	*x = strtoul(word, &end, 10);
	if (*word < '0' || *word > '9' || *end != 0 || *x > max)
		return sorry(why, "a number is expected, or it is too large:",
		    word);
	return true;
}
