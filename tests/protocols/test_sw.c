/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/sw.h"

static const struct {
	uint16_t sw;
	enum sw_kind kind;
	const char *text;
} table[] = {
	{ 0x9000, SW_SUCCESS, "success" },
	{ 0x6110, SW_SUCCESS, "success; more bytes to fetch: 16" },
	{ 0x6100, SW_SUCCESS, "success; more bytes to fetch: 256" },
	{ 0x6282, SW_WARNING, "end of file before Le bytes were read" },
	{ 0x62f1, SW_WARNING, "warning, nothing changed (SW2 f1)" },
	{ 0x63c0, SW_WARNING, "wrong; tries left: 0" },
	{ 0x63c3, SW_WARNING, "wrong; tries left: 3" },
	{ 0x63d0, SW_WARNING, "warning, something changed (SW2 d0)" },
	{ 0x6581, SW_ERROR, "memory failure" },
	{ 0x6700, SW_ERROR, "wrong length" },
	{ 0x6983, SW_ERROR, "authentication method blocked" },
	{ 0x69f0, SW_ERROR, "command not allowed (SW2 f0)" },
	{ 0x6a82, SW_ERROR, "file or application not found" },
	{ 0x6c08, SW_ERROR, "wrong Le; bytes available: 8" },
	{ 0x6d00, SW_ERROR, "instruction not supported" },
	{ 0x6fff, SW_ERROR, "error without a diagnosis (SW2 ff)" },
	{ 0x9804, SW_OTHER, "the application's own status (SW2 04)" },
	{ 0x6000, SW_INVALID, "not a status word" },
	{ 0x0000, SW_INVALID, "not a status word" },
	{ 0xffff, SW_INVALID, "not a status word" },
};

START_TEST(explained)
{
	char text[SW_TEXT_MAX];

	ck_assert_str_eq(sw_text(text, sizeof(text), table[_i].sw),
	    table[_i].text);
	ck_assert_int_eq(sw_kind(table[_i].sw), table[_i].kind);
}
END_TEST

/* Text and kind agree on what is a status word; nothing is cut off. */
START_TEST(every_word)
{
	char text[SW_TEXT_MAX + 50];

	for (unsigned sw = 0; sw <= 0xffff; sw++) {
		sw_text(text, sizeof(text), (uint16_t)sw);
		ck_assert_uint_lt(strlen(text), SW_TEXT_MAX);
		ck_assert_int_eq(strcmp(text, "not a status word") == 0,
		    sw_kind((uint16_t)sw) == SW_INVALID);
	}
}
END_TEST

START_TEST(taken_from_a_response)
{
	ck_assert_uint_eq(sw_of(B("\x90\x00")), 0x9000);
	ck_assert_uint_eq(sw_of(B("\x01\x02\x6a\x82")), 0x6a82);
	ck_assert_uint_eq(sw_of(B("\x90")), 0);
	ck_assert_uint_eq(sw_of(B("")), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sw");
	TCase *t = tcase_create("sw");

	tcase_add_loop_test(t, explained, 0, sizeof(table) / sizeof(*table));
	tcase_add_test(t, every_word);
	tcase_add_test(t, taken_from_a_response);
	suite_add_tcase(s, t);
	return unit_run(s);
}
