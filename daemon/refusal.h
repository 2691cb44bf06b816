/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_REFUSAL_H
#define DAEMON_REFUSAL_H

/*
 * Tells a client that is not served why. The word is sent at once; then the
 * client gets a second to send its request, which is thrown away, and to read:
 * one that is closed earlier would fail in sending and never know.
 */

#include <event2/event.h>

#include "base/bytes.h"
#include "base/must_use.h"

struct refusals;

/* More than these at a time are closed without a word. */
enum { REFUSALS_MAX = 16 };

struct refusals	*refusals_new(struct event_base *) MUST_USE;
void		refusals_free(struct refusals *);

/* An empty word: closes at once. */
void		refusals_add(struct refusals *, int owned_fd, struct view word);

#endif
