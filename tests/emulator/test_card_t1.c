/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card_t1.h"

#include <string.h>

#include "tests/unit.h"

/* A card whose answer to any command is the command's INS, 40 times. */

static void
echo_reset(struct card *c)
{
	(void)c;
}

static void
echo_apdu(struct card *c, struct view cmd, struct wr *rsp)
{
	(void)c;
	wr_fill(rsp, cmd.p[1], 40);
	wr_be16(rsp, 0x9000);
}

static const struct card_kind echo = {
	.name = "echo", .reset = echo_reset, .apdu = echo_apdu,
};

/* the echoes of INS 22: 32 of them, the last 8, all 40 */
#define X8 "2222222222222222"
#define X32 X8 X8 X8 X8

struct turn {
	const char *sent, *want;	/* hex without check byte; want NULL:
					   silence */
};

#define TALK_MAX 8

/* ISO 7816-3:2006 §11.6: IFSD is 32 at first */
static const struct {
	const char *name, *faults;
	bool crc;
	uint64_t executed;
	struct turn turn[TALK_MAX];
} talks[] = {
	{ "chained response", "none", false, 1, {
		{ "00000411223344", "002020" X32 },
		{ "009000", "00400a" X8 "9000" },
	} },
	{ "chained command, larger IFSD", "none", false, 1, {
		{ "00c10140", "00e10140" },
		{ "0020021122", "009000" },
		{ "0040023344", "00002a" X32 X8 "9000" },
	} },
	{ "CRC", "none", true, 0, {
		{ "00c10120", "00e10120" },
	} },
	{ "the last block again", "card-mute@2", false, 1, {
		{ "00c10140", "00e10140" },
		{ "00000411223344", NULL },
		{ "008000", "00002a" X32 X8 "9000" },
	} },
	{ "an abort in the middle of a command", "none", false, 0, {
		{ "0020021122", "009000" },
		{ "00c200", "00e200" },
	} },
	{ "S(WTX), asked again, then its block", "card-wtx@1:5", false, 1, {
		{ "0000041122" "3344", "00c30105" },
		{ "008000", "00c30105" },
		{ "00e30105", "002020" X32 },
	} },
	{ "what a reader may not send", "none", false, 0, {
		{ "0040021122", "008200" },	/* N(S) */
		{ "1200021122", "008200" },	/* NAD */
		{ "0000031122", "008200" },	/* LEN */
		{ "00c10100", "008200" },	/* IFS 0 */
		{ "00c501", "008200" },		/* S unknown */
		{ "00e30105", "008200" },	/* not asked: the last again */
	} },
};

static size_t
from_hex(uint8_t *dst, const char *hex)
{
	size_t n = 0;

	for (; hex[0] != 0; hex += 2) {
		char pair[3] = { hex[0], hex[1], 0 };

		dst[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

/* Appends the check; written apart from the card's. */
static size_t
add_check(uint8_t *b, size_t n, bool crc)
{
	unsigned x = crc ? 0xffff : 0;

	for (size_t i = 0; i < n; i++) {
		x ^= b[i];
		for (int k = 0; crc && k < 8; k++)
			x = (x & 1) != 0 ? x >> 1 ^ 0x8408 : x >> 1;
	}
	if (!crc) {
		b[n] = (uint8_t)x;
		return n + 1;
	}
	b[n] = (uint8_t)(x >> 8);
	b[n + 1] = (uint8_t)x;
	return n + 2;
}

START_TEST(talk)
{
	static struct card_t1 t1;
	struct card c = { .kind = &echo };
	struct fault_plan plan;

	c.offer.ifsc = 254;
	c.offer.crc = talks[_i].crc;
	memset(&t1, 0, sizeof(t1));
	card_t1_reset(&t1, &c.offer);
	ck_assert(fault_parse(&plan, talks[_i].faults));
	for (const struct turn *t = talks[_i].turn; t->sent != NULL; t++) {
		uint8_t in[300], want[300], got[CARD_T1_BLOCK_MAX];
		struct wr w = { got, sizeof(got), 0, false };
		size_t n = add_check(in, from_hex(in, t->sent), talks[_i].crc);

		card_t1_block(&t1, &c, &plan, (struct view){ in, n }, &w);
		n = t->want == NULL ? 0 : add_check(want,
		    from_hex(want, t->want), talks[_i].crc);
		ck_assert_msg(view_eq(wr_done(&w), (struct view){ want, n }),
		    "%s: after %s", talks[_i].name, t->sent);
	}
	ck_assert_uint_eq(c.executed, talks[_i].executed);
}
END_TEST

/* A block cut at each length gets "wrong check", and is never run. */
START_TEST(cut_blocks)
{
	static struct card_t1 t1;
	struct card c = { .kind = &echo };
	struct fault_plan plan = { .n = 0 };
	uint8_t in[16], want[4] = { 0x00, 0x81, 0x00 };
	size_t n = add_check(in, from_hex(in, "0000041122" "3344"), false);

	c.offer.ifsc = 254;
	card_t1_reset(&t1, &c.offer);
	add_check(want, 3, false);
	for (size_t k = 0; k < n; k++) {
		uint8_t got[CARD_T1_BLOCK_MAX], *copy = malloc(k + 1);
		struct wr w = { got, sizeof(got), 0, false };

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, in, k);
		card_t1_block(&t1, &c, &plan, (struct view){ copy, k }, &w);
		ck_view_eq(wr_done(&w), ((struct view){ want, 4 }));
		free(copy);
	}
	ck_assert_uint_eq(c.executed, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("card_t1");
	TCase *t = tcase_create("card_t1");

	tcase_add_loop_test(t, talk, 0,
	    (int)(sizeof(talks) / sizeof(talks[0])));
	tcase_add_test(t, cut_blocks);
	suite_add_tcase(s, t);
	return unit_run(s);
}
