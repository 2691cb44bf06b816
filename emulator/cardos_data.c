/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/cardos.h"

#include <string.h>

/* The current EF, when it has this structure and the rule is met. */
static uint16_t
open_ef(struct cos *s, bool transparent, size_t right, struct cos_file **f)
{
	if (s->ef == COS_NONE)
		return SW_NO_EF;
	*f = &s->file[s->ef];
	if (((*f)->type == COS_TRANSPARENT) != transparent)
		return SW_FILE_STRUCTURE;
	if ((*f)->deactivated)
		return SW_DEACTIVATED;
	return cos_access(s, s->df, cos_ac((*f)->ac, (*f)->n_ac, right));
}

/* Bit 8 of P1 would name a file by a short identifier: there is none. */
static uint16_t
find_offset(const struct card_cmd *c, size_t *at)
{
	*at = (size_t)c->p1 << 8 | c->p2;
	return (c->p1 & 0x80) != 0 ? SW_P1P2 : SW_OK;
}

/* What is left of the file, or Le bytes of it. */
uint16_t
cos_read_binary(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct cos_file *f;
	size_t at;
	uint16_t sw = open_ef(s, true, EF_READ, &f);

	if (sw == SW_OK)
		sw = find_offset(c, &at);
	if (sw != SW_OK)
		return sw;
	if (!c->has_le || c->data.n != 0)
		return SW_WRONG_LENGTH;
	if (at >= f->size)
		return SW_OFFSET;
	wr_view(rsp, view_first((struct view){ f->data + at, f->size - at },
	    c->le));
	return SW_OK;
}

uint16_t
cos_update_binary(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct cos_file *f;
	size_t at;
	uint16_t sw = open_ef(s, true, EF_UPDATE, &f);

	(void)rsp;
	if (sw == SW_OK)
		sw = find_offset(c, &at);
	if (sw != SW_OK)
		return sw;
	if (c->data.n == 0)
		return SW_WRONG_LENGTH;
	if (at >= f->size)
		return SW_OFFSET;
	if (c->data.n > f->size - at)
		return SW_WRONG_LENGTH;
	memcpy(f->data + at, c->data.p, c->data.n);
	return SW_OK;
}

/* Records lie one behind the other; those of TLV files know their lengths. */
static size_t
record_length(const struct cos_file *f, size_t at)
{
	return f->type == COS_VARIABLE_TLV ? 2 + (size_t)f->data[at + 1] :
	    f->record;
}

/* Record number 1, 2, ...; the newest of a cyclic file is number 1. */
static bool
find_record(const struct cos_file *f, size_t number, size_t *at)
{
	if (number == 0)
		return false;
	if (f->type == COS_CYCLIC) {
		*at = f->n - number * f->record;
		return number * f->record <= f->n;
	}
	for (*at = 0; *at < f->n; *at += record_length(f, *at))
		if (--number == 0)
			return true;
	return false;
}

/* P2: the number in P1; "by identifier" and "all from here" are not there. */
static uint16_t
open_record(struct cos *s, const struct card_cmd *c, size_t right,
    struct cos_file **f, size_t *at)
{
	uint16_t sw = open_ef(s, false, right, f);

	if (sw != SW_OK)
		return sw;
	if (c->p2 != 0x04)
		return SW_P1P2;
	return find_record(*f, c->p1, at) ? SW_OK : SW_RECORD_NOT_FOUND;
}

uint16_t
cos_read_record(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct cos_file *f;
	size_t at;
	uint16_t sw = open_record(s, c, EF_READ, &f, &at);

	if (sw != SW_OK)
		return sw;
	if (!c->has_le || c->data.n != 0)
		return SW_WRONG_LENGTH;
	wr_view(rsp, (struct view){ f->data + at, record_length(f, at) });
	return SW_OK;
}

/* One whole record: of the right length, or one TLV. */
static bool
is_record(const struct cos_file *f, struct view v)
{
	if (f->type == COS_VARIABLE_TLV)
		return v.n >= 2 && v.n == 2 + (size_t)v.p[1];
	return v.n == f->record;
}

uint16_t
cos_update_record(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct cos_file *f;
	size_t at, old;
	uint16_t sw = open_record(s, c, EF_UPDATE, &f, &at);

	(void)rsp;
	if (sw != SW_OK)
		return sw;
	if (!is_record(f, c->data))
		return SW_WRONG_LENGTH;
	old = record_length(f, at);
	if (c->data.n > f->size - (f->n - old))
		return SW_NO_SPACE;
	memmove(f->data + at + c->data.n, f->data + at + old,
	    f->n - at - old);
	memcpy(f->data + at, c->data.p, c->data.n);
	f->n = f->n - old + c->data.n;
	return SW_OK;
}

/* A full cyclic file forgets its oldest record. */
uint16_t
cos_append_record(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct cos_file *f;
	uint16_t sw = open_ef(s, false, EF_APPEND, &f);

	(void)rsp;
	if (sw != SW_OK)
		return sw;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (!is_record(f, c->data))
		return SW_WRONG_LENGTH;
	if (c->data.n > f->size - f->n) {
		if (f->type != COS_CYCLIC)
			return SW_NO_SPACE;
		f->n -= f->record;
		memmove(f->data, f->data + f->record, f->n);
	}
	memcpy(f->data + f->n, c->data.p, c->data.n);
	f->n += c->data.n;
	return SW_OK;
}
