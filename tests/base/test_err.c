/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "base/err.h"

START_TEST(every_error_has_a_name_and_a_text)
{
	for (unsigned e = 0; e < ERR_COUNT; e++) {
		ck_assert_str_ne(err_name((enum err)e), "UNKNOWN");
		ck_assert_str_ne(err_text((enum err)e), "unknown error");
		for (unsigned o = 0; o < e; o++)
			ck_assert_str_ne(err_text((enum err)e),
			    err_text((enum err)o));
	}
	ck_assert_str_eq(err_name(ERR_NO_CARD), "NO_CARD");
	ck_assert_str_eq(err_name(ERR_COUNT), "UNKNOWN");
	ck_assert_str_eq(err_text((enum err)-1), "unknown error");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("err");
	TCase *t = tcase_create("err");

	tcase_add_test(t, every_error_has_a_name_and_a_text);
	suite_add_tcase(s, t);
	return unit_run(s);
}
