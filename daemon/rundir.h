/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_RUNDIR_H
#define DAEMON_RUNDIR_H

/* The directory of sockets and status file, and the claim on it. */

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/must_use.h"

/*
 * Makes the directory (mode 0755) if it is missing, refuses one that others can
 * write to, and claims it through a lock on DIR/slotd.pid, which stays open in
 * *fd. On errors text says why, for people; ERR_BUSY when a slotd has it.
 */
enum err	rundir_claim(int *fd, const char *dir, char *text, size_t cap)
		    MUST_USE;

/* Writes the pid: after the last fork. */
enum err	rundir_write_pid(int fd, pid_t) MUST_USE;

/* Removes the pid file and gives the claim back. fd may be -1. */
void		rundir_release(int fd, const char *dir);

#endif
