/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_IOBUF_H
#define DAEMON_IOBUF_H

/*
 * Bytes on their way from or to a client: in at the end, out at the front, never
 * more than max. What leaves is wiped, for it may have been a PIN.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

struct iobuf {
	uint8_t *p;
	size_t cap, at, n;	/* n bytes from p + at */
	size_t max;
};

void		iobuf_init(struct iobuf *, size_t max);
void		iobuf_fini(struct iobuf *);

/*
 * Room for bytes at the end: at least min, *n in all. NULL when more than max
 * would be held, or memory is short. iobuf_commit says how many came.
 */
uint8_t		*iobuf_room(struct iobuf *, size_t min, size_t *n) MUST_USE;
void		iobuf_commit(struct iobuf *, size_t n);

/* ERR_QUOTA above max, ERR_MEMORY; nothing is added then. */
enum err	iobuf_add(struct iobuf *, struct view) MUST_USE;

/* Borrowed until the next call. */
struct view	iobuf_view(const struct iobuf *);

/* Wipes and forgets the first n bytes (at most all). */
void		iobuf_drop(struct iobuf *, size_t n);

#endif
