/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/cyberjack.h"

START_TEST(a_frame_goes_round)
{
	static const struct {
		struct view block, frame;
	} rows[] = {
		{ B("\xe2\xc1\0\x23"), B("\0\x04\0\xe2\xc1\0\x23") },
		{ B(""), B("\0\0\0") },
	};
	uint8_t buf[CYBERJACK_FRAME_MAX];
	struct view block;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view frame = rows[i].frame;
		uint8_t more[16] = { 0 };
		struct wr w = { .p = buf, .cap = sizeof(buf) };

		cyberjack_wrap(&w, rows[i].block);
		ck_view_eq(wr_done(&w), frame);
		ck_assert_int_eq(cyberjack_unwrap(&block, frame), ERR_OK);
		ck_view_eq(block, rows[i].block);
		for (size_t cut = 0; cut < frame.n; cut++) {
			uint8_t *copy = malloc(cut + (cut == 0));

			if (cut != 0)
				memcpy(copy, frame.p, cut);
			ck_assert_int_eq(cyberjack_unwrap(&block,
			    (struct view){ copy, cut }), ERR_SHORT);
			free(copy);
		}
		memcpy(more, frame.p, frame.n);
		ck_assert_int_eq(cyberjack_unwrap(&block, (struct view){ more,
		    sizeof(more) }), ERR_OK);
	}
}
END_TEST

START_TEST(no_frame)
{
	struct view block;

	ck_assert_int_eq(cyberjack_unwrap(&block, B("\x01")), ERR_FORMAT);
	ck_assert_int_eq(cyberjack_unwrap(&block, B("\0\x01\0\xaa\xbb")),
	    ERR_FORMAT);
	ck_assert_int_eq(cyberjack_unwrap(&block, B("\0\x04\x01")),
	    ERR_TOO_LONG);
}
END_TEST

START_TEST(the_longest_block_fits_and_no_longer)
{
	static const uint8_t block[T1_BLOCK_MAX + 1];
	uint8_t buf[CYBERJACK_FRAME_MAX + 1];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	cyberjack_wrap(&w, (struct view){ block, T1_BLOCK_MAX });
	ck_assert_uint_eq(wr_done(&w).n, CYBERJACK_FRAME_MAX);
	w.n = 0;
	cyberjack_wrap(&w, (struct view){ block, T1_BLOCK_MAX + 1 });
	ck_assert(w.bad);
}
END_TEST

static const struct {
	struct view block;
	enum cyberjack_kind kind;
	struct view answer;
} sorts[] = {
	{ B("\x2e\xe0\0\xce"), CYBERJACK_T1, B("") },
	{ B("\x21\0\x02\x90\0\xb3"), CYBERJACK_T1, B("") },
	/* keys */
	{ B("\x2e\xc4\0\xea"), CYBERJACK_ASKS, B("\xe2\xe4\0\x06") },
	{ B("\x2e\xf4\0\xda"), CYBERJACK_ASKS, B("\xe2\xe4\0\x06") },
	/* time: with a factor, without one, and with too much */
	{ B("\x20\xc3\x01\x05\xe7"), CYBERJACK_ASKS,
	    B("\x02\xe3\x01\x05\xe5") },
	{ B("\x20\xc3\0\xe3"), CYBERJACK_ASKS, B("\x02\xe3\0\xe1") },
	{ B("\x20\xc3\x02\x01\x01\xe1"), CYBERJACK_T1, B("") },
	/* cards */
	{ B("\x21\xe5\0\xc4"), CYBERJACK_ASKS, B("\x12\xd5\0\xc7") },
	{ B("\x21\xf5\0\xd4"), CYBERJACK_ASKS, B("\x12\xd5\0\xc7") },
	{ B("\x21\xe6\0\xc7"), CYBERJACK_TELLS, B("") },
	{ B("\x21\xf6\0\xd7"), CYBERJACK_TELLS, B("") },
	/* damaged: T=1 asks for it again */
	{ B("\x2e\xc4\0\xeb"), CYBERJACK_T1, B("") },
	{ B("\x2e\xc4\x01\xeb"), CYBERJACK_T1, B("") },
	{ B("\x2e\xc4\0"), CYBERJACK_T1, B("") },
	{ B(""), CYBERJACK_T1, B("") },
};

START_TEST(blocks_are_sorted)
{
	uint8_t buf[5];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	ck_assert_int_eq(cyberjack_sort(sorts[_i].block, &w), sorts[_i].kind);
	ck_assert(!w.bad);
	ck_view_eq(wr_done(&w), sorts[_i].answer);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cyberjack");
	TCase *t = tcase_create("cyberjack");

	tcase_add_test(t, a_frame_goes_round);
	tcase_add_test(t, no_frame);
	tcase_add_test(t, the_longest_block_fits_and_no_longer);
	tcase_add_loop_test(t, blocks_are_sorted, 0,
	    (int)(sizeof(sorts) / sizeof(sorts[0])));
	suite_add_tcase(s, t);
	return unit_run(s);
}
