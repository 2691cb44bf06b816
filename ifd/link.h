/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_LINK_H
#define IFD_LINK_H

/*
 * The handler's end of the channel (protocols/channel.h): messages in and out
 * without blocking. What slotd does not take at once waits in a queue.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "base/must_use.h"
#include "protocols/channel.h"

enum { LINK_QUEUE_MAX = 256 };	/* messages; slotd hangs when it is full */

struct link_message;

struct link {
	int fd;
	bool broken;		/* slotd is gone, or does not read */
	uint8_t *in, *out;	/* CHANNEL_MAX bytes each */
	size_t in_n;
	struct link_message *first, **last;
	size_t queued;
};

/* Borrows fd and makes it non-blocking. ERR_SYSTEM, ERR_MEMORY. */
enum err	link_open(struct link *, int fd) MUST_USE;
void		link_close(struct link *);

/* Sends or queues; never fails but by `broken`. */
void		link_send(struct link *, const struct channel_msg *);

/* Sends what is queued, as far as it goes. */
void		link_flush(struct link *);

/*
 * The next message; it is borrowed until link_done, which wipes it. ERR_BUSY:
 * there is none now. ERR_CLOSED: slotd is gone. Others: it is malformed.
 */
enum err	link_receive(struct link *, struct channel_msg *) MUST_USE;
void		link_done(struct link *);

/* A log_sink. Lines are dropped while messages are queued. */
void		link_log(void *link, enum log_level, const char *line);

#endif
