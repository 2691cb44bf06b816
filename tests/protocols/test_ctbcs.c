/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/ctbcs.h"

enum { NO_TIME = -1, NO_LE = -1 };

/* What is not looked at. */
#define REFUSED CTBCS_RESET, 0, 0, NO_TIME, NO_LE

/* Commands as programs in the field send them, and their neighbours. */
static const struct {
	const char *name;
	struct view in;
	uint16_t sw;
	enum ctbcs_command command;
	uint8_t slot, p2;
	int timeout, le;
} commands[] = {
	{ "RESET CT, hbci4java", B("\x20\x11\x00\x00"), 0x9000, CTBCS_RESET,
	    0, 0, NO_TIME, NO_LE },
	{ "RESET CT, OpenSC and mktlin", B("\x20\x11\x00\x00\x00"), 0x9000,
	    CTBCS_RESET, 0, 0, NO_TIME, 256 },
	{ "RESET CT, old", B("\x20\x10\x00\x00"), 0x9000, CTBCS_RESET, 0, 0,
	    NO_TIME, NO_LE },
	{ "RESET ICC with ATR", B("\x20\x11\x01\x01\x00"), 0x9000, CTBCS_RESET,
	    1, 1, NO_TIME, 256 },
	{ "RESET ICC2", B("\x20\x11\x02\x02"), 0x9000, CTBCS_RESET, 2, 2,
	    NO_TIME, NO_LE },
	{ "RESET CT knows no ATR", B("\x20\x11\x00\x01"), 0x6a00, REFUSED },
	{ "RESET with data", B("\x20\x11\x00\x00\x01\x00"), 0x6700, REFUSED },
	{ "RESET of a 15th slot", B("\x20\x11\x0f\x00"), 0x6a00, REFUSED },
	{ "REQUEST, 4 bytes", B("\x20\x12\x01\x01"), 0x9000, CTBCS_REQUEST,
	    1, 1, NO_TIME, NO_LE },
	{ "REQUEST, 5 bytes", B("\x20\x12\x01\x01\x00"), 0x9000,
	    CTBCS_REQUEST, 1, 1, NO_TIME, 256 },
	{ "REQUEST, 6 bytes, mktlin", B("\x20\x12\x01\x00\x01\x01"), 0x9000,
	    CTBCS_REQUEST, 1, 0, 1, NO_LE },
	{ "REQUEST, 7 bytes, hbci4java", B("\x20\x12\x01\x01\x01\x3c\x00"),
	    0x9000, CTBCS_REQUEST, 1, 1, 60, 256 },
	{ "REQUEST, 8 bytes", B("\x20\x12\x01\x01\x03\x80\x01\x3c"), 0x9000,
	    CTBCS_REQUEST, 1, 1, 60, NO_LE },
	{ "REQUEST, 9 bytes", B("\x20\x12\x01\x01\x03\x80\x01\x3c\x00"),
	    0x9000, CTBCS_REQUEST, 1, 1, 60, 256 },
	{ "REQUEST, no message", B("\x20\x12\x01\xf2"), 0x9000, CTBCS_REQUEST,
	    1, 0xf2, NO_TIME, NO_LE },
	{ "REQUEST, other object", B("\x20\x12\x01\x01\x03\x51\x01\x02"),
	    0x9000, CTBCS_REQUEST, 1, 1, NO_TIME, NO_LE },
	{ "REQUEST, long time-out", B("\x20\x12\x01\x01\x04\x80\x02\x01\x00"),
	    0x6a80, REFUSED },
	{ "REQUEST, object cut", B("\x20\x12\x01\x01\x03\x80\x02\x3c"),
	    0x6a80, REFUSED },
	{ "REQUEST, P2", B("\x20\x12\x01\x03"), 0x6a00, REFUSED },
	{ "REQUEST, P2 high", B("\x20\x12\x01\x11"), 0x6a00, REFUSED },
	{ "REQUEST of no slot", B("\x20\x12\x00\x01"), 0x6a00, REFUSED },
	{ "REQUEST, Lc 0", B("\x20\x12\x01\x01\x00\x00"), 0x6700, REFUSED },
	{ "REQUEST, Lc too long", B("\x20\x12\x01\x01\x02\x3c"), 0x6700, REFUSED },
	{ "REQUEST, extended Le", B("\x20\x12\x01\x01\x00\x00\x00"), 0x6700, REFUSED },
	{ "STATUS 46", B("\x20\x13\x00\x46\x00"), 0x9000, CTBCS_STATUS, 0,
	    0x46, NO_TIME, 256 },
	{ "STATUS 80", B("\x20\x13\x00\x80\x00"), 0x9000, CTBCS_STATUS, 0,
	    0x80, NO_TIME, 256 },
	{ "STATUS 81", B("\x20\x13\x00\x81\x03"), 0x9000, CTBCS_STATUS, 0,
	    0x81, NO_TIME, 3 },
	{ "STATUS 82", B("\x20\x13\x00\x82\x00"), 0x6a00, REFUSED },
	{ "STATUS of a slot", B("\x20\x13\x01\x80\x00"), 0x6a00, REFUSED },
	{ "STATUS without Le", B("\x20\x13\x00\x80"), 0x6700, REFUSED },
	{ "DEACTIVATE", B("\x20\x14\x01\x00"), 0x9000, CTBCS_DEACTIVATE, 1, 0,
	    NO_TIME, NO_LE },
	{ "EJECT, keep", B("\x20\x15\x01\x04\x01\x01"), 0x9000, CTBCS_EJECT, 1,
	    4, 1, NO_LE },
	{ "EJECT, 4 bytes", B("\x20\x15\x01\x03"), 0x9000, CTBCS_EJECT, 1, 3,
	    NO_TIME, NO_LE },
	{ "EJECT, object", B("\x20\x15\x01\xf4\x03\x80\x01\x05"), 0x9000,
	    CTBCS_EJECT, 1, 0xf4, 5, NO_LE },
	{ "EJECT with Le", B("\x20\x15\x01\x00\x00"), 0x6700, REFUSED },
	{ "EJECT, P2", B("\x20\x15\x01\x08"), 0x6a00, REFUSED },
	{ "INPUT", B("\x20\x16\x50\x02\x00"), 0x9000, CTBCS_INPUT, 0x50, 2,
	    NO_TIME, 256 },
	{ "OUTPUT", B("\x20\x17\x40\x00\x04\x50\x02Hi"), 0x9000, CTBCS_OUTPUT,
	    0x40, 0, NO_TIME, NO_LE },
	{ "OUTPUT without text", B("\x20\x17\x40\x00\x03\x80\x01\x05"),
	    0x6a80, REFUSED },
	{ "VERIFY without command", B("\x20\x18\x01\x00\x02\x50\x00"),
	    0x6a80, REFUSED },
	{ "VERIFY, command too short",
	    B("\x20\x18\x01\x00\x07\x52\x05\x00\x07\x00\x20\x00"), 0x6a80, REFUSED },
	{ "four texts", B("\x20\x17\x40\x00\x08\x50\x00\x50\x00\x50\x00\x50\x00"),
	    0x6a80, REFUSED },
	{ "INTERFACE", B("\x80\x60\x01\x00\x03\x22\x01\x02"), 0x9000,
	    CTBCS_INTERFACE, 1, 0, NO_TIME, NO_LE },
	{ "FREEZE", B("\x80\x70\x01\x00"), 0x6e00, REFUSED },
	{ "file system", B("\x00\xa4\x00\x00\x02\x3f\x00"), 0x6e00, REFUSED },
	{ "Secoder", B("\x20\x70\x00\x00"), 0x6d00, REFUSED },
	{ "no header", B("\x20\x11\x00"), 0x6700, REFUSED },
};

START_TEST(command)
{
	struct ctbcs c;
	uint16_t sw = ctbcs_parse(&c, commands[_i].in);

	ck_assert_msg(sw == commands[_i].sw, "%s: %04x", commands[_i].name, sw);
	if (sw != CTBCS_SW_OK)
		return;
	ck_assert_int_eq(c.command, commands[_i].command);
	ck_assert_uint_eq(c.slot, commands[_i].slot);
	ck_assert_uint_eq(c.p2, commands[_i].p2);
	ck_assert_int_eq(c.has_timeout ? c.timeout_s : NO_TIME,
	    commands[_i].timeout);
	ck_assert_int_eq(c.has_le ? c.le : NO_LE, commands[_i].le);
}
END_TEST

/* Each command cut at each length, with exactly so much memory. */
START_TEST(cut)
{
	struct view in = commands[_i].in;

	for (size_t n = 0; n < in.n; n++) {
		uint8_t *copy = malloc(n + (n == 0));
		struct ctbcs c;
		uint16_t sw;

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, in.p, n);
		sw = ctbcs_parse(&c, (struct view){ copy, n });
		ck_assert(n >= 4 || sw == CTBCS_SW_LENGTH);
		ck_assert_ptr_nonnull(ctbcs_sw_text(sw));
		free(copy);
	}
}
END_TEST

/* hbci4java with a keypad: PIN at byte 7 behind the length nibble 5. */
START_TEST(perform)
{
	struct view in = B("\x20\x18\x01\x00\x19\x50\x03PIN\x80\x01\x0f\x52\x0f"
	    "\x51\x07\x00\x20\x00\x81\x08\x25\xff\xff\xff\xff\xff\xff\xff");
	struct ctbcs c;

	ck_assert_uint_eq(ctbcs_parse(&c, in), CTBCS_SW_OK);
	ck_assert_uint_eq(c.texts, 1);
	ck_view_eq(c.text[0], B("PIN"));
	ck_assert_uint_eq(c.timeout_s, 15);
	ck_assert_uint_eq(c.perform.pin_length, 5);
	ck_assert_uint_eq(c.perform.encoding, 1);
	ck_assert_uint_eq(c.perform.position, 7);
	ck_view_eq(c.perform.apdu, B("\x00\x20\x00\x81\x08\x25\xff\xff\xff\xff"
	    "\xff\xff\xff"));
	in = B("\x20\x19\x01\x00\x09\x52\x07\x02\x06\x0e\x00\x24\x00\x81");
	ck_assert_uint_eq(ctbcs_parse(&c, in), CTBCS_SW_OK);
	ck_assert_uint_eq(c.perform.encoding, 2);
	ck_assert_uint_eq(c.perform.position, 6);
	ck_assert_uint_eq(c.perform.new_position, 14);
	ck_view_eq(c.perform.apdu, B("\x00\x24\x00\x81"));
}
END_TEST

START_TEST(interface)
{
	struct ctbcs c;

	ck_assert_uint_eq(ctbcs_parse(&c,
	    B("\x80\x60\x02\x00\x03\x22\x01\x01")), CTBCS_SW_OK);
	ck_assert_uint_eq(c.interface, CTBCS_T0);
	ck_assert_uint_eq(c.slot, 2);
	ck_assert_uint_eq(ctbcs_parse(&c, B("\x80\x60\x02\x00\x02\x22\x00")),
	    CTBCS_SW_DATA);
}
END_TEST

#define ATR	"\x3b\x84\x80\x01\x61\x62\x63\x64\x05"

static const struct {
	uint8_t p2;
	struct view atr, want;
} atrs[] = {
	{ 0x00, B(ATR), B("\x90\x01") },
	{ 0x01, B(ATR), B(ATR "\x90\x01") },
	{ 0xf1, B(ATR), B(ATR "\x90\x01") },
	{ 0x02, B(ATR), B("abcd\x90\x01") },
	{ 0x02, B("\x3b"), B("\x90\x01") },
	{ 0x01, B(""), B("\x90\x01") },
};

START_TEST(answer_atr)
{
	uint8_t buf[CTBCS_ANSWER_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	ctbcs_answer_atr(&w, atrs[_i].p2, atrs[_i].atr);
	ck_view_eq(wr_done(&w), atrs[_i].want);
}
END_TEST

START_TEST(answers)
{
	uint8_t buf[CTBCS_ANSWER_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	char name[400];

	ctbcs_answer_cards(&w, B("\x05"));
	ck_view_eq(wr_done(&w), B("\x05\x90\x00"));
	w.n = 0;
	ctbcs_answer_units(&w, B("\x01\x02\x50"));
	ck_view_eq(wr_done(&w), B("\x81\x03\x01\x02\x50\x90\x00"));
	w.n = 0;
	ctbcs_answer_maker(&w, "DEABC", "T", "1.23456", "a\nb\xe4");
	ck_view_eq(wr_done(&w), B("\x46\x13" "DEABC" "T    " "1.234" "a?b?"
	    "\x90\x00"));
	w.n = 0;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ctbcs_answer_maker(&w, "", "", "", name);
	ck_assert(!w.bad);
	ck_assert_uint_eq(w.n, CTBCS_ANSWER_MAX);
	ck_assert_uint_eq(buf[1], CTBCS_ANSWER_MAX - 4);
}
END_TEST

START_TEST(le)
{
	uint8_t buf[CTBCS_ANSWER_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct ctbcs c = { .has_le = true, .le = 3 };

	ctbcs_answer_units(&w, B("\x01"));
	ctbcs_fit(&w, &c);
	ck_view_eq(wr_done(&w), B("\x81\x01\x01\x90\x00"));
	c.le = 2;
	ctbcs_fit(&w, &c);
	ck_view_eq(wr_done(&w), B("\x6c\x00"));
}
END_TEST

START_TEST(texts)
{
	ck_assert_str_eq(ctbcs_sw_text(0x64a1), "no card");
	ck_assert_ptr_null(ctbcs_sw_text(0x63c2));
}
END_TEST

#define ROWS(t) ((int)(sizeof(t) / sizeof((t)[0])))

int
main(void)
{
	Suite *s = suite_create("ctbcs");
	TCase *t = tcase_create("ctbcs");

	tcase_add_loop_test(t, command, 0, ROWS(commands));
	tcase_add_loop_test(t, cut, 0, ROWS(commands));
	tcase_add_test(t, perform);
	tcase_add_test(t, interface);
	tcase_add_loop_test(t, answer_atr, 0, ROWS(atrs));
	tcase_add_test(t, answers);
	tcase_add_test(t, le);
	tcase_add_test(t, texts);
	suite_add_tcase(s, t);
	return unit_run(s);
}
