/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CardOS card plays talks (card_talk.h). The cardos-opensc talks were recorded
 * by test_opensc.py, cardos.talk is written by hand.
 */
#include "tests/unit.h"

#include <openssl/bn.h>
#include <stdio.h>

#include "emulator/card.h"
#include "tests/emulator/card_talk.h"

static const char *const talks[] = {
	"cardos-m4.0-opensc.talk",
	"cardos-opensc.talk",
	"cardos.talk",
};

START_TEST(talk)
{
	ck_assert_uint_gt(walk(talks[_i], play), 100);
}
END_TEST

START_TEST(survives_spoiled_commands)
{
	(void)walk("cardos.talk", spoil);
}
END_TEST

/* y^65537 mod n is the block that was signed. */
static void
check_signature(struct view n, struct view y, struct view block)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m = BN_bin2bn(n.p, (int)n.n, NULL);
	BIGNUM *x = BN_bin2bn(y.p, (int)y.n, NULL), *e = BN_new();
	uint8_t got[256];

	ck_assert(BN_set_word(e, 65537) && BN_mod_exp(x, x, e, m, ctx));
	ck_assert_int_eq(BN_bn2binpad(x, got, (int)n.n), (int)n.n);
	ck_view_eq(((struct view){ got, n.n }), block);
	BN_free(m);
	BN_free(x);
	BN_free(e);
	BN_CTX_free(ctx);
}

START_TEST(signs_with_key_it_made)
{
	struct card *c = new_card("cardos");
	uint8_t n[128], block[128] = { 0, 1 };
	struct view v;

	memset(block + 2, 0xff, 93);
	memset(block + 96, 0x5a, 32);
	c->keygen_ms = 60000;
	good(c, "00da016d [83 [01] 86 [0000] 8f [00*6]]");
	good(c, "00a40000023f00");	/* its environment is in force */
	good(c, "00da016e [83 [2010] 85 [22008c00ffff0000] 86 [00*7]"
	    "8f [8100ff*128]]");
	good(c, "00da016e [83 [2110] 85 [02008c00ffff0000] 86 [00*7]"
	    "8f [8100ff*128]]");
	ck_assert_uint_eq(c->busy_ms, 0);
	good(c, "00e00000 [62 [80 [0200] 82 [05] 83 [7ead] 86 [00*9]]]");
	good(c, "00460000 [20107ead00100020]");
	ck_assert_uint_eq(c->busy_ms, 60000);
	v = good(c, "00b2010400");
	ck_assert_uint_eq(v.n, 4 + sizeof(n));
	memcpy(n, v.p + 4, sizeof(n));
	ck_view_eq(good(c, "00b2020400"), B("\x11\x05\x04\x00\x01\x00\x01"));
	good(c, "002241b6 [83 [10]]");
	v = good(c, "002a9e9a [0001 ff*93 00 5a*32] 00");
	check_signature((struct view){ n, sizeof(n) }, v,
	    (struct view){ block, sizeof(block) });
	card_free(c);
}
END_TEST

static uint16_t
create(struct card *c, uint16_t fid, uint16_t size)
{
	const uint8_t cmd[] = { 0x00, 0xe0, 0x00, 0x00, 0x18, 0x62, 0x16,
	    0x80, 0x02, (uint8_t)(size >> 8), (uint8_t)size, 0x82, 0x01, 0x01,
	    0x83, 0x02, (uint8_t)(fid >> 8), (uint8_t)fid, 0x86, 0x09,
	    0, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t answer[16];
	struct wr w = { answer, sizeof(answer), 0, false };

	card_apdu(c, (struct view){ cmd, sizeof(cmd) }, &w);
	return (uint16_t)(answer[0] << 8 | answer[1]);
}

/* Each part but the last says in 8A where the next one begins. */
START_TEST(long_directory_in_parts)
{
	enum { FILES = 100 };
	struct card *c = new_card("cardos");
	unsigned parts = 0, found = 0;
	uint8_t next = 0;

	for (uint16_t i = 1; i <= FILES; i++)
		ck_assert_uint_eq(create(c, i, 1), 0x9000);
	do {
		char hex[16];
		struct rd r;

		snprintf(hex, sizeof(hex), "801602%02x00", next);
		r = (struct rd){ .in = good(c, hex) };
		next = 0;
		parts++;
		while (r.in.n != 0 && !r.bad) {
			ck_assert_uint_eq(rd_u8(&r), 0x6f);
			found++;
			if (rd_u8(&r) == 7)
				next = (uint8_t)found;
			ck_assert_uint_eq(rd_be16(&r), 0x8602);
			ck_assert_uint_eq(rd_be16(&r), found);
			if (next != 0) {
				ck_assert_uint_eq(rd_be16(&r), 0x8a01);
				ck_assert_uint_eq(rd_u8(&r), next);
			}
		}
		ck_assert(!r.bad);
	} while (next != 0);
	ck_assert_uint_eq(found, FILES);
	ck_assert_uint_eq(parts, 3);
	card_free(c);
}
END_TEST

START_TEST(full_card)
{
	struct card *c = new_card("cardos");
	uint16_t fid = 1;

	while (create(c, fid, 4000) == 0x9000)
		ck_assert_uint_lt(fid++, 20);
	ck_assert_uint_eq(fid, 9);	/* 8 * 4000 of 32620 bytes */
	ck_assert_uint_eq(create(c, fid, 4000), 0x6a84);
	good(c, "00e40000 [0003]");
	ck_assert_uint_eq(create(c, fid, 4000), 0x9000);
	card_free(c);
}
END_TEST

/* As seen on a new M4.2B. */
START_TEST(manufacturing_phase_knows_little)
{
	char why[2 * CARD_WHY_MAX];
	struct card *c = card_parse("t", "card cardos\n"
	    "atr 3b f2 18 00 02 c1 0a 31 fe 58 c8 09 75\n"
	    "phase manufacturing\n", why, sizeof(why));
	static const struct {
		struct view in, out;
	} rows[] = {
		{ B("\x00\xca\x01\x83\x00"), B("\x34\x90\x00") },
		{ B("\x00\xa4\x00\x00\x02\x3f\x00"), B("\x6d\x00") },
		{ B("\x00\xca\x01\x87\x00"), B("\x6d\x00") },
		{ B("\x84\x06\x00\x00"), B("\x6d\x00") },
	};

	ck_assert_msg(c != NULL, "%s", why);
	card_reset(c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t answer[64];
		struct wr w = { answer, sizeof(answer), 0, false };

		card_apdu(c, rows[i].in, &w);
		ck_view_eq(wr_done(&w), rows[i].out);
	}
	card_free(c);
}
END_TEST

/* A card file that is not understood says why; cut anywhere it is safe. */
START_TEST(card_files)
{
	static const char *const bad[] = {
		"card cardos\n",
		"card cardos\natr 3b 00\nversion c8\n",
		"card cardos\natr 3b 00\nphase death\n",
		"card cardos\natr 3b 00\nrsa 4096\n",
		"card cardos\natr 3b 00\nmemory\n",
		"card cardos\natr 3b 00\npin 1\n",
	};
	const char *text = card_builtin("cardos");
	char why[2 * CARD_WHY_MAX];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_ptr_null(card_parse("t", bad[i], why, sizeof(why)));
	for (size_t n = 0; n < strlen(text); n++) {
		char *copy = strndup(text, n);

		ck_assert_ptr_nonnull(copy);
		card_free(card_parse("t", copy, why, sizeof(why)));
		free(copy);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cardos");
	TCase *tc = tcase_create("card");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, talk, 0, sizeof(talks) / sizeof(talks[0]));
	tcase_add_test(tc, survives_spoiled_commands);
	tcase_add_test(tc, signs_with_key_it_made);
	tcase_add_test(tc, long_directory_in_parts);
	tcase_add_test(tc, full_card);
	tcase_add_test(tc, manufacturing_phase_knows_little);
	tcase_add_test(tc, card_files);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
