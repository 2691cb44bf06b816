/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_SANDBOX_H
#define IFD_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/must_use.h"

/* First act of main: no core dump, no debugger, no privileges by exec. */
enum err	sandbox_early(void) MUST_USE;

/* Who to be; zeros: who we are. */
enum { SANDBOX_GROUPS_MAX = 16 };

struct sandbox_identity {
	bool has_user;
	uid_t uid;
	gid_t groups[SANDBOX_GROUPS_MAX];	/* the first is the main one */
	size_t n;
};

/* For root, and for ever: that there is no way back is tried. */
enum err	sandbox_become(const struct sandbox_identity *) MUST_USE;

/*
 * The cage: small resource limits and a filter of system calls. What is left is
 * memory, time, and reading, writing, polling and ioctl of descriptors that are
 * open already. Opening a file, a socket or a process fails with EPERM; exec,
 * ptrace and the like end the process. memory is the bytes of address space it
 * may use in all. There is no way back.
 */
enum err	sandbox_enter(size_t memory) MUST_USE;

#endif
