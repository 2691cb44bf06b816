/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/secret.h"

struct link_message {
	struct link_message *next;
	size_t n;
	uint8_t bytes[];
};

enum err
link_open(struct link *l, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	*l = (struct link){ .fd = fd };
	l->last = &l->first;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return ERR_SYSTEM;
	l->in = malloc(CHANNEL_MAX);
	l->out = malloc(CHANNEL_MAX);
	return l->in != NULL && l->out != NULL ? ERR_OK : ERR_MEMORY;
}

static void
drop_first(struct link *l)
{
	struct link_message *m = l->first;

	l->first = m->next;
	if (l->first == NULL)
		l->last = &l->first;
	l->queued--;
	secret_free(&m, sizeof(*m) + m->n);
}

void
link_close(struct link *l)
{
	while (l->first != NULL)
		drop_first(l);
	free(l->in);
	free(l->out);
}

/* False: not now. */
static bool
transmit(struct link *l, const uint8_t *p, size_t n)
{
	ssize_t sent;

	do
		sent = send(l->fd, p, n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return true;
	if (errno == EAGAIN)
		return false;
	l->broken = true;
	return true;
}

static void
enqueue(struct link *l, size_t n)
{
	struct link_message *m = NULL;

	if (l->queued < LINK_QUEUE_MAX)
		m = malloc(sizeof(*m) + n);
	if (m == NULL) {
		l->broken = true;
		return;
	}
	m->next = NULL;
	m->n = n;
	memcpy(m->bytes, l->out, n);
	*l->last = m;
	l->last = &m->next;
	l->queued++;
}

void
link_send(struct link *l, const struct channel_msg *msg)
{
	size_t n = channel_encode(l->out, msg);

	if (n == 0 || l->broken)
		return;
	if (l->first != NULL || !transmit(l, l->out, n))
		enqueue(l, n);
	secret_wipe(l->out, n);
}

void
link_flush(struct link *l)
{
	while (l->first != NULL && !l->broken) {
		if (!transmit(l, l->first->bytes, l->first->n))
			return;
		drop_first(l);
	}
}

enum err
link_receive(struct link *l, struct channel_msg *msg)
{
	ssize_t n = recv(l->fd, l->in, CHANNEL_MAX, MSG_TRUNC);

	l->in_n = 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return ERR_BUSY;
	if (n <= 0)
		return ERR_CLOSED;
	if (n > CHANNEL_MAX)
		return ERR_TOO_LONG;
	l->in_n = (size_t)n;
	return channel_decode(msg, (struct view){ l->in, l->in_n });
}

void
link_done(struct link *l)
{
	secret_wipe(l->in, l->in_n);
	l->in_n = 0;
}

void
link_log(void *link, enum log_level level, const char *line)
{
	struct link *l = link;
	struct channel_msg msg = { .type = CHANNEL_LOG, .arg = level,
		.data = { (const uint8_t *)line, strlen(line) } };

	if (l->first == NULL)
		link_send(l, &msg);
}
