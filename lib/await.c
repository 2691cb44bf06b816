/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/handle.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/path.h"

enum { YOUNG_S = 10, LIMIT_MS = 10000 };

/* Has slotd run for longer than it needs to start? */
static bool
is_old(void)
{
	struct timespec now;
	char path[PATH_MAX];
	struct stat st;
	time_t age;

	if (path_in_socket_dir(path, sizeof(path), "slotd.pid") != ERR_OK ||
	    stat(path, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return false;
	age = now.tv_sec - st.st_mtim.tv_sec;
	return age < 0 || age >= YOUNG_S;	/* the clock was set: old */
}

int
daemon_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, error;

	if (path_in_socket_dir(sun.sun_path, sizeof(sun.sun_path), "control") !=
	    ERR_OK) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
await_word(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t end_ms = clock_now_ms() + LIMIT_MS, now_ms;

	while ((now_ms = clock_now_ms()) < end_ms) {
		if (poll(&p, 1, (int)(end_ms - now_ms)) >= 0 || errno != EINTR)
			return;
	}
}

/* What it answers does not matter: it is when. */
void
daemon_await(void)
{
	static const char hello[] = "{\"cmd\": \"hello\"}\n";
	int fd;

	if (is_old())
		return;
	fd = daemon_connect();
	if (fd < 0)
		return;
	if (send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL) ==
	    (ssize_t)sizeof(hello) - 1)
		await_word(fd);
	close(fd);
}
