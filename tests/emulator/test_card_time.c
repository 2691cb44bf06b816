/* SPDX-License-Identifier: BSD-2-Clause */
/* The card's end of T=1: what it does with its time. */
#include "tests/unit.h"

#include <stdio.h>

#include "emulator/card_t1.h"

static struct card_t1 t1;
static struct fault_plan plan;

/* What the reader sends, what comes back, and how much later. */
struct turn {
	struct view in, out;
	uint32_t after_ms;
};

static void
play(const char *atr_tb3, uint32_t delay_ms, size_t n, const struct turn *turn)
{
	char text[128], why[256];
	struct card *c;

	snprintf(text, sizeof(text), "card iso\natr 3b 80 81 31 fe %s tck\n"
	    "df 3f00\n", atr_tb3);
	c = card_parse("test", text, why, sizeof(why));
	ck_assert_msg(c != NULL, "%s", why);
	c->delay_ms = delay_ms;
	card_reset(c);
	card_t1_reset(&t1, &c->offer);
	for (size_t i = 0; i < n; i++) {
		uint8_t buf[CARD_T1_BLOCK_MAX];
		struct wr w = { buf, sizeof(buf), 0, false };

		card_t1_block(&t1, c, &plan, turn[i].in, &w);
		ck_view_eq(wr_done(&w), turn[i].out);
		ck_assert_uint_eq(t1.after_ms, turn[i].after_ms);
	}
	card_free(c);
}

#define COMMAND B("\x00\x00\x04\x00\xca\x01\x01\xce")
#define ANSWER B("\x00\x00\x02\x6a\x88\xe0")
#define MORE B("\x00\xc3\x01\x01\xc3")
#define GRANTED B("\x00\xe3\x01\x01\xe3")

START_TEST(quick)
{
	static const struct turn turns[] = { { COMMAND, ANSWER, 0 } };

	play("45", 0, 1, turns);
}
END_TEST

START_TEST(within_bwt)
{
	static const struct turn turns[] = { { COMMAND, ANSWER, 800 } };

	play("45", 800, 1, turns);	/* BWI 4: BWT is 1.6 s */
}
END_TEST

/* ISO 7816-3:2006 §11.6.2.3: the card asks before BWT is over. */
START_TEST(beyond_bwt)
{
	static const struct turn turns[] = {
		{ COMMAND, MORE, 800 },
		{ GRANTED, MORE, 800 },
		{ GRANTED, ANSWER, 100 },
	};

	play("45", 1700, 3, turns);
}
END_TEST

START_TEST(slow_card_asks_rarely)
{
	static const struct turn turns[] = {
		{ COMMAND, MORE, 1600 },
		{ GRANTED, ANSWER, 400 },
	};

	play("55", 2000, 2, turns);	/* BWI 5 */
}
END_TEST

/* A bent answer: the request is repeated at once, no time is lost or won. */
START_TEST(request_repeated)
{
	static const struct turn turns[] = {
		{ COMMAND, MORE, 800 },
		{ B("\x00\xe3\x01\x01\xff"), MORE, 0 },
		{ GRANTED, ANSWER, 700 },
	};

	play("45", 1500, 3, turns);
}
END_TEST

START_TEST(resynch_forgets)
{
	static const struct turn turns[] = {
		{ COMMAND, MORE, 800 },
		{ B("\x00\xc0\x00\xc0"), B("\x00\xe0\x00\xe0"), 0 },
		{ B("\x00\xc1\x01\x40\x80"), B("\x00\xe1\x01\x40\xa0"), 0 },
	};

	play("45", 60000, 3, turns);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("card_time");
	TCase *tc = tcase_create("time");

	tcase_add_test(tc, quick);
	tcase_add_test(tc, within_bwt);
	tcase_add_test(tc, beyond_bwt);
	tcase_add_test(tc, slow_card_asks_rarely);
	tcase_add_test(tc, request_repeated);
	tcase_add_test(tc, resynch_forgets);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
