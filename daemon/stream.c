/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/iobuf.h"

/* A client that has so much to read gets no further answers until it reads. */
enum { OUT_PAUSE = 128 * 1024 };

/* Requests sent ahead that are taken until all other clients had their turn. */
enum { TURN_MAX = 4 };

struct stream {
	int fd;
	struct stream_limits limits;
	const struct stream_ops *ops;
	void *arg;
	struct iobuf in, out;
	struct event *readable, *writable, *hangup;
	struct event *stall;	/* the time-out */
	struct event *pump;	/* made active by hand: look at the state */
	struct event *turn;	/* a timer of 0: all others were looked at */
	unsigned taken;		/* requests, in this turn */
	bool held;
	bool eof;		/* everything was read */
	bool half;		/* the client sends nothing more, but listens */
	bool finishing;
	bool dead;
};

/* True when the peer is gone altogether; half-closed ones want their answers. */
static bool
is_hung_up(const struct stream *s)
{
	struct pollfd p = { .fd = s->fd };

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

static void
on_eof(struct stream *s)
{
	s->eof = true;
	s->dead |= is_hung_up(s);
}

static void
receive(struct stream *s)
{
	size_t n;
	uint8_t *room = iobuf_room(&s->in, 1, &n);
	ssize_t got;

	if (room == NULL) {
		s->dead = true;
		return;
	}
	got = recv(s->fd, room, n, MSG_DONTWAIT);
	if (got > 0)
		iobuf_commit(&s->in, (size_t)got);
	else if (got == 0)
		on_eof(s);
	else if (errno != EAGAIN && errno != EINTR)
		s->dead = true;
}

/* The kernel only reads what a message to send points to. */
static struct iovec
iov_of(struct view v)
{
	struct iovec iov = { .iov_len = v.n };

	memcpy(&iov.iov_base, &v.p, sizeof(v.p));
	return iov;
}

/* Sends what it can of a and then b; returns the bytes that went. */
static size_t
send_some(struct stream *s, struct view a, struct view b)
{
	struct iovec iov[2] = { iov_of(a), iov_of(b) };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n = sendmsg(s->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		return (size_t)n;
	if (errno != EAGAIN && errno != EINTR)
		s->dead = true;
	return 0;
}

static bool
may_eat(const struct stream *s)
{
	return !s->dead && !s->held && !s->finishing && s->in.n != 0 &&
	    s->out.n < OUT_PAUSE;
}

/* There is more to do, in the next turn. */
static bool
is_sated(const struct stream *s)
{
	return may_eat(s) && s->taken >= TURN_MAX;
}

static void
eat(struct stream *s)
{
	static const struct timeval at_once = { .tv_sec = 0 };

	while (may_eat(s) && !is_sated(s)) {
		size_t eaten = s->ops->input(s->arg, iobuf_view(&s->in));

		if (eaten == 0) {
			s->dead |= !s->held && s->in.n == s->limits.in_max;
			return;
		}
		iobuf_drop(&s->in, eaten);
		event_del(s->stall);
		s->taken++;
	}
	if (is_sated(s) && evtimer_add(s->turn, &at_once) != 0)
		s->dead = true;
}

static void
want(struct event *ev, short what, bool wanted)
{
	bool has = event_pending(ev, what, NULL) != 0;

	if (wanted && !has)
		event_add(ev, NULL);
	if (!wanted && has)
		event_del(ev);
}

static void
want_stall(struct stream *s, bool wanted)
{
	struct timeval tv = { .tv_sec = s->limits.stall_ms / 1000,
		.tv_usec = (suseconds_t)(s->limits.stall_ms % 1000) * 1000 };
	bool has = event_pending(s->stall, EV_TIMEOUT, NULL) != 0;

	if (wanted && !has)
		event_add(s->stall, &tv);
	if (!wanted && has)
		event_del(s->stall);
}

/* What is wanted from the loop now; or the end. */
static void
settle(struct stream *s)
{
	bool over = s->finishing || (s->eof && !s->held && !is_sated(s));
	bool partial = s->in.n != 0 && !s->held && s->out.n < OUT_PAUSE;
	bool reads = !s->eof && !s->finishing && s->in.n < s->limits.in_max;

	if (s->dead || (over && s->out.n == 0)) {
		s->ops->closed(s->arg);
		return;
	}
	want(s->readable, EV_READ, reads);
	want(s->hangup, EV_CLOSED, !reads && !s->eof && !s->half);
	want(s->writable, EV_WRITE, s->out.n != 0);
	want_stall(s, partial || s->out.n != 0);
}

static void
on_pump(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	(void)what;
	eat(s);
	settle(s);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	s->taken = 0;
	on_pump(fd, what, arg);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	s->taken = 0;
	receive(s);
	on_pump(fd, what, arg);
}

static void
on_hangup(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	s->half = true;
	s->dead |= is_hung_up(s);
	on_pump(fd, what, arg);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;
	size_t n = send_some(s, iobuf_view(&s->out), (struct view){ NULL, 0 });

	iobuf_drop(&s->out, n);
	if (n != 0)
		event_del(s->stall);
	on_pump(fd, what, arg);
}

static void
on_stall(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	s->dead = true;
	on_pump(fd, what, arg);
}

struct stream *
stream_new(struct event_base *base, int fd, const struct stream_limits *limits,
    const struct stream_ops *ops, void *arg)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		close(fd);
		return NULL;
	}
	s->fd = fd;
	s->limits = *limits;
	s->ops = ops;
	s->arg = arg;
	iobuf_init(&s->in, limits->in_max);
	iobuf_init(&s->out, limits->out_max);
	s->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, s);
	s->hangup = event_new(base, fd, EV_CLOSED | EV_PERSIST, on_hangup, s);
	s->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, s);
	s->stall = event_new(base, -1, 0, on_stall, s);
	s->pump = event_new(base, -1, 0, on_pump, s);
	s->turn = evtimer_new(base, on_turn, s);
	if (s->readable == NULL || s->hangup == NULL || s->writable == NULL ||
	    s->stall == NULL || s->pump == NULL || s->turn == NULL) {
		stream_free(s);
		return NULL;
	}
	event_active(s->pump, 0, 0);
	return s;
}

static void
free_event(struct event *ev)
{
	if (ev != NULL)
		event_free(ev);
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	free_event(s->readable);
	free_event(s->hangup);
	free_event(s->writable);
	free_event(s->stall);
	free_event(s->pump);
	free_event(s->turn);
	close(s->fd);
	iobuf_fini(&s->in);
	iobuf_fini(&s->out);
	free(s);
}

void
stream_send(struct stream *s, struct view v)
{
	stream_send_two(s, v, (struct view){ NULL, 0 });
}

void
stream_send_two(struct stream *s, struct view a, struct view b)
{
	size_t sent = 0;

	if (s->dead || a.n + b.n == 0)
		return;
	if (s->out.n == 0)
		sent = send_some(s, a, b);
	if (iobuf_add(&s->out, view_skip(a, sent)) != ERR_OK ||
	    iobuf_add(&s->out, view_skip(b, sent > a.n ? sent - a.n : 0)) !=
	    ERR_OK)
		s->dead = true;
	if (s->dead || s->out.n != 0)
		event_active(s->pump, 0, 0);
}

void
stream_hold(struct stream *s)
{
	s->held = true;
}

void
stream_release(struct stream *s)
{
	s->held = false;
	event_active(s->pump, 0, 0);
}

void
stream_finish(struct stream *s)
{
	s->finishing = true;
	event_active(s->pump, 0, 0);
}
