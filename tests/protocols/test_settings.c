/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <stdio.h>

#include "protocols/settings.h"

enum { NODES_MAX = 512, TEXT_MAX = 8192 };

/* A file: its text, its tree, its settings and what was told of it. */
struct file {
	char text[TEXT_MAX];
	struct conf_node nodes[NODES_MAX];
	struct settings s;
	char told[TEXT_MAX];
};

static struct file one, two;

static void
add_line(void *arg, const char *line)
{
	char *text = arg;
	size_t n = strlen(text);

	ck_assert_uint_lt(n + strlen(line) + 2, TEXT_MAX);
	snprintf(text + n, TEXT_MAX - n, "%s\n", line);
}

static void
add_problem(void *arg, const struct settings_problem *p)
{
	static const char *const weights[] = { "note", "warning", "error" };
	char line[SETTINGS_LINE_MAX + 64];

	snprintf(line, sizeof(line), "%u:%u: %s: %s", p->at.line, p->at.column,
	    weights[p->weight], p->text);
	add_line(arg, line);
}

static void
read_file(struct file *f, const char *text)
{
	struct conf_error error;

	snprintf(f->text, sizeof(f->text), "%s", text);
	f->told[0] = '\0';
	ck_assert_msg(conf_parse(f->nodes, NODES_MAX, view_str(f->text),
	    &error) == ERR_OK, "%u:%u: %s", error.at.line, error.at.column,
	    error.text);
	settings_read(&f->s, &f->nodes[0], add_problem, f->told);
}

START_TEST(an_empty_file_has_all_the_defaults)
{
	const struct conf_node *at = NULL;
	struct settings_reader r;
	struct settings_driver d;
	struct settings_rule rule;
	char driver[SETTINGS_NAME_MAX + 1];
	struct settings *s = &one.s;

	read_file(&one, "");
	ck_assert_uint_eq(s->debug, 0);
	ck_assert(s->hotplug && !s->force_poll && !s->escape);
	ck_assert_uint_eq(s->power_off_ms, 5000);
	ck_assert_uint_eq(s->lock_ms, 60000);
	ck_assert(s->openct && s->pcsc && s->control);
	ck_assert_uint_eq(s->pcsc_readers, 16);
	ck_assert_str_eq(s->handler, SBINDIR "/ifdhandler");
	ck_assert(!s->has_access && !s->access_is_bad && s->errors == 0);
	for (int i = 0; i < 2; i++) {
		ck_assert(!settings_next_reader(s, &at, &r));
		ck_assert(!settings_next_driver(s, &at, &d));
		ck_assert(!settings_next_rule(s, &at, &rule));
		ck_assert(!settings_driver_of(s, 0x046a, 0x002d, driver));
		ck_assert_uint_eq(settings_block_size(s, "etoken"), 0);
		settings_read(s, NULL, NULL, NULL);
	}
}
END_TEST

static const char everything[] =
    "debug = 2;\n"
    "hotplug = no;\n"
    "power_off_delay = never;\n"
    "lock_timeout = never;\n"
    "openct = no;\n"
    "pcsc = no;\n"
    "pcsc_readers = 48;\n"
    "control = no;\n"
    "escape = yes;\n"
    "ifdhandler {\n"
    "\tprogram = /x/ifdhandler;\n"
    "\tforce_poll = 1;\n"
    "\tuser = openctd;\n"
    "\tgroups = { usb, scard, };\n"
    "};\n"
    "access {\n"
    "\tuser alice { may = escape; readers = { desk, usb:0529/0514, };\n"
    "\t    dialects = { pcsc, control, }; };\n"
    "\tgroup staff { may = use; };\n"
    "\tother { may = see; dialects = pcsc; };\n"
    "};\n"
    "reader desk {\n"
    "\tdriver = ccid;\n"
    "\tdevice = usb:046a/002d;\n"
    "\tserial = 0123;\n"
    "\tport = 1-1.2;\n"
    "\tname = front-desk;\n"
    "\tpower_off_delay = 100;\n"
    "\tmax_speed = 115200;\n"
    "\tescape = no;\n"
    "};\n"
    "reader { device = usbip:[::1]:3240/1-1; };\n"
    "reader node { device = usb:/dev/bus/usb/001/004; driver = etoken; };\n"
    "driver etoken { ids = { usb:0529/050c, usb:0529/0514/0100, }; };\n"
    "driver ccid { ids = usb:046A/002D; };\n"
    "driver etoken { block_size = 254; };\n"
    "driver etoken { block_size = 32; };\n";

START_TEST(every_name_is_read)
{
	struct settings *s = &one.s;
	const struct conf_node *at = NULL;
	char driver[SETTINGS_NAME_MAX + 1];
	struct view word;

	read_file(&one, everything);
	ck_assert_str_eq(one.told, "");
	ck_assert_uint_eq(s->debug, 2);
	ck_assert(!s->hotplug && s->force_poll && s->escape);
	ck_assert_uint_eq(s->power_off_ms, SETTINGS_NEVER);
	ck_assert_uint_eq(s->lock_ms, 0);
	ck_assert(!s->openct && !s->pcsc && !s->control);
	ck_assert_uint_eq(s->pcsc_readers, 48);
	ck_assert_str_eq(s->handler, "/x/ifdhandler");
	ck_assert_str_eq(s->user, "openctd");
	ck_assert(settings_word(s->groups, &at, &word) && conf_is(word, "usb"));
	ck_assert(settings_word(s->groups, &at, &word) &&
	    conf_is(word, "scard"));
	ck_assert(!settings_word(s->groups, &at, &word));
	ck_assert(settings_driver_of(s, 0x0529, 0x0514, driver));
	ck_assert_str_eq(driver, "etoken");
	ck_assert(settings_driver_of(s, 0x046a, 0x002d, driver));
	ck_assert_str_eq(driver, "ccid");
	ck_assert(!settings_driver_of(s, 0x046a, 0x0001, driver));
	ck_assert_uint_eq(settings_block_size(s, "etoken"), 254);
	ck_assert_uint_eq(settings_block_size(s, "ccid"), 0);
}
END_TEST

START_TEST(readers_come_one_after_another)
{
	const struct conf_node *at = NULL;
	struct settings_reader r;

	read_file(&one, everything);
	ck_assert(settings_next_reader(&one.s, &at, &r));
	ck_assert_str_eq(r.label, "desk");
	ck_assert_str_eq(r.driver, "ccid");
	ck_assert_str_eq(r.device, "usb:046a/002d");
	ck_assert_int_eq(r.where.kind, DEVICE_USB_ID);
	ck_assert_str_eq(r.serial, "0123");
	ck_assert_str_eq(r.port, "1-1.2");
	ck_assert_str_eq(r.name, "front-desk");
	ck_assert_uint_eq(r.power_off_ms, 100);
	ck_assert_uint_eq(r.max_speed, 115200);
	ck_assert(!r.escape);
	ck_assert_uint_eq(r.line, 22);

	ck_assert(settings_next_reader(&one.s, &at, &r));
	ck_assert_str_eq(r.label, "");
	ck_assert_str_eq(r.driver, "");
	ck_assert_str_eq(r.where.host, "::1");
	ck_assert_uint_eq(r.power_off_ms, SETTINGS_NEVER);	/* for all */
	ck_assert(r.escape);

	ck_assert(settings_next_reader(&one.s, &at, &r));
	ck_assert_str_eq(r.where.node, "/dev/bus/usb/001/004");
	ck_assert(!settings_next_reader(&one.s, &at, &r));
}
END_TEST

START_TEST(rules_come_one_after_another)
{
	const struct conf_node *at = NULL;
	struct settings_rule r;

	read_file(&one, everything);
	ck_assert(settings_next_rule(&one.s, &at, &r));
	ck_assert_int_eq(r.who, RULE_USER);
	ck_assert_str_eq(r.name, "alice");
	ck_assert_uint_eq(r.right, RIGHT_ESCAPE);
	ck_assert_uint_eq(r.dialects, DIALECT_PCSC | DIALECT_CONTROL);
	ck_assert(settings_names_reader(r.readers, "desk", "usb:x", 1, 2));
	ck_assert(settings_names_reader(r.readers, "", "x", 0x0529, 0x0514));
	ck_assert(settings_names_reader(r.readers, "", "usb:0529/0514", 0, 0));
	ck_assert(!settings_names_reader(r.readers, "", "x", 0x0529, 0x0515));
	ck_assert(!settings_names_reader(r.readers, "des", "x", 0, 0));
	ck_assert(settings_next_rule(&one.s, &at, &r));
	ck_assert_int_eq(r.who, RULE_GROUP);
	ck_assert_uint_eq(r.right, RIGHT_USE);
	ck_assert_uint_eq(r.dialects, DIALECTS_ALL);
	ck_assert_ptr_null(r.readers);
	ck_assert(settings_next_rule(&one.s, &at, &r));
	ck_assert_int_eq(r.who, RULE_OTHER);
	ck_assert_uint_eq(r.right, RIGHT_SEE);
	ck_assert_uint_eq(r.dialects, DIALECT_PCSC);
	ck_assert(!settings_next_rule(&one.s, &at, &r));
}
END_TEST

/* All constructs of the openct.conf that OpenCT came with, as Debian had it. */
static const char opencts_own[] =
    "# Set debug level\n#debug = 0;\n#\n"
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
    "driver\tcm4000 {\n\tids = { pcmcia:0223/0002, };\n};\n";

START_TEST(opencts_own_file_is_accepted)
{
	char driver[SETTINGS_NAME_MAX + 1];

	read_file(&one, opencts_own);
	ck_assert_str_eq(one.told,
	    "35:10: note: 'pcmcia:0223/0002' has no effect: slotd drives USB "
	    "devices only\n"
	    "34:8: note: slotd has no driver 'cm4000', which OpenCT had\n");
	ck_assert_str_eq(one.s.handler, "/usr/sbin/ifdhandler");
	ck_assert_str_eq(one.s.user, "openctd");
	ck_assert(settings_driver_of(&one.s, 0x046a, 0x002d, driver));
	ck_assert_str_eq(driver, "ccid");
}
END_TEST

static const struct {
	const char *text, *told;
} wrong[] = {
	/* values */
	{ "debug = x;", "1:9: error: 'debug': expected a number, found 'x'; "
	    "it is left out\n" },
	{ "\n hotplug = maybe;", "2:12: error: 'hotplug': expected yes or no, "
	    "found 'maybe'; it is left out\n" },
	{ "debug;", "1:1: error: 'debug': expected a number, found nothing; "
	    "it is left out\n" },
	{ "debug { };", "1:1: error: 'debug': expected a number, found a "
	    "group; it is left out\n" },
	{ "power_off_delay = soon;", "1:19: error: 'power_off_delay': expected "
	    "a number of milliseconds, or never, found 'soon'; it is left "
	    "out\n" },
	{ "pcsc_readers = 0;", "1:16: error: 'pcsc_readers': expected a number "
	    "from 1 to 256, found '0'; it is left out\n" },
	{ "pcsc_readers=257;", "1:14: error: 'pcsc_readers': expected a number "
	    "from 1 to 256, found '257'; it is left out\n" },
	{ "ifdhandler { program; };", "1:14: error: 'program': expected a "
	    "value, found nothing; it is left out\n" },
	{ "ifdhandler { user = 01234567890123456789012345678901234567890123456"
	    "7890123456789012345; };", "1:21: error: 'user': expected a word "
	    "of at most 63 bytes, found '01234567890123456789012345678901...'; "
	    "it is left out\n" },
	{ "ifdhandler = x;", "1:14: error: 'ifdhandler': expected { }, found "
	    "'x'; it is left out\n" },
	{ "ifdhandler { groups; };", "1:14: error: 'groups': expected a list, "
	    "{ a, b, }, found nothing; it is left out\n" },
	/* drivers */
	{ "driver ccid { block_size = 255; };", "1:28: error: 'block_size': "
	    "expected a number from 1 to 254, found '255'; it is left out\n" },
	{ "driver ccid { ids = { usb:12345/1, }; };", "1:23: error: expected "
	    "usb:VVVV/PPPP, in hexadecimal, found 'usb:12345/1'; it is left "
	    "out\n" },
	{ "driver ccid { ids = { usb:1/2 { }; }; };", "1:23: error: "
	    "'usb:1/2': expected a word and a comma, found a group; it is left "
	    "out\n" },
	{ "driver { };", "1:1: error: expected driver NAME { ids = { "
	    "usb:VVVV/PPPP, ... }; }; it is left out\n" },
	{ "driver ciid { };", "1:8: warning: slotd has no driver 'ciid'; "
	    "ifdhandler --list names those there are\n" },
	/* readers */
	{ "reader r { driver = ccid; };", "1:1: error: expected a device in "
	    "this reader, such as device = usb:046a/002d; the reader is left "
	    "out\n" },
	{ "reader r { device = usbip:host; };", "1:21: error: expected "
	    "usbip:HOST:PORT/BUSID or usbip:unix:PATH/BUSID; the reader is "
	    "left out\n" },
	{ "reader r { device = /dev/ttyS0; };", "1:21: error: expected "
	    "usb:VVVV/PPPP, usb:/dev/bus/usb/BBB/DDD, usbip:HOST:PORT/BUSID or "
	    "vpcd:PORT; the reader is left out\n" },
	{ "reader r { device = vpcd:99999; };", "1:21: error: expected "
	    "vpcd:PORT, vpcd:ADDRESS:PORT or vpcd:connect:HOST:PORT, maybe "
	    "with /SLOTS; the reader is left out\n" },
	{ "reader r { driver = ccid; device = vpcd:1; };", "1:21: error: the "
	    "driver vpcd is for device = vpcd:PORT, which has no other; the "
	    "reader is left out\n" },
	{ "reader r { device = usbip:h/1-1; driver = vpcd; };", "1:43: error: "
	    "the driver vpcd is for device = vpcd:PORT, which has no other; "
	    "the reader is left out\n" },
	{ "reader r { device = vpcd:35963; };", "" },
	{ "reader r { device = vpcd:35963; driver = vpcd; };", "" },
	{ "reader r { device = vpcd:1; };\nreader s { device = vpcd:1; };",
	    "2:21: warning: the reader of line 1 has this device already; this "
	    "one is left out\n" },
	{ "reader r { device = usb:1/2; serial = a; };\n"
	    "reader s { device = usb:1/2; };\n"
	    "reader t { device = usb:1/2; serial = b; };", "3:21: warning: the "
	    "reader of line 2 has this device already; this one is left "
	    "out\n" },
	{ "reader r { device = usb:1/2; port = 1-1; };\n"
	    "reader s { device = usb:1/2; port = 1-2; };\n"
	    "reader t { device = vpcd:1; driver = ccid; };\n"
	    "reader u { device = vpcd:1; };", "3:38: error: the driver vpcd is "
	    "for device = vpcd:PORT, which has no other; the reader is left "
	    "out\n" },
	{ "reader r { driver = towitoko; device = serial:/dev/ttyS0; };",
	    "1:40: warning: slotd has no driver for serial readers yet; the "
	    "reader is left out\n" },
	{ "reader r { device = usbip:h/1-1; port = 1-1; };", "1:41: warning: "
	    "port has no effect: it is for device = usb:VVVV/PPPP\n" },
	{ "reader r { device = usb:1/2; max_speed = 0; };", "1:42: error: "
	    "'max_speed': expected a number above 0, found '0'; it is left "
	    "out\n" },
	{ "reader;", "1:1: error: 'reader': expected reader NAME { device = "
	    "DEVICE; }, found nothing; it is left out\n" },
	/* names */
	{ "hotplgu = yes;", "1:1: warning: 'hotplgu' is not known and left "
	    "out; is 'hotplug' meant?\n" },
	{ "user = openctd;", "1:1: warning: 'user' is not known here and left "
	    "out; it belongs into ifdhandler { }\n" },
	{ "ifdhandler { hotplug = no; };", "1:14: warning: 'hotplug' is not "
	    "known here and left out; it belongs outside of this group\n" },
	{ "driver ccid { colour = red; };", "1:15: warning: 'colour' is not "
	    "known and left out; known here: ids, block_size\n" },
	{ "access { other { may = use; readers = { r, s, usb:1/2, }; }; };"
	    "reader r { device = usb:1/2; };", "1:44: note: 's' is neither "
	    "the name of a reader block nor a device\n" },
	{ "debug = 1;\nhotplug = no, debug = 2;", "2:15: warning: debug is "
	    "said in line 1 already; this is left out\n" },
	{ "ifdproxy { server-port = :6666; };", "1:1: note: ifdproxy has no "
	    "effect: slotd has no ifdproxy; readers of other computers come by "
	    "USB/IP\n" },
};

START_TEST(problems_are_told_with_their_place)
{
	read_file(&one, wrong[_i].text);
	ck_assert_str_eq(one.told, wrong[_i].told);
	ck_assert_uint_eq(one.s.errors, strstr(one.told, " error: ") != NULL);
}
END_TEST

START_TEST(a_device_has_one_reader)
{
	const struct conf_node *at = NULL;
	struct settings_reader r;

	read_file(&one, "reader r { device = usb:1/2; port = 1-1; };"
	    "reader s { device = usbip:h/1-1; driver = ccid; };"
	    "reader t { device = usbip:h/1-1; driver = etoken; };"
	    "reader u { device = usb:1/2; };");
	ck_assert(settings_next_reader(&one.s, &at, &r));
	ck_assert_str_eq(r.label, "r");
	ck_assert(settings_next_reader(&one.s, &at, &r));
	ck_assert_str_eq(r.label, "s");
	ck_assert(settings_next_reader(&one.s, &at, &r));
	ck_assert_str_eq(r.label, "u");
	ck_assert(!settings_next_reader(&one.s, &at, &r));
}
END_TEST

START_TEST(what_is_wrong_leaves_the_default)
{
	read_file(&one, "hotplug = maybe; power_off_delay = x; debug = 3;"
	    "pcsc_readers = 1000; lock_timeout = -1;");
	ck_assert_uint_eq(one.s.errors, 4);
	ck_assert(one.s.hotplug);
	ck_assert_uint_eq(one.s.power_off_ms, 5000);
	ck_assert_uint_eq(one.s.lock_ms, 60000);
	ck_assert_uint_eq(one.s.pcsc_readers, 16);
	ck_assert_uint_eq(one.s.debug, 3);
}
END_TEST

/* A mistake in access lets nobody in. */
static const char *const bad_access[] = {
	"access { user alice { may = sea; }; };",
	"access { user alice { may = use; reader = { r, }; }; };",
	"access { user alice { may = use; dialects = { pcs, }; }; };",
	"access { user alice { readers = { r, }; }; };",
	"access { user { may = use; }; };",
	"access { user alice; };",
	"access { other bob { may = use; }; };",
	"access { usr alice { may = nothing; }; other { may = use; }; };",
	"access { other { may = use; may = nothing; }; };",
	"access;",
	"access = none;",
	("access { other { may = use; }; }; "
	    "access { user alice { may = nothing; }; };"),
};

START_TEST(a_mistake_in_access_lets_nobody_in)
{
	const struct conf_node *at = NULL;
	struct settings_rule r;

	read_file(&one, bad_access[_i]);
	ck_assert(one.s.has_access && one.s.access_is_bad);
	ck_assert(!settings_next_rule(&one.s, &at, &r));
	ck_assert_ptr_nonnull(strstr(one.told, ": error: until access is "
	    "without errors nobody but root may use a reader\n"));
	ck_assert_uint_ge(one.s.errors, 1);
}
END_TEST

static const char *const shown[] = {
	"", everything, opencts_own,
	"access { };",
	"access { user a { may = nothing; readers = { }; }; };",
	"reader a { device = serial:/dev/ttyS0; }; debug = maybe;",
};

/* What is shown is a file that says the same. */
START_TEST(what_is_shown_reads_back)
{
	static char again[TEXT_MAX], first[TEXT_MAX];

	read_file(&one, shown[_i]);
	first[0] = again[0] = '\0';
	settings_show(&one.s, add_line, first);
	read_file(&two, first);
	ck_assert_msg(two.s.errors == 0, "%s", two.told);
	ck_assert_ptr_null(strstr(two.told, "warning"));
	settings_show(&two.s, add_line, again);
	ck_assert_str_eq(first, again);
	ck_assert_int_eq(one.s.hotplug, two.s.hotplug);
	ck_assert_int_eq(one.s.has_access, two.s.has_access);
	ck_assert_uint_eq(one.s.lock_ms, two.s.lock_ms);
	ck_assert_str_eq(one.s.user, two.s.user);
}
END_TEST

/* libcheck cannot carry so long a text. */
static void
same_text(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] == b[n] && a[n] != '\0')
		n++;
	ck_assert_msg(a[n] == b[n], "from byte %zu: %.100s", n, a + n);
}

START_TEST(virtual_readers_are_explained)
{
	static char text[TEXT_MAX];

	read_file(&one, "\nreader v { device = vpcd:35963; };\n"
	    "reader { device = vpcd:connect:phone:7/1; };\n");
	text[0] = '\0';
	settings_explain(&one.s, add_line, text);
	same_text(text,
	    "line 2: reader v is a virtual one of 2 slots, to which cards "
	    "connect at 127.0.0.1 port 35963 and up, driven by vpcd; cards are "
	    "powered off after 5000 ms without use\n"
	    "line 3: reader is a virtual one of 1 slot, for cards at phone "
	    "port 7, driven by vpcd; cards are powered off after 5000 ms "
	    "without use\n"
	    "no access block: all users may use all readers\n");
}
END_TEST

START_TEST(blocks_are_explained)
{
	static char text[TEXT_MAX];

	read_file(&one, everything);
	text[0] = '\0';
	settings_explain(&one.s, add_line, text);
	same_text(text,
	    "line 22: reader desk is a USB device 046a:002d (Cherry "
	    "SmartTerminal ST-1044U) of serial number 0123 at port 1-1.2, "
	    "driven by ccid, called front-desk, at most 115200 bit/s; cards "
	    "are powered off after 100 ms without use\n"
	    "line 32: reader is the device 1-1 of the USB/IP server ::1 port "
	    "3240, driven by ccid; cards stay powered; escape commands are let "
	    "through\n"
	    "line 33: reader node is the USB device /dev/bus/usb/001/004, "
	    "driven by etoken; cards stay powered; escape commands are let "
	    "through\n"
	    "line 34: driver etoken is for 2 devices\n"
	    "line 35: driver ccid is for 1 device\n"
	    "line 36: driver etoken tries T=1 blocks of up to 254 bytes\n"
	    "line 37: driver etoken tries T=1 blocks of up to 32 bytes\n"
	    "line 17: user alice may use and send escape commands to the "
	    "readers desk, usb:0529/0514, through pcsc, control\n"
	    "line 19: group staff may use all readers\n"
	    "line 20: everybody else may see, not use, all readers, through "
	    "pcsc\n"
	    "access: whom no rule names may not see a reader; root may do "
	    "everything\n");
	read_file(&one, "driver ccid { ids = { usb:1234/5678, "
	    "usb:0529/0514, }; };");
	text[0] = '\0';
	settings_explain(&one.s, add_line, text);
	same_text(text,
	    "line 1: driver ccid is for 2 devices\n"
	    "line 1: driver ccid drives usb:1234/5678, for which slotd has no "
	    "row of its own\n"
	    "line 1: driver ccid drives usb:0529/0514 (Aladdin eToken PRO) "
	    "instead of etoken\n"
	    "no access block: all users may use all readers\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("settings");
	TCase *t = tcase_create("settings");

	tcase_add_test(t, an_empty_file_has_all_the_defaults);
	tcase_add_test(t, every_name_is_read);
	tcase_add_test(t, readers_come_one_after_another);
	tcase_add_test(t, rules_come_one_after_another);
	tcase_add_test(t, opencts_own_file_is_accepted);
	tcase_add_loop_test(t, problems_are_told_with_their_place, 0,
	    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(t, a_device_has_one_reader);
	tcase_add_test(t, what_is_wrong_leaves_the_default);
	tcase_add_loop_test(t, a_mistake_in_access_lets_nobody_in, 0,
	    (int)(sizeof(bad_access) / sizeof(bad_access[0])));
	tcase_add_loop_test(t, what_is_shown_reads_back, 0,
	    (int)(sizeof(shown) / sizeof(shown[0])));
	tcase_add_test(t, blocks_are_explained);
	tcase_add_test(t, virtual_readers_are_explained);
	suite_add_tcase(s, t);
	return unit_run(s);
}
