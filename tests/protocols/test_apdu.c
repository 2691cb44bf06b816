/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/apdu.h"

#define H "\x00\xa4\x04\x0c"

static const struct {
	const char *name;
	struct view in;
	enum err err;
	enum apdu_case kind;
	bool extended;
	struct view data;
	uint32_t ne;
} table[] = {	/* ISO 7816-3:2006 §12.1.3 */
	{ "1", B(H), ERR_OK, APDU_CASE_1, false, { NULL, 0 }, 0 },
	{ "2S", B(H "\x10"), ERR_OK, APDU_CASE_2, false, { NULL, 0 }, 16 },
	{ "2S 256", B(H "\x00"), ERR_OK, APDU_CASE_2, false, { NULL, 0 }, 256 },
	{ "3S", B(H "\x02\x3f\x00"), ERR_OK, APDU_CASE_3, false,
	    B("\x3f\x00"), 0 },
	{ "3S one byte", B(H "\x01\x05"), ERR_OK, APDU_CASE_3, false,
	    B("\x05"), 0 },
	{ "4S", B(H "\x02\x3f\x00\x20"), ERR_OK, APDU_CASE_4, false,
	    B("\x3f\x00"), 32 },
	{ "4S 256", B(H "\x02\x3f\x00\x00"), ERR_OK, APDU_CASE_4, false,
	    B("\x3f\x00"), 256 },
	{ "2E", B(H "\x00\x01\x00"), ERR_OK, APDU_CASE_2, true,
	    { NULL, 0 }, 256 },
	{ "2E 65536", B(H "\x00\x00\x00"), ERR_OK, APDU_CASE_2, true,
	    { NULL, 0 }, 65536 },
	{ "3E", B(H "\x00\x00\x02\x3f\x00"), ERR_OK, APDU_CASE_3, true,
	    B("\x3f\x00"), 0 },
	{ "4E", B(H "\x00\x00\x02\x3f\x00\x00\x00"), ERR_OK, APDU_CASE_4, true,
	    B("\x3f\x00"), 65536 },
	{ "4E one byte", B(H "\x00\x00\x01\x05\x01\x02"), ERR_OK, APDU_CASE_4,
	    true, B("\x05"), 258 },
	{ "empty", B(""), ERR_SHORT, APDU_CASE_1, false, { NULL, 0 }, 0 },
	{ "3 bytes", B("\x00\xa4\x04"), ERR_SHORT, APDU_CASE_1, false,
	    { NULL, 0 }, 0 },
	{ "Lc too long", B(H "\x03\x3f\x00"), ERR_FORMAT, APDU_CASE_1, false,
	    { NULL, 0 }, 0 },
	{ "a byte behind Le", B(H "\x02\x3f\x00\x20\x00"), ERR_FORMAT,
	    APDU_CASE_1, false, { NULL, 0 }, 0 },
	{ "half of 2E", B(H "\x00\x01"), ERR_FORMAT, APDU_CASE_1, false,
	    { NULL, 0 }, 0 },
	{ "3E without data", B(H "\x00\x00\x00\x00"), ERR_FORMAT, APDU_CASE_1,
	    false, { NULL, 0 }, 0 },
	{ "3E cut", B(H "\x00\x00\x03\x3f\x00"), ERR_FORMAT, APDU_CASE_1,
	    false, { NULL, 0 }, 0 },
	{ "half of Le in 4E", B(H "\x00\x00\x02\x3f\x00\x00"), ERR_FORMAT,
	    APDU_CASE_1, false, { NULL, 0 }, 0 },
	{ "a byte behind 4E", B(H "\x00\x00\x02\x3f\x00\x00\x00\x00"),
	    ERR_FORMAT, APDU_CASE_1, false, { NULL, 0 }, 0 },
};

START_TEST(cases)
{
	uint8_t *copy = malloc(table[_i].in.n + 1);
	struct apdu a;

	memcpy(copy, table[_i].in.p, table[_i].in.n);
	ck_assert_int_eq(apdu_parse(&a, (struct view){ copy,
	    table[_i].in.n }), table[_i].err);
	if (table[_i].err == ERR_OK) {
		ck_assert_int_eq(a.kind, table[_i].kind);
		ck_assert_int_eq(a.extended, table[_i].extended);
		ck_view_eq(a.data, table[_i].data);
		ck_assert_uint_eq(a.ne, table[_i].ne);
		ck_assert_uint_eq(apdu_response_max(&a), table[_i].ne + 2);
		ck_assert_uint_eq(a.cla, 0x00);
		ck_assert_uint_eq(a.ins, 0xa4);
		ck_assert_uint_eq(a.p1, 0x04);
		ck_assert_uint_eq(a.p2, 0x0c);
	}
	free(copy);
}
END_TEST

/* A cut APDU is malformed or another good APDU, but never read too far. */
START_TEST(cut)
{
	struct view in = table[_i].in;
	struct apdu a;

	for (size_t n = 0; n < in.n; n++) {
		uint8_t *copy = malloc(n + (n == 0));
		enum err e;

		memcpy(copy, in.p, n);
		e = apdu_parse(&a, (struct view){ copy, n });
		ck_assert(n >= APDU_HEADER || e == ERR_SHORT);
		ck_assert(e != ERR_OK || a.data.n <= n);
		free(copy);
	}
}
END_TEST

START_TEST(longest)
{
	static uint8_t in[APDU_MAX + 1];
	struct apdu a;

	in[5] = in[6] = 0xff;
	ck_assert_int_eq(apdu_parse(&a, (struct view){ in, APDU_MAX }), ERR_OK);
	ck_assert_uint_eq(a.data.n, 65535);
	ck_assert_uint_eq(apdu_response_max(&a), APDU_RESPONSE_MAX);
	ck_assert_int_eq(apdu_parse(&a, (struct view){ in, APDU_MAX + 1 }),
	    ERR_FORMAT);
	in[4] = 0xff;
	ck_assert_int_eq(apdu_parse(&a, (struct view){ in, APDU_SHORT_MAX }),
	    ERR_OK);
	ck_assert_uint_eq(a.data.n, 255);
	ck_assert_uint_eq(apdu_response_max(&a), APDU_SHORT_RESPONSE_MAX);
}
END_TEST

START_TEST(described_without_data)
{
	char text[APDU_DESCRIBE_MAX], all_ff[APDU_DESCRIBE_MAX];
	uint8_t big[APDU_MAX];

	ck_assert_str_eq(apdu_describe(text, sizeof(text),
	    B("\x00\x20\x00\x80\x04\x31\x32\x33\x34")),
	    "00 20 00 80, 16 bytes");
	ck_assert_str_eq(apdu_describe(text, sizeof(text),
	    B("\x00\x20\x00\x80\x08\x31\x32\x33\x34\x35\x36\x37\x38")),
	    "00 20 00 80, 16 bytes");
	ck_assert_str_eq(apdu_describe(text, sizeof(text),
	    B("\x00\x44\x00\x00")), "00 44 00 00, 16 bytes");
	ck_assert_str_eq(apdu_describe(text, sizeof(text), B("\x31\x32\x33")),
	    "16 bytes");
	ck_assert_str_eq(apdu_describe(text, sizeof(text), B("")), "0 bytes");
	memset(big, 0xff, sizeof(big));
	apdu_describe(all_ff, sizeof(all_ff), (struct view){ big, APDU_MAX });
	ck_assert_str_eq(all_ff, "ff ff ff ff, 65552 bytes");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("apdu");
	TCase *t = tcase_create("apdu");

	tcase_add_loop_test(t, cases, 0, sizeof(table) / sizeof(*table));
	tcase_add_loop_test(t, cut, 0, sizeof(table) / sizeof(*table));
	tcase_add_test(t, longest);
	tcase_add_test(t, described_without_data);
	suite_add_tcase(s, t);
	return unit_run(s);
}
