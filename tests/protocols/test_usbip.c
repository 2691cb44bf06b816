/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/usbip.h"

/* Documentation/usb/usbip_protocol.rst, "Examples": a device descriptor read. */
static const uint8_t submit[USBIP_URB_SIZE] = {
	0, 0, 0, 1, 0, 0, 0x0d, 0x05, 0, 1, 0, 0x0f, 0, 0, 0, 1, 0, 0, 0, 0,
	0, 0, 2, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4,
	0x80, 6, 0, 1, 0, 0, 0x12, 0,
};

START_TEST(submit_parses)
{
	struct usbip_urb u;

	ck_assert_int_eq(usbip_urb_parse(&u,
	    (struct view){ submit, sizeof(submit) }), ERR_OK);
	ck_assert_int_eq(u.kind, USBIP_CMD_SUBMIT);
	ck_assert_uint_eq(u.seq, 0xd05);
	ck_assert_uint_eq(u.devid, 0x1000f);
	ck_assert(u.is_in);
	ck_assert_uint_eq(u.ep, 0);
	ck_assert_uint_eq(u.flags, 0x200);
	ck_assert_uint_eq(u.length, 64);
	ck_assert_uint_eq(u.interval, 4);
	ck_assert_mem_eq(u.setup, submit + 40, 8);
}
END_TEST

static const struct usbip_urb urbs[] = {
	{ .kind = USBIP_CMD_SUBMIT, .seq = 1, .devid = 2, .is_in = true, .ep = 2,
	    .flags = 3, .length = 271, .interval = 4, .setup = { 1, 2, 3, 4 } },
	{ .kind = USBIP_RET_SUBMIT, .seq = 9, .status = -32, .length = 0 },
	{ .kind = USBIP_CMD_UNLINK, .seq = 10, .devid = 7, .unlink_seq = 9 },
	{ .kind = USBIP_RET_UNLINK, .seq = 10, .status = -104 },
};

START_TEST(urb_goes_round_and_is_cut)
{
	uint8_t buf[USBIP_URB_SIZE];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct usbip_urb got;

	usbip_urb_write(&w, &urbs[_i]);
	ck_assert_uint_eq(wr_done(&w).n, USBIP_URB_SIZE);
	ck_assert_int_eq(usbip_urb_parse(&got, wr_done(&w)), ERR_OK);
	ck_assert_mem_eq(&got, &urbs[_i], sizeof(got));
	for (size_t cut = 0; cut < sizeof(buf); cut++)
		ck_assert_int_eq(usbip_urb_parse(&got,
		    view_first(wr_done(&w), cut)), ERR_SHORT);
}
END_TEST

START_TEST(unknown_kind_is_refused)
{
	uint8_t buf[USBIP_URB_SIZE] = { 0, 0, 0, 5 };
	struct usbip_urb u;

	ck_assert_int_eq(usbip_urb_parse(&u,
	    (struct view){ buf, sizeof(buf) }), ERR_FORMAT);
}
END_TEST

START_TEST(import_and_device)
{
	uint8_t buf[USBIP_DEVICE_SIZE];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct usbip_device d = { .path = "/sys/x", .busid = "1-1", .busnum = 1,
		.devnum = 2, .speed = USBIP_SPEED_FULL, .vid = 0x046a,
		.pid = 0x2d, .interfaces = 1 }, got;
	struct usbip_op op;

	usbip_import_write(&w, "1-1");
	ck_assert_uint_eq(wr_done(&w).n, USBIP_IMPORT_REQ_SIZE);
	ck_assert_int_eq(usbip_op_parse(&op, wr_done(&w)), ERR_OK);
	ck_assert_uint_eq(op.code, USBIP_OP_REQ_IMPORT);
	ck_assert_str_eq((char *)buf + 8, "1-1");

	w = (struct wr){ .p = buf, .cap = sizeof(buf) };
	usbip_device_write(&w, &d);
	ck_assert_uint_eq(wr_done(&w).n, USBIP_DEVICE_SIZE);
	ck_assert_int_eq(usbip_device_parse(&got, wr_done(&w)), ERR_OK);
	ck_assert_mem_eq(&got, &d, sizeof(d));
	ck_assert_uint_eq(usbip_devid(&got), 0x10002);
	memset(buf, 'x', sizeof(buf));	/* no NUL anywhere */
	ck_assert_int_eq(usbip_device_parse(&got, wr_done(&w)), ERR_OK);
	ck_assert_uint_eq(strlen(got.busid), 31);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("usbip");
	TCase *t = tcase_create("usbip");

	tcase_add_test(t, submit_parses);
	tcase_add_loop_test(t, urb_goes_round_and_is_cut, 0,
	    sizeof(urbs) / sizeof(urbs[0]));
	tcase_add_test(t, unknown_kind_is_refused);
	tcase_add_test(t, import_and_device);
	suite_add_tcase(s, t);
	return unit_run(s);
}
