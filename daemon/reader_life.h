/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_READER_LIFE_H
#define DAEMON_READER_LIFE_H

/* What moves readers: for registry.c, reader*.c and watch.c only. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/handler.h"
#include "daemon/import.h"
#include "daemon/reader.h"
#include "daemon/registry.h"
#include "daemon/registry_life.h"
#include "daemon/slot.h"
#include "daemon/slow_cards.h"
#include "daemon/vpcd.h"
#include "protocols/device.h"
#include "protocols/settings.h"

enum {
	READER_TEXT_MAX = 255,
	READER_PORT_MAX = 63,
};

/* Whether a reader's cards are known. */
enum reader_watch {
	READER_TELLS,		/* always: it tells by itself, or is not ready */
	READER_WATCHED,		/* so far: it is looked at all the time */
	READER_LEFT_ALONE,	/* not any more */
	READER_LOOKED_AT,	/* not yet: it was just asked */
	READER_AWAITED,		/* not yet: it was there when slotd started */
};

struct reader {
	TAILQ_ENTRY(reader) entry;	/* registry->readers, by number */
	struct registry *registry;
	unsigned number;
	char subject[24];		/* "reader 0" */
	enum reader_state state;
	bool is_static;			/* from the configuration */
	bool attached;			/* by somebody, not by openct.conf */
	bool present;			/* the device should be there */
	bool lost;			/* its device does not answer any more */
	bool was_ready;			/* published, not yet withdrawn */
	char name[2 * CHANNEL_TEXT_MAX + 2];
	char text[READER_TEXT_MAX + 1];
	char driver[SETTINGS_NAME_MAX + 1];
	char device[SETTINGS_PATH_MAX + 1];
	struct settings_reader own;	/* what openct.conf says of it */
	struct usb_place usb;		/* the node of static ones, all of others */

	struct import *import;
	struct import_cache address;
	struct vpcd *vpcd;		/* where.kind is DEVICE_VPCD */
	struct handler *handler;
	bool force_poll;		/* it was started with */
	uint8_t block_size;
	struct event *timer;		/* next start, or its deadline */
	uint32_t backoff_ms;
	uint64_t ready_since_ms;

	struct channel_info info;
	enum reader_watch watch;	/* watch.c's */
	unsigned n_slots;
	struct slot *slots[CHANNEL_SLOTS_MAX];
	struct event *alarms[CHANNEL_SLOTS_MAX];
	struct slow_cards slow_cards;	/* of the device info is about */
	uint32_t sequences[CHANNEL_SLOTS_MAX];	/* last ones used */
};

/* reader_slots.c: the slots of a reader and what they report. */
bool		reader_slots_make(struct reader *) MUST_USE;
void		reader_slots_free(struct reader *);
/* Every request ends with this error; the slots stay in memory. */
void		reader_slots_down(struct reader *, enum err);
void		reader_tell(struct reader *, enum change_kind, unsigned slot);

/* reader.c */
struct reader	*reader_new(struct registry *, unsigned number) MUST_USE;
void		reader_free(struct reader *);

/* The device is there: start a handler for it, again and again if need be. */
void		reader_arrive(struct reader *);
/* The device has left, or is no longer configured. */
void		reader_leave(struct reader *, const char *why);
/* Powers the cards off and lets the handler go; reader_is_over tells when. */
void		reader_quit(struct reader *);
bool		reader_is_over(const struct reader *);
void		reader_reap(struct reader *);
void		reader_set_times(struct reader *);

#endif
