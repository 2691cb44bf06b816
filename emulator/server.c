/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "emulator/listen.h"
#include "protocols/usbip.h"

enum {
	IN_CAP = 160 * 1024,	/* a header and the largest OUT transfer */
	OUT_DATA_MAX = IN_CAP - USBIP_URB_SIZE,
	OUT_CAP_MAX = 4 * 1024 * 1024,	/* a client that does not read */
	TRANSFER_MAX = 128 * 1024,
	PENDING_MAX = 256,
};

enum { SHORT_NOT_OK = 1 };	/* transfer_flags of the kernel's URBs */

struct pending {
	uint32_t seq, length, flags;
	uint8_t ep;
};

struct conn {
	struct server *server;
	int fd, handle;
	struct port *port;	/* NULL before the import */
	bool dead;		/* to be freed by the next server_pump */
	struct pending pending[PENDING_MAX];
	size_t n_pending;
	uint8_t in[IN_CAP];
	size_t in_len;
	uint8_t *out;		/* out_at .. out_len is to be sent */
	size_t out_at, out_len, out_cap;
	uint8_t transfer[TRANSFER_MAX];
};

/* Sending */

static void
flush(struct conn *c)
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

static void
queue(struct conn *c, struct view v)
{
	size_t cap = c->out_cap == 0 ? 4096 : c->out_cap;
	uint8_t *p;

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

/* The log: one line a transfer */

static void
log_transfer(const struct conn *c, uint8_t ep, bool in, int status,
    struct view setup, struct view data)
{
	static const char *const names[] = { "control", "iso", "bulk", "int" };
	const struct usb_endpoint *e = usb_endpoint(c->port->dev,
	    (uint8_t)(ep | (in ? 0x80 : 0)));
	const char *kind = ep == 0 ? names[0] : e == NULL ? "?" : names[e->kind];
	char hex[2 * 512 + 1] = "", request[17] = "";

	if (c->server->world->log == WORLD_LOG_NONE)
		return;
	if (c->server->world->log == WORLD_LOG_BYTES)
		hex_from_bytes(hex, sizeof(hex), data, 0);
	hex_from_bytes(request, sizeof(request), setup, 0);
	fprintf(stderr, "%s ep%u %s-%s %zu%s%s%s%s", c->port->busid, ep, kind,
	    in ? "in" : "out", data.n, request[0] == 0 ? "" : " setup ",
	    request, hex[0] == 0 ? "" : " ", hex);
	if (status != 0)
		fprintf(stderr, " (%s)", strerror(-status));
	fputc('\n', stderr);
}

/* URBs */

static void
ret_submit(struct conn *c, uint32_t seq, int status, size_t length,
    struct view data)
{
	uint8_t head[USBIP_URB_SIZE];
	struct wr w = { head, sizeof(head), 0, false };
	struct usbip_urb u = {
		.kind = USBIP_RET_SUBMIT,
		.seq = seq,
		.status = status,
		.length = (uint32_t)length,
	};

	if (c->port->dev->leaving)	/* unplugged at this very transfer */
		return;
	usbip_urb_write(&w, &u);
	queue(c, wr_done(&w));
	queue(c, data);
}

static void
ret_unlink(struct conn *c, uint32_t seq, int status)
{
	uint8_t head[USBIP_URB_SIZE];
	struct wr w = { head, sizeof(head), 0, false };
	struct usbip_urb u = {
		.kind = USBIP_RET_UNLINK, .seq = seq, .status = status
	};

	usbip_urb_write(&w, &u);
	queue(c, wr_done(&w));
}

static void
forget_pending(struct conn *c, size_t i)
{
	c->n_pending--;
	memmove(&c->pending[i], &c->pending[i + 1],
	    (c->n_pending - i) * sizeof(c->pending[0]));
}

/* Tries one IN transfer. False when it stays pending. */
static bool
try_in(struct conn *c, const struct pending *p)
{
	size_t len = p->length < TRANSFER_MAX ? p->length : TRANSFER_MAX;
	struct wr w = { c->transfer, TRANSFER_MAX, 0, false };
	int status = usb_in(c->port->dev, p->ep, len, &w);

	if (status == USB_PENDING)
		return false;
	if (status == 0 && w.n < p->length && (p->flags & SHORT_NOT_OK) != 0)
		status = -EREMOTEIO;
	log_transfer(c, p->ep, true, status, (struct view){ NULL, 0 },
	    wr_done(&w));
	ret_submit(c, p->seq, status, w.n, wr_done(&w));
	explicit_bzero(c->transfer, w.n);
	return true;
}

/* Pending transfers in order; of one endpoint the first that waits blocks. */
static void
complete(struct conn *c)
{
	uint16_t blocked = 0;

	for (size_t i = 0; i < c->n_pending && !c->dead &&
	    !c->port->dev->leaving;) {
		uint16_t bit = (uint16_t)(1u << (c->pending[i].ep & 15));

		if ((blocked & bit) == 0 && try_in(c, &c->pending[i])) {
			forget_pending(c, i);
		} else {
			blocked |= bit;
			i++;
		}
	}
}

static void
submit_control(struct conn *c, const struct usbip_urb *u, struct view out)
{
	struct wr w = { c->transfer, 65535, 0, false };
	struct view setup = { u->setup, sizeof(u->setup) };
	bool in = (u->setup[0] & 0x80) != 0;
	struct view data;
	int status;

	status = usb_control(c->port->dev, u->setup, out, &w, clock_now_ms());
	if (w.n > u->length)
		w.n = u->length;
	data = in ? wr_done(&w) : (struct view){ NULL, 0 };
	log_transfer(c, 0, in, status, setup, in ? data : out);
	ret_submit(c, u->seq, status,
	    status < 0 ? 0 : in ? data.n : out.n, data);
}

static void
submit_in(struct conn *c, const struct usbip_urb *u)
{
	if (c->n_pending == PENDING_MAX) {
		ret_submit(c, u->seq, -ENOMEM, 0, (struct view){ NULL, 0 });
		return;
	}
	c->pending[c->n_pending++] = (struct pending){
		.seq = u->seq, .length = u->length, .flags = u->flags,
		.ep = (uint8_t)u->ep,
	};
}

static void
submit(struct conn *c, const struct usbip_urb *u, struct view out)
{
	int status;

	if (u->ep == 0) {
		submit_control(c, u, out);
		return;
	}
	if (u->is_in) {
		submit_in(c, u);
		return;
	}
	status = usb_out(c->port->dev, (uint8_t)u->ep, out, clock_now_ms());
	log_transfer(c, (uint8_t)u->ep, false, status,
	    (struct view){ NULL, 0 }, out);
	ret_submit(c, u->seq, status, status < 0 ? 0 : out.n,
	    (struct view){ NULL, 0 });
}

/* Cancelled in time: no RET_SUBMIT, and ECONNRESET here. Else 0. */
static void
unlink_urb(struct conn *c, const struct usbip_urb *u)
{
	for (size_t i = 0; i < c->n_pending; i++) {
		if (c->pending[i].seq != u->unlink_seq)
			continue;
		forget_pending(c, i);
		ret_unlink(c, u->seq, -ECONNRESET);
		return;
	}
	ret_unlink(c, u->seq, 0);
}

/*
 * One URB message from v. Returns the bytes used, 0 when more must come first;
 * a message that makes no sense ends the connection.
 */
static size_t
on_urb(struct conn *c, struct view v)
{
	struct usbip_urb u;
	size_t data;

	if (v.n < USBIP_URB_SIZE)
		return 0;
	if (usbip_urb_parse(&u, view_first(v, USBIP_URB_SIZE)) != ERR_OK ||
	    (u.kind != USBIP_CMD_SUBMIT && u.kind != USBIP_CMD_UNLINK) ||
	    u.devid != (1u << 16 | c->port->number) || u.ep > 15) {
		c->dead = true;
		return 0;
	}
	if (u.kind == USBIP_CMD_UNLINK) {
		unlink_urb(c, &u);
		return USBIP_URB_SIZE;
	}
	data = u.is_in ? 0 : u.length;
	if (data > OUT_DATA_MAX) {
		c->dead = true;
		return 0;
	}
	v = view_skip(v, USBIP_URB_SIZE);
	if (v.n < data)
		return 0;
	submit(c, &u, view_first(v, data));
	complete(c);
	return USBIP_URB_SIZE + data;
}

/* Operations */

static void
describe(struct usbip_device *u, const struct port *p)
{
	struct rd r = { .in = p->dev->model->device };

	*u = (struct usbip_device){
		.busnum = 1,
		.devnum = p->number,
		.speed = p->dev->model->speed,
		.configuration = p->dev->configuration,
	};
	snprintf(u->path, sizeof(u->path), "/sys/devices/slotemu/%s", p->busid);
	snprintf(u->busid, sizeof(u->busid), "%s", p->busid);
	rd_take(&r, 4);
	u->dev_class = rd_u8(&r);
	u->dev_subclass = rd_u8(&r);
	u->dev_protocol = rd_u8(&r);
	rd_u8(&r);
	u->vid = rd_le16(&r);
	u->pid = rd_le16(&r);
	u->bcd_device = rd_le16(&r);
	u->configurations = 1;
	u->interfaces = p->dev->config[4];
}

static void
reply(struct conn *c, uint16_t code, uint32_t status)
{
	uint8_t buf[USBIP_OP_SIZE];
	struct wr w = { buf, sizeof(buf), 0, false };

	usbip_op_write(&w, &(struct usbip_op){ USBIP_VERSION, code, status });
	queue(c, wr_done(&w));
}

/* Class, subclass and protocol of each interface, for "usbip list". */
static void
list_interfaces(struct wr *w, const struct port *p)
{
	struct rd r = { .in = { p->dev->config, p->dev->config_len } };
	unsigned left = p->dev->config[4];

	while (left != 0 && r.in.n >= 2) {
		struct view v = rd_take(&r, r.in.p[0]);

		if (v.n < 2)
			break;
		if (v.p[1] != 4 || v.n < 9)	/* INTERFACE */
			continue;
		wr_view(w, (struct view){ v.p + 5, 3 });
		wr_u8(w, 0);
		left--;
	}
	wr_fill(w, 0, (size_t)left * USBIP_INTERFACE_SIZE);
}

static bool
exportable(const struct port *p)
{
	return p->plugged && !p->imported;
}

static void
devlist(struct conn *c)
{
	struct world *world = c->server->world;
	uint8_t buf[USBIP_DEVICE_SIZE + 255 * USBIP_INTERFACE_SIZE];
	struct usbip_device u;
	struct wr w = { buf, sizeof(buf), 0, false };
	uint32_t n = 0;

	for (size_t i = 0; i < world->n; i++)
		n += exportable(&world->port[i]);
	reply(c, USBIP_OP_REP_DEVLIST, USBIP_ST_OK);
	wr_be32(&w, n);
	queue(c, wr_done(&w));
	for (size_t i = 0; i < world->n; i++) {
		if (!exportable(&world->port[i]))
			continue;
		w = (struct wr){ buf, sizeof(buf), 0, false };
		describe(&u, &world->port[i]);
		usbip_device_write(&w, &u);
		list_interfaces(&w, &world->port[i]);
		queue(c, wr_done(&w));
	}
}

static void
import(struct conn *c, struct view name)
{
	uint8_t buf[USBIP_DEVICE_SIZE];
	struct wr w = { buf, sizeof(buf), 0, false };
	struct usbip_device u;
	const uint8_t *end = memchr(name.p, 0, name.n);
	struct port *p = world_port(c->server->world, (const char *)name.p,
	    end == NULL ? name.n : (size_t)(end - name.p));

	if (p == NULL || !p->plugged) {
		reply(c, USBIP_OP_REP_IMPORT, USBIP_ST_NODEV);
		return;
	}
	if (p->imported) {
		reply(c, USBIP_OP_REP_IMPORT, USBIP_ST_DEV_BUSY);
		return;
	}
	usb_reset(p->dev);
	p->imported = true;
	c->port = p;
	reply(c, USBIP_OP_REP_IMPORT, USBIP_ST_OK);
	describe(&u, p);
	usbip_device_write(&w, &u);
	queue(c, wr_done(&w));
}

static size_t
on_op(struct conn *c, struct view v)
{
	struct usbip_op op;

	if (v.n < USBIP_OP_SIZE)
		return 0;
	if (usbip_op_parse(&op, view_first(v, USBIP_OP_SIZE)) != ERR_OK) {
		c->dead = true;
		return 0;
	}
	if (op.code == USBIP_OP_REQ_DEVLIST) {
		devlist(c);
		return USBIP_OP_SIZE;
	}
	if (op.code != USBIP_OP_REQ_IMPORT) {
		c->dead = true;
		return 0;
	}
	if (v.n < USBIP_IMPORT_REQ_SIZE)
		return 0;
	import(c, view_skip(view_first(v, USBIP_IMPORT_REQ_SIZE),
	    USBIP_OP_SIZE));
	return USBIP_IMPORT_REQ_SIZE;
}

/* Connections */

static void
conn_free(struct conn *c)
{
	loop_del(c->server->loop, c->handle);
	close(c->fd);
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
		used = c->port == NULL ? on_op(c, v) : on_urb(c, v);
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
		flush(c);
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
	flush(c);
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
			complete(c);
		if (is_leaving(c))
			leave(c);
		if (!c->dead)
			flush(c);
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
