/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "lib/path.h"

enum { CONNECT_TIMEOUT_S = 10 };

enum err
conn_open(struct conn *c, unsigned reader)
{
	const struct timeval patience = { .tv_sec = CONNECT_TIMEOUT_S };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char name[16];
	enum err e;
	int rc, saved;

	snprintf(name, sizeof(name), "%u", reader);
	e = path_in_socket_dir(sun.sun_path, sizeof(sun.sun_path), name);
	if (e != ERR_OK)
		return e;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return ERR_SYSTEM;
	/* bounds connect too, when the server does not accept */
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience));
	do {
		rc = connect(c->fd, (struct sockaddr *)&sun, sizeof(sun));
	} while (rc < 0 && errno == EINTR);
	if (rc == 0) {
		pthread_mutex_init(&c->mutex, NULL);
		return ERR_OK;
	}
	saved = errno;
	close(c->fd);
	c->fd = -1;
	errno = saved;
	return errno == ENOENT || errno == ECONNREFUSED ? ERR_NO_DAEMON :
	    ERR_SYSTEM;
}

void
conn_close(struct conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	pthread_mutex_destroy(&c->mutex);
}

void
conn_begin(struct conn *c, struct wr *w, enum openct_cmd cmd, unsigned unit)
{
	pthread_mutex_lock(&c->mutex);
	*w = (struct wr){ .p = c->buf, .cap = CONN_BODY_MAX };
	wr_u8(w, (uint8_t)cmd);
	wr_u8(w, (uint8_t)unit);
}

/* Waits until the socket is ready or the deadline has come. */
static int
await(const struct conn *c, short events, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = c->fd, .events = events };

	for (;;) {
		uint64_t now = clock_now_ms();
		int left = now < deadline_ms ? (int)(deadline_ms - now) : 0;
		int n = poll(&p, 1, left);

		if (n > 0)
			return 0;
		if (n == 0 && left == 0)
			return OPENCT_E_TIMEOUT;
		if (n < 0 && errno != EINTR)
			return OPENCT_E_DISCONNECTED;
	}
}

/* Sends one message: a header and its part of the body. */
static int
send_part(struct conn *c, const struct openct_header *h, uint8_t *part,
    uint64_t deadline_ms)
{
	uint8_t head[OPENCT_HEADER];
	struct wr w = { .p = head, .cap = sizeof(head) };
	struct iovec iov[2] = { { head, sizeof(head) }, { part, h->len } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	size_t left = sizeof(head) + h->len;

	openct_header_write(&w, h);
	while (left != 0) {
		ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		int rc = 0;

		if (n < 0 && errno == EAGAIN)
			rc = await(c, POLLOUT, deadline_ms);
		else if (n < 0 && errno != EINTR)
			rc = OPENCT_E_DISCONNECTED;
		if (rc != 0)
			return rc;
		for (size_t i = 0, k = n > 0 ? (size_t)n : 0; i < 2; i++) {
			size_t eaten = k < iov[i].iov_len ? k : iov[i].iov_len;

			iov[i].iov_base = (uint8_t *)iov[i].iov_base + eaten;
			iov[i].iov_len -= eaten;
			k -= eaten;
			left -= eaten;
		}
	}
	return 0;
}

static int
send_request(struct conn *c, size_t n, uint64_t deadline_ms)
{
	uint32_t mark = c->buf[0] == OPENCT_CMD_TRANSACT_RAW ? OPENCT_LONG : 0;
	size_t at = 0;

	do {
		size_t part = n - at < OPENCT_BODY_MAX ? n - at : OPENCT_BODY_MAX;
		struct openct_header h = { .xid = c->xid, .dest = mark,
			.len = (uint16_t)part };
		int rc;

		if (at + part < n)
			h.dest |= OPENCT_MORE;
		rc = send_part(c, &h, c->buf + at, deadline_ms);
		if (rc != 0)
			return rc;
		at += part;
	} while (at < n);
	return 0;
}

/* Receives until there are n bytes at c->buf + at; *have counts them. */
static int
fill(struct conn *c, size_t at, size_t *have, size_t n, uint64_t deadline_ms)
{
	if (n > sizeof(c->buf) - at)
		return OPENCT_E_BAD_MESSAGE;
	while (*have < n) {
		int rc = await(c, POLLIN, deadline_ms);
		ssize_t got;

		if (rc != 0)
			return rc;
		got = recv(c->fd, c->buf + at + *have,
		    sizeof(c->buf) - at - *have, MSG_DONTWAIT);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return OPENCT_E_DISCONNECTED;
		if (got > 0)
			*have += (size_t)got;
		if (at + *have > c->used)
			c->used = at + *have;
	}
	return 0;
}

/* Receives the parts of an answer and joins their bodies in c->buf. */
static int
receive_answer(struct conn *c, int16_t *error, size_t *joined,
    uint64_t deadline_ms)
{
	struct openct_header h = { .dest = OPENCT_MORE };
	size_t at = 0, have = 0;

	while ((h.dest & OPENCT_MORE) != 0) {
		int rc = fill(c, at, &have, OPENCT_HEADER, deadline_ms);

		if (rc != 0)
			return rc;
		if (openct_header_parse(&h, (struct view){ c->buf + at,
		    OPENCT_HEADER }) != ERR_OK || h.xid != c->xid)
			return OPENCT_E_BAD_MESSAGE;
		rc = fill(c, at, &have, OPENCT_HEADER + (size_t)h.len,
		    deadline_ms);
		if (rc != 0)
			return rc;
		have -= OPENCT_HEADER;
		memmove(c->buf + at, c->buf + at + OPENCT_HEADER, have);
		have -= h.len;
		at += h.len;
	}
	*error = h.error;
	*joined = at;
	return have == 0 ? 0 : OPENCT_E_BAD_MESSAGE;
}

static int
exchange(struct conn *c, const struct wr *w, uint64_t deadline_ms,
    int16_t *error, size_t *n)
{
	int rc = send_request(c, w->n, deadline_ms);

	return rc != 0 ? rc : receive_answer(c, error, n, deadline_ms);
}

int
conn_call(struct conn *c, const struct wr *w, uint32_t timeout_ms,
    struct view *answer)
{
	int16_t error = 0;
	size_t n = 0;
	int rc;

	if (w->n > c->used)
		c->used = w->n;
	if (w->bad)
		return OPENCT_E_ARG;
	if (c->fd < 0)
		return OPENCT_E_DISCONNECTED;
	c->xid++;
	rc = exchange(c, w, clock_now_ms() + timeout_ms, &error, &n);
	if (rc != 0) {		/* an answer may still come: nobody could tell */
		close(c->fd);
		c->fd = -1;
		return rc;
	}
	*answer = (struct view){ c->buf, n };
	return error > 0 ? OPENCT_E_GENERIC : error;
}

int
conn_call_args(struct conn *c, const struct wr *w, uint32_t timeout_ms,
    struct openct_args *answer)
{
	struct view body;
	int rc = conn_call(c, w, timeout_ms, &body);

	if (rc != 0)
		return rc;
	return openct_error_from(openct_args_parse(answer, body));
}

int
conn_end(struct conn *c, int rc)
{
	secret_wipe(c->buf, c->used);
	c->used = 0;
	pthread_mutex_unlock(&c->mutex);
	return rc;
}
