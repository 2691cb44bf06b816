/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* None is opened any more, but poll refuses more than this limit. */
enum { FILES_MAX = 32 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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

struct rules {
	uint32_t action;
	const int *calls;
	size_t n;
};

/* What usb_vpcd.c must tell the kernel again and again. */
static int
allow_quickack(scmp_filter_ctx f)
{
	static const struct scmp_arg_cmp quickack[] = {
		{ .arg = 1, .op = SCMP_CMP_EQ, .datum_a = IPPROTO_TCP },
		{ .arg = 2, .op = SCMP_CMP_EQ, .datum_a = TCP_QUICKACK },
	};

	return seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt),
	    sizeof(quickack) / sizeof(quickack[0]), quickack);
}

static enum err
load_filter(uint32_t otherwise, const struct rules *rules)
{
	scmp_filter_ctx f = seccomp_init(otherwise);
	int code = f == NULL ? -ENOMEM :
	    otherwise == SCMP_ACT_ALLOW ? 0 : allow_quickack(f);

	for (; rules->n != 0 && code == 0; rules++)
		for (size_t i = 0; i < rules->n && code == 0; i++)
			code = seccomp_rule_add(f, rules->action,
			    rules->calls[i], 0);
	if (code == 0)
		code = seccomp_load(f);
	seccomp_release(f);
	return code == 0 ? ERR_OK : ERR_SYSTEM;
}

#ifdef SANITIZERS
/* The sanitizers need terabytes of address space, read /proc and start a
   process at their end: only what is not theirs is refused. */
static enum err
shut(size_t memory)
{
	static const int refused[] = {
		SCMP_SYS(connect),
		SCMP_SYS(creat),
		SCMP_SYS(open),
		SCMP_SYS(openat),
		SCMP_SYS(socket),
	};
	static const struct rules rules[] = {
		{ SCMP_ACT_ERRNO(EPERM), refused, COUNT(refused) },
		{ SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly) },
		{ 0, NULL, 0 },
	};

	(void)memory;
	return load_filter(SCMP_ACT_ALLOW, rules);
}
#else
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

static enum err
shut(size_t memory)
{
	static const struct rules rules[] = {
		{ SCMP_ACT_ALLOW, allowed, COUNT(allowed) },
		{ SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly) },
		{ 0, NULL, 0 },
	};

	if (!limit(RLIMIT_AS, memory))
		return ERR_SYSTEM;
	return load_filter(SCMP_ACT_ERRNO(EPERM), rules);
}
#endif

enum err
sandbox_early(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || !limit(RLIMIT_CORE, 0))
		return ERR_SYSTEM;
	return ERR_OK;
}

static bool
take_groups(const struct sandbox_identity *id)
{
	return id->n == 0 || (setgroups(id->n, id->groups) == 0 &&
	    setresgid(id->groups[0], id->groups[0], id->groups[0]) == 0);
}

static bool
take_user(const struct sandbox_identity *id)
{
	return !id->has_user || (setresuid(id->uid, id->uid, id->uid) == 0 &&
	    (id->uid == 0 || setuid(0) != 0));
}

enum err
sandbox_become(const struct sandbox_identity *id)
{
	if (!take_groups(id) || !take_user(id))
		return ERR_SYSTEM;
	/* another user may be dumped again */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? ERR_OK : ERR_SYSTEM;
}

enum err
sandbox_enter(size_t memory)
{
	if (!limit(RLIMIT_NOFILE, FILES_MAX) || !limit(RLIMIT_NPROC, 0) ||
	    !limit(RLIMIT_MEMLOCK, 0))
		return ERR_SYSTEM;
	return shut(memory);
}
