/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

/*
 * Bounded reading and writing of bytes that come from outside.
 *
 * A view borrows bytes. A reader (rd) walks through a view, a writer (wr) fills
 * a caller's buffer. Both are sticky: after the first overrun the reader yields
 * zeros and the writer writes nothing, and `bad` stays set, so one test at the
 * end of a parser or a builder is enough.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct view {
	const uint8_t *p;
	size_t n;
};

struct rd {
	struct view in;		/* what is left */
	bool bad;		/* more was asked for than there was */
};

struct wr {
	uint8_t *p;
	size_t cap;
	size_t n;		/* bytes written so far */
	bool bad;		/* did not fit */
};

static inline bool
view_eq(struct view a, struct view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* A C string without its NUL. */
static inline struct view
view_str(const char *s)
{
	return (struct view){ (const uint8_t *)s, strlen(s) };
}

/* The first n bytes, or fewer where there are fewer. */
static inline struct view
view_first(struct view v, size_t n)
{
	return (struct view){ v.p, n < v.n ? n : v.n };
}

/* What is left after the first n bytes; empty where there are fewer. */
static inline struct view
view_skip(struct view v, size_t n)
{
	if (n >= v.n)
		return (struct view){ NULL, 0 };
	return (struct view){ v.p + n, v.n - n };
}

/* The next n bytes, borrowed from the input. */
static inline struct view
rd_take(struct rd *r, size_t n)
{
	struct view v = { r->in.p, n };

	if (r->bad || n > r->in.n) {
		r->bad = true;
		return (struct view){ NULL, 0 };
	}
	if (n != 0)
		r->in.p += n;
	r->in.n -= n;
	return v;
}

static inline uint8_t
rd_u8(struct rd *r)
{
	struct view v = rd_take(r, 1);

	return v.n == 1 ? v.p[0] : 0;
}

static inline uint16_t
rd_le16(struct rd *r)
{
	struct view v = rd_take(r, 2);

	if (v.n != 2)
		return 0;
	return (uint16_t)(v.p[0] | v.p[1] << 8);
}

static inline uint16_t
rd_be16(struct rd *r)
{
	struct view v = rd_take(r, 2);

	if (v.n != 2)
		return 0;
	return (uint16_t)(v.p[0] << 8 | v.p[1]);
}

static inline uint32_t
rd_le32(struct rd *r)
{
	struct view v = rd_take(r, 4);

	if (v.n != 4)
		return 0;
	return (uint32_t)v.p[0] | (uint32_t)v.p[1] << 8 |
	    (uint32_t)v.p[2] << 16 | (uint32_t)v.p[3] << 24;
}

static inline uint32_t
rd_be32(struct rd *r)
{
	struct view v = rd_take(r, 4);

	if (v.n != 4)
		return 0;
	return (uint32_t)v.p[3] | (uint32_t)v.p[2] << 8 |
	    (uint32_t)v.p[1] << 16 | (uint32_t)v.p[0] << 24;
}

/* Room for n bytes, or NULL (and bad) when they do not fit. */
static inline uint8_t *
wr_room(struct wr *w, size_t n)
{
	uint8_t *at;

	if (w->bad || n > w->cap - w->n) {
		w->bad = true;
		return NULL;
	}
	at = w->p + w->n;
	w->n += n;
	return at;
}

static inline void
wr_u8(struct wr *w, uint8_t x)
{
	uint8_t *p = wr_room(w, 1);

	if (p != NULL)
		p[0] = x;
}

static inline void
wr_le16(struct wr *w, uint16_t x)
{
	uint8_t *p = wr_room(w, 2);

	if (p != NULL) {
		p[0] = (uint8_t)x;
		p[1] = (uint8_t)(x >> 8);
	}
}

static inline void
wr_be16(struct wr *w, uint16_t x)
{
	uint8_t *p = wr_room(w, 2);

	if (p != NULL) {
		p[0] = (uint8_t)(x >> 8);
		p[1] = (uint8_t)x;
	}
}

static inline void
wr_le32(struct wr *w, uint32_t x)
{
	wr_le16(w, (uint16_t)x);
	wr_le16(w, (uint16_t)(x >> 16));
}

static inline void
wr_be32(struct wr *w, uint32_t x)
{
	wr_be16(w, (uint16_t)(x >> 16));
	wr_be16(w, (uint16_t)x);
}

static inline void
wr_view(struct wr *w, struct view v)
{
	uint8_t *p = wr_room(w, v.n);

	if (p != NULL && v.n != 0)
		memcpy(p, v.p, v.n);
}

/* n bytes of value x. */
static inline void
wr_fill(struct wr *w, uint8_t x, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p != NULL && n != 0)
		memset(p, x, n);
}

/* What was written so far; empty when something did not fit. */
static inline struct view
wr_done(const struct wr *w)
{
	return w->bad ? (struct view){ NULL, 0 } : (struct view){ w->p, w->n };
}

#endif
