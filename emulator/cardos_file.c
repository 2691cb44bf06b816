/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/cardos.h"

#include <stdlib.h>
#include <string.h>

enum {
	MF_FID = 0x3f00,
	FILE_OVERHEAD = 32,	/* assumed: EEPROM for a file's header */
	LISTING_MAX = 250,
};

/* Finding files */

static int
find_child(const struct cos *s, int df, uint16_t fid)
{
	for (int i = 0; i < COS_FILES_MAX; i++)
		if (s->file[i].used && s->file[i].parent == df &&
		    s->file[i].fid == fid)
			return i;
	return COS_NONE;
}

/* P1 = 00: the MF, a child of the current DF, that itself, its parent. */
static int
find_fid(const struct cos *s, uint16_t fid)
{
	int parent = s->file[s->df].parent, i;

	if (fid == MF_FID)
		return 0;
	i = find_child(s, s->df, fid);
	if (i != COS_NONE || s->file[s->df].fid == fid)
		return i != COS_NONE ? i : s->df;
	return parent != COS_NONE && s->file[parent].fid == fid ?
	    parent : COS_NONE;
}

static int
find_path(const struct cos *s, int from, struct view path)
{
	struct rd r = { .in = path };

	while (r.in.n >= 2 && from != COS_NONE)
		from = find_child(s, from, rd_be16(&r));
	return from;
}

static int
find_name(const struct cos *s, struct view name)
{
	for (int i = 0; i < COS_FILES_MAX; i++) {
		const struct cos_file *f = &s->file[i];

		if (f->used && name.n != 0 && f->n_name >= name.n &&
		    memcmp(f->name, name.p, name.n) == 0)
			return i;
	}
	return COS_NONE;
}

static uint16_t
find_selected(const struct cos *s, const struct card_cmd *c, int *i)
{
	struct rd r = { .in = c->data };

	switch (c->p1) {
	case 0x00:
		if (c->data.n != 0 && c->data.n != 2)
			return SW_WRONG_LENGTH;
		*i = c->data.n == 0 ? 0 : find_fid(s, rd_be16(&r));
		break;
	case 0x03:
		*i = s->file[s->df].parent;
		break;
	case 0x04:
		*i = find_name(s, c->data);
		break;
	case 0x08:
	case 0x09:
		if (c->data.n == 0 || c->data.n % 2 != 0)
			return SW_WRONG_LENGTH;
		*i = find_path(s, c->p1 == 0x08 ? 0 : s->df, c->data);
		break;
	default:
		return SW_P1P2;
	}
	return *i == COS_NONE ? SW_FILE_NOT_FOUND : SW_OK;
}

void
cos_put_path(const struct cos *s, struct wr *w)
{
	int up[COS_FILES_MAX];
	size_t n = 0;

	for (int i = s->df; i != 0 && n < COS_FILES_MAX; i = s->file[i].parent)
		up[n++] = i;
	while (n > 0)
		wr_be16(w, s->file[up[--n]].fid);
}

/* SELECT answers with the control information the file was made with. */

static void
put_tlv(struct wr *w, uint8_t tag, const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	wr_u8(w, tag);
	wr_u8(w, (uint8_t)n);
	wr_view(w, (struct view){ p, n });
}

static void
put_control(struct wr *rsp, const struct cos_file *f)
{
	const uint8_t size[] = { (uint8_t)(f->size >> 8), (uint8_t)f->size };
	const uint8_t fid[] = { (uint8_t)(f->fid >> 8), (uint8_t)f->fid };
	uint8_t buf[96];
	struct wr w = { buf, sizeof(buf), 0, false };

	put_tlv(&w, f->type == COS_DF ? 0x81 : 0x80, size, sizeof(size));
	put_tlv(&w, 0x82, f->descriptor, f->n_descriptor);
	put_tlv(&w, 0x83, fid, sizeof(fid));
	put_tlv(&w, 0x84, f->name, f->n_name);
	put_tlv(&w, 0x85, f->property, f->n_property);
	put_tlv(&w, 0x86, f->ac, f->n_ac);
	put_tlv(rsp, 0x6f, buf, w.n);
}

uint16_t
cos_select(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	uint16_t sw;
	int i;

	if ((c->p2 & 0xf3) != 0)
		return SW_P1P2;
	sw = find_selected(s, c, &i);
	if (sw != SW_OK)
		return sw;
	if (s->file[i].type == COS_DF) {
		s->df = i;
		s->ef = COS_NONE;
	} else {
		s->df = s->file[i].parent;
		s->ef = i;
	}
	cos_leave(s);
	if (s->ef == COS_NONE)
		cos_default_environment(s);
	if ((c->p2 & 0x0c) != 0x0c)
		put_control(rsp, &s->file[i]);
	return SW_OK;
}

/* Creating and deleting */

static bool
keep(uint8_t *dst, size_t cap, size_t *n, struct view v)
{
	if (v.n > cap)
		return false;
	if (v.n != 0)
		memcpy(dst, v.p, v.n);
	*n = v.n;
	return true;
}

static bool
two_bytes(size_t *x, struct view v)
{
	if (v.n != 2)
		return false;
	*x = (size_t)v.p[0] << 8 | v.p[1];
	return true;
}

static bool
read_part(struct cos_file *f, uint8_t tag, struct view v)
{
	size_t fid;

	switch (tag) {
	case 0x80:
	case 0x81:
		return two_bytes(&f->size, v);
	case 0x82:
		return v.n != 0 && keep(f->descriptor, sizeof(f->descriptor),
		    &f->n_descriptor, v);
	case 0x83:
		if (!two_bytes(&fid, v))
			return false;
		f->fid = (uint16_t)fid;
		return true;
	case 0x84:
		return keep(f->name, sizeof(f->name), &f->n_name, v);
	case 0x85:
		return keep(f->property, sizeof(f->property), &f->n_property,
		    v);
	case 0x86:
		return keep(f->ac, sizeof(f->ac), &f->n_ac, v);
	default:
		return true;	/* secure messaging (CB) and the like */
	}
}

uint16_t
cos_read_template(struct cos_file *f, struct view data)
{
	struct rd r = { .in = data };
	uint8_t tag = rd_u8(&r);

	if ((tag != 0x62 && tag != 0x6f) || rd_u8(&r) != r.in.n || r.bad)
		return SW_LC_TLV;
	while (r.in.n != 0) {
		struct view v;

		tag = rd_u8(&r);
		v = rd_take(&r, rd_u8(&r));
		if (r.bad)
			return SW_LC_TLV;
		if (!read_part(f, tag, v))
			return SW_WRONG_DATA;
	}
	return SW_OK;
}

/* The descriptor byte says what it will be; fixed records have a length. */
static bool
understand(struct cos_file *f)
{
	uint8_t d = f->descriptor[0] & 0x3f;

	if (f->n_descriptor == 0)
		return false;
	switch (d) {
	case COS_DF:
		f->type = COS_DF;
		return true;
	case COS_TRANSPARENT:
	case COS_VARIABLE_TLV:
		f->type = (enum cos_type)d;
		return f->size != 0 && f->size <= COS_FILE_SIZE_MAX;
	case COS_FIXED:
	case COS_CYCLIC:
		f->type = (enum cos_type)d;
		if (f->n_descriptor != 5 || f->descriptor[3] == 0)
			return false;
		f->record = f->descriptor[3];
		f->size = f->record * f->descriptor[4];
		return f->size != 0;
	default:
		return false;
	}
}

size_t
cos_free_memory(const struct cos *s)
{
	size_t used = 0;

	for (size_t i = 1; i < COS_FILES_MAX; i++)
		if (s->file[i].used)
			used += FILE_OVERHEAD +
			    (s->file[i].data == NULL ? 0 : s->file[i].size);
	for (size_t i = 0; i < COS_OBJECTS_MAX; i++)
		if (s->object[i].used)
			used += FILE_OVERHEAD + s->object[i].n;
	return used < s->memory ? s->memory - used : 0;
}

bool
cos_file_make(struct cos *s, size_t i, const struct cos_file *like)
{
	struct cos_file *f = &s->file[i];

	*f = *like;
	if (f->type != COS_DF) {
		f->data = calloc(1, f->size);
		if (f->data == NULL)
			return false;
	}
	f->used = true;
	return true;
}

uint16_t
cos_create(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	const struct cos_file *df = &s->file[s->df];
	struct cos_file f = { .parent = s->df };
	uint16_t sw;
	size_t i = 0;

	(void)rsp;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	sw = cos_access(s, s->df, cos_ac(df->ac, df->n_ac, DF_CREATE));
	if (sw == SW_OK)
		sw = cos_read_template(&f, c->data);
	if (sw != SW_OK)
		return sw;
	if (!understand(&f) || f.fid == 0 || f.fid == MF_FID)
		return SW_WRONG_DATA;
	if (find_child(s, s->df, f.fid) != COS_NONE)
		return SW_EXISTS;
	while (i < COS_FILES_MAX && s->file[i].used)
		i++;
	if (i == COS_FILES_MAX || FILE_OVERHEAD +
	    (f.type == COS_DF ? 0 : f.size) > cos_free_memory(s) ||
	    !cos_file_make(s, i, &f))
		return SW_NO_SPACE;
	if (f.type != COS_DF)
		s->ef = (int)i;	/* it is selected from now on */
	return SW_OK;
}

void
cos_file_drop(struct cos *s, size_t i)
{
	if (s->file[i].data != NULL)
		explicit_bzero(s->file[i].data, s->file[i].size);
	free(s->file[i].data);
	s->file[i] = (struct cos_file){ .parent = COS_NONE };
	for (size_t k = 0; k < COS_OBJECTS_MAX; k++)
		if (s->object[k].df == (int)i)
			explicit_bzero(&s->object[k], sizeof(s->object[k]));
	for (size_t k = 0; k < COS_SE_MAX; k++)
		if (s->se[k].df == (int)i)
			s->se[k].used = false;
}

void
cos_wipe(struct cos *s)
{
	for (size_t i = COS_FILES_MAX; i-- > 0; )
		cos_file_drop(s, i);
	s->df = 0;
	s->ef = COS_NONE;
	s->se_active = false;
}

/* A DF must be empty; whether the real card insists is not known. */
uint16_t
cos_delete(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct rd r = { .in = c->data };
	const struct cos_file *f;
	uint16_t sw;
	int i;

	(void)rsp;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (c->data.n != 2)
		return SW_WRONG_LENGTH;
	i = find_child(s, s->df, rd_be16(&r));
	if (i == COS_NONE)
		return SW_FILE_NOT_FOUND;
	f = &s->file[i];
	sw = cos_access(s, f->type == COS_DF ? i : s->df,
	    cos_ac(f->ac, f->n_ac, EF_DELETE));
	if (sw != SW_OK)
		return sw;
	for (int k = 0; k < COS_FILES_MAX; k++)
		if (s->file[k].used && s->file[k].parent == i)
			return SW_CONDITIONS;
	if (s->ef == i)
		s->ef = COS_NONE;
	cos_file_drop(s, (size_t)i);
	return SW_OK;
}

/*
 * DIRECTORY: P1 00 DFs, 01 EFs, 02 both; P2 says how many were seen already.
 * One 6F for each, with the number of the next in 8A when there are more.
 */
uint16_t
cos_directory(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	size_t seen = 0;

	if (c->p1 > 2)
		return SW_P1P2;
	for (size_t i = 1; i < COS_FILES_MAX; i++) {
		const struct cos_file *f = &s->file[i];
		bool is_df = f->type == COS_DF;

		if (!f->used || f->parent != s->df ||
		    (c->p1 != 2 && is_df != (c->p1 == 0)) ||
		    seen++ < c->p2)
			continue;
		if (rsp->n + 2 * 9 > LISTING_MAX) {
			wr_view(rsp, (struct view){
			    (const uint8_t[]){ 0x6f, 7, 0x86, 2 }, 4 });
			wr_be16(rsp, f->fid);
			wr_view(rsp, (struct view){ (const uint8_t[]){ 0x8a, 1,
			    (uint8_t)seen }, 3 });
			return SW_OK;
		}
		wr_view(rsp, (struct view){
		    (const uint8_t[]){ 0x6f, 4, 0x86, 2 }, 4 });
		wr_be16(rsp, f->fid);
	}
	if (rsp->n == 0)
		wr_be16(rsp, 0x6f00);
	return SW_OK;
}

/* ACTIVATE and DEACTIVATE FILE, of the EF, else of the DF. */
static uint16_t
set_active(struct cos *s, const struct card_cmd *c, size_t right, bool off)
{
	int i = s->ef != COS_NONE ? s->ef : s->df;
	struct cos_file *f = &s->file[i];
	uint16_t sw;

	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (c->data.n != 0)
		return SW_WRONG_LENGTH;
	sw = cos_access(s, s->df, cos_ac(f->ac, f->n_ac, right));
	if (sw == SW_OK)
		f->deactivated = off;
	return sw;
}

uint16_t
cos_activate(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	(void)rsp;
	return set_active(s, c, EF_ACTIVATE, false);
}

uint16_t
cos_deactivate(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	(void)rsp;
	return set_active(s, c, EF_DEACTIVATE, true);
}
