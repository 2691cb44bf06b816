/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ifd/sandbox.h"

/* Each row is tried in a process of its own, inside the cage. */

enum { CAGED = 100, MEMORY = 256 * 1024 * 1024 };

/* 0 when it was allowed, else errno. */
static int
open_file(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? 0 : errno;
}

static int
create_file(void)
{
	return open("/tmp/slotd-sandbox-test", O_WRONLY | O_CREAT, 0600) >= 0 ?
	    0 : errno;
}

static int
make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno;
}

static int
run_program(void)
{
	char *const argv[] = { NULL };

	return execv("/bin/true", argv) == 0 ? 0 : errno;
}

static int
trace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno;
}

#ifndef SANITIZERS
static int
fork_off(void)
{
	return fork() >= 0 ? 0 : errno;
}

/* Of no socket, so that only the filter can refuse it. */
static int
hurry_an_ack(void)
{
	int one = 1;

	return setsockopt(STDERR_FILENO, IPPROTO_TCP, TCP_QUICKACK, &one,
	    sizeof(one)) == 0 ? 0 : errno;
}

static int
set_another_option(void)
{
	int one = 1;

	return setsockopt(STDERR_FILENO, IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)) == 0 ? 0 : errno;
}

static int
too_much_memory(void)
{
	void *p = mmap(NULL, (size_t)MEMORY * 2, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED ? 0 : errno;
}
#endif

static int
use_descriptors(void)
{
	struct timespec t;
	struct pollfd p = { STDERR_FILENO, POLLOUT, 0 };

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0 || poll(&p, 1, 0) < 0)
		return errno;
	return write(STDERR_FILENO, "", 0) == 0 ? 0 : errno;
}

static int
use_memory(void)
{
	void *p = malloc(1024 * 1024);

	free(p);
	return p != NULL ? 0 : ENOMEM;
}

static int
dumps_no_core(void)
{
	struct rlimit l;

	getrlimit(RLIMIT_CORE, &l);
	return l.rlim_max == 0 ? 0 : EPERM;
}

static const struct {
	const char *name;
	int (*act)(void);
	int want;		/* errno, or -signal */
} rows[] = {
	{ "open a file", open_file, EPERM },
	{ "create a file", create_file, EPERM },
	{ "make a socket", make_socket, EPERM },
	{ "run a program", run_program, -SIGSYS },
	{ "trace", trace, -SIGSYS },
#ifndef SANITIZERS
	{ "fork", fork_off, EPERM },
	{ "hurry an ACK", hurry_an_ack, ENOTSOCK },
	{ "set another option of a socket", set_another_option, EPERM },
	{ "take too much memory", too_much_memory, ENOMEM },
#endif
	{ "use its descriptors", use_descriptors, 0 },
	{ "use some memory", use_memory, 0 },
};

START_TEST(the_cage_holds)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (sandbox_early() != ERR_OK || sandbox_enter(MEMORY) !=
		    ERR_OK)
			_exit(CAGED);
		_exit(rows[_i].act());
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (rows[_i].want < 0) {
		ck_assert_msg(WIFSIGNALED(status), "%s: status %x",
		    rows[_i].name, (unsigned)status);
		ck_assert_int_eq(WTERMSIG(status), -rows[_i].want);
	} else {
		ck_assert_msg(WIFEXITED(status), "%s: status %x",
		    rows[_i].name, (unsigned)status);
		ck_assert_msg(WEXITSTATUS(status) == rows[_i].want,
		    "%s: errno %d, %d expected", rows[_i].name,
		    WEXITSTATUS(status), rows[_i].want);
	}
}
END_TEST

START_TEST(nothing_is_dumped_or_gained)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(sandbox_early() == ERR_OK && dumps_no_core() == 0 &&
		    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
		    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("sandbox");

	tcase_add_loop_test(t, the_cage_holds, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(t, nothing_is_dumped_or_gained);
	suite_add_tcase(s, t);
	return unit_run(s);
}
