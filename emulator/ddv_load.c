/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ddv.h"

#include <stdio.h>
#include <string.h>

#include "emulator/card_text.h"

static bool
sorry(char *why, const char *text, const char *word)
{
	snprintf(why, CARD_WHY_MAX, "%s '%.50s'", text, word);
	return false;
}

/* Exactly cap bytes from words. */
static bool
bytes(uint8_t *dst, size_t cap, size_t n, char *const *words, char *why)
{
	struct wr w = { dst, cap, 0, false };

	if (!card_text_bytes(&w, n, words, why))
		return false;
	return w.n == cap || sorry(why, "another number of bytes is expected "
	    "after", words[-1]);
}

static bool
line_type(struct ddv *s, size_t n, char *const *words, char *why)
{
	unsigned long x;

	if (n != 2 || !card_text_number(&x, 1, words[1], why))
		return n == 2 ? false : sorry(why, "0 or 1 is expected after",
		    words[0]);
	s->type = (unsigned)x;
	return true;
}

/* Digits, as the format 2 block that home-banking programs send. */
static bool
line_pin(struct ddv *s, size_t n, char *const *words, char *why)
{
	size_t len = n == 2 ? strlen(words[1]) : 0;

	if (len < 4 || len > 12 || strspn(words[1], "0123456789") != len)
		return sorry(why, "4 to 12 digits are expected after", words[0]);
	memset(s->pin, 0xff, sizeof(s->pin));
	s->pin[0] = (uint8_t)(0x20 | len);
	for (size_t i = 0; i < len; i++) {
		uint8_t digit = (uint8_t)(words[1][i] - '0');
		uint8_t *p = &s->pin[1 + i / 2];

		*p = (uint8_t)(i % 2 == 0 ? digit << 4 | 0x0f :
		    (*p & 0xf0) | digit);
	}
	return true;
}

/* NUMBER VERSION BYTES */
static bool
read_key(struct ddv_key *k, size_t n, char *const *words, char *why)
{
	unsigned long number, version;

	if (n < 4 || !card_text_number(&number, 15, words[1], why) ||
	    !card_text_number(&version, 255, words[2], why))
		return n < 4 ? sorry(why, "number, version and key are expected"
		    " after", words[0]) : false;
	k->number = (uint8_t)number;
	k->version = (uint8_t)version;
	return bytes(k->value, sizeof(k->value), n - 3, words + 3, why);
}

static bool
line_sign(struct ddv *s, size_t n, char *const *words, char *why)
{
	return read_key(&s->sign, n, words, why);
}

static bool
line_crypt(struct ddv *s, size_t n, char *const *words, char *why)
{
	return read_key(&s->crypt, n, words, why);
}

static bool
line_id(struct ddv *s, size_t n, char *const *words, char *why)
{
	struct wr w = { s->id, sizeof(s->id), 0, false };

	if (!card_text_bytes(&w, n - 1, words + 1, why))
		return false;
	s->id_n = w.n;
	return true;
}

/* The parts of a bank record; each is padded with blanks. */
static const struct part {
	const char *name;
	size_t at, n;
	bool text;
} parts[] = {
	{ "name", 0, 20, true },
	{ "code", 20, 4, false },
	{ "access", 24, 1, false },
	{ "host", 25, 28, true },
	{ "suffix", 53, 2, true },
	{ "country", 55, 3, true },
	{ "user", 58, 30, true },
};

static bool
read_part(uint8_t *bank, char *const *words, char *why)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct part *p = &parts[i];
		struct wr w = { bank + p->at, p->n, 0, false };

		if (strcmp(p->name, words[0]) != 0)
			continue;
		return card_text_bytes(&w, 1, words + 1, why) &&
		    (p->text || w.n == p->n ||
		    sorry(why, "more bytes are expected after", words[0]));
	}
	return sorry(why, "no such part of a bank record:", words[0]);
}

static bool
line_bank(struct ddv *s, size_t n, char *const *words, char *why)
{
	unsigned long number;

	if (n < 2 || n % 2 != 0)
		return sorry(why, "number, part, value, ... are expected after",
		    words[0]);
	if (!card_text_number(&number, DDV_BANKS, words[1], why))
		return false;
	if (number == 0)
		return sorry(why, "banks count from 1, not", words[1]);
	for (size_t i = 2; i < n; i += 2) {
		if (!read_part(s->bank[number - 1], words + i, why))
			return false;
	}
	return true;
}

static bool
line_sequence(struct ddv *s, size_t n, char *const *words, char *why)
{
	unsigned long x;

	if (n != 2)
		return sorry(why, "a number is expected after", words[0]);
	if (!card_text_number(&x, 65534, words[1], why))
		return false;
	s->seq[0] = (uint8_t)(x >> 8);
	s->seq[1] = (uint8_t)x;
	return true;
}

static const struct {
	const char *keyword;
	bool (*read)(struct ddv *, size_t n, char *const *words, char *why);
} lines[] = {
	{ "bank", line_bank },
	{ "crypt-key", line_crypt },
	{ "id", line_id },
	{ "pin", line_pin },
	{ "sequence", line_sequence },
	{ "sign-key", line_sign },
	{ "type", line_type },
};

/* Zeros are no blanks: done before the first line is read. */
static void
blank_banks(struct ddv *s)
{
	if (s->bank[0][0] == 0)
		memset(s->bank, ' ', sizeof(s->bank));
}

bool
ddv_line(struct card *card, size_t n, char *const *words, char *why)
{
	struct ddv *s = card->state;

	blank_banks(s);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strcmp(lines[i].keyword, words[0]) == 0)
			return lines[i].read(s, n, words, why);
	}
	return sorry(why, "unknown line", words[0]);
}

bool
ddv_ready(struct card *card, char *why)
{
	struct ddv *s = card->state;
	const struct ddv_key *a = &s->sign, *c = &s->crypt;

	if (s->pin[0] == 0 || s->id_n == 0 || a->number == 0 || c->number == 0)
		return sorry(why, "pin, id and both keys are needed in a card",
		    card->kind->name);
	s->tries = DDV_TRIES;
	/* number, key length or type, algorithm, error counter, version */
	memcpy(s->keyd, (uint8_t[]){ a->number, 0x10, 0x07, 0xff, a->version },
	    sizeof(s->keyd));
	memcpy(s->autd, (uint8_t[]){ c->number, 0x10, 0x07, c->version },
	    sizeof(s->autd));
	return true;
}
