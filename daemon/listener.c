/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/refusal.h"

enum {
	BACKLOG = SOMAXCONN,
	PAUSE_MS = 200,
	LISTENS = 1 << 16,	/* __SO_ACCEPTCON of the kernel's list */
};

struct listener {
	int fd;
	bool adopted;		/* whoever bound it keeps it */
	struct sockaddr_un sun;
	struct event *readable;
	struct event *pause;	/* after accept failed for want of something */
	struct quota *quota;
	struct refusals *refusals;
	struct view refusal;
	listener_fn fn;
	void *arg;
};

/* The connection that could not be accepted keeps the socket readable. */
static void
pause_listening(struct listener *l)
{
	const struct timeval tv = { .tv_usec = PAUSE_MS * 1000 };

	log_at(LOG_LEVEL_WARN, l->sun.sun_path, "cannot accept: %s",
	    strerror(errno));
	event_del(l->readable);
	event_add(l->pause, &tv);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	event_add(l->readable, NULL);
}

static void
admit(struct listener *l, int fd)
{
	struct peer peer;
	enum err e = peer_of_socket(&peer, fd);

	if (e == ERR_OK)
		e = quota_enter(l->quota, peer.uid);
	if (e == ERR_OK) {
		l->fn(l->arg, fd, &peer);
		return;
	}
	if (e == ERR_QUOTA) {
		quota_tell(l->quota, l->sun.sun_path, &peer, "connections");
		refusals_add(l->refusals, fd, l->refusal);
	} else {
		close(fd);
	}
}

static void
on_readable(evutil_socket_t listening, short what, void *arg)
{
	struct listener *l = arg;
	int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd >= 0)
		admit(l, fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	    errno == ENOBUFS)
		pause_listening(l);
}

/*
 * Does anybody listen at path, as far as the kernel's list tells? A connection
 * would tell, too, but might start the program that is to listen there.
 */
static bool
is_listed(const char *path)
{
	FILE *f = fopen("/proc/self/net/unix", "re");
	char *line = NULL;
	size_t cap = 0;
	bool found = false;

	while (f != NULL && !found && getline(&line, &cap, f) > 0) {
		unsigned long flags;
		int at = 0;

		line[strcspn(line, "\n")] = '\0';
		/* Num RefCount Protocol Flags Type St Inode Path */
		if (sscanf(line, "%*x: %*x %*x %lx %*x %*x %*u %n", &flags,
		    &at) == 1 && at != 0 && (flags & LISTENS) != 0)
			found = strcmp(line + at, path) == 0;
	}
	free(line);
	if (f != NULL)
		fclose(f);
	return found;
}

/* Removes a socket that a dead program left behind. */
static enum err
clear_path(const struct sockaddr_un *sun)
{
	struct stat st;
	int fd, rc;

	if (lstat(sun->sun_path, &st) < 0)
		return errno == ENOENT ? ERR_OK : ERR_SYSTEM;
	if (!S_ISSOCK(st.st_mode))
		return ERR_BUSY;
	if (is_listed(sun->sun_path))
		return ERR_BUSY;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR_SYSTEM;
	rc = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	close(fd);
	if (rc == 0 || errno == EAGAIN)
		return ERR_BUSY;
	return unlink(sun->sun_path) == 0 ? ERR_OK : ERR_SYSTEM;
}

/* The mode is right before anybody can connect. */
static enum err
bind_and_listen(struct listener *l, mode_t mode)
{
	enum err e = clear_path(&l->sun);

	if (e != ERR_OK)
		return e;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return ERR_SYSTEM;
	if (bind(l->fd, (struct sockaddr *)&l->sun, sizeof(l->sun)) < 0) {
		close(l->fd);
		l->fd = -1;	/* nothing of ours at the path */
		return ERR_SYSTEM;
	}
	if (chmod(l->sun.sun_path, mode) < 0 || listen(l->fd, BACKLOG) < 0)
		return ERR_SYSTEM;
	return ERR_OK;
}

static enum err
listener_new(struct listener **out, const char *path, struct quota *quota,
    listener_fn fn, void *arg)
{
	struct listener *l;

	if (strlen(path) >= sizeof(l->sun.sun_path))
		return ERR_TOO_LONG;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return ERR_MEMORY;
	*l = (struct listener){ .fd = -1, .quota = quota, .fn = fn, .arg = arg,
		.sun = { .sun_family = AF_UNIX } };
	memcpy(l->sun.sun_path, path, strlen(path));
	*out = l;
	return ERR_OK;
}

static enum err
start(struct listener *l, struct event_base *base)
{
	l->readable = event_new(base, l->fd, EV_READ | EV_PERSIST, on_readable, l);
	l->pause = event_new(base, -1, 0, on_pause_over, l);
	l->refusals = refusals_new(base);
	return l->readable != NULL && l->pause != NULL && l->refusals != NULL &&
	    event_add(l->readable, NULL) == 0 ? ERR_OK : ERR_MEMORY;
}

enum err
listener_open(struct listener **out, struct event_base *base, const char *path,
    mode_t mode, struct quota *quota, listener_fn fn, void *arg)
{
	struct listener *l = NULL;
	enum err e = listener_new(&l, path, quota, fn, arg);

	if (e == ERR_OK)
		e = bind_and_listen(l, mode);
	if (e == ERR_OK)
		e = start(l, base);
	if (e == ERR_OK)
		*out = l;
	else
		listener_close(l);
	return e;
}

enum err
listener_adopt(struct listener **out, struct event_base *base, int fd,
    const char *path, struct quota *quota, listener_fn fn, void *arg)
{
	struct listener *l = NULL;
	enum err e = listener_new(&l, path, quota, fn, arg);

	if (e != ERR_OK)
		return e;
	l->fd = fd;
	l->adopted = true;
	e = start(l, base);
	if (e == ERR_OK)
		*out = l;
	else
		listener_close(l);
	return e;
}

void
listener_set_refusal(struct listener *l, struct view word)
{
	l->refusal = word;
}

void
listener_close(struct listener *l)
{
	int saved = errno;

	if (l == NULL)
		return;
	if (l->readable != NULL)
		event_free(l->readable);
	if (l->pause != NULL)
		event_free(l->pause);
	refusals_free(l->refusals);
	if (l->fd >= 0 && !l->adopted) {
		unlink(l->sun.sun_path);
		close(l->fd);
	}
	free(l);
	errno = saved;
}
