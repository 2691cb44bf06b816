/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/openpgp.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "protocols/tlv.h"

enum {
	RSA_ATTR = 6,
	EXPONENT_BITS = 32,
	RSA_BYTES_MAX = 512,
	POINT_MAX = 133,	/* 04, two numbers of 521 bits */
	WITH_PUBLIC = 0xff,	/* the import of a curve's key has its point */
};

#define OID(s) { (const uint8_t *)(s), sizeof(s) - 1 }

static const struct pgp_algorithm algorithms[] = {
	{ PGP_RSA, 2048, "RSA", NULL, { NULL, 0 } },
	{ PGP_RSA, 3072, "RSA", NULL, { NULL, 0 } },
	{ PGP_RSA, 4096, "RSA", NULL, { NULL, 0 } },
	{ PGP_ECDSA, 256, "EC", "P-256", OID("\x2a\x86\x48\xce\x3d\3\1\7") },
	{ PGP_ECDSA, 384, "EC", "P-384", OID("\x2b\x81\4\0\x22") },
	{ PGP_ECDSA, 521, "EC", "P-521", OID("\x2b\x81\4\0\x23") },
	{ PGP_ECDH, 256, "EC", "P-256", OID("\x2a\x86\x48\xce\x3d\3\1\7") },
	{ PGP_ECDH, 384, "EC", "P-384", OID("\x2b\x81\4\0\x22") },
	{ PGP_ECDH, 521, "EC", "P-521", OID("\x2b\x81\4\0\x23") },
	{ PGP_ECDH, 255, "X25519", NULL,
	    OID("\x2b\6\1\4\1\x97\x55\1\5\1") },
	{ PGP_EDDSA, 255, "ED25519", NULL,
	    OID("\x2b\6\1\4\1\xda\x47\x0f\1") },
};

enum { ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]) };

/* Algorithm attributes; the specification, "Algorithm Attributes". */

static bool
suits(const struct pgp_algorithm *a, enum pgp_use use)
{
	return a->id == PGP_RSA || (a->id == PGP_ECDH) == (use == PGP_DECIPHER);
}

static void
put_attributes(const struct pgp_algorithm *a, struct wr *w)
{
	wr_u8(w, a->id);
	if (a->id == PGP_RSA) {
		wr_be16(w, (uint16_t)a->bits);
		wr_be16(w, EXPONENT_BITS);
		wr_u8(w, 0);	/* imported as e, p and q */
	}
	wr_view(w, a->oid);
}

static bool
matches(const struct pgp_algorithm *a, struct view attr)
{
	struct rd r = { .in = attr };

	if (rd_u8(&r) != a->id)
		return false;
	if (a->id == PGP_RSA)	/* any length of e, any format of import */
		return attr.n == RSA_ATTR && rd_be16(&r) == a->bits &&
		    attr.p[5] <= 3;
	return view_eq(rd_take(&r, a->oid.n), a->oid) &&
	    (r.in.n == 0 || (r.in.n == 1 && r.in.p[0] == WITH_PUBLIC));
}

static const struct pgp_algorithm *
find_algorithm(enum pgp_use use, struct view attr)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (suits(&algorithms[i], use) && matches(&algorithms[i], attr))
			return &algorithms[i];
	return NULL;
}

const struct pgp_algorithm *
pgp_algorithm(const struct pgp_key *k)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (matches(&algorithms[i],
		    (struct view){ k->attr, k->n_attr }))
			return &algorithms[i];
	return NULL;
}

void
pgp_put_algorithms(struct wr *w)
{
	for (unsigned use = 0; use < PGP_USES; use++)
		for (size_t i = 0; i < ALGORITHMS; i++) {
			const struct pgp_algorithm *a = &algorithms[i];

			if (!suits(a, use))
				continue;
			pgp_put_head(w, 0xc1 + use,
			    a->id == PGP_RSA ? RSA_ATTR : 1 + a->oid.n);
			put_attributes(a, w);
		}
}

static void
drop_key(struct pgp_key *k)
{
	EVP_PKEY_free(k->pair);
	explicit_bzero(k, sizeof(*k));
}

uint16_t
pgp_set_algorithm(struct pgp *s, enum pgp_use use, struct view attr)
{
	struct pgp_key *k = &s->key[use];

	if (attr.n > sizeof(k->attr) || find_algorithm(use, attr) == NULL)
		return SW_WRONG_DATA;
	if (view_eq(attr, (struct view){ k->attr, k->n_attr }))
		return SW_OK;
	drop_key(k);
	memcpy(k->attr, attr.p, attr.n);
	k->n_attr = attr.n;
	return SW_OK;
}

void
pgp_key_reset(struct pgp *s)
{
	for (size_t i = 0; i < PGP_USES; i++) {
		struct pgp_key *k = &s->key[i];
		struct wr w = { k->attr, sizeof(k->attr), 0, false };

		drop_key(k);
		put_attributes(&algorithms[0], &w);
		k->n_attr = w.n;
	}
}

/* The key takes the pair over. A new key to sign with has signed nothing. */
static uint16_t
set_pair(struct pgp *s, struct pgp_key *k, EVP_PKEY *pair,
    enum pgp_origin origin)
{
	EVP_PKEY_free(k->pair);
	k->pair = pair;
	k->origin = origin;
	if (k == &s->key[PGP_SIGN])
		s->signatures = 0;
	return SW_OK;
}

/* Which key a control reference template (B6, B8, A4) means. */
static struct pgp_key *
find_key(struct pgp *s, uint32_t tag)
{
	return tag == 0xb6 ? &s->key[PGP_SIGN] :
	    tag == 0xb8 ? &s->key[PGP_DECIPHER] :
	    tag == 0xa4 ? &s->key[PGP_AUTHENTICATE] : NULL;
}

/* GENERATE ASYMMETRIC KEY PAIR */

/* An unsigned number without leading zeros. */
static void
put_number(struct wr *w, uint32_t tag, const EVP_PKEY *pair, const char *name)
{
	uint8_t buf[RSA_BYTES_MAX];
	BIGNUM *x = NULL;
	int n = -1;

	if (EVP_PKEY_get_bn_param(pair, name, &x) == 1)
		n = BN_bn2binpad(x, buf, BN_num_bytes(x));
	BN_free(x);
	pgp_put_head(w, tag, n < 0 ? 0 : (size_t)n);
	wr_view(w, (struct view){ buf, n < 0 ? 0 : (size_t)n });
	w->bad = w->bad || n < 0;
}

/* 04 and two numbers; of Curve25519 the bytes that everybody exchanges. */
static void
put_point(struct wr *w, const struct pgp_algorithm *a, const EVP_PKEY *pair)
{
	uint8_t buf[POINT_MAX];
	size_t n = sizeof(buf);
	bool ok;

	ok = a->curve == NULL ? EVP_PKEY_get_raw_public_key(pair, buf, &n) :
	    EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, buf,
	    sizeof(buf), &n);
	pgp_put_head(w, 0x86, n);
	wr_view(w, (struct view){ buf, n });
	w->bad = w->bad || !ok;
}

static uint16_t
put_public(const struct pgp_key *k, struct wr *rsp)
{
	const struct pgp_algorithm *a = pgp_algorithm(k);
	uint8_t buf[RSA_BYTES_MAX + 16];
	struct wr w = { buf, sizeof(buf), 0, false };

	if (a->id == PGP_RSA) {
		put_number(&w, 0x81, k->pair, OSSL_PKEY_PARAM_RSA_N);
		put_number(&w, 0x82, k->pair, OSSL_PKEY_PARAM_RSA_E);
	} else {
		put_point(&w, a, k->pair);
	}
	pgp_put_head(rsp, 0x7f49, w.n);
	wr_view(rsp, wr_done(&w));
	return w.bad ? SW_CONDITIONS : SW_OK;
}

static EVP_PKEY *
make_pair(const struct pgp_algorithm *a)
{
	if (a->id == PGP_RSA)
		return EVP_RSA_gen(a->bits);
	return a->curve != NULL ? EVP_EC_gen(a->curve) :
	    EVP_PKEY_Q_keygen(NULL, NULL, a->type);
}

/* P1: make a new one, or tell the public half of the one that is there. */
uint16_t
pgp_generate(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	struct rd r = { .in = c->data };
	struct pgp_key *k;
	struct tlv t;
	EVP_PKEY *pair;

	if ((c->p1 != 0x80 && c->p1 != 0x81) || c->p2 != 0)
		return SW_P1P2;
	if (!tlv_next(&r, &t) || (k = find_key(s, t.tag)) == NULL)
		return SW_WRONG_DATA;
	if (c->p1 == 0x81)
		return k->pair == NULL ? SW_NOT_FOUND : put_public(k, rsp);
	if (pgp_need(s, PGP_PW3_OK) != SW_OK)
		return SW_SECURITY;
	s->work_ms = s->keygen_ms;
	pair = make_pair(pgp_algorithm(k));
	if (pair == NULL)
		return SW_NO_SPACE;
	(void)set_pair(s, k, pair, PGP_GENERATED);
	return put_public(k, rsp);
}

/*
 * Import. The private key template (7F48) lists tags and lengths of the parts,
 * whose values stand one behind the other in 5F48.
 */
enum part { PART_E, PART_P, PART_Q, PART_PQ, PART_DP, PART_DQ, PART_N, PARTS };

enum {
	PART_TAG = 0x91,	/* of the first part of an RSA key */
	SCALAR_TAG = 0x92,	/* of a curve's key */
	POINT_TAG = 0x99,
};

/* The next part's length: a TLV header without its value. */
static size_t
next_length(struct rd *r)
{
	uint8_t x = rd_u8(r);

	return x == 0x82 ? rd_be16(r) : x == 0x81 ? rd_u8(r) : x;
}

/* Cuts the values up. False when the lists do not agree. */
static bool
read_parts(struct view *part, struct view list, struct view values)
{
	struct rd names = { .in = list }, r = { .in = values };

	while (names.in.n != 0) {
		size_t i = (size_t)rd_u8(&names) - PART_TAG;
		size_t n = next_length(&names);
		struct view v = rd_take(&r, n);

		if (names.bad || r.bad)
			return false;
		if (i + PART_TAG == POINT_TAG)
			continue;	/* the card computes it itself */
		if (i >= PARTS)
			return false;
		part[i] = v;
	}
	return r.in.n == 0;
}

static BIGNUM *
number(BN_CTX *ctx, struct view v)
{
	BIGNUM *x = BN_CTX_get(ctx);

	return x == NULL ? NULL : BN_bin2bn(v.p, (int)v.n, x);
}

/* The numbers that OpenSSL wants, all from e, p and q; RFC 8017 §3.2. */
struct rsa {
	BIGNUM *e, *p, *q, *n, *d, *dp, *dq, *qi;
};

static bool
complete(struct rsa *x, BN_CTX *ctx)
{
	BIGNUM *p1 = BN_CTX_get(ctx), *q1 = BN_CTX_get(ctx);
	BIGNUM *phi = BN_CTX_get(ctx);

	x->n = BN_CTX_get(ctx);
	x->d = BN_CTX_get(ctx);
	x->dp = BN_CTX_get(ctx);
	x->dq = BN_CTX_get(ctx);
	x->qi = BN_CTX_get(ctx);
	return x->qi != NULL && BN_mul(x->n, x->p, x->q, ctx) &&
	    BN_sub(p1, x->p, BN_value_one()) &&
	    BN_sub(q1, x->q, BN_value_one()) && BN_mul(phi, p1, q1, ctx) &&
	    BN_mod_inverse(x->d, x->e, phi, ctx) != NULL &&
	    BN_mod(x->dp, x->d, p1, ctx) && BN_mod(x->dq, x->d, q1, ctx) &&
	    BN_mod_inverse(x->qi, x->q, x->p, ctx) != NULL;
}

static EVP_PKEY *
pair_from(const char *type, OSSL_PARAM_BLD *b)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY *pair = NULL;

	if (ctx != NULL && params != NULL &&
	    (EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &pair,
	    EVP_PKEY_KEYPAIR, params) != 1))
		pair = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pair;
}

static EVP_PKEY *
rsa_pair(const struct rsa *x)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	const struct {
		const char *name;
		const BIGNUM *value;
	} all[] = {
		{ OSSL_PKEY_PARAM_RSA_N, x->n },
		{ OSSL_PKEY_PARAM_RSA_E, x->e },
		{ OSSL_PKEY_PARAM_RSA_D, x->d },
		{ OSSL_PKEY_PARAM_RSA_FACTOR1, x->p },
		{ OSSL_PKEY_PARAM_RSA_FACTOR2, x->q },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT1, x->dp },
		{ OSSL_PKEY_PARAM_RSA_EXPONENT2, x->dq },
		{ OSSL_PKEY_PARAM_RSA_COEFFICIENT1, x->qi },
	};
	EVP_PKEY *pair = NULL;
	bool ok = b != NULL;

	for (size_t i = 0; ok && i < sizeof(all) / sizeof(all[0]); i++)
		ok = OSSL_PARAM_BLD_push_BN(b, all[i].name, all[i].value) == 1;
	if (ok)
		pair = pair_from("RSA", b);
	OSSL_PARAM_BLD_free(b);
	return pair;
}

static EVP_PKEY *
import_rsa(const struct pgp_algorithm *a, const struct view *part)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	struct rsa x = { .e = NULL };
	EVP_PKEY *pair = NULL;
	BIGNUM *n;

	if (ctx == NULL)
		return NULL;
	BN_CTX_start(ctx);
	x.e = number(ctx, part[PART_E]);
	x.p = number(ctx, part[PART_P]);
	x.q = number(ctx, part[PART_Q]);
	n = number(ctx, part[PART_N]);
	if (n != NULL && complete(&x, ctx) &&
	    BN_num_bits(x.n) == (int)a->bits &&
	    (BN_is_zero(n) || BN_cmp(n, x.n) == 0))
		pair = rsa_pair(&x);
	BN_CTX_end(ctx);
	BN_CTX_free(ctx);
	return pair;
}

/* The point that belongs to the scalar d. */
static bool
public_point(const EC_GROUP *group, const BIGNUM *d, uint8_t *out, size_t *n)
{
	EC_POINT *q = EC_POINT_new(group);

	*n = 0;
	if (q != NULL && EC_POINT_mul(group, q, d, NULL, NULL, NULL) == 1)
		*n = EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED,
		    out, POINT_MAX, NULL);
	EC_POINT_free(q);
	return *n > 1;
}

static EVP_PKEY *
curve_pair(const struct pgp_algorithm *a, const EC_GROUP *group, BIGNUM *d)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	uint8_t point[POINT_MAX];
	EVP_PKEY *pair = NULL;
	size_t n;

	if (b != NULL && !BN_is_zero(d) &&
	    BN_cmp(d, EC_GROUP_get0_order(group)) < 0 &&
	    public_point(group, d, point, &n) &&
	    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
	    a->curve, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point,
	    n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1)
		pair = pair_from(a->type, b);
	OSSL_PARAM_BLD_free(b);
	return pair;
}

static EVP_PKEY *
import_curve(const struct pgp_algorithm *a, struct view scalar)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(
	    EC_curve_nist2nid(a->curve));
	BIGNUM *d = BN_bin2bn(scalar.p, (int)scalar.n, NULL);
	EVP_PKEY *pair = NULL;

	if (group != NULL && d != NULL)
		pair = curve_pair(a, group, d);
	BN_clear_free(d);
	EC_GROUP_free(group);
	return pair;
}

/* A scalar of X25519 travels as a number, highest byte first: turned round. */
static EVP_PKEY *
import_25519(const struct pgp_algorithm *a, struct view scalar)
{
	uint8_t raw[32] = { 0 };
	EVP_PKEY *pair;

	if (scalar.n == 0 || scalar.n > sizeof(raw))
		return NULL;
	memcpy(raw + sizeof(raw) - scalar.n, scalar.p, scalar.n);
	for (size_t i = 0; a->id == PGP_ECDH && i < sizeof(raw) / 2; i++) {
		uint8_t x = raw[i];

		raw[i] = raw[sizeof(raw) - 1 - i];
		raw[sizeof(raw) - 1 - i] = x;
	}
	pair = EVP_PKEY_new_raw_private_key_ex(NULL, a->type, NULL, raw,
	    sizeof(raw));
	explicit_bzero(raw, sizeof(raw));
	return pair;
}

uint16_t
pgp_import(struct pgp *s, struct view in)
{
	struct rd r = { .in = in };
	struct view list, values, part[PARTS] = { { NULL, 0 } };
	const struct pgp_algorithm *a;
	struct pgp_key *k;
	EVP_PKEY *pair;
	struct tlv t;

	if (!tlv_next(&r, &t) || (k = find_key(s, t.tag)) == NULL ||
	    !tlv_find(&list, r.in, 0x7f48) ||
	    !tlv_find(&values, r.in, 0x5f48) ||
	    !read_parts(part, list, values))
		return SW_WRONG_DATA;
	a = pgp_algorithm(k);
	if (a->id == PGP_RSA)
		pair = import_rsa(a, part);
	else if (a->curve != NULL)
		pair = import_curve(a, part[SCALAR_TAG - PART_TAG]);
	else
		pair = import_25519(a, part[SCALAR_TAG - PART_TAG]);
	return pair == NULL ? SW_WRONG_DATA :
	    set_pair(s, k, pair, PGP_IMPORTED);
}
