/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/watch.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/reader_life.h"
#include "daemon/stream.h"

enum {
	LINGER_MS = 5000,	/* after the last question */
	LOOK_MAX_MS = 3000,	/* that a client waits for a look */
};

struct watch {
	struct registry *registry;
	struct event *timer;	/* of a look, else of the next thought */
	bool asked;		/* since the timer was set */
	struct event *limit;	/* of the start */
	void (*over)(void *arg);	/* NULL: the start is over */
	void *over_arg;
	TAILQ_HEAD(, watcher) watchers;
};

static struct timeval
time_of(uint32_t ms)
{
	return (struct timeval){ .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000) * 1000 };
}

static void
set_timer(struct watch *w, uint32_t ms)
{
	const struct timeval tv = time_of(ms);

	w->asked = false;
	if (evtimer_add(w->timer, &tv) != 0)
		log_at(LOG_LEVEL_ERROR, NULL, "cannot set a timer");
}

static bool
is_in(const struct watch *w, enum reader_watch state)
{
	const struct reader *r = NULL;

	while ((r = registry_next(w->registry, r)) != NULL) {
		if (r->watch == state)
			return true;
	}
	return false;
}

static bool
has_slot(const struct reader *r, bool (*is)(const struct slot *))
{
	for (unsigned i = 0; i < r->n_slots; i++) {
		if (is(r->slots[i]))
			return true;
	}
	return false;
}

static bool
is_unsettled(const struct slot *s)
{
	return !slot_is_settled(s);
}

static bool
is_wanted(const struct watch *w, const struct reader *r)
{
	const struct watcher *a;

	TAILQ_FOREACH(a, &w->watchers, entry) {
		if (a->waits(a->arg, r))
			return true;
	}
	return has_slot(r, slot_is_in_use);
}

/* A handler that cannot be told is about to end; all stays as it was. */
static void
turn(struct reader *r, bool on, enum reader_watch to)
{
	struct channel_msg m = { .type = CHANNEL_WATCH, .arg = on };

	if (r->handler != NULL && handler_send(r->handler, &m) == ERR_OK)
		r->watch = to;
}

static void
let_alone(struct reader *r)
{
	turn(r, false, READER_LEFT_ALONE);
	log_at(LOG_LEVEL_INFO, r->subject, "nobody wants to know about its "
	    "cards: it is let alone");
}

/* Nothing is awaited any more. */
static void
end_start(struct watch *w)
{
	void (*over)(void *) = w->over;

	w->over = NULL;
	event_del(w->limit);
	if (over != NULL)
		over(w->over_arg);
}

/* Those who were held ask again, when all there is to know is known. */
static void
release(struct watch *w)
{
	struct watcher *a;

	if (!is_in(w, READER_AWAITED))
		end_start(w);
	if (is_in(w, READER_LOOKED_AT) || is_in(w, READER_AWAITED))
		return;
	if (is_in(w, READER_WATCHED))
		set_timer(w, LINGER_MS);
	TAILQ_FOREACH(a, &w->watchers, entry) {
		if (a->held != NULL)
			stream_release(a->held);
		a->held = NULL;
	}
}

/* Nobody is kept waiting by a reader that does not answer. */
static void
give_up_looks(struct watch *w)
{
	struct reader *r = NULL;

	while ((r = registry_next(w->registry, r)) != NULL) {
		if (r->watch != READER_LOOKED_AT)
			continue;
		r->watch = READER_WATCHED;
		log_at(LOG_LEVEL_WARN, r->subject, "it does not say which cards "
		    "are in it: programs are told what was known");
	}
	release(w);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	struct reader *r = NULL;

	(void)fd;
	(void)what;
	if (is_in(w, READER_LOOKED_AT)) {
		give_up_looks(w);
		return;
	}
	while (!w->asked && (r = registry_next(w->registry, r)) != NULL) {
		if (r->watch == READER_WATCHED && !is_wanted(w, r))
			let_alone(r);
	}
	if (is_in(w, READER_WATCHED))
		set_timer(w, LINGER_MS);
}

/* Starts to look at the reader, if it was let alone. */
static void
look_at(struct watch *w, struct reader *r)
{
	if (r->watch != READER_LEFT_ALONE)
		return;
	turn(r, true, READER_LOOKED_AT);
	for (unsigned i = 0; i < r->n_slots; i++)
		slot_look(r->slots[i]);
	set_timer(w, LOOK_MAX_MS);
}

bool
watcher_ask(struct watcher *a, struct stream *stream,
    const struct reader *only)
{
	struct reader *r = NULL;
	bool looking = false;

	a->watch->asked = true;
	while ((r = registry_next(a->watch->registry, r)) != NULL) {
		if (only != NULL && r != only)
			continue;
		look_at(a->watch, r);
		looking |= r->watch == READER_LOOKED_AT ||
		    r->watch == READER_AWAITED;
	}
	if (!looking)
		return true;
	a->held = stream;
	stream_hold(stream);
	return false;
}

void
watcher_init(struct watcher *a, const struct registry *registry,
    bool (*waits)(const void *, const struct reader *), const void *arg)
{
	*a = (struct watcher){ .watch = registry_watch(registry),
		.waits = waits, .arg = arg };
	TAILQ_INSERT_TAIL(&a->watch->watchers, a, entry);
}

void
watcher_fini(struct watcher *a)
{
	TAILQ_REMOVE(&a->watch->watchers, a, entry);
}

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	struct reader *r = NULL;

	(void)fd;
	(void)what;
	while ((r = registry_next(w->registry, r)) != NULL) {
		if (r->watch != READER_AWAITED)
			continue;
		r->watch = READER_TELLS;
		log_at(LOG_LEVEL_WARN, r->subject, "%s is still not ready: "
		    "programs are told of the others", r->device);
	}
	release(w);
}

void
watch_await(struct watch *w, uint32_t limit_ms, void (*over)(void *), void *arg)
{
	const struct timeval tv = time_of(limit_ms);
	struct reader *r = NULL;

	w->over = over;
	w->over_arg = arg;
	if (limit_ms == 0 || evtimer_add(w->limit, &tv) != 0) {
		end_start(w);
		return;
	}
	while ((r = registry_next(w->registry, r)) != NULL) {
		if (r->present && r->state != READER_READY)
			r->watch = READER_AWAITED;
	}
	release(w);
}

void
watch_reader_ready(struct watch *w, struct reader *r)
{
	bool was_awaited = r->watch == READER_AWAITED;

	r->watch = READER_TELLS;
	if (r->info.polls) {
		turn(r, true, READER_WATCHED);
		if (!evtimer_pending(w->timer, NULL))
			set_timer(w, LINGER_MS);
	}
	if (was_awaited)
		release(w);
}

void
watch_reader_changed(struct watch *w, struct reader *r)
{
	bool was_unknown = r->watch == READER_LOOKED_AT ||
	    r->watch == READER_AWAITED;

	if (r->watch == READER_AWAITED && r->state == READER_STARTING)
		return;
	if (r->state != READER_READY)
		r->watch = READER_TELLS;
	else if (r->watch == READER_LOOKED_AT && !has_slot(r, is_unsettled))
		r->watch = READER_WATCHED;
	if (was_unknown)
		release(w);
}

struct watch *
watch_new(struct event_base *base, struct registry *registry)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->registry = registry;
	TAILQ_INIT(&w->watchers);
	w->timer = evtimer_new(base, on_timer, w);
	w->limit = evtimer_new(base, on_limit, w);
	if (w->timer != NULL && w->limit != NULL)
		return w;
	watch_free(w);
	return NULL;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	if (w->timer != NULL)
		event_free(w->timer);
	if (w->limit != NULL)
		event_free(w->limit);
	free(w);
}
