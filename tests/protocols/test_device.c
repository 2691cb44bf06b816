/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/device.h"

static const struct {
	const char *text;
	enum err err;
	enum device_kind kind;
	uint16_t vid, pid;
	const char *node;
	const char *host, *port, *busid;
	uint8_t slots;
	bool connects;
} rows[] = {
	{ "usb:046a/002d", .kind = DEVICE_USB_ID, .vid = 0x046a, .pid = 0x2d },
	{ "usb:46A/2D", .kind = DEVICE_USB_ID, .vid = 0x046a, .pid = 0x2d },
	{ "usb:0529/0514/0100", .kind = DEVICE_USB_ID, .vid = 0x0529,
	    .pid = 0x0514 },
	{ "usb:/dev/bus/usb/001/004", .kind = DEVICE_USB_NODE,
	    .node = "/dev/bus/usb/001/004" },
	{ "usbip:10.0.0.1:3241/1-1", .kind = DEVICE_USBIP, .host = "10.0.0.1",
	    .port = "3241", .busid = "1-1" },
	{ "usbip:host.example/2-1.4", .kind = DEVICE_USBIP,
	    .host = "host.example", .port = "3240", .busid = "2-1.4" },
	{ "usbip:[fe80::1]:99/1-1", .kind = DEVICE_USBIP, .host = "fe80::1",
	    .port = "99", .busid = "1-1" },
	{ "usbip:[::1]/1-1", .kind = DEVICE_USBIP, .host = "::1",
	    .port = "3240", .busid = "1-1" },
	{ "usbip:unix:/run/emu/sock/1-2", .kind = DEVICE_USBIP,
	    .host = "/run/emu/sock", .port = "", .busid = "1-2" },
	{ "vpcd:35963", .kind = DEVICE_VPCD, .host = "127.0.0.1",
	    .port = "35963", .slots = 2 },
	{ "vpcd:0/8", .kind = DEVICE_VPCD, .host = "127.0.0.1", .port = "0",
	    .slots = 8 },
	{ "vpcd:0.0.0.0:65535/1", .kind = DEVICE_VPCD, .host = "0.0.0.0",
	    .port = "65535", .slots = 1 },
	{ "vpcd:[::]:35963", .kind = DEVICE_VPCD, .host = "::",
	    .port = "35963", .slots = 2 },
	{ "vpcd:connect:phone.example:35963/1", .kind = DEVICE_VPCD,
	    .host = "phone.example", .port = "35963", .slots = 1,
	    .connects = true },
	/* what OpenCT had */
	{ "serial:/dev/ttyS0", .err = ERR_UNSUPPORTED },
	{ "pcmcia:/dev/cmm0", .err = ERR_UNSUPPORTED },
	{ "pcmcia_block:/dev/cmm0", .err = ERR_UNSUPPORTED },
	{ "remote:host:6666", .err = ERR_UNSUPPORTED },
	/* wrong */
	{ "", .err = ERR_ARG },
	{ "usb", .err = ERR_ARG },
	{ "usb:", .err = ERR_ARG },
	{ "usb:046a", .err = ERR_ARG },
	{ "usb:046a/", .err = ERR_ARG },
	{ "usb:/", .kind = DEVICE_USB_NODE, .node = "/" },
	{ "usb:046g/002d", .err = ERR_ARG },
	{ "usb:1046a/002d", .err = ERR_ARG },
	{ "usb:046a:002d", .err = ERR_ARG },
	{ "usb:/dev/a/path/that/is/longer/than/that/of/any/node/of/a/USB/"
	    "device",
	    .err = ERR_ARG },
	{ "serial", .err = ERR_ARG },
	{ "usbip:unix:/1-2", .err = ERR_ARG },
	{ "usbip:unix:sock", .err = ERR_ARG },
	{ "usbip:host:3240", .err = ERR_ARG },
	{ "usbip:host:3240/", .err = ERR_ARG },
	{ "usbip:host:/1-1", .err = ERR_ARG },
	{ "usbip:host:x/1-1", .err = ERR_ARG },
	{ "usbip:host:123456/1-1", .err = ERR_ARG },
	{ "usbip:host:65536/1-1", .err = ERR_ARG },
	{ "usbip:host:0/1-1", .err = ERR_ARG },
	{ "usbip::3240/1-1", .err = ERR_ARG },
	{ "usbip:[::1/1-1", .err = ERR_ARG },
	{ "usbip:[::1]x/1-1", .err = ERR_ARG },
	{ "usbip:/1-1", .err = ERR_ARG },
	{ "usbip:", .err = ERR_ARG },
	{ "usbip:h/12345678901234567890123456789012", .err = ERR_ARG },
	{ "vpcd:", .err = ERR_ARG },
	{ "vpcd:/1", .err = ERR_ARG },
	{ "vpcd:host", .err = ERR_ARG },
	{ "vpcd:host:", .err = ERR_ARG },
	{ "vpcd:123456", .err = ERR_ARG },
	{ "vpcd:65535", .err = ERR_ARG },	/* the second slot's port */
	{ "vpcd:65536/1", .err = ERR_ARG },
	{ "vpcd:35963/", .err = ERR_ARG },
	{ "vpcd:35963/0", .err = ERR_ARG },
	{ "vpcd:35963/9", .err = ERR_ARG },
	{ "vpcd:35963/11", .err = ERR_ARG },
	{ "vpcd:connect:35963", .err = ERR_ARG },
	{ "vpcd:connect:host:0/1", .err = ERR_ARG },
};

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

START_TEST(device_strings_are_read)
{
	const char *why = NULL;
	struct device d;

	ck_assert_msg(device_parse(&d, view_str(rows[_i].text), &why) ==
	    rows[_i].err, "%s", rows[_i].text);
	if (rows[_i].err != ERR_OK) {
		ck_assert_str_ne(why, "");
		return;
	}
	ck_assert_int_eq(d.kind, rows[_i].kind);
	ck_assert_uint_eq(d.vid, rows[_i].vid);
	ck_assert_uint_eq(d.pid, rows[_i].pid);
	ck_assert_str_eq(d.node, or_empty(rows[_i].node));
	ck_assert_str_eq(d.host, or_empty(rows[_i].host));
	ck_assert_str_eq(d.port, or_empty(rows[_i].port));
	ck_assert_str_eq(d.busid, or_empty(rows[_i].busid));
	ck_assert_uint_eq(d.slots, rows[_i].slots);
	ck_assert_int_eq(d.connects, rows[_i].connects);
	ck_assert_int_eq(d.is_unix, d.kind == DEVICE_USBIP &&
	    d.port[0] == '\0');
}
END_TEST

START_TEST(every_cut_is_safe)
{
	for (size_t n = 0; n <= strlen(rows[_i].text); n++) {
		uint8_t *copy = malloc(n + (n == 0));
		const char *why = NULL;
		struct device d;

		memcpy(copy, rows[_i].text, n);
		if (device_parse(&d, (struct view){ copy, n }, &why) != ERR_OK)
			ck_assert_str_ne(why, "");
		free(copy);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device");
	TCase *t = tcase_create("device");
	int n = (int)(sizeof(rows) / sizeof(rows[0]));

	tcase_add_loop_test(t, device_strings_are_read, 0, n);
	tcase_add_loop_test(t, every_cut_is_safe, 0, n);
	suite_add_tcase(s, t);
	return unit_run(s);
}
