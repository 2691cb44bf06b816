/* SPDX-License-Identifier: BSD-2-Clause */
/* The OpenPGP card plays openpgp.talk (card_talk.h). */
#include "tests/unit.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "emulator/card.h"
#include "emulator/openpgp.h"
#include "tests/emulator/card_talk.h"

#define SELECT	"00a4040006 d27600012401"
#define ADMIN	"0020008308 3132333435363738"
#define USER	"0020008106 313233343536"
#define HASH	"5a*32"

START_TEST(talk)
{
	ck_assert_uint_gt(walk("openpgp.talk", play), 200);
}
END_TEST

/* With all doors open: spoiled PINs would soon have closed them. */
static void
spoil_inside(const char *where, struct card **c, char mark,
    const struct pattern *p)
{
	if ((*c)->kind == &openpgp_card) {
		struct pgp *s = (*c)->state;

		s->selected = true;
		s->terminated = false;
		s->verified = PGP_PW1_SIGN | PGP_PW1_OTHER | PGP_PW3_OK;
	}
	spoil(where, c, mark, p);
}

START_TEST(survives_spoiled_commands)
{
	(void)walk("openpgp.talk", spoil_inside);
}
END_TEST

/* From the point that the card tells. */
static EVP_PKEY *
p256_key(struct view point)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *params;

	ck_assert(OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
	    "P-256", 0) == 1 && OSSL_PARAM_BLD_push_octet_string(b,
	    OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) == 1);
	params = OSSL_PARAM_BLD_to_param(b);
	ck_assert(EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx,
	    &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* r and s in DER; both are 32 bytes. */
static size_t
der(uint8_t *out, struct view rs)
{
	struct wr w = { out, 80, 0, false };

	wr_be16(&w, 0x3046);
	for (size_t i = 0; i < 2; i++) {
		wr_be16(&w, 0x0221);
		wr_u8(&w, 0);
		wr_view(&w, view_first(view_skip(rs, 32 * i), 32));
	}
	ck_assert(!w.bad);
	return w.n;
}

/*
 * What it signs with a key that it made, OpenSSL finds right. A number whose
 * first bit is not set would need no zero in front, so sign until both need it.
 */
START_TEST(signs_with_key_it_made)
{
	struct card *c = new_card("openpgp");
	uint8_t hash[32], sig[80];
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;
	struct view v;

	memset(hash, 0x5a, sizeof(hash));
	good(c, SELECT);
	good(c, ADMIN);
	good(c, "00da00c109 13 2a8648ce3d030107");
	v = good(c, "0047800002 b600 00");
	pkey = p256_key(view_skip(v, 5));
	do {
		good(c, USER);
		v = good(c, "002a9e9a20 " HASH " 00");
		ck_assert_uint_eq(v.n, 64);
	} while (v.p[0] < 0x80 || v.p[32] < 0x80);
	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	ck_assert_int_eq(EVP_PKEY_verify_init(ctx), 1);
	ck_assert_int_eq(EVP_PKEY_verify(ctx, sig, der(sig, v), hash,
	    sizeof(hash)), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	card_free(c);
}
END_TEST

/* Two bytes of difference keep an RSA key from being the same as before. */
START_TEST(makes_rsa_keys)
{
	struct card *c = new_card("openpgp-extended");
	uint8_t before[270];
	struct view v;

	c->keygen_ms = 3000;
	good(c, SELECT);
	good(c, ADMIN);
	v = good(c, "00478000000002 b600 0000");
	ck_assert_uint_eq(v.n, 270);
	ck_assert_uint_eq(c->busy_ms, 3000);
	memcpy(before, v.p, v.n);
	v = good(c, "00478100000002 b600 0000");
	ck_view_eq(v, ((struct view){ before, sizeof(before) }));
	v = good(c, "00478000000002 b600 0000");
	ck_assert_mem_ne(v.p, before, sizeof(before));
	v = good(c, "00ca00de00");
	ck_view_eq(v, B("\1\1\2\0\3\0"));
	card_free(c);
}
END_TEST

START_TEST(card_files)
{
	static const struct {
		const char *text, *why;
	} files[] = {
		{ "card openpgp\natr 3b d0 80 1f\n",
		    "t:3: no historical bytes in the ATR" },
		{ "card openpgp\natr 3b f0 80 1f\n",
		    "t:3: no historical bytes in the ATR" },
		{ "card openpgp\nserial 00 01\n",
		    "t:2: 4 bytes are expected after 'serial'" },
		{ "card openpgp\nmanufacturer 00 01 02\n",
		    "t:2: too many bytes at '02'" },
		{ "card openpgp\npin 1\n", "t:2: unknown line 'pin'" },
	};
	char why[2 * CARD_WHY_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		ck_assert_ptr_null(card_parse("t", files[i].text, why,
		    sizeof(why)));
		ck_assert_str_eq(why, files[i].why);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("openpgp");
	TCase *tc = tcase_create("card");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, talk);
	tcase_add_test(tc, survives_spoiled_commands);
	tcase_add_test(tc, signs_with_key_it_made);
	tcase_add_test(tc, makes_rsa_keys);
	tcase_add_test(tc, card_files);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
