/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_PEER_H
#define DAEMON_PEER_H

/* Who is at the other end of a client socket. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/must_use.h"

enum { PEER_GROUPS_MAX = 64 };

struct peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
	unsigned n_groups;	/* beside gid */
	gid_t groups[PEER_GROUPS_MAX];
	bool more_groups;	/* than there is room for */
	uint32_t dialect;	/* DIALECT_, the way it came */
	char program[32];	/* its name when it connected; "?" if unknown */
};

/*
 * Fills in the peer of a connected Unix socket: SO_PEERCRED, SO_PEERGROUPS, and
 * the name from /proc/PID/comm (for people only, never for a decision: pids are used again).
 * ERR_SYSTEM when the kernel gives no credentials.
 */
enum err	peer_of_socket(struct peer *, int fd) MUST_USE;

/* Is its process stopped (SIGSTOP, a debugger)? For people only, too. */
bool		peer_is_stopped(const struct peer *);

/* "pkcs11-tool[71] uid 1000" into dst, cut to fit. Returns dst. */
char		*peer_text(char *dst, size_t cap, const struct peer *);

#endif
