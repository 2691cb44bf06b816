/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

/*
 * Who wants to know about readers and cards. Those who come while slotd starts
 * are told of all the readers that were there, as they are with pcscd: when each
 * of them is ready or has failed, but not later than a limit says. A reader without an interrupt pipe must be
 * looked at again and again; it is let alone when nobody has asked about cards
 * for a while, nobody waits for one, and none is in use. The first to ask after
 * that is told of the cards when they have been looked at, and not before.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/must_use.h"

struct event_base;
struct reader;
struct registry;
struct stream;
struct watch;

/* Embedded in a client; its members are watch.c's own. */
struct watcher {
	TAILQ_ENTRY(watcher) entry;
	struct watch *watch;
	/* Does the client wait for what happens to this reader's cards? */
	bool (*waits)(const void *arg, const struct reader *);
	const void *arg;
	struct stream *held;
};

/* arg is borrowed until watcher_fini. */
void		watcher_init(struct watcher *, const struct registry *,
		    bool (*waits)(const void *, const struct reader *),
		    const void *arg);
void		watcher_fini(struct watcher *);

/*
 * The client is about to be told about this reader's cards, or all readers' if
 * NULL. True: what is known of them is so. False: they are looked at first; its
 * stream is held, and released soon, however that ends: ask again then.
 */
bool		watcher_ask(struct watcher *, struct stream *,
		    const struct reader *) MUST_USE;

/* ---- for registry.c and reader.c ---- */

/* NULL: memory. */
struct watch	*watch_new(struct event_base *, struct registry *) MUST_USE;
void		watch_free(struct watch *);

/*
 * All readers that are there at the start have been told to the registry: from
 * now on clients are held until they are known. over is called once, from the
 * loop; from inside this function when nothing is awaited.
 */
void		watch_await(struct watch *, uint32_t limit_ms,
		    void (*over)(void *arg), void *arg);

/* The reader was published; its cards are known, and it is being watched. */
void		watch_reader_ready(struct watch *, struct reader *);

/* Something became known about the reader or its cards, or it has left. */
void		watch_reader_changed(struct watch *, struct reader *);

#endif
