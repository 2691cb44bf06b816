/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/vpcd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/resolve.h"

enum {
	RETRY_MS = 500,		/* to connect, or to accept after a failure */
	CONNECT_SECONDS = 5,
	ADDRESS_MS = 60000,
};

/* Where the card of one slot comes from. */
struct source {
	struct vpcd *vpcd;
	uint8_t slot;
	int fd;			/* listens, or is about to connect; or -1 */
	struct event *io, *retry;
	struct resolve *resolve;
	struct resolved address;	/* the last one found, good until then */
	uint64_t until_ms;
	int told;		/* errno of the last failure in the log */
};

struct vpcd {
	struct event_base *base;
	struct device where;
	const char *subject;
	int feed;		/* our end; -1: nobody is fed */
	struct event *said;
	struct source sources[];
};

static void	want(struct source *);

static uint16_t
port_of(const struct source *s)
{
	unsigned long port = strtoul(s->vpcd->where.port, NULL, 10);

	return port == 0 ? 0 : (uint16_t)(port + s->slot);
}

static void
retry(struct source *s)
{
	static const struct timeval tv = { 0, RETRY_MS * 1000 };

	if (evtimer_add(s->retry, &tv) != 0)
		log_at(LOG_LEVEL_ERROR, s->vpcd->subject, "cannot set a timer");
}

/* Said once until it is something else, or until it has worked. */
static void
failed(struct source *s, const char *what, int error)
{
	const struct device *d = &s->vpcd->where;

	if (error != s->told)
		log_at(LOG_LEVEL_NOTICE, s->vpcd->subject, "slot %u: %s "
		    "%s:%u: %s; tried twice a second", s->slot, what, d->host,
		    port_of(s), error == 0 ? "the name is not known" :
		    strerror(error));
	s->told = error;
	retry(s);
}

/* ---- to the handler ---- */

static void
stop_feeding(struct vpcd *v)
{
	for (unsigned i = 0; i < v->where.slots; i++) {
		struct source *s = &v->sources[i];

		if (s->io != NULL)
			event_del(s->io);
		if (s->retry != NULL)
			evtimer_del(s->retry);
		resolve_free(s->resolve);
		s->resolve = NULL;
		if (v->where.connects && s->fd >= 0) {
			close(s->fd);
			s->fd = -1;
		}
	}
	if (v->said != NULL)
		event_free(v->said);
	v->said = NULL;
	if (v->feed >= 0)
		close(v->feed);
	v->feed = -1;
}

static bool
send_fd(int feed, uint8_t slot, int fd)
{
	union {
		struct cmsghdr head;
		uint8_t room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { &slot, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(feed, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

/* A handler that is gone or does not read is the reader's to deal with. */
static void
hand_over(struct source *s, int owned_fd)
{
	static const int one = 1;

	s->told = 0;
	if (setsockopt(owned_fd, IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)) != 0)
		log_at(LOG_LEVEL_WARN, s->vpcd->subject, "slot %u: "
		    "TCP_NODELAY: %s", s->slot, strerror(errno));
	log_at(LOG_LEVEL_INFO, s->vpcd->subject, "slot %u: a card emulator is "
	    "connected", s->slot);
	if (!send_fd(s->vpcd->feed, s->slot, owned_fd))
		stop_feeding(s->vpcd);
	close(owned_fd);
}

/* ---- emulators that connect ---- */

static void
on_connection(evutil_socket_t listening, short what, void *arg)
{
	struct source *s = arg;
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

	(void)what;
	if (fd >= 0)
		hand_over(s, fd);
	else
		retry(s);
}

/* The address is one of numbers, so this does not wait. */
static enum err
look_up(const struct source *s, struct resolved *r)
{
	const struct device *d = &s->vpcd->where;
	char port[6];
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *list;

	snprintf(port, sizeof(port), "%u", port_of(s));
	if (getaddrinfo(d->host, port, &hints, &list) != 0)
		return ERR_ARG;
	r->n = list->ai_addrlen;
	memcpy(&r->sa, list->ai_addr, r->n);
	freeaddrinfo(list);
	return ERR_OK;
}

static int
listen_at(const struct resolved *r)
{
	static const int one = 1;
	const struct sockaddr *sa = (const struct sockaddr *)&r->sa;
	int error, fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	    bind(fd, sa, r->n) == 0 && listen(fd, 1) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static unsigned
bound_port(const struct source *s)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	socklen_t n = sizeof(sa);
	uint16_t port = 0;

	/* the port is at the same place for IPv4 and IPv6 */
	if (getsockname(s->fd, (struct sockaddr *)&sa, &n) == 0)
		memcpy(&port, (const uint8_t *)&sa + offsetof(
		    struct sockaddr_in, sin_port), sizeof(port));
	return ntohs(port);
}

static enum err
open_source(struct source *s, char why[VPCD_WHY_MAX + 1])
{
	const struct device *d = &s->vpcd->where;
	struct resolved r = { .n = 0 };

	if (look_up(s, &r) != ERR_OK) {
		snprintf(why, VPCD_WHY_MAX + 1, "%s is no address in numbers; "
		    "to connect to an emulator there, write vpcd:connect:%s:%s",
		    d->host, d->host, d->port);
		return ERR_ARG;
	}
	s->fd = listen_at(&r);
	if (s->fd < 0) {
		bool taken = errno == EADDRINUSE;

		snprintf(why, VPCD_WHY_MAX + 1, "cannot listen on %s:%u: %s%s",
		    d->host, port_of(s), strerror(errno),
		    taken ? " (vsmartcard's pcscd?)" : "");
		return taken ? ERR_BUSY : ERR_SYSTEM;
	}
	s->io = event_new(s->vpcd->base, s->fd, EV_READ, on_connection, s);
	if (s->io == NULL) {
		snprintf(why, VPCD_WHY_MAX + 1, "out of memory");
		return ERR_MEMORY;
	}
	log_at(LOG_LEVEL_NOTICE, s->vpcd->subject, "slot %u: emulated cards "
	    "connect to %s port %u", s->slot, d->host, bound_port(s));
	return ERR_OK;
}

/* ---- emulators that we connect to ---- */

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct source *s = arg;
	socklen_t n = sizeof(int);
	int error = 0;

	s->fd = -1;
	if ((what & EV_TIMEOUT) != 0)
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error == 0) {
		hand_over(s, fd);
		return;
	}
	close(fd);
	failed(s, "cannot connect to", error);
}

static bool
await_connection(struct source *s)
{
	static const struct timeval limit = { CONNECT_SECONDS, 0 };

	if (s->io != NULL)
		event_free(s->io);
	s->io = event_new(s->vpcd->base, s->fd, EV_WRITE, on_connected, s);
	return s->io != NULL && event_add(s->io, &limit) == 0;
}

static void
connect_to(struct source *s, const struct resolved *r)
{
	const struct sockaddr *sa = (const struct sockaddr *)&r->sa;

	s->fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	if (s->fd >= 0 && (connect(s->fd, sa, r->n) == 0 ||
	    errno == EINPROGRESS) && await_connection(s))
		return;
	failed(s, "cannot connect to", errno);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void
on_resolved(void *arg, const struct resolved *r)
{
	struct source *s = arg;

	s->address = *r;
	s->until_ms = clock_now_ms() + ADDRESS_MS;
	if (r->n != 0)
		connect_to(s, r);
	else
		failed(s, "cannot connect to", 0);
}

static void
start_connecting(struct source *s)
{
	char port[6];

	if (s->fd >= 0)
		return;		/* one is on its way, whatever a handler says */
	if (s->address.n != 0 && clock_now_ms() < s->until_ms) {
		connect_to(s, &s->address);
		return;
	}
	resolve_free(s->resolve);
	snprintf(port, sizeof(port), "%u", port_of(s));
	s->resolve = resolve_start(s->vpcd->base, s->vpcd->where.host, port,
	    on_resolved, s);
	if (s->resolve == NULL)
		retry(s);
}

/* ---- both ---- */

/* The slot is free: the next card may come. */
static void
want(struct source *s)
{
	if (s->vpcd->where.connects)
		start_connecting(s);
	else if (event_add(s->io, NULL) != 0)
		retry(s);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	want(arg);
}

/* The handler says that a slot is free again. After our own call it is wanted
   anew at once: an emulator that is there and hangs up is not asked all the
   time. */
static void
on_said(evutil_socket_t fd, short what, void *arg)
{
	struct vpcd *v = arg;
	uint8_t slot;
	ssize_t n = recv(fd, &slot, 1, MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != 1 || slot >= v->where.slots)
		stop_feeding(v);
	else if (v->where.connects)
		retry(&v->sources[slot]);
	else
		want(&v->sources[slot]);
}

int
vpcd_feed(struct vpcd *v)
{
	int pair[2];

	stop_feeding(v);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	v->feed = pair[0];
	v->said = event_new(v->base, v->feed, EV_READ | EV_PERSIST, on_said, v);
	if (v->said == NULL || event_add(v->said, NULL) != 0) {
		stop_feeding(v);
		close(pair[1]);
		errno = ENOMEM;
		return -1;
	}
	for (unsigned i = 0; i < v->where.slots; i++)
		want(&v->sources[i]);
	return pair[1];
}

enum err
vpcd_open(struct vpcd **out, struct event_base *base,
    const struct device *where, const char *subject,
    char why[VPCD_WHY_MAX + 1])
{
	struct vpcd *v = calloc(1, sizeof(*v) +
	    where->slots * sizeof(v->sources[0]));
	enum err e = ERR_OK;

	*out = v;
	snprintf(why, VPCD_WHY_MAX + 1, "out of memory");
	if (v == NULL)
		return ERR_MEMORY;
	v->base = base;
	v->where = *where;
	v->subject = subject;
	v->feed = -1;
	for (uint8_t i = 0; i < where->slots; i++)
		v->sources[i] = (struct source){ .vpcd = v, .slot = i,
			.fd = -1 };
	for (unsigned i = 0; i < where->slots && e == ERR_OK; i++) {
		v->sources[i].retry = evtimer_new(base, on_retry,
		    &v->sources[i]);
		if (v->sources[i].retry == NULL)
			e = ERR_MEMORY;
		else if (!where->connects)
			e = open_source(&v->sources[i], why);
	}
	if (e != ERR_OK) {
		vpcd_close(v);
		*out = NULL;
	}
	return e;
}

void
vpcd_close(struct vpcd *v)
{
	if (v == NULL)
		return;
	stop_feeding(v);
	for (unsigned i = 0; i < v->where.slots; i++) {
		struct source *s = &v->sources[i];

		if (s->io != NULL)
			event_free(s->io);
		if (s->retry != NULL)
			event_free(s->retry);
		if (s->fd >= 0)
			close(s->fd);
	}
	free(v);
}
