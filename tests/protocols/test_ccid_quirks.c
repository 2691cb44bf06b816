/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/ccid_quirks.h"

#define Q(name) (UINT64_C(1) << CCID_QUIRK_##name)

START_TEST(rows_are_sorted_and_say_something)
{
	size_t n;
	const struct ccid_quirk_row *r = ccid_quirk_rows(&n);
	uint64_t all = 0;

	ck_assert_uint_le(CCID_QUIRK_COUNT, 64);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_ne(r[i].quirks, 0);
		ck_assert(r[i].below == 0 || r[i].below > r[i].from);
		all |= r[i].quirks;
		if (i == 0)
			continue;
		ck_assert_msg(r[i - 1].vid < r[i].vid ||
		    (r[i - 1].vid == r[i].vid && r[i - 1].pid <= r[i].pid),
		    "row %zu", i);
	}
	for (unsigned q = 0; q < CCID_QUIRK_COUNT; q++) {
		ck_assert_msg(ccid_has_quirk(all, (enum ccid_quirk)q),
		    "nobody has quirk %u", q);
		ck_assert_str_ne(ccid_quirk_text((enum ccid_quirk)q), "");
	}
}
END_TEST

START_TEST(a_device_has_its_quirks)
{
	static const struct {
		uint16_t vid, pid, bcd;
		uint64_t want;
	} rows[] = {
		{ 0x046a, 0x002d, 0x0203, 0 },	/* Cherry ST-1044U */
		{ 0x046a, 0x00a7, 0x0100, Q(EXTENDED) | Q(NO_PIN) },
		{ 0x058f, 0x9540, 0x0120, Q(RATE_200K) | Q(RESET_TWICE) },
		{ 0x0529, 0x0620, 0x0011, 0 },
		{ 0x0529, 0x0620, 0x0012, Q(NO_IFSD) },
		{ 0x0529, 0x0620, 0x0013, Q(NO_IFSD) },
		{ 0x0529, 0x0620, 0x0014, 0 },
		{ 0x03f0, 0x0036, 0x0123, Q(NO_PIN) | Q(OLD_FIRMWARE) },
		{ 0x03f0, 0x0036, 0x0124, Q(NO_PIN) },
		{ 0x04e6, 0xe001, 0x0515, Q(OLD_FIRMWARE) },
		{ 0x04e6, 0xe001, 0x0516, 0 },
		{ 0xffff, 0xffff, 0xffff, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(ccid_quirks(rows[i].vid, rows[i].pid,
		    rows[i].bcd) == rows[i].want, "row %zu", i);
	ck_assert_uint_eq(ccid_firmware_needed(0x03f0, 0x0036), 0x0124);
	ck_assert_uint_eq(ccid_firmware_needed(0x04e6, 0xe001), 0x0516);
	ck_assert_uint_eq(ccid_firmware_needed(0x046a, 0x002d), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_quirks");
	TCase *t = tcase_create("ccid_quirks");

	tcase_add_test(t, rows_are_sorted_and_say_something);
	tcase_add_test(t, a_device_has_its_quirks);
	suite_add_tcase(s, t);
	return unit_run(s);
}
