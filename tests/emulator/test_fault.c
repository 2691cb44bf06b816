/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/fault.h"

#include "tests/unit.h"

static const struct {
	const char *script;
	bool good;
} scripts[] = {
	{ "none", true },
	{ "seq", true },
	{ "seq@3", true },
	{ "seq@x3:7", true },
	{ "seq@*", true },
	{ "unplug@t12", true },
	{ "class=short+late@2:50", true },
	{ "seed=1", true },
	{ "", false },
	{ "mood", false },
	{ "seq@", false },
	{ "seq@0", false },
	{ "seq@y3", false },
	{ "seq@3:", false },
	{ "seq@3:7x", false },
	{ "seq@-1", false },
	{ "seq@4294967296", false },
	{ "seq@t3", false },
	{ "card-edc@x1", false },
	{ "seq++seq", false },
	{ "class=odd", false },
	{ "seed=0", false },
	{ "seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq",
	    true },
	{ "seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq+seq",
	    false },
};

START_TEST(script)
{
	struct fault_plan p = { .seed = 99 };

	ck_assert(fault_parse(&p, scripts[_i].script) == scripts[_i].good);
	if (!scripts[_i].good)		/* the old plan stays */
		ck_assert_uint_eq(p.seed, 99);
}
END_TEST

START_TEST(counts)
{
	struct fault_plan p;
	struct fault f;

	ck_assert(fault_parse(&p, "late@2:50+seq@x2+card-edc@1"));
	ck_assert(fault_next(&p, FAULT_ON_ANSWER).kind == FAULT_NONE);
	f = fault_next(&p, FAULT_ON_ANSWER);
	ck_assert(f.kind == FAULT_LATE && f.value == 50);
	ck_assert(fault_next(&p, FAULT_ON_ANSWER).kind == FAULT_NONE);
	ck_assert(fault_next(&p, FAULT_ON_XFR).kind == FAULT_NONE);
	f = fault_next(&p, FAULT_ON_XFR);
	ck_assert(f.kind == FAULT_SEQ && f.value == 1);
	ck_assert(fault_next(&p, FAULT_ON_BLOCK).kind == FAULT_CARD_EDC);
	ck_assert(fault_next(&p, FAULT_ON_BLOCK).kind == FAULT_NONE);
	ck_assert(fault_parse(&p, "lost@*"));
	for (int i = 0; i < 3; i++)
		ck_assert(fault_next(&p, FAULT_ON_ANSWER).kind == FAULT_LOST);
}
END_TEST

START_TEST(seeds_repeat)
{
	struct fault_plan a, b;
	unsigned wrong = 0;

	ck_assert(fault_parse(&a, "seed=7") && fault_parse(&b, "seed=7"));
	for (int i = 0; i < 1000; i++) {
		struct fault x = fault_next(&a, FAULT_ON_ANSWER);
		struct fault y = fault_next(&b, FAULT_ON_ANSWER);

		ck_assert(x.kind == y.kind && x.value == y.value);
		wrong += x.kind != FAULT_NONE;
	}
	ck_assert_uint_gt(wrong, 80);	/* one in eight */
	ck_assert_uint_lt(wrong, 180);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fault");
	TCase *t = tcase_create("fault");

	tcase_add_loop_test(t, script, 0,
	    (int)(sizeof(scripts) / sizeof(scripts[0])));
	tcase_add_test(t, counts);
	tcase_add_test(t, seeds_repeat);
	suite_add_tcase(s, t);
	return unit_run(s);
}
