/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_PROTOCOLS_T1_TALK_H
#define TESTS_PROTOCOLS_T1_TALK_H

/*
 * Talks are written as in annex A of ISO 7816-3: I(N(S), M), R(N(R)), S(...).
 * In the first column is what comes from the card, or what happens: "START n"
 * a command of n bytes (IFSC is 4, so 10 bytes are a chain of three), "lost"
 * nothing in time, "bad" a wrong checksum, "STALL" a failed transfer, or a
 * block in hex. I-blocks of the card hold 90 00. In the second is the answer.
 * WAIT is the wait for silence after a resynchronisation.
 */

#include "tests/unit.h"

#include <stdio.h>

#include "base/hex.h"
#include "protocols/t1.h"

enum { TALK_IFSC = 4, TALK_BWT_MS = 100 };

static const struct t1_params talk_params = { .ifsc = TALK_IFSC, .ifsd = 32,
	.bwt_ms = TALK_BWT_MS };

static const char *const talk_s_names[] = { "RESYNCH", "IFS", "ABORT", "WTX" };

/* The block of a line of a talk; zero bytes when it is something else. */
static inline size_t
talk_block(uint8_t *buf, size_t cap, const char *text)
{
	struct wr w = { .p = buf, .cap = cap };
	struct t1_block b = { .kind = T1_I };
	char name[16], way[16];
	unsigned x, y;
	uint8_t value;
	size_t n;

	if (hex_to_bytes(buf, cap, &n, text) == ERR_OK)
		return n;
	if (sscanf(text, "I(%u,%u)", &x, &y) == 2) {
		b.seq = (uint8_t)x;
		b.more = y != 0;
		b.inf = B("\x90\0");
	} else if (sscanf(text, "R(%u)%15s", &x, name) >= 1) {
		b.kind = T1_R;
		b.seq = (uint8_t)x;
		if (strstr(text, "edc") != NULL)
			b.error = T1_R_EDC;
		if (strstr(text, "other") != NULL)
			b.error = T1_R_OTHER;
	} else if (sscanf(text, "S(%15s %15[a-z] %u", name, way, &x) >= 2) {
		b.kind = T1_S;
		while (strcmp(talk_s_names[b.s], name) != 0)
			b.s++;
		b.is_response = strcmp(way, "response") == 0;
		value = (uint8_t)x;
		if (b.s == T1_S_IFS || b.s == T1_S_WTX)
			b.inf = (struct view){ &value, 1 };
	} else {
		return 0;
	}
	t1_block_write(&w, &b, false);
	return wr_done(&w).n;
}

static inline enum err
talk_err(const char *name)
{
	for (enum err e = ERR_OK; e < ERR_COUNT; e++) {
		if (strcmp(err_name(e), name) == 0)
			return e;
	}
	ck_abort_msg("no error is named %s", name);
	return ERR_OK;
}

static inline struct step
talk_event(struct t1 *t, const char *event)
{
	static const uint8_t zeros[T1_COMMAND_MAX + 1];
	uint8_t buf[T1_BLOCK_MAX];
	unsigned n;
	size_t len;

	if (sscanf(event, "START %u", &n) == 1)
		return t1_start(t, (struct view){ zeros, n });
	if (sscanf(event, "IFS %u", &n) == 1)
		return t1_announce_ifsd(t, (uint8_t)n);
	if (strcmp(event, "lost") == 0)
		return t1_timeout(t);
	if (strcmp(event, "bad") == 0)
		return t1_input(t, B("\0\0\x02\x90\0\x93"));
	len = talk_block(buf, sizeof(buf), event);
	if (len != 0 || event[0] == '\0')
		return t1_input(t, (struct view){ buf, len });
	return t1_failed(t, talk_err(event));
}

static inline void
talk_render_block(char *dst, size_t cap, const struct t1_block *b)
{
	static const char *const errors[] = { "", "edc", "other" };
	char value[8] = "";

	if (b->kind == T1_I)
		snprintf(dst, cap, "I(%u,%d)", b->seq, b->more);
	if (b->kind == T1_R)
		snprintf(dst, cap, "R(%u)%s", b->seq, errors[b->error]);
	if (b->kind != T1_S)
		return;
	if (b->inf.n == 1)
		snprintf(value, sizeof(value), " %u", b->inf.p[0]);
	snprintf(dst, cap, "S(%s %s%s)", talk_s_names[b->s],
	    b->is_response ? "response" : "request", value);
}

static inline void
talk_render(char *dst, size_t cap, struct step s)
{
	struct t1_block b;
	size_t n;

	if (s.kind == STEP_DONE)
		snprintf(dst, cap, "DONE %zu", s.out.n);
	if (s.kind == STEP_FAIL)
		snprintf(dst, cap, "FAIL %s", err_name(s.err));
	if (s.kind == STEP_WAIT && s.wait_ms == T1_QUIET_MS)
		snprintf(dst, cap, "WAIT");
	if (s.kind != STEP_SEND)
		return;
	ck_assert_int_eq(t1_block_parse(&b, s.out, false), ERR_OK);
	ck_assert_uint_eq(b.nad, 0);
	talk_render_block(dst, cap, &b);
	n = strlen(dst);
	if (s.wait_ms != TALK_BWT_MS)
		snprintf(dst + n, cap - n, " %u ms", (unsigned)s.wait_ms);
}

#endif
