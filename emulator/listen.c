/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"

static bool
unix_address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(sun->sun_path, path, strlen(path) + 1);
	return true;
}

int
connect_unix(const char *path)
{
	struct sockaddr_un sun;
	int fd;

	if (!unix_address(&sun, path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* Nobody listens behind a socket file: it was left by a dead process. */
static void
remove_stale(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	fd = connect_unix(path);
	if (fd >= 0)
		close(fd);
	else if (errno == ECONNREFUSED)
		unlink(path);
}

static int
listen_unix(const char *path, char *why, size_t cap)
{
	struct sockaddr_un sun;
	int fd;

	remove_stale(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && unix_address(&sun, path) &&
	    bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	snprintf(why, cap, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
bind_tcp(const struct addrinfo *ai)
{
	int fd, on = 1;

	fd = socket(ai->ai_family,
	    ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, ai->ai_protocol);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	close(fd);
	return -1;
}

static unsigned
bound_port(int fd)
{
	struct sockaddr_storage ss;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return 0;
	memcpy(&in4, &ss, sizeof(in4));
	memcpy(&in6, &ss, sizeof(in6));
	return ntohs(ss.ss_family == AF_INET6 ? in6.sin6_port : in4.sin_port);
}

/* getaddrinfo takes 65536 for 0. */
static bool
is_port(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n != 0 && n <= 5 && text[n] == '\0' && atoi(text) <= 65535;
}

static int
listen_tcp(const char *address, char *name, size_t name_cap, char *why,
    size_t why_cap)
{
	static const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM
	};
	const char *colon = strrchr(address, ':');
	struct addrinfo *list = NULL;
	char host[256] = "";
	int fd, rc;

	if (colon == NULL || (size_t)(colon - address) >= sizeof(host) ||
	    !is_port(colon + 1)) {
		snprintf(why, why_cap, "%.100s: HOST:PORT with a port up to "
		    "65535, or unix:PATH, is expected", address);
		return -1;
	}
	memcpy(host, address, (size_t)(colon - address));
	if (host[0] == '[' && colon[-1] == ']') {
		memmove(host, host + 1, strlen(host));
		host[strlen(host) - 1] = 0;
	}
	rc = getaddrinfo(host[0] == 0 ? NULL : host, colon + 1, &hints, &list);
	if (rc != 0) {
		snprintf(why, why_cap, "%.100s: %s", address, gai_strerror(rc));
		return -1;
	}
	fd = bind_tcp(list);
	freeaddrinfo(list);
	if (fd < 0)
		snprintf(why, why_cap, "%.100s: %s", address, strerror(errno));
	else
		snprintf(name, name_cap, "%.*s:%u", (int)(colon - address),
		    address, bound_port(fd));
	return fd;
}

int
listen_on(const char *address, char *name, size_t name_cap, char *why,
    size_t why_cap)
{
	size_t n = strlen(UNIX_PREFIX);

	if (strncmp(address, UNIX_PREFIX, n) != 0)
		return listen_tcp(address, name, name_cap, why, why_cap);
	snprintf(name, name_cap, "%s", address);
	return listen_unix(address + n, why, why_cap);
}

void
listen_forget(const char *address)
{
	size_t n = strlen(UNIX_PREFIX);

	if (strncmp(address, UNIX_PREFIX, n) == 0)
		unlink(address + n);
}

int
listen_accept(int fd)
{
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), on = 1;

	if (c >= 0)	/* fails on Unix sockets, where nothing is delayed */
		setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return c;
}
