/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/iccd.h"

enum event {
	SEND,			/* a CCID message */
	ANSWER,			/* to the control transfer */
	TIMEOUT,
	STALL,
};

struct turn {
	enum event event;
	struct view in;
	enum step_kind kind;
	struct view out;
	enum err err;
};

enum { TURNS_MAX = 14, WAIT_MS = 1000, DATA_MAX = 261 };

#define CONTROL(bytes) STEP_CONTROL, B(bytes), ERR_OK
#define PAUSE STEP_PAUSE, { NULL, 0 }, ERR_OK
#define DONE(bytes) STEP_DONE, B(bytes), ERR_OK
#define FAIL(name) STEP_FAIL, { NULL, 0 }, ERR_##name
#define END { 0 }

/* Messages of slot 0, sequence 7; interface 2. */
#define ON "\x62\0\0\0\0\0\x07\0\0\0"
#define OFF "\x63\0\0\0\0\0\x07\0\0\0"
#define STATUS "\x65\0\0\0\0\0\x07\0\0\0"
#define ABORT "\x72\0\0\0\0\0\x07\0\0\0"
#define XFR(n, level, data) "\x6f" n "\0\0\0\0\x07\0" level "\0" data
#define DATA(n, status, error, chain, data)				\
	"\x80" n "\0\0\0\0\x07" status error chain data
#define SLOT(status) "\x81\0\0\0\0\0\x07" status "\0\0"
#define OUT_REQ(number, value, n) "\x21" number "\0" value "\x02\0" n "\0"
#define IN_REQ(number, n) "\xa1" number "\0\0\x02\0" n
#define ALL "\x06\x01"		/* 262 bytes */

static const struct row {
	const char *name;
	enum iccd_version version;
	struct turn turns[TURNS_MAX];
} rows[] = {
	{ "B: power on, an APDU, polled", ICCD_VERSION_B, {
		{ SEND, B(ON), CONTROL(OUT_REQ("\x63", "\0", "\0")) },
		{ ANSWER, B(""), CONTROL("\x21\x62\x01\0\x02\0\0\0") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B("\0\x3b\0"), DONE(DATA("\x02", "\0", "\0", "\0",
		    "\x3b\0")) },
		{ SEND, B(XFR("\x05", "\0", "\0\x84\0\0\x01")),
		    CONTROL(OUT_REQ("\x65", "\0", "\x05") "\0\x84\0\0\x01") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B("\x80\x02\0"), PAUSE },
		{ TIMEOUT, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B("\x80\0\0"), PAUSE },
		{ TIMEOUT, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B("\0\x55\x90\0"), DONE(DATA("\x03", "\0", "\0",
		    "\0", "\x55\x90\0")) },
	} },
	{ "B: parts of a response", ICCD_VERSION_B, {
		{ SEND, B(XFR("\0", "\x10", "")),
		    CONTROL(OUT_REQ("\x65", "\x10", "\0")) },
		{ ANSWER, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B("\x02\x90\0"), DONE(DATA("\x02", "\x01", "\0",
		    "\x02", "\x90\0")) },
	} },
	{ "B: status information is a refusal", ICCD_VERSION_B, {
		{ SEND, B(XFR("\x04", "\0", "\0\0\0\0")),
		    CONTROL(OUT_REQ("\x65", "\0", "\x04") "\0\0\0\0") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B("\x40\x01\xfe"), DONE(DATA("\0", "\x41", "\xfe",
		    "\0", "")) },
	} },
	{ "B: status, an abort, a stall", ICCD_VERSION_B, {
		{ SEND, B(STATUS), CONTROL(IN_REQ("\x81", "\x03\0")) },
		{ ANSWER, B("\x40\0\0"), DONE(SLOT("\0")) },
		{ SEND, B(ABORT), CONTROL(OUT_REQ("\x63", "\0", "\0")) },
		{ ANSWER, B(""), DONE(SLOT("\x01")) },
		{ SEND, B(STATUS), CONTROL(IN_REQ("\x81", "\x03\0")) },
		{ STALL, B(""), FAIL(STALL) },
		{ SEND, B(STATUS), CONTROL(IN_REQ("\x81", "\x03\0")) },
		{ ANSWER, B("\x40"), FAIL(SHORT) },
		{ SEND, B(STATUS), CONTROL(IN_REQ("\x81", "\x03\0")) },
		{ TIMEOUT, B(""), FAIL(TIMEOUT) },
	} },
	{ "B: never ready", ICCD_VERSION_B, {
		{ SEND, B(XFR("\x04", "\0", "\0\0\0\0")),
		    CONTROL(OUT_REQ("\x65", "\0", "\x04") "\0\0\0\0") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B("\x80\x32\0"), PAUSE },
		{ TIMEOUT, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B("\x80\x32\0"), PAUSE },
		{ TIMEOUT, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B("\x80\x01\0"), FAIL(TIMEOUT) },
	} },
	{ "B: nothing at all", ICCD_VERSION_B, {
		{ SEND, B(ON), CONTROL(OUT_REQ("\x63", "\0", "\0")) },
		{ ANSWER, B(""), CONTROL("\x21\x62\x01\0\x02\0\0\0") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\x6f", ALL)) },
		{ ANSWER, B(""), FAIL(SHORT) },
	} },
	{ "what has no request, and no message", ICCD_VERSION_B, {
		{ SEND, B("\x61\0\0\0\0\0\x07\0\0\0"),
		    DONE("\x82\0\0\0\0\0\x07\x41\0\0") },
		{ SEND, B("\x61\0\0"), FAIL(SHORT) },
	} },
	{ "A: power on, busy at first", ICCD_VERSION_A, {
		{ SEND, B(ON), CONTROL(OUT_REQ("\x63", "\0", "\0")) },
		{ ANSWER, B(""), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\x40"), PAUSE },
		{ TIMEOUT, B(""), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\0"), CONTROL(IN_REQ("\x62", "\x05\x01")) },
		{ ANSWER, B("\x3b\0"), DONE(DATA("\x02", "\0", "\0", "\0",
		    "\x3b\0")) },
		{ SEND, B(STATUS), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\0"), DONE(SLOT("\0")) },
	} },
	{ "A: data to the host", ICCD_VERSION_A, {
		{ SEND, B(XFR("\x05", "\0", "\0\x84\0\0\x02")),
		    CONTROL(OUT_REQ("\x65", "\0", "\x05") "\0\x84\0\0\x02") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\x40"), PAUSE },
		{ TIMEOUT, B(""), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\x10"), CONTROL(IN_REQ("\x6f", "\x02\0")) },
		{ ANSWER, B("\x11\x22"), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\x20"), CONTROL(IN_REQ("\x6f", "\x02\0")) },
		{ ANSWER, B("\x90\0"), DONE(DATA("\x04", "\x01", "\0", "\0",
		    "\x11\x22\x90\0")) },
	} },
	{ "A: data to the card", ICCD_VERSION_A, {
		{ SEND, B(XFR("\x07", "\0", "\0\xa4\0\0\x02\x3f\0")),
		    CONTROL(OUT_REQ("\x65", "\0", "\x05") "\0\xa4\0\0\x02") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\x10"),
		    CONTROL(OUT_REQ("\x65", "\0", "\x02") "\x3f\0") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\x20"), CONTROL(IN_REQ("\x6f", "\x02\0")) },
		{ ANSWER, B("\x61\x10"), DONE(DATA("\x02", "\x01", "\0", "\0",
		    "\x61\x10")) },
	} },
	{ "A: SW at once, half of one, mute, nonsense", ICCD_VERSION_A, {
		{ SEND, B(XFR("\x05", "\0", "\0\xa4\0\0\0")),
		    CONTROL(OUT_REQ("\x65", "\0", "\x05") "\0\xa4\0\0\0") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\x20"), CONTROL(IN_REQ("\x6f", "\x02\0")) },
		{ ANSWER, B("\x6d"), FAIL(FORMAT) },
		{ SEND, B(XFR("\x05", "\0", "\0\xa4\0\0\0")),
		    CONTROL(OUT_REQ("\x65", "\0", "\x05") "\0\xa4\0\0\0") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\x80"), DONE(DATA("\0", "\x41", "\xfe", "\0",
		    "")) },
		{ SEND, B(XFR("\x05", "\0", "\0\xa4\0\0\0")),
		    CONTROL(OUT_REQ("\x65", "\0", "\x05") "\0\xa4\0\0\0") },
		{ ANSWER, B(""), CONTROL(IN_REQ("\xa0", "\x01\0")) },
		{ ANSWER, B("\0"), DONE(DATA("\0", "\x41", "\xf4", "\0",
		    "")) },
		{ SEND, B(XFR("\x04", "\0", "\0\xa4\0\0")),
		    DONE(DATA("\0", "\x41", "\x01", "\0", "")) },
	} },
};

static struct step
event(struct iccd *c, const struct turn *t)
{
	switch (t->event) {
	case SEND:
		return iccd_send(c, t->in, WAIT_MS);
	case ANSWER:
		return iccd_input(c, t->in);
	case TIMEOUT:
		return iccd_timeout(c);
	case STALL:
		break;
	}
	return iccd_failed(c, ERR_STALL);
}

START_TEST(talks)
{
	static uint8_t buf[ICCD_BUF(DATA_MAX)];
	const struct row *row = &rows[_i];
	struct iccd c;

	iccd_init(&c, row->version, 2, buf, sizeof(buf));
	for (size_t i = 0; i < TURNS_MAX && row->turns[i].kind != 0; i++) {
		const struct turn *t = &row->turns[i];
		struct step s = event(&c, t);

		ck_assert_msg(s.kind == t->kind && s.err == t->err,
		    "%s, turn %zu: kind %d, err %d", row->name, i, s.kind,
		    s.err);
		ck_assert_msg(view_eq(s.out, t->out), "%s, turn %zu: bytes",
		    row->name, i);
		ck_assert_msg(s.kind == STEP_DONE || s.kind == STEP_FAIL ||
		    s.wait_ms != 0, "%s, turn %zu: no time", row->name, i);
	}
}
END_TEST

/* Answers of all lengths and of one byte repeated end without harm, whatever
   was asked, in a buffer of the exact size. */
START_TEST(nonsense)
{
	static const struct view commands[] = {
		B(ON), B(OFF), B(STATUS), B(ABORT),
		B(XFR("\x05", "\0", "\0\x84\0\0\0")),
	};
	uint8_t *buf = malloc(ICCD_BUF(DATA_MAX)), in[600];
	struct iccd c;

	ck_assert_ptr_nonnull(buf);
	memset(in, _i, sizeof(in));
	for (unsigned v = 0; v < 2; v++)
		for (size_t k = 0; k < 5; k++)
			for (size_t n = 0; n <= sizeof(in); n += 13) {
				struct step s;

				iccd_init(&c, (enum iccd_version)v, 0, buf,
				    ICCD_BUF(DATA_MAX));
				s = iccd_send(&c, commands[k], WAIT_MS);
				for (int i = 0; s.kind == STEP_CONTROL ||
				    s.kind == STEP_PAUSE; i++) {
					ck_assert_int_lt(i, 300);
					s = s.kind == STEP_PAUSE ?
					    iccd_timeout(&c) : iccd_input(&c,
					    (struct view){ in, n });
				}
			}
	free(buf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("iccd");
	TCase *t = tcase_create("iccd");

	tcase_add_loop_test(t, talks, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(t, nonsense, 0, 256);
	suite_add_tcase(s, t);
	return unit_run(s);
}
