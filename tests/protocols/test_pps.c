/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/pps.h"

static const struct {
	const char *name;
	struct view answer;
	enum step_kind kind;
	uint8_t ta1;
} table[] = {	/* to ff 11 13 fd; ISO 7816-3:2006 §9.3 */
	{ "echoed", B("\xff\x11\x13\xfd"), STEP_DONE, 0x13 },
	{ "speed left out", B("\xff\x01\xfe"), STEP_DONE, 0x11 },
	{ "other speed", B("\xff\x11\x12\xfc"), STEP_FAIL, 0 },
	{ "other protocol", B("\xff\x10\x13\xfc"), STEP_FAIL, 0 },
	{ "PPS2 not asked for", B("\xff\x31\x13\x01\xdc"), STEP_FAIL, 0 },
	{ "PPS3 not asked for", B("\xff\x51\x13\x00\xbd"), STEP_FAIL, 0 },
	{ "reserved bit", B("\xff\x91\x13\x7d"), STEP_FAIL, 0 },
	{ "wrong PCK", B("\xff\x11\x13\xfc"), STEP_FAIL, 0 },
	{ "no PPSS", B("\xfe\x11\x13\xfc"), STEP_FAIL, 0 },
	{ "a byte too many", B("\xff\x11\x13\xfd\x00"), STEP_FAIL, 0 },
	{ "7 bytes", B("\xff\x71\x13\x00\x00\x00\x00"), STEP_FAIL, 0 },
	{ "nothing", B(""), STEP_FAIL, 0 },
	{ "cut", B("\xff\x11\x13"), STEP_WAIT, 0x13 },
};

START_TEST(answers)
{
	struct pps p;
	struct step s = pps_start(&p, 1, 0x13, 900);

	ck_assert_int_eq(s.kind, STEP_SEND);
	ck_assert_uint_eq(s.wait_ms, 900);
	ck_view_eq(s.out, B("\xff\x11\x13\xfd"));
	s = pps_input(&p, table[_i].answer);
	ck_assert_msg(s.kind == table[_i].kind, "%s", table[_i].name);
	if (s.kind == STEP_FAIL)
		ck_assert_int_eq(s.err, ERR_CARD);
	else
		ck_assert_uint_eq(p.ta1, table[_i].ta1);
}
END_TEST

START_TEST(byte_by_byte)
{
	static const uint8_t answer[] = { 0xff, 0x10, 0x95, 0x7a };
	struct pps p;
	struct step s = pps_start(&p, 0, 0x95, 0);

	ck_assert_uint_ne(s.wait_ms, 0);
	for (size_t i = 0; i < sizeof(answer); i++) {
		ck_assert_uint_eq(pps_expects(&p), i < 2 ? 2 - i : 4 - i);
		s = pps_input(&p, (struct view){ answer + i, 1 });
		ck_assert_int_eq(s.kind, i == 3 ? STEP_DONE : STEP_WAIT);
	}
	ck_assert_uint_eq(pps_expects(&p), 0);
	ck_assert_uint_eq(p.ta1, 0x95);
	ck_assert_uint_eq(p.protocol, 0);
}
END_TEST

START_TEST(refusals)
{
	struct pps p;
	struct step s = pps_start(&p, 15, 0x11, 900);

	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_ARG);
	s = pps_start(&p, 14, 0x11, 900);
	ck_assert_int_eq(s.kind, STEP_SEND);
	s = pps_timeout(&p);
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_TIMEOUT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pps");
	TCase *t = tcase_create("pps");

	tcase_add_loop_test(t, answers, 0, sizeof(table) / sizeof(*table));
	tcase_add_test(t, byte_by_byte);
	tcase_add_test(t, refusals);
	suite_add_tcase(s, t);
	return unit_run(s);
}
