/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* None is opened any more, but poll refuses more than this limit. */
enum { FILES_MAX = 32 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What the handler, libusb and the C library need from here on. */
static const int allowed[] = {
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(close),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(fcntl),
	SCMP_SYS(fstat),
	SCMP_SYS(futex),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(gettid),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(ioctl),
	SCMP_SYS(lseek),
	SCMP_SYS(madvise),
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(newfstatat),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(read),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(write),
	SCMP_SYS(writev),
};

/* What only somebody who took the process over would call. */
static const int deadly[] = {
	SCMP_SYS(bpf),
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(init_module),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(mount),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(ptrace),
	SCMP_SYS(setuid),
	SCMP_SYS(unshare),
	SCMP_SYS(userfaultfd),
};

#ifdef SANITIZERS
/* The sanitizers read /proc and start a process of their own at the end: what
   is left of the filter is the part that is not theirs. */
static scmp_filter_ctx
make_filter(void)
{
	static const int refused[] = {
		SCMP_SYS(connect),
		SCMP_SYS(creat),
		SCMP_SYS(open),
		SCMP_SYS(openat),
		SCMP_SYS(socket),
	};
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);

	for (size_t i = 0; f != NULL && i < COUNT(refused); i++)
		(void)seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	return f;
}
#else
static scmp_filter_ctx
make_filter(void)
{
	return seccomp_init(SCMP_ACT_ERRNO(EPERM));
}
#endif

static int
add_all(scmp_filter_ctx f, uint32_t action, const int *calls, size_t n)
{
	int code = 0;

	for (size_t i = 0; i < n && code == 0; i++)
		code = seccomp_rule_add(f, action, calls[i], 0);
	return code == -EACCES ? 0 : code;	/* it is the default anyway */
}

static enum err
load_filter(void)
{
	scmp_filter_ctx f = make_filter();
	int code = f == NULL ? -ENOMEM : 0;

	if (code == 0)
		code = add_all(f, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
#ifndef SANITIZERS
	if (code == 0)
		code = add_all(f, SCMP_ACT_ALLOW, allowed, COUNT(allowed));
#endif
	if (code == 0)
		code = seccomp_load(f);
	seccomp_release(f);
	return code == 0 ? ERR_OK : ERR_SYSTEM;
}

static bool
limit(int resource, rlim_t value)
{
	struct rlimit now, l = { value, value };

	/* what is lower already stays */
	if (getrlimit((__rlimit_resource_t)resource, &now) == 0 &&
	    now.rlim_max < value)
		return true;
	return setrlimit((__rlimit_resource_t)resource, &l) == 0;
}

enum err
sandbox_early(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || !limit(RLIMIT_CORE, 0))
		return ERR_SYSTEM;
	return ERR_OK;
}

enum err
sandbox_enter(size_t memory)
{
	if (!limit(RLIMIT_NOFILE, FILES_MAX) || !limit(RLIMIT_NPROC, 0) ||
	    !limit(RLIMIT_MEMLOCK, 0))
		return ERR_SYSTEM;
#ifndef SANITIZERS	/* whose shadow memory is terabytes */
	if (!limit(RLIMIT_AS, memory))
		return ERR_SYSTEM;
#else
	(void)memory;
#endif
	return load_filter();
}
