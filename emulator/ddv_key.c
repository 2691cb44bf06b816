/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ddv.h"

#include <string.h>

#include <openssl/evp.h>

static bool
triple_des(const uint8_t *key, const uint8_t *in, uint8_t *out)
{
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok;

	ok = x != NULL &&
	    EVP_EncryptInit_ex(x, EVP_des_ede(), NULL, key, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(x, 0) == 1 &&
	    EVP_EncryptUpdate(x, out, &n, in, DDV_BLOCK) == 1 &&
	    n == DDV_BLOCK;
	EVP_CIPHER_CTX_free(x);
	return ok;
}

bool
ddv_encrypt(const struct ddv_key *k, const uint8_t *in, uint8_t *out)
{
	return triple_des(k->value, in, out);
}

static void
xor(uint8_t *x, const uint8_t *y)
{
	for (size_t i = 0; i < DDV_BLOCK; i++)
		x[i] ^= y[i];
}

/* Single DES is triple DES with one key twice. */
bool
ddv_mac(const struct ddv *s, const uint8_t *icv, uint8_t *mac)
{
	uint8_t data[2 * DDV_BLOCK] = { 0 }, single[DDV_KEY_SIZE];
	uint8_t x[DDV_BLOCK], y[DDV_BLOCK];

	memcpy(data, s->mac, DDV_MAC_SIZE);
	memcpy(single, s->sign.value, DDV_BLOCK);
	memcpy(single + DDV_BLOCK, s->sign.value, DDV_BLOCK);
	memcpy(x, icv, DDV_BLOCK);
	xor(x, data);
	if (!triple_des(single, x, y))
		return false;
	xor(y, data + DDV_BLOCK);
	return triple_des(s->sign.value, y, mac);
}
