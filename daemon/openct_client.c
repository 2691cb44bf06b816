/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/openct_client.h"

#include <stdlib.h>
#include <unistd.h>

#include "daemon/iobuf.h"
#include "daemon/openct_commands.h"
#include "daemon/stream.h"
#include "daemon/watch.h"
#include "protocols/openct_wire.h"

static const struct stream_limits limits = {
	.in_max = 2 * (OPENCT_HEADER + OPENCT_BODY_MAX),
	.out_max = 512 * 1024,
	.stall_ms = 10000,
};

struct openct_client {
	struct stream *stream;
	struct watcher watcher;
	struct openct_caller caller;
	struct iobuf joined;	/* the parts of a continued request so far */
	uint32_t xid;		/* of the request under way */
	bool long_answers;	/* and whether its answer may be continued */
	void (*closed)(void *arg, struct openct_client *);
	void *arg;
};

enum { JOINED_MAX = 2 + OPENCT_APDU_MAX };

static void
send_part(struct openct_client *c, uint32_t dest, int error, struct view part)
{
	struct openct_header h = { .xid = c->xid, .dest = dest,
		.error = (int16_t)error, .len = (uint16_t)part.n };
	uint8_t head[OPENCT_HEADER];
	struct wr w = { .p = head, .cap = sizeof(head) };

	openct_header_write(&w, &h);
	stream_send_two(c->stream, wr_done(&w), part);
}

/* The answer to the request under way is ready. */
static void
on_answer(void *arg, int error, struct view body)
{
	struct openct_client *c = arg;

	if (body.n > OPENCT_BODY_MAX && !c->long_answers) {
		error = OPENCT_E_BUFFER;
		body.n = 0;
	}
	while (body.n > OPENCT_BODY_MAX) {
		send_part(c, OPENCT_MORE, 0, view_first(body, OPENCT_BODY_MAX));
		body = view_skip(body, OPENCT_BODY_MAX);
	}
	send_part(c, 0, error, body);
	stream_release(c->stream);
}

/* Keeps one part of a request; only an APDU as such may come in parts. */
static bool
join(struct openct_client *c, const struct openct_header *h, struct view part)
{
	struct view first = c->joined.n != 0 ? iobuf_view(&c->joined) : part;

	if (first.n != 0 && first.p[0] == OPENCT_CMD_TRANSACT_RAW &&
	    (c->joined.n == 0 || h->xid == c->xid) &&
	    iobuf_add(&c->joined, part) == ERR_OK)
		return true;
	c->xid = h->xid;
	send_part(c, 0, OPENCT_E_BAD_MESSAGE, (struct view){ NULL, 0 });
	stream_finish(c->stream);	/* where the request ends is not known */
	return false;
}

static void
on_request(struct openct_client *c, const struct openct_header *h,
    struct view body)
{
	bool more = (h->dest & OPENCT_MORE) != 0;

	if ((more || c->joined.n != 0) && !join(c, h, body))
		return;
	c->xid = h->xid;
	c->long_answers = (h->dest & OPENCT_LONG) != 0;
	if (more)
		return;
	if (c->joined.n != 0)
		body = iobuf_view(&c->joined);
	stream_hold(c->stream);
	openct_command(&c->caller, body);
	iobuf_drop(&c->joined, c->joined.n);
}

/* It may look at the cards without a word, in DIR/status. */
static bool
waits(const void *arg, const struct reader *reader)
{
	const struct openct_client *c = arg;

	return c->caller.reader == reader;
}

static size_t
on_input(void *arg, struct view in)
{
	struct openct_client *c = arg;
	struct openct_header h;
	struct view body;

	if (openct_header_parse(&h, in) != ERR_OK)
		return 0;
	body = view_skip(in, OPENCT_HEADER);
	if (body.n < h.len)
		return 0;
	if (!watcher_ask(&c->watcher, c->stream, c->caller.reader))
		return 0;
	on_request(c, &h, view_first(body, h.len));
	return OPENCT_HEADER + (size_t)h.len;
}

static void
on_closed(void *arg)
{
	struct openct_client *c = arg;

	c->closed(c->arg, c);
}

struct openct_client *
openct_client_new(struct event_base *base, int fd, const struct peer *peer,
    const struct registry *registry, const struct reader *reader,
    void (*closed)(void *, struct openct_client *), void *arg)
{
	static const struct stream_ops ops = { on_input, on_closed };
	struct openct_client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return NULL;
	}
	*c = (struct openct_client){ .closed = closed, .arg = arg };
	iobuf_init(&c->joined, JOINED_MAX);
	openct_caller_init(&c->caller, peer, reader, on_answer, c);
	c->stream = stream_new(base, fd, &limits, &ops, c);
	if (c->stream == NULL) {
		free(c);
		return NULL;
	}
	watcher_init(&c->watcher, registry, waits, c);
	return c;
}

void
openct_client_finish(struct openct_client *c)
{
	stream_finish(c->stream);
}

void
openct_client_free(struct openct_client *c)
{
	if (c == NULL)
		return;
	watcher_fini(&c->watcher);
	openct_caller_fini(&c->caller);
	stream_free(c->stream);
	iobuf_fini(&c->joined);
	free(c);
}
