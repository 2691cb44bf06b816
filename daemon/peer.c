/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/peer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
program_of(char *dst, size_t cap, pid_t pid)
{
	char path[32];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, dst, cap - 1);
		close(fd);
	}
	if (n <= 0) {
		snprintf(dst, cap, "?");
		return;
	}
	dst[n] = '\0';
	dst[strcspn(dst, "\n")] = '\0';
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
