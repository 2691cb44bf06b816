/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/cardos.h"

#include <openssl/evp.h>

#include <string.h>

/*
 * Secure messaging of the kind the start key is used with: the data, a MAC and
 * padding 80 00 ... are encrypted with two-key triple DES, CBC, initial value 0.
 * The MAC is ANSI X9.19's over INS P1 P2, the length of data and MAC, and the
 * data.
 */

enum {
	BLOCK = 8,
	PLAIN_MAX = 256,
	CLA_PLAIN_HEADER = 3,	/* INS P1 P2 go into the MAC, CLA does not */
};

/* n is a multiple of BLOCK; in and out may be the same. */
static bool
des(const uint8_t key[COS_STARTKEY], bool encrypt, const uint8_t *in, size_t n,
    uint8_t *out)
{
	static const uint8_t iv[BLOCK];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int got = 0, last = 0;
	bool ok;

	ok = ctx != NULL && EVP_CipherInit_ex(ctx, EVP_des_ede_cbc(), NULL,
	    key, iv, encrypt) && EVP_CIPHER_CTX_set_padding(ctx, 0) &&
	    EVP_CipherUpdate(ctx, out, &got, in, (int)n) &&
	    EVP_CipherFinal_ex(ctx, out + got, &last) &&
	    (size_t)(got + last) == n;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* Single DES is triple DES with one key three times. */
static bool
mac(const uint8_t key[COS_STARTKEY], const uint8_t *in, size_t n,
    uint8_t out[BLOCK])
{
	uint8_t a[COS_STARTKEY], b[COS_STARTKEY], chain[PLAIN_MAX];
	bool ok;

	memcpy(a, key, BLOCK);
	memcpy(a + BLOCK, key, BLOCK);
	memcpy(b, key + BLOCK, BLOCK);
	memcpy(b + BLOCK, key + BLOCK, BLOCK);
	ok = des(a, true, in, n, chain) &&
	    des(b, false, chain + n - BLOCK, BLOCK, out) &&
	    des(a, true, out, BLOCK, out);
	explicit_bzero(a, sizeof(a));
	explicit_bzero(b, sizeof(b));
	return ok;
}

/* The length without 80 00 ..., or 0. */
static size_t
unpad(const uint8_t *p, size_t n)
{
	while (n != 0 && p[n - 1] == 0x00)
		n--;
	return n != 0 && p[n - 1] == 0x80 ? n - 1 : 0;
}

/* Decrypts and checks; the plain data are the first *n bytes of plain. */
static bool
unwrap(const struct cos *s, const struct card_cmd *c,
    uint8_t plain[PLAIN_MAX], size_t *n)
{
	uint8_t signed_part[PLAIN_MAX + BLOCK] = { c->ins, c->p1, c->p2 };
	uint8_t want[BLOCK];
	size_t len = c->data.n, signed_n;

	if (len == 0 || len % BLOCK != 0 || len >= PLAIN_MAX ||
	    !des(s->startkey, false, c->data.p, len, plain))
		return false;
	len = unpad(plain, len);
	if (len < BLOCK)
		return false;
	*n = len - BLOCK;
	signed_part[CLA_PLAIN_HEADER] = (uint8_t)len;
	memcpy(signed_part + CLA_PLAIN_HEADER + 1, plain, *n);
	signed_n = CLA_PLAIN_HEADER + 1 + *n;
	signed_n += (BLOCK - signed_n % BLOCK) % BLOCK;
	return mac(s->startkey, signed_part, signed_n, want) &&
	    memcmp(want, plain + *n, BLOCK) == 0;
}

/* Right: the tries are back. Wrong: one less, until there are none. */
static uint16_t
open_wrapped(struct cos *s, const struct card_cmd *c, uint8_t plain[PLAIN_MAX],
    size_t *n)
{
	if (s->startkey_tries == 0)
		return SW_BLOCKED;
	if (!unwrap(s, c, plain, n)) {
		s->startkey_tries--;
		return SW_SM_WRONG;
	}
	s->startkey_tries = COS_STARTKEY_TRIES;
	return SW_OK;
}

/* ERASE FILES: back to the state in which the chip was made. */
uint16_t
cos_erase(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	uint8_t plain[PLAIN_MAX];
	size_t n;
	uint16_t sw = open_wrapped(s, c, plain, &n);

	(void)rsp;
	if (sw != SW_OK)
		return sw;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (n != 0)
		return SW_WRONG_LENGTH;
	cos_wipe(s);
	s->phase = COS_MANUFACTURING;
	return SW_OK;
}

/* FORMAT: makes the MF; P2 is 01 to go on in administration phase. */
uint16_t
cos_format(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	static const uint8_t descriptor = COS_DF;
	struct cos_file mf = { .parent = COS_NONE };
	uint8_t plain[PLAIN_MAX];
	size_t n;
	uint16_t sw;

	(void)rsp;
	if (s->phase != COS_MANUFACTURING)
		return SW_CONDITIONS;
	sw = open_wrapped(s, c, plain, &n);
	if (sw != SW_OK)
		return sw;
	if (c->p1 != 0 || c->p2 > 1)
		return SW_P1P2;
	sw = cos_read_template(&mf, (struct view){ plain, n });
	if (sw != SW_OK)
		return sw;
	mf.fid = 0x3f00;
	mf.type = COS_DF;
	mf.descriptor[0] = descriptor;
	mf.n_descriptor = 1;
	if (!cos_file_make(s, 0, &mf))
		return SW_NO_SPACE;
	s->phase = c->p2 == 1 ? COS_ADMINISTRATION : COS_OPERATIONAL;
	return SW_OK;
}
