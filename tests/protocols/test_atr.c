/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/atr.h"

#define T0 (1u << 0)
#define T1 (1u << 1)
#define CARDOS_M42B "\x3b\xf2\x18\x00\x02\xc1\x0a\x31\xfe\x58\xc8\x09\x75"
#define CARDOS_M40 "\x3b\xe2\x00\xff\xc1\x10\x31\xfe\x55\xc8\x02\x9c"
#define CONTACTLESS "\x3b\x80\x80\x01\x01"
#define CYBERFLEX "\x3b\x97\x94\x40\x28\x57\x65\x62\x63\x61\x72\x64"
#define GSM "\x3f\x2f\x00\x80\x69\xaf\x02\x04\x01\x31\x00\x00\x00" \
	"\x0e\x83\x3e\x9f\x16"
#define USIM "\x3b\x9f\x95\x80\x1f\xc7\x80\x31\xe0\x73\xfe\x21\x1b" \
	"\x63\xe2\x08\xa8\x83\x0f\x90\x00\x89"
#define SPECIFIC "\x3b\x90\x96\x91\x81\x31\xfe\x45\x9c"

/* 33 bytes, the most there can be, and BWI 9. */
#define LONGEST "\x3b\xff\x18\x00\xff\xf1\x00\x00\x00\xf1\x20\x9d\x01" \
	"\x71\x00\x00\x00" "historical byte" "\xe3"

static const struct good {
	const char *name;
	struct view atr;
	struct atr want;	/* bytes, n and flaw are not compared */
} good[] = {
	{ "two bytes", B("\x3b\x00"), { .protocols = T0, .ta1 = 0x11, .fi = 372,
	    .di = 1, .fmax_khz = 5000, .wi = 10, .ifsc = 32, .bwi = 4,
	    .cwi = 13, .classes = 1, .historical_at = 2 } },
	{ "last TD announces nothing", B(CONTACTLESS), { .protocols = T0 | T1,
	    .ta1 = 0x11, .fi = 372, .di = 1, .fmax_khz = 5000, .wi = 10,
	    .ifsc = 32, .bwi = 4, .cwi = 13, .classes = 1,
	    .historical_at = 4 } },
	{ "CardOS M4.2B", B(CARDOS_M42B), { .protocols = T1, .protocol = 1,
	    .ta1 = 0x18, .fi = 372, .di = 12, .fmax_khz = 5000, .guard = 2,
	    .wi = 10, .ifsc = 254, .bwi = 5, .cwi = 8, .classes = 1,
	    .historical_at = 10, .historical_n = 2 } },
	{ "CardOS M4.0", B(CARDOS_M40), { .protocols = T1, .protocol = 1,
	    .ta1 = 0x11, .fi = 372, .di = 1, .fmax_khz = 5000, .guard = 255,
	    .wi = 16, .ifsc = 254, .bwi = 5, .cwi = 5, .classes = 1,
	    .historical_at = 9, .historical_n = 2 } },
	{ "Cyberflex, WI 40", B(CYBERFLEX), { .protocols = T0, .ta1 = 0x94,
	    .fi = 512, .di = 8, .fmax_khz = 5000, .wi = 40, .ifsc = 32,
	    .bwi = 4, .cwi = 13, .classes = 1, .historical_at = 5,
	    .historical_n = 7 } },
	{ "inverse convention", B(GSM), { .inverse = true, .protocols = T0,
	    .ta1 = 0x11, .fi = 372, .di = 1, .fmax_khz = 5000, .wi = 10,
	    .ifsc = 32, .bwi = 4, .cwi = 13, .classes = 1,
	    .historical_at = 3, .historical_n = 15 } },
	{ "T=15 after T=0", B(USIM), { .protocols = T0, .ta1 = 0x95, .fi = 512,
	    .di = 16, .fmax_khz = 5000, .wi = 10, .ifsc = 32, .bwi = 4,
	    .cwi = 13, .clock_stop = 3, .classes = 7, .historical_at = 6,
	    .historical_n = 15 } },
	{ "specific mode", B(SPECIFIC), { .protocols = T1, .protocol = 1,
	    .specific = true, .ta1 = 0x96, .fi = 512,
	    .di = 32, .fmax_khz = 5000, .wi = 10, .ifsc = 254, .bwi = 4,
	    .cwi = 5, .classes = 1, .historical_at = 8 } },
	{ "TA2 wins over TD1", B("\x3b\x80\x90\x11\x01\x00"), {
	    .protocols = T0 | T1, .protocol = 1, .specific = true,
	    .implicit = true, .can_change = true, .ta1 = 0x11, .fi = 372,
	    .di = 1, .fmax_khz = 5000, .wi = 10, .ifsc = 32, .bwi = 4,
	    .cwi = 13, .classes = 1, .historical_at = 5 } },
	{ "T=15 alone means T=0", B("\x3b\x80\x0f\x8f"), { .protocols = T0,
	    .ta1 = 0x11, .fi = 372, .di = 1, .fmax_khz = 5000, .wi = 10,
	    .ifsc = 32, .bwi = 4, .cwi = 13, .classes = 1,
	    .historical_at = 3 } },
	{ "reserved values count as defaults",
	    B("\x3b\x90\x7f\xc1\x00\x71\xff\xaf\x01\x0e"), {
	    .protocols = T1, .protocol = 1, .ta1 = 0x11, .fi = 372, .di = 1,
	    .fmax_khz = 5000, .wi = 10, .ifsc = 32, .bwi = 4, .cwi = 15,
	    .crc = true, .classes = 1, .historical_at = 9 } },
	{ "an LRC, said aloud", B("\x3b\x80\x81\x41\x00\x40"), {
	    .protocols = T1, .protocol = 1, .ta1 = 0x11, .fi = 372, .di = 1,
	    .fmax_khz = 5000, .wi = 10, .ifsc = 32, .bwi = 4, .cwi = 13,
	    .classes = 1, .historical_at = 5 } },
	{ "33 bytes", B(LONGEST), { .protocols = T1, .protocol = 0,
	    .specific = true, .can_change = true, .ta1 = 0x18, .fi = 372,
	    .di = 12, .fmax_khz = 5000, .guard = 255, .wi = 10, .ifsc = 32,
	    .bwi = 9, .cwi = 13, .crc = true, .classes = 1,
	    .historical_at = 17, .historical_n = 15 } },
	{ "only the first bytes for T=1 count",
	    B("\x3b\x80\x81\xf1\x20\x45\x01\x71\x80\x99\x00\xfc"), {
	    .protocols = T1, .protocol = 1, .ta1 = 0x11, .fi = 372, .di = 1,
	    .fmax_khz = 5000, .wi = 10, .ifsc = 32, .bwi = 4, .cwi = 5,
	    .crc = true, .classes = 1, .historical_at = 11 } },
};

START_TEST(good_atr)
{
	const struct good *g = &good[_i];
	const struct atr *w = &g->want;
	struct atr a;
	size_t n;

	ck_assert_msg(atr_parse(&a, g->atr) == ERR_OK, "%s: %s", g->name,
	    atr_flaw_text(a.flaw));
	ck_assert(atr_is_usable(&a));
	ck_view_eq(((struct view){ a.bytes, a.n }), g->atr);
	ck_assert_int_eq(atr_length(&n, g->atr), ERR_OK);
	ck_assert_uint_eq(n, g->atr.n);
#define SAME(member) ck_assert_msg(a.member == w->member, \
	"%s: " #member " is %u, not %u", g->name, a.member, w->member)
	SAME(historical_at);
	SAME(historical_n);
	SAME(inverse);
	SAME(protocols);
	SAME(protocol);
	SAME(specific);
	SAME(implicit);
	SAME(can_change);
	SAME(ta1);
	SAME(fi);
	SAME(di);
	SAME(fmax_khz);
	SAME(guard);
	SAME(wi);
	SAME(ifsc);
	SAME(bwi);
	SAME(cwi);
	SAME(crc);
	SAME(clock_stop);
	SAME(classes);
#undef SAME
	ck_view_eq(atr_historical(&a), view_first(view_skip(g->atr,
	    w->historical_at), w->historical_n));
}
END_TEST

/* Every prefix, in an exact-size heap copy, is short and says by how much. */
START_TEST(good_atr_cut)
{
	struct view in = good[_i].atr;
	struct atr a;
	size_t need;

	for (size_t n = 0; n < in.n; n++) {
		uint8_t *copy = malloc(n + (n == 0));
		struct view cut = { copy, n };

		memcpy(copy, in.p, n);
		ck_assert_int_eq(atr_parse(&a, cut), ERR_SHORT);
		ck_assert_int_eq(atr_length(&need, cut), ERR_OK);
		ck_assert_uint_gt(need, n);
		ck_assert_uint_le(need, in.n);
		free(copy);
	}
}
END_TEST

static const struct {
	const char *name;
	struct view atr;
	enum err err;
	enum atr_flaw flaw;
	bool usable;
} bad[] = {
	{ "no TS", B("\x3a\x00"), ERR_FORMAT, ATR_FLAW_TS, false },
	{ "raw inverse TS", B("\x03\x00"), ERR_FORMAT, ATR_FLAW_TS, false },
	{ "TS alone, wrong", B("\x00"), ERR_FORMAT, ATR_FLAW_TS, false },
	{ "all FF", B("\xff\xff\xff"), ERR_FORMAT, ATR_FLAW_TS, false },
	{ "TCK wrong", B("\x3b\x80\x80\x01\x02"), ERR_FORMAT,
	    ATR_FLAW_TCK_WRONG, true },
	{ "TCK missing", B("\x3b\x80\x80\x01"), ERR_SHORT,
	    ATR_FLAW_TCK_MISSING, true },
	{ "TCK missing after T=15", B("\x3b\x80\x80\x1f\xc7"), ERR_SHORT,
	    ATR_FLAW_TCK_MISSING, true },
	{ "TCK where only T=0 is offered", B("\x3b\x01\x41\x40"), ERR_FORMAT,
	    ATR_FLAW_TRAILING, true },
	{ "90 00 behind it", B("\x3b\x00\x90\x00"), ERR_FORMAT,
	    ATR_FLAW_TRAILING, true },
	{ "TD for ever", B("\x3b"
	    "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
	    "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
	    "\x80\x80\x80\x80\x80\x80\x80"), ERR_TOO_LONG, ATR_FLAW_TOO_LONG,
	    false },
	{ "announces 34 bytes", B("\x3b\xff\x11\x00\x00\xf1\x00\x00\x00\xf1\x20"
	    "\x45\x00\xf1\x00\x00\x00\x01"), ERR_TOO_LONG, ATR_FLAW_TOO_LONG,
	    false },
	{ "34 bytes came", B("\x3b\x00................................"),
	    ERR_TOO_LONG, ATR_FLAW_TOO_LONG, false },
};

START_TEST(bad_atr)
{
	struct atr a;

	ck_assert_msg(atr_parse(&a, bad[_i].atr) == bad[_i].err, "%s",
	    bad[_i].name);
	ck_assert_int_eq(a.flaw, bad[_i].flaw);
	ck_assert_int_eq(atr_is_usable(&a), bad[_i].usable);
	ck_assert_uint_ge(a.di, 1);
	ck_assert_uint_ne(a.protocols, 0);
}
END_TEST

START_TEST(length_tells_what_follows)
{
	uint8_t many[2048];
	size_t n;

	ck_assert_int_eq(atr_length(&n, B("")), ERR_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(atr_length(&n, B("\x3b")), ERR_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(atr_length(&n, B("\x3b\xf2")), ERR_OK);
	ck_assert_uint_eq(n, 2 + 4 + 2);
	ck_assert_int_eq(atr_length(&n, B("\x3b\xf2\x18\x00\x02\xc1")), ERR_OK);
	ck_assert_uint_eq(n, 6 + 2 + 2 + 1);
	/* a token that fills its buffer */
	ck_assert_int_eq(atr_length(&n, B(CONTACTLESS "\0\0\0\0\0\0")), ERR_OK);
	ck_assert_uint_eq(n, 5);
	ck_assert_int_eq(atr_length(&n, B("\x00")), ERR_FORMAT);
	/* more levels than an index can count */
	memset(many, 0xf0, sizeof(many));
	many[0] = 0x3b;
	ck_assert_int_eq(atr_length(&n, (struct view){ many, sizeof(many) }),
	    ERR_TOO_LONG);
}
END_TEST

static const struct {
	struct view atr;
	uint32_t khz, wwt, bwt, cwt;
} waits[] = {	/* by hand: 960 WI Fi / f; 11 etu + 2^BWI 960 372 / f */
	{ B("\x3b\x00"), 3579, 998, 1598, 853 },
	{ B("\x3b\x00"), 4000, 893, 1430, 763 },
	{ B(CYBERFLEX), 3580, 5492, 1598, 853 },
	{ B(CARDOS_M42B), 4000, 893, 2858, 25 },
	{ B("\x3b\x40\xff"), 1000, 3572, 5719, 3052 },	/* Fi 372, WI 10 */
	{ B("\x3b\x40\xff"), 0, 3572, 5719, 3052 },
};

START_TEST(waiting_times)
{
	struct atr a;

	(void)!atr_parse(&a, waits[_i].atr);
	ck_assert_uint_eq(atr_wwt_ms(&a, waits[_i].khz), waits[_i].wwt);
	ck_assert_uint_eq(atr_bwt_ms(&a, waits[_i].khz), waits[_i].bwt);
	ck_assert_uint_eq(atr_cwt_ms(&a, waits[_i].khz), waits[_i].cwt);
}
END_TEST

START_TEST(waiting_times_at_the_limits)
{
	struct atr a;

	(void)!atr_parse(&a, B("\x3b\x00"));
	a.fi = 2048;
	a.wi = 255;
	a.bwi = 9;
	a.cwi = 15;
	ck_assert_uint_eq(atr_wwt_ms(&a, 1000), 501351);
	ck_assert_uint_eq(atr_bwt_ms(&a, 1000), 182868);
	ck_assert_uint_eq(atr_cwt_ms(&a, 1000), 67132);
	ck_assert_uint_eq(atr_wwt_ms(&a, UINT32_MAX), 1);
}
END_TEST

START_TEST(speeds)
{
	uint16_t fi;
	uint8_t di;

	ck_assert(atr_speed(0x97, &fi, &di));
	ck_assert_uint_eq(fi, 512);
	ck_assert_uint_eq(di, 64);
	ck_assert(atr_speed(0x08, &fi, &di));
	ck_assert_uint_eq(atr_fmax_khz(0x08), 4000);
	ck_assert_uint_eq(atr_fmax_khz(0xa8), 7500);
	for (unsigned ta1 = 0; ta1 < 256; ta1++) {
		bool known = atr_speed((uint8_t)ta1, &fi, &di);

		ck_assert(fi >= 372 && fi <= 2048 && di >= 1 && di <= 64);
		ck_assert(known || (fi == 372 && di == 1));
		ck_assert_uint_ge(atr_fmax_khz((uint8_t)ta1), 4000);
	}
}
END_TEST

START_TEST(flaws_have_texts)
{
	for (int i = 0; i < ATR_FLAW_COUNT; i++)
		ck_assert_ptr_nonnull(atr_flaw_text((enum atr_flaw)i));
	ck_assert_str_eq(atr_flaw_text(ATR_FLAW_SHORT), "bytes are missing");
	ck_assert_str_eq(atr_flaw_text(ATR_FLAW_COUNT), "unknown");
}
END_TEST

START_TEST(cards_that_need_more_time_get_it)
{
	struct atr a;

	ck_assert_int_eq(atr_parse(&a, B("\x3b\xfa\x13\x00\xff\x81\x31\x80"
	    "\x45\x00\x31\xc1\x73\xc0\x01\x00\x00\x90\x00\xb1")), ERR_OK);
	ck_assert_uint_eq(a.bwi, 4);
	ck_assert(atr_mend(&a));
	ck_assert_uint_eq(a.bwi, 7);
	ck_assert_uint_eq(a.cwi, 5);
	ck_assert_uint_gt(atr_bwt_ms(&a, 3571), 11000);
	ck_assert_int_eq(atr_parse(&a, B("\x3b\x80\x80\x01\x01")), ERR_OK);
	ck_assert(!atr_mend(&a));
	ck_assert_uint_eq(a.bwi, 4);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("atr");
	TCase *t = tcase_create("atr");

	tcase_add_loop_test(t, good_atr, 0, sizeof(good) / sizeof(*good));
	tcase_add_loop_test(t, good_atr_cut, 0, sizeof(good) / sizeof(*good));
	tcase_add_loop_test(t, bad_atr, 0, sizeof(bad) / sizeof(*bad));
	tcase_add_test(t, length_tells_what_follows);
	tcase_add_loop_test(t, waiting_times, 0,
	    sizeof(waits) / sizeof(*waits));
	tcase_add_test(t, waiting_times_at_the_limits);
	tcase_add_test(t, speeds);
	tcase_add_test(t, flaws_have_texts);
	tcase_add_test(t, cards_that_need_more_time_get_it);
	suite_add_tcase(s, t);
	return unit_run(s);
}
