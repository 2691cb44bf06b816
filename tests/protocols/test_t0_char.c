/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/t0_char.h"

#define READ16 B("\x00\xb0\x00\x00\x10")
#define WRITE2 B("\x00\xd6\x00\x00\x02xy")

enum { WWT_MS = 900 };

/* What the card sends, and how much to ask the reader for after it. */
static const struct {
	const char *name;
	struct view tpdu;
	bool receives;
	struct view in[4];
	size_t expects[5];	/* after the start and after each input */
} table[] = {	/* ISO 7816-3:2006 §10.3.3: never more than is sure to come */
	{ "no data", B("\x00\x44\x00\x00\x00"), false,
	    { B("\x44"), B("\x90"), B("\x00") }, { 2, 2, 1, 0 } },
	{ "receive", READ16, true, { B("\xb0"), B("abc"), B("d") },
	    { 2, 18, 15, 14 } },
	{ "receive one", READ16, true, { B("\x4f"), B("a"), B("\xb0") },
	    { 2, 3, 2, 17 } },
	{ "receive 256", B("\x00\xb0\x00\x00\x00"), true, { B("\xb0") },
	    { 2, 258 } },
	{ "receive, refused", READ16, true, { B("\x69"), B("\x82") },
	    { 2, 1, 0 } },
	{ "send", WRITE2, false, { B("\x60"), B("\xd6"), B("\x90") },
	    { 1, 1, 2, 1 } },
	{ "send one by one", WRITE2, false, { B("\x29"), B("\x29"), B("\x60") },
	    { 1, 1, 2, 2 } },
};

START_TEST(expectations)
{
	struct t0_char c = { .nulls = 0 };
	struct step s = t0_char_start(&c, table[_i].tpdu, table[_i].receives,
	    WWT_MS);

	ck_assert_int_eq(s.kind, STEP_SEND);
	ck_view_eq(s.out, view_first(table[_i].tpdu, T0_HEADER));
	ck_assert_uint_eq(t0_char_expects(&c), table[_i].expects[0]);
	for (int i = 0; i < 4 && table[_i].in[i].n != 0; i++) {
		s = t0_char_input(&c, table[_i].in[i]);
		ck_assert_int_ne(s.kind, STEP_FAIL);
		ck_assert_msg(t0_char_expects(&c) ==
		    table[_i].expects[i + 1], "%s, input %d: %zu",
		    table[_i].name, i, t0_char_expects(&c));
	}
}
END_TEST

/* The reader counts WWT itself; what it is asked for takes time on top. */
START_TEST(waits)
{
	struct t0_char c = { .nulls = 0 };
	struct step s = t0_char_start(&c, READ16, true, WWT_MS);

	ck_assert_uint_eq(s.wait_ms, WWT_MS + 2 * 2);
	s = t0_char_input(&c, B("\xb0"));
	ck_assert_uint_eq(s.wait_ms, WWT_MS + 2 * 18);
	s = t0_char_start(&c, READ16, true, UINT32_MAX);
	ck_assert_uint_eq(s.wait_ms, UINT32_MAX);
	s = t0_char_start(&c, READ16, true, UINT32_MAX - 4);
	ck_assert_uint_eq(s.wait_ms, UINT32_MAX);
	s = t0_char_start(&c, READ16, true, UINT32_MAX - 5);
	ck_assert_uint_eq(s.wait_ms, UINT32_MAX - 1);
}
END_TEST

START_TEST(longest_response)
{
	static const uint8_t piece[64] = { 0x60, 0x90, 0xb0, 0x4f };
	struct t0_char c = { .nulls = 0 };
	struct step s = t0_char_start(&c, B("\x00\xb0\x00\x00\x00"), true,
	    WWT_MS);

	s = t0_char_input(&c, B("\xb0"));
	for (int i = 0; i < 4; i++) {
		s = t0_char_input(&c, (struct view){ piece, sizeof(piece) });
		ck_assert_int_eq(s.kind, STEP_WAIT);
	}
	s = t0_char_input(&c, B("\x60\xb0\x90\x00"));
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_assert_uint_eq(s.out.n, T0_RESPONSE_MAX);
	ck_view_eq(view_first(s.out, 4), B("\x60\x90\xb0\x4f"));
	ck_view_eq(view_skip(s.out, 256), B("\x90\x00"));
}
END_TEST

static const struct {
	struct view tpdu;
	bool receives;
} refused[] = {
	{ B(""), true },
	{ B("\x00\xb0\x00\x00"), true },
	{ B("\x00\x60\x00\x00\x00"), true },
	{ B("\x00\x6f\x00\x00\x00"), true },
	{ B("\x00\x90\x00\x00\x00"), true },
	{ B("\x00\x9f\x00\x00\x00"), true },
	{ B("\x00\xd6\x00\x00\x02x"), false },
	{ B("\x00\xd6\x00\x00\x02xyz"), false },
	{ B("\x00\xb0\x00\x00\x02xy"), true },
};

START_TEST(refusals)
{
	struct t0_char c = { .nulls = 0 };
	struct step s = t0_char_start(&c, refused[_i].tpdu,
	    refused[_i].receives, WWT_MS);

	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_ARG);
	ck_assert_uint_eq(t0_char_expects(&c), 0);
	s = t0_char_input(&c, B("\x90"));	/* nothing is under way */
	ck_assert_int_eq(s.err, ERR_ARG);
}
END_TEST

/* NULL, and acknowledging what is not there, for ever. */
START_TEST(busy_for_ever)
{
	struct view in = _i == 0 ? B("\x60") : B("\x44");
	struct t0_char c = { .nulls = 0 };
	struct step s = t0_char_start(&c, B("\x00\x44\x00\x00\x00"), false,
	    WWT_MS);
	unsigned turns = 0;

	while ((s = t0_char_input(&c, in)).kind == STEP_WAIT)
		ck_assert_uint_le(++turns, T0_NULLS_MAX);
	ck_assert_uint_eq(turns, T0_NULLS_MAX);
	ck_assert_int_eq(s.err, ERR_TIMEOUT);
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *s = suite_create("t0_char");
	TCase *t = tcase_create("t0_char");

	tcase_add_loop_test(t, expectations, 0, ROWS(table));
	tcase_add_test(t, waits);
	tcase_add_test(t, longest_response);
	tcase_add_loop_test(t, refusals, 0, ROWS(refused));
	tcase_add_loop_test(t, busy_for_ever, 0, 2);
	suite_add_tcase(s, t);
	return unit_run(s);
}
