/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both ends of T=1 against each other: the host's machine and the emulated
 * card, which were written apart. Each kind of error at each block of an
 * exchange: the response is right or the error is clear, the card never runs a
 * command twice, and the next exchange works.
 */
#include "config.h"
#include "emulator/card_t1.h"
#include "protocols/t1.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit.h"

enum { EVENTS_MAX = 10000, BLOCKS_MAX = 16, APDU_MAX = 700 };

/* A card whose response is as long as P1 P2 say, each byte its place. */
static void
pattern_reset(struct card *c)
{
	(void)c;
}

static uint8_t
pattern(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static void
pattern_apdu(struct card *c, struct view cmd, struct wr *rsp)
{
	size_t n = (size_t)cmd.p[2] << 8 | cmd.p[3];

	(void)c;
	for (size_t i = 5; i < cmd.n; i++)	/* nothing lost or doubled */
		ck_assert_uint_eq(cmd.p[i], pattern(i));
	for (size_t i = 0; i < n; i++)
		wr_u8(rsp, pattern(i));
	wr_be16(rsp, 0x9000);
}

static const struct card_kind pattern_card = {
	.name = "pattern", .reset = pattern_reset, .apdu = pattern_apdu,
};

struct line {
	struct t1 host;
	struct card_t1 card_end;
	struct card card;
	struct fault_plan plan;
	uint8_t rsp[T1_RESPONSE_MAX];
};

static struct step
run(struct line *l, size_t cmd_n, size_t rsp_n)
{
	static uint8_t cmd[APDU_MAX];
	struct step s;
	unsigned events = 0;

	for (size_t i = 0; i < cmd_n; i++)
		cmd[i] = pattern(i);
	cmd[2] = (uint8_t)(rsp_n >> 8);
	cmd[3] = (uint8_t)rsp_n;
	s = t1_start(&l->host, (struct view){ cmd, cmd_n });
	while (s.kind != STEP_DONE && s.kind != STEP_FAIL) {
		uint8_t out[CARD_T1_BLOCK_MAX];
		struct wr w = { out, sizeof(out), 0, false };

		ck_assert_uint_lt(events++, EVENTS_MAX);
		if (s.kind == STEP_SEND)
			card_t1_block(&l->card_end, &l->card, &l->plan, s.out,
			    &w);
		s = w.n == 0 ? t1_timeout(&l->host) :
		    t1_input(&l->host, wr_done(&w));
	}
	return s;
}

static void
check_response(struct step s, size_t rsp_n)
{
	ck_assert_uint_eq(s.out.n, rsp_n + 2);
	for (size_t i = 0; i < rsp_n; i++)
		ck_assert_uint_eq(s.out.p[i], pattern(i));
	ck_assert_mem_eq(s.out.p + rsp_n, "\x90\x00", 2);
}

static void
line_init(struct line *l, bool crc)
{
	struct t1_params p = {
		.crc = crc, .ifsc = 32, .ifsd = 32, .bwt_ms = 1000
	};

	memset(l, 0, sizeof(*l));
	l->card.kind = &pattern_card;
	l->card.offer = (struct card_atr){ .ifsc = 32, .crc = crc };
	card_t1_reset(&l->card_end, &l->card.offer);
	ck_assert(t1_init(&l->host, &p, l->rsp, sizeof(l->rsp)) == ERR_OK);
}

static const struct {
	const char *word;
	bool survived;	/* one such error does not stop the exchange */
} faults[] = {
	{ "none", true },
	{ "card-edc", true },
	{ "card-mute", true },
	{ "card-nad", true },
	{ "card-pcb", true },
	{ "card-seq", false },
	{ "card-len", true },
	{ "card-wtx", true },
	{ "card-ifs", true },
	{ "card-abort", false },
	{ "card-resynch", false },
};

static const struct {
	size_t cmd, rsp;
} sizes[] = { { 5, 10 }, { 5, 200 }, { 200, 10 }, { 300, 300 } };

static void
one(struct line *l, size_t fault, unsigned at, size_t size, bool crc)
{
	char script[64];
	uint64_t before;
	struct step s;

	line_init(l, crc);
	if (fault == 0)
		snprintf(script, sizeof(script), "none");
	else
		snprintf(script, sizeof(script), "%s@%u", faults[fault].word,
		    at);
	ck_assert(fault_parse(&l->plan, script));
	s = run(l, sizes[size].cmd, sizes[size].rsp);
	ck_assert_uint_le(l->card.executed, 1);
	ck_assert_msg(s.kind == STEP_DONE || !faults[fault].survived,
	    "%s at size %zu: %s", script, size, err_name(s.err));
	if (s.kind == STEP_DONE) {
		ck_assert_uint_eq(l->card.executed, 1);
		check_response(s, sizes[size].rsp);
	}
	ck_assert(fault_parse(&l->plan, "none"));
	before = l->card.executed;
	s = run(l, 5, 20);
	ck_assert_msg(s.kind == STEP_DONE, "after %s at size %zu: %s", script,
	    size, err_name(s.err));
	check_response(s, 20);
	ck_assert_uint_eq(l->card.executed, before + 1);
}

START_TEST(each_error_at_each_block)
{
	static struct line l;

	for (unsigned at = 1; at <= BLOCKS_MAX; at++)
		for (size_t size = 0; size < 4; size++) {
			one(&l, (size_t)_i, at, size, false);
			one(&l, (size_t)_i, at, size, true);
		}
}
END_TEST

/* For ever the same error: it ends, and with an error. */
START_TEST(always)
{
	static struct line l;
	char script[64];
	struct step s;

	line_init(&l, false);
	snprintf(script, sizeof(script), "%s@*", faults[_i].word);
	ck_assert(fault_parse(&l.plan, script));
	s = run(&l, 100, 100);
	ck_assert_uint_le(l.card.executed, 1);
	if (s.kind == STEP_DONE)
		check_response(s, 100);
	ck_assert(fault_parse(&l.plan, "none"));
	(void)run(&l, 5, 20);		/* may be needed to come in step again */
	s = run(&l, 5, 20);
	ck_assert_msg(s.kind == STEP_DONE, "%s", err_name(s.err));
	check_response(s, 20);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("t1_ends");
	TCase *t = tcase_create("t1_ends");

	tcase_add_loop_test(t, each_error_at_each_block, 0,
	    (int)(sizeof(faults) / sizeof(faults[0])));
	tcase_add_loop_test(t, always, 1,
	    (int)(sizeof(faults) / sizeof(faults[0])));
	suite_add_tcase(s, t);
	return unit_run(s);
}
