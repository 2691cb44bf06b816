/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/ccid_plan.h"

/* A reader as the Cherry ST-1044U describes itself, for rows to change. */
static const struct ccid_desc st_1044u = {
	.bcd_ccid = 0x0100, .voltages = 7, .protocols = 3,
	.default_clock_khz = 4800, .max_clock_khz = 8000, .num_clocks = 4,
	.data_rate = 10752, .max_data_rate = 412903, .num_data_rates = 106,
	.max_ifsd = 254, .synch_protocols = 7, .features = 0x000207b2,
	.max_message = 271, .class_get_response = 0xff, .class_envelope = 0xff,
	.max_busy_slots = 1,
};

static const struct usb_interface three_pipes = {
	.iface_class = 0x0b, .n_endpoints = 3, .endpoint = {
		{ .address = 0x81, .type = USB_EP_INTERRUPT, .max_packet = 8 },
		{ .address = 0x02, .type = USB_EP_BULK, .max_packet = 64 },
		{ .address = 0x83, .type = USB_EP_BULK, .max_packet = 64 },
	},
};

struct fixture {
	struct ccid_desc desc;
	struct usb_interface interface;
	struct ccid_device device;
	struct ccid_plan plan;
	char why[CCID_PLAN_TEXT];
	char text[CCID_PLAN_TEXT];
};

static void
setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->desc = st_1044u;
	f->interface = three_pipes;
	f->device = (struct ccid_device){ .vid = 0x046a, .pid = 0x002d,
		.bcd_device = 0x0203 };
}

static enum err
make(struct fixture *f)
{
	uint8_t raw[CCID_DESC_SIZE];
	struct wr w = { .p = raw, .cap = sizeof(raw) };
	enum err e;

	ccid_desc_write(&w, &f->desc);
	e = ccid_plan_make(&f->plan, &f->interface, wr_done(&w), &f->device,
	    f->why);
	ck_assert_int_eq(e == ERR_OK, f->why[0] == '\0');
	if (e == ERR_OK)
		ccid_plan_text(f->text, sizeof(f->text), &f->plan);
	return e;
}

START_TEST(the_st_1044u_is_planned)
{
	struct fixture f;
	const struct ccid_plan *p = &f.plan;

	setup(&f);
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_int_eq(p->level, CCID_SHORT);
	ck_assert_int_eq(p->transport, CCID_BULK);
	ck_assert_uint_eq(p->interrupt, 0x81);
	ck_assert_uint_eq(p->bulk_out, 0x02);
	ck_assert_uint_eq(p->bulk_in, 0x83);
	ck_assert_uint_eq(p->out_packet, 64);
	ck_assert_uint_eq(p->interrupt_packet, 8);
	ck_assert_uint_eq(p->slots, 1);
	ck_assert_uint_eq(p->busy_slots, 1);
	ck_assert_uint_eq(p->protocols, CCID_T0 | CCID_T1);
	/* no automatic voltage: 5 V, then 1.8 V, then 3 V */
	ck_assert_uint_eq(p->n_power, 3);
	ck_assert_int_eq(p->power[0], CCID_POWER_5V);
	ck_assert_int_eq(p->power[1], CCID_POWER_1V8);
	ck_assert_int_eq(p->power[2], CCID_POWER_3V);
	ck_assert(!p->host_pps && p->host_params && !p->asks_rates);
	ck_assert(!p->host_ifs);
	ck_assert_uint_eq(p->ifsd, 254);
	ck_assert_uint_eq(p->max_message, 271);
	ck_assert_uint_eq(p->max_data, 261);
	ck_assert_uint_eq(p->max_apdu, 261);
	ck_assert(!p->pin_verify && !p->pin_modify);
	ck_assert_uint_eq(p->quirks, 0);
	ck_assert_str_eq(f.text, "short APDUs (APDUs of at most 261 bytes); "
	    "messages of 271; T=0, T=1; 5 V, then 1.8 V, then 3 V; PPS by the "
	    "reader, parameters by us, at most 412903 bit/s; IFSD 254; cards by "
	    "interrupt");
}
END_TEST

START_TEST(features_decide)
{
	static const struct {
		const char *name;
		uint32_t features;
		uint8_t voltages;
		enum ccid_level level;
		uint8_t n_power;
		enum ccid_power first;
		bool host_pps, host_params, host_ifs;
	} rows[] = {
		{ "TPDU, nothing automatic but baud and clock", 0x10030, 7,
		    CCID_TPDU, 3, CCID_POWER_5V, true, true, true },
		{ "TPDU, automatic PPS", 0x100b0, 7,
		    CCID_TPDU, 3, CCID_POWER_5V, false, true, true },
		{ "TPDU, negotiates by itself", 0x10072, 7,
		    CCID_TPDU, 3, CCID_POWER_5V, false, false, true },
		{ "TPDU, automatic IFSD", 0x10430, 7,
		    CCID_TPDU, 3, CCID_POWER_5V, true, true, false },
		{ "TPDU, does not follow to another speed", 0x10010, 7,
		    CCID_TPDU, 3, CCID_POWER_5V, false, true, true },
		{ "character", 0x30, 7,
		    CCID_CHARACTER, 3, CCID_POWER_5V, true, true, true },
		{ "short APDU", 0x20030, 7,
		    CCID_SHORT, 3, CCID_POWER_5V, false, true, false },
		{ "extended APDU", 0x40030, 7,
		    CCID_EXTENDED, 3, CCID_POWER_5V, false, true, false },
		{ "automatic voltage", 0x1003c, 7,
		    CCID_TPDU, 1, CCID_POWER_AUTO, true, true, true },
		{ "1.8 V only", 0x10030, 4,
		    CCID_TPDU, 1, CCID_POWER_1V8, true, true, true },
		{ "3 V and 1.8 V", 0x10030, 6,
		    CCID_TPDU, 2, CCID_POWER_1V8, true, true, true },
		{ "no voltage named: all are tried", 0x10030, 0,
		    CCID_TPDU, 3, CCID_POWER_5V, true, true, true },
	};
	struct fixture f;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(&f);
		f.desc.features = rows[i].features;
		f.desc.voltages = rows[i].voltages;
		ck_assert_int_eq(make(&f), ERR_OK);
		ck_assert_msg(f.plan.level == rows[i].level &&
		    f.plan.n_power == rows[i].n_power &&
		    f.plan.power[0] == rows[i].first &&
		    f.plan.host_pps == rows[i].host_pps &&
		    f.plan.host_params == rows[i].host_params &&
		    f.plan.host_ifs == rows[i].host_ifs,
		    "%s: %s", rows[i].name, f.text);
	}
}
END_TEST

START_TEST(numbers_are_kept_within_bounds)
{
	struct fixture f;

	setup(&f);
	f.desc.max_slot_index = 255;
	f.desc.max_busy_slots = 0;
	f.desc.max_message = 0xffffffff;
	f.desc.max_ifsd = 0xffffffff;
	f.desc.protocols = 0x300;
	f.desc.features = 0x40030;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_uint_eq(f.plan.slots, CCID_SLOTS_MAX);
	ck_assert_uint_eq(f.plan.busy_slots, 1);
	ck_assert_uint_eq(f.plan.max_message, CCID_MESSAGE_MAX);
	ck_assert_uint_eq(f.plan.max_apdu, CCID_APDU_MAX);
	ck_assert_uint_eq(f.plan.ifsd, 254);
	ck_assert_uint_eq(f.plan.protocols, CCID_T0 | CCID_T1);

	setup(&f);
	f.desc.max_slot_index = 1;
	f.desc.max_busy_slots = 200;
	f.desc.max_message = 11;
	f.desc.max_ifsd = 0;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_uint_eq(f.plan.busy_slots, 2);
	ck_assert_uint_eq(f.plan.max_data, 1);
	ck_assert_uint_eq(f.plan.max_apdu, 1);
	ck_assert_uint_eq(f.plan.ifsd, 32);

	setup(&f);		/* a block must fit into a message */
	f.desc.features = 0x10030;
	f.desc.max_message = 263;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_uint_eq(f.plan.ifsd, 248);
	ck_assert_uint_eq(f.plan.max_apdu, CCID_APDU_MAX);
	f.desc.protocols = 1;	/* T=0 knows short APDUs only */
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_uint_eq(f.plan.max_apdu, 261);
	ck_assert(!f.plan.host_ifs);
}
END_TEST

START_TEST(pin_pads_are_seen_unless_hidden)
{
	struct fixture f;

	setup(&f);
	f.desc.pin_support = 3;
	f.desc.lcd_lines = 2;
	f.desc.lcd_columns = 16;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert(f.plan.pin_verify && f.plan.pin_modify);
	ck_assert_ptr_nonnull(strstr(f.text, "PIN pad; display of 2 x 16"));
	f.desc.pin_support = 1;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert(f.plan.pin_verify && !f.plan.pin_modify);
	ck_assert_ptr_nonnull(strstr(f.text, "(verify only)"));
	f.desc.pin_support = 3;
	f.device.pid = 0x00a7;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert(!f.plan.pin_verify && !f.plan.pin_modify);
	ck_assert_int_eq(f.plan.level, CCID_EXTENDED);
	ck_assert_ptr_nonnull(strstr(f.text, "quirk: its PIN entry"));
}
END_TEST

START_TEST(quirks_change_the_plan)
{
	struct fixture f;

	setup(&f);
	f.desc.features = 0x10030;
	f.desc.max_data_rate = 688172;
	f.device = (struct ccid_device){ .vid = 0x058f, .pid = 0x9540 };
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_uint_eq(f.plan.max_data_rate, 200000);
	ck_assert(f.plan.host_pps);

	f.device = (struct ccid_device){ .vid = 0x0b97, .pid = 0x7772 };
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_uint_eq(f.plan.max_data_rate, 9600);
	ck_assert(!f.plan.host_pps);

	f.device = (struct ccid_device){ .vid = 0x09be, .pid = 0x0002 };
	f.desc.max_ifsd = 0;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_uint_eq(f.plan.ifsd, 254);

	f.device = (struct ccid_device){ .vid = 0x0529, .pid = 0x0620,
		.bcd_device = 0x0012 };
	f.desc.max_ifsd = 254;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert(!f.plan.host_ifs);
	ck_assert_uint_eq(f.plan.ifsd, 32);

	f.device = (struct ccid_device){ .vid = 0x0d46, .pid = 0x3010 };
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_int_eq(f.plan.level, CCID_SHORT);
}
END_TEST

START_TEST(pipes_are_chosen)
{
	struct fixture f;

	setup(&f);		/* two endpoints: the driver polls */
	f.interface.endpoint[0] = f.interface.endpoint[2];
	f.interface.n_endpoints = 2;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_uint_eq(f.plan.interrupt, 0);
	ck_assert_ptr_nonnull(strstr(f.text, "cards by polling"));

	setup(&f);		/* ActivCard V2 says ICCD and has bulk pipes */
	f.interface.protocol = 1;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_int_eq(f.plan.transport, CCID_BULK);

	f.interface.n_endpoints = 0;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_int_eq(f.plan.transport, CCID_ICCD_A);
	ck_assert_uint_eq(f.plan.n_power, 1);
	ck_assert_int_eq(f.plan.power[0], CCID_POWER_AUTO);
	ck_assert(!f.plan.host_params && !f.plan.host_pps);
	f.interface.protocol = 2;
	f.interface.iface_class = 0xff;
	ck_assert_int_eq(make(&f), ERR_OK);
	ck_assert_int_eq(f.plan.transport, CCID_ICCD_B);
	ck_assert_ptr_nonnull(strstr(f.text, "ICCD version B"));
}
END_TEST

START_TEST(refusals_have_reasons)
{
	struct fixture f;

	setup(&f);
	f.interface.n_endpoints = 1;
	ck_assert_int_eq(make(&f), ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(f.why, "no bulk endpoints"));
	f.interface.n_endpoints = 2;
	ck_assert_int_eq(make(&f), ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(f.why, "one direction only"));

	setup(&f);
	f.interface.endpoint[1].max_packet = 0;
	ck_assert_int_eq(make(&f), ERR_UNSUPPORTED);

	setup(&f);
	f.interface.iface_class = 3;
	ck_assert_int_eq(make(&f), ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(f.why, "class 0b"));

	setup(&f);
	f.desc.max_message = 10;
	ck_assert_int_eq(make(&f), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(f.why, "single byte"));

	setup(&f);
	ck_assert_int_eq(ccid_plan_make(&f.plan, &f.interface, B(""),
	    &f.device, f.why), ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(f.why, "no CCID class descriptor"));

	setup(&f);
	f.device = (struct ccid_device){ .vid = 0x04e6, .pid = 0xe001,
		.bcd_device = 0x0515 };
	ck_assert_int_eq(make(&f), ERR_UNSUPPORTED);
	ck_assert_str_eq(f.why, "its firmware 5.15 is known to corrupt "
	    "exchanges; 5.16 or later is needed");
	f.device.allow_old_firmware = true;
	ck_assert_int_eq(make(&f), ERR_OK);
}
END_TEST

START_TEST(text_is_cut_where_it_must_be)
{
	struct fixture f;

	setup(&f);
	ck_assert_int_eq(make(&f), ERR_OK);
	for (size_t cap = 1; cap < sizeof(f.text); cap++) {
		char *text = malloc(cap);

		ccid_plan_text(text, cap, &f.plan);
		ck_assert_uint_lt(strlen(text), cap);
		ck_assert_int_eq(strncmp(text, f.text, strlen(text)), 0);
		free(text);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_plan");
	TCase *t = tcase_create("ccid_plan");

	tcase_add_test(t, the_st_1044u_is_planned);
	tcase_add_test(t, features_decide);
	tcase_add_test(t, numbers_are_kept_within_bounds);
	tcase_add_test(t, pin_pads_are_seen_unless_hidden);
	tcase_add_test(t, quirks_change_the_plan);
	tcase_add_test(t, pipes_are_chosen);
	tcase_add_test(t, refusals_have_reasons);
	tcase_add_test(t, text_is_cut_where_it_must_be);
	suite_add_tcase(s, t);
	return unit_run(s);
}
