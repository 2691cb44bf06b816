/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/cardos.h"

#include <stdio.h>
#include <string.h>

#include "emulator/card_text.h"

static bool
sorry(char *why, const char *text, const char *word)
{
	snprintf(why, CARD_WHY_MAX, "%s '%.50s'", text, word);
	return false;
}

/* As many bytes as fit, or exactly so many. */
static bool
bytes(uint8_t *dst, size_t cap, size_t *n, size_t words_n, char *const *words,
    char *why)
{
	struct wr w = { dst, cap, 0, false };

	if (!card_text_bytes(&w, words_n - 1, words + 1, why))
		return false;
	if (n != NULL)
		*n = w.n;
	else if (w.n != cap)
		return sorry(why, "more bytes are expected after", words[0]);
	return true;
}

static bool
line_chip(struct cos *s, size_t n, char *const *words, char *why)
{
	return bytes(s->chip, sizeof(s->chip), NULL, n, words, why);
}

static bool
line_info(struct cos *s, size_t n, char *const *words, char *why)
{
	return bytes(s->info, sizeof(s->info), &s->n_info, n, words, why);
}

static bool
line_packages(struct cos *s, size_t n, char *const *words, char *why)
{
	return bytes(s->packages, sizeof(s->packages), &s->n_packages, n,
	    words, why);
}

static bool
line_prom(struct cos *s, size_t n, char *const *words, char *why)
{
	return bytes(s->prom, sizeof(s->prom), NULL, n, words, why);
}

static bool
line_version(struct cos *s, size_t n, char *const *words, char *why)
{
	return bytes(s->version, sizeof(s->version), NULL, n, words, why);
}

static bool
line_startkey(struct cos *s, size_t n, char *const *words, char *why)
{
	s->startkey_version = 0x00;
	return bytes(s->startkey, sizeof(s->startkey), NULL, n, words, why);
}

static bool
number(unsigned long *x, unsigned long max, size_t n, char *const *words,
    char *why)
{
	if (n != 2)
		return sorry(why, "one number is expected after", words[0]);
	return card_text_number(x, max, words[1], why);
}

static bool
line_data_field(struct cos *s, size_t n, char *const *words, char *why)
{
	return number(&s->data_field, UINT16_MAX, n, words, why);
}

static bool
line_memory(struct cos *s, size_t n, char *const *words, char *why)
{
	return number(&s->memory, UINT16_MAX, n, words, why);
}

static bool
line_rsa(struct cos *s, size_t n, char *const *words, char *why)
{
	return number(&s->rsa_max, 2048, n, words, why);
}

static bool
line_phase(struct cos *s, size_t n, char *const *words, char *why)
{
	static const struct {
		const char *name;
		enum cos_phase phase;
	} phases[] = {
		{ "administration", COS_ADMINISTRATION },
		{ "manufacturing", COS_MANUFACTURING },
		{ "operational", COS_OPERATIONAL },
	};

	for (size_t i = 0; n == 2 && i < sizeof(phases) / sizeof(phases[0]);
	    i++) {
		if (strcmp(phases[i].name, words[1]) != 0)
			continue;
		s->phase = phases[i].phase;
		return true;
	}
	return sorry(why, "administration, manufacturing or operational is "
	    "expected after", words[0]);
}

static const struct {
	const char *name;
	bool (*line)(struct cos *, size_t, char *const *, char *);
} lines[] = {
	{ "chip",	line_chip },
	{ "data-field",	line_data_field },
	{ "info",	line_info },
	{ "memory",	line_memory },
	{ "packages",	line_packages },
	{ "phase",	line_phase },
	{ "prom",	line_prom },
	{ "rsa",	line_rsa },
	{ "startkey",	line_startkey },
	{ "version",	line_version },
};

/* What the first line left to say: an erased start key, nothing on the card. */
static void
set_defaults(struct cos *s)
{
	memset(s->startkey, 0xff, sizeof(s->startkey));
	s->startkey_version = 0xff;
	s->startkey_tries = COS_STARTKEY_TRIES;
	s->phase = COS_ADMINISTRATION;
	s->memory = 32620;
	s->data_field = 258;
	s->rsa_max = 1024;
	s->file[0].parent = s->ef = COS_NONE;
}

bool
cos_line(struct card *card, size_t n, char *const *words, char *why)
{
	struct cos *s = card->state;

	if (s->startkey_tries == 0)
		set_defaults(s);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strcmp(lines[i].name, words[0]) == 0)
			return lines[i].line(s, n, words, why);
	return sorry(why, "unknown line", words[0]);
}

/* A card that left the factory has an MF where all is allowed. */
bool
cos_ready(struct card *card, char *why)
{
	static const struct cos_file mf = {
		.fid = 0x3f00, .type = COS_DF, .parent = COS_NONE,
		.descriptor = { COS_DF }, .n_descriptor = 1,
		.property = { 0x01 }, .n_property = 1,
		.n_ac = COS_AC_MAX, .size = 0x80,
	};
	struct cos *s = card->state;

	if (s->startkey_tries == 0)
		set_defaults(s);
	if (s->phase == COS_MANUFACTURING)
		return true;
	return cos_file_make(s, 0, &mf) || sorry(why, "out of memory for",
	    "3f00");
}
