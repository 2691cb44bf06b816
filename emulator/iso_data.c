/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/iso.h"

#include <string.h>

/* The EF by short identifier in the current DF, which it then selects. */
static int
find_sfi(struct iso *s, uint8_t sfi)
{
	for (size_t i = 0; i < s->n_files; i++) {
		if (s->file[i].parent != s->df || s->file[i].sfi != sfi ||
		    sfi == 0)
			continue;
		s->ef = (int)i;
		s->record = 0;
		return (int)i;
	}
	return ISO_NO_FILE;
}

/*
 * The transparent EF and offset that P1 P2 name, ISO 7816-4:2005 §7.2.2:
 * either a short identifier with 8 bits of offset, or 15 bits of offset.
 */
static uint16_t
find_binary(struct iso *s, const struct card_cmd *c, struct iso_file **f,
    size_t *offset)
{
	int i;

	if ((c->p1 & 0x80) != 0) {
		if ((c->p1 & 0x60) != 0)
			return SW_P1P2;
		i = find_sfi(s, c->p1 & 0x1f);
		if (i == ISO_NO_FILE)
			return SW_FILE_NOT_FOUND;
		*offset = c->p2;
	} else {
		i = s->ef;
		if (i == ISO_NO_FILE)
			return SW_NO_EF;
		*offset = (size_t)c->p1 << 8 | c->p2;
	}
	*f = &s->file[i];
	return (*f)->kind == ISO_TRANSPARENT ? SW_OK : SW_FILE_STRUCTURE;
}

uint16_t
iso_read_binary(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	struct iso_file *f;
	size_t offset, left, n;
	uint16_t sw = find_binary(s, c, &f, &offset);

	if (sw == SW_OK)
		sw = iso_access(s, f->read);
	if (sw != SW_OK)
		return sw;
	if (!c->has_le || c->data.n != 0)
		return SW_WRONG_LENGTH;
	if (offset >= f->size)
		return SW_OFFSET;
	left = f->size - offset;
	n = c->le < left ? c->le : left;
	wr_view(rsp, (struct view){ f->data + offset, n });
	/* Le of zero means "what there is", so nothing is missing then */
	return n < c->le && c->le != 256 && c->le != 65536 ? SW_EOF : SW_OK;
}

uint16_t
iso_update_binary(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	struct iso_file *f;
	size_t offset;
	uint16_t sw = find_binary(s, c, &f, &offset);

	(void)rsp;
	if (sw == SW_OK)
		sw = iso_access(s, f->update);
	if (sw != SW_OK)
		return sw;
	if (c->data.n == 0)
		return SW_WRONG_LENGTH;
	if (offset > f->size)
		return SW_OFFSET;
	if (c->data.n > f->size - offset)
		return SW_NO_SPACE;
	memcpy(f->data + offset, c->data.p, c->data.n);
	return SW_OK;
}

/* Records */

/* P2: short identifier or 0 for the current EF, and how to find the record. */
static uint16_t
find_records(struct iso *s, uint8_t p2, struct iso_file **f)
{
	int i = (p2 & 0xf8) == 0 ? s->ef : find_sfi(s, p2 >> 3);

	if (i == ISO_NO_FILE)
		return (p2 & 0xf8) == 0 ? SW_NO_EF : SW_FILE_NOT_FOUND;
	*f = &s->file[i];
	return (*f)->max_records != 0 ? SW_OK : SW_FILE_STRUCTURE;
}

enum { BY_FIRST = 0, BY_LAST = 1, BY_NEXT = 2, BY_PREVIOUS = 3, BY_NUMBER = 4 };

/* The number, from 1, of the record meant; 0 when there is none. */
static size_t
find_record(const struct iso *s, const struct iso_file *f, uint8_t p1,
    uint8_t p2)
{
	size_t n = 0;

	switch (p2 & 7) {
	case BY_FIRST:
		n = 1;
		break;
	case BY_LAST:
		n = f->records;
		break;
	case BY_NEXT:
		n = s->record + 1;
		break;
	case BY_PREVIOUS:
		n = s->record == 0 ? f->records : s->record - 1;
		break;
	case BY_NUMBER:
		n = p1 == 0 ? s->record : p1;
		break;
	}
	return n <= f->records ? n : 0;
}

static uint8_t *
record_at(const struct iso_file *f, size_t number)
{
	return f->data + (number - 1) * f->size;
}

uint16_t
iso_read_record(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	struct iso_file *f;
	uint16_t sw = find_records(s, c->p2, &f);
	size_t n;

	if (sw == SW_OK)
		sw = iso_access(s, f->read);
	if (sw != SW_OK)
		return sw;
	if (!c->has_le || c->data.n != 0)
		return SW_WRONG_LENGTH;
	if ((c->p2 & 7) > BY_NUMBER || ((c->p2 & 7) < BY_NUMBER && c->p1 != 0))
		return SW_P1P2;
	n = find_record(s, f, c->p1, c->p2);
	if (n == 0)
		return SW_RECORD_NOT_FOUND;
	if ((c->p2 & 7) < BY_NUMBER)	/* by number leaves the pointer alone */
		s->record = n;
	wr_view(rsp, (struct view){ record_at(f, n), f->record_len[n - 1] });
	if (c->le < 256 && c->le > f->record_len[n - 1]) {
		rsp->n = 0;
		return (uint16_t)(SW_EXACT_LENGTH |
		    (f->record_len[n - 1] & 0xff));
	}
	return SW_OK;
}

/* Fixed and cyclic records are always full. */
static uint16_t
check_length(const struct iso_file *f, size_t n)
{
	if (n == 0 || n > f->size)
		return SW_WRONG_LENGTH;
	return f->kind == ISO_VARIABLE || n == f->size ? SW_OK :
	    SW_WRONG_LENGTH;
}

static void
put_record(struct iso_file *f, size_t number, struct view v)
{
	memset(record_at(f, number), 0, f->size);
	memcpy(record_at(f, number), v.p, v.n);
	f->record_len[number - 1] = (uint16_t)v.n;
}

/* The newest record of a cyclic EF is number 1, ISO 7816-4:2005 §5.3.1.2. */
static void
push_record(struct iso_file *f, struct view v)
{
	size_t keep = f->records < f->max_records ? f->records :
	    f->max_records - 1;

	memmove(record_at(f, 1) + f->size, record_at(f, 1), keep * f->size);
	memmove(f->record_len + 1, f->record_len,
	    keep * sizeof(f->record_len[0]));
	f->records = keep + 1;
	put_record(f, 1, v);
}

uint16_t
iso_update_record(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	struct iso_file *f;
	uint16_t sw = find_records(s, c->p2, &f);
	size_t n;

	(void)rsp;
	if (sw == SW_OK)
		sw = iso_access(s, f->update);
	if (sw == SW_OK)
		sw = check_length(f, c->data.n);
	if (sw != SW_OK)
		return sw;
	if ((c->p2 & 7) > BY_NUMBER || ((c->p2 & 7) < BY_NUMBER && c->p1 != 0))
		return SW_P1P2;
	if (f->kind == ISO_CYCLIC && (c->p2 & 7) == BY_PREVIOUS) {
		push_record(f, c->data);
		s->record = 1;
		return SW_OK;
	}
	n = find_record(s, f, c->p1, c->p2);
	if (n == 0)
		return SW_RECORD_NOT_FOUND;
	if ((c->p2 & 7) < BY_NUMBER)
		s->record = n;
	put_record(f, n, c->data);
	return SW_OK;
}

uint16_t
iso_append_record(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	struct iso_file *f;
	uint16_t sw = find_records(s, c->p2, &f);

	(void)rsp;
	if (sw == SW_OK)
		sw = iso_access(s, f->update);
	if (sw == SW_OK && (c->p1 != 0 || (c->p2 & 7) != 0))
		sw = SW_P1P2;
	if (sw == SW_OK)
		sw = check_length(f, c->data.n);
	if (sw != SW_OK)
		return sw;
	if (f->kind == ISO_CYCLIC) {
		push_record(f, c->data);
		s->record = 1;
		return SW_OK;
	}
	if (f->records == f->max_records)
		return SW_NO_SPACE;
	put_record(f, ++f->records, c->data);
	s->record = f->records;
	return SW_OK;
}
