/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit.h"

#include "base/file.h"

static char path[32];

static void
setup(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/slotd-file-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "0123456789", 10), 10);
	close(fd);
}

static void
teardown(void)
{
	unlink(path);
}

START_TEST(a_file_is_read_whole_or_not_at_all)
{
	static const struct {
		size_t max;
		enum err err;
	} rows[] = {
		{ 11, ERR_OK }, { 10, ERR_OK }, { 9, ERR_TOO_LONG },
		{ 0, ERR_TOO_LONG },
	};
	uint8_t *text;
	size_t n;

	ck_assert_int_eq(file_read(path, rows[_i].max, &text, &n),
	    rows[_i].err);
	if (rows[_i].err == ERR_OK) {
		ck_assert_uint_eq(n, 10);
		ck_assert_mem_eq(text, "0123456789", 10);
	} else {
		ck_assert_ptr_null(text);
	}
	free(text);
}
END_TEST

START_TEST(errno_says_why_it_cannot_be_read)
{
	uint8_t *text;
	size_t n;

	ck_assert_int_eq(file_read("/nonexistent/file", 10, &text, &n),
	    ERR_SYSTEM);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(text);
	ck_assert_int_eq(file_read("/", 10, &text, &n), ERR_SYSTEM);
	ck_assert_int_eq(errno, EISDIR);
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(an_empty_file_is_empty)
{
	uint8_t *text;
	size_t n = 1;

	ck_assert_int_eq(file_read("/dev/null", 10, &text, &n), ERR_OK);
	ck_assert_uint_eq(n, 0);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("file");
	TCase *t = tcase_create("file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_file_is_read_whole_or_not_at_all, 0, 4);
	tcase_add_test(t, errno_says_why_it_cannot_be_read);
	tcase_add_test(t, an_empty_file_is_empty);
	suite_add_tcase(s, t);
	return unit_run(s);
}
