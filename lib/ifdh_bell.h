/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_IFDH_BELL_H
#define LIB_IFDH_BELL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/must_use.h"

/*
 * Waits for slotd to write its status file, which it does when a reader or a
 * card comes or goes. One thread waits; any may ring.
 */
struct bell {
	int watch;		/* inotify */
	int rung;		/* eventfd */
	int dir;		/* the watch of the socket directory; -1: none */
};

/* ERR_SYSTEM: no descriptors */
enum err	bell_open(struct bell *) MUST_USE;
void		bell_close(struct bell *);

/* Ends the wait under way, or the next one. */
void		bell_ring(struct bell *);

/*
 * Waits until slotd wrote, the bell was rung or so many milliseconds are over.
 * Says which.
 */
enum bell_event { BELL_QUIET, BELL_WRITTEN, BELL_RUNG };
enum bell_event	bell_wait(struct bell *, int timeout_ms);

/* Whether changes are heard at all: there may be no directory yet. */
bool		bell_hears(struct bell *);

#endif
