/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/iobuf.h"

#include <stdlib.h>

#include "base/secret.h"

enum { IOBUF_FIRST = 1024, IOBUF_KEEP = 8192 };

void
iobuf_init(struct iobuf *b, size_t max)
{
	*b = (struct iobuf){ .max = max };
}

void
iobuf_fini(struct iobuf *b)
{
	secret_free(&b->p, b->cap);
	*b = (struct iobuf){ .max = b->max };
}

/* Moves the bytes to the front of a larger or the same block. */
static enum err
make_room(struct iobuf *b, size_t need)
{
	size_t cap = b->cap != 0 ? b->cap : IOBUF_FIRST;
	uint8_t *p;

	while (cap < need)
		cap *= 2;
	p = malloc(cap);
	if (p == NULL)
		return ERR_MEMORY;
	if (b->n != 0)
		memcpy(p, b->p + b->at, b->n);
	secret_free(&b->p, b->cap);
	b->p = p;
	b->cap = cap;
	b->at = 0;
	return ERR_OK;
}

uint8_t *
iobuf_room(struct iobuf *b, size_t min, size_t *n)
{
	size_t left = b->max - b->n;

	if (min > left)
		return NULL;
	if (min > b->cap - b->at - b->n && make_room(b, b->n + min) != ERR_OK)
		return NULL;
	*n = b->cap - b->at - b->n;
	if (*n > left)
		*n = left;
	return b->p + b->at + b->n;
}

void
iobuf_commit(struct iobuf *b, size_t n)
{
	b->n += n;
}

enum err
iobuf_add(struct iobuf *b, struct view v)
{
	uint8_t *room;
	size_t n;

	if (v.n == 0)
		return ERR_OK;
	if (v.n > b->max - b->n)
		return ERR_QUOTA;
	room = iobuf_room(b, v.n, &n);
	if (room == NULL)
		return ERR_MEMORY;
	memcpy(room, v.p, v.n);
	iobuf_commit(b, v.n);
	return ERR_OK;
}

struct view
iobuf_view(const struct iobuf *b)
{
	return b->n != 0 ? (struct view){ b->p + b->at, b->n } :
	    (struct view){ NULL, 0 };
}

void
iobuf_drop(struct iobuf *b, size_t n)
{
	if (n > b->n)
		n = b->n;
	if (n == 0)
		return;
	secret_wipe(b->p + b->at, n);
	b->at += n;
	b->n -= n;
	if (b->n == 0)
		b->at = 0;
	if (b->n == 0 && b->cap > IOBUF_KEEP)
		iobuf_fini(b);
}
