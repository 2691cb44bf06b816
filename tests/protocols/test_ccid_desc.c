/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/ccid_desc.h"

/* The Cherry ST-1044U's, from its published values. */
#define ST_1044U							\
	"\x36\x21\x00\x01\x00\x07\x03\x00\x00\x00\xc0\x12\x00\x00"	\
	"\x40\x1f\x00\x00\x04\x00\x2a\x00\x00\xe7\x4c\x06\x00\x6a"	\
	"\xfe\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00"		\
	"\xb2\x07\x02\x00\x0f\x01\x00\x00\xff\xff\x00\x00\x00\x01"

static enum err
parse_copy(struct view in, size_t n, const char **why)
{
	uint8_t *copy = malloc(n + (n == 0));
	struct ccid_desc d;
	enum err e;

	if (n != 0)
		memcpy(copy, in.p, n);
	e = ccid_desc_parse(&d, (struct view){ copy, n }, why);
	free(copy);
	return e;
}

START_TEST(the_st_1044u_is_read)
{
	struct ccid_desc d;
	uint8_t buf[CCID_DESC_SIZE];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	const char *why = "";

	ck_assert_int_eq(ccid_desc_parse(&d, B(ST_1044U), &why), ERR_OK);
	ck_assert_ptr_null(why);
	ck_assert_uint_eq(d.bcd_ccid, 0x0100);
	ck_assert_uint_eq(d.max_slot_index, 0);
	ck_assert_uint_eq(d.voltages, 7);
	ck_assert_uint_eq(d.protocols, 3);
	ck_assert_uint_eq(d.default_clock_khz, 4800);
	ck_assert_uint_eq(d.max_clock_khz, 8000);
	ck_assert_uint_eq(d.num_clocks, 4);
	ck_assert_uint_eq(d.data_rate, 10752);
	ck_assert_uint_eq(d.max_data_rate, 412903);
	ck_assert_uint_eq(d.num_data_rates, 106);
	ck_assert_uint_eq(d.max_ifsd, 254);
	ck_assert_uint_eq(d.synch_protocols, 7);
	ck_assert_uint_eq(d.mechanical, 0);
	ck_assert_uint_eq(d.features, 0x000207b2);
	ck_assert_uint_eq(d.max_message, 271);
	ck_assert_uint_eq(d.class_get_response, 0xff);
	ck_assert_uint_eq(d.class_envelope, 0xff);
	ck_assert_uint_eq(d.pin_support, 0);
	ck_assert_uint_eq(d.max_busy_slots, 1);
	ccid_desc_write(&w, &d);
	ck_view_eq(wr_done(&w), B(ST_1044U));
}
END_TEST

START_TEST(a_display_has_lines_and_columns)
{
	uint8_t raw[CCID_DESC_SIZE];
	struct ccid_desc d;

	memcpy(raw, ST_1044U, sizeof(raw));
	raw[50] = 0x10;		/* wLcdLayout 0210h: 2 lines of 16 */
	raw[51] = 0x02;
	ck_assert_int_eq(ccid_desc_parse(&d, (struct view){ raw, sizeof(raw) },
	    NULL), ERR_OK);
	ck_assert_uint_eq(d.lcd_lines, 2);
	ck_assert_uint_eq(d.lcd_columns, 16);
}
END_TEST

START_TEST(a_bad_one_is_refused_with_a_reason)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum err err;
		const char *has;
	} rows[] = {
		{ 0, 0, ERR_FORMAT, "54 bytes long" },
		{ 0, 53, ERR_FORMAT, "54 bytes long" },
		{ 0, 55, ERR_FORMAT, "54 bytes long" },
		{ 0, 255, ERR_FORMAT, "54 bytes long" },
		{ 1, 0x22, ERR_FORMAT, "21h" },
		{ 1, 0xff, ERR_OK, NULL },
		{ 2, 0x01, ERR_OK, NULL },	/* bcdCCID */
		{ 3, 0x10, ERR_OK, NULL },
	};
	static const struct {
		uint32_t max_message;
		enum err err;
	} sizes[] = {
		{ 0, ERR_FORMAT }, { 9, ERR_FORMAT }, { 10, ERR_FORMAT },
		{ 11, ERR_OK }, { 0xffffffff, ERR_OK },
	};
	uint8_t raw[CCID_DESC_SIZE + 1] = { 0 };
	struct view in = { raw, CCID_DESC_SIZE };
	const char *why;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(raw, ST_1044U, CCID_DESC_SIZE);
		raw[rows[i].at] = rows[i].value;
		ck_assert_int_eq(parse_copy(in, in.n, &why), rows[i].err);
		ck_assert_int_eq(why != NULL, rows[i].has != NULL);
		if (rows[i].has != NULL)
			ck_assert_ptr_nonnull(strstr(why, rows[i].has));
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct wr w = { .p = raw + 44, .cap = 4 };

		memcpy(raw, ST_1044U, CCID_DESC_SIZE);
		wr_le32(&w, sizes[i].max_message);
		ck_assert_int_eq(parse_copy(in, in.n, &why), sizes[i].err);
	}
	memcpy(raw, ST_1044U, CCID_DESC_SIZE);
	ck_assert_int_eq(parse_copy(in, in.n + 1, &why), ERR_FORMAT);
	ck_assert_ptr_nonnull(why);
	for (size_t cut = 0; cut < in.n; cut++) {
		ck_assert_int_eq(parse_copy(in, cut, &why), ERR_SHORT);
		ck_assert_ptr_nonnull(why);
	}
}
END_TEST

START_TEST(it_is_found_wherever_it_lies)
{
	struct view good = B(ST_1044U), hid = B("\x09\x21\x11\x01\x00\x01"
	    "\x22\x41\x00");
	struct usb_interface i = { .n_endpoints = 2 };

	ck_assert_uint_eq(ccid_desc_find(&i).n, 0);
	i.endpoint[1].extra = good;
	ck_assert_ptr_eq(ccid_desc_find(&i).p, good.p);
	i.extra = hid;		/* right type, wrong length: only at need */
	ck_assert_ptr_eq(ccid_desc_find(&i).p, good.p);
	i.n_endpoints = 0;
	ck_assert_ptr_eq(ccid_desc_find(&i).p, hid.p);
	i.extra = B("\x04\x24\x01\x02" ST_1044U "\x00\x00");
	ck_view_eq(ccid_desc_find(&i), good);
	i.extra = B("\x00\x21" ST_1044U);	/* behind an endless one */
	ck_assert_uint_eq(ccid_desc_find(&i).n, 0);
	i.extra = B("\x36\x21\x00");		/* cut */
	ck_assert_uint_eq(ccid_desc_find(&i).n, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_desc");
	TCase *t = tcase_create("ccid_desc");

	tcase_add_test(t, the_st_1044u_is_read);
	tcase_add_test(t, a_display_has_lines_and_columns);
	tcase_add_test(t, a_bad_one_is_refused_with_a_reason);
	tcase_add_test(t, it_is_found_wherever_it_lies);
	suite_add_tcase(s, t);
	return unit_run(s);
}
