/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/pcsc_names.h"

START_TEST(names_are_libccids)
{
	ck_assert_str_eq(pcsc_friendly_name(0x046a, 0x00a7),
	    "Cherry SmartTerminal XX44");
	ck_assert_str_eq(pcsc_friendly_name(0x072f, 0x90cc),
	    "ACS ACR 38U-CCID");
	/* its own strings say it */
	ck_assert_ptr_null(pcsc_friendly_name(0x046a, 0x002d));
	ck_assert_ptr_null(pcsc_friendly_name(0, 0));
	ck_assert_ptr_null(pcsc_friendly_name(0xffff, 0xffff));
}
END_TEST

START_TEST(rows_are_in_order_and_fit_a_readers_name)
{
	size_t n;
	const struct pcsc_name_row *row = pcsc_names_all(&n);
	uint32_t last = 0;

	ck_assert_uint_gt(n, 100);
	for (; n-- != 0; row++) {
		uint32_t id = (uint32_t)row->vid << 16 | row->pid;

		ck_assert_msg(id > last, "%04x:%04x", row->vid, row->pid);
		last = id;
		ck_assert_str_eq(pcsc_friendly_name(row->vid, row->pid),
		    row->name);
		ck_assert_uint_le(strlen(row->name), 100);
		for (const char *p = row->name; *p != '\0'; p++)
			ck_assert(*p >= ' ' && *p <= '~');
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pcsc_names");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, names_are_libccids);
	tcase_add_test(tc, rows_are_in_order_and_fit_a_readers_name);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
