/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/pcsc_part10.h"

/* Both as libccid 1.5.2 answers them for an ST-1044U. */
START_TEST(an_st1044u_answers_as_under_libccid)
{
	uint8_t buf[64];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct pcsc_properties p = { .vid = 0x046a, .pid = 0x002d };

	pcsc_features_write(&w, false);
	ck_view_eq(wr_done(&w), B("\x12\x04\x42\x33\x00\x12"));
	w.n = 0;
	pcsc_features_write(&w, true);
	ck_view_eq(wr_done(&w), B("\x12\x04\x42\x33\x00\x12"
	    "\x13\x04\x42\x00\x00\x01"));
	w.n = 0;
	pcsc_properties_write(&w, &p);
	ck_view_eq(wr_done(&w), B("\x01\x02\0\0\x03\x01\0\x09\x01\0"
	    "\x0b\x02\x6a\x04\x0c\x02\x2d\0\x0a\x04\0\0\0\0"));
	w.n = 0;
	p.extended = true;
	pcsc_properties_write(&w, &p);
	ck_view_eq(view_skip(wr_done(&w), 18), B("\x0a\x04\0\0\x01\0"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pcsc_part10");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, an_st1044u_answers_as_under_libccid);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
