/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/escape.h"

START_TEST(few_commands_are_free)
{
	const struct {
		uint16_t vid, pid;
		struct view command;
		bool free;
	} rows[] = {
		{ 0x076b, 0x5427, B("\x01\x02\x03"), true },
		{ 0x076b, 0x5427, B(""), true },
		{ 0x076b, 0x5428, B("\x02"), false },
		{ 0x08e6, 0x3437, B("\x02"), true },
		{ 0x08e6, 0x5503, B("\x02"), true },
		{ 0x08e6, 0x3437, B("\x02\x00"), false },
		{ 0x08e6, 0x3437, B("\x1f"), false },
		{ 0x08e6, 0x3437, B(""), false },
		{ 0x08e6, 0x5503, B("\x52\xf8\x04\x01\x00\x01"), true },
		{ 0x08e6, 0x5503, B("\x52\xf8\x04\x01\x00\x02"), true },
		{ 0x08e6, 0x5503, B("\x52\xf8\x04\x01\x00"), false },
		{ 0x08e6, 0x5503, B("\x52\xf8\x04\x01\x01\x01"), false },
		{ 0x08e6, 0x5504, B("\x52\xf8\x04\x01\x00\x01"), false },
		{ 0x046a, 0x002d, B("\x02"), false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(escape_is_harmless(rows[i].vid, rows[i].pid,
		    rows[i].command) == rows[i].free, "row %zu", i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("escape");
	TCase *t = tcase_create("escape");

	tcase_add_test(t, few_commands_are_free);
	suite_add_tcase(s, t);
	return unit_run(s);
}
