/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/cardos.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <string.h>

enum {
	RSA_BYTES_MAX = 256,
	RSA_BYTES_MIN = 64,
	PARTS_MAX = 5,
	PADDING_MIN = 11,	/* PKCS #1 v1.5 */
	TAG_MODULUS = 0x10,
	TAG_EXPONENT = 0x11,
};

/*
 * What a key object may do. The number is fixed when it is made, so a key signs
 * or deciphers, never both.
 */
static const struct algorithm {
	uint8_t id;
	bool signs;
	bool pads;		/* PKCS #1 by the card; else whole blocks */
	bool crt;		/* five components p q dp dq qi; else n and d */
} algorithms[] = {
	{ 0x08, false, true, false },
	{ 0x0a, false, false, true },
	{ 0x0c, false, false, false },
	{ 0x88, true, true, false },
	{ 0x8a, true, false, true },
	{ 0x8c, true, false, false },
};

static const struct algorithm *
find_algorithm(uint8_t id)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (algorithms[i].id == id)
			return &algorithms[i];
	return NULL;
}

bool
cos_key_algorithm(uint8_t id)
{
	return find_algorithm(id) != NULL;
}

/* Security environments */

static struct cos_se *
find_environment(struct cos *s, uint8_t id)
{
	for (int df = s->df; df != COS_NONE; df = s->file[df].parent)
		for (size_t i = 0; i < COS_SE_MAX; i++)
			if (s->se[i].used && s->se[i].df == df &&
			    s->se[i].id == id)
				return &s->se[i];
	return NULL;
}

/* Which of its six keys are for what is assumed: OpenSC writes zeros. */
static uint16_t
restore(struct cos *s, uint8_t id)
{
	const struct cos_se *se = find_environment(s, id);

	s->se_active = se != NULL;
	s->sign_key = se == NULL ? 0 : se->key[0];
	s->decipher_key = se == NULL ? 0 : se->key[1];
	return se == NULL ? SW_NOT_FOUND : SW_OK;
}

void
cos_default_environment(struct cos *s)
{
	(void)restore(s, 1);
}

/* ISO 7816-4:2005 §7.5.11: SET and RESTORE; no key without an environment. */
uint16_t
cos_manage_environment(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	(void)rsp;
	if ((c->p1 & 0x0f) == 0x03)
		return c->data.n == 0 ? restore(s, c->p2) : SW_WRONG_LENGTH;
	if ((c->p1 & 0x0f) != 0x01 || (c->p2 != 0xb6 && c->p2 != 0xb8))
		return SW_P1P2;
	if (c->data.n != 3 || (c->data.p[0] != 0x83 && c->data.p[0] != 0x84) ||
	    c->data.p[1] != 1)
		return SW_WRONG_DATA;
	if (!s->se_active)
		return SW_NOT_FOUND;
	*(c->p2 == 0xb6 ? &s->sign_key : &s->decipher_key) = c->data.p[2];
	return SW_OK;
}

/* Keys */

struct key {
	const struct algorithm *algorithm;
	struct cos_object *part[PARTS_MAX];
	size_t bytes;		/* of the modulus */
};

/* All components, the first one's rule met. SW_OK or why not. */
static uint16_t
open_key(struct cos *s, uint8_t id, size_t rule, struct key *k)
{
	size_t n;
	uint16_t sw;

	*k = (struct key){ .algorithm = NULL };
	for (n = 0; n < PARTS_MAX; n++) {
		k->part[n] = cos_object_find(s, s->df,
		    (uint8_t)(COS_CLASS_PSO | n), id);
		if (k->part[n] == NULL || (k->part[n]->options &
		    COS_OPTION_MORE) == 0)
			break;
	}
	if (id == 0 || k->part[0] == NULL)
		return SW_NOT_FOUND;
	sw = cos_access(s, k->part[0]->df,
	    cos_ac(k->part[0]->ac, k->part[0]->n_ac, rule));
	if (sw != SW_OK)
		return sw;
	k->algorithm = find_algorithm(k->part[0]->algorithm);
	if (k->algorithm->crt)
		k->bytes = k->part[0]->n * 2;
	else
		k->bytes = k->part[0]->n < 2 ? 0 : k->part[0]->n - 2;
	if (n + 1 != (k->algorithm->crt ? 5 : 2) || k->part[n] == NULL ||
	    k->bytes < RSA_BYTES_MIN || k->bytes * 8 > s->rsa_max)
		return SW_REFERENCE_UNUSABLE;
	return SW_OK;
}

/* n and d come as "length, 00, value"; the parts of a CRT key as they are. */
static bool
get_number(BIGNUM *x, const struct key *k, size_t part)
{
	struct view v = { k->part[part]->value, k->part[part]->n };

	if (!k->algorithm->crt) {
		if (v.n < 3 || v.p[0] != v.n - 1 || v.p[1] != 0)
			return false;
		v = view_skip(v, 2);
	}
	return BN_bin2bn(v.p, (int)v.n, x) != NULL;
}

/* y = x^d mod n from the five parts, RFC 8017 §5.1.2, step 2b. */
static bool
power_crt(BIGNUM *y, const BIGNUM *x, const struct key *k, BN_CTX *ctx)
{
	BIGNUM *p = BN_CTX_get(ctx), *q = BN_CTX_get(ctx);
	BIGNUM *dp = BN_CTX_get(ctx), *dq = BN_CTX_get(ctx);
	BIGNUM *qi = BN_CTX_get(ctx), *m1 = BN_CTX_get(ctx);
	BIGNUM *m2 = BN_CTX_get(ctx), *n = BN_CTX_get(ctx);

	return n != NULL && get_number(p, k, 0) && get_number(q, k, 1) &&
	    get_number(dp, k, 2) && get_number(dq, k, 3) &&
	    get_number(qi, k, 4) && BN_mul(n, p, q, ctx) &&
	    BN_cmp(x, n) < 0 && BN_nnmod(m1, x, p, ctx) &&
	    BN_mod_exp(m1, m1, dp, p, ctx) && BN_nnmod(m2, x, q, ctx) &&
	    BN_mod_exp(m2, m2, dq, q, ctx) && BN_mod_sub(m1, m1, m2, p, ctx) &&
	    BN_mod_mul(m1, m1, qi, p, ctx) && BN_mul(m1, m1, q, ctx) &&
	    BN_add(y, m1, m2);
}

static bool
power_plain(BIGNUM *y, const BIGNUM *x, const struct key *k, BN_CTX *ctx)
{
	BIGNUM *n = BN_CTX_get(ctx), *d = BN_CTX_get(ctx);

	return d != NULL && get_number(n, k, 0) && get_number(d, k, 1) &&
	    BN_cmp(x, n) < 0 && BN_mod_exp(y, x, d, n, ctx);
}

/* The private key's operation on one block of the modulus's length. */
static bool
power(const struct key *k, struct view in, uint8_t *out)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *x, *y;
	bool ok;

	if (ctx == NULL)
		return false;
	BN_CTX_start(ctx);
	x = BN_CTX_get(ctx);
	y = BN_CTX_get(ctx);
	ok = y != NULL && BN_bin2bn(in.p, (int)in.n, x) != NULL &&
	    (k->algorithm->crt ? power_crt : power_plain)(y, x, k, ctx) &&
	    BN_bn2binpad(y, out, (int)k->bytes) == (int)k->bytes;
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return ok;
}

/* PERFORM SECURITY OPERATION, ISO 7816-8 */

static uint16_t
sign(struct cos *s, struct view in, struct wr *rsp)
{
	uint8_t block[RSA_BYTES_MAX], out[RSA_BYTES_MAX];
	struct wr w = { block, sizeof(block), 0, false };
	struct key k;
	uint16_t sw = open_key(s, s->sign_key, COS_USE, &k);

	if (sw != SW_OK)
		return sw;
	if (!k.algorithm->signs)
		return SW_REFERENCE_UNUSABLE;
	if (k.algorithm->pads ? in.n + PADDING_MIN > k.bytes :
	    in.n != k.bytes)
		return SW_WRONG_LENGTH;
	if (k.algorithm->pads) {	/* RFC 8017 §9.2 */
		wr_be16(&w, 0x0001);
		wr_fill(&w, 0xff, k.bytes - in.n - 3);
		wr_u8(&w, 0);
	}
	wr_view(&w, in);
	if (!power(&k, wr_done(&w), out))
		return SW_WRONG_DATA;
	wr_view(rsp, (struct view){ out, k.bytes });
	return SW_OK;
}

/* What is behind 00 02 and the padding, RFC 8017 §7.2.2; else nothing. */
static struct view
unpadded(struct view v)
{
	size_t i = 2;

	if (v.n < PADDING_MIN || v.p[0] != 0 || v.p[1] != 2)
		return (struct view){ NULL, 0 };
	while (i < v.n && v.p[i] != 0)
		i++;
	return i < PADDING_MIN - 1 ? (struct view){ NULL, 0 } :
	    view_skip(v, i + 1);
}

/* The first byte of the data says how it is padded: 00, no further word. */
static uint16_t
decipher(struct cos *s, struct view in, struct wr *rsp)
{
	uint8_t out[RSA_BYTES_MAX];
	struct key k;
	struct view plain;
	uint16_t sw = open_key(s, s->decipher_key, COS_USE, &k);

	if (sw != SW_OK)
		return sw;
	if (k.algorithm->signs)
		return SW_REFERENCE_UNUSABLE;
	if (in.n != 1 + k.bytes)
		return SW_WRONG_LENGTH;
	if (in.p[0] != 0 || !power(&k, view_skip(in, 1), out))
		return SW_WRONG_DATA;
	plain = (struct view){ out, k.bytes };
	if (k.algorithm->pads)
		plain = unpadded(plain);
	wr_view(rsp, plain);
	explicit_bzero(out, sizeof(out));
	return plain.n == 0 ? SW_WRONG_DATA : SW_OK;
}

uint16_t
cos_perform(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	static const struct {
		uint8_t p1, p2;
		uint16_t (*run)(struct cos *, struct view, struct wr *);
	} operations[] = {
		{ 0x9e, 0x9a, sign },
		{ 0x80, 0x86, decipher },
	};

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (operations[i].p1 == c->p1 && operations[i].p2 == c->p2)
			return operations[i].run(s, c->data, rsp);
	return SW_NO_FUNCTION;
}

/* GENERATE KEY PAIR */

/* One number of a new key, as the part of its object. */
static bool
set_part(const struct key *k, size_t part, EVP_PKEY *pair, const char *name)
{
	struct cos_object *o = k->part[part];
	size_t bytes = k->algorithm->crt ? k->bytes / 2 : k->bytes;
	struct wr w = { o->value, sizeof(o->value), 0, false };
	BIGNUM *x = NULL;
	uint8_t *p;
	bool ok;

	if (!k->algorithm->crt) {
		wr_u8(&w, (uint8_t)(bytes + 1));
		wr_u8(&w, 0);
	}
	p = wr_room(&w, bytes);
	ok = p != NULL && EVP_PKEY_get_bn_param(pair, name, &x) &&
	    BN_bn2binpad(x, p, (int)bytes) == (int)bytes;
	BN_clear_free(x);
	o->n = w.n;
	return ok;
}

static bool
set_parts(const struct key *k, EVP_PKEY *pair)
{
	static const char *const plain[] = {
		OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_D, NULL
	};
	static const char *const crt[] = {
		OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1, NULL
	};
	const char *const *names = k->algorithm->crt ? crt : plain;

	for (size_t i = 0; names[i] != NULL; i++)
		if (!set_part(k, i, pair, names[i]))
			return false;
	return true;
}

/* n and e, each as a record "tag, length, length, 00, value". */
static void
put_records(struct wr *w, struct view n, struct view e)
{
	const struct view number[] = { n, e };

	for (unsigned i = 0; i < 2; i++) {
		wr_u8(w, i == 0 ? TAG_MODULUS : TAG_EXPONENT);
		wr_u8(w, (uint8_t)(number[i].n + 2));
		wr_u8(w, (uint8_t)(number[i].n + 1));
		wr_u8(w, 0);
		wr_view(w, number[i]);
	}
}

/* n and e in a public key template, ISO 7816-8: 7F49 with 81 and 82. */
static void
put_template(struct wr *w, struct view n, struct view e)
{
	wr_be16(w, 0x7f49);
	wr_u8(w, 0x82);
	wr_be16(w, (uint16_t)(4 + n.n + 2 + e.n));
	wr_u8(w, 0x81);
	wr_u8(w, 0x82);
	wr_be16(w, (uint16_t)n.n);
	wr_view(w, n);
	wr_u8(w, 0x82);
	wr_u8(w, (uint8_t)e.n);
	wr_view(w, e);
}

static bool
put_public(struct cos_file *f, const struct key *k, EVP_PKEY *pair)
{
	static const uint8_t exponent[] = { 1, 0, 1 };
	uint8_t modulus[RSA_BYTES_MAX];
	struct wr w = { f->data, f->size, 0, false };
	struct view n = { modulus, k->bytes }, e = { exponent, 3 };
	BIGNUM *x = NULL;
	bool ok;

	ok = EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_N, &x) &&
	    BN_bn2binpad(x, modulus, (int)k->bytes) == (int)k->bytes;
	BN_free(x);
	if (k->algorithm->crt)
		put_template(&w, n, e);
	else
		put_records(&w, n, e);
	if (f->type != COS_TRANSPARENT)
		f->n = w.bad ? 0 : w.n;
	return ok && !w.bad;
}

/* The EF for the public key is in the current DF; its rule is "update". */
static uint16_t
find_target(struct cos *s, uint16_t fid, bool crt, struct cos_file **f)
{
	for (int i = 0; i < COS_FILES_MAX; i++) {
		*f = &s->file[i];
		if (!(*f)->used || (*f)->parent != s->df || (*f)->fid != fid)
			continue;
		if ((*f)->type != (crt ? COS_TRANSPARENT : COS_VARIABLE_TLV))
			return SW_FILE_STRUCTURE;
		return cos_access(s, s->df,
		    cos_ac((*f)->ac, (*f)->n_ac, EF_UPDATE));
	}
	return SW_FILE_NOT_FOUND;
}

/*
 * Data: class and number of the key object, the EF for the public key, how many
 * more tests of primes, their difference in bits, the exponent's bits. The
 * object is there already, as long as the key shall be.
 */
uint16_t
cos_generate_key(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	struct rd r = { .in = c->data };
	uint8_t class = rd_u8(&r), id = rd_u8(&r);
	uint16_t fid = rd_be16(&r), sw;
	struct cos_file *f;
	EVP_PKEY *pair;
	struct key k;
	bool ok;

	(void)rsp;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (c->data.n != 8)
		return SW_WRONG_LENGTH;
	if (class != COS_CLASS_PSO)
		return SW_WRONG_DATA;
	sw = open_key(s, id, COS_GENKEY, &k);
	if (sw == SW_OK)
		sw = find_target(s, fid, k.algorithm->crt, &f);
	if (sw != SW_OK)
		return sw;
	s->work_ms = s->keygen_ms;
	pair = EVP_RSA_gen((unsigned)(k.bytes * 8));
	ok = pair != NULL && put_public(f, &k, pair) && set_parts(&k, pair);
	EVP_PKEY_free(pair);
	return ok ? SW_OK : SW_NO_SPACE;
}
