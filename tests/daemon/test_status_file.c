/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/status_file.h"

static char dir[64], path[96];
static uint8_t bytes[4096];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/slotd-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/status", dir);
}

static void
teardown(void)
{
	unlink(path);
	rmdir(dir);
}

static size_t
read_file(void)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	close(fd);
	return n < 0 ? 0 : (size_t)n;
}

static ino_t
inode(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	return st.st_ino;
}

/* The layout that programs of twenty years map, byte by byte. */
START_TEST(records_are_laid_out_as_opencts)
{
	struct openct_record r = { .name = "Reader", .slots = 2,
		.card = { 5, 6 }, .keypad = 1, .pid = 4711 };
	struct status_file *f;
	uint32_t x;

	ck_assert_int_eq(status_file_open(&f, path), ERR_OK);
	status_file_set(f, 1, &r);
	ck_assert_uint_eq(read_file(), 1728);
	for (size_t i = 0; i < 108; i++)
		ck_assert_uint_eq(bytes[i], 0);
	ck_assert_str_eq((char *)bytes + 108, "Reader");
	memcpy(&x, bytes + 108 + 64, 4);
	ck_assert_uint_eq(x, 2);
	memcpy(&x, bytes + 108 + 72, 4);
	ck_assert_uint_eq(x, 6);
	memcpy(&x, bytes + 108 + 104, 4);
	ck_assert_uint_eq(x, 4711);
	status_file_set(f, 1, NULL);
	read_file();
	for (size_t i = 0; i < 1728; i++)
		ck_assert_uint_eq(bytes[i], 0);
	status_file_close(f);
}
END_TEST

START_TEST(the_file_is_kept_over_a_restart)
{
	struct openct_record r = { .name = "Reader", .slots = 1, .pid = 1 };
	struct status_file *f;
	ino_t first;

	ck_assert_int_eq(status_file_open(&f, path), ERR_OK);
	first = inode();
	status_file_set(f, 0, &r);
	status_file_close(f);
	ck_assert_uint_eq(read_file(), 1728);
	ck_assert_uint_eq(bytes[0], 0);
	ck_assert_int_eq(status_file_open(&f, path), ERR_OK);
	ck_assert_uint_eq(inode(), first);
	status_file_close(f);
}
END_TEST

/* What a killed daemon left is taken out; nothing is cut off under a reader. */
START_TEST(an_old_file_is_emptied_in_place)
{
	struct status_file *f;
	FILE *old = fopen(path, "w");

	memset(bytes, 0xaa, sizeof(bytes));
	fwrite(bytes, 1, 2000, old);
	fclose(old);
	ck_assert_int_eq(status_file_open(&f, path), ERR_OK);
	ck_assert_uint_eq(read_file(), 2000);
	for (size_t i = 0; i < 1728; i++)
		ck_assert_uint_eq(bytes[i], 0);
	status_file_close(f);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
	struct status_file *f;

	ck_assert_int_eq(symlink("/etc/hostname", path), 0);
	ck_assert_int_eq(status_file_open(&f, path), ERR_SYSTEM);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(status_file_open(&f, path), ERR_SYSTEM);
	ck_assert_int_eq(status_file_open(&f, "/nonexistent/status"), ERR_SYSTEM);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("status_file");
	TCase *t = tcase_create("status_file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, records_are_laid_out_as_opencts);
	tcase_add_test(t, the_file_is_kept_over_a_restart);
	tcase_add_test(t, an_old_file_is_emptied_in_place);
	tcase_add_test(t, what_is_no_file_is_refused);
	suite_add_tcase(s, t);
	return unit_run(s);
}
