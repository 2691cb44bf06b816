/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_REGISTRY_H
#define DAEMON_REGISTRY_H

/*
 * All readers by number. A device that comes back to the same port, or with the
 * same serial number, gets the number it had; others get the lowest free one.
 */

#include <sys/queue.h>

struct reader;
struct registry;

enum change_kind {
	READER_ADDED,		/* ready: its slots can be used from here on */
	READER_REMOVED,		/* was ready, its device left; no slots any more */
	READER_BROKEN,		/* failed or died, ready before or not; no slots.
				   READER_ADDED follows when it works again */
	CARD_INSERTED,
	CARD_REMOVED,
	CARD_RESET,
};

struct change {
	enum change_kind kind;
	struct reader *reader;
	unsigned slot;		/* CARD_ only */
};

/* Embedded in its owner; told of each change after it happened. */
struct observer {
	void (*changed)(void *arg, const struct change *);
	void *arg;
	TAILQ_ENTRY(observer) entry;
};

/* In order of registration. Both may be called from a `changed`. */
void		registry_observe(struct registry *, struct observer *);
void		registry_unobserve(struct registry *, struct observer *);

/* Walks all readers by number, absent ones too; NULL starts, NULL ends. */
struct reader	*registry_next(const struct registry *, const struct reader *);

/* The reader of that number, present or absent, or NULL. */
struct reader	*registry_find(const struct registry *, unsigned number);

#endif
