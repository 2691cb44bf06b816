/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CONTROL_CLIENT_H
#define TOOLS_CONTROL_CLIENT_H

/*
 * The program's end of slotd's control socket (doc/control.md). It blocks: one
 * connection, one request at a time, answers and events as JSON objects.
 */

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "base/must_use.h"

struct control;

/* "Wait for ever", where a time is expected. */
#define CONTROL_FOREVER UINT64_MAX

/*
 * Makes jansson wipe what it frees: requests and answers hold APDUs. Once, at
 * the start of main, before any other use of jansson.
 */
void		 control_wipe_json(void);

/* A connection to be, to DIR/control. dir must outlive it. NULL: no memory. */
struct control	*control_new(const char *dir);

/* Closes the connection and wipes what is left in its buffer. NULL is fine. */
void		 control_free(struct control *);

/*
 * ERR_OK, or ERR_NO_DAEMON (no socket, or nobody listens), ERR_DENIED,
 * ERR_TOO_LONG (the path does not fit a socket's name), ERR_SYSTEM.
 */
enum err	 control_connect(struct control *) MUST_USE;

/*
 * Sends the request with an id of its own and waits for its answer, however
 * long that takes. On ERR_OK the answer is the caller's to json_decref. What
 * slotd refused comes back as its own error. ERR_CLOSED: slotd went away;
 * ERR_FORMAT: it said something that is no answer.
 */
enum err	 control_ask(struct control *, json_t *owned_request,
		    json_t **answer) MUST_USE;

/*
 * The next event, the caller's to json_decref. ERR_TIMEOUT when the clock
 * (base/clock.h) passes until_ms first, ERR_CLOSED, ERR_FORMAT.
 */
enum err	 control_next(struct control *, uint64_t until_ms,
		    json_t **event) MUST_USE;

/* What went wrong last, in words for people; lives as long as c. */
const char	*control_why(const struct control *c);

#endif
