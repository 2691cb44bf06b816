/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "base/log.h"

static char last[1100];
static int lines;

static void
keep(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	lines++;
	strncpy(last, line, sizeof(last) - 1);
}

START_TEST(level_drops_lines)
{
	log_set_sink(keep, NULL);
	log_at(LOG_LEVEL_INFO, NULL, "not seen");
	ck_assert_int_eq(lines, 0);
	ck_assert(!log_is_on(LOG_LEVEL_INFO) && log_is_on(LOG_LEVEL_NOTICE));
	log_set_level(LOG_LEVEL_INFO);
	ck_assert(log_is_on(LOG_LEVEL_INFO) && !log_is_on(LOG_LEVEL_DEBUG));
	log_at(LOG_LEVEL_INFO, "reader 0", "seen %d", 1);
	ck_assert_int_eq(lines, 1);
	ck_assert_str_eq(last, "reader 0: seen 1");
}
END_TEST

START_TEST(nobody_forges_a_line)
{
	log_set_sink(keep, NULL);
	log_at(LOG_LEVEL_ERROR, NULL, "%s", "a\nerror: b\x1b[2J\x7f\xff");
	ck_assert_str_eq(last, "a?error: b?[2J??");
	log_at(LOG_LEVEL_ERROR, NULL, "%s", "Gl\xc3\xbc" "ck \xc2\x85 \xc3");
	ck_assert_str_eq(last, "Gl\xc3\xbc" "ck ?? ?");
}
END_TEST

START_TEST(long_lines_are_cut)
{
	char big[3000];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_set_sink(keep, NULL);
	log_at(LOG_LEVEL_ERROR, big, "%s", big);
	ck_assert_uint_eq(strlen(last), 999);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");

	tcase_add_test(t, level_drops_lines);
	tcase_add_test(t, nobody_forges_a_line);
	tcase_add_test(t, long_lines_are_cut);
	suite_add_tcase(s, t);
	return unit_run(s);
}
