/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/vpcd.h"

#define V(s) { (const uint8_t *)(s), sizeof(s) - 1 }

static const struct {
	enum vpcd_order order;
	struct view frame;
} orders[] = {
	{ VPCD_OFF, V("\0\x01\0") },
	{ VPCD_ON, V("\0\x01\x01") },
	{ VPCD_RESET, V("\0\x01\x02") },
	{ VPCD_GET_ATR, V("\0\x01\x04") },
};

START_TEST(orders_are_one_byte)
{
	uint8_t buf[8];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	vpcd_write_order(&w, orders[_i].order);
	ck_assert(view_eq(wr_done(&w), orders[_i].frame));
}
END_TEST

static const struct {
	struct view in;
	enum err err;
	struct view message;
} parsed[] = {
	{ V("\0\x02\x90\0"), ERR_OK, V("\x90\0") },
	{ V("\0\x05\x3b\x02T0\0"), ERR_OK, V("\x3b\x02T0\0") },
	{ V("\0\0"), ERR_OK, V("") },
	{ V(""), ERR_SHORT, V("") },
	{ V("\0"), ERR_SHORT, V("") },
	{ V("\0\x02\x90"), ERR_SHORT, V("") },
	{ V("GET / HTTP/1.1"), ERR_SHORT, V("") },
	{ V("\0\x02\x90\0\0"), ERR_FORMAT, V("\x90\0") },
	{ V("\0\0\0"), ERR_FORMAT, V("") },
};

START_TEST(messages_are_found)
{
	struct view m;

	ck_assert_int_eq(vpcd_parse(&m, parsed[_i].in), parsed[_i].err);
	ck_assert(view_eq(m, parsed[_i].message));
}
END_TEST

static const size_t lengths[] = { 0, 1, 2, 255, 256, 261, VPCD_MESSAGE_MAX };

START_TEST(a_message_goes_round_and_is_cut)
{
	static uint8_t text[VPCD_MESSAGE_MAX], buf[VPCD_FRAME_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct view m = { text, lengths[_i] }, got;

	memset(text, 0x5a, sizeof(text));
	vpcd_write(&w, m);
	ck_assert_uint_eq(wr_done(&w).n, VPCD_HEADER + m.n);
	ck_assert_int_eq(vpcd_parse(&got, wr_done(&w)), ERR_OK);
	ck_assert(view_eq(got, m));
	for (size_t cut = 0; cut < w.n; cut++)
		ck_assert_int_eq(vpcd_parse(&got,
		    view_first(wr_done(&w), cut)), ERR_SHORT);
}
END_TEST

START_TEST(a_message_has_a_longest)
{
	static uint8_t text[VPCD_MESSAGE_MAX + 1], buf[2 * VPCD_FRAME_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	vpcd_write(&w, (struct view){ text, sizeof(text) });
	ck_assert(w.bad);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int
main(void)
{
	Suite *s = suite_create("vpcd");
	TCase *t = tcase_create("vpcd");

	tcase_add_loop_test(t, orders_are_one_byte, 0, COUNT(orders));
	tcase_add_loop_test(t, messages_are_found, 0, COUNT(parsed));
	tcase_add_loop_test(t, a_message_goes_round_and_is_cut, 0,
	    COUNT(lengths));
	tcase_add_test(t, a_message_has_a_longest);
	suite_add_tcase(s, t);
	return unit_run(s);
}
