/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/ccid_exchange.h"

enum { WAIT_MS = 1000, CAP = 32, TURNS = 8 };

/* What happens, and the step that must answer it. */
enum event { END, START, READER, TIMEOUT, CANCEL };

struct turn {
	enum event event;
	struct view bytes;	/* START: the data; READER: what comes in */
	enum step_kind kind;
	struct view out;
	uint32_t wait_ms;
	enum err err;
};

struct talk {
	const char *name;
	struct turn turns[TURNS];
};

#define APDU B("\x00\x84\x00\x00\x08")
#define SENT(seq) STEP_SEND, \
	B("\x6f\x05\0\0\0\x02" seq "\0\0\0\x00\x84\x00\x00\x08"), WAIT_MS, ERR_OK
#define GO { START, APDU, SENT("\xff") }
#define NONE { NULL, 0 }
#define WAITS(ms) STEP_WAIT, NONE, ms, ERR_OK
#define FAILS(e) STEP_FAIL, NONE, 0, e
#define ABORTS(seq) STEP_ABORT, B("\x72\0\0\0\0\x02" seq "\0\0\0"), \
	CCID_ABORT_MS, ERR_OK
/* an answer from slot 2 */
#define SAYS(seq, tail) READER, B("\x80\x02\0\0\0\x02" seq tail)
#define STATUS(seq, tail) READER, B("\x81\0\0\0\0\x02" seq tail)
#define OK_9000(seq) { SAYS(seq, "\0\0\0\x90\0"), STEP_DONE, B("\x90\0"), \
	0, ERR_OK }

static const struct talk talks[] = {
	{ "an answer", { GO, OK_9000("\xff") } },
	{ "an answer without data", { GO,
	    { READER, B("\x80\0\0\0\0\x02\xff\0\0\0"), STEP_DONE, NONE,
	    0, ERR_OK } } },
	{ "time extensions multiply", { GO,
	    { READER, B("\x80\0\0\0\0\x02\xff\x80\x03\0"), WAITS(3000) },
	    { READER, B("\x80\0\0\0\0\x02\xff\x80\x00\0"), WAITS(1000) },
	    { READER, B("\x80\0\0\0\0\x02\xff\x80\xff\0"), WAITS(255000) },
	    OK_9000("\xff") } },
	{ "a late answer is discarded", { GO,
	    { SAYS("\xfe", "\0\0\0\x6f\0"), WAITS(WAIT_MS) },
	    OK_9000("\xff") } },
	{ "a malformed late answer is discarded", { GO,
	    { SAYS("\xfe", "\0\0\0\x6f"), WAITS(WAIT_MS) },
	    OK_9000("\xff") } },
	{ "another slot's answer is discarded", { GO,
	    { READER, B("\x80\x02\0\0\0\x01\xff\0\0\0\x6f\0"), WAITS(WAIT_MS) },
	    OK_9000("\xff") } },
	{ "an empty packet is discarded", { GO,
	    { READER, NONE, WAITS(WAIT_MS) },
	    OK_9000("\xff") } },
	{ "a header cut short", { GO,
	    { READER, B("\x80\x02\0\0\0\x02\xff\0\0"), FAILS(ERR_SHORT) } } },
	{ "data cut short", { GO,
	    { SAYS("\xff", "\0\0\0\x90"), FAILS(ERR_SHORT) } } },
	{ "more than promised", { GO,
	    { SAYS("\xff", "\0\0\0\x90\0\0"), FAILS(ERR_FORMAT) } } },
	{ "dwLength of 4 GB", { GO,
	    { READER, B("\x80\xff\xff\xff\xff\x02\xff\0\0\0\x90\0"),
	    FAILS(ERR_SHORT) } } },
	{ "the wrong type", { GO,
	    { STATUS("\xff", "\0\0\0"), FAILS(ERR_FORMAT) } } },
	{ "an unknown type", { GO,
	    { READER, B("\x50\x00\0\0\0\x02\xff\0\0\0"), FAILS(ERR_FORMAT) } } },
	{ "an outcome that does not exist", { GO,
	    { READER, B("\x80\0\0\0\0\x02\xff\xc0\0\0"), FAILS(ERR_FORMAT) } } },
	{ "longer than the buffer", { GO,
	    { READER, B("\x80\x21\0\0\0\x02\xff\0\0\0"
	    "123456789012345678901234567890123"), FAILS(ERR_TOO_LONG) } } },
	{ "the card is mute", { GO,
	    { READER, B("\x80\0\0\0\0\x02\xff\x40\xfe\0"), FAILS(ERR_MUTE) } } },
	{ "no card, said with another type", { GO,
	    { STATUS("\xff", "\x42\xfe\0"), FAILS(ERR_NO_CARD) } } },
	{ "no such slot", { GO,
	    { STATUS("\xff", "\x42\x05\0"), FAILS(ERR_NO_SLOT) } } },
	{ "busy by itself, asked again", { GO,
	    { STATUS("\xff", "\x40\xf2\0"), STEP_PAUSE, NONE, CCID_BUSY_MS,
	    ERR_OK },
	    { TIMEOUT, NONE, SENT("\0") },
	    { STATUS("\xff", "\x40\xf2\0"), WAITS(WAIT_MS) },
	    OK_9000("\0") } },
	{ "busy, then cancelled", { GO,
	    { STATUS("\xff", "\x40\xe0\0"), STEP_PAUSE, NONE, CCID_BUSY_MS,
	    ERR_OK },
	    { CANCEL, NONE, FAILS(ERR_CANCELLED) } } },
	{ "no answer: aborted", { GO,
	    { TIMEOUT, NONE, ABORTS("\0") },
	    { STATUS("\0", "\0\0\0"), FAILS(ERR_TIMEOUT) } } },
	{ "late answers are drained", { GO,
	    { TIMEOUT, NONE, ABORTS("\0") },
	    { SAYS("\xff", "\0\0\0\x90\0"), WAITS(CCID_ABORT_MS) },
	    { STATUS("\xff", "\x40\xff\0"), WAITS(CCID_ABORT_MS) },
	    { READER, B("\x80"), WAITS(CCID_ABORT_MS) },
	    { STATUS("\0", "\0\0\0"), FAILS(ERR_TIMEOUT) } } },
	{ "a refused abort is an end too", { GO,
	    { TIMEOUT, NONE, ABORTS("\0") },
	    { STATUS("\0", "\x40\0\0"), FAILS(ERR_TIMEOUT) } } },
	{ "an abort answered the second time", { GO,
	    { TIMEOUT, NONE, ABORTS("\0") },
	    { TIMEOUT, NONE, ABORTS("\x01") },
	    { STATUS("\0", "\0\0\0"), WAITS(CCID_ABORT_MS) },
	    { STATUS("\x01", "\0\0\0"), FAILS(ERR_TIMEOUT) } } },
	{ "an abort never answered", { GO,
	    { TIMEOUT, NONE, ABORTS("\0") },
	    { TIMEOUT, NONE, ABORTS("\x01") },
	    { TIMEOUT, NONE, FAILS(ERR_TIMEOUT) } } },
	{ "cancelled", { GO,
	    { CANCEL, NONE, ABORTS("\0") },
	    { SAYS("\xff", "\0\0\0\x90\0"), WAITS(CCID_ABORT_MS) },
	    { STATUS("\0", "\0\0\0"), FAILS(ERR_CANCELLED) } } },
	{ "cancelled while it is aborted", { GO,
	    { TIMEOUT, NONE, ABORTS("\0") },
	    { CANCEL, NONE, WAITS(CCID_ABORT_MS) },
	    { STATUS("\0", "\0\0\0"), FAILS(ERR_CANCELLED) } } },
	{ "after a failure the next one works", { GO,
	    { STATUS("\xff", "\x42\xfe\0"), FAILS(ERR_NO_CARD) },
	    { START, APDU, SENT("\0") },
	    OK_9000("\0") } },
	{ "too long for a message", {
	    { START, B("12345678901234567890123"), FAILS(ERR_TOO_LONG) } } },
	{ "one at a time", { GO, { START, APDU, FAILS(ERR_ARG) } } },
	{ "nothing is under way", {
	    { READER, B("\x80\0\0\0\0\x02\xff\0\0\0"), FAILS(ERR_ARG) },
	    { TIMEOUT, NONE, FAILS(ERR_ARG) },
	    { CANCEL, NONE, FAILS(ERR_ARG) } } },
};

static struct step
play(struct ccid_exchange *x, const struct turn *t)
{
	struct ccid_cmd cmd = ccid_xfr_block(0, 0, t->bytes);

	switch (t->event) {
	case START:
		return ccid_exchange_start(x, &cmd, WAIT_MS);
	case READER:
		return ccid_exchange_input(x, t->bytes);
	case TIMEOUT:
		return ccid_exchange_timeout(x);
	case CANCEL:
		return ccid_exchange_cancel(x);
	case END:
		break;
	}
	abort();
}

START_TEST(talks_go_as_written)
{
	const struct talk *talk = &talks[_i];
	struct ccid_seq seq = { 0xff };
	struct ccid_exchange x;
	uint8_t buf[CAP];

	ccid_exchange_init(&x, 2, &seq, buf, sizeof(buf));
	for (size_t i = 0; i < TURNS && talk->turns[i].event != END; i++) {
		const struct turn *t = &talk->turns[i];
		struct step s = play(&x, t);

		ck_assert_msg(s.kind == t->kind && s.err == t->err &&
		    s.wait_ms == t->wait_ms && view_eq(s.out, t->out),
		    "%s, turn %zu: kind %d, %s, %u ms, %zu bytes", talk->name,
		    i, (int)s.kind, err_name(s.err), s.wait_ms, s.out.n);
	}
}
END_TEST

/* Whatever a reader repeats for ever, the command comes to an end. */
START_TEST(nothing_goes_on_for_ever)
{
	static const struct {
		const char *name;
		struct view in;
		unsigned at_most;
		enum err err;
	} rows[] = {
		{ "time extensions", B("\x80\0\0\0\0\x02\0\x80\x01\0"),
		    CCID_EXTENSIONS_MAX + 1, ERR_TIMEOUT },
		{ "stale answers", B("\x80\0\0\0\0\x02\x77\0\0\0"),
		    CCID_STALE_MAX + 1, ERR_READER },
		{ "empty packets", { NULL, 0 }, CCID_STALE_MAX + 1,
		    ERR_READER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ccid_seq seq = { 0 };
		struct ccid_exchange x;
		uint8_t buf[CAP];
		struct ccid_cmd c = ccid_xfr_block(0, 0, APDU);
		struct step s;
		unsigned n = 0;

		ccid_exchange_init(&x, 2, &seq, buf, sizeof(buf));
		s = ccid_exchange_start(&x, &c, WAIT_MS);
		while (s.kind == STEP_SEND || s.kind == STEP_WAIT) {
			s = ccid_exchange_input(&x, rows[i].in);
			n++;
		}
		ck_assert_msg(n == rows[i].at_most, "%s: %u", rows[i].name, n);
		ck_assert_int_eq(s.kind, STEP_ABORT);
		for (n = 0; s.kind != STEP_FAIL; n++)
			s = ccid_exchange_input(&x, rows[i].in);
		ck_assert_uint_le(n, CCID_STALE_MAX + 1);
		ck_assert_int_eq(s.err, rows[i].err);
		ck_assert(x.stuck);
	}
}
END_TEST

/* A reader that numbers its answers wrongly does not hold a client for long. */
START_TEST(a_stray_answer_leaves_ten_seconds)
{
	struct ccid_seq seq = { 0 };
	struct ccid_exchange x;
	uint8_t buf[CAP];
	struct ccid_cmd c = ccid_slot_status();
	struct step s;

	ccid_exchange_init(&x, 2, &seq, buf, sizeof(buf));
	ccid_exchange_start(&x, &c, 180000);
	s = ccid_exchange_input(&x, (struct view){ NULL, 0 });
	ck_assert_uint_eq(s.wait_ms, 180000);
	s = ccid_exchange_input(&x, B("\x81\0\0\0\0\x02\x77\0\0\0"));
	ck_assert_int_eq(s.kind, STEP_WAIT);
	ck_assert_uint_eq(s.wait_ms, CCID_STRAY_MS);
	/* it works on it, and says so: the full time again */
	s = ccid_exchange_input(&x, B("\x81\0\0\0\0\x02\0\x80\x01\0"));
	ck_assert_uint_eq(s.wait_ms, 180000);

	ccid_exchange_init(&x, 2, &seq, buf, sizeof(buf));
	ccid_exchange_start(&x, &c, 3000);
	s = ccid_exchange_input(&x, B("\x81\0\0\0\0\x02\x77\0\0\0"));
	ck_assert_uint_eq(s.wait_ms, 3000);
}
END_TEST

START_TEST(no_extension_is_longer_than_the_longest)
{
	struct ccid_seq seq = { 0 };
	struct ccid_exchange x;
	uint8_t buf[CAP];
	struct ccid_cmd c = ccid_slot_status();
	struct step s;

	ccid_exchange_init(&x, 2, &seq, buf, sizeof(buf));
	s = ccid_exchange_start(&x, &c, 167723);
	ck_assert_uint_eq(s.wait_ms, 167723);
	s = ccid_exchange_input(&x, B("\x81\0\0\0\0\x02\0\x80\x02\0"));
	ck_assert_uint_eq(s.wait_ms, 335446);
	s = ccid_exchange_input(&x, B("\x81\0\0\0\0\x02\0\x80\xff\0"));
	ck_assert_uint_eq(s.wait_ms, CCID_WAIT_MAX_MS);
	ccid_exchange_fini(&x);
	s = ccid_exchange_start(&x, &c, UINT32_MAX);
	s = ccid_exchange_input(&x, B("\x81\0\0\0\0\x02\x01\x80\xff\0"));
	ck_assert_uint_eq(s.wait_ms, CCID_WAIT_MAX_MS);
	ccid_exchange_fini(&x);
	s = ccid_exchange_start(&x, &c, 0);
	ck_assert_uint_eq(s.wait_ms, 1);
}
END_TEST

START_TEST(only_an_unanswered_abort_is_stuck)
{
	struct ccid_seq seq = { 0 };
	struct ccid_exchange x;
	uint8_t buf[CAP];
	struct ccid_cmd c = ccid_slot_status();
	struct step s;

	ccid_exchange_init(&x, 2, &seq, buf, sizeof(buf));
	s = ccid_exchange_start(&x, &c, WAIT_MS);
	for (unsigned n = 0; n < 1 + CCID_ABORTS_MAX; n++)
		s = ccid_exchange_timeout(&x);
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert(x.stuck);
	s = ccid_exchange_start(&x, &c, WAIT_MS);
	s = ccid_exchange_timeout(&x);
	s = ccid_exchange_input(&x, B("\x81\0\0\0\0\x02\x04\0\0\0"));
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert(!x.stuck);
}
END_TEST

START_TEST(a_reader_busy_for_ever_is_left)
{
	struct ccid_seq seq = { 0 };
	struct ccid_exchange x;
	uint8_t buf[CAP], answer[] = "\x81\0\0\0\0\x02\0\x40\xf2\0";
	struct ccid_cmd c = ccid_xfr_block(0, 0, APDU);
	struct step s;
	unsigned pauses = 0;

	ccid_exchange_init(&x, 2, &seq, buf, sizeof(buf));
	s = ccid_exchange_start(&x, &c, WAIT_MS);
	while (s.kind == STEP_SEND) {
		answer[6] = s.out.p[6];
		s = ccid_exchange_input(&x, (struct view){ answer, 10 });
		if (s.kind != STEP_PAUSE)
			break;
		pauses++;
		s = ccid_exchange_timeout(&x);
	}
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_READER);
	ck_assert_uint_eq(pauses, CCID_BUSY_MAX);
	ck_assert_uint_eq(x.rsp.error, CCID_E_AUTO_SEQUENCE);
}
END_TEST

/* A PIN must not stay behind, however its command ended. */
START_TEST(commands_and_answers_are_wiped)
{
	static const uint8_t zeros[CAP];
	struct ccid_seq seq = { 0 };
	struct ccid_exchange x;
	uint8_t buf[CAP] = { 0 };
	struct ccid_cmd c = ccid_xfr_block(0, 0, B("\0\x20\0\x80\x04" "1234"));
	struct step s;

	ccid_exchange_init(&x, 2, &seq, buf, sizeof(buf));
	s = ccid_exchange_start(&x, &c, WAIT_MS);
	s = ccid_exchange_timeout(&x);
	ck_assert_int_eq(s.kind, STEP_ABORT);
	ck_assert_mem_eq(buf, zeros, CAP);
	ccid_exchange_fini(&x);

	s = ccid_exchange_start(&x, &c, WAIT_MS);
	ck_assert_int_eq(s.kind, STEP_SEND);
	s = ccid_exchange_input(&x, B("\x80\x02\0\0\0\x02\x02\0\0\0\x90\0"));
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_assert_mem_eq(buf + 2, zeros, CAP - 2);
	ck_assert_int_eq(x.rsp.icc, CCID_ICC_ACTIVE);
	ccid_exchange_fini(&x);
	ck_assert_mem_eq(buf, zeros, CAP);
	ck_assert_uint_eq(x.rsp.type, CCID_R_DATA);
	ck_assert_uint_eq(x.rsp.data.n, 0);
}
END_TEST

START_TEST(slots_share_one_sequence)
{
	struct ccid_seq seq = { 7 };
	struct ccid_exchange a, b;
	uint8_t buf_a[CAP], buf_b[CAP];
	struct ccid_cmd c = ccid_slot_status();
	struct step s;

	ccid_exchange_init(&a, 0, &seq, buf_a, sizeof(buf_a));
	ccid_exchange_init(&b, 1, &seq, buf_b, sizeof(buf_b));
	s = ccid_exchange_start(&a, &c, WAIT_MS);
	ck_view_eq(s.out, B("\x65\0\0\0\0\0\x07\0\0\0"));
	s = ccid_exchange_start(&b, &c, WAIT_MS);
	ck_view_eq(s.out, B("\x65\0\0\0\0\x01\x08\0\0\0"));
	s = ccid_exchange_input(&b, B("\x81\0\0\0\0\x01\x08\x02\0\0"));
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_assert_int_eq(b.rsp.icc, CCID_ICC_ABSENT);
	s = ccid_exchange_input(&a, B("\x81\0\0\0\0\0\x07\x01\0\0"));
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_assert_int_eq(a.rsp.icc, CCID_ICC_INACTIVE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_exchange");
	TCase *t = tcase_create("ccid_exchange");

	tcase_add_loop_test(t, talks_go_as_written, 0,
	    (int)(sizeof(talks) / sizeof(talks[0])));
	tcase_add_test(t, nothing_goes_on_for_ever);
	tcase_add_test(t, a_stray_answer_leaves_ten_seconds);
	tcase_add_test(t, no_extension_is_longer_than_the_longest);
	tcase_add_test(t, only_an_unanswered_abort_is_stuck);
	tcase_add_test(t, a_reader_busy_for_ever_is_left);
	tcase_add_test(t, commands_and_answers_are_wiped);
	tcase_add_test(t, slots_share_one_sequence);
	suite_add_tcase(s, t);
	return unit_run(s);
}
