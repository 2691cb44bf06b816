/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/ccid_params.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct atr
atr_of(struct view bytes)
{
	struct atr a;

	ck_assert_int_eq(atr_parse(&a, bytes), ERR_OK);
	return a;
}

START_TEST(parameters_follow_the_atr)
{
	static const struct {
		const char *name;
		struct view atr;
		uint8_t protocol, ta1;
		struct view want;
	} rows[] = {
		/* what libccid sends, from its USB logs */
		{ "T=1, no TA1", B("\x3b\x80\x80\x01\x01"), 1, 0x11,
		    B("\x11\x10\x00\x4d\x00\x20\x00") },
		{ "T=1, TA1 13", B("\x3b\x90\x13\x81\x01\x03"), 1, 0x13,
		    B("\x13\x10\x00\x4d\x00\x20\x00") },
		/* CardOS M4: TA1 18, TC1 02, T=1, IFSC 193, BWI 5, CWI 8 */
		{ "T=1 with all its bytes",
		    B("\x3b\xf2\x18\x00\x02\xc1\x0a\x31\xfe\x58\xc8\x09\x75"),
		    1, 0x18, B("\x18\x10\x02\x58\x00\xfe\x00") },
		{ "T=1, CRC", B("\x3b\x80\x81\x41\x01\x41"), 1, 0x11,
		    B("\x11\x11\x00\x4d\x00\x20\x00") },
		{ "T=0, defaults", B("\x3b\x00"), 0, 0x11,
		    B("\x11\x00\x00\x0a\x00") },
		{ "T=0, inverse", B("\x3f\x00"), 0, 0x11,
		    B("\x11\x02\x00\x0a\x00") },
		{ "T=0, TC1 255",
		    B("\x3b\x40\xff"), 0, 0x11, B("\x11\x00\xff\x0a\x00") },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ccid_params p, got;
		struct atr a = atr_of(rows[i].atr);
		uint8_t buf[8];
		struct wr w = { .p = buf, .cap = sizeof(buf) };

		p = ccid_params_of(&a, rows[i].protocol, rows[i].ta1);
		ccid_params_write(&w, &p);
		ck_assert_msg(view_eq(wr_done(&w), rows[i].want), "%s",
		    rows[i].name);
		ck_assert_int_eq(ccid_params_parse(&got, rows[i].protocol,
		    rows[i].want), ERR_OK);
		ck_assert_uint_eq(got.ta1, rows[i].ta1);
	}
}
END_TEST

START_TEST(every_field_goes_round)
{
	static const struct ccid_params rows[] = {
		{ .protocol = 0, .ta1 = 0x95, .inverse = true, .guard = 3,
		    .wi = 0x20, .clock_stop = 2 },
		{ .protocol = 1, .ta1 = 0x96, .inverse = true, .crc = true,
		    .guard = 255, .bwi = 9, .cwi = 15, .clock_stop = 1,
		    .ifsc = 254, .nad = 0x12 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ccid_params *p = &rows[i];
		struct ccid_params got;
		uint8_t buf[8];
		struct wr w = { .p = buf, .cap = sizeof(buf) };

		ccid_params_write(&w, p);
		ck_assert_uint_eq(w.n, p->protocol == 1 ?
		    CCID_PARAMS_T1_SIZE : CCID_PARAMS_T0_SIZE);
		ck_assert_int_eq(ccid_params_parse(&got, p->protocol,
		    wr_done(&w)), ERR_OK);
		ck_assert(got.ta1 == p->ta1 && got.inverse == p->inverse &&
		    got.crc == p->crc && got.guard == p->guard &&
		    got.wi == p->wi && got.bwi == p->bwi && got.cwi == p->cwi &&
		    got.clock_stop == p->clock_stop && got.ifsc == p->ifsc &&
		    got.nad == p->nad);
		for (size_t cut = 0; cut < w.n; cut++)
			ck_assert_int_eq(ccid_params_parse(&got, p->protocol,
			    view_first(wr_done(&w), cut)), ERR_SHORT);
		buf[w.n] = 0;
		ck_assert_int_eq(ccid_params_parse(&got, p->protocol,
		    (struct view){ buf, w.n + 1 }), ERR_FORMAT);
		ck_assert_int_eq(ccid_params_parse(&got, 2, wr_done(&w)),
		    ERR_PROTOCOL);
	}
}
END_TEST

/* At 4 MHz: 11h 10752, 96h 250000, 95h 125000, 99h 156250, 94h 62500 bit/s. */
START_TEST(a_speed_is_chosen)
{
	static const struct ccid_rates table = { 4, { 10753, 62500, 125000,
		250001 } };
	static const struct ccid_rates empty = { 0, { 0 } };
	static const struct ccid_rates other = { 1, { 9600 } };
	static const struct {
		const char *name;
		struct view atr;
		uint32_t max;
		const struct ccid_rates *rates;
		uint32_t below;
		uint8_t ta1;
		uint32_t rate;
	} rows[] = {
		{ "no TA1", B("\x3b\x00"), 500000, NULL, 0, 0x11, 10752 },
		{ "the card's own", B("\x3b\x10\x96"), 500000, NULL, 0,
		    0x96, 250000 },
		{ "the card's own, an empty table", B("\x3b\x10\x96"), 500000,
		    &empty, 0, 0x96, 250000 },
		{ "rounding does not count", B("\x3b\x10\x96"), 249999, NULL, 0,
		    0x96, 250000 },
		{ "the reader is slower", B("\x3b\x10\x96"), 200000, NULL, 0,
		    0x99, 156250 },
		{ "by its table", B("\x3b\x10\x96"), 200000, &table, 0,
		    0x95, 125000 },
		{ "by its table, the card's own", B("\x3b\x10\x96"), 500000,
		    &table, 0, 0x96, 250000 },
		{ "nothing in common", B("\x3b\x10\x96"), 500000,
		    &other, 0, 0x11, 10752 },
		{ "not below the default", B("\x3b\x10\x91"), 500000, NULL, 0,
		    0x11, 10752 },
		{ "a reserved TA1", B("\x3b\x10\xff"), 500000, NULL, 0,
		    0x11, 10752 },
		{ "D of 12", B("\x3b\x10\x18"), 500000, NULL, 0, 0x18, 129032 },
		{ "the next lower", B("\x3b\x10\x96"), 500000, &table, 250000,
		    0x95, 125000 },
		{ "and lower", B("\x3b\x10\x96"), 500000, &table, 125000,
		    0x94, 62500 },
		{ "to the default", B("\x3b\x10\x96"), 500000, &table, 62500,
		    0x11, 10752 },
		{ "which is the last", B("\x3b\x10\x96"), 500000, &table, 10752,
		    0x11, 10752 },
		{ "specific mode has no choice",
		    B("\x3b\x90\x96\x10\x00"), 100000, &table, 250000, 0x96,
		    250000 },
		{ "nor with implicit values",
		    B("\x3b\x90\x96\x10\x10"), 500000, NULL, 0, 0x11, 10752 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ccid_plan p = { .default_clock_khz = 4000,
			.max_data_rate = rows[i].max };
		struct atr a = atr_of(rows[i].atr);
		struct ccid_speed s;

		s = ccid_speed_choose(&a, &p, rows[i].rates, rows[i].below);
		ck_assert_msg(s.ta1 == rows[i].ta1 && s.rate == rows[i].rate,
		    "%s: %02x, %u", rows[i].name, s.ta1, s.rate);
	}
}
END_TEST

START_TEST(stepping_down_always_ends)
{
	for (unsigned ta1 = 0; ta1 <= 0xff; ta1++) {
		struct ccid_plan p = { .default_clock_khz = 4800,
			.max_data_rate = 1000000 };
		struct atr a = { .ta1 = (uint8_t)ta1 };
		struct ccid_speed s = ccid_speed_choose(&a, &p, NULL, 0);
		unsigned n = 0;

		while (s.ta1 != 0x11) {
			struct ccid_speed next = ccid_speed_choose(&a, &p,
			    NULL, s.rate);

			ck_assert_uint_lt(next.rate, s.rate);
			s = next;
			ck_assert_uint_lt(++n, 9);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_params");
	TCase *t = tcase_create("ccid_params");

	tcase_add_test(t, parameters_follow_the_atr);
	tcase_add_test(t, every_field_goes_round);
	tcase_add_test(t, a_speed_is_chosen);
	tcase_add_test(t, stepping_down_always_ends);
	suite_add_tcase(s, t);
	return unit_run(s);
}
