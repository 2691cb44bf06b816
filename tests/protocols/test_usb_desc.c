/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/usb_desc.h"
#include "protocols/usb_setup.h"

/* A keyboard with a CCID behind it: two interfaces, one alternate setting. */
#define CONFIG								\
	"\x09\x02\x4e\x00\x02\x01\x00\xa0\x32"				\
	"\x09\x04\x00\x00\x01\x03\x01\x01\x00"				\
	"\x09\x21\x11\x01\x00\x01\x22\x41\x00"	/* HID */		\
	"\x07\x05\x81\x03\x08\x00\x0a"					\
	"\x09\x04\x01\x00\x02\x0b\x00\x00\x04"				\
	"\x07\x05\x02\x02\x40\x00\x00"					\
	"\x04\xff\xab\xcd"			/* behind an endpoint */ \
	"\x07\x05\x82\x02\x00\x02\x00"					\
	"\x09\x04\x01\x01\x00\x0b\x00\x00\x00"				\
	"\x02\x30"	/* two bytes are enough for a descriptor */	\
	"\x06\x05\x82\x02\x00\x02"		/* too short: no endpoint */

static enum err
parse_copy(struct view in, size_t n)
{
	uint8_t *copy = malloc(n + (n == 0));
	struct usb_device_desc d;
	struct usb_config c;
	struct usb_interface i;
	struct view v = { copy, n };
	char text[8];
	enum err e;

	if (n != 0)
		memcpy(copy, in.p, n);
	if (usb_device_parse(&d, v) == ERR_OK)
		ck_assert_uint_ge(n, USB_DEVICE_SIZE);
	if (usb_string_parse(text, sizeof(text), v) != ERR_OK)
		ck_assert_str_eq(text, "");
	(void)usb_langid_parse(v);
	e = usb_config_parse(&c, v);
	if (e == ERR_OK)
		while (usb_interface_next(&c.body, &i))
			ck_assert_uint_le(i.n_endpoints, USB_ENDPOINTS_MAX);
	free(copy);
	return e;
}

START_TEST(interfaces_are_walked)
{
	struct usb_config c;
	struct usb_interface i;

	ck_assert_int_eq(usb_config_parse(&c, B(CONFIG "\xaa")), ERR_OK);
	ck_assert_uint_eq(c.value, 1);
	ck_assert_uint_eq(c.interfaces, 2);
	ck_assert_uint_eq(c.max_power_ma, 100);

	ck_assert(usb_interface_next(&c.body, &i));
	ck_assert_uint_eq(i.iface_class, 3);
	ck_assert_uint_eq(i.protocol, 1);
	ck_assert_uint_eq(i.n_endpoints, 1);
	ck_assert_uint_eq(i.endpoint[0].address, 0x81);
	ck_assert_int_eq(i.endpoint[0].type, USB_EP_INTERRUPT);
	ck_assert_uint_eq(i.endpoint[0].interval, 10);
	ck_view_eq(i.extra, B("\x09\x21\x11\x01\x00\x01\x22\x41\x00"));

	ck_assert(usb_interface_next(&c.body, &i));
	ck_assert_uint_eq(i.number, 1);
	ck_assert_uint_eq(i.string, 4);
	ck_assert_uint_eq(i.n_endpoints, 2);
	ck_assert_int_eq(i.endpoint[0].type, USB_EP_BULK);
	ck_view_eq(i.endpoint[0].extra, B("\x04\xff\xab\xcd"));
	ck_assert_uint_eq(i.endpoint[1].max_packet, 512);
	ck_assert_uint_eq(i.extra.n, 0);

	ck_assert(usb_interface_next(&c.body, &i));
	ck_assert_uint_eq(i.alt, 1);
	ck_assert_uint_eq(i.n_endpoints, 0);
	ck_view_eq(i.extra, B("\x02\x30\x06\x05\x82\x02\x00\x02"));
	ck_assert(!usb_interface_next(&c.body, &i));
	ck_assert_uint_eq(c.body.n, 0);
}
END_TEST

START_TEST(a_broken_chain_ends_the_walk)
{
	static const struct {
		const char *name;
		struct view in;
	} rows[] = {
		{ "length 0", B("\x09\x02\x1b\x00\x01\x01\x00\x80\x32"
		    "\x09\x04\x00\x00\x02\x0b\x00\x00\x00"
		    "\x00\x05\x81\x02\x40\x00\x00\x00\x00") },
		{ "length 1", B("\x09\x02\x1b\x00\x01\x01\x00\x80\x32"
		    "\x09\x04\x00\x00\x02\x0b\x00\x00\x00"
		    "\x01\x05\x81\x02\x40\x00\x00\x00\x00") },
		{ "length 255", B("\x09\x02\x1b\x00\x01\x01\x00\x80\x32"
		    "\x09\x04\x00\x00\x02\x0b\x00\x00\x00"
		    "\xff\x05\x81\x02\x40\x00\x00\x00\x00") },
	};

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct usb_config c;
		struct usb_interface i;

		ck_assert_int_eq(usb_config_parse(&c, rows[k].in), ERR_OK);
		ck_assert_msg(usb_interface_next(&c.body, &i), "%s",
		    rows[k].name);
		ck_assert_uint_eq(i.n_endpoints, 0);
		ck_assert_msg(!usb_interface_next(&c.body, &i), "%s",
		    rows[k].name);
		ck_assert_uint_eq(c.body.n, 9);
		ck_assert_int_eq(parse_copy(rows[k].in, rows[k].in.n), ERR_OK);
	}
}
END_TEST

START_TEST(endpoints_beyond_the_most_are_left_out)
{
	uint8_t raw[USB_CONFIG_SIZE + USB_INTERFACE_SIZE +
	    40 * USB_ENDPOINT_SIZE];
	struct wr w = { .p = raw, .cap = sizeof(raw) };
	struct usb_config c;
	struct usb_interface i;

	wr_view(&w, B("\x09\x02"));
	wr_le16(&w, sizeof(raw));
	wr_view(&w, B("\x01\x01\x00\x80\x32"));
	wr_view(&w, B("\x09\x04\x00\x00\xff\x0b\x00\x00\x00"));
	for (int k = 0; k < 40; k++)
		wr_view(&w, B("\x07\x05\x81\x02\x40\x00\x00"));
	ck_assert_int_eq(usb_config_parse(&c, wr_done(&w)), ERR_OK);
	ck_assert(usb_interface_next(&c.body, &i));
	ck_assert_uint_eq(i.n_endpoints, USB_ENDPOINTS_MAX);
	ck_assert_uint_eq(c.body.n, 0);
}
END_TEST

START_TEST(configurations_are_swept)
{
	uint8_t buf[sizeof(CONFIG) - 1];
	struct view whole = B(CONFIG);

	for (size_t cut = 0; cut < whole.n; cut++)
		ck_assert_int_eq(parse_copy(whole, cut), ERR_SHORT);
	memcpy(buf, whole.p, whole.n);
	for (size_t i = 0; i < whole.n; i++)
		for (unsigned k = 0; k < 3; k++) {
			buf[i] = (uint8_t)(k == 0 ? 0 : k == 1 ? 0xff :
			    ~whole.p[i]);
			(void)parse_copy((struct view){ buf, whole.n },
			    whole.n);
			buf[i] = whole.p[i];
		}
	ck_assert_int_eq(parse_copy(B("\x09\x02\x08\x00\x01\x01\x00\x80\x32"),
	    9), ERR_FORMAT);
	ck_assert_int_eq(parse_copy(B("\x08\x02\x09\x00\x01\x01\x00\x80\x32"),
	    9), ERR_FORMAT);
}
END_TEST

START_TEST(a_device_is_read)
{
	struct view in = B("\x12\x01\x10\x01\x00\x01\x02\x08\x6a\x04\x2d\x00"
	    "\x03\x02\x01\x02\x03\x01");
	struct usb_device_desc d;

	ck_assert_int_eq(usb_device_parse(&d, in), ERR_OK);
	ck_assert_uint_eq(d.bcd_usb, 0x0110);
	ck_assert_uint_eq(d.subclass, 1);
	ck_assert_uint_eq(d.protocol, 2);
	ck_assert_uint_eq(d.max_packet0, 8);
	ck_assert_uint_eq(d.vid, 0x046a);
	ck_assert_uint_eq(d.pid, 0x002d);
	ck_assert_uint_eq(d.bcd_device, 0x0203);
	ck_assert_uint_eq(d.manufacturer, 1);
	ck_assert_uint_eq(d.product, 2);
	ck_assert_uint_eq(d.serial, 3);
	ck_assert_uint_eq(d.configurations, 1);
	for (size_t cut = 0; cut < in.n; cut++)
		ck_assert_int_eq(usb_device_parse(&d, view_first(in, cut)),
		    ERR_SHORT);
	ck_assert_int_eq(usb_device_parse(&d, B(CONFIG)), ERR_FORMAT);
}
END_TEST

START_TEST(strings_become_clean_utf8)
{
	static const struct {
		const char *name;
		struct view in;
		const char *want;
		enum err err;
	} rows[] = {
		{ "plain", B("\x08\x03" "A\0b\0c\0"), "Abc", ERR_OK },
		{ "spaces go", B("\x0e\x03 \0 \0A\0 \0b\0 \0"), "A b", ERR_OK },
		{ "umlaut, euro", B("\x06\x03\xfc\x00\xac\x20"),
		    "\xc3\xbc\xe2\x82\xac", ERR_OK },
		{ "a pair", B("\x06\x03\x3d\xd8\x00\xde"), "\xf0\x9f\x98\x80",
		    ERR_OK },
		{ "half a pair", B("\x06\x03\x3d\xd8" "A\0"), "\xef\xbf\xbd" "A",
		    ERR_OK },
		{ "the other half", B("\x06\x03\x00\xde" "A\0"),
		    "\xef\xbf\xbd" "A", ERR_OK },
		{ "half a pair at the end", B("\x04\x03\x3d\xd8"),
		    "\xef\xbf\xbd", ERR_OK },
		{ "controls", B("\x0c\x03\n\0\x1b\0\x7f\0\x85\0\x28\x20"),
		    "?????", ERR_OK },
		{ "NUL ends", B("\x08\x03" "A\0\0\0c\0"), "A", ERR_OK },
		{ "half a character", B("\x05\x03" "A\0b"), "A", ERR_OK },
		{ "empty", B("\x02\x03"), "", ERR_OK },
		{ "longer than claimed", B("\x04\x03" "A\0b\0"), "A", ERR_OK },
		{ "shorter than claimed", B("\x06\x03" "A\0"), "", ERR_SHORT },
		{ "length 0", B("\x00\x03" "A\0"), "", ERR_FORMAT },
		{ "another type", B("\x04\x02" "A\0"), "", ERR_FORMAT },
		{ "nothing", B(""), "", ERR_SHORT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32];
		enum err e = usb_string_parse(text, sizeof(text), rows[i].in);

		ck_assert_msg(e == rows[i].err && strcmp(text, rows[i].want) == 0,
		    "%s: %s, '%s'", rows[i].name, err_name(e), text);
		(void)parse_copy(rows[i].in, rows[i].in.n);
	}
}
END_TEST

START_TEST(strings_are_cut_at_whole_characters)
{
	struct view in = B("\x08\x03" "A\0\xac\x20" "b\0");
	static const char *const want[] = { "", "A", "A", "A",
		"A\xe2\x82\xac", ("A\xe2\x82\xac" "b") };

	for (size_t cap = 1; cap <= 6; cap++) {
		char *text = malloc(cap);

		ck_assert_int_eq(usb_string_parse(text, cap, in), ERR_OK);
		ck_assert_str_eq(text, want[cap - 1]);
		free(text);
	}
	ck_assert_uint_eq(usb_langid_parse(B("\x04\x03\x07\x04")), 0x0407);
	ck_assert_uint_eq(usb_langid_parse(B("\x02\x03")), 0x0409);
	ck_assert_uint_eq(usb_langid_parse(B("\x04\x03\x07")), 0x0409);
}
END_TEST

START_TEST(setup_goes_round)
{
	struct usb_setup s = { 0xa1, 3, 0x1234, 0x5678, 1024 }, got;
	uint8_t buf[USB_SETUP_SIZE];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct rd r;

	usb_setup_write(&w, &s);
	ck_view_eq(wr_done(&w), B("\xa1\x03\x34\x12\x78\x56\x00\x04"));
	r = (struct rd){ .in = wr_done(&w) };
	usb_setup_read(&r, &got);
	ck_assert(!r.bad && got.type == 0xa1 && got.request == 3 &&
	    got.value == 0x1234 && got.index == 0x5678 && got.length == 1024);
	r = (struct rd){ .in = { buf, 7 } };
	usb_setup_read(&r, &got);
	ck_assert(r.bad);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("usb_desc");
	TCase *t = tcase_create("usb_desc");

	tcase_add_test(t, interfaces_are_walked);
	tcase_add_test(t, a_broken_chain_ends_the_walk);
	tcase_add_test(t, endpoints_beyond_the_most_are_left_out);
	tcase_add_test(t, configurations_are_swept);
	tcase_add_test(t, a_device_is_read);
	tcase_add_test(t, strings_become_clean_utf8);
	tcase_add_test(t, strings_are_cut_at_whole_characters);
	tcase_add_test(t, setup_goes_round);
	suite_add_tcase(s, t);
	return unit_run(s);
}
