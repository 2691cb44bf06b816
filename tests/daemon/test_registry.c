/* SPDX-License-Identifier: BSD-2-Clause */
#include <event2/event.h>
#include <stdio.h>

#include "tests/unit.h"

#include "base/log.h"
#include "daemon/conf_file.h"
#include "daemon/reader.h"
#include "daemon/registry.h"
#include "daemon/registry_life.h"

static void
quiet(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

struct fixture {
	struct event_base *base;
	struct conf_file conf;
	struct registry *registry;
};

static void
setup(struct fixture *f, const char *config)
{
	char error[CONF_FILE_ERROR_MAX + 1];

	log_set_sink(quiet, NULL);
	f->base = event_base_new();
	ck_assert_int_eq(conf_file_parse(&f->conf, (struct view){
	    (const uint8_t *)config, strlen(config) }, "f", error), ERR_OK);
	f->registry = registry_new(f->base, &f->conf.settings);
	registry_configure(f->registry, &f->conf.settings);
}

static void
teardown(struct fixture *f)
{
	registry_free(f->registry);
	conf_file_fini(&f->conf);
	event_base_free(f->base);
	log_set_sink(NULL, NULL);
}

/* "node" numbers differ with each plugging in, as the kernel's do. */
static void
plug(struct fixture *f, const char *port, const char *serial, unsigned node)
{
	struct usb_place p = { .vid = 0x46a, .pid = 0x2d, .driver = "ccid",
		.interface = 0 };

	snprintf(p.port, sizeof(p.port), "%s", port);
	snprintf(p.serial, sizeof(p.serial), "%s", serial);
	snprintf(p.node, sizeof(p.node), "/nonexistent/%03u", node);
	registry_plugged(f->registry, &p);
}

/* The devices by number, "-" for none. */
static const char *
who(const struct fixture *f, char *dst, size_t cap)
{
	struct reader *r = NULL;
	struct reader_status st;
	unsigned number = 0;

	dst[0] = '\0';
	while ((r = registry_next(f->registry, r)) != NULL) {
		size_t n = strlen(dst);

		reader_status(r, &st);
		ck_assert_uint_eq(st.number, number++);
		ck_assert_ptr_eq(registry_find(f->registry, st.number), r);
		snprintf(dst + n, cap - n, "%s ", strrchr(st.device, '/') + 1);
	}
	ck_assert_ptr_null(registry_find(f->registry, number));
	return dst;
}

START_TEST(numbers_are_stable_over_replug)
{
	static const struct {
		const char *plug, *serial, *unplug;
		unsigned node;
		const char *who;
	} steps[] = {
		{ "1-1:1.0", "", NULL, 1, "001 " },
		{ "1-2:1.0", "A", NULL, 2, "001 002 " },
		{ "1-3:1.0", "B", NULL, 3, "001 002 003 " },
		{ "1-3:1.0", "B", NULL, 3, "001 002 003 " },	/* seen twice */
		{ NULL, NULL, "1-1:1.0", 0, "001 002 003 " },
		{ NULL, NULL, "1-2:1.0", 0, "001 002 003 " },
		{ "1-9:1.0", "A", NULL, 4, "001 004 003 " },	/* by serial */
		{ "1-1:1.0", "C", NULL, 5, "005 004 003 " },	/* by port */
		{ NULL, NULL, "1-9:1.0", 0, "005 004 003 " },
		{ NULL, NULL, "1-3:1.0", 0, "005 004 003 " },
		{ "1-7:1.0", "", NULL, 6, "005 006 003 " },	/* lowest free */
		{ "1-8:1.0", "", NULL, 7, "005 006 007 " },
		{ "1-6:1.0", "", NULL, 8, "005 006 007 008 " },
		/* its departure was never told */
		{ "1-7:1.0", "", NULL, 9, "005 009 007 008 " },
		{ NULL, NULL, "1-5:1.0", 0, "005 009 007 008 " },
	};
	struct fixture f;
	char text[256];

	setup(&f, "");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].plug != NULL)
			plug(&f, steps[i].plug, steps[i].serial, steps[i].node);
		else
			registry_unplugged(f.registry, steps[i].unplug);
		ck_assert_msg(strcmp(who(&f, text, sizeof(text)),
		    steps[i].who) == 0, "step %zu: %s", i, text);
	}
	teardown(&f);
}
END_TEST

START_TEST(static_readers_keep_their_numbers)
{
	struct fixture f;
	struct conf_file fewer;
	char text[256], error[CONF_FILE_ERROR_MAX + 1];
	const char *one = "reader b { device = usbip:unix:/x/b; };";

	setup(&f, "reader a { device = usbip:unix:/x/a; };"
	    "reader b { device = usbip:unix:/x/b; };");
	plug(&f, "1-1:1.0", "", 1);
	ck_assert_str_eq(who(&f, text, sizeof(text)), "a b 001 ");
	registry_configure(f.registry, &f.conf.settings);	/* changes nothing */
	ck_assert_int_eq(conf_file_parse(&fewer, (struct view){
	    (const uint8_t *)one, strlen(one) }, "f", error), ERR_OK);
	registry_configure(f.registry, &fewer.settings);
	plug(&f, "1-2:1.0", "", 2);
	ck_assert_str_eq(who(&f, text, sizeof(text)), "002 b 001 ");
	registry_configure(f.registry, &f.conf.settings);
	ck_assert_str_eq(who(&f, text, sizeof(text)), "002 b 001 a ");
	conf_file_fini(&fewer);
	teardown(&f);
}
END_TEST

START_TEST(more_readers_than_openct_could_show)
{
	struct fixture f;
	char port[16];

	setup(&f, "");
	for (unsigned i = 0; i < 200; i++) {
		snprintf(port, sizeof(port), "1-%u:1.0", i);
		plug(&f, port, "", i);
	}
	ck_assert_ptr_nonnull(registry_find(f.registry, 199));
	ck_assert_ptr_null(registry_find(f.registry, 200));
	teardown(&f);
}
END_TEST

struct spy {
	struct observer observer;
	struct registry *registry;
	struct spy *remove;
	unsigned told;
};

static void
on_change(void *arg, const struct change *c)
{
	struct spy *s = arg;

	(void)c;
	s->told++;
	if (s->remove != NULL)
		registry_unobserve(s->registry, &s->remove->observer);
	s->remove = NULL;
}

START_TEST(an_observer_may_leave_while_told)
{
	struct fixture f;
	struct spy s[3];

	setup(&f, "");
	for (int i = 0; i < 3; i++) {
		s[i] = (struct spy){ .registry = f.registry };
		s[i].observer.changed = on_change;
		s[i].observer.arg = &s[i];
		registry_observe(f.registry, &s[i].observer);
	}
	s[0].remove = &s[1];	/* the next one */
	s[2].remove = &s[2];	/* itself */
	for (int i = 0; i < 2; i++)
		registry_tell(f.registry, &(struct change){ CARD_RESET, NULL,
		    0 });
	ck_assert_uint_eq(s[0].told, 2);
	ck_assert_uint_eq(s[1].told, 0);
	ck_assert_uint_eq(s[2].told, 1);
	teardown(&f);
}
END_TEST

/* Which block of openct.conf is about a place. */
START_TEST(a_block_names_its_device)
{
	static const char config[] =
	    "reader a { device = usb:046a/002d; serial = A; };"
	    "reader p { device = usb:046a/002d; port = 1-1.2; };"
	    "reader q { device = usb:046a/002d; port = 2-1:1.1; };"
	    "reader n { device = usb:/dev/bus/usb/001/004; };"
	    "reader t { device = usb:0529/0514; power_off_delay = 7; };";
	static const struct {
		struct usb_place place;
		const char *label;	/* NULL: none is */
	} rows[] = {
		{ { "1-1:1.0", "A", .vid = 0x46a, .pid = 0x2d }, "a" },
		{ { "1-1.2:1.0", "A", .vid = 0x46a, .pid = 0x2d }, "a" },
		{ { "1-1.2:1.0", "B", .vid = 0x46a, .pid = 0x2d }, "p" },
		{ { "1-1.2", "", .vid = 0x46a, .pid = 0x2d }, "p" },
		{ { "1-1.21:1.0", "", .vid = 0x46a, .pid = 0x2d }, NULL },
		{ { "1-1", "", .vid = 0x46a, .pid = 0x2d }, NULL },
		{ { "2-1:1.1", "", .vid = 0x46a, .pid = 0x2d }, "q" },
		{ { "2-1:1.0", "", .vid = 0x46a, .pid = 0x2d }, NULL },
		{ { "1-1:1.0", "A", .vid = 0x529, .pid = 0x514 }, "t" },
		{ { "1-1:1.0", "A", .vid = 0x529, .pid = 0x515 }, NULL },
	};
	struct settings_reader own;
	struct fixture f;

	setup(&f, config);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool found = registry_block(f.registry, &rows[i].place, &own);

		ck_assert_msg(found == (rows[i].label != NULL), "row %zu", i);
		ck_assert_str_eq(own.label, found ? rows[i].label : "");
		ck_assert_uint_eq(own.power_off_ms, found &&
		    strcmp(own.label, "t") == 0 ? 7 : 5000);
	}
	ck_assert(registry_has_node(f.registry, "/dev/bus/usb/001/004"));
	ck_assert(!registry_has_node(f.registry, "/dev/bus/usb/001/005"));
	teardown(&f);
}
END_TEST

START_TEST(hotplug_is_wanted_for_devices_by_their_ids)
{
	static const struct {
		const char *config;
		bool wanted;
	} rows[] = {
		{ "", true },
		{ "hotplug = no;", false },
		{ "hotplug = no; reader r { device = usbip:h/1-1; };", false },
		{ "hotplug = no; reader r { device = usb:/dev/x; };", false },
		{ "hotplug = no; reader r { device = usb:1/2; };", true },
	};
	struct fixture f;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(&f, rows[i].config);
		ck_assert_int_eq(registry_wants_hotplug(f.registry),
		    rows[i].wanted);
		teardown(&f);
	}
}
END_TEST

/* Another driver is another reader at the same place, with its number. */
START_TEST(what_is_plugged_in_may_be_driven_otherwise)
{
	struct usb_place p = { .port = "1-1:1.0", .node = "/nonexistent/001",
		.driver = "ccid", .vid = 0x529, .pid = 0x514 };
	struct reader_status st;
	struct fixture f;
	char text[256];

	setup(&f, "");
	registry_plugged(f.registry, &p);
	memcpy(p.driver, "etoken", sizeof("etoken"));
	registry_plugged(f.registry, &p);
	ck_assert_str_eq(who(&f, text, sizeof(text)), "001 ");
	reader_status(registry_find(f.registry, 0), &st);
	ck_assert_str_eq(st.driver, "etoken");
	registry_unplug_all(f.registry);
	plug(&f, "1-2:1.0", "", 2);
	ck_assert_str_eq(who(&f, text, sizeof(text)), "002 ");
	teardown(&f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("registry");
	TCase *tc = tcase_create("registry");

	tcase_add_test(tc, numbers_are_stable_over_replug);
	tcase_add_test(tc, static_readers_keep_their_numbers);
	tcase_add_test(tc, more_readers_than_openct_could_show);
	tcase_add_test(tc, an_observer_may_leave_while_told);
	tcase_add_test(tc, a_block_names_its_device);
	tcase_add_test(tc, hotplug_is_wanted_for_devices_by_their_ids);
	tcase_add_test(tc, what_is_plugged_in_may_be_driven_otherwise);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
