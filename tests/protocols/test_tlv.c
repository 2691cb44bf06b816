/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/tlv.h"

static const struct {
	const char *name;
	struct view in;
	bool good;
	uint32_t tag;
	bool constructed;
	struct view value;
	size_t left;
} one[] = {
	{ "short", B("\x80\x02\x01\x02\xaa"), true, 0x80, false,
	    B("\x01\x02"), 1 },
	{ "empty value", B("\x85\x00"), true, 0x85, false, { NULL, 0 }, 0 },
	{ "two-byte tag", B("\x5f\x2d\x02""de"), true, 0x5f2d, false,
	    B("de"), 0 },
	{ "three-byte tag", B("\xbf\x81\x02\x01\x07"), true, 0xbf8102, true,
	    B("\x07"), 0 },
	{ "constructed", B("\x6f\x03\x80\x01\x05"), true, 0x6f, true,
	    B("\x80\x01\x05"), 0 },
	{ "zeros before", B("\x00\x00\x80\x01\x05"), true, 0x80, false,
	    B("\x05"), 0 },
	{ "81", B("\x80\x81\x01\x05"), true, 0x80, false, B("\x05"), 0 },
	{ "82", B("\x80\x82\x00\x01\x05"), true, 0x80, false, B("\x05"), 0 },
	{ "84", B("\x80\x84\x00\x00\x00\x01\x05"), true, 0x80, false,
	    B("\x05"), 0 },
	{ "ff is a tag", B("\xff\x21\x01\x05"), true, 0xff21, true,
	    B("\x05"), 0 },
	{ "four-byte tag", B("\x5f\x81\x81\x01\x01\x05"), false, 0, false,
	    { NULL, 0 }, 0 },
	{ "indefinite", B("\x30\x80\x00\x00"), false, 0, false,
	    { NULL, 0 }, 0 },
	{ "85", B("\x80\x85\x00\x00\x00\x00\x01\x05"), false, 0, false,
	    { NULL, 0 }, 0 },
	{ "4 GB promised", B("\x80\x84\xff\xff\xff\xff\x05"), false, 0, false,
	    { NULL, 0 }, 0 },
	{ "one byte missing", B("\x80\x03\x01\x02"), false, 0, false,
	    { NULL, 0 }, 0 },
};

START_TEST(one_object)
{
	struct rd r = { .in = one[_i].in };
	struct tlv t;

	ck_assert_int_eq(tlv_next(&r, &t), one[_i].good);
	ck_assert_int_eq(r.bad, !one[_i].good);
	if (!one[_i].good)
		return;
	ck_assert_uint_eq(t.tag, one[_i].tag);
	ck_assert_int_eq(t.constructed, one[_i].constructed);
	ck_view_eq(t.value, one[_i].value);
	ck_assert_uint_eq(r.in.n, one[_i].left);
}
END_TEST

START_TEST(cut_object)
{
	struct view in = one[_i].in;
	size_t whole = in.n - one[_i].left;

	for (size_t n = 0; n < whole; n++) {
		uint8_t *copy = malloc(n + (n == 0));
		struct rd r = { .in = { copy, n } };
		struct tlv t;

		memcpy(copy, in.p, n);
		ck_assert(!tlv_next(&r, &t));
		free(copy);
	}
}
END_TEST

/* 80 is no length of 128. */
START_TEST(indefinite_length_is_refused)
{
	uint8_t in[2 + 128] = { 0x30, 0x80 };
	struct rd r = { .in = { in, sizeof(in) } };
	struct tlv t;

	ck_assert(!tlv_next(&r, &t));
	ck_assert(r.bad);
	ck_assert(!tlv_next(&r, &t));	/* and nothing comes after it */
}
END_TEST

START_TEST(found_by_tag)
{
	struct view fci = B("\x6f\x0b\x80\x02\x01\x00\x00\x82\x01\x01\x83\x02"
	    "\x3f\x00"), in, v;

	ck_assert(!tlv_find(&v, fci, 0x83));
	ck_assert(tlv_find(&in, fci, 0x6f));
	ck_assert(tlv_find(&v, in, 0x82));
	ck_view_eq(v, B("\x01"));
	ck_assert(!tlv_find(&v, in, 0x83));	/* cut by 6f's length */
	ck_assert(tlv_find(&v, B("\x80\x01\x01\x80\x01\x02"), 0x80));
	ck_view_eq(v, B("\x01"));
	ck_assert(!tlv_find(&v, B(""), 0x80));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tlv");
	TCase *t = tcase_create("tlv");

	tcase_add_loop_test(t, one_object, 0, sizeof(one) / sizeof(*one));
	tcase_add_loop_test(t, cut_object, 0, sizeof(one) / sizeof(*one));
	tcase_add_test(t, indefinite_length_is_refused);
	tcase_add_test(t, found_by_tag);
	suite_add_tcase(s, t);
	return unit_run(s);
}
