/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/ids.h"

START_TEST(rows_are_sorted_and_unique)
{
	size_t n;
	const struct id_row *r = ids_all(&n);

	for (size_t i = 1; i < n; i++)
		ck_assert_uint_lt((unsigned)r[i - 1].vid << 16 | r[i - 1].pid,
		    (unsigned)r[i].vid << 16 | r[i].pid);
}
END_TEST

START_TEST(the_st_1044u_is_known)
{
	const struct id_row *r = ids_find(0x046a, 0x002d);

	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(r->driver, "ccid");
	ck_assert_ptr_null(ids_find(0xffff, 0xffff));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ids");
	TCase *t = tcase_create("ids");

	tcase_add_test(t, rows_are_sorted_and_unique);
	tcase_add_test(t, the_st_1044u_is_known);
	suite_add_tcase(s, t);
	return unit_run(s);
}
