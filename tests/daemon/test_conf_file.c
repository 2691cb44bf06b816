/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <unistd.h>

#include "tests/unit.h"

#include "base/log.h"
#include "daemon/conf_file.h"

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
parse(struct conf_file *f, const char *text, char *error)
{
	return conf_file_parse(f, view_str(text), "f", error);
}

START_TEST(a_file_that_is_not_there_is_empty)
{
	struct conf_file f;
	char error[CONF_FILE_ERROR_MAX + 1];

	ck_assert_int_eq(conf_file_load(&f, "/nonexistent/openct.conf", error),
	    ERR_OK);
	ck_assert_str_eq(error, "");
	ck_assert(f.settings.hotplug);
	ck_assert_int_eq(conf_file_log_level(&f.settings), LOG_LEVEL_NOTICE);
	f.settings.debug = UINT32_MAX;
	ck_assert_int_eq(conf_file_log_level(&f.settings), LOG_LEVEL_DEBUG);
	conf_file_fini(&f);
	ck_assert_int_eq(conf_file_load(&f, "/", error), ERR_SYSTEM);
	ck_assert_str_eq(error, "/: Is a directory");
	conf_file_fini(&f);
}
END_TEST

START_TEST(a_file_is_loaded)
{
	char path[] = "/tmp/slotd-conf-XXXXXX";
	char error[CONF_FILE_ERROR_MAX + 1];
	struct conf_file f;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "debug = 1; #", 12), 12);
	close(fd);
	ck_assert_int_eq(conf_file_load(&f, path, error), ERR_OK);
	unlink(path);
	ck_assert_uint_eq(f.settings.debug, 1);
	conf_file_fini(&f);
	ck_assert_uint_eq(f.settings.debug, 0);
}
END_TEST

START_TEST(problems_are_logged_and_the_first_error_told)
{
	struct conf_file f;
	char error[CONF_FILE_ERROR_MAX + 1];
	struct lines l = { "" };

	log_set_sink(collect, &l);
	ck_assert_int_eq(parse(&f, "colour = red;\n"
	    "debug = x; hotplug = x; lock_timeout = 7;\n", error), ERR_OK);
	log_set_sink(NULL, NULL);
	ck_assert_str_eq(error, "f:2:9: 'debug': expected a number, found 'x'; "
	    "it is left out");
	ck_assert_ptr_nonnull(strstr(l.text, "f:1:1: 'colour' is not known"));
	ck_assert_ptr_nonnull(strstr(l.text, "f:2:9: 'debug': expected"));
	ck_assert_ptr_nonnull(strstr(l.text, "f:2:22: 'hotplug': expected"));
	ck_assert_uint_eq(f.settings.errors, 2);
	ck_assert_uint_eq(f.settings.lock_ms, 7);
	conf_file_fini(&f);
}
END_TEST

START_TEST(a_file_that_is_none_is_refused)
{
	struct conf_file f;
	char error[CONF_FILE_ERROR_MAX + 1];

	ck_assert_int_eq(parse(&f, "debug = 1;\nhotplug = no", error),
	    ERR_FORMAT);
	ck_assert_str_eq(error, "f:2:13: expected ';' or ',' after 'no', found "
	    "the end of the file");
	ck_assert(f.settings.hotplug && f.settings.debug == 0);
	conf_file_fini(&f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_file");
	TCase *t = tcase_create("conf_file");

	tcase_add_test(t, a_file_that_is_not_there_is_empty);
	tcase_add_test(t, a_file_is_loaded);
	tcase_add_test(t, problems_are_logged_and_the_first_error_told);
	tcase_add_test(t, a_file_that_is_none_is_refused);
	suite_add_tcase(s, t);
	return unit_run(s);
}
