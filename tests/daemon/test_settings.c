/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "tests/unit.h"

#include "base/log.h"
#include "daemon/settings.h"

struct lines {
	char text[1024];
};

static void
collect(void *arg, enum log_level level, const char *line)
{
	struct lines *l = arg;
	size_t n = strlen(l->text);

	(void)level;
	snprintf(l->text + n, sizeof(l->text) - n, "%s\n", line);
}

static enum err
parse(struct settings *s, const char *text, char *error)
{
	return settings_parse(s, (struct view){ (const uint8_t *)text,
	    strlen(text) }, "f", error);
}

START_TEST(an_empty_file_has_all_the_defaults)
{
	struct settings s;
	char error[SETTINGS_ERROR_MAX + 1];

	ck_assert_int_eq(parse(&s, "", error), ERR_OK);
	ck_assert(s.hotplug && !s.force_poll);
	ck_assert_uint_eq(s.power_off_ms, 5000);
	ck_assert_uint_eq(s.lock_ms, 60000);
	ck_assert(s.pcsc);
	ck_assert_uint_eq(s.pcsc_readers, 16);
	ck_assert_str_eq(s.handler, SBINDIR "/ifdhandler");
	ck_assert_int_eq(settings_log_level(&s), LOG_LEVEL_NOTICE);
	s.debug = UINT32_MAX;
	ck_assert_int_eq(settings_log_level(&s), LOG_LEVEL_DEBUG);
	ck_assert_uint_eq(s.n_ids + s.n_readers, 0);
	settings_fini(&s);
	ck_assert_int_eq(settings_load(&s, "/nonexistent/openct.conf", error),
	    ERR_OK);
	settings_fini(&s);
}
END_TEST

START_TEST(every_key_is_read)
{
	struct settings s;
	char error[SETTINGS_ERROR_MAX + 1];

	ck_assert_int_eq(parse(&s, "debug = 2; hotplug = no;"
	    "power_off_delay = never; lock_timeout = 0;"
	    "pcsc = no; pcsc_readers = 48;"
	    "ifdhandler { program = /x/ifdhandler; force_poll = 1; };"
	    "driver etoken { ids = { usb:0529/050c, usb:0529/0514/0100, }; };"
	    "driver ccid { ids = { usb:046A/002D, }; };"
	    "driver etoken { block_size = 254; block_size = 32; };"
	    "reader a { driver = ccid; device = usbip:[::1]:3240/1-1; };"
	    "reader b { device = usbip:unix:/a/b/1-2; };", error), ERR_OK);
	ck_assert_uint_eq(s.debug, 2);
	ck_assert_int_eq(settings_log_level(&s), LOG_LEVEL_DEBUG);
	ck_assert(!s.hotplug && s.force_poll);
	ck_assert_uint_eq(s.power_off_ms, UINT32_MAX);
	ck_assert_uint_eq(s.lock_ms, 0);
	ck_assert(!s.pcsc);
	ck_assert_uint_eq(s.pcsc_readers, 48);
	ck_assert_str_eq(s.handler, "/x/ifdhandler");
	ck_assert_str_eq(settings_driver(&s, 0x0529, 0x0514), "etoken");
	ck_assert_str_eq(settings_driver(&s, 0x046a, 0x002d), "ccid");
	ck_assert_ptr_null(settings_driver(&s, 0x046a, 0x0001));
	ck_assert_uint_eq(settings_block_size(&s, "etoken"), 254);
	ck_assert_uint_eq(settings_block_size(&s, "ccid"), 0);
	ck_assert_uint_eq(s.n_readers, 2);
	ck_assert_str_eq(s.readers[0].device, "usbip:[::1]:3240/1-1");
	ck_assert_str_eq(s.readers[1].driver, "ccid");
	settings_fini(&s);
}
END_TEST

/* Every construct of the openct.conf that OpenCT came with, as Debian had it. */
START_TEST(opencts_own_file_is_accepted)
{
	struct settings s;
	char error[SETTINGS_ERROR_MAX + 1];
	struct lines l = { "" };

	log_set_sink(collect, &l);
	ck_assert_int_eq(parse(&s, "# Set debug level\n#debug = 0;\n#\n"
	    "# Enable hot plugging\nhotplug = yes;\n#\n"
	    "ifdhandler {\n"
	    "\tprogram = /usr/sbin/ifdhandler;\n"
	    "\t#\n\t# Force poll\n\t#force_poll = 1;\n"
	    "\tuser = openctd;\n"
	    "\tgroups = {\n\t\tusb,\n\t\tscard,\n\t};\n"
	    "};\n"
	    "#reader towitoko {\n#\tdriver = towitoko;\n"
	    "#\tdevice = serial:/dev/ttyS0;\n#};\n"
	    "driver\tegate {\n\tids = {\n\t\tusb:0973/0001,\n\t};\n};\n"
	    "driver\tccid {\n\tids = {\n"
	    "\t\tusb:04e6/5111,\n"
	    "\t\tusb:0b97/7762, # Oz776\n"
	    "\t\tusb:046a/002d,\n"
	    "\t};\n};\n"
	    "driver\tcm4000 {\n\tids = { pcmcia:0223/0002, };\n};\n",
	    error), ERR_OK);
	log_set_sink(NULL, NULL);
	ck_assert_str_eq(l.text,
	    "f: 12:2: slotd keeps the user it was started as: user\n"
	    "f: 13:2: slotd keeps the user it was started as: groups\n"
	    "f: 35:10: not a USB device, left out: pcmcia:0223/0002\n");
	ck_assert_str_eq(s.handler, "/usr/sbin/ifdhandler");
	ck_assert_uint_eq(s.n_ids, 4);
	ck_assert_str_eq(settings_driver(&s, 0x046a, 0x002d), "ccid");
	settings_fini(&s);
}
END_TEST

START_TEST(errors_name_the_place)
{
	static const struct { const char *text, *error; } rows[] = {
		{ "debug = x;", "f:1:9: expected a number" },
		{ "\n hotplug = maybe;", "f:2:12: expected yes or no" },
		{ "driver x { block_size = 0; };",
		    "f:1:25: expected a number from 1 to 254" },
		{ "driver x { block_size = 255; };",
		    "f:1:25: expected a number from 1 to 254" },
		{ "driver x { block_size = all; };",
		    "f:1:25: expected a number from 1 to 254" },
		{ "debug;", "f:1:1: expected a number" },
		{ "pcsc_readers = 0;", "f:1:16: expected a number from 1 to 256" },
		{ "pcsc_readers=257;", "f:1:14: expected a number from 1 to 256" },
		{ "ifdhandler { program; };",
		    "f:1:14: expected a value for this name" },
		{ "driver x { ids = { usb:12345/1, }; };",
		    "f:1:20: expected usb:VVVV/PPPP, in hexadecimal" },
		{ "driver x { ids = { usb:1234, }; };",
		    "f:1:20: expected usb:VVVV/PPPP, in hexadecimal" },
		{ "reader r { driver = ccid; };",
		    "f:1:1: expected a device in this reader" },
		{ "reader r { device = usbip:host; };", "f:1:21: expected "
		    "usbip:HOST:PORT/BUSID or usbip:unix:PATH/BUSID" },
	};
	char error[SETTINGS_ERROR_MAX + 1];
	struct settings s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(parse(&s, rows[i].text, error), ERR_FORMAT);
		ck_assert_str_eq(error, rows[i].error);
	}
	ck_assert_int_eq(parse(&s, "debug = 1", error), ERR_FORMAT);
	ck_assert_int_eq(strncmp(error, "f:1:10: ", 8), 0);
}
END_TEST

START_TEST(what_is_unknown_is_logged_and_left_out)
{
	struct settings s;
	char error[SETTINGS_ERROR_MAX + 1];
	struct lines l = { "" };

	log_set_sink(collect, &l);
	ck_assert_int_eq(parse(&s, "colour = red;\n"
	    "debug = 1; debug = 2;\n"
	    "ifdproxy { server-port = :6666; };\n"
	    "reader s { device = serial:/dev/ttyS0; };\n"
	    "driver d { ids = { pcmcia:1/2, }; };\n", error), ERR_OK);
	log_set_sink(NULL, NULL);
	ck_assert_str_eq(l.text,
	    "f: 1:1: unknown name, left out: colour\n"
	    "f: 2:12: said before, left out: debug\n"
	    "f: 4:21: this kind of device is not supported, "
	    "the reader is left out: serial:/dev/ttyS0\n"
	    "f: 5:20: not a USB device, left out: pcmcia:1/2\n");
	ck_assert_uint_eq(s.debug, 1);
	ck_assert_uint_eq(s.n_readers + s.n_ids, 0);
	settings_fini(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("settings");
	TCase *tc = tcase_create("settings");

	tcase_add_test(tc, an_empty_file_has_all_the_defaults);
	tcase_add_test(tc, every_key_is_read);
	tcase_add_test(tc, opencts_own_file_is_accepted);
	tcase_add_test(tc, errors_name_the_place);
	tcase_add_test(tc, what_is_unknown_is_logged_and_left_out);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
