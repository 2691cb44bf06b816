/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_ACTIVATION_H
#define DAEMON_ACTIVATION_H

/*
 * Sockets that were bound before slotd was started, so that programs can come
 * while nobody runs: LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, as
 * sd_listen_fds(3) describes them, without systemd's library.
 */

#include <stdbool.h>
#include <stddef.h>

enum { ACTIVATION_MAX = 16, ACTIVATION_NAME_MAX = 255 };

struct activation {
	size_t n;
	struct activated {
		int fd;
		bool found;	/* by activation_find */
		char name[ACTIVATION_NAME_MAX + 1];
	} sockets[ACTIVATION_MAX];
};

/*
 * Takes over the descriptors that the environment tells of, if it means this
 * process, and forgets the variables. What is no listening Unix stream socket
 * is logged and closed. Before this process opens or forks anything.
 */
void	activation_init(struct activation *);

/*
 * The socket of that name (FileDescriptorName=), or else the one bound at path;
 * -1 when there is none. It stays open, and listening, until activation_fini.
 */
int	activation_find(struct activation *, const char *name,
	    const char *path);

/* Logs each socket that nobody looked for. */
void	activation_warn_unused(const struct activation *);

/* Closes all; whoever bound them may go on listening. */
void	activation_fini(struct activation *);

#endif
