/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/openpgp.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/tlv.h"

enum {
	NEVER = 0x100,		/* beside the masks of what was verified */
	TOUCH = 0x20,		/* 7F74: the card has a button */
};

/* A data object; the specification, "DOs for GET DATA" and "for PUT DATA". */
struct object {
	uint16_t tag;
	unsigned read, write;	/* 0: always; else one of these; NEVER */
	/* Writes the value. */
	void (*put)(const struct pgp *, const struct object *, struct wr *);
	uint16_t (*set)(struct pgp *, const struct object *, struct view);
	size_t at;		/* in stored, or the key's number */
	size_t max;		/* the longest value */
	const uint16_t *members;	/* what a constructed one is made of */
};

static void put_objects(const struct pgp *, const uint16_t *tags, struct wr *);

void
pgp_put_head(struct wr *w, uint32_t tag, size_t n)
{
	if (tag > 0xff)
		wr_u8(w, (uint8_t)(tag >> 8));
	wr_u8(w, (uint8_t)tag);
	if (n > 0xff) {
		wr_u8(w, 0x82);
		wr_be16(w, (uint16_t)n);
	} else if (n > 0x7f) {
		wr_u8(w, 0x81);
		wr_u8(w, (uint8_t)n);
	} else {
		wr_u8(w, (uint8_t)n);
	}
}

/* What the card is */

static void
put_aid(const struct pgp *s, const struct object *o, struct wr *w)
{
	static const uint8_t head[] = { 0xd2, 0x76, 0x00, 0x01, 0x24, 0x01,
	    0x03, 0x04 };

	(void)o;
	wr_view(w, (struct view){ head, sizeof(head) });
	wr_view(w, (struct view){ s->manufacturer, sizeof(s->manufacturer) });
	wr_view(w, (struct view){ s->serial, sizeof(s->serial) });
	wr_be16(w, 0);
}

static void
put_historical(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)o;
	wr_view(w, s->historical);
}

/* The longest command and answer, as integers. */
static void
put_extended_length(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)s;
	(void)o;
	wr_be16(w, 0x0202);
	wr_be16(w, CARD_CHAIN_MAX);
	wr_be16(w, 0x0202);
	wr_be16(w, PGP_ANSWER_MAX);
}

static void
put_features(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)s;
	(void)o;
	wr_be16(w, 0x8101);
	wr_u8(w, TOUCH);
}

static void
put_capabilities(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)s;
	(void)o;
	/*
	 * GET CHALLENGE, key import, PW status and algorithm attributes can be
	 * changed, private use; no secure messaging.
	 */
	wr_be16(w, 0x7c00);
	wr_be16(w, PGP_CHALLENGE_MAX);
	wr_be16(w, PGP_CERT_MAX);
	wr_be16(w, PGP_TEXT_MAX);
	wr_be16(w, 0x0001);	/* no PIN block format 2; MSE */
}

static void
put_counter(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)o;
	wr_u8(w, (uint8_t)(s->signatures >> 16));
	wr_be16(w, (uint16_t)s->signatures);
}

static void
put_algorithms(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)s;
	(void)o;
	pgp_put_algorithms(w);
}

/* PINs */

static void
put_pin_status(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)o;
	pgp_put_pin_status(s, w);
}

static uint16_t
set_pin_status(struct pgp *s, const struct object *o, struct view v)
{
	(void)o;
	return pgp_set_pin_status(s, v);
}

static uint16_t
set_resetting_code(struct pgp *s, const struct object *o, struct view v)
{
	(void)o;
	return pgp_put_resetting_code(s, v);
}

/* Keys */

static void
put_attributes(const struct pgp *s, const struct object *o, struct wr *w)
{
	const struct pgp_key *k = &s->key[o->at];

	wr_view(w, (struct view){ k->attr, k->n_attr });
}

static uint16_t
set_attributes(struct pgp *s, const struct object *o, struct view v)
{
	return pgp_set_algorithm(s, (enum pgp_use)o->at, v);
}

static void
put_fingerprints(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)o;
	for (size_t i = 0; i < PGP_USES; i++)
		wr_view(w, (struct view){ s->key[i].fingerprint,
		    PGP_FINGERPRINT });
}

static void
put_ca_fingerprints(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)o;
	for (size_t i = 0; i < PGP_USES; i++)
		wr_view(w, (struct view){ s->key[i].ca, PGP_FINGERPRINT });
}

static void
put_times(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)o;
	for (size_t i = 0; i < PGP_USES; i++)
		wr_view(w, (struct view){ s->key[i].made, PGP_TIME });
}

/* Which keys there are and where they come from. */
static void
put_key_information(const struct pgp *s, const struct object *o, struct wr *w)
{
	(void)o;
	for (size_t i = 0; i < PGP_USES; i++) {
		wr_u8(w, (uint8_t)(i + 1));
		wr_u8(w, (uint8_t)s->key[i].origin);
	}
}

static uint16_t
set_bytes(uint8_t *p, size_t n, struct view v)
{
	if (v.n != n)
		return SW_WRONG_LENGTH;
	memcpy(p, v.p, n);
	return SW_OK;
}

static uint16_t
set_fingerprint(struct pgp *s, const struct object *o, struct view v)
{
	return set_bytes(s->key[o->at].fingerprint, PGP_FINGERPRINT, v);
}

static uint16_t
set_ca_fingerprint(struct pgp *s, const struct object *o, struct view v)
{
	return set_bytes(s->key[o->at].ca, PGP_FINGERPRINT, v);
}

static uint16_t
set_time(struct pgp *s, const struct object *o, struct view v)
{
	return set_bytes(s->key[o->at].made, PGP_TIME, v);
}

/* What is kept as it comes */

static void
drop(struct pgp_stored *x)
{
	if (x->p != NULL)
		explicit_bzero(x->p, x->n);
	free(x->p);
	*x = (struct pgp_stored){ NULL, 0 };
}

static uint16_t
store(struct pgp_stored *x, size_t max, struct view v)
{
	uint8_t *p = NULL;

	if (v.n > max)
		return SW_WRONG_LENGTH;
	if (v.n != 0 && (p = malloc(v.n)) == NULL)
		return SW_NO_SPACE;
	if (p != NULL)
		memcpy(p, v.p, v.n);
	drop(x);
	*x = (struct pgp_stored){ p, v.n };
	return SW_OK;
}

static void
put_stored(const struct pgp *s, const struct object *o, struct wr *w)
{
	wr_view(w, (struct view){ s->stored[o->at].p, s->stored[o->at].n });
}

static uint16_t
set_stored(struct pgp *s, const struct object *o, struct view v)
{
	return store(&s->stored[o->at], o->max, v);
}

/* User interaction flag: off, the button. The emulated user is always there. */
static void
put_touch(const struct pgp *s, const struct object *o, struct wr *w)
{
	if (s->stored[o->at].n == 0)
		wr_be16(w, TOUCH);
	else
		put_stored(s, o, w);
}

static uint16_t
set_touch(struct pgp *s, const struct object *o, struct view v)
{
	if (v.n != 2 || v.p[0] > 2 || v.p[1] != TOUCH)
		return SW_WRONG_DATA;
	return set_stored(s, o, v);
}

static void
put_certificate(const struct pgp *s, const struct object *o, struct wr *w)
{
	const struct pgp_stored *x = &s->cert[s->at_cert];

	(void)o;
	wr_view(w, (struct view){ x->p, x->n });
}

static uint16_t
set_certificate(struct pgp *s, const struct object *o, struct view v)
{
	return store(&s->cert[s->at_cert], o->max, v);
}

void
pgp_data_wipe(struct pgp *s)
{
	for (size_t i = 0; i < PGP_STORED_MAX; i++)
		drop(&s->stored[i]);
	for (size_t i = 0; i < PGP_CERTS; i++)
		drop(&s->cert[i]);
}

/* Constructed objects */

static void
put_members(const struct pgp *s, const struct object *o, struct wr *w)
{
	put_objects(s, o->members, w);
}

static const uint16_t holder[] = { 0x5b, 0x5f2d, 0x5f35, 0 };
static const uint16_t application[] = {
	0x4f, 0x5f52, 0x7f66, 0x7f74, 0x73, 0
};
static const uint16_t discretionary[] = {
	0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xcd, 0xd6, 0xd7, 0xd8, 0xde,
	0
};
static const uint16_t security[] = { 0x93, 0 };

enum { ADMIN = PGP_PW3_OK, USER = PGP_PW1_OTHER };

static const struct object objects[] = {
	{ 0x4f, 0, NEVER, put_aid, NULL, 0, 0, NULL },
	{ 0x5b, 0, ADMIN, put_stored, set_stored, 0, 39, NULL },
	{ 0x5e, 0, ADMIN, put_stored, set_stored, 1, PGP_TEXT_MAX, NULL },
	{ 0x65, 0, NEVER, put_members, NULL, 0, 0, holder },
	{ 0x6e, 0, NEVER, put_members, NULL, 0, 0, application },
	{ 0x73, 0, NEVER, put_members, NULL, 0, 0, discretionary },
	{ 0x7a, 0, NEVER, put_members, NULL, 0, 0, security },
	{ 0x93, 0, NEVER, put_counter, NULL, 0, 0, NULL },
	{ 0xc0, 0, NEVER, put_capabilities, NULL, 0, 0, NULL },
	{ 0xc1, 0, ADMIN, put_attributes, set_attributes, PGP_SIGN, 0, NULL },
	{ 0xc2, 0, ADMIN, put_attributes, set_attributes, PGP_DECIPHER, 0,
	    NULL },
	{ 0xc3, 0, ADMIN, put_attributes, set_attributes, PGP_AUTHENTICATE, 0,
	    NULL },
	{ 0xc4, 0, ADMIN, put_pin_status, set_pin_status, 0, 0, NULL },
	{ 0xc5, 0, NEVER, put_fingerprints, NULL, 0, 0, NULL },
	{ 0xc6, 0, NEVER, put_ca_fingerprints, NULL, 0, 0, NULL },
	{ 0xc7, NEVER, ADMIN, NULL, set_fingerprint, PGP_SIGN, 0, NULL },
	{ 0xc8, NEVER, ADMIN, NULL, set_fingerprint, PGP_DECIPHER, 0, NULL },
	{ 0xc9, NEVER, ADMIN, NULL, set_fingerprint, PGP_AUTHENTICATE, 0,
	    NULL },
	{ 0xca, NEVER, ADMIN, NULL, set_ca_fingerprint, 0, 0, NULL },
	{ 0xcb, NEVER, ADMIN, NULL, set_ca_fingerprint, 1, 0, NULL },
	{ 0xcc, NEVER, ADMIN, NULL, set_ca_fingerprint, 2, 0, NULL },
	{ 0xcd, 0, NEVER, put_times, NULL, 0, 0, NULL },
	{ 0xce, NEVER, ADMIN, NULL, set_time, PGP_SIGN, 0, NULL },
	{ 0xcf, NEVER, ADMIN, NULL, set_time, PGP_DECIPHER, 0, NULL },
	{ 0xd0, NEVER, ADMIN, NULL, set_time, PGP_AUTHENTICATE, 0, NULL },
	{ 0xd3, NEVER, ADMIN, NULL, set_resetting_code, 0, 0, NULL },
	{ 0xd6, 0, ADMIN, put_touch, set_touch, 2, 2, NULL },
	{ 0xd7, 0, ADMIN, put_touch, set_touch, 3, 2, NULL },
	{ 0xd8, 0, ADMIN, put_touch, set_touch, 4, 2, NULL },
	{ 0xde, 0, NEVER, put_key_information, NULL, 0, 0, NULL },
	{ 0xfa, 0, NEVER, put_algorithms, NULL, 0, 0, NULL },
	{ 0x0101, 0, USER, put_stored, set_stored, 5, PGP_TEXT_MAX, NULL },
	{ 0x0102, 0, ADMIN, put_stored, set_stored, 6, PGP_TEXT_MAX, NULL },
	{ 0x0103, USER, USER, put_stored, set_stored, 7, PGP_TEXT_MAX, NULL },
	{ 0x0104, ADMIN, ADMIN, put_stored, set_stored, 8, PGP_TEXT_MAX, NULL },
	{ 0x5f2d, 0, ADMIN, put_stored, set_stored, 9, 8, NULL },
	{ 0x5f35, 0, ADMIN, put_stored, set_stored, 10, 1, NULL },
	{ 0x5f50, 0, ADMIN, put_stored, set_stored, 11, PGP_TEXT_MAX, NULL },
	{ 0x5f52, 0, NEVER, put_historical, NULL, 0, 0, NULL },
	{ 0x7f21, 0, ADMIN, put_certificate, set_certificate, 0, PGP_CERT_MAX,
	    NULL },
	{ 0x7f66, 0, NEVER, put_extended_length, NULL, 0, 0, NULL },
	{ 0x7f74, 0, NEVER, put_features, NULL, 0, 0, NULL },
};

static const struct object *
find_object(const struct pgp *s, uint32_t tag)
{
	if (tag == 0x7f66 && !s->extended)
		return NULL;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (objects[i].tag == tag)
			return &objects[i];
	return NULL;
}

/* These come with their own tag and length when they are asked for, too. */
static bool
has_head(const struct object *o)
{
	return o->members != NULL || o->put == put_algorithms ||
	    o->put == put_features || o->put == put_extended_length;
}

static void
put_object(const struct pgp *s, const struct object *o, bool head, struct wr *w)
{
	uint8_t buf[PGP_CERT_MAX];
	struct wr value = { buf, sizeof(buf), 0, false };

	o->put(s, o, &value);
	w->bad = w->bad || value.bad;
	if (head)
		pgp_put_head(w, o->tag, value.n);
	wr_view(w, wr_done(&value));
	explicit_bzero(buf, value.n);
}

static void
put_objects(const struct pgp *s, const uint16_t *tags, struct wr *w)
{
	for (; *tags != 0; tags++) {
		const struct object *o = find_object(s, *tags);

		if (o != NULL)
			put_object(s, o, true, w);
	}
}

static uint16_t
allowed(const struct pgp *s, unsigned rule)
{
	if (rule == NEVER)
		return SW_NOT_FOUND;
	return rule == 0 ? SW_OK : pgp_need(s, rule);
}

uint16_t
pgp_get_data(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	const struct object *o;
	uint16_t sw;

	if (c->data.n != 0)
		return SW_WRONG_LENGTH;
	o = find_object(s, (uint32_t)(c->p1 << 8 | c->p2));
	if (o == NULL)
		return SW_NOT_FOUND;
	sw = allowed(s, o->read);
	if (sw == SW_OK)
		put_object(s, o, has_head(o), rsp);
	return sw;
}

static bool
is_certificate(uint8_t p1, uint8_t p2)
{
	return p1 == 0x7f && p2 == 0x21;
}

uint16_t
pgp_get_next_data(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	if (!is_certificate(c->p1, c->p2) || s->at_cert + 1 == PGP_CERTS)
		return SW_NOT_FOUND;
	s->at_cert++;
	return pgp_get_data(s, c, rsp);
}

/* Which certificate GET and PUT DATA mean: P1, counted from 0. */
uint16_t
pgp_select_data(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	struct view list, tag;

	(void)rsp;
	if (c->p2 != 0x04)
		return SW_P1P2;
	if (!tlv_find(&list, c->data, 0x60) || !tlv_find(&tag, list, 0x5c))
		return SW_WRONG_DATA;
	if (tag.n != 2 || !is_certificate(tag.p[0], tag.p[1]) ||
	    c->p1 >= PGP_CERTS)
		return SW_NOT_FOUND;
	s->at_cert = c->p1;
	return SW_OK;
}

static uint16_t
put_key(struct pgp *s, const struct card_cmd *c)
{
	struct rd r = { .in = c->data };
	struct tlv t;
	uint16_t sw = pgp_need(s, PGP_PW3_OK);

	if (c->p1 != 0x3f || c->p2 != 0xff)
		return SW_P1P2;
	if (sw != SW_OK)
		return sw;
	if (!tlv_next(&r, &t) || t.tag != 0x4d || r.in.n != 0)
		return SW_WRONG_DATA;
	return pgp_import(s, t.value);
}

uint16_t
pgp_put_data(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	const struct object *o;
	uint16_t sw;

	(void)rsp;
	if (c->ins == 0xdb)
		return put_key(s, c);
	o = find_object(s, (uint32_t)(c->p1 << 8 | c->p2));
	if (o == NULL)
		return SW_NOT_FOUND;
	sw = allowed(s, o->write);
	return sw == SW_OK ? o->set(s, o, c->data) : sw;
}
