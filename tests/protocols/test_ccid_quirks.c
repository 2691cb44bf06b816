/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

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

/*
 * What is known of readers, a quirk a line, put down apart from the table: no
 * row may be lost and none may come by itself. VVVV:PPPP[<firmware].
 */
static const struct {
	enum ccid_quirk quirk;
	const char *readers;
} known[] = {
	{ CCID_QUIRK_OLD_FIRMWARE, "03f0:0036<0124 04e6:5111<0620 "
	    "04e6:5291<0112 04e6:e001<0516 04e6:e003<0510 058f:9520<0102 "
	    "062d:0001<0102 072f:2200<0206 08c3:0401<5000 08c3:0402<5000 "
	    "09c3:0008<0203 0b0c:0050<0101 0d46:3001<0037 0d46:3002<0037 "
	    "0dc3:0900<0200 0dc3:1004<0502 0dc3:1102<0607 " },
	{ CCID_QUIRK_IFSD_254, "09be:0002 " },
	{ CCID_QUIRK_NO_IFSD, "0529:0620<0014 " },
	{ CCID_QUIRK_SLOW_OPEN, "0b81:0200 " },
	{ CCID_QUIRK_SLOW_STATUS, "04e6:5293 04e6:5724 04e6:5790 04e6:5791 "
	    "072f:2200 09d8:0427 09d8:0428 " },
	{ CCID_QUIRK_EMPTY_PACKETS, "08e6:3437<0201 08e6:3438<0201 "
	    "413c:2101<0201 " },
	{ CCID_QUIRK_SPLIT_64, "0b97:7762 0b97:7772 " },
	{ CCID_QUIRK_RATE_9600, "0b97:7762 0b97:7772 " },
	{ CCID_QUIRK_RATE_200K, "058f:9540 " },
	{ CCID_QUIRK_RESET_TWICE, "058f:9540 " },
	{ CCID_QUIRK_LONG_T1, "08e6:34d2 " },
	{ CCID_QUIRK_EXTENDED, "046a:00a1<0101 046a:00a7 076b:3031 076b:3a21 "
	    "076b:6632 0bf8:1024 2f7c:6007 " },
	{ CCID_QUIRK_SHORT, "0d46:3010 " },
	{ CCID_QUIRK_GEMPC_ISO, "08e6:3437 08e6:3438 " },
	{ CCID_QUIRK_GEMPC_POWER, "046a:0005 08e6:4433 " },
	{ CCID_QUIRK_OFF_BEFORE_ON, "0d46:301d " },
	{ CCID_QUIRK_PSEUDO_APDUS, "0d46:301d " },
	{ CCID_QUIRK_CLAIMS_CARD, "08e6:3480 " },
	{ CCID_QUIRK_NO_SUSPEND, "058f:9520 0783:0003 " },
	{ CCID_QUIRK_NO_PIN, "03f0:0036 03f0:1024 046a:00a7 04f2:1469 "
	    "076b:3031 076b:3a21 076b:6632 0783:0006 0bf8:1017 0bf8:1024 "
	    "25dd:3111 " },
	{ CCID_QUIRK_DISPLAY_TEXTS, "08e6:3478 0982:0008 " },
	{ CCID_QUIRK_PIN_FEATURES, "08e6:3478 08e6:34c0 08e6:34c1 08e6:34c2 "
	    "08e6:34c3 08e6:34c5 08e6:34c7 " },
	{ CCID_QUIRK_PIN_NO_TEXT, "413c:2100 413c:2101 " },
	{ CCID_QUIRK_PIN_ONE_TEXT, "08e6:3478 0982:0008 " },
	{ CCID_QUIRK_PIN_THREE_TEXTS, "046a:0010 " },
	{ CCID_QUIRK_PIN_MANY_TEXTS, "046a:00a1 " },
	{ CCID_QUIRK_PIN_ALL_INDEXES, "046a:003e 04e6:e003 " },
	{ CCID_QUIRK_PIN_SWAPPED, "413c:2100 413c:2101 " },
	{ CCID_QUIRK_PIN_VALIDATE, "046a:003e 08e6:3478 0982:0008 " },
	{ CCID_QUIRK_PIN_CASE1, "04e6:e003 " },
	{ CCID_QUIRK_PIN_0_25, "046a:003e " },
	{ CCID_QUIRK_PIN_0_32, "046a:00a1 " },
	{ CCID_QUIRK_PIN_1_31, "076b:3821 " },
};

START_TEST(every_reader_known_to_have_it_has_it)
{
	char have[512] = "";
	size_t n, at = 0;
	const struct ccid_quirk_row *r = ccid_quirk_rows(&n);

	ck_assert_uint_eq(sizeof(known) / sizeof(known[0]), CCID_QUIRK_COUNT);
	for (size_t i = 0; i < n; i++) {
		if (!ccid_has_quirk(r[i].quirks, known[_i].quirk))
			continue;
		at += (size_t)snprintf(have + at, sizeof(have) - at,
		    "%04x:%04x", r[i].vid, r[i].pid);
		if (r[i].below != 0)
			at += (size_t)snprintf(have + at, sizeof(have) - at,
			    "<%04x", r[i].below);
		at += (size_t)snprintf(have + at, sizeof(have) - at, " ");
	}
	ck_assert_str_eq(have, known[_i].readers);
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
	tcase_add_loop_test(t, every_reader_known_to_have_it_has_it, 0,
	    sizeof(known) / sizeof(known[0]));
	tcase_add_test(t, a_device_has_its_quirks);
	suite_add_tcase(s, t);
	return unit_run(s);
}
