/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/openpgp.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "protocols/tlv.h"

enum {
	SIGNATURE_MAX = 512,	/* of RSA with 4096 bits */
	COUNTER_MAX = 0xffffff,
	POINT_SIZE = 133,
};

/* PKCS #1 v1.5 around what comes, a DigestInfo: RFC 8017 §9.2. */
static bool
sign_rsa(EVP_PKEY_CTX *ctx, struct view in, struct wr *rsp)
{
	uint8_t out[SIGNATURE_MAX];
	size_t n = sizeof(out);

	if (EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_sign(ctx, out, &n, in.p, in.n) != 1)
		return false;
	wr_view(rsp, (struct view){ out, n });
	return true;
}

/* r and s, each as long as the curve's order. */
static bool
put_r_s(struct view der, size_t bytes, struct wr *rsp)
{
	const uint8_t *p = der.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	uint8_t *r = wr_room(rsp, bytes), *s = wr_room(rsp, bytes);
	bool ok;

	ok = sig != NULL && s != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, (int)bytes) >= 0 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), s, (int)bytes) >= 0;
	ECDSA_SIG_free(sig);
	return ok;
}

static bool
sign_ecdsa(EVP_PKEY_CTX *ctx, size_t bytes, struct view in, struct wr *rsp)
{
	uint8_t out[SIGNATURE_MAX];
	size_t n = sizeof(out);

	return EVP_PKEY_sign_init(ctx) == 1 &&
	    EVP_PKEY_sign(ctx, out, &n, in.p, in.n) == 1 &&
	    put_r_s((struct view){ out, n }, bytes, rsp);
}

/* RFC 8032: what comes is signed whole. */
static bool
sign_eddsa(EVP_PKEY *pair, struct view in, struct wr *rsp)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t out[SIGNATURE_MAX];
	size_t n = sizeof(out);
	bool ok;

	ok = ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, pair) == 1 &&
	    EVP_DigestSign(ctx, out, &n, in.p, in.n) == 1;
	EVP_MD_CTX_free(ctx);
	if (ok)
		wr_view(rsp, (struct view){ out, n });
	return ok;
}

static uint16_t
sign(const struct pgp_key *k, struct view in, struct wr *rsp)
{
	const struct pgp_algorithm *a = pgp_algorithm(k);
	size_t bytes = (a->bits + 7) / 8;
	EVP_PKEY_CTX *ctx;
	bool ok;

	if (k->pair == NULL)
		return SW_NOT_FOUND;
	/* of RSA at most 40 percent, says the specification */
	if (in.n == 0 || (a->id == PGP_RSA && in.n * 10 > bytes * 4))
		return SW_WRONG_LENGTH;
	if (a->id == PGP_EDDSA)
		return sign_eddsa(k->pair, in, rsp) ? SW_OK : SW_WRONG_DATA;
	ctx = EVP_PKEY_CTX_new(k->pair, NULL);
	ok = ctx != NULL && (a->id == PGP_RSA ? sign_rsa(ctx, in, rsp) :
	    sign_ecdsa(ctx, bytes, in, rsp));
	EVP_PKEY_CTX_free(ctx);
	return ok ? SW_OK : SW_WRONG_DATA;
}

static uint16_t
compute_signature(struct pgp *s, struct view in, struct wr *rsp)
{
	uint16_t sw = pgp_need(s, PGP_PW1_SIGN);

	if (sw == SW_OK)
		sw = sign(&s->key[PGP_SIGN], in, rsp);
	if (sw != SW_OK)
		return sw;
	if (s->signatures < COUNTER_MAX)
		s->signatures++;
	if (s->sign_once)
		s->verified &= ~(unsigned)PGP_PW1_SIGN;
	return SW_OK;
}

/* The first byte says how it is padded: 00, PKCS #1 v1.5. */
static bool
decipher_rsa(EVP_PKEY_CTX *ctx, struct view in, struct wr *rsp)
{
	uint8_t out[SIGNATURE_MAX];
	size_t n = sizeof(out);
	bool ok;

	ok = in.n > 1 && in.p[0] == 0 && EVP_PKEY_decrypt_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_decrypt(ctx, out, &n, in.p + 1, in.n - 1) == 1;
	if (ok)
		wr_view(rsp, (struct view){ out, n });
	explicit_bzero(out, sizeof(out));
	return ok;
}

static EVP_PKEY *
peer_key(const struct pgp_algorithm *a, const struct pgp_key *k,
    struct view point)
{
	EVP_PKEY *peer;

	if (a->curve == NULL)	/* GnuPG's 40 in front is no part of it */
		return EVP_PKEY_new_raw_public_key_ex(NULL, a->type, NULL,
		    point.n == 33 ? point.p + 1 : point.p,
		    point.n == 33 ? 32 : point.n);
	peer = EVP_PKEY_new();
	if (peer != NULL && EVP_PKEY_copy_parameters(peer, k->pair) == 1 &&
	    EVP_PKEY_set1_encoded_public_key(peer, point.p, point.n) == 1)
		return peer;
	EVP_PKEY_free(peer);
	return NULL;
}

/* The other's point is in A6, 7F49, 86; the answer is the shared secret. */
static bool
derive(EVP_PKEY_CTX *ctx, const struct pgp_key *k, struct view in,
    struct wr *rsp)
{
	struct view dh, template, point;
	uint8_t out[POINT_SIZE];
	size_t n = sizeof(out);
	EVP_PKEY *peer;
	bool ok;

	if (!tlv_find(&dh, in, 0xa6) || !tlv_find(&template, dh, 0x7f49) ||
	    !tlv_find(&point, template, 0x86))
		return false;
	peer = peer_key(pgp_algorithm(k), k, point);
	ok = peer != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	    EVP_PKEY_derive(ctx, out, &n) == 1;
	EVP_PKEY_free(peer);
	if (ok)
		wr_view(rsp, (struct view){ out, n });
	explicit_bzero(out, sizeof(out));
	return ok;
}

static uint16_t
decipher(struct pgp *s, struct view in, struct wr *rsp)
{
	const struct pgp_key *k = &s->key[s->decipher_with];
	EVP_PKEY_CTX *ctx;
	bool ok;

	if (pgp_need(s, PGP_PW1_OTHER) != SW_OK)
		return SW_SECURITY;
	if (k->pair == NULL)
		return SW_NOT_FOUND;
	ctx = EVP_PKEY_CTX_new(k->pair, NULL);
	ok = ctx != NULL && (pgp_algorithm(k)->id == PGP_RSA ?
	    decipher_rsa(ctx, in, rsp) : derive(ctx, k, in, rsp));
	EVP_PKEY_CTX_free(ctx);
	return ok ? SW_OK : SW_WRONG_DATA;
}

uint16_t
pgp_perform(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	if (c->p1 == 0x9e && c->p2 == 0x9a)
		return compute_signature(s, c->data, rsp);
	if (c->p1 == 0x80 && c->p2 == 0x86)
		return decipher(s, c->data, rsp);
	return SW_P1P2;
}

uint16_t
pgp_internal_authenticate(struct pgp *s, const struct card_cmd *c,
    struct wr *rsp)
{
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (pgp_need(s, PGP_PW1_OTHER) != SW_OK)
		return SW_SECURITY;
	return sign(&s->key[s->authenticate_with], c->data, rsp);
}

void
pgp_default_environment(struct pgp *s)
{
	s->decipher_with = PGP_DECIPHER;
	s->authenticate_with = PGP_AUTHENTICATE;
}

/* Keys 2 and 3 may each decipher and authenticate; P2 says what is meant. */
uint16_t
pgp_manage_environment(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	struct view v = c->data;

	(void)rsp;
	if (c->p1 != 0x41 || (c->p2 != 0xa4 && c->p2 != 0xb8))
		return SW_P1P2;
	if (v.n != 3 || v.p[0] != 0x83 || v.p[1] != 1 ||
	    (v.p[2] != 2 && v.p[2] != 3))
		return SW_WRONG_DATA;
	*(c->p2 == 0xb8 ? &s->decipher_with : &s->authenticate_with) =
	    v.p[2] == 2 ? PGP_DECIPHER : PGP_AUTHENTICATE;
	return SW_OK;
}
