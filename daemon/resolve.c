/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/resolve.h"

#include <event2/event.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_SECONDS = 4 };

struct resolve {
	resolve_fn done;
	void *arg;
	struct event *ready;
	int fd;			/* where the child's answer comes, or -1 */
	pid_t pid;
	struct resolved answer;
};

static void
look_up(struct resolved *r, const char *host, const char *port, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = flags | AI_NUMERICSERV };
	struct addrinfo *list;

	memset(r, 0, sizeof(*r));
	if (getaddrinfo(host, port, &hints, &list) != 0)
		return;
	if (list->ai_addrlen <= sizeof(r->sa)) {
		memcpy(&r->sa, list->ai_addr, list->ai_addrlen);
		r->n = list->ai_addrlen;
	}
	freeaddrinfo(list);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct resolve *r = arg;

	(void)what;
	/* less than PIPE_BUF bytes come in one piece, or none at all */
	if (fd >= 0 && read(fd, &r->answer, sizeof(r->answer)) !=
	    (ssize_t)sizeof(r->answer))
		r->answer.n = 0;
	r->done(r->arg, &r->answer);
}

static void
child(int fd, const char *host, const char *port)
{
	struct resolved r;

	signal(SIGALRM, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	alarm(CHILD_SECONDS);
	if (dup2(fd, STDIN_FILENO) != STDIN_FILENO)
		_exit(1);
	fd = STDIN_FILENO;
	closefrom(STDERR_FILENO + 1);	/* clients must see us hang up */
	look_up(&r, host, port, 0);
	_exit(write(fd, &r, sizeof(r)) == (ssize_t)sizeof(r) ? 0 : 1);
}

static bool
ask_child(struct resolve *r, const char *host, const char *port)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) != 0)
		return false;
	r->pid = fork();
	if (r->pid == 0)
		child(pair[1], host, port);
	close(pair[1]);
	r->fd = pair[0];
	return r->pid > 0;
}

struct resolve *
resolve_start(struct event_base *base, const char *host, const char *port,
    resolve_fn done, void *arg)
{
	static const struct timeval now = { 0, 0 };
	struct resolve *r = calloc(1, sizeof(*r));
	bool ok;

	if (r == NULL)
		return NULL;
	r->fd = -1;
	r->done = done;
	r->arg = arg;
	look_up(&r->answer, host, port, AI_NUMERICHOST);
	ok = r->answer.n != 0 || ask_child(r, host, port);
	if (ok)
		r->ready = event_new(base, r->fd, EV_READ, on_ready, r);
	if (r->ready == NULL ||
	    event_add(r->ready, r->fd < 0 ? &now : NULL) != 0) {
		resolve_free(r);
		return NULL;
	}
	return r;
}

void
resolve_free(struct resolve *r)
{
	if (r == NULL)
		return;
	if (r->ready != NULL)
		event_free(r->ready);
	if (r->fd >= 0)
		close(r->fd);
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);	/* at once: it was killed */
	}
	free(r);
}
