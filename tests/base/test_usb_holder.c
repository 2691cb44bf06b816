/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/usb_holder.h"

static char path[] = "/tmp/usb-holder.XXXXXX";
static pid_t child;

/* A process with an odd name has the file open; this one has not. */
static void
setup(void)
{
	int fd, ready[2];
	char c;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_NAME, "a) (b 1");
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fd);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

static void
teardown(void)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	unlink(path);
}

START_TEST(the_process_that_has_it_open_is_named)
{
	char text[USB_HOLDER_MAX + 1], want[64];

	snprintf(want, sizeof(want), "a) (b 1 (process %ld)", (long)child);
	ck_assert_uint_eq(usb_holder_processes(text, path, -1), 1);
	ck_assert_str_eq(text, want);
}
END_TEST

START_TEST(slotd_and_its_handlers_do_not_count)
{
	char text[USB_HOLDER_MAX + 1];

	ck_assert_uint_eq(usb_holder_processes(text, path, child), 0);
	ck_assert_uint_eq(usb_holder_processes(text, path, getpid()), 0);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(nobody)
{
	char text[USB_HOLDER_MAX + 1];

	ck_assert_uint_eq(usb_holder_processes(text, "/nowhere", -1), 0);
	ck_assert_int_eq(usb_holder_find(text, "/nowhere", -1),
	    USB_HOLDER_NOBODY);
	ck_assert_int_eq(usb_holder_find(text, "/dev/null", 1),
	    usb_holder_processes(text, "/dev/null", 1) != 0 ?
	    USB_HOLDER_KNOWN : USB_HOLDER_NOBODY);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("usb_holder");
	TCase *tc = tcase_create("processes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_process_that_has_it_open_is_named);
	tcase_add_test(tc, slotd_and_its_handlers_do_not_count);
	tcase_add_test(tc, nobody);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
