/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_CONTROL_FIND_H
#define DAEMON_CONTROL_FIND_H

/* Which reader and slot a request of the control socket means. */

#include <jansson.h>

#include "base/err.h"
#include "base/must_use.h"
#include "daemon/registry.h"

enum { CONTROL_TEXT_MAX = 255 };

struct peer;
struct slot;

struct control_target {
	struct reader *reader;
	struct slot *slot;
	unsigned index;		/* of the slot */
	char text[CONTROL_TEXT_MAX + 1];	/* on errors: what is wrong */
};

/*
 * `reader` is a number, a name, or a part of a name that only one reader has;
 * left out, it is the only reader there is. What the peer may not see is not
 * there. ERR_NO_READER, ERR_ARG.
 */
enum err	control_find_reader(struct control_target *,
		    const struct registry *, const struct peer *,
		    const json_t *request) MUST_USE;

/*
 * And `slot` a number, 0 if left out. ERR_NO_SLOT; ERR_BUSY for a reader that
 * is only starting, ERR_READER for one that has failed.
 */
enum err	control_find_slot(struct control_target *,
		    const struct registry *, const struct peer *,
		    const json_t *request) MUST_USE;

#endif
