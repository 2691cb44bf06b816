/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "emulator/card_text.h"
#include "emulator/cardos.h"
#include "emulator/ddv.h"
#include "emulator/iso.h"
#include "emulator/openpgp.h"

enum { FILE_MAX = 1024 * 1024 };

static const struct card_kind *const kinds[] = {
	&cardos_card,
	&ddv_card,
	&iso_card,
	&openpgp_card,
};

/* "atr BYTES [tck]"; the word tck stands for the check byte. */
static bool
line_atr(struct card *c, size_t n, char *const *words, char *why)
{
	bool tck = n > 2 && strcmp(words[n - 1], "tck") == 0;
	struct wr w = { c->atr, sizeof(c->atr), 0, false };
	uint8_t x = 0;

	if (!card_text_bytes(&w, n - 1 - tck, words + 1, why))
		return false;
	for (size_t i = 1; i < w.n; i++)
		x ^= c->atr[i];
	if (tck)
		wr_u8(&w, x);
	if (w.bad || w.n < 2) {
		snprintf(why, CARD_WHY_MAX, "an ATR has 2 to 33 bytes");
		return false;
	}
	c->atr_len = w.n;
	card_atr_read(&c->offer, wr_done(&w));
	return true;
}

static bool
line_voltage(struct card *c, size_t n, char *const *words, char *why)
{
	static const char *const names[] = { "5", "3", "1.8" };

	c->voltages = 0;
	for (size_t i = 1; i < n; i++) {
		size_t k = 0;

		while (k < 3 && strcmp(names[k], words[i]) != 0)
			k++;
		if (k == 3) {
			snprintf(why, CARD_WHY_MAX,
			    "5, 3 or 1.8 is expected, not '%.50s'", words[i]);
			return false;
		}
		c->voltages |= 1u << k;
	}
	return true;
}

static bool
line_kind(struct card *c, size_t n, char *const *words, char *why)
{
	if (c->kind != NULL || n != 2) {
		snprintf(why, CARD_WHY_MAX, "one card KIND is expected");
		return false;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i]->name, words[1]) != 0)
			continue;
		c->kind = kinds[i];
		c->state = calloc(1, kinds[i]->state_size);
		return c->state != NULL;
	}
	snprintf(why, CARD_WHY_MAX, "unknown kind of card '%.50s'", words[1]);
	return false;
}

static bool
line_any(struct card *c, size_t n, char *const *words, char *why)
{
	if (strcmp(words[0], "card") == 0)
		return line_kind(c, n, words, why);
	if (c->kind == NULL) {
		snprintf(why, CARD_WHY_MAX,
		    "\"card KIND\" is expected before '%.50s'", words[0]);
		return false;
	}
	if (strcmp(words[0], "atr") == 0)
		return line_atr(c, n, words, why);
	if (strcmp(words[0], "voltage") == 0)
		return line_voltage(c, n, words, why);
	if (strcmp(words[0], "mute") == 0)
		return c->mute = true;
	return c->kind->line(c, n, words, why);
}

static bool
read_lines(struct card *c, char *text, unsigned *line, char *why)
{
	char *words[CARD_WORDS_MAX], *at = text, *one;
	size_t n;

	while ((one = strsep(&at, "\n")) != NULL) {
		++*line;
		if (!card_text_split(one, words, &n, why))
			return false;
		if (n != 0 && !line_any(c, n, words, why))
			return false;
	}
	if (c->kind == NULL || c->atr_len == 0) {
		snprintf(why, CARD_WHY_MAX, "no \"%s\" in the file",
		    c->kind == NULL ? "card" : "atr");
		return false;
	}
	return c->kind->ready == NULL || c->kind->ready(c, why);
}

struct card *
card_parse(const char *name, const char *text, char *why, size_t cap)
{
	struct card *c = calloc(1, sizeof(*c));
	char *copy = strdup(text), reason[CARD_WHY_MAX] = "out of memory";
	unsigned line = 0;
	bool ok = false;

	if (c != NULL && copy != NULL) {
		c->voltages = CARD_5V | CARD_3V | CARD_1V8;
		ok = read_lines(c, copy, &line, reason);
	}
	free(copy);
	if (ok)
		return c;
	snprintf(why, cap, "%s:%u: %s", name, line, reason);
	card_free(c);
	return NULL;
}

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text;
	size_t n;

	if (f == NULL)
		return NULL;
	text = calloc(1, FILE_MAX + 1);
	n = text == NULL ? 0 : fread(text, 1, FILE_MAX, f);
	if (text == NULL || ferror(f) || (n == FILE_MAX && fgetc(f) != EOF)) {
		free(text);
		text = NULL;
		errno = EFBIG;
	}
	fclose(f);
	return text;
}

const char *
card_builtin(const char *name)
{
	const struct card_builtin *b = card_builtins;

	while (b->name != NULL && strcmp(b->name, name) != 0)
		b++;
	return b->text;
}

struct card *
card_load(const char *path, char *why, size_t cap)
{
	const char *name = path == NULL ? "sample" : path;
	const char *builtin = card_builtin(name);
	struct card *c;
	char *text;

	if (builtin != NULL)
		return card_parse(name, builtin, why, cap);
	text = read_file(path);
	if (text == NULL) {
		snprintf(why, cap, "%.300s: no built-in card, and as a file: "
		    "%s", path, strerror(errno));
		return NULL;
	}
	c = card_parse(path, text, why, cap);
	free(text);
	return c;
}

void
card_free(struct card *c)
{
	if (c == NULL)
		return;
	if (c->state != NULL && c->kind->fini != NULL)
		c->kind->fini(c);
	free(c->state);
	free(c);
}

void
card_reset(struct card *c)
{
	c->resets++;
	c->kind->reset(c);
}

void
card_apdu(struct card *c, struct view cmd, struct wr *rsp)
{
	c->busy_ms = 0;
	if (cmd.n < 4) {
		wr_be16(rsp, 0x6700);
		return;
	}
	c->executed++;
	c->busy_ms = c->delay_ms;
	c->kind->apdu(c, cmd, rsp);
}

bool
card_takes_data(const struct card *c, uint8_t ins)
{
	return c->kind->takes_data(ins);
}
