/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include "lib/path.h"

int
status_open(void)
{
	char path[PATH_MAX];

	if (path_in_socket_dir(path, sizeof(path), "status") != ERR_OK) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

bool
daemon_listens(void)
{
	int fd = daemon_connect();

	if (fd < 0)
		return errno == EAGAIN;
	close(fd);
	return true;
}

/* A process in another namespace is not seen, its sockets may be. */
static bool
is_served(const struct openct_record *r)
{
	return r->pid > 0 && (kill(r->pid, 0) == 0 || errno == EPERM ||
	    daemon_listens());
}

/* The file is read anew each time, so a new one is noticed, and one that is
   cut short under us is an error and not a SIGBUS. */
enum err
record_read(struct openct_record *r, unsigned reader)
{
	ssize_t n;
	int fd;

	if (reader >= OPENCT_READERS_MAX)
		return ERR_NO_READER;
	fd = status_open();
	if (fd < 0)
		return ERR_NO_DAEMON;
	do {
		n = pread(fd, r, sizeof(*r),
		    (off_t)(reader * sizeof(struct openct_record)));
	} while (n < 0 && errno == EINTR);
	close(fd);
	r->name[OPENCT_NAME_MAX] = '\0';
	return n == (ssize_t)sizeof(*r) && is_served(r) ? ERR_OK :
	    ERR_NO_READER;
}
