/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tests/unit.h"

#include "protocols/script.h"

/* The opening of an eToken PRO (0529:050c, 0529:0514), as OpenCT plays it. */
static const struct script_row etoken[] = {
	{ .type = 0x40, .request = 0x01, .timeout_ms = 1000 },
	{ .type = 0xc0, .request = 0x81, .length = 35, .min = 3, .max = 35,
	    .keep = true, .timeout_ms = 1000 },
	{ .type = 0x40, .request = 0x03, .timeout_ms = 10000 },
	{ .type = 0xc0, .request = 0x83, .length = 13, .min = 13, .max = 13,
	    .timeout_ms = 10000 },
	{ .type = 0x40, .request = 0x02, .out = B("\0\0\x01\0\x88\x13"),
	    .timeout_ms = 10000 },
	{ .type = 0xc0, .request = 0x82, .length = 1, .min = 1, .max = 1,
	    .expect = B("\0"), .timeout_ms = 10000 },
};

#define ATR "\x3b\xf2\x18\x00\x02\xc1\x0a\x31\xfe\x58\xc8\x09\x75"

/* A rite with all that the others need: a signature with a bit that varies, a
   drain, a busy status that is polled, pauses before and after. */
static const struct script_row odd[] = {
	{ .pause_ms = 100 },
	{ .type = 0xc1, .request = 0x00, .length = 64, .min = 4, .max = 4,
	    .expect = B("\x0d\x63\0\x05"), .mask = B("\xff\xff\xff\xf0"),
	    .timeout_ms = 1000 },
	{ .type = 0x42, .request = 0xa3, .value = 0x1901, .index = 0x2002,
	    .timeout_ms = 1000, .pause_ms = 50 },
	{ .type = 0xc2, .request = 0x02, .length = 164, .tries = 3,
	    .timeout_ms = 1000 },	/* until nothing more comes */
	{ .type = 0xc0, .request = 0xa0, .length = 1, .min = 1, .max = 1,
	    .expect = B("\0"), .mask = B("\xf0"), .tries = 3,
	    .timeout_ms = 1000, .pause_ms = 10 },
};

enum event {
	START,
	ANSWER,
	TIMEOUT,
	STALL,
};

struct turn {
	enum event event;
	struct view answer;
	enum step_kind kind;
	struct view out;
	uint32_t wait_ms;
	enum err err;
};

enum { TURNS_MAX = 16 };

#define CONTROL(bytes, ms) STEP_CONTROL, B(bytes), ms, ERR_OK
#define PAUSE(ms) STEP_PAUSE, { NULL, 0 }, ms, ERR_OK
#define DONE(bytes) STEP_DONE, B(bytes), 0, ERR_OK
#define FAIL(name) STEP_FAIL, { NULL, 0 }, 0, ERR_##name
#define IN(bytes) ANSWER, B(bytes)
#define NOTHING { NULL, 0 }

static const struct talk {
	const char *name;
	const struct script_row *rows;
	size_t n;
	struct turn turns[TURNS_MAX];
} talks[] = {
	{ "etoken opens", etoken, 6, {
	    { START, NOTHING, CONTROL("\x40\x01\0\0\0\0\0\0", 1000) },
	    { IN(""), CONTROL("\xc0\x81\0\0\0\0\x23\0", 1000) },
	    { IN("\x0d" ATR), CONTROL("\x40\x03\0\0\0\0\0\0", 10000) },
	    { IN(""), CONTROL("\xc0\x83\0\0\0\0\x0d\0", 10000) },
	    { IN("0123456789abc"), CONTROL("\x40\x02\0\0\0\0\x06\0"
		"\0\0\x01\0\x88\x13", 10000) },
	    { IN(""), CONTROL("\xc0\x82\0\0\0\0\x01\0", 10000) },
	    { IN("\0"), DONE("\x0d" ATR) } } },
	{ "traps 3: 12 bytes instead of 13", etoken, 6, {
	    { START, NOTHING, CONTROL("\x40\x01\0\0\0\0\0\0", 1000) },
	    { IN(""), CONTROL("\xc0\x81\0\0\0\0\x23\0", 1000) },
	    { IN("\x0d" ATR), CONTROL("\x40\x03\0\0\0\0\0\0", 10000) },
	    { IN(""), CONTROL("\xc0\x83\0\0\0\0\x0d\0", 10000) },
	    { IN("0123456789ab"), FAIL(READER) } } },
	{ "traps 3: the last byte is not 00", etoken + 5, 1, {
	    { START, NOTHING, CONTROL("\xc0\x82\0\0\0\0\x01\0", 10000) },
	    { IN("\x01"), FAIL(READER) } } },
	{ "traps 3: no last byte", etoken + 5, 1, {
	    { START, NOTHING, CONTROL("\xc0\x82\0\0\0\0\x01\0", 10000) },
	    { IN(""), FAIL(READER) } } },
	{ "a transfer stalls", etoken, 6, {
	    { START, NOTHING, CONTROL("\x40\x01\0\0\0\0\0\0", 1000) },
	    { STALL, NOTHING, FAIL(STALL) } } },
	{ "a transfer takes too long", etoken, 6, {
	    { START, NOTHING, CONTROL("\x40\x01\0\0\0\0\0\0", 1000) },
	    { TIMEOUT, NOTHING, FAIL(TIMEOUT) } } },
	{ "pauses, masks, drains and polls", odd, 5, {
	    { START, NOTHING, PAUSE(100) },
	    { TIMEOUT, NOTHING, CONTROL("\xc1\0\0\0\0\0\x40\0", 1000) },
	    { IN("\x0d\x63\0\x06"),
		CONTROL("\x42\xa3\x01\x19\x02\x20\0\0", 1000) },
	    { IN(""), PAUSE(50) },
	    { TIMEOUT, NOTHING, CONTROL("\xc2\x02\0\0\0\0\xa4\0", 1000) },
	    { IN("old"), CONTROL("\xc2\x02\0\0\0\0\xa4\0", 1000) },
	    { IN("older"), CONTROL("\xc2\x02\0\0\0\0\xa4\0", 1000) },
	    { IN(""), CONTROL("\xc0\xa0\0\0\0\0\x01\0", 1000) },
	    { IN("\x41"), PAUSE(10) },
	    { TIMEOUT, NOTHING, CONTROL("\xc0\xa0\0\0\0\0\x01\0", 1000) },
	    { IN("\x05"), PAUSE(10) },
	    { TIMEOUT, NOTHING, DONE("") } } },
	{ "a signature that is another's", odd + 1, 1, {
	    { START, NOTHING, CONTROL("\xc1\0\0\0\0\0\x40\0", 1000) },
	    { IN("\x0d\x63\0\x15"), FAIL(READER) } } },
	{ "a device that is busy for ever", odd + 4, 1, {
	    { START, NOTHING, CONTROL("\xc0\xa0\0\0\0\0\x01\0", 1000) },
	    { IN("\x41"), PAUSE(10) },
	    { TIMEOUT, NOTHING, CONTROL("\xc0\xa0\0\0\0\0\x01\0", 1000) },
	    { IN("\x42"), PAUSE(10) },
	    { TIMEOUT, NOTHING, CONTROL("\xc0\xa0\0\0\0\0\x01\0", 1000) },
	    { IN("\x43"), PAUSE(10) },
	    { TIMEOUT, NOTHING, FAIL(READER) } } },
	{ "more than the row may take", odd + 1, 1, {
	    { START, NOTHING, CONTROL("\xc1\0\0\0\0\0\x40\0", 1000) },
	    { IN("\x0d\x63\0\x05\0"), FAIL(READER) } } },
	{ "an answer in a pause", odd, 1, {
	    { START, NOTHING, PAUSE(100) },
	    { IN(""), FAIL(READER) } } },
	{ "no rows", odd, 0, { { START, NOTHING, FAIL(ARG) } } },
};

static struct step
happen(struct script *s, const struct talk *talk, const struct turn *turn)
{
	uint8_t *copy;
	struct step step;

	switch (turn->event) {
	case START:
		return script_start(s, talk->rows, talk->n);
	case TIMEOUT:
		return script_timeout(s);
	case STALL:
		return script_failed(s, ERR_STALL);
	case ANSWER:
		break;
	}
	copy = malloc(turn->answer.n + (turn->answer.n == 0));
	memcpy(copy, turn->answer.p, turn->answer.n);
	step = script_input(s, (struct view){ copy, turn->answer.n });
	free(copy);
	return step;
}

START_TEST(talk_goes_as_written)
{
	const struct talk *talk = &talks[_i];
	struct script s;
	enum step_kind last = STEP_SEND;

	for (size_t i = 0; last != STEP_DONE && last != STEP_FAIL; i++) {
		const struct turn *turn = &talk->turns[i];
		struct step step = happen(&s, talk, turn);

		last = turn->kind;
		if (step.kind != last || step.wait_ms != turn->wait_ms ||
		    step.err != turn->err || !view_eq(step.out, turn->out))
			ck_abort_msg("%s: turn %zu: step %d, %u ms, %s",
			    talk->name, i, (int)step.kind,
			    (unsigned)step.wait_ms, err_name(step.err));
	}
}
END_TEST

/* Slips in a table, each of which is refused before a byte is sent. */
static const struct script_row slips[] = {
	{ .type = 0x40 },
	{ .type = 0x40, .out = { NULL, SCRIPT_OUT_MAX + 1 }, .timeout_ms = 1 },
	{ .type = 0x40, .length = 1, .timeout_ms = 1 },
	{ .type = 0x40, .max = 1, .timeout_ms = 1 },
	{ .type = 0x40, .keep = true, .timeout_ms = 1 },
	{ .type = 0xc0, .out = B("\0"), .length = 1, .timeout_ms = 1 },
	{ .type = 0xc0, .length = 4, .min = 5, .max = 5, .timeout_ms = 1 },
	{ .type = 0xc0, .length = 4, .min = 3, .max = 2, .timeout_ms = 1 },
	{ .type = 0xc0, .length = 4, .max = 4, .expect = B("\0"),
	    .timeout_ms = 1 },
	{ .type = 0xc0, .length = 4, .min = 2, .max = 4, .expect = B("\0\0"),
	    .mask = B("\0"), .timeout_ms = 1 },
	{ .type = 0xc0, .length = 65, .max = 65, .keep = true,
	    .timeout_ms = 1 },
};

START_TEST(slips_in_a_table_are_refused)
{
	struct script_row rows[2] = { etoken[0], slips[_i] };
	struct script s;
	struct step step = script_start(&s, rows, 2);

	ck_assert_int_eq(step.kind, STEP_FAIL);
	ck_assert_int_eq(step.err, ERR_ARG);
	ck_assert_uint_eq(s.at, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("script");
	TCase *t = tcase_create("script");

	tcase_add_loop_test(t, talk_goes_as_written, 0,
	    (int)(sizeof(talks) / sizeof(talks[0])));
	tcase_add_loop_test(t, slips_in_a_table_are_refused, 0,
	    (int)(sizeof(slips) / sizeof(slips[0])));
	suite_add_tcase(s, t);
	return unit_run(s);
}
