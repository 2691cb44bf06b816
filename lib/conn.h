/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_CONN_H
#define LIB_CONN_H

/*
 * One connection to slotd over OpenCT's socket, used by one call at a time.
 *
 *	struct wr w;
 *
 *	conn_begin(c, &w, OPENCT_CMD_LOCK, slot);
 *	openct_number_write(&w, OPENCT_TAG_LOCK_TYPE, type, true);
 *	rc = conn_call(c, &w, timeout_ms, &answer);
 *	... look at answer ...
 *	return conn_end(c, rc);
 *
 * Everything returns 0 or a negative number of enum openct_error.
 */

#include <pthread.h>

#include "protocols/openct_wire.h"

enum {
	CONN_BODY_MAX = 2 + OPENCT_APDU_MAX,
	CONN_BUFFER = CONN_BODY_MAX + 2 * OPENCT_HEADER,
};

struct conn {
	pthread_mutex_t mutex;
	int fd;			/* -1 once the connection is of no more use */
	uint32_t xid;
	size_t used;		/* of buf, by the call under way: to be wiped */
	uint8_t buf[CONN_BUFFER];	/* the request, then the answer */
};

/* Connects to DIR/N. ERR_NO_DAEMON, ERR_TOO_LONG, ERR_SYSTEM (errno is set). */
enum err	conn_open(struct conn *, unsigned reader) MUST_USE;
void		conn_close(struct conn *);

/* Locks the connection and starts a request; items follow through w. */
void		conn_begin(struct conn *, struct wr *w, enum openct_cmd,
		    unsigned unit);

/*
 * Sends the request and waits for the answer, whose body is borrowed until
 * conn_end. A connection that breaks, answers nonsense or does not answer in
 * time is closed: -103 from then on.
 */
int		conn_call(struct conn *, const struct wr *, uint32_t timeout_ms,
		    struct view *answer) MUST_USE;

/* The same, with the answer's items read. */
int		conn_call_args(struct conn *, const struct wr *,
		    uint32_t timeout_ms, struct openct_args *answer) MUST_USE;

/* Wipes what the call left and unlocks. Returns rc. */
int		conn_end(struct conn *, int rc);

#endif
