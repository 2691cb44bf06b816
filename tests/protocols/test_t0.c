/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/t0.h"

enum { TURNS = 10, WAIT_MS = 900 };

#define SEL "\x00\xa4\x04\x00\x02\x3f\x00"
#define HEX16 "0123456789abcdef"
#define END { { NULL, 0 }, STEP_FAIL, { NULL, 0 }, ERR_OK }

/* What goes in (the first time the APDU, then the card) and what comes out. */
struct turn {
	struct view in;
	enum step_kind kind;
	struct view out;
	enum err err;
};

struct talk {
	const char *name;
	struct turn turns[TURNS];
};

#define SEND(in, out) { B(in), STEP_SEND, B(out), ERR_OK }
#define DONE(in, out) { B(in), STEP_DONE, B(out), ERR_OK }
#define READ(in) { B(in), STEP_WAIT, { NULL, 0 }, ERR_OK }
#define FAIL(in, err) { B(in), STEP_FAIL, { NULL, 0 }, err }

static const struct talk tpdu_talks[] = {	/* ISO 7816-3:2006 §12.2 */
	{ "case 1", { SEND("\x00\x44\x00\x00", "\x00\x44\x00\x00\x00"),
	    DONE("\x90\x00", "\x90\x00") } },
	{ "case 2", { SEND("\x00\x84\x00\x00\x08", "\x00\x84\x00\x00\x08"),
	    DONE("12345678\x90\x00", "12345678\x90\x00") } },
	{ "case 2, wrong length, 6700", {
	    SEND("\x00\xb0\x00\x00\x08", "\x00\xb0\x00\x00\x08"),
	    DONE("\x67\x00", "\x67\x00") } },
	{ "case 2, 6Cxx: less is there", {
	    SEND("\x00\xb0\x00\x00\x00", "\x00\xb0\x00\x00\x00"),
	    SEND("\x6c\x04", "\x00\xb0\x00\x00\x04"),
	    DONE("abcd\x90\x00", "abcd\x90\x00") } },
	{ "case 2, 6Cxx: more is there, Ne bytes are kept", {
	    SEND("\x00\xb0\x00\x00\x02", "\x00\xb0\x00\x00\x02"),
	    SEND("\x6c\x04", "\x00\xb0\x00\x00\x04"),
	    DONE("abcd\x90\x00", "ab\x90\x00") } },
	{ "case 2, 6Cxx for ever is given up", {
	    SEND("\x00\xb0\x00\x00\x02", "\x00\xb0\x00\x00\x02"),
	    SEND("\x6c\x04", "\x00\xb0\x00\x00\x04"),
	    DONE("\x6c\x05", "\x6c\x05") } },
	{ "case 2, data and 61xx", {
	    SEND("\x80\xca\x00\x5a\x00", "\x80\xca\x00\x5a\x00"),
	    SEND("abcd\x61\x02", "\x80\xc0\x00\x00\x02"),
	    DONE("ef\x90\x00", "abcdef\x90\x00") } },
	{ "case 2, 61xx beyond Ne is the caller's", {
	    SEND("\x00\xc0\x00\x00\x02", "\x00\xc0\x00\x00\x02"),
	    DONE("ab\x61\x10", "ab\x61\x10") } },
	{ "case 2, a warning with its data", {
	    SEND("\x00\xb0\x00\x00\x04", "\x00\xb0\x00\x00\x04"),
	    DONE("ab\x62\x82", "ab\x62\x82") } },
	{ "case 3", { SEND(SEL, SEL), DONE("\x90\x00", "\x90\x00") } },
	{ "case 3, 61xx is the caller's", { SEND(SEL, SEL),
	    DONE("\x61\x10", "\x61\x10") } },
	{ "case 3, 63Cx", {
	    SEND("\x00\x20\x00\x01\x04""1234", "\x00\x20\x00\x01\x04""1234"),
	    DONE("\x63\xc2", "\x63\xc2") } },
	{ "case 4, 61xx", { SEND(SEL "\x00", SEL),
	    SEND("\x61\x10", "\x00\xc0\x00\x00\x10"),
	    DONE(HEX16 "\x90\x00", HEX16 "\x90\x00") } },
	{ "case 4, 61xx above Ne", { SEND(SEL "\x08", SEL),
	    SEND("\x61\x10", "\x00\xc0\x00\x00\x08"),
	    DONE("01234567\x61\x08", "01234567\x61\x08") } },
	{ "case 4, 61xx three times, 6Cxx between", { SEND(SEL "\x00", SEL),
	    SEND("\x61\x00", "\x00\xc0\x00\x00\x00"),
	    SEND("\x6c\x04", "\x00\xc0\x00\x00\x04"),
	    SEND("abcd\x61\x03", "\x00\xc0\x00\x00\x03"),
	    SEND("efg\x61\x01", "\x00\xc0\x00\x00\x01"),
	    DONE("h\x90\x00", "abcdefgh\x90\x00") } },
	{ "case 2, 61xx above what Ne leaves", {
	    SEND("\x00\xb0\x00\x00\x03", "\x00\xb0\x00\x00\x03"),
	    SEND("ab\x61\x10", "\x00\xc0\x00\x00\x01"),
	    DONE("c\x61\x0f", "abc\x61\x0f") } },
	{ "case 4, 6100 and a small Ne", { SEND(SEL "\x08", SEL),
	    SEND("\x61\x00", "\x00\xc0\x00\x00\x08"),
	    DONE("01234567\x90\x00", "01234567\x90\x00") } },
	{ "case 4, 6Cxx above what Ne leaves", { SEND(SEL "\x04", SEL),
	    SEND("\x61\x04", "\x00\xc0\x00\x00\x04"),
	    SEND("ab\x61\x02", "\x00\xc0\x00\x00\x02"),
	    SEND("\x6c\x05", "\x00\xc0\x00\x00\x05"),
	    DONE("cdefg\x90\x00", "abcd\x90\x00") } },
	{ "case 4, 9000, then 9804 when fetching", { SEND(SEL "\x10", SEL),
	    SEND("\x90\x00", "\x00\xc0\x00\x00\x10"),
	    DONE("\x98\x04", "\x98\x04") } },
	{ "case 4, 9000, then 6400 when fetching", { SEND(SEL "\x10", SEL),
	    SEND("\x90\x00", "\x00\xc0\x00\x00\x10"),
	    DONE("\x64\x00", "\x90\x00") } },
	{ "case 4, 9000, then a warning when fetching", {
	    SEND(SEL "\x10", SEL),
	    SEND("\x90\x00", "\x00\xc0\x00\x00\x10"),
	    DONE("\x62\x83", "\x62\x83") } },
	{ "case 4, 9000 first", { SEND(SEL "\x10", SEL),
	    SEND("\x90\x00", "\x00\xc0\x00\x00\x10"),
	    SEND("\x6c\x02", "\x00\xc0\x00\x00\x02"),
	    DONE("ab\x90\x00", "ab\x90\x00") } },
	{ "case 4, 9000 and nothing to fetch", { SEND(SEL "\x10", SEL),
	    SEND("\x90\x00", "\x00\xc0\x00\x00\x10"),
	    DONE("\x69\x85", "\x90\x00") } },
	{ "case 4, error", { SEND(SEL "\x10", SEL),
	    DONE("\x6a\x82", "\x6a\x82") } },
	{ "case 4, warning is not fetched for", { SEND(SEL "\x10", SEL),
	    DONE("\x62\x83", "\x62\x83") } },
	{ "case 4, 9804 is an error of the application's", {
	    SEND("\xa0\x88\x00\x00\x01z\x04", "\xa0\x88\x00\x00\x01z"),
	    DONE("\x98\x04", "\x98\x04") } },
	{ "GET RESPONSE fails after 61xx", { SEND(SEL "\x10", SEL),
	    SEND("\x61\x10", "\x00\xc0\x00\x00\x10"),
	    DONE("\x6f\x00", "\x6f\x00") } },
	{ "extended", { FAIL("\x00\xb0\x00\x00\x00\x01\x00", ERR_TOO_LONG) } },
	{ "malformed", { FAIL("\x00\xa4\x00\x00\x05\x3f\x00", ERR_FORMAT) } },
	{ "too short", { FAIL("\x00\xa4\x00", ERR_SHORT) } },
	{ "empty response", { SEND(SEL, SEL), FAIL("", ERR_CARD) } },
	{ "one byte", { SEND(SEL, SEL), FAIL("\x90", ERR_CARD) } },
	{ "data where none may be", { SEND(SEL, SEL),
	    FAIL("a\x90\x00", ERR_CARD) } },
	{ "more data than P3", {
	    SEND("\x00\xb0\x00\x00\x02", "\x00\xb0\x00\x00\x02"),
	    FAIL("abc\x90\x00", ERR_CARD) } },
	{ "SW1 60", { SEND(SEL, SEL), FAIL("\x60\x00", ERR_CARD) } },
	{ "SW1 00", { SEND(SEL, SEL), FAIL("\x00\x00", ERR_CARD) } },
};

static const struct talk char_talks[] = {	/* ISO 7816-3:2006 §10.3.3 */
	{ "case 1", { SEND("\x00\x44\x00\x00", "\x00\x44\x00\x00\x00"),
	    DONE("\x90\x00", "\x90\x00") } },
	{ "case 1, byte by byte, with an ACK", {
	    SEND("\x00\x44\x00\x00", "\x00\x44\x00\x00\x00"),
	    READ("\x44"), READ("\x90"), DONE("\x00", "\x90\x00") } },
	{ "case 2, all at once", {
	    SEND("\x00\x84\x00\x00\x04", "\x00\x84\x00\x00\x04"),
	    READ("\x84""a"), DONE("bcd\x90\x00", "abcd\x90\x00") } },
	{ "case 2, byte after byte (INS^FF), then the rest", {
	    SEND("\x00\x84\x00\x00\x04", "\x00\x84\x00\x00\x04"),
	    READ("\x7b""a"), READ("\x7b""b"), READ("\x84""c"),
	    DONE("d\x90\x00", "abcd\x90\x00") } },
	{ "case 2, NULL before and between", {
	    SEND("\x00\x84\x00\x00\x02", "\x00\x84\x00\x00\x02"),
	    READ("\x60\x60"), READ("\x84\x60"), READ("\x90\x60"),
	    READ("\x60"), DONE("\x90\x00", "\x60\x90\x90\x00") } },
	{ "case 2, SW before the data is complete", {
	    SEND("\x00\xb0\x00\x00\x10", "\x00\xb0\x00\x00\x10"),
	    READ("\x4f""a"), DONE("\x62\x82", "a\x62\x82") } },
	{ "case 2, 6Cxx", {
	    SEND("\x00\xb0\x00\x00\x00", "\x00\xb0\x00\x00\x00"),
	    SEND("\x6c\x02", "\x00\xb0\x00\x00\x02"),
	    READ("\xb0""a"), DONE("b\x90\x00", "ab\x90\x00") } },
	{ "case 3", { SEND(SEL, "\x00\xa4\x04\x00\x02"),
	    SEND("\xa4", "\x3f\x00"), DONE("\x90\x00", "\x90\x00") } },
	{ "case 3, one at a time", { SEND(SEL, "\x00\xa4\x04\x00\x02"),
	    SEND("\x5b", "\x3f"), SEND("\x5b", "\x00"),
	    READ("\x60\x60"), DONE("\x90\x00", "\x90\x00") } },
	{ "case 3, one, then the rest", {
	    SEND("\x00\xd6\x00\x00\x03xyz", "\x00\xd6\x00\x00\x03"),
	    SEND("\x29", "x"), READ("\x60"), SEND("\xd6", "yz"),
	    DONE("\x90\x00", "\x90\x00") } },
	{ "case 3, refused at the header", {
	    SEND(SEL, "\x00\xa4\x04\x00\x02"), READ("\x6a"),
	    DONE("\x82", "\x6a\x82") } },
	{ "case 4", { SEND(SEL "\x00", "\x00\xa4\x04\x00\x02"),
	    SEND("\xa4", "\x3f\x00"), SEND("\x61\x02", "\x00\xc0\x00\x00\x02"),
	    READ("\xc0""a"), DONE("b\x90\x00", "ab\x90\x00") } },
	{ "INS 6x", { FAIL("\x00\x60\x00\x00", ERR_ARG) } },
	{ "INS 9x", { FAIL("\x00\x9a\x00\x00", ERR_ARG) } },
	{ "a foreign procedure byte", {
	    SEND(SEL, "\x00\xa4\x04\x00\x02"), FAIL("\xa5", ERR_CARD) } },
	{ "INS+1, once VPP", {
	    SEND("\x00\xb0\x00\x00\x02", "\x00\xb0\x00\x00\x02"),
	    FAIL("\xb1", ERR_CARD) } },
	{ "it talks while we send", { SEND(SEL, "\x00\xa4\x04\x00\x02"),
	    FAIL("\xa4\x90", ERR_CARD) } },
	{ "a byte behind SW2", {
	    SEND("\x00\x44\x00\x00", "\x00\x44\x00\x00\x00"),
	    FAIL("\x90\x00\x00", ERR_CARD) } },
	{ "no bytes", { SEND(SEL, "\x00\xa4\x04\x00\x02"),
	    FAIL("", ERR_CARD) } },
	{ "extended", { FAIL("\x00\xb0\x00\x00\x00\x01\x00", ERR_TOO_LONG) } },
};

static void
play(const struct talk *talk, enum t0_level level)
{
	struct t0 t = { .level = level };
	struct step s = { .kind = STEP_SEND };

	for (int i = 0; i < TURNS && (s.kind == STEP_SEND ||
	    s.kind == STEP_WAIT); i++) {
		const struct turn *turn = &talk->turns[i];
		uint8_t *copy = malloc(turn->in.n + (turn->in.n == 0));

		if (turn->in.n != 0)
			memcpy(copy, turn->in.p, turn->in.n);
		s = i == 0 ? t0_start(&t, level, WAIT_MS,
		    (struct view){ copy, turn->in.n }) :
		    t0_input(&t, (struct view){ copy, turn->in.n });
		free(copy);
		ck_assert_msg(s.kind == turn->kind && s.err == turn->err &&
		    view_eq(s.out, turn->out), "%s, turn %d", talk->name, i);
		if (s.kind == STEP_SEND || s.kind == STEP_WAIT) {
			ck_assert_uint_ge(s.wait_ms, WAIT_MS);
			ck_assert_int_eq(t0_expects(&t) != 0,
			    level == T0_CHARACTER);
		} else {
			ck_assert_uint_eq(t0_expects(&t), 0);
		}
	}
	ck_assert(s.kind == STEP_DONE || s.kind == STEP_FAIL);
}

START_TEST(tpdu_talk)
{
	play(&tpdu_talks[_i], T0_TPDU);
}
END_TEST

START_TEST(char_talk)
{
	play(&char_talks[_i], T0_CHARACTER);
}
END_TEST

/* Case 4 where a device may have fetched the data already. */
static const struct talk direct_talks[] = {
	{ "the data at once", {
		SEND(SEL "\x00", SEL),
		DONE("ok\x90\x00", "ok\x90\x00") } },
	{ "the data at once, and an error", {
		SEND(SEL "\x00", SEL),
		DONE("ok\x62\x82", "ok\x62\x82") } },
	{ "a part at once, more to fetch", {
		SEND(SEL "\x05", SEL),
		SEND("one\x61\x02", "\x00\xc0\x00\x00\x02"),
		DONE("2!\x90\x00", "one2!\x90\x00") } },
	{ "as the standard has it", {
		SEND(SEL "\x00", SEL),
		SEND("\x61\x02", "\x00\xc0\x00\x00\x02"),
		DONE("ok\x90\x00", "ok\x90\x00") } },
	{ "more than Le", {
		SEND(SEL "\x01", SEL),
		FAIL("ok\x90\x00", ERR_CARD) } },
	{ "data where none were asked for", {
		SEND(SEL, SEL),
		FAIL("ok\x90\x00", ERR_CARD) } },
};

START_TEST(direct_talk)
{
	play(&direct_talks[_i], T0_DIRECT);
}
END_TEST

static bool
all_zero(const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		if (b[i] != 0)
			return false;
	return true;
}

START_TEST(longest_response)
{
	uint8_t data[258];
	struct t0 t = { .level = T0_TPDU };
	struct step s = t0_start(&t, T0_TPDU, WAIT_MS,
	    B("\x00\xb0\x00\x00\x00"));

	memset(data, 0x5a, 256);
	data[256] = 0x61;
	data[257] = 0x10;
	s = t0_input(&t, (struct view){ data, 258 });
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_view_eq(s.out, ((struct view){ data, 258 }));
}
END_TEST

START_TEST(longest_command)
{
	uint8_t apdu[261] = { 0x00, 0xd6, 0x00, 0x00, 0xff };
	struct t0 t = { .level = T0_TPDU };
	struct step s = t0_start(&t, T0_TPDU, WAIT_MS,
	    (struct view){ apdu, 261 });

	ck_assert_int_eq(s.kind, STEP_SEND);
	ck_view_eq(s.out, ((struct view){ apdu, 260 }));
	s = t0_start(&t, T0_CHARACTER, WAIT_MS, (struct view){ apdu, 260 });
	ck_view_eq(s.out, ((struct view){ apdu, 5 }));
	s = t0_input(&t, B("\xd6"));
	ck_assert_uint_eq(s.out.n, 255);
}
END_TEST

/* The same logical channel; no chaining, no secure messaging. */
static const uint8_t cla_pairs[][2] = {
	{ 0x00, 0x00 }, { 0x03, 0x03 }, { 0x0c, 0x00 }, { 0x1e, 0x02 },
	{ 0x1f, 0x03 }, { 0x20, 0x20 }, { 0x3f, 0x3f }, { 0x40, 0x40 },
	{ 0x75, 0x45 }, { 0x7f, 0x4f }, { 0x80, 0x80 }, { 0x84, 0x80 },
	{ 0xa0, 0xa0 }, { 0xaf, 0xa3 }, { 0xb0, 0xb0 }, { 0xbc, 0xbc },
};

START_TEST(class_of_get_response)
{
	uint8_t apdu[] = { cla_pairs[_i][0], 0x2a, 0x00, 0x00, 0x01, 'z', 0x00 };
	uint8_t get[] = { cla_pairs[_i][1], 0xc0, 0x00, 0x00, 0x01 };
	struct t0 t = { .level = T0_TPDU };
	struct step s = t0_start(&t, T0_TPDU, WAIT_MS,
	    (struct view){ apdu, sizeof(apdu) });

	ck_assert_int_eq(s.kind, STEP_SEND);
	s = t0_input(&t, B("\x61\x01"));
	ck_view_eq(s.out, ((struct view){ get, sizeof(get) }));
}
END_TEST

/* A busy card is given time per APDU, not per command of it. */
START_TEST(nulls_count_across_commands)
{
	struct t0 t = { .level = T0_TPDU };
	struct step s = t0_start(&t, T0_CHARACTER, WAIT_MS,
	    B("\x00\xb0\x00\x00\x02"));

	for (unsigned i = 0; i < T0_NULLS_MAX; i++)
		s = t0_input(&t, B("\x60"));
	ck_assert_int_eq(s.kind, STEP_WAIT);
	s = t0_input(&t, B("\x6c\x01"));
	ck_assert_int_eq(s.kind, STEP_SEND);
	s = t0_input(&t, B("\x60"));
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_TIMEOUT);
	t0_start(&t, T0_CHARACTER, WAIT_MS, B("\x00\xb0\x00\x00\x02"));
	s = t0_input(&t, B("\x60"));
	ck_assert_int_eq(s.kind, STEP_WAIT);
}
END_TEST

START_TEST(more_for_ever)
{
	struct t0 t = { .level = T0_TPDU };
	struct step s = t0_start(&t, T0_TPDU, WAIT_MS, B(SEL "\x00"));
	unsigned turns = 0;

	while ((s = t0_input(&t, B("\x61\x00"))).kind == STEP_SEND)
		ck_assert_uint_lt(++turns, T0_ROUNDS_MAX);
	ck_assert_uint_eq(turns, T0_ROUNDS_MAX - 1);
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_CARD);
}
END_TEST

START_TEST(nothing_comes)
{
	struct t0 t = { .level = T0_TPDU };
	struct step s;

	t0_start(&t, T0_TPDU, WAIT_MS, B(SEL));
	s = t0_timeout(&t);
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_TIMEOUT);
	s = t0_input(&t, B("\x90\x00"));	/* late: nothing is under way */
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_ARG);
	s = t0_start(&t, T0_TPDU, 0, B(SEL));	/* and it works again */
	ck_assert_int_eq(s.kind, STEP_SEND);
	ck_assert_uint_ge(s.wait_ms, 1);
}
END_TEST

START_TEST(secrets_are_wiped)
{
	struct t0 t = { .level = T0_TPDU };
	struct step s;

	t0_start(&t, T0_CHARACTER, WAIT_MS,
	    B("\x00\x20\x00\x01\x04""1234\x10"));
	t0_input(&t, B("\x20"));
	s = t0_input(&t, B("\x61\x04"));
	ck_assert_int_eq(s.kind, STEP_SEND);
	ck_assert(all_zero(t.tpdu + 5, sizeof(t.tpdu) - 5));
	t0_input(&t, B("\xc0sec"));
	s = t0_input(&t, B("r\x90\x00"));
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_assert(all_zero(t.tpdu, sizeof(t.tpdu)));
	ck_assert(all_zero(t.ch.rsp, sizeof(t.ch.rsp)));
	t0_wipe(&t);
	ck_assert(all_zero(&t, sizeof(t)));
	t0_start(&t, T0_TPDU, WAIT_MS, B("\x00\x20\x00\x01\x04""1234"));
	t0_timeout(&t);
	ck_assert(all_zero(&t, sizeof(t)));
	t0_start(&t, T0_CHARACTER, WAIT_MS, B("\x00\x9a\x00\x01\x04""1234"));
	ck_assert(all_zero(&t, sizeof(t)));
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(*(table))))

int
main(void)
{
	Suite *s = suite_create("t0");
	TCase *t = tcase_create("t0");

	tcase_add_loop_test(t, tpdu_talk, 0, ROWS(tpdu_talks));
	tcase_add_loop_test(t, direct_talk, 0,
	    (int)(sizeof(direct_talks) / sizeof(direct_talks[0])));
	tcase_add_loop_test(t, char_talk, 0, ROWS(char_talks));
	tcase_add_test(t, longest_response);
	tcase_add_test(t, longest_command);
	tcase_add_loop_test(t, class_of_get_response, 0, ROWS(cla_pairs));
	tcase_add_test(t, nulls_count_across_commands);
	tcase_add_test(t, more_for_ever);
	tcase_add_test(t, nothing_comes);
	tcase_add_test(t, secrets_are_wiped);
	suite_add_tcase(s, t);
	return unit_run(s);
}
