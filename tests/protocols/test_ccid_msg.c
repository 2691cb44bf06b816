/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/ccid_msg.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(every_command_is_written)	/* CCID 1.1 §6.1 */
{
	uint8_t rate[8];
	const struct {
		struct ccid_cmd cmd;
		struct view want;
	} rows[] = {
		{ ccid_power_on(CCID_POWER_5V),
		    B("\x62\0\0\0\0\x03\x09\x01\0\0") },
		{ ccid_power_on(CCID_POWER_AUTO),
		    B("\x62\0\0\0\0\x03\x09\0\0\0") },
		{ ccid_power_off(), B("\x63\0\0\0\0\x03\x09\0\0\0") },
		{ ccid_slot_status(), B("\x65\0\0\0\0\x03\x09\0\0\0") },
		{ ccid_xfr_block(0, 0, B("\x00\x84\x00\x00\x08")),
		    B("\x6f\x05\0\0\0\x03\x09\0\0\0\x00\x84\x00\x00\x08") },
		{ ccid_xfr_block(2, 0x0110, B("\xaa")),
		    B("\x6f\x01\0\0\0\x03\x09\x02\x10\x01\xaa") },
		{ ccid_get_parameters(), B("\x6c\0\0\0\0\x03\x09\0\0\0") },
		{ ccid_reset_parameters(), B("\x6d\0\0\0\0\x03\x09\0\0\0") },
		{ ccid_set_parameters(1, B("\x11\x10\x00\x4d\x00\x20\x00")),
		    B("\x61\x07\0\0\0\x03\x09\x01\0\0"
		    "\x11\x10\x00\x4d\x00\x20\x00") },
		{ ccid_escape(B("\x1f\x02")),
		    B("\x6b\x02\0\0\0\x03\x09\0\0\0\x1f\x02") },
		{ ccid_clock(false), B("\x6e\0\0\0\0\x03\x09\0\0\0") },
		{ ccid_clock(true), B("\x6e\0\0\0\0\x03\x09\x01\0\0") },
		{ ccid_t0_apdu(0x00, 0xc0),
		    B("\x6a\0\0\0\0\x03\x09\x03\x00\xc0") },
		{ ccid_t0_apdu(-1, 0x80),
		    B("\x6a\0\0\0\0\x03\x09\x02\x00\x80") },
		{ ccid_t0_apdu(-1, -1), B("\x6a\0\0\0\0\x03\x09\0\0\0") },
		{ ccid_secure(1, 0, B("\x00\x1e")),
		    B("\x69\x02\0\0\0\x03\x09\x01\0\0\x00\x1e") },
		{ ccid_mechanical(2), B("\x71\0\0\0\0\x03\x09\x02\0\0") },
		{ ccid_abort(), B("\x72\0\0\0\0\x03\x09\0\0\0") },
		{ ccid_set_rate(rate, 4800, 10752),
		    B("\x73\x08\0\0\0\x03\x09\0\0\0\xc0\x12\0\0\0\x2a\0\0") },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t buf[32];
		struct wr w = { .p = buf, .cap = sizeof(buf) };
		struct ccid_cmd c = rows[i].cmd, got;

		c.slot = 3;
		c.seq = 9;
		ccid_cmd_write(&w, &c);
		ck_view_eq(wr_done(&w), rows[i].want);
		ck_assert_int_eq(ccid_cmd_parse(&got, wr_done(&w)), ERR_OK);
		ck_assert_uint_eq(got.type, c.type);
		ck_assert_uint_eq(got.slot, 3);
		ck_assert_uint_eq(got.seq, 9);
		ck_assert_mem_eq(got.arg, c.arg, 3);
		ck_view_eq(got.data, c.data);
	}
}
END_TEST

START_TEST(every_answer_is_read)	/* CCID 1.1 §6.2 */
{
	static const struct {
		struct view in;
		enum err err;
		struct ccid_rsp want;
	} rows[] = {
		{ B("\x81\0\0\0\0\0\0\x01\0\0"), ERR_OK, { .type = 0x81,
		    .icc = CCID_ICC_INACTIVE } },
		{ B("\x81\0\0\0\0\x02\x05\x42\xfe\x03"), ERR_OK, { .type = 0x81,
		    .slot = 2, .seq = 5, .icc = CCID_ICC_ABSENT,
		    .outcome = CCID_FAILED, .error = 0xfe, .arg = 3 } },
		{ B("\x80\x05\0\0\0\0\x05\0\0\0\x3b\x80\x80\x01\x01"), ERR_OK,
		    { .type = 0x80, .seq = 5,
		    .data = B("\x3b\x80\x80\x01\x01") } },
		{ B("\x80\0\0\0\0\0\x05\x80\x04\0"), ERR_OK, { .type = 0x80,
		    .seq = 5, .outcome = CCID_TIME_EXTENSION, .error = 4 } },
		{ B("\x82\x07\0\0\0\0\x07\0\0\x01\x11\x10\0\x4d\0\x20\0"),
		    ERR_OK, { .type = 0x82, .seq = 7, .arg = 1,
		    .data = B("\x11\x10\0\x4d\0\x20\0") } },
		{ B("\x83\0\0\0\0\0\0\0\0\0"), ERR_OK, { .type = 0x83 } },
		{ B("\x84\x08\0\0\0\0\0\0\0\0\xc0\x12\0\0\0\x2a\0\0"), ERR_OK,
		    { .type = 0x84, .data = B("\xc0\x12\0\0\0\x2a\0\0") } },
		{ B("\x80\x05\0\0\0\0\x05\0\0\0\x3b\x80"), ERR_SHORT, { 0 } },
		{ B("\x80\xff\xff\xff\xff\0\x05\0\0\0\x3b"), ERR_SHORT, { 0 } },
		{ B("\x80\0\0\0\0\0\x05\0\0\0\x3b"), ERR_FORMAT, { 0 } },
		{ B("\x85\0\0\0\0\0\0\0\0\0"), ERR_FORMAT, { 0 } },
		{ B("\x6f\0\0\0\0\0\0\0\0\0"), ERR_FORMAT, { 0 } },
		{ B(""), ERR_SHORT, { 0 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ccid_rsp *want = &rows[i].want;
		struct ccid_rsp got;
		uint8_t buf[32];
		struct wr w = { .p = buf, .cap = sizeof(buf) };

		ck_assert_int_eq(ccid_rsp_parse(&got, rows[i].in), rows[i].err);
		if (rows[i].err != ERR_OK)
			continue;
		ck_assert_uint_eq(got.type, want->type);
		ck_assert_uint_eq(got.slot, want->slot);
		ck_assert_uint_eq(got.seq, want->seq);
		ck_assert_int_eq(got.icc, want->icc);
		ck_assert_int_eq(got.outcome, want->outcome);
		ck_assert_uint_eq(got.error, want->error);
		ck_assert_uint_eq(got.arg, want->arg);
		ck_view_eq(got.data, want->data);
		ccid_rsp_write(&w, &got);
		ck_view_eq(wr_done(&w), rows[i].in);
	}
}
END_TEST

/* An exact-size copy on the heap, so that a sanitizer sees one byte too many. */
static void
parse_copy(struct view in, size_t n, enum err *cmd, enum err *rsp)
{
	uint8_t *copy = malloc(n + (n == 0));
	struct view v = { copy, n };
	struct ccid_cmd c;
	struct ccid_rsp r;

	if (n != 0)
		memcpy(copy, in.p, n);
	*cmd = ccid_cmd_parse(&c, v);
	*rsp = ccid_rsp_parse(&r, v);
	if (*rsp == ERR_OK)
		ck_assert_uint_eq(r.data.n, n - CCID_HEADER);
	free(copy);
}

START_TEST(messages_are_swept)
{
	uint8_t buf[] = "\x80\x05\0\0\0\0\x05\0\0\0\x3b\x80\x80\x01\x01";
	struct view in = { buf, sizeof(buf) - 1 };
	enum err cmd, rsp;

	for (size_t cut = 0; cut < in.n; cut++) {
		parse_copy(in, cut, &cmd, &rsp);
		ck_assert_int_eq(cmd, ERR_SHORT);
		ck_assert_int_eq(rsp, ERR_SHORT);
	}
	for (size_t i = 0; i < in.n; i++) {
		uint8_t was = buf[i];

		for (unsigned k = 0; k < 3; k++) {
			buf[i] = (uint8_t)(k == 0 ? 0 : k == 1 ? 0xff : ~was);
			parse_copy(in, in.n, &cmd, &rsp);
		}
		buf[i] = was;
	}
}
END_TEST

START_TEST(names_and_answers_belong_together)
{
	ck_assert_uint_eq(ccid_answer_type(CCID_XFR_BLOCK), CCID_R_DATA);
	ck_assert_uint_eq(ccid_answer_type(CCID_POWER_OFF), CCID_R_SLOT_STATUS);
	ck_assert_uint_eq(ccid_answer_type(CCID_SET_PARAMETERS),
	    CCID_R_PARAMETERS);
	ck_assert_uint_eq(ccid_answer_type(CCID_ESCAPE), CCID_R_ESCAPE);
	ck_assert_uint_eq(ccid_answer_type(CCID_SET_RATE), CCID_R_RATE);
	ck_assert_uint_eq(ccid_answer_type(0x80), 0);
	ck_assert_str_eq(ccid_cmd_name(CCID_XFR_BLOCK), "XFR_BLOCK");
	ck_assert_str_eq(ccid_cmd_name(0), "unknown command");
}
END_TEST

START_TEST(failures_mean_something)	/* CCID 1.1 table 6.2-2 */
{
	static const struct {
		uint8_t cmd, status, error;
		enum err want;
	} rows[] = {
		{ CCID_XFR_BLOCK, 0x00, 0xfe, ERR_OK },	/* did not fail */
		{ CCID_XFR_BLOCK, 0x80, 0x05, ERR_OK },
		{ CCID_XFR_BLOCK, 0x40, 0xfe, ERR_MUTE },
		{ CCID_XFR_BLOCK, 0x41, 0xfe, ERR_UNPOWERED },
		{ CCID_XFR_BLOCK, 0x42, 0xfe, ERR_NO_CARD },
		{ CCID_POWER_ON, 0x41, 0xfe, ERR_MUTE },
		{ CCID_POWER_ON, 0x42, 0xfe, ERR_NO_CARD },
		{ CCID_POWER_ON, 0x42, 0xbb, ERR_NO_CARD },
		{ CCID_POWER_ON, 0x41, 0xbb, ERR_READER },
		{ CCID_POWER_ON, 0x41, 0xf8, ERR_CARD },
		{ CCID_POWER_ON, 0x41, 0xf7, ERR_CARD },
		{ CCID_POWER_ON, 0x41, 0x07, ERR_ARG },
		{ CCID_POWER_ON, 0x42, 0x05, ERR_NO_SLOT },
		{ CCID_POWER_ON, 0x41, 0xf5, ERR_UNSUPPORTED },
		{ CCID_XFR_BLOCK, 0x40, 0xfd, ERR_CARD },
		{ CCID_XFR_BLOCK, 0x40, 0xfc, ERR_CARD },
		{ CCID_XFR_BLOCK, 0x40, 0xfb, ERR_READER },
		{ CCID_XFR_BLOCK, 0x40, 0xf4, ERR_CARD },
		{ CCID_XFR_BLOCK, 0x40, 0xf6, ERR_PROTOCOL },
		{ CCID_XFR_BLOCK, 0x40, 0xe0, ERR_READER },
		{ CCID_XFR_BLOCK, 0x40, 0xff, ERR_CANCELLED },
		{ CCID_XFR_BLOCK, 0x42, 0xff, ERR_CANCELLED },
		{ CCID_XFR_BLOCK, 0x40, 0x01, ERR_ARG },
		{ CCID_XFR_BLOCK, 0x40, 0x7f, ERR_ARG },
		{ CCID_SECURE, 0x40, 0xef, ERR_PIN_CANCELLED },
		{ CCID_SECURE, 0x40, 0xf0, ERR_PIN_TIMEOUT },
		{ CCID_SECURE, 0x40, 0x00, ERR_UNSUPPORTED },
		{ CCID_ESCAPE, 0x42, 0x00, ERR_UNSUPPORTED },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ccid_rsp r = {
			.icc = (enum ccid_icc)(rows[i].status & 3),
			.outcome = (enum ccid_outcome)(rows[i].status >> 6),
			.error = rows[i].error,
		};
		enum err e = ccid_rsp_err(rows[i].cmd, &r);

		ck_assert_msg(e == rows[i].want, "row %zu: %s", i, err_name(e));
	}
	for (unsigned e = 0; e <= 0xff; e++)
		ck_assert_str_ne(ccid_error_text((uint8_t)e), "");
	ck_assert_str_eq(ccid_error_text(0xfe), "card mute");
	ck_assert_str_eq(ccid_error_text(0x13), "bad parameter");
	ck_assert_str_eq(ccid_error_text(0x99), "the reader's own error");
}
END_TEST

START_TEST(notifications_are_read)	/* CCID 1.1 §6.3 */
{
	struct ccid_notify n;
	bool present, changed;

	ck_assert_int_eq(ccid_notify_parse(&n, B("\x50\x03\x02")), ERR_OK);
	ck_assert(ccid_notify_slot(&n, 0, &present, &changed));
	ck_assert(present && changed);
	ck_assert(ccid_notify_slot(&n, 1, &present, &changed));
	ck_assert(!present && !changed);
	ck_assert(ccid_notify_slot(&n, 4, &present, &changed));
	ck_assert(!present && changed);
	ck_assert(!ccid_notify_slot(&n, 8, &present, &changed));
	ck_assert(!ccid_notify_slot(&n, ~0u, &present, &changed));

	ck_assert_int_eq(ccid_notify_parse(&n, B("\x51\x01\x09\x01")), ERR_OK);
	ck_assert_uint_eq(n.slot, 1);
	ck_assert_uint_eq(n.seq, 9);
	ck_assert_uint_eq(n.code, 1);
	ck_assert(!ccid_notify_slot(&n, 0, &present, &changed));

	ck_assert_int_eq(ccid_notify_parse(&n, B("")), ERR_SHORT);
	ck_assert_int_eq(ccid_notify_parse(&n, B("\x50")), ERR_SHORT);
	ck_assert_int_eq(ccid_notify_parse(&n, B("\x51\x01\x09")), ERR_SHORT);
	ck_assert_int_eq(ccid_notify_parse(&n, B("\x52\x01")), ERR_FORMAT);
}
END_TEST

START_TEST(class_requests_are_written)	/* CCID 1.1 §5.3 */
{
	const struct {
		struct usb_setup s;
		struct view want;
	} rows[] = {
		{ ccid_abort_request(2, 1, 0x42),
		    B("\x21\x01\x01\x42\x02\0\0\0") },
		{ ccid_clocks_request(2), B("\xa1\x02\0\0\x02\0\0\x04") },
		{ ccid_rates_request(2), B("\xa1\x03\0\0\x02\0\0\x04") },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t buf[USB_SETUP_SIZE];
		struct wr w = { .p = buf, .cap = sizeof(buf) };

		usb_setup_write(&w, &rows[i].s);
		ck_view_eq(wr_done(&w), rows[i].want);
	}
}
END_TEST

START_TEST(rates_are_taken_as_they_come)
{
	static uint8_t raw[CCID_RATES_SIZE + 4];
	struct wr w = { .p = raw, .cap = sizeof(raw) };
	struct ccid_rates r;

	wr_le32(&w, 10752);
	wr_le32(&w, 0);
	wr_le32(&w, 412903);	/* then zeros, as the ST-1044U sends */
	ck_assert_int_eq(ccid_rates_parse(&r, (struct view){ raw,
	    CCID_RATES_SIZE }), ERR_OK);
	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(r.rate[0], 10752);
	ck_assert_uint_eq(r.rate[1], 412903);

	memset(raw, 1, sizeof(raw));
	ck_assert_int_eq(ccid_rates_parse(&r, (struct view){ raw,
	    CCID_RATES_SIZE }), ERR_OK);
	ck_assert_uint_eq(r.n, CCID_RATES_MAX);
	ck_assert_int_eq(ccid_rates_parse(&r, (struct view){ raw,
	    sizeof(raw) }), ERR_TOO_LONG);
	ck_assert_uint_eq(r.n, 0);
	ck_assert_int_eq(ccid_rates_parse(&r, B("")), ERR_OK);
	ck_assert_uint_eq(r.n, 0);
	ck_assert_int_eq(ccid_rates_parse(&r, B("\x01")), ERR_FORMAT);
	ck_assert_int_eq(ccid_rates_parse(&r, B("\x01\0\0\0\1")), ERR_FORMAT);
	ck_assert_uint_eq(r.n, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_msg");
	TCase *t = tcase_create("ccid_msg");

	tcase_add_test(t, every_command_is_written);
	tcase_add_test(t, every_answer_is_read);
	tcase_add_test(t, messages_are_swept);
	tcase_add_test(t, names_and_answers_belong_together);
	tcase_add_test(t, failures_mean_something);
	tcase_add_test(t, notifications_are_read);
	tcase_add_test(t, class_requests_are_written);
	tcase_add_test(t, rates_are_taken_as_they_come);
	suite_add_tcase(s, t);
	return unit_run(s);
}
