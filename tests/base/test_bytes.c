/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

START_TEST(reader_reads_both_orders)
{
	struct rd r = { .in = B("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d") };

	ck_assert_uint_eq(rd_u8(&r), 0x01);
	ck_assert_uint_eq(rd_le16(&r), 0x0302);
	ck_assert_uint_eq(rd_be16(&r), 0x0405);
	ck_assert_uint_eq(rd_le32(&r), 0x09080706);
	ck_assert_uint_eq(rd_be32(&r), 0x0a0b0c0d);
	ck_assert(!r.bad);
	ck_assert_uint_eq(r.in.n, 0);
}
END_TEST

START_TEST(reader_sticks_after_an_overrun)
{
	struct rd r = { .in = B("\xaa\xbb\xcc") };

	ck_assert_uint_eq(rd_le32(&r), 0);
	ck_assert(r.bad);
	ck_assert_uint_eq(rd_u8(&r), 0);	/* though a byte is there */
	ck_assert_uint_eq(rd_take(&r, SIZE_MAX).n, 0);
}
END_TEST

START_TEST(writer_writes_all_or_nothing)
{
	uint8_t buf[6] = { 0 };
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	wr_le16(&w, 0x0201);
	wr_be16(&w, 0x0304);
	ck_view_eq(wr_done(&w), B("\x01\x02\x03\x04"));
	wr_le32(&w, 1);
	ck_assert(w.bad);
	ck_assert_uint_eq(wr_done(&w).n, 0);
	ck_assert_ptr_null(wr_room(&w, SIZE_MAX));
}
END_TEST

START_TEST(views_cut_within_bounds)
{
	ck_view_eq(view_first(B("abc"), 2), B("ab"));
	ck_view_eq(view_first(B("abc"), 9), B("abc"));
	ck_view_eq(view_skip(B("abc"), 2), B("c"));
	ck_assert_uint_eq(view_skip(B("abc"), 3).n, 0);
	ck_assert(view_eq(B(""), (struct view){ NULL, 0 }));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bytes");
	TCase *t = tcase_create("bytes");

	tcase_add_test(t, reader_reads_both_orders);
	tcase_add_test(t, reader_sticks_after_an_overrun);
	tcase_add_test(t, writer_writes_all_or_nothing);
	tcase_add_test(t, views_cut_within_bounds);
	suite_add_tcase(s, t);
	return unit_run(s);
}
