/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both ends of T=0 against each other, at TPDU and at character level: the
 * host's machine and the emulated card, which were written apart.
 */
#include "config.h"
#include "emulator/card_t0.h"
#include "protocols/t0.h"

#include <string.h>

#include "tests/unit.h"

enum { EVENTS_MAX = 1000 };

/* A card that answers a command with data by data: 61xx, GET RESPONSE. */
static const char ddv[] =
    "card ddv\n"
    "atr 3b02 1450\n"
    "type 0\n"
    "pin 12345\n"
    "id 67\n"
    "sign-key 2 7 0123456789abcdef fedcba9876543210\n"
    "crypt-key 3 9 1032547698badcfe 8967452301efcdab\n";

static const char text[] =
    "card iso\n"
    "atr 3b00\n"
    "pin 1 value \"1234\"\n"
    "df 3f00\n"
    "file 3f00/0001 transparent size 300\n"
    "data \"abcdefgh\"\n"
    "object 0101 \"nineteen characters\"\n";

struct row {
	struct view apdu;
	size_t n;		/* of the response; 0: no more rows */
	struct view start;	/* it starts with this */
	unsigned runs;		/* commands that the card executes */
};

static const struct row ddv_rows[] = {
	{ B("\x00\xa4\x04\x0c\x09\xd2\x76\x00\x00\x25\x48\x42\x01\x00"), 2,
	    B("\x90\x00"), 1 },
	{ B("\x00\x20\x00\x81\x08\x25\x12\x34\x5f\xff\xff\xff\xff"), 2,
	    B("\x90\x00"), 1 },
	{ B("\x00\x88\x00\x83\x08" "challnge\x08"), 10, B(""), 1 },
	{ B("\x00\x88\x00\x83\x08" "challnge"), 2, B("\x61\x08"), 1 },
	{ B("\x00\xc0\x00\x00\x08"), 10, B(""), 0 },
	{ B("\x00\x84\x00\x00\x08"), 10, B(""), 1 },
	{ B(""), 0, B(""), 0 },
};

static const struct row rows[] = {
	{ B("\x00\xa4\x00\x0c\x02\x00\x01"), 2, B("\x90\x00"), 1 },
	{ B("\x00\xb0\x00\x00\x08"), 10, B("abcdefgh\x90\x00"), 1 },
	{ B("\x00\xb0\x00\x00\x00"), 258, B("abcdefgh"), 1 },
	{ B("\x00\xb0\x01\x00\x00"), 46, B("\x00"), 1 },	/* 6C2C */
	{ B("\x00\xca\x01\x01\x00"), 21, B("nineteen"), 1 },	/* 6C13 */
	{ B("\x00\xca\x01\x02\x00"), 2, B("\x6a\x88"), 1 },
	{ B("\x00\x20\x00\x01"), 2, B("\x63\xc3"), 1 },
	{ B("\x00\x20\x00\x01\x04" "1234"), 2, B("\x90\x00"), 1 },
	{ B("\x00\x20\x00\x01"), 2, B("\x90\x00"), 1 },
	{ B("\x00\xd6\x00\x00\x03XYZ"), 2, B("\x90\x00"), 1 },
	{ B("\x00\xb0\x00\x00\x04"), 6, B("XYZd\x90\x00"), 1 },
	{ B("\x00\xa4\x00\x00\x02\x3f\x00\x00"), 14, B("\x6f\x0a"), 2 },
	{ B("\x00\xee\x00\x00"), 2, B("\x6d\x00"), 1 },
	{ B(""), 0, B(""), 0 },
};

/* A reader at TPDU level: procedure bytes are its business. */
static void
exchange_tpdu(struct card_t0 *t, struct card *c, struct view v, struct wr *w)
{
	struct view data = view_skip(v, 5);

	card_t0_bytes(t, c, view_first(v, 5), w);
	if (w->n == 0 || w->p[0] != v.p[1])
		return;
	if (data.n != 0) {
		w->n = 0;
		card_t0_bytes(t, c, data, w);
		return;
	}
	w->n--;
	memmove(w->p, w->p + 1, w->n);
}

static struct step
play(struct t0 *h, enum t0_level level, struct card_t0 *t, struct card *c,
    struct view apdu)
{
	uint8_t out[CARD_T0_OUT_MAX], in[CARD_T0_OUT_MAX];
	struct step s = t0_start(h, level, 1000, apdu);
	struct wr w = { out, sizeof(out), 0, false };
	unsigned events = 0;
	size_t n;

	while (s.kind == STEP_SEND || s.kind == STEP_WAIT) {
		ck_assert_uint_lt(events++, EVENTS_MAX);
		if (s.kind == STEP_SEND)
			w.n = 0;
		if (s.kind == STEP_SEND && level == T0_TPDU)
			exchange_tpdu(t, c, s.out, &w);
		else if (s.kind == STEP_SEND)
			card_t0_bytes(t, c, s.out, &w);
		n = level == T0_TPDU ? w.n : t0_expects(h);
		ck_assert_uint_ge(w.n, n);
		ck_assert_uint_gt(n, 0);
		memcpy(in, out, n);
		w.n -= n;
		memmove(out, out + n, w.n);
		s = t0_input(h, (struct view){ in, n });
	}
	return s;
}

START_TEST(both)
{
	enum t0_level level = _i % 2 == 0 ? T0_TPDU : T0_CHARACTER;
	const struct row *row = _i < 2 ? rows : ddv_rows;
	char why[2 * CARD_WHY_MAX];
	struct card *c = card_parse("t0", _i < 2 ? text : ddv, why, sizeof(why));
	struct card_t0 t;
	struct t0 h;

	ck_assert_msg(c != NULL, "%s", why);
	memset(&h, 0, sizeof(h));
	card_t0_reset(&t);
	card_reset(c);
	for (size_t i = 0; row[i].n != 0; i++) {
		uint64_t before = c->executed;
		struct step s = play(&h, level, &t, c, row[i].apdu);

		ck_assert_msg(s.kind == STEP_DONE, "row %zu: %s", i,
		    err_name(s.err));
		ck_assert_msg(s.out.n == row[i].n, "row %zu: %zu bytes", i,
		    s.out.n);
		ck_view_eq(view_first(s.out, row[i].start.n), row[i].start);
		ck_assert_uint_eq(c->executed - before, row[i].runs);
	}
	card_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("t0_ends");
	TCase *t = tcase_create("t0_ends");

	tcase_add_loop_test(t, both, 0, 4);
	suite_add_tcase(s, t);
	return unit_run(s);
}
