/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

enum { FIRST_FD = 3 };		/* sd_listen_fds(3): SD_LISTEN_FDS_START */

/* A whole decimal number of the environment, or -1. */
static long
number(const char *variable)
{
	const char *s = getenv(variable);
	char *end;
	long x;

	if (s == NULL || *s < '0' || *s > '9')
		return -1;
	errno = 0;
	x = strtol(s, &end, 10);
	return *end == '\0' && errno == 0 ? x : -1;
}

static bool
option_is(int fd, int option, int want)
{
	socklen_t n = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &n) == 0 &&
	    value == want;
}

static bool
is_usable(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return option_is(fd, SO_DOMAIN, AF_UNIX) &&
	    option_is(fd, SO_TYPE, SOCK_STREAM) &&
	    option_is(fd, SO_ACCEPTCONN, 1) &&
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* Names are separated by colons; *names moves behind the one taken. */
static void
take_name(char dst[ACTIVATION_NAME_MAX + 1], const char **names)
{
	size_t n = strcspn(*names, ":");

	snprintf(dst, ACTIVATION_NAME_MAX + 1, "%.*s", (int)n, *names);
	*names += n;
	*names += **names == ':';
}

static void
take_over(struct activation *a, long n, const char *names)
{
	for (int fd = FIRST_FD; n-- > 0; fd++) {
		struct activated s = { .fd = fd };

		take_name(s.name, &names);
		if (a->n < ACTIVATION_MAX && is_usable(fd)) {
			a->sockets[a->n++] = s;
			continue;
		}
		log_at(LOG_LEVEL_WARN, NULL, "descriptor %d (%s) of LISTEN_FDS "
		    "is no listening Unix stream socket, or one too many", fd,
		    s.name);
		close(fd);
	}
}

void
activation_init(struct activation *a)
{
	const char *names = getenv("LISTEN_FDNAMES");
	long n = number("LISTEN_FDS");

	a->n = 0;
	if (number("LISTEN_PID") == (long)getpid() && n > 0 &&
	    n <= sysconf(_SC_OPEN_MAX))
		take_over(a, n, names != NULL ? names : "");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

/* The path may be another name of the same file, such as in /var/run. */
static bool
is_bound_at(int fd, const char *path)
{
	struct sockaddr_un sun;
	socklen_t n = sizeof(sun);
	char own[sizeof(sun.sun_path) + 1] = "";
	struct stat a, b;

	if (getsockname(fd, (struct sockaddr *)&sun, &n) != 0 ||
	    n <= offsetof(struct sockaddr_un, sun_path))
		return false;
	memcpy(own, sun.sun_path, n - offsetof(struct sockaddr_un, sun_path));
	return strcmp(own, path) == 0 || (stat(own, &a) == 0 &&
	    stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	    a.st_ino == b.st_ino);
}

static struct activated *
search(struct activation *a, const char *name, const char *path)
{
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->sockets[i].name, name) == 0)
			return &a->sockets[i];
	}
	for (size_t i = 0; i < a->n; i++) {
		if (is_bound_at(a->sockets[i].fd, path))
			return &a->sockets[i];
	}
	return NULL;
}

int
activation_find(struct activation *a, const char *name, const char *path)
{
	struct activated *s = search(a, name, path);

	if (s == NULL)
		return -1;
	s->found = true;
	return s->fd;
}

void
activation_warn_unused(const struct activation *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!a->sockets[i].found)
			log_at(LOG_LEVEL_WARN, NULL, "nobody is served at the "
			    "socket \"%s\" of LISTEN_FDS: neither its name nor "
			    "its path is one of slotd's", a->sockets[i].name);
	}
}

void
activation_fini(struct activation *a)
{
	while (a->n != 0)
		close(a->sockets[--a->n].fd);
}
