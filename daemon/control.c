/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/control_commands.h"
#include "daemon/control_json.h"
#include "daemon/listener.h"
#include "daemon/reader.h"
#include "daemon/slot.h"
#include "daemon/stream.h"
#include "daemon/watch.h"

enum { CLIENTS_MAX = 1000, CLIENTS_PER_UID = 300, LINE_MAX_BYTES = 262144 };

static const struct stream_limits limits = {
	.in_max = LINE_MAX_BYTES,
	.out_max = 4 * 1024 * 1024,
	.stall_ms = 10000,
};

struct member {
	TAILQ_ENTRY(member) entry;
	struct control *control;
	struct control_caller caller;
	struct stream *stream;
	struct watcher watcher;
};

struct control {
	struct event_base *base;
	struct registry *registry;
	struct observer observer;
	struct control_scene scene;
	char dir[100];
	struct listener *listener;
	struct quota quota;
	TAILQ_HEAD(, member) members;
};

static void
send_line(struct member *m, const json_t *object)
{
	size_t n;
	char *line = control_json_line(object, &n);

	if (line == NULL) {
		stream_finish(m->stream);	/* out of memory */
		return;
	}
	stream_send(m->stream, (struct view){ (const uint8_t *)line, n });
	control_json_free(line);
}

static void
on_answer(void *arg, json_t *owned_answer)
{
	struct member *m = arg;

	send_line(m, owned_answer);
	json_decref(owned_answer);
	stream_release(m->stream);
}

static bool
waits(const void *arg, const struct reader *reader)
{
	const struct member *m = arg;

	(void)reader;
	return m->caller.watching;
}

static size_t
on_input(void *arg, struct view in)
{
	struct member *m = arg;
	const uint8_t *end = memchr(in.p, '\n', in.n);
	size_t n;

	if (end == NULL)
		return 0;
	n = (size_t)(end - in.p);
	if (!watcher_ask(&m->watcher, m->stream, NULL))
		return 0;
	stream_hold(m->stream);
	control_command(&m->caller, view_first(in, n));
	return n + 1;
}

static void
on_closed(void *arg)
{
	struct member *m = arg;

	TAILQ_REMOVE(&m->control->members, m, entry);
	watcher_fini(&m->watcher);
	quota_leave(&m->control->quota, m->caller.peer.uid);
	control_caller_fini(&m->caller);
	stream_free(m->stream);
	free(m);
}

static void
on_connect(void *arg, int fd, const struct peer *peer)
{
	static const struct stream_ops ops = { on_input, on_closed };
	struct control *c = arg;
	struct member *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		close(fd);
		quota_leave(&c->quota, peer->uid);
		return;
	}
	m->control = c;
	control_caller_init(&m->caller, &c->scene, peer, on_answer, m);
	watcher_init(&m->watcher, c->registry, waits, m);
	m->caller.peer.dialect = DIALECT_CONTROL;
	TAILQ_INSERT_TAIL(&c->members, m, entry);
	m->stream = stream_new(c->base, fd, &limits, &ops, m);
	if (m->stream == NULL)
		on_closed(m);
}

static void
tell_watchers(struct control *c, const struct change *ch)
{
	struct member *m;
	json_t *event = NULL;

	TAILQ_FOREACH(m, &c->members, entry) {
		if (!m->caller.watching ||
		    !reader_may(ch->reader, &m->caller.peer, RIGHT_SEE))
			continue;
		if (event == NULL)
			event = control_json_event(ch);
		send_line(m, event);
	}
	json_decref(event);
}

/* A card that comes with its reader is inserted like any other. */
static void
on_change(void *arg, const struct change *ch)
{
	struct slot_status st;
	const struct slot *slot;

	tell_watchers(arg, ch);
	if (ch->kind != READER_ADDED)
		return;
	for (unsigned i = 0; (slot = reader_slot(ch->reader, i)) != NULL; i++) {
		slot_status(slot, &st);
		if (st.sequence != 0)
			tell_watchers(arg, &(struct change){
			    CARD_INSERTED, ch->reader, i });
	}
}

static const char refusal[] = "{\"ok\": false, \"error\": \"QUOTA\", "
    "\"text\": \"slotd serves as many programs of this user as it may; "
    "some must end first\"}\n";

enum err
control_open(struct control **out, struct event_base *base,
    struct registry *registry, const char *dir, mode_t mode, int fd)
{
	struct control *c = calloc(1, sizeof(*c));
	char path[sizeof(c->dir) + 16];
	enum err e;

	if (c == NULL)
		return ERR_MEMORY;
	snprintf(c->dir, sizeof(c->dir), "%s", dir);
	snprintf(path, sizeof(path), "%s/control", c->dir);
	if (strlen(dir) >= sizeof(c->dir))
		e = ERR_TOO_LONG;
	else if (fd >= 0)
		e = listener_adopt(&c->listener, base, fd, path, &c->quota,
		    on_connect, c);
	else
		e = listener_open(&c->listener, base, path, mode, &c->quota,
		    on_connect, c);
	if (e != ERR_OK) {
		free(c);
		return e;
	}
	listener_set_refusal(c->listener, (struct view){ (const uint8_t *)
	    refusal, sizeof(refusal) - 1 });
	control_json_init();
	c->base = base;
	c->registry = registry;
	c->scene = (struct control_scene){ .registry = registry,
		.dir = c->dir, .started_ms = clock_now_ms() };
	quota_init_connections(&c->quota, CLIENTS_MAX, CLIENTS_PER_UID);
	TAILQ_INIT(&c->members);
	c->observer = (struct observer){ .changed = on_change, .arg = c };
	registry_observe(registry, &c->observer);
	*out = c;
	return ERR_OK;
}

void
control_on_reload(struct control *c, control_reload_fn fn, void *arg)
{
	c->scene.reload = fn;
	c->scene.reload_arg = arg;
}

void
control_close(struct control *c)
{
	struct member *m;

	if (c == NULL)
		return;
	registry_unobserve(c->registry, &c->observer);
	listener_close(c->listener);
	while ((m = TAILQ_FIRST(&c->members)) != NULL)
		on_closed(m);
	quota_fini(&c->quota);
	free(c);
}
