/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/ccid_chain.h"

enum { WAIT_MS = 1000, CAP = CCID_HEADER + 4, RSP = 16, TURNS = 8 };

/* The reader's message that comes in, and the step that must answer it. */
struct turn {
	struct view in;		/* the APDU in the first turn */
	enum step_kind kind;
	struct view out;
	enum err err;
};

struct talk {
	const char *name;
	struct turn turns[TURNS];
};

#define NONE { NULL, 0 }
#define XFR(n, seq, level) "\x6f" n "\0\0\0\0" seq "\0" level "\0"
#define DATA(n, seq, chain) "\x80" n "\0\0\0\0" seq "\0\0" chain
#define SENDS(bytes) STEP_SEND, B(bytes), ERR_OK
#define DONE(bytes) STEP_DONE, B(bytes), ERR_OK
#define FAILS(e) STEP_FAIL, NONE, e

static const struct talk talks[] = {	/* CCID 1.1 §6.1.4, §6.2.1 */
	{ "one part each way", {
	    { B("\0\x84\0\0"), SENDS(XFR("\x04", "\0", "\0") "\0\x84\0\0") },
	    { B(DATA("\x04", "\0", "\0") "ab\x90\0"), DONE("ab\x90\0") } } },
	{ "a command in two parts", {
	    { B("123456"), SENDS(XFR("\x04", "\0", "\x01") "1234") },
	    { B(DATA("\0", "\0", "\x10")),
	    SENDS(XFR("\x02", "\x01", "\x02") "56") },
	    { B(DATA("\x02", "\x01", "\0") "\x90\0"), DONE("\x90\0") } } },
	{ "a command in three parts, the last one full", {
	    { B("123456789abc"), SENDS(XFR("\x04", "\0", "\x01") "1234") },
	    { B(DATA("\0", "\0", "\x10")),
	    SENDS(XFR("\x04", "\x01", "\x03") "5678") },
	    { B(DATA("\0", "\x01", "\x10")),
	    SENDS(XFR("\x04", "\x02", "\x02") "9abc") },
	    { B(DATA("\x02", "\x02", "\0") "\x90\0"), DONE("\x90\0") } } },
	{ "a response in three parts", {
	    { B("1234"), SENDS(XFR("\x04", "\0", "\0") "1234") },
	    { B(DATA("\x04", "\0", "\x01") "abcd"),
	    SENDS(XFR("\0", "\x01", "\x10")) },
	    { B(DATA("\x04", "\x01", "\x03") "efgh"),
	    SENDS(XFR("\0", "\x02", "\x10")) },
	    { B(DATA("\x02", "\x02", "\x02") "\x90\0"),
	    DONE("abcdefgh\x90\0") } } },
	{ "refused before its end", {
	    { B("123456"), SENDS(XFR("\x04", "\0", "\x01") "1234") },
	    { B(DATA("\x02", "\0", "\0") "\x67\0"), DONE("\x67\0") } } },
	{ "the middle before the beginning", {
	    { B("1234"), SENDS(XFR("\x04", "\0", "\0") "1234") },
	    { B(DATA("\x01", "\0", "\x03") "a"), FAILS(ERR_FORMAT) } } },
	{ "the end before the beginning", {
	    { B("1234"), SENDS(XFR("\x04", "\0", "\0") "1234") },
	    { B(DATA("\x01", "\0", "\x02") "a"), FAILS(ERR_FORMAT) } } },
	{ "two beginnings", {
	    { B("1234"), SENDS(XFR("\x04", "\0", "\0") "1234") },
	    { B(DATA("\x01", "\0", "\x01") "a"),
	    SENDS(XFR("\0", "\x01", "\x10")) },
	    { B(DATA("\x01", "\x01", "\x01") "a"), FAILS(ERR_FORMAT) } } },
	{ "asked to go on when there is nothing", {
	    { B("1234"), SENDS(XFR("\x04", "\0", "\0") "1234") },
	    { B(DATA("\0", "\0", "\x10")), FAILS(ERR_FORMAT) } } },
	{ "an unknown chain parameter", {
	    { B("1234"), SENDS(XFR("\x04", "\0", "\0") "1234") },
	    { B(DATA("\x01", "\0", "\x04") "a"), FAILS(ERR_FORMAT) } } },
	{ "a response too long", {
	    { B("1234"), SENDS(XFR("\x04", "\0", "\0") "1234") },
	    { B(DATA("\x0e", "\0", "\x01") "abcdefghijklmn"),
	    SENDS(XFR("\0", "\x01", "\x10")) },
	    { B(DATA("\x03", "\x01", "\x02") "abc"), FAILS(ERR_TOO_LONG) } } },
	{ "the card leaves on the way", {
	    { B("123456"), SENDS(XFR("\x04", "\0", "\x01") "1234") },
	    { B("\x81\0\0\0\0\0\0\x42\xfe\0"), FAILS(ERR_NO_CARD) } } },
	{ "a time extension on the way", {
	    { B("1234"), SENDS(XFR("\x04", "\0", "\0") "1234") },
	    { B("\x80\0\0\0\0\0\0\x80\x01\0"), STEP_WAIT, NONE, ERR_OK },
	    { B(DATA("\x02", "\0", "\0") "\x90\0"), DONE("\x90\0") } } },
};

START_TEST(talks_go_as_written)
{
	const struct talk *talk = &talks[_i];
	static const uint8_t zeros[RSP];
	struct ccid_seq seq = { 0 };
	struct ccid_exchange x;
	struct ccid_chain c;
	uint8_t buf[CAP] = { 0 }, rsp[RSP] = { 0 };
	struct step s = { 0 };

	ccid_exchange_init(&x, 0, &seq, buf, sizeof(buf));
	ccid_chain_init(&c, &x, rsp, sizeof(rsp));
	for (size_t i = 0; i < TURNS && talk->turns[i].in.n != 0; i++) {
		const struct turn *t = &talk->turns[i];

		s = i == 0 ? ccid_chain_start(&c, t->in, WAIT_MS) :
		    ccid_chain_input(&c, t->in);
		ck_assert_msg(s.kind == t->kind && s.err == t->err &&
		    view_eq(s.out, t->out), "%s, turn %zu: kind %d, %s, %zu",
		    talk->name, i, (int)s.kind, err_name(s.err), s.out.n);
	}
	if (s.kind == STEP_FAIL)
		ck_assert_mem_eq(rsp, zeros, sizeof(rsp));
	ck_assert_mem_eq(buf, zeros, CAP);	/* no PIN stays behind */
	ck_assert_int_eq(x.state, CCID_IDLE);
}
END_TEST

/* 65544 bytes out and 65538 back through messages of 271 bytes. */
START_TEST(the_longest_apdu_goes_through)
{
	static uint8_t apdu[CCID_CHAIN_APDU_MAX + 1], got[sizeof(apdu)];
	static uint8_t rsp[CCID_CHAIN_RSP_MAX], want[CCID_CHAIN_RSP_MAX];
	uint8_t buf[271], answer[271];
	struct ccid_seq seq = { 0 };
	struct ccid_exchange x;
	struct ccid_chain c;
	struct wr w = { .p = got, .cap = sizeof(got) };
	struct rd r = { .in = { want, sizeof(want) } };
	struct step s;

	for (size_t i = 0; i < sizeof(apdu); i++)
		apdu[i] = (uint8_t)(i * 7 + (i >> 8));
	for (size_t i = 0; i < sizeof(want); i++)
		want[i] = (uint8_t)(i * 5 + (i >> 8));
	ccid_exchange_init(&x, 0, &seq, buf, sizeof(buf));
	ccid_chain_init(&c, &x, rsp, sizeof(rsp));
	s = ccid_chain_start(&c, (struct view){ apdu, sizeof(apdu) }, WAIT_MS);
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_TOO_LONG);

	s = ccid_chain_start(&c, (struct view){ apdu, CCID_CHAIN_APDU_MAX },
	    WAIT_MS);
	while (s.kind == STEP_SEND) {
		struct wr out = { .p = answer, .cap = sizeof(answer) };
		struct ccid_cmd cmd;
		struct ccid_rsp a = { .type = CCID_R_DATA,
			.arg = CCID_CHAIN_GO_ON };

		ck_assert_int_eq(ccid_cmd_parse(&cmd, s.out), ERR_OK);
		wr_view(&w, cmd.data);
		a.seq = cmd.seq;
		if (w.n == CCID_CHAIN_APDU_MAX) {
			bool is_first = r.in.n == sizeof(want);

			a.data = rd_take(&r, r.in.n < 261 ? r.in.n : 261);
			a.arg = is_first ? CCID_CHAIN_FIRST : r.in.n == 0 ?
			    CCID_CHAIN_LAST : CCID_CHAIN_MIDDLE;
		}
		ccid_rsp_write(&out, &a);
		s = ccid_chain_input(&c, wr_done(&out));
	}
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_assert_uint_eq(w.n, CCID_CHAIN_APDU_MAX);
	ck_assert_mem_eq(got, apdu, CCID_CHAIN_APDU_MAX);
	ck_assert_uint_eq(s.out.n, sizeof(want));
	ck_assert_mem_eq(s.out.p, want, sizeof(want));
}
END_TEST

START_TEST(empty_parts_do_not_go_on_for_ever)
{
	struct ccid_seq seq = { 0 };
	struct ccid_exchange x;
	struct ccid_chain c;
	uint8_t buf[CAP], rsp[RSP];
	uint8_t part[] = "\x80\0\0\0\0\0\0\0\0\x01";
	struct step s;
	unsigned n = 0;

	ccid_exchange_init(&x, 0, &seq, buf, sizeof(buf));
	ccid_chain_init(&c, &x, rsp, sizeof(rsp));
	s = ccid_chain_start(&c, B("1234"), WAIT_MS);
	while (s.kind == STEP_SEND) {
		part[6] = s.out.p[6];
		s = ccid_chain_input(&c, (struct view){ part, 10 });
		part[9] = CCID_CHAIN_MIDDLE;
		n++;
	}
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_READER);
	ck_assert_uint_eq(n, CCID_CHAIN_PARTS_MAX + 1);
}
END_TEST

START_TEST(time_and_cancel_pass_through)
{
	struct ccid_seq seq = { 0 };
	struct ccid_exchange x;
	struct ccid_chain c;
	uint8_t buf[CAP], rsp[RSP];
	struct step s;

	ccid_exchange_init(&x, 0, &seq, buf, sizeof(buf));
	ccid_chain_init(&c, &x, rsp, sizeof(rsp));
	s = ccid_chain_start(&c, B("1234"), WAIT_MS);
	ck_assert_uint_eq(s.wait_ms, WAIT_MS);
	s = ccid_chain_timeout(&c);
	ck_assert_int_eq(s.kind, STEP_ABORT);
	s = ccid_chain_input(&c, B("\x81\0\0\0\0\0\x01\0\0\0"));
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_TIMEOUT);

	s = ccid_chain_start(&c, B("1234"), WAIT_MS);
	s = ccid_chain_cancel(&c);
	ck_assert_int_eq(s.kind, STEP_ABORT);
	s = ccid_chain_input(&c, B("\x81\0\0\0\0\0\x03\0\0\0"));
	ck_assert_int_eq(s.err, ERR_CANCELLED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_chain");
	TCase *t = tcase_create("ccid_chain");

	tcase_add_loop_test(t, talks_go_as_written, 0,
	    (int)(sizeof(talks) / sizeof(talks[0])));
	tcase_add_test(t, the_longest_apdu_goes_through);
	tcase_add_test(t, empty_parts_do_not_go_on_for_ever);
	tcase_add_test(t, time_and_cancel_pass_through);
	suite_add_tcase(s, t);
	return unit_run(s);
}
