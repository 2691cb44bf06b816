/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/cardos.h"

#include <string.h>

enum {
	ALGORITHM_PIN = 0x87,
	P2_SEARCH_UP = 0x80,	/* the object may be in a DF above */
	OPTIONS_LONG = 9,	/* OCI parameters with a second options byte */
	OPTIONS_SHORT = 8,
	VERIFY_RC = 0x04,	/* second options byte: tell the tries left */
};

struct cos_object *
cos_object_find(struct cos *s, int df, uint8_t class, uint8_t id)
{
	for (; df != COS_NONE; df = s->file[df].parent)
		for (size_t i = 0; i < COS_OBJECTS_MAX; i++) {
			struct cos_object *o = &s->object[i];

			if (o->used && o->df == df && o->class == class &&
			    o->id == id)
				return o;
		}
	return NULL;
}

uint8_t
cos_ac(const uint8_t *ac, size_t n, size_t which)
{
	return which < n ? ac[which] : COS_NEVER;
}

uint16_t
cos_access(const struct cos *s, int df, uint8_t ac)
{
	if (ac == COS_ALWAYS)
		return SW_OK;
	for (; ac != COS_NEVER && df != COS_NONE; df = s->file[df].parent)
		for (size_t i = 0; i < COS_OBJECTS_MAX; i++) {
			const struct cos_object *o = &s->object[i];

			if (o->used && o->df == df && o->id == ac &&
			    o->class == COS_CLASS_TEST)
				return o->verified ? SW_OK : SW_SECURITY;
		}
	return SW_SECURITY;
}

static bool
is_above(const struct cos *s, int df)
{
	for (int i = s->df; i != COS_NONE; i = s->file[i].parent)
		if (i == df)
			return true;
	return false;
}

void
cos_leave(struct cos *s)
{
	for (size_t i = 0; i < COS_OBJECTS_MAX; i++)
		if (s->object[i].verified && !is_above(s, s->object[i].df))
			s->object[i].verified = false;
}

void
cos_logout_all(struct cos *s)
{
	for (size_t i = 0; i < COS_OBJECTS_MAX; i++)
		s->object[i].verified = false;
}

uint16_t
cos_logout(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	(void)rsp;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	cos_logout_all(s);
	return SW_OK;
}

void
cos_put_security(const struct cos *s, struct wr *w)
{
	for (size_t i = 0; i < COS_OBJECTS_MAX; i++)
		if (s->object[i].verified)
			wr_u8(w, s->object[i].id);
}

/* PINs */

static uint16_t
find_pin(struct cos *s, const struct card_cmd *c, struct cos_object **o)
{
	int df = s->df;

	*o = cos_object_find(s, df, COS_CLASS_TEST,
	    c->p2 & (uint8_t)~P2_SEARCH_UP);
	if (*o == NULL || (*o)->algorithm != ALGORITHM_PIN ||
	    ((c->p2 & P2_SEARCH_UP) == 0 && (*o)->df != df))
		return SW_NOT_FOUND;
	return SW_OK;
}

/* The real card does not tell how many tries are left, unless asked to. */
static uint16_t
compare(struct cos_object *o, struct view v)
{
	o->verified = false;
	if (o->tries == 0)
		return SW_BLOCKED;
	if (v.n == o->n && memcmp(v.p, o->value, v.n) == 0) {
		o->tries = o->tries_max;
		o->verified = true;
		return SW_OK;
	}
	o->tries--;
	return (o->flags & VERIFY_RC) != 0 ?
	    (uint16_t)(SW_PIN_TRIES | o->tries) : SW_PIN_WRONG;
}

static uint16_t
set_value(struct cos_object *o, struct view v)
{
	if (v.n < o->min_length || v.n > sizeof(o->value))
		return SW_WRONG_LENGTH;
	explicit_bzero(o->value, sizeof(o->value));
	memcpy(o->value, v.p, v.n);
	o->n = v.n;
	o->tries = o->tries_max;
	return SW_OK;
}

uint16_t
cos_verify(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct cos_object *o;
	uint16_t sw;

	(void)rsp;
	if (c->p1 != 0)
		return SW_P1P2;
	if (c->data.n == 0)
		return SW_WRONG_LENGTH;
	sw = find_pin(s, c, &o);
	if (sw == SW_OK)
		sw = cos_access(s, o->df, cos_ac(o->ac, o->n_ac, COS_USE));
	return sw == SW_OK ? compare(o, c->data) : sw;
}

/*
 * P1 00: the old PIN, as long as the stored one, and the new one. P1 01: the
 * new one alone, where the rule for a change is met.
 */
uint16_t
cos_change_reference(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct cos_object *o;
	uint16_t sw;
	size_t old;

	(void)rsp;
	if (c->p1 > 1)
		return SW_P1P2;
	sw = find_pin(s, c, &o);
	if (sw != SW_OK)
		return sw;
	old = c->p1 == 0 ? o->n : 0;
	if (c->data.n < old + (o->min_length == 0 ? 1 : o->min_length))
		return SW_WRONG_LENGTH;
	if (c->p1 == 0)
		sw = compare(o, view_first(c->data, old));
	if (sw == SW_OK)
		sw = cos_access(s, o->df, cos_ac(o->ac, o->n_ac, COS_CHANGE));
	return sw == SW_OK ? set_value(o, view_skip(c->data, old)) : sw;
}

/*
 * P1 00: unblocking code and new PIN; 01: the code; 02: the new PIN, and 03:
 * nothing, where the code was verified before. The code is the PIN that the
 * unblock rule names.
 */
uint16_t
cos_reset_retry(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct cos_object *o, *code;
	uint16_t sw;
	uint8_t rule;
	size_t n = 0;

	(void)rsp;
	if (c->p1 > 3)
		return SW_P1P2;
	sw = find_pin(s, c, &o);
	if (sw != SW_OK)
		return sw;
	rule = cos_ac(o->ac, o->n_ac, COS_UNBLOCK);
	if (c->p1 <= 1) {
		code = cos_object_find(s, o->df, COS_CLASS_TEST, rule);
		if (code == NULL)
			return SW_SECURITY;
		n = code->n;
		if (c->p1 == 1 ? c->data.n != n : c->data.n <= n)
			return SW_WRONG_LENGTH;
		sw = compare(code, view_first(c->data, n));
	}
	if (sw == SW_OK)
		sw = cos_access(s, o->df, rule);
	if (sw != SW_OK)
		return sw;
	o->tries = o->tries_max;
	if ((c->p1 & 1) != 0)
		return SW_OK;
	return set_value(o, view_skip(c->data, n));
}

/* PUT DATA */

/* One-byte tags and lengths, the lengths up to 255: not BER. */
static bool
find_tlv(struct view in, uint8_t tag, struct view *v)
{
	struct rd r = { .in = in };

	while (r.in.n != 0) {
		uint8_t t = rd_u8(&r);

		*v = rd_take(&r, rd_u8(&r));
		if (r.bad)
			return false;
		if (t == tag)
			return true;
	}
	return false;
}

static bool
well_formed(struct view in)
{
	struct rd r = { .in = in };

	while (r.in.n != 0 && !r.bad) {
		(void)rd_u8(&r);
		(void)rd_take(&r, rd_u8(&r));
	}
	return !r.bad;
}

/* The parameters of an object, in their short or their long form. */
static bool
read_parameters(struct cos_object *o, struct view v)
{
	struct rd r = { .in = v };

	if (v.n != OPTIONS_SHORT && v.n != OPTIONS_LONG)
		return false;
	o->options = rd_u8(&r);
	o->flags = v.n == OPTIONS_LONG ? rd_u8(&r) : 0;
	o->tries_max = rd_u8(&r) & 0x0f;
	o->algorithm = rd_u8(&r);
	o->tries = rd_u8(&r) & 0x0f;
	(void)rd_take(&r, 3);	/* use count, DEK, ARA counter: not in use */
	o->min_length = rd_u8(&r);
	return !r.bad;
}

static bool
read_object(struct cos_object *o, struct view data)
{
	struct view address, parameters, ac, value;

	if (!find_tlv(data, 0x83, &address) || address.n != 2 ||
	    !find_tlv(data, 0x85, &parameters) ||
	    !read_parameters(o, parameters) ||
	    !find_tlv(data, 0x86, &ac) || ac.n > sizeof(o->ac) ||
	    !find_tlv(data, 0x8f, &value) || value.n == 0 ||
	    value.n > sizeof(o->value))
		return false;
	o->class = address.p[0];
	o->id = address.p[1];
	memcpy(o->ac, ac.p, ac.n);
	o->n_ac = ac.n;
	memcpy(o->value, value.p, value.n);
	o->n = value.n;
	switch (o->class & 0xf0) {
	case COS_CLASS_TEST:
		return o->class == COS_CLASS_TEST && o->id != 0 &&
		    o->id < P2_SEARCH_UP && o->algorithm == ALGORITHM_PIN &&
		    o->tries_max != 0;
	case COS_CLASS_PSO:
		return o->id != 0 && cos_key_algorithm(o->algorithm);
	default:
		return false;
	}
}

/* The DF's rule for a new object, or for one that is replaced. */
static uint16_t
may_put(const struct cos *s, bool is_new)
{
	const struct cos_file *df = &s->file[s->df];

	return cos_access(s, s->df,
	    cos_ac(df->ac, df->n_ac, is_new ? DF_APPEND : DF_UPDATE));
}

static uint16_t
put_object(struct cos *s, struct view data)
{
	struct cos_object o = { .used = true, .df = s->df }, *old;
	uint16_t sw;

	if (!read_object(&o, data)) {
		explicit_bzero(&o, sizeof(o));
		return SW_WRONG_DATA;
	}
	old = cos_object_find(s, s->df, o.class, o.id);
	if (old != NULL && old->df != s->df)
		old = NULL;
	sw = may_put(s, old == NULL);
	if (sw == SW_OK && old == NULL) {
		for (size_t i = 0; i < COS_OBJECTS_MAX && old == NULL; i++)
			if (!s->object[i].used)
				old = &s->object[i];
		if (old == NULL || o.n > cos_free_memory(s))
			sw = SW_NO_SPACE;
	}
	if (sw == SW_OK)
		*old = o;
	explicit_bzero(&o, sizeof(o));
	return sw;
}

static uint16_t
put_environment(struct cos *s, struct view data)
{
	struct view id, key;
	struct cos_se *se = NULL;
	bool is_new = true;
	uint16_t sw;

	if (!find_tlv(data, 0x83, &id) || id.n != 1 || id.p[0] == 0 ||
	    !find_tlv(data, 0x8f, &key) || key.n != sizeof(se->key))
		return SW_WRONG_DATA;
	for (size_t i = 0; i < COS_SE_MAX && is_new; i++) {
		if (!s->se[i].used && se == NULL)
			se = &s->se[i];
		if (!s->se[i].used || s->se[i].df != s->df ||
		    s->se[i].id != id.p[0])
			continue;
		se = &s->se[i];
		is_new = false;
	}
	sw = may_put(s, is_new);
	if (sw != SW_OK)
		return sw;
	if (se == NULL)
		return SW_NO_SPACE;
	*se = (struct cos_se){ .used = true, .df = s->df, .id = id.p[0] };
	memcpy(se->key, key.p, key.n);
	return SW_OK;
}

/* The AC bytes (86) of the current DF or EF, under its "admin" rule. */
static uint16_t
put_control(struct cos *s, struct view data)
{
	struct cos_file *f = &s->file[s->ef != COS_NONE ? s->ef : s->df];
	struct view ac;
	uint16_t sw = cos_access(s, s->df, cos_ac(f->ac, f->n_ac, DF_ADMIN));

	if (sw != SW_OK)
		return sw;
	if (!find_tlv(data, 0x86, &ac) || ac.n == 0 || ac.n > sizeof(f->ac))
		return SW_WRONG_DATA;
	memcpy(f->ac, ac.p, ac.n);
	f->n_ac = ac.n;
	return SW_OK;
}

uint16_t
cos_put_data(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	static const struct {
		uint8_t p2;
		uint16_t (*put)(struct cos *, struct view);
	} kinds[] = {
		{ 0x6d, put_environment },	/* SECI */
		{ 0x6e, put_object },		/* OCI */
		{ 0x6f, put_control },		/* FCI */
	};

	(void)rsp;
	if (c->p1 != 0x01)
		return SW_P1P2;
	if (!well_formed(c->data))
		return SW_LC_TLV;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].p2 == c->p2)
			return kinds[i].put(s, c->data);
	return SW_P1P2;
}
