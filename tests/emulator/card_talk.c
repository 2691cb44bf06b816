/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/emulator/card_talk.h"

#include <stdio.h>

#include "tests/unit.h"

enum { LINE_LEN = 3000, DEPTH_MAX = 4 };

struct card *
new_card(const char *name)
{
	char why[2 * CARD_WHY_MAX];
	struct card *c = card_load(name, why, sizeof(why));

	ck_assert_msg(c != NULL, "%s", why);
	card_reset(c);
	return c;
}

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == 0 ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

static void
put(struct pattern *p, uint8_t x, bool any, unsigned long n)
{
	ck_assert_uint_le(n, TALK_BYTES_MAX - p->n);
	memset(p->byte + p->n, x, n);
	memset(p->any + p->n, any, n);
	p->n += n;
}

void
read_pattern(struct pattern *p, const char *at)
{
	size_t open[DEPTH_MAX], depth = 0;

	p->n = 0;
	while (*at != 0 && *at != '\n' && *at != '#') {
		char *end;

		if (*at == ' ') {
			at++;
		} else if (*at == '[') {
			ck_assert_uint_lt(depth, DEPTH_MAX);
			put(p, 0, false, 1);
			open[depth++] = p->n;
			at++;
		} else if (*at == ']') {
			ck_assert_uint_gt(depth--, 0);
			ck_assert_uint_le(p->n - open[depth], 255);
			p->byte[open[depth] - 1] =
			    (uint8_t)(p->n - open[depth]);
			at++;
		} else if (*at == '*' || *at == '?') {
			unsigned long n = strtoul(at + 1, &end, 10);

			ck_assert(*at == '?' || p->n != 0);
			if (*at == '?')
				put(p, 0, true, n);
			else
				put(p, p->byte[p->n - 1], false, n - 1);
			at = end;
		} else {
			ck_assert_msg(digit(at[0]) >= 0 && digit(at[1]) >= 0,
			    "no hex: %.40s", at);
			put(p, (uint8_t)(digit(at[0]) << 4 | digit(at[1])),
			    false, 1);
			at += 2;
		}
	}
}

static bool
matches(const struct pattern *p, struct view v)
{
	if (p->n != v.n)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!p->any[i] && p->byte[i] != v.p[i])
			return false;
	return true;
}

unsigned
walk(const char *name, each *f)
{
	const char *top = getenv("top_srcdir");
	static char line[LINE_LEN];
	static struct pattern p;
	struct card *c = new_card("cardos");
	char path[512], where[600];
	unsigned answers = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/emulator/%s",
	    top == NULL ? "." : top, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	for (unsigned i = 1; fgets(line, sizeof(line), file) != NULL; i++) {
		snprintf(where, sizeof(where), "%s:%u", name, i);
		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, "card ", 5) == 0) {
			card_free(c);
			c = new_card(line + 5);
		} else if (strcmp(line, "reset") == 0) {
			card_reset(c);
		} else if (line[0] == '>' || line[0] == '<') {
			read_pattern(&p, line + 1);
			answers += line[0] == '<';
			f(where, &c, line[0], &p);
		} else {
			ck_assert_msg(line[0] == 0 || line[0] == '#', "%s",
			    where);
		}
	}
	fclose(file);
	card_free(c);
	return answers;
}

void
play(const char *where, struct card **c, char mark, const struct pattern *p)
{
	static uint8_t answer[CARD_RESPONSE_MAX];
	static struct wr w;

	if (mark == '>') {
		w = (struct wr){ answer, sizeof(answer), 0, false };
		card_apdu(*c, (struct view){ p->byte, p->n }, &w);
		return;
	}
	ck_assert_msg(matches(p, wr_done(&w)), "%s: got %zu bytes, %02x%02x",
	    where, w.n, w.n < 2 ? 0 : answer[w.n - 2],
	    w.n < 2 ? 0 : answer[w.n - 1]);
}

static void
run_copy(struct card *c, const uint8_t *p, size_t n)
{
	static uint8_t answer[CARD_RESPONSE_MAX];
	struct wr w = { answer, sizeof(answer), 0, false };
	uint8_t *copy = malloc(n == 0 ? 1 : n);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, p, n);
	card_apdu(c, (struct view){ copy, n }, &w);
	ck_assert(!w.bad && w.n >= 2);
	free(copy);
}

void
spoil(const char *where, struct card **c, char mark, const struct pattern *p)
{
	static const uint8_t with[] = { 0x00, 0x01, 0x80, 0xff };
	uint8_t copy[TALK_BYTES_MAX];

	(void)where;
	if (mark != '>')
		return;
	for (size_t n = 0; n < p->n; n++)
		run_copy(*c, p->byte, n);
	for (size_t i = 0; i < p->n && i < 40; i++)
		for (size_t k = 0; k < sizeof(with); k++) {
			memcpy(copy, p->byte, p->n);
			copy[i] = with[k];
			run_copy(*c, copy, p->n);
		}
	run_copy(*c, p->byte, p->n);
}

struct view
good(struct card *c, const char *hex)
{
	static uint8_t answer[CARD_RESPONSE_MAX];
	static struct pattern p;
	struct wr w = { answer, sizeof(answer), 0, false };

	read_pattern(&p, hex);
	card_apdu(c, (struct view){ p.byte, p.n }, &w);
	ck_assert_msg(w.n >= 2 && answer[w.n - 2] == 0x90, "%.20s: %02x%02x",
	    hex, answer[w.n - 2], answer[w.n - 1]);
	return (struct view){ answer, w.n - 2 };
}
