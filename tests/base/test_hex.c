/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "base/hex.h"

START_TEST(bytes_become_text)
{
	char s[16];

	ck_assert_str_eq(hex_from_bytes(s, sizeof(s), B("\x3b\x80\xff"), ' '),
	    "3b 80 ff");
	ck_assert_str_eq(hex_from_bytes(s, sizeof(s), B("\x3b\x80"), 0), "3b80");
	ck_assert_str_eq(hex_from_bytes(s, sizeof(s), B(""), ' '), "");
	ck_assert_str_eq(hex_from_bytes(s, 6, B("\x01\x02\x03"), ' '), "01 02");
	ck_assert_str_eq(hex_from_bytes(s, 5, B("\x01\x02\x03"), ' '), "01");
	ck_assert_str_eq(hex_from_bytes(s, 1, B("\x01"), ' '), "");
}
END_TEST

static const struct {
	const char *text;
	enum err err;
	size_t n;
} rows[] = {
	{ "", ERR_OK, 0 },
	{ "00a40000", ERR_OK, 4 },
	{ "00 A4:00\t00\n", ERR_OK, 4 },
	{ "0", ERR_FORMAT, 0 },
	{ "0 0", ERR_FORMAT, 0 },
	{ "00g0", ERR_FORMAT, 1 },
	{ "0001020304", ERR_TOO_LONG, 4 },
};

START_TEST(text_becomes_bytes)
{
	uint8_t b[4];
	size_t n;

	ck_assert_int_eq(hex_to_bytes(b, sizeof(b), &n, rows[_i].text),
	    rows[_i].err);
	ck_assert_uint_eq(n, rows[_i].n);
	if (n >= 2)
		ck_assert_uint_eq(b[0], 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hex");
	TCase *t = tcase_create("hex");

	tcase_add_test(t, bytes_become_text);
	tcase_add_loop_test(t, text_becomes_bytes, 0,
	    sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
