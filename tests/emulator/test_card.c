/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit.h"

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "f:1: no \"card\" in the file" },
	{ "atr 3b00\n", "f:1: \"card KIND\" is expected before 'atr'" },
	{ "card\n", "f:1: one card KIND is expected" },
	{ "card paper\n", "f:1: unknown kind of card 'paper'" },
	{ "card iso\ncard iso\n", "f:2: one card KIND is expected" },
	{ "card iso\n", "f:2: no \"atr\" in the file" },
	{ "card iso\natr 3b\n", "f:2: an ATR has 2 to 33 bytes" },
	{ "card iso\natr 3b 0\n",
	    "f:2: hex digits or \"text\" are expected, not '0'" },
	{ "card iso\natr 3b00\n", "f:3: the card has no MF: 'df 3f00'" },
	{ "card iso\natr 3b \"x\n", "f:2: no closing quote after '\"x'" },
	{ "card iso\nvoltage 12\n",
	    "f:2: 5, 3 or 1.8 is expected, not '12'" },
	{ "card iso\nwing left\n", "f:2: unknown line 'wing'" },
	{ "card iso\ndf 3f01\n", "f:2: the path does not start with 3f00, or "
	    "is there already: '3f01'" },
	{ "card iso\ndf 3f00\ndf 3f00\n", "f:3: the path does not start with "
	    "3f00, or is there already: '3f00'" },
	{ "card iso\ndf 3f00\ndf 3f00/1/2\n",
	    "f:3: 3f00/FILE/... is expected, not '3f00/1/2'" },
	{ "card iso\ndf 3f00\ndf 3f00/0001/0002\n",
	    "f:3: no such DF yet: '3f00/0001/0002'" },
	{ "card iso\ndf 3f00 aid\n",
	    "f:2: something is missing after 'aid'" },
	{ "card iso\ndf 3f00 aid 000102030405060708090a0b0c0d0e0f10\n",
	    "f:2: too many bytes at '000102030405060708090a0b0c0d0e0f10'" },
	{ "card iso\ndf 3f00\nfile 3f00/0001 round\n", "f:3: transparent, "
	    "fixed, variable or cyclic is expected, not 'round'" },
	{ "card iso\ndf 3f00\nfile 3f00/0001 transparent\n", "f:3: the size "
	    "or the number of records does not fit: '3f00/0001'" },
	{ "card iso\ndf 3f00\nfile 3f00/0001 fixed size 4\n", "f:3: the size "
	    "or the number of records does not fit: '3f00/0001'" },
	{ "card iso\ndf 3f00\nfile 3f00/0001 transparent size 32768\n",
	    "f:3: a number is expected, or it is too large: '32768'" },
	{ "card iso\ndf 3f00\nfile 3f00/0001 transparent size 2 read pin\n",
	    "f:3: always, never or pin:NUMBER is expected, not 'pin'" },
	{ "card iso\ndf 3f00\ndata 00\n",
	    "f:3: no transparent file before 'data'" },
	{ "card iso\ndf 3f00\nfile 3f00/0001 transparent size 2\ndata 01\n"
	    "data 0203\n", "f:5: too many bytes at '0203'" },
	{ "card iso\ndf 3f00\nfile 3f00/0001 fixed size 2 records 1\n"
	    "record 0102\nrecord 0304\n",
	    "f:5: no record file, or it is full, before 'record'" },
	{ "card iso\ndf 3f00\nfile 3f00/0001 fixed size 2 records 1\n"
	    "record 010203\n", "f:4: too long or empty: 'record'" },
	{ "card iso\npin 0 value \"1234\"\n",
	    "f:2: the number or the length does not fit: pin '0'" },
	{ "card iso\npin 1 value \"123\"\n",
	    "f:2: the number or the length does not fit: pin '1'" },
	{ "card iso\npin 1 tries 16\n",
	    "f:2: a number is expected, or it is too large: '16'" },
	{ "card iso\nobject 01 02\n",
	    "f:2: four hex digits are expected, not '01'" },
};

START_TEST(says_what_is_wrong)
{
	char why[2 * CARD_WHY_MAX] = "";
	struct card *c = card_parse("f", bad[_i].text, why, sizeof(why));

	ck_assert_ptr_null(c);
	ck_assert_str_eq(why, bad[_i].why);
}
END_TEST

START_TEST(sample_is_good)
{
	char why[2 * CARD_WHY_MAX] = "";
	struct card *c = card_load(NULL, why, sizeof(why));

	ck_assert_msg(c != NULL, "%s", why);
	ck_assert_uint_eq(c->atr_len, 21);
	ck_assert_uint_eq(c->offer.protocols, 1u << 1);
	ck_assert_uint_eq(c->offer.ta1, 0x13);
	ck_assert_uint_eq(c->offer.ifsc, 254);
	ck_assert_uint_eq(c->offer.bwi_cwi, 0x45);
	card_free(c);
	card_free(NULL);
}
END_TEST

/* The text cut at each length, and each byte spoiled, in exact copies. */
START_TEST(survives_spoiled_text)
{
	size_t len = strlen(card_builtin("sample"));
	char why[2 * CARD_WHY_MAX];

	for (size_t n = 0; n < len; n++) {
		char *copy = strndup(card_builtin("sample"), n);

		ck_assert_ptr_nonnull(copy);
		card_free(card_parse("f", copy, why, sizeof(why)));
		free(copy);
		copy = strdup(card_builtin("sample"));
		ck_assert_ptr_nonnull(copy);
		copy[n] ^= 0x11;
		card_free(card_parse("f", copy, why, sizeof(why)));
		free(copy);
	}
}
END_TEST

/* Every command cut at each length, and every INS, gets a status word. */
START_TEST(answers_everything)
{
	static const uint8_t whole[] = {
		0x00, 0xd6, 0x00, 0x00, 0x00, 0x00, 0x04, 1, 2, 3, 4, 0, 0
	};
	static uint8_t rsp[CARD_RESPONSE_MAX];
	char why[2 * CARD_WHY_MAX];
	struct card *c = card_load(NULL, why, sizeof(why));

	ck_assert_ptr_nonnull(c);
	card_reset(c);
	for (unsigned ins = 0; ins < 256; ins++) {
		for (size_t n = 0; n <= sizeof(whole); n++) {
			struct wr w = { rsp, sizeof(rsp), 0, false };
			uint8_t *cmd = malloc(n + 1);

			ck_assert_ptr_nonnull(cmd);
			memcpy(cmd, whole, n);
			if (n > 1)
				cmd[1] = (uint8_t)ins;
			card_apdu(c, (struct view){ cmd, n }, &w);
			ck_assert(!w.bad && w.n >= 2);
			free(cmd);
		}
	}
	ck_assert_uint_eq(c->executed, 256u * (sizeof(whole) - 3));
	card_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("card");
	TCase *t = tcase_create("card");

	tcase_add_loop_test(t, says_what_is_wrong, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(t, sample_is_good);
	tcase_add_test(t, survives_spoiled_text);
	tcase_add_test(t, answers_everything);
	suite_add_tcase(s, t);
	return unit_run(s);
}
