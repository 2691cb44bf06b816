/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/openct_wire.h"

START_TEST(header_is_native_and_goes_round)
{
	struct openct_header h = { 0x01020304, OPENCT_LONG, -17, 0xfffe }, got;
	uint8_t buf[OPENCT_HEADER];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	uint32_t xid;

	openct_header_write(&w, &h);
	ck_assert_uint_eq(wr_done(&w).n, OPENCT_HEADER);
	memcpy(&xid, buf, sizeof(xid));
	ck_assert_uint_eq(xid, 0x01020304);
	ck_assert_int_eq(openct_header_parse(&got, wr_done(&w)), ERR_OK);
	ck_assert_uint_eq(got.xid, h.xid);
	ck_assert_uint_eq(got.dest, h.dest);
	ck_assert_int_eq(got.error, -17);
	ck_assert_uint_eq(got.len, 0xfffe);
	for (size_t cut = 0; cut < OPENCT_HEADER; cut++) {
		uint8_t *copy = malloc(cut + 1);

		memcpy(copy, buf, cut);
		ck_assert_int_eq(openct_header_parse(&got,
		    (struct view){ copy, cut }), ERR_SHORT);
		free(copy);
	}
}
END_TEST

static const struct args_row {
	const char *why;
	struct view in;
	enum err err;
	enum openct_arg at;	/* where value is expected */
	struct view value;
	bool large;
} args_rows[] = {
	{ "empty body", B(""), ERR_OK, OPENCT_ARG_REQUEST, B(""), false },
	{ "small form", B("\x84\x05\x00\xa4\x00\x00\x00"), ERR_OK,
	    OPENCT_ARG_REQUEST, B("\x00\xa4\x00\x00\x00"), false },
	{ "large form", B("\xc4\x00\x05\x00\xa4\x00\x00\x00"), ERR_OK,
	    OPENCT_ARG_REQUEST, B("\x00\xa4\x00\x00\x00"), true },
	{ "one large item makes the body large",
	    B("\x82\x01\x01\xc0\x00\x01\x05"), ERR_OK,
	    OPENCT_ARG_TIMEOUT, B("\x05"), true },
	{ "unknown tags are passed over", B("\x3f\x01\xff\x82\x01\x01"), ERR_OK,
	    OPENCT_ARG_LOCK_TYPE, B("\x01"), false },
	{ "of a repeated tag the last counts", B("\x82\x01\x00\x82\x01\x01"),
	    ERR_OK, OPENCT_ARG_LOCK_TYPE, B("\x01"), false },
	{ "the name has tag 0", B("\x00\x02" "ab"), ERR_OK,
	    OPENCT_ARG_NAME, B("ab"), false },
	{ "an empty item", B("\x84\x00"), ERR_FORMAT, 0, B(""), false },
	{ "an empty item of an unknown tag", B("\x3f\x00"), ERR_FORMAT, 0, B(""),
	    false },
	{ "an empty large item", B("\xc4\x00\x00"), ERR_FORMAT, 0, B(""), false },
	{ "a length that is not there", B("\x84\x06\x00\xa4\x00\x00\x00"),
	    ERR_SHORT, 0, B(""), false },
	{ "a large length that is not there", B("\xc4\xff\xff\x00"), ERR_SHORT, 0,
	    B(""), false },
	{ "half a large length", B("\xc4\x00"), ERR_SHORT, 0, B(""), false },
	{ "a tag alone", B("\x84"), ERR_SHORT, 0, B(""), false },
};

START_TEST(args_are_read)
{
	const struct args_row *row = &args_rows[_i];
	struct openct_args a;

	ck_assert_msg(openct_args_parse(&a, row->in) == row->err, "%s", row->why);
	if (row->err != ERR_OK)
		return;
	ck_view_eq(a.item[row->at], row->value);
	ck_assert_msg(a.large == row->large, "%s", row->why);
	for (unsigned k = 0; k < OPENCT_ARGS; k++)
		if (k != row->at && row->in.n < 6)
			ck_assert_uint_eq(a.item[k].n, 0);
}
END_TEST

START_TEST(args_are_swept)
{
	struct view in = B("\x80\x01\x05\xc1\x00\x02hi\x84\x04\x00\xa4\x00\x00");
	struct openct_args a;

	for (size_t cut = 0; cut < in.n; cut++) {
		uint8_t *copy = malloc(cut + 1);
		bool boundary = cut == 0 || cut == 3 || cut == 8;

		memcpy(copy, in.p, cut);
		ck_assert_int_eq(openct_args_parse(&a, (struct view){ copy, cut }),
		    boundary ? ERR_OK : ERR_SHORT);
		free(copy);
	}
}
END_TEST

static const struct number_row {
	struct view in;
	enum err err;
	uint32_t x;
} number_rows[] = {
	{ B(""), ERR_FORMAT, 0 },
	{ B("\x00"), ERR_OK, 0 },
	{ B("\x2a"), ERR_OK, 42 },
	{ B("\x01\x00"), ERR_OK, 256 },
	{ B("\xff\xff\xff\xff"), ERR_OK, 0xffffffff },
	{ B("\x00\x00\x00\x00\x00\x07"), ERR_OK, 7 },
	{ B("\x01\x00\x00\x00\x00"), ERR_FORMAT, 0 },
};

START_TEST(numbers_are_read)
{
	const struct number_row *row = &number_rows[_i];
	uint32_t x;

	ck_assert_int_eq(openct_number(&x, row->in), row->err);
	if (row->err == ERR_OK)
		ck_assert_uint_eq(x, row->x);
}
END_TEST

static const struct write_row {
	uint32_t x;
	bool large;
	struct view out;
} write_rows[] = {
	{ 0, false, B("\x87\x01\x00") },
	{ 0, true, B("\xc7\x00\x01\x00") },
	{ 255, false, B("\x87\x01\xff") },
	{ 256, false, B("\x87\x02\x01\x00") },
	{ 0x10000, true, B("\xc7\x00\x03\x01\x00\x00") },
	{ 0xfffffffe, false, B("\x87\x04\xff\xff\xff\xfe") },
};

START_TEST(numbers_are_written)
{
	const struct write_row *row = &write_rows[_i];
	uint8_t buf[16];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	openct_number_write(&w, OPENCT_TAG_COUNT, row->x, row->large);
	ck_view_eq(wr_done(&w), row->out);
}
END_TEST

static const struct item_row {
	size_t n;
	bool large;
	size_t written;		/* 0: refused */
} item_rows[] = {
	{ 0, false, 0 }, { 0, true, 0 }, { 1, false, 3 }, { 255, false, 257 },
	{ 256, false, 0 },	/* OpenCT's own encoder let 256 .. 266 wrap */
	{ 266, false, 0 }, { 256, true, 259 }, { 65535, true, 65538 },
	{ 65536, true, 0 },
};

START_TEST(item_lengths_have_their_limits)
{
	static uint8_t value[70000], buf[70000];
	const struct item_row *row = &item_rows[_i];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct openct_args a;

	openct_item_write(&w, OPENCT_TAG_RESPONSE, (struct view){ value, row->n },
	    row->large);
	ck_assert_uint_eq(wr_done(&w).n, row->written);
	ck_assert(w.bad == (row->written == 0));
	if (row->written == 0)
		return;
	ck_assert_int_eq(openct_args_parse(&a, wr_done(&w)), ERR_OK);
	ck_assert_uint_eq(a.item[OPENCT_ARG_RESPONSE].n, row->n);
	ck_assert(a.large == row->large);
}
END_TEST

START_TEST(pin_goes_round)
{
	uint8_t buf[16];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct openct_pin p = { true, 4, 6, B("\x00\x20\x00\x01") }, got;

	openct_pin_write(&w, &p);
	ck_view_eq(wr_done(&w), B("\x41\x06\x00\x20\x00\x01"));
	ck_assert_int_eq(openct_pin_parse(&got, wr_done(&w)), ERR_OK);
	ck_assert(got.ascii);
	ck_assert_uint_eq(got.length, 4);
	ck_assert_uint_eq(got.offset, 6);
	ck_view_eq(got.apdu, p.apdu);
	for (size_t cut = 0; cut < 3; cut++)
		ck_assert_int_eq(openct_pin_parse(&got,
		    view_first(wr_done(&w), cut)), ERR_SHORT);
	p.length = 16;
	openct_pin_write(&w, &p);
	ck_assert(w.bad);
}
END_TEST

/* The numbers are an ABI: each is written out here once more. */
static const struct error_row {
	enum err err;
	int number;
} error_rows[] = {
	{ ERR_OK, 0 }, { ERR_SYSTEM, -1 }, { ERR_TIMEOUT, -2 },
	{ ERR_NO_SLOT, -3 }, { ERR_UNSUPPORTED, -4 }, { ERR_IO, -5 },
	{ ERR_HANDLER, -5 }, { ERR_NO_CARD, -6 }, { ERR_REMOVED, -6 },
	{ ERR_LOCKED, -7 }, { ERR_NO_LOCK, -8 }, { ERR_ARG, -9 },
	{ ERR_MEMORY, -10 }, { ERR_BUFFER, -11 }, { ERR_TOO_LONG, -11 },
	{ ERR_PIN_TIMEOUT, -12 }, { ERR_PIN_CANCELLED, -13 },
	{ ERR_PIN_MISMATCH, -14 }, { ERR_MUTE, -15 }, { ERR_PROTOCOL, -16 },
	{ ERR_GONE, -17 }, { ERR_FORMAT, -100 }, { ERR_SHORT, -100 },
	{ ERR_CLOSED, -103 }, { ERR_NO_DAEMON, -103 }, { ERR_BUSY, -201 },
};

START_TEST(errors_have_opencts_numbers)
{
	const struct error_row *row = &error_rows[_i];

	ck_assert_int_eq(openct_error_from(row->err), row->number);
}
END_TEST

START_TEST(every_error_has_a_number_and_a_text)
{
	for (unsigned e = 0; e < ERR_COUNT; e++) {
		int n = openct_error_from((enum err)e);

		ck_assert(e == ERR_OK ? n == 0 : n < 0);
		ck_assert_str_ne(openct_error_text(n), "unknown error");
		/* a second trip changes nothing more */
		ck_assert_int_eq(openct_error_from(openct_error_to(n)), n);
	}
	ck_assert_str_eq(openct_error_text(-300), "unknown error");
	ck_assert_int_eq(openct_error_to(-300), ERR_SYSTEM);
	ck_assert_str_eq(openct_error_text(17), "success");
	ck_assert_int_eq(openct_error_to(17), ERR_OK);
	ck_assert_int_eq(openct_error_from(ERR_COUNT), OPENCT_E_GENERIC);
}
END_TEST

START_TEST(commands_have_names)
{
	ck_assert_str_eq(openct_cmd_name(0x21), "TRANSACT");
	ck_assert_ptr_null(openct_cmd_name(0x15));	/* reserved, never built */
	ck_assert_ptr_null(openct_cmd_name(0x18));
	ck_assert_ptr_null(openct_cmd_name(0xff));
}
END_TEST

START_TEST(record_bits_are_where_programs_look)
{
	struct openct_record r = { .display = 1 };
	uint32_t flags;

	memcpy(&flags, (const char *)&r + 100, sizeof(flags));
	ck_assert_uint_ne(flags, 0);
	r.display = 0;
	memcpy(&flags, (const char *)&r + 100, sizeof(flags));
	ck_assert_uint_eq(flags, 0);
}
END_TEST

#define ROWS(t) (int)(sizeof(t) / sizeof((t)[0]))

int
main(void)
{
	Suite *s = suite_create("openct_wire");
	TCase *t = tcase_create("openct_wire");

	tcase_add_test(t, header_is_native_and_goes_round);
	tcase_add_loop_test(t, args_are_read, 0, ROWS(args_rows));
	tcase_add_test(t, args_are_swept);
	tcase_add_loop_test(t, numbers_are_read, 0, ROWS(number_rows));
	tcase_add_loop_test(t, numbers_are_written, 0, ROWS(write_rows));
	tcase_add_loop_test(t, item_lengths_have_their_limits, 0, ROWS(item_rows));
	tcase_add_test(t, pin_goes_round);
	tcase_add_loop_test(t, errors_have_opencts_numbers, 0, ROWS(error_rows));
	tcase_add_test(t, every_error_has_a_number_and_a_text);
	tcase_add_test(t, commands_have_names);
	tcase_add_test(t, record_bits_are_where_programs_look);
	suite_add_tcase(s, t);
	return unit_run(s);
}
