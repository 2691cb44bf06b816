/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The start of a file of the process; empty when it cannot be read. */
static void
read_proc(char *dst, size_t cap, pid_t pid, const char *file)
{
	char path[40];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, dst, cap - 1);
		close(fd);
	}
	dst[n > 0 ? n : 0] = '\0';
}

static void
program_of(char *dst, size_t cap, pid_t pid)
{
	read_proc(dst, cap, pid, "comm");
	dst[strcspn(dst, "\n")] = '\0';
	if (dst[0] == '\0')
		snprintf(dst, cap, "?");
}

bool
peer_is_stopped(const struct peer *p)
{
	char stat[128];
	const char *state;

	read_proc(stat, sizeof(stat), p->pid, "stat");
	state = strrchr(stat, ')');	/* the program's name may hold one */
	return state != NULL && (strncmp(state, ") T", 3) == 0 ||
	    strncmp(state, ") t", 3) == 0);
}

/* A kernel without SO_PEERGROUPS tells of no groups. */
static void
read_groups(struct peer *p, int fd)
{
	socklen_t n = sizeof(p->groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, p->groups, &n) == 0)
		p->n_groups = (unsigned)(n / sizeof(p->groups[0]));
	else
		p->more_groups = errno == ERANGE;
}

enum err
peer_of_socket(struct peer *p, int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	memset(p, 0, sizeof(*p));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0 ||
	    n != sizeof(cred))
		return ERR_SYSTEM;
	p->pid = cred.pid;
	p->uid = cred.uid;
	p->gid = cred.gid;
	read_groups(p, fd);
	program_of(p->program, sizeof(p->program), p->pid);
	return ERR_OK;
}

char *
peer_text(char *dst, size_t cap, const struct peer *p)
{
	snprintf(dst, cap, "%s[%ld] uid %lu", p->program, (long)p->pid,
	    (unsigned long)p->uid);
	return dst;
}
