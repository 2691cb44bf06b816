/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/import.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum { IMPORT_SECONDS = 5, ADDRESS_MS = 60000 };

struct import {
	struct event_base *base;
	struct device device;
	struct import_cache *cache;
	import_fn done;
	void *arg;
	struct resolve *resolve;
	int fd;
	struct event *io, *deadline;
	struct import_result result;	/* when it is known before the loop */
	char text[160];
	size_t n;			/* bytes of the answer so far */
	uint8_t answer[USBIP_OP_SIZE + USBIP_DEVICE_SIZE];
};

/* The last thing that happens here. */
static void
finish(struct import *im, enum err e, const char *text)
{
	event_del(im->io);
	evtimer_del(im->deadline);
	im->result.err = e;
	im->result.text = text;
	im->result.owned_fd = -1;
	if (e == ERR_OK) {
		im->result.owned_fd = im->fd;
		im->fd = -1;
	}
	im->done(im->arg, &im->result);
}

static void
finish_errno(struct import *im, const char *what, int error)
{
	snprintf(im->text, sizeof(im->text), "%s: %s", what, strerror(error));
	finish(im, error == ECONNREFUSED || error == ENOENT ||
	    error == EAGAIN ? ERR_GONE : ERR_SYSTEM, im->text);
}

static void
on_op(struct import *im, uint32_t status)
{
	switch (status) {
	case USBIP_ST_NODEV:
		finish(im, ERR_GONE, "the server has no such device");
		return;
	case USBIP_ST_DEV_BUSY:
		finish(im, ERR_BUSY, "the device is in use by another client");
		return;
	case USBIP_ST_NA:
		finish(im, ERR_GONE, "the device is not exported");
		return;
	default:
		finish(im, ERR_IO, "the server reports a device error");
	}
}

static void
on_answer(struct import *im)
{
	struct view in = { im->answer, im->n };
	struct usbip_op op;

	if (im->n < USBIP_OP_SIZE)
		return;
	if (usbip_op_parse(&op, view_first(in, USBIP_OP_SIZE)) != ERR_OK ||
	    op.code != USBIP_OP_REP_IMPORT)
		finish(im, ERR_FORMAT, "this is no USB/IP server of ours");
	else if (op.status != USBIP_ST_OK)
		on_op(im, op.status);
	else if (im->n < sizeof(im->answer))
		return;
	else if (usbip_device_parse(&im->result.device, view_skip(in,
	    USBIP_OP_SIZE)) != ERR_OK)
		finish(im, ERR_FORMAT, "the server sent a malformed device");
	else
		finish(im, ERR_OK, "");
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct import *im = arg;
	size_t want = im->n < USBIP_OP_SIZE ? USBIP_OP_SIZE :
	    sizeof(im->answer);
	ssize_t n = read(fd, im->answer + im->n, want - im->n);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		finish(im, ERR_GONE, "the server closed the connection");
		return;
	}
	im->n += (size_t)n;
	on_answer(im);
}

static bool
watch(struct import *im, short what, event_callback_fn fn)
{
	return event_assign(im->io, im->base, im->fd, what | EV_PERSIST, fn,
	    im) == 0 && event_add(im->io, NULL) == 0;
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct import *im = arg;
	uint8_t request[USBIP_IMPORT_REQ_SIZE];
	struct wr w = { .p = request, .cap = sizeof(request) };
	socklen_t n = sizeof(int);
	int error = 0;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error != 0) {
		finish_errno(im, "cannot connect", error);
		return;
	}
	usbip_import_write(&w, im->device.busid);
	/* 40 bytes into an empty socket buffer go in one piece */
	if (send(fd, request, sizeof(request), MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(request)) {
		finish_errno(im, "cannot send", errno);
		return;
	}
	event_del(im->io);
	if (!watch(im, EV_READ, on_readable))
		finish(im, ERR_MEMORY, "out of memory");
}

static void
open_socket(struct import *im, const struct sockaddr *sa, socklen_t n)
{
	int one = 1;

	im->fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (im->fd < 0) {
		finish_errno(im, "cannot make a socket", errno);
		return;
	}
	if (sa->sa_family != AF_UNIX && setsockopt(im->fd, IPPROTO_TCP,
	    TCP_NODELAY, &one, sizeof(one)) != 0) {
		finish_errno(im, "cannot set TCP_NODELAY", errno);
		return;
	}
	if (connect(im->fd, sa, n) != 0 && errno != EINPROGRESS) {
		finish_errno(im, "cannot connect", errno);
		return;
	}
	if (!watch(im, EV_WRITE, on_connected))
		finish(im, ERR_MEMORY, "out of memory");
}

static void
on_resolved(void *arg, const struct resolved *r)
{
	struct import *im = arg;

	im->cache->address = *r;
	im->cache->until_ms = clock_now_ms() + ADDRESS_MS;
	if (r->n == 0)
		finish(im, ERR_SYSTEM, "the host name is not known");
	else
		open_socket(im, (const struct sockaddr *)&r->sa, r->n);
}

static void
connect_unix(struct import *im)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memcpy(sun.sun_path, im->device.host, sizeof(sun.sun_path));
	open_socket(im, (const struct sockaddr *)&sun, sizeof(sun));
}

/* First turn of the loop: what import_start must not do itself. */
static void
on_start(evutil_socket_t fd, short what, void *arg)
{
	struct import *im = arg;

	(void)fd;
	(void)what;
	if (im->device.is_unix) {
		connect_unix(im);
		return;
	}
	if (im->cache->address.n != 0 && clock_now_ms() < im->cache->until_ms) {
		open_socket(im, (const struct sockaddr *)&im->cache->address.sa,
		    im->cache->address.n);
		return;
	}
	im->resolve = resolve_start(im->base, im->device.host,
	    im->device.port, on_resolved, im);
	if (im->resolve == NULL)
		finish(im, ERR_MEMORY, "cannot look up the host name");
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg, ERR_TIMEOUT, "the server does not answer");
}

struct import *
import_start(struct event_base *base, const struct device *device,
    struct import_cache *cache, import_fn done, void *arg)
{
	static const struct timeval now = { 0, 0 };
	static const struct timeval limit = { IMPORT_SECONDS, 0 };
	struct import *im = calloc(1, sizeof(*im));

	if (im == NULL)
		return NULL;
	im->fd = -1;
	im->base = base;
	im->device = *device;
	im->cache = cache;
	im->done = done;
	im->arg = arg;
	im->io = evtimer_new(base, on_start, im);
	im->deadline = evtimer_new(base, on_deadline, im);
	if (im->io == NULL || im->deadline == NULL ||
	    evtimer_add(im->io, &now) != 0 ||
	    evtimer_add(im->deadline, &limit) != 0) {
		import_free(im);
		return NULL;
	}
	return im;
}

void
import_free(struct import *im)
{
	if (im == NULL)
		return;
	resolve_free(im->resolve);
	if (im->io != NULL)
		event_free(im->io);
	if (im->deadline != NULL)
		event_free(im->deadline);
	if (im->fd >= 0)
		close(im->fd);
	free(im);
}
