/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/t1_block.h"

/* Blocks and what they say; the same struct must give the same bytes. */
static const struct {
	struct view bytes;
	bool crc;
	struct t1_block block;
} good[] = {
	/* SELECT MF to an eToken, and its acknowledgements */
	{ B("\0\0\x08\0\xa4\0\0\x02\x3f\0\0\x91"), false,
	    { .kind = T1_I, .inf = B("\0\xa4\0\0\x02\x3f\0\0") } },
	{ B("\0\x90\0\x90"), false, { .kind = T1_R, .seq = 1 } },
	{ B("\0\x80\0\x80"), false, { .kind = T1_R } },
	{ B("\0\x91\0\x91"), false,
	    { .kind = T1_R, .seq = 1, .error = T1_R_EDC } },
	{ B("\0\x82\0\x82"), false, { .kind = T1_R, .error = T1_R_OTHER } },
	{ B("\0\x60\x01\xaa\xcb"), false,
	    { .kind = T1_I, .seq = 1, .more = true, .inf = B("\xaa") } },
	{ B("\0\x40\0\x40"), false, { .kind = T1_I, .seq = 1 } },
	{ B("\0\xc0\0\xc0"), false, { .kind = T1_S, .s = T1_S_RESYNCH } },
	{ B("\0\xe0\0\xe0"), false,
	    { .kind = T1_S, .s = T1_S_RESYNCH, .is_response = true } },
	{ B("\0\xc1\x01\xfe\x3e"), false,
	    { .kind = T1_S, .s = T1_S_IFS, .inf = B("\xfe") } },
	{ B("\0\xc2\0\xc2"), false, { .kind = T1_S, .s = T1_S_ABORT } },
	{ B("\0\xe3\x01\x09\xeb"), false,
	    { .kind = T1_S, .s = T1_S_WTX, .is_response = true,
	    .inf = B("\x09") } },
	/* a terminal with addresses */
	{ B("\x12\xc0\0\xd2"), false,
	    { .kind = T1_S, .nad = 0x12, .s = T1_S_RESYNCH } },
	/* CRC, as captured between libccid, readers and an OsEID card */
	{ B("\0\xc1\x01\xfe\x54\x4e"), true,
	    { .kind = T1_S, .s = T1_S_IFS, .inf = B("\xfe") } },
	{ B("\0\xe1\x01\xfe\x57\x75"), true,
	    { .kind = T1_S, .s = T1_S_IFS, .is_response = true,
	    .inf = B("\xfe") } },
	{ B("\0\0\x05\0\xa4\0\0\0\xb8\xda"), true,
	    { .kind = T1_I, .inf = B("\0\xa4\0\0\0") } },
	{ B("\0\x60\x07\0\x02\x8a\x01\xaa\x90\0\xa6\x33"), true,
	    { .kind = T1_I, .seq = 1, .more = true,
	    .inf = B("\0\x02\x8a\x01\xaa\x90\0") } },
	{ B("\0\x90\0\x20\x6e"), true, { .kind = T1_R, .seq = 1 } },
	{ B("\0\x80\0\xb5\xff"), true, { .kind = T1_R } },
	{ B("\0\0\0\x39\x33"), true, { .kind = T1_I } },
};

static enum err
parse_copy(struct t1_block *b, struct view v, bool crc)
{
	uint8_t *copy = malloc(v.n + (v.n == 0));
	enum err e;

	if (v.n != 0)
		memcpy(copy, v.p, v.n);
	e = t1_block_parse(b, (struct view){ copy, v.n }, crc);
	free(copy);
	return e;
}

START_TEST(blocks_go_round)
{
	const struct t1_block *want = &good[_i].block;
	struct view bytes = good[_i].bytes;
	uint8_t buf[T1_BLOCK_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct t1_block got;

	ck_assert_int_eq(t1_block_parse(&got, bytes, good[_i].crc), ERR_OK);
	ck_assert_int_eq(got.kind, want->kind);
	ck_assert_uint_eq(got.nad, want->nad);
	ck_assert_uint_eq(got.seq, want->seq);
	ck_assert_int_eq(got.more, want->more);
	ck_assert_int_eq(got.error, want->error);
	ck_assert_int_eq(got.s, want->s);
	ck_assert_int_eq(got.is_response, want->is_response);
	ck_view_eq(got.inf, want->inf);
	t1_block_write(&w, want, good[_i].crc);
	ck_view_eq(wr_done(&w), bytes);

	for (size_t cut = 0; cut < bytes.n; cut++)
		ck_assert_int_eq(parse_copy(&got, view_first(bytes, cut),
		    good[_i].crc), ERR_SHORT);
	for (size_t i = 0; i < bytes.n; i++) {
		memcpy(buf, bytes.p, bytes.n);
		for (unsigned bit = 0; bit < 8; bit++) {
			buf[i] = (uint8_t)(bytes.p[i] ^ 1u << bit);
			ck_assert_int_ne(parse_copy(&got, (struct view){ buf,
			    bytes.n }, good[_i].crc), ERR_OK);
		}
	}
}
END_TEST

static const struct {
	struct view bytes;
	enum err err;
} bad[] = {
	{ B(""), ERR_SHORT },
	{ B("\0\x80\0"), ERR_SHORT },
	{ B("\0\x80\0\x81"), ERR_CARD },
	{ B("\0\0\xff"), ERR_FORMAT },		/* LEN 255 */
	{ B("\0\x01\0\x01"), ERR_FORMAT },	/* reserved bits of I */
	{ B("\0\x10\0\x10"), ERR_FORMAT },
	{ B("\0\xa0\0\xa0"), ERR_FORMAT },	/* of R */
	{ B("\0\x84\0\x84"), ERR_FORMAT },
	{ B("\0\x88\0\x88"), ERR_FORMAT },
	{ B("\0\x83\0\x83"), ERR_FORMAT },
	{ B("\0\xd0\0\xd0"), ERR_FORMAT },	/* of S */
	{ B("\0\xc4\0\xc4"), ERR_FORMAT },
	{ B("\0\xc8\0\xc8"), ERR_FORMAT },
	{ B("\0\x80\x01\xaa\x2b"), ERR_FORMAT },	/* R with information */
	{ B("\0\xc0\x01\xaa\x6b"), ERR_FORMAT },	/* S with too much */
	{ B("\0\xc1\0\xc1"), ERR_FORMAT },		/* or too little */
	{ B("\0\xc3\x02\x01\x01\xc1"), ERR_FORMAT },
	{ B("\0\x80\0\x80\0\x80"), ERR_FORMAT },	/* more than a block */
};

START_TEST(illegal_blocks_are_refused)
{
	struct t1_block b;

	ck_assert_int_eq(parse_copy(&b, bad[_i].bytes, false), bad[_i].err);
}
END_TEST

START_TEST(zeros_may_follow_the_block)
{
	struct t1_block b;

	ck_assert_int_eq(t1_block_parse(&b, B("\0\x90\0\x90\0\0\0"), false),
	    ERR_OK);
	ck_assert_int_eq(b.kind, T1_R);
}
END_TEST

START_TEST(longest_block_fits_and_no_longer)
{
	static const uint8_t inf[T1_INF_MAX + 1];
	uint8_t buf[T1_BLOCK_MAX + 8];
	struct t1_block b = { .kind = T1_I, .inf = { inf, T1_INF_MAX } };
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	t1_block_write(&w, &b, true);
	ck_assert_uint_eq(wr_done(&w).n, T1_BLOCK_MAX);
	ck_assert_int_eq(t1_block_parse(&b, wr_done(&w), true), ERR_OK);
	ck_assert_uint_eq(b.inf.n, T1_INF_MAX);
	b.inf = (struct view){ inf, T1_INF_MAX + 1 };
	w.n = 0;
	t1_block_write(&w, &b, true);
	ck_assert_uint_eq(wr_done(&w).n, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("t1_block");
	TCase *t = tcase_create("t1_block");

	tcase_add_loop_test(t, blocks_go_round, 0,
	    (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(t, illegal_blocks_are_refused, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(t, zeros_may_follow_the_block);
	tcase_add_test(t, longest_block_fits_and_no_longer);
	suite_add_tcase(s, t);
	return unit_run(s);
}
