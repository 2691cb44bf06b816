/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emulator/conn.h"
#include "emulator/listen.h"

/* Sending */

void
conn_flush(struct conn *c)
{
	ssize_t n;

	while (c->out_at < c->out_len) {
		n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at,
		    MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			c->dead = true;
			return;
		}
		c->out_at += (size_t)n;
	}
	if (c->out_at == c->out_len)
		c->out_at = c->out_len = 0;
	loop_want(c->server->loop, c->handle,
	    c->out_len == 0 ? POLLIN : POLLIN | POLLOUT);
}

void
conn_queue(struct conn *c, struct view v)
{
	size_t cap = c->out_cap == 0 ? 4096 : c->out_cap;
	uint8_t *p;

	if (c->out_at != 0) {
		c->out_len -= c->out_at;
		memmove(c->out, c->out + c->out_at, c->out_len);
		c->out_at = 0;
	}
	while (cap - c->out_len < v.n)
		cap *= 2;
	if (cap > OUT_CAP_MAX) {
		c->dead = true;
		return;
	}
	if (cap != c->out_cap) {
		p = realloc(c->out, cap);
		if (p == NULL) {
			c->dead = true;
			return;
		}
		c->out = p;
		c->out_cap = cap;
	}
	if (v.n != 0)
		memcpy(c->out + c->out_len, v.p, v.n);
	c->out_len += v.n;
}

/* Connections */

static void
conn_free(struct conn *c)
{
	loop_del(c->server->loop, c->handle);
	close(c->fd);
	conn_forget(c);
	if (c->port != NULL)
		c->port->imported = false;
	if (c->out != NULL)
		explicit_bzero(c->out, c->out_cap);
	free(c->out);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

static bool
is_leaving(const struct conn *c)
{
	return c->port != NULL && c->port->dev->leaving;
}

static void
consume(struct conn *c)
{
	struct view v = { c->in, c->in_len };
	size_t used;

	do {
		used = c->port == NULL ? conn_on_op(c, v) : conn_on_urb(c, v);
		v = view_skip(v, used);
	} while (used != 0 && !c->dead && !is_leaving(c));
	if (v.n != 0)
		memmove(c->in, v.p, v.n);
	explicit_bzero(c->in + v.n, c->in_len - v.n);
	c->in_len = v.n;
}

static void
on_ready(void *arg, short revents)
{
	struct conn *c = arg;
	ssize_t n;

	if ((revents & POLLOUT) != 0)
		conn_flush(c);
	if (c->dead || (revents & ~POLLOUT) == 0)
		return;
	n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		c->dead = true;
		return;
	}
	c->in_len += (size_t)n;
	consume(c);
}

static struct conn *
conn_new(struct server *s, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->server = s;
	c->fd = fd;
	c->handle = loop_add(s->loop, fd, POLLIN, on_ready, c);
	if (c->handle < 0) {
		free(c);
		return NULL;
	}
	return c;
}

/* A free place; a connection for which there is none is closed at once. */
static void
adopt(struct server *s, int fd)
{
	for (size_t i = 0; i < SERVER_CONNS_MAX; i++) {
		if (s->conn[i] != NULL)
			continue;
		s->conn[i] = conn_new(s, fd);
		if (s->conn[i] != NULL)
			return;
		break;
	}
	close(fd);
}

static void
on_accept(void *arg, short revents)
{
	struct server *s = arg;

	(void)revents;
	for (size_t i = 0; i < s->n_listen; i++) {
		int fd = listen_accept(s->listen_fd[i]);

		if (fd >= 0)
			adopt(s, fd);
	}
}

void
server_init(struct server *s, struct loop *loop, struct world *world)
{
	*s = (struct server){ .loop = loop, .world = world };
}

bool
server_listen(struct server *s, int owned_fd)
{
	if (s->n_listen == SERVER_LISTEN_MAX ||
	    loop_add(s->loop, owned_fd, POLLIN, on_accept, s) < 0) {
		close(owned_fd);
		return false;
	}
	s->listen_fd[s->n_listen++] = owned_fd;
	return true;
}

void
server_unplug(struct server *s, struct port *p)
{
	for (size_t i = 0; i < SERVER_CONNS_MAX; i++) {
		if (s->conn[i] == NULL || s->conn[i]->port != p)
			continue;
		shutdown(s->conn[i]->fd, SHUT_RDWR);
		s->conn[i]->dead = true;
	}
}

/* The device unplugs itself: the host sees the connection end. */
static void
leave(struct conn *c)
{
	conn_flush(c);
	c->port->dev->leaving = false;
	c->port->plugged = false;
	c->dead = true;
}

void
server_pump(struct server *s)
{
	for (size_t i = 0; i < SERVER_CONNS_MAX; i++) {
		struct conn *c = s->conn[i];

		if (c == NULL)
			continue;
		if (!c->dead && c->port != NULL)
			conn_complete(c);
		if (is_leaving(c))
			leave(c);
		if (!c->dead)
			conn_flush(c);
		if (c->dead) {
			conn_free(c);
			s->conn[i] = NULL;
		}
	}
}

void
server_fini(struct server *s)
{
	for (size_t i = 0; i < SERVER_CONNS_MAX; i++)
		if (s->conn[i] != NULL)
			conn_free(s->conn[i]);
	for (size_t i = 0; i < s->n_listen; i++)
		close(s->listen_fd[i]);
}
