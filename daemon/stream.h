/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_STREAM_H
#define DAEMON_STREAM_H

/*
 * One client's socket: bytes come in and are handed to the dialect in order,
 * answers go out as fast as the client reads. Whatever a client does (stops in
 * the middle of a request, never reads, vanishes) ends its own stream at most.
 *
 * A dialect answers one request after the other: it holds the stream while a
 * request is under way, and what the client sends meanwhile waits here.
 */

#include <event2/event.h>

#include "base/bytes.h"
#include "base/must_use.h"

struct stream;

struct stream_limits {
	size_t in_max;		/* bytes waiting; a whole request must fit */
	size_t out_max;		/* bytes not yet read by the client: then it ends */
	uint32_t stall_ms;	/* for a request to be complete, and for the
				   client to read something when there is much */
};

/* Both are called from the loop only, never from inside a stream_ function. */
struct stream_ops {
	/*
	 * Bytes have come. Returns how many were used up, 0 to wait for more (or,
	 * having held the stream, for its release); it is called again until
	 * then, or until the stream is held. `in` is wiped afterwards.
	 */
	size_t (*input)(void *arg, struct view in);
	/* The client is gone or was too slow. Call stream_free. */
	void (*closed)(void *arg);
};

/* Takes over fd, also when it fails (NULL: memory). */
struct stream	*stream_new(struct event_base *, int owned_fd,
		    const struct stream_limits *, const struct stream_ops *,
		    void *arg) MUST_USE;

/* Closes at once; closed is not called. NULL is fine. */
void		stream_free(struct stream *);

/* Sends, or keeps for later. A stream that fails in this is closed later. */
void		stream_send(struct stream *, struct view);
/* One after the other, as one: a header and a body. */
void		stream_send_two(struct stream *, struct view, struct view);

/* No more input until the answer is ready; a client that closes is noticed. */
void		stream_hold(struct stream *);
void		stream_release(struct stream *);

/* Nothing more is read; closed is called when all was sent. */
void		stream_finish(struct stream *);

#endif
