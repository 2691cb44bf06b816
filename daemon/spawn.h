/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_SPAWN_H
#define DAEMON_SPAWN_H

#include <sys/types.h>

#include "base/must_use.h"

enum { SPAWN_EXEC_FAILED = 127 };

/*
 * Starts a program with two descriptors of ours at CHANNEL_FD and
 * CHANNEL_DEVICE_FD, standard input from /dev/null, output and error as ours,
 * an empty environment, default signals and a process group of its own (so that
 * a Ctrl-C reaches slotd alone). All else that is open must be close-on-exec.
 * argv ends with NULL. Returns its pid, or -1 and errno.
 */
pid_t	spawn_with_fds(const char *program, const char *const *argv,
	    int channel_fd, int device_fd) MUST_USE;

#endif
