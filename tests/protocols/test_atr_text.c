/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <stdio.h>

#include "protocols/atr_text.h"

#define ROWS 20

static const struct {
	struct view atr;
	const char *rows[ROWS];		/* "offset+n name text" */
} table[] = {
	{ B("\x3b\xf2\x18\x00\x02\xc1\x0a\x31\xfe\x58\xc8\x09\x75"), {
	    "0+1 TS direct convention",
	    "1+1 T0 TA1 TB1 TC1 TD1 follow, 2 historical bytes",
	    "2+1 TA1 Fi=372 Di=12, 129032 bit/s at 4 MHz, clock up to 5.0 MHz",
	    "3+1 TB1 programming voltage, no longer used",
	    "4+1 TC1 extra guard time of 2 etu",
	    "5+1 TD1 T=1: TC2 TD2 follow",
	    "6+1 TC2 T=0: WI=10, waits up to 893 ms at 4 MHz",
	    "7+1 TD2 T=1: TA3 TB3 follow",
	    "8+1 TA3 T=1: the card takes 254 bytes a block (IFSC)",
	    "9+1 TB3 T=1: BWI=5 CWI=8, waits up to 2858 ms for a block and "
	    "25 ms for a character at 4 MHz",
	    "10+2 historical c8 09",
	    "12+1 TCK check byte, right" } },
	{ B("\x3b\x80\x80\x01\x02"), {
	    "0+1 TS direct convention",
	    "1+1 T0 TD1 follows, 0 historical bytes",
	    "2+1 TD1 T=0: TD2 follows",
	    "3+1 TD2 T=1: no interface bytes follow",
	    "4+1 TCK check byte, wrong: 01 would be right" } },
	{ B("\x3f\x03\x61\x62\x63\x00"), {
	    "0+1 TS inverse convention",
	    "1+1 T0 no interface bytes follow, 3 historical bytes",
	    "2+3 historical \"abc\"",
	    "5+1 - not part of an ATR" } },
	{ B("\x3b\x9f\x95\x80\x1f\xc7\x80\x31\xe0\x73\xfe\x21\x1b\x63\xe2\x08"
	    "\xa8\x83\x0f\x90\x00\x89"), {
	    "0+1 TS direct convention",
	    "1+1 T0 TA1 TD1 follow, 15 historical bytes",
	    "2+1 TA1 Fi=512 Di=16, 125000 bit/s at 4 MHz, clock up to 5.0 MHz",
	    "3+1 TD1 T=0: TD2 follows",
	    "4+1 TD2 T=15, global values: TA3 follows",
	    "5+1 TA3 clock may stop low or high; supply A (5 V) B (3 V) "
	    "C (1.8 V)",
	    "6+1 historical objects in COMPACT-TLV",
	    "7+2 historical card services: SELECT by AID, by part of it, "
	    "EF.DIR, MF",
	    "9+4 historical card capabilities: fe 21 1b, 4 logical channels",
	    "13+4 historical pre-issuing data: e2 08 a8",
	    "17+4 historical status: life cycle 0f, SW 9000",
	    "21+1 TCK check byte, right" } },
	{ B("\x3b\x8f\x80\x01\x80\x4f\x0c\xa0\x00\x00\x03\x06\x03\x00\x01\x00"
	    "\x00\x00\x00\x6a"), {
	    "0+1 TS direct convention",
	    "1+1 T0 TD1 follows, 15 historical bytes",
	    "2+1 TD1 T=0: TD2 follows",
	    "3+1 TD2 T=1: no interface bytes follow",
	    "4+1 historical objects in COMPACT-TLV",
	    "5+2 historical application identifier, 12 bytes",
	    "7+5 historical PC/SC workgroup: a storage card",
	    "12+1 historical standard 03",
	    "13+2 historical MIFARE Classic 1K",
	    "15+4 historical for future use",
	    "19+1 TCK check byte, right" } },
	{ B("\x3b\x08\x00\x11\x49\x81\x07\x05\x90\x00"), {
	    "0+1 TS direct convention",
	    "1+1 T0 no interface bytes follow, 8 historical bytes",
	    "2+1 historical objects in COMPACT-TLV, then a status",
	    "3+2 historical country code: \"I\"",
	    "5+2 historical status: life cycle 07",
	    "7+3 historical life cycle 05, SW 9000" } },
	{ B("\x3b\x03\x80\x7c\x01"), {
	    "0+1 TS direct convention",
	    "1+1 T0 no interface bytes follow, 3 historical bytes",
	    "2+1 historical objects in COMPACT-TLV",
	    "3+2 historical an object of 12 bytes, cut short" } },
	{ B("\x3b\xf0\x7f\xff\xff\x91\x11\xf1\x00\xff\x01\x7f\x40\x80\x00\x2c"),
	    { "0+1 TS direct convention",
	    "1+1 T0 TA1 TB1 TC1 TD1 follow, 0 historical bytes",
	    "2+1 TA1 reserved value, counts as Fi=372 Di=1, 10752 bit/s at "
	    "4 MHz, clock up to 5.0 MHz",
	    "3+1 TB1 programming voltage, no longer used",
	    "4+1 TC1 least guard time: 12 etu in T=0, 11 etu in T=1",
	    "5+1 TD1 T=1: TA2 TD2 follow",
	    "6+1 TA2 specific mode: T=1 without PPS, at a speed the card "
	    "implies, may change after a warm reset",
	    "7+1 TD2 T=1: TA3 TB3 TC3 TD3 follow",
	    "8+1 TA3 T=1: the card takes 32 bytes a block (IFSC), reserved "
	    "value",
	    "9+1 TB3 T=1: BWI=15 CWI=15 (BWI reserved, counts as 4), waits up "
	    "to 1430 ms for a block and 3049 ms for a character at 4 MHz",
	    "10+1 TC3 T=1: blocks end with a CRC of two bytes",
	    "11+1 TD3 T=15, global values: TA4 TB4 TC4 follow",
	    "12+1 TA4 clock may stop low; supply reserved",
	    "13+1 TB4 contact C6 (SPU) used in the maker's own way",
	    "14+1 TC4 reserved, for T=15",
	    "15+1 TCK check byte, wrong: bf would be right" } },
	{ B("\x3b\x86\x81\x1f\x41\x80\x73\xc0\x01\xc0\x82\x98"), {
	    "0+1 TS direct convention",
	    "1+1 T0 TD1 follows, 6 historical bytes",
	    "2+1 TD1 T=1: TD2 follows",
	    "3+1 TD2 T=15, global values: TA3 follows",
	    "4+1 TA3 clock may stop low; supply A (5 V)",
	    "5+1 historical objects in COMPACT-TLV",
	    "6+4 historical card capabilities: c0 01 c0, command chaining, "
	    "extended length",
	    "10+1 historical an object of 2 bytes, cut short",
	    "11+1 TCK check byte, wrong: 29 would be right" } },
	{ B("\x3b"), { "0+1 TS direct convention",
	    "1+0 - bytes are missing" } },
	{ B("\x3b\x80\x01"), { "0+1 TS direct convention",
	    "1+1 T0 TD1 follows, 0 historical bytes",
	    "2+1 TD1 T=1: no interface bytes follow",
	    "3+0 - its check byte is missing" } },
	{ B("\xff\xff\xff"), { "0+1 TS neither 3b nor 3f: not an ATR",
	    "1+2 - not part of an ATR" } },
	{ B(""), { "0+0 - bytes are missing" } },
};

START_TEST(explained)
{
	struct atr_row rows[ATR_ROWS_MAX];
	size_t n = atr_explain(rows, table[_i].atr), i;
	char line[300];

	for (i = 0; i < n; i++) {
		ck_assert_uint_lt(i, ROWS);
		ck_assert_ptr_nonnull(table[_i].rows[i]);
		snprintf(line, sizeof(line), "%zu+%zu %s %s", rows[i].offset,
		    rows[i].n, rows[i].name, rows[i].text);
		ck_assert_str_eq(line, table[_i].rows[i]);
	}
	ck_assert(i == ROWS || table[_i].rows[i] == NULL);
}
END_TEST

/* Any bytes: the rows tile the input and hold one line of ASCII each. */
START_TEST(rows_tile_whatever_came)
{
	static const uint8_t edge[] = { 0x00, 0x0f, 0x10, 0x80, 0xf0, 0xff };
	struct atr_row rows[ATR_ROWS_MAX];
	uint8_t in[40];

	for (unsigned seed = 0; seed < 20000; seed++) {
		size_t len = seed % sizeof(in), n, at = 0;
		uint32_t x = seed * 2654435761u + 1;

		for (size_t i = 0; i < sizeof(in); i++) {
			x = x * 1103515245u + 12345;
			in[i] = (uint8_t)((x >> 28) < 6 ? edge[x >> 28] :
			    x >> 16);
		}
		in[0] = seed % 7 == 0 ? in[0] : 0x3b;
		n = atr_explain(rows, (struct view){ in, len });
		ck_assert_uint_le(n, ATR_ROWS_MAX);
		for (size_t i = 0; i < n; i++) {
			ck_assert_uint_eq(rows[i].offset, at);
			at += rows[i].n;
			ck_assert_ptr_null(strchr(rows[i].text, '\n'));
			ck_assert_uint_lt(strlen(rows[i].text),
			    ATR_ROW_TEXT_MAX);	/* nothing was cut off */
		}
		ck_assert_uint_eq(at, len);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("atr_text");
	TCase *t = tcase_create("atr_text");

	tcase_add_loop_test(t, explained, 0, sizeof(table) / sizeof(*table));
	tcase_add_test(t, rows_tile_whatever_came);
	suite_add_tcase(s, t);
	return unit_run(s);
}
