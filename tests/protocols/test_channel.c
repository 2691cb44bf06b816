/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/channel.h"

/* An exact-size copy on the heap, so that a sanitizer sees one byte too many. */
static enum err
decode_first(struct channel_msg *m, struct view in, size_t n)
{
	uint8_t *copy = malloc(n + (n == 0));
	enum err e;

	memcpy(copy, in.p, n);
	e = channel_decode(m, (struct view){ copy, n });
	free(copy);
	return e;
}

START_TEST(message_goes_round)
{
	static uint8_t buf[CHANNEL_MAX];
	struct channel_msg m = { CHANNEL_RESULT, 3, ERR_NO_CARD, 0x12345678,
		7, B("\x90\x00") }, got;
	size_t n = channel_encode(buf, &m);

	ck_assert_uint_eq(n, CHANNEL_HEADER + 2);
	ck_assert_int_eq(channel_decode(&got, (struct view){ buf, n }), ERR_OK);
	ck_assert_int_eq(got.type, CHANNEL_RESULT);
	ck_assert_uint_eq(got.slot, 3);
	ck_assert_int_eq(got.err, ERR_NO_CARD);
	ck_assert_uint_eq(got.xid, 0x12345678);
	ck_assert_uint_eq(got.arg, 7);
	ck_view_eq(got.data, m.data);
	for (size_t cut = 0; cut < CHANNEL_HEADER; cut++)
		ck_assert_int_eq(decode_first(&got, (struct view){ buf, n },
		    cut), ERR_SHORT);
	buf[0] = CHANNEL_TYPE_COUNT;
	ck_assert_int_eq(channel_decode(&got, (struct view){ buf, n }), ERR_FORMAT);
}
END_TEST

START_TEST(too_much_data_is_refused)
{
	static uint8_t buf[CHANNEL_MAX], big[CHANNEL_DATA_MAX + 1];
	struct channel_msg m = { .type = CHANNEL_TRANSMIT,
		.data = { big, sizeof(big) } };

	ck_assert_uint_eq(channel_encode(buf, &m), 0);
	m.data.n--;
	ck_assert_uint_eq(channel_encode(buf, &m), CHANNEL_MAX);
}
END_TEST

START_TEST(info_goes_round_and_is_swept)
{
	struct channel_info info = { .slots = 2, .has_keypad = true, .polls = true,
	    .keeps_power = true,
		.vid = 0x046a, .pid = 0x002d, .bcd_device = 0x0203,
		.max_apdu = 261, .max_message = 271, .features = 0x000207b2,
		.protocols = CHANNEL_T0 | CHANNEL_T1, .driver = "ccid",
		.vendor = "Cherry GmbH", .plan = "short APDUs" }, got;
	uint8_t buf[2048];
	struct view v = channel_info_encode(buf, sizeof(buf), &info);

	ck_assert_uint_ne(v.n, 0);
	ck_assert_int_eq(channel_info_decode(&got, v), ERR_OK);
	ck_assert_uint_eq(got.slots, 2);
	ck_assert(got.has_keypad && !got.has_display);
	ck_assert(got.polls && got.keeps_power);
	ck_assert_uint_eq(got.features, info.features);
	ck_assert_str_eq(got.vendor, "Cherry GmbH");
	ck_assert_str_eq(got.product, "");
	ck_assert_str_eq(got.plan, "short APDUs");
	for (size_t cut = 0; cut < v.n; cut++)
		ck_assert_int_eq(channel_info_decode(&got, view_first(v, cut)),
		    ERR_SHORT);
	for (size_t i = 0; i < v.n; i++) {	/* must not crash */
		uint8_t was = buf[i];

		for (unsigned k = 0; k < 3; k++) {
			buf[i] = (uint8_t)(k == 0 ? 0 : k == 1 ? 0xff : ~was);
			if (channel_info_decode(&got, v) == ERR_OK)
				ck_assert_uint_ge(got.slots, 1);
		}
		buf[i] = was;
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("channel");
	TCase *t = tcase_create("channel");

	tcase_add_test(t, message_goes_round);
	tcase_add_test(t, too_much_data_is_refused);
	tcase_add_test(t, info_goes_round_and_is_swept);
	suite_add_tcase(s, t);
	return unit_run(s);
}
