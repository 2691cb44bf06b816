/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card.h"

#include "protocols/atr.h"
#include "tests/unit.h"

#define AID	"\xd2\x76\x00\x00\x25\x48\x42"
#define PIN	"\x25\x12\x34\x5f\xff\xff\xff\xff"
#define VERIFY	"\x00\x20\x00\x81\x08"
#define HASH_A	"\x01\x02\x03\x04\x05\x06\x07\x08"
#define HASH_B	"\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c"
#define SEQ	"\x00\xb2\x01\xe4\x00"

/*
 * What is sent, and what comes: the first bytes of the answer (all of it when
 * n is 0), n bytes with SW1 SW2.
 */
struct turn {
	const char *name;
	struct view cmd, want;
	size_t n;
};

#define DONE B("\x90\x00")

static const struct turn ddv1[] = {
	{ "MF", B("\x00\xa4\x00\x0c\x02\x3f\x00"), DONE, 0 },
	{ "MF, 4 bytes", B("\x00\xa4\x00\x0c"), DONE, 0 },
	{ "no bank files in the MF", B(SEQ), B("\x6a\x82"), 0 },
	{ "EF_ID in the MF", B("\x00\xa4\x02\x0c\x02\x00\x03"), DONE, 0 },
	{ "the other AID", B("\x00\xa4\x04\x0c\x09" AID "\x01\x00"),
	    B("\x6a\x82"), 0 },
	{ "its AID", B("\x00\xa4\x04\x0c\x09" AID "\x02\x00"), DONE, 0 },
	{ "EF_ID", B("\x00\xb2\x01\xcc\x00"), B("\x67\x28"), 26 },
	{ "bank 1", B("\x00\xb2\x01\xd4\x00"), B("Musterbank          "
	    "\x12\x34\x56\x78\x02""127.0.0.1 "), 90 },
	{ "bank 5 is blank", B("\x00\xb2\x05\xd4\x00"), B("     "), 90 },
	{ "no bank 6", B("\x00\xb2\x06\xd4\x00"), B("\x6a\x83"), 0 },
	{ "EF_SEQ", B(SEQ), B("\x00\x29\x90\x00"), 0 },
	{ "sign key", B("\xb0\xee\x80\x02\x00"), B("\x07\x90\x00"), 0 },
	{ "crypt key", B("\xb0\xee\x80\x03\x00"), B("\x09\x90\x00"), 0 },
	{ "no key 4", B("\xb0\xee\x80\x04\x00"), B("\x6a\x88"), 0 },
	{ "no DDV-0 files", B("\x00\xa4\x02\x0c\x02\x00\x13"), B("\x6a\x82"),
	    0 },
	{ "no PIN: write", B("\x00\xdc\x01\xe4\x02\x00\x2a"), B("\x69\x82"),
	    0 },
	{ "no PIN: encrypt", B("\x00\x88\x00\x83\x08" HASH_A "\x00"),
	    B("\x69\x82"), 0 },
	{ "empty PIN", B("\x00\x20\x00\x81\x00"), B("\x67\x00"), 0 },
	{ "wrong PIN", B(VERIFY "\x25\xff\xff\xff\xff\xff\xff\xff"),
	    B("\x63\xc2"), 0 },
	{ "PIN", B(VERIFY PIN), DONE, 0 },
	{ "hash", B("\x00\xdc\x01\xdc\x0c" HASH_B), DONE, 0 },
	{ "sign", B("\x08\xb2\x01\xdc\x11\xba\x0c\xb4\x0a\x87\x08" HASH_A
	    "\x96\x01\x00\x00"), B("\x81\x0c" HASH_B "\x8e\x08"), 26 },
	{ "sign, nonsense", B("\x08\xb2\x01\xdc\x02\xba\x00\x00"),
	    B("\x69\x88"), 0 },
	{ "challenge", B("\x00\x84\x00\x00\x08"), B(""), 10 },
	{ "encrypt", B("\x00\x88\x00\x83\x08" HASH_A "\x00"), B(""), 10 },
	{ "write", B("\x00\xdc\x01\xe4\x02\x00\x2a"), DONE, 0 },
	{ "written", B(SEQ), B("\x00\x2a\x90\x00"), 0 },
	{ "write too much", B("\x00\xdc\x01\xe4\x03\x00\x2a\x00"),
	    B("\x67\x00"), 0 },
	{ "wrong", B(VERIFY HASH_A), B("\x63\xc2"), 0 },
	{ "wrong again", B(VERIFY HASH_A), B("\x63\xc1"), 0 },
	{ "and again", B(VERIFY HASH_A), B("\x63\xc0"), 0 },
	{ "blocked", B(VERIFY PIN), B("\x69\x83"), 0 },
};

static const struct turn ddv0[] = {
	{ "its AID", B("\x00\xa4\x04\x0c\x09" AID "\x01\x00"), DONE, 0 },
	{ "EF_ID", B("\x00\xb2\x01\xcc\x00"), B("\x67\x28"), 24 },
	{ "KEYD", B("\x00\xa4\x02\x0c\x02\x00\x13"), DONE, 0 },
	{ "sign key", B("\x00\xb2\x01\x04\x00"), B("\x02\x10\x07\xff\x07"
	    "\x90\x00"), 0 },
	{ "AUTD", B("\x00\xa4\x02\x0c\x02\x00\x14"), DONE, 0 },
	{ "crypt key", B("\x00\xb2\x01\x04\x00"), B("\x03\x10\x07\x09"
	    "\x90\x00"), 0 },
	{ "no key info", B("\xb0\xee\x80\x02\x00"), B("\x6e\x00"), 0 },
	{ "PIN", B(VERIFY PIN), DONE, 0 },
	{ "hash", B("\x00\xdc\x01\xdc\x0c" HASH_B), DONE, 0 },
	{ "hash, first part", B("\x00\xda\x01\x00\x08" HASH_A), DONE, 0 },
	{ "sign", B("\x04\xb2\x01\xdc\x00"), B(HASH_B), 22 },
};

static size_t
ask(struct card *c, struct view cmd, uint8_t *buf)
{
	struct wr w = { .p = buf, .cap = CARD_RESPONSE_MAX };

	card_apdu(c, cmd, &w);
	ck_assert(!w.bad);
	return w.n;
}

static struct card *
load(const char *name)
{
	char why[CARD_WHY_MAX + 16];
	struct card *c = card_load(name, why, sizeof(why));

	ck_assert_msg(c != NULL, "%s", why);
	card_reset(c);
	return c;
}

static void
play(const char *card, const struct turn *turns, size_t n)
{
	struct card *c = load(card);
	uint8_t *buf = malloc(CARD_RESPONSE_MAX);

	ck_assert_ptr_nonnull(buf);
	for (size_t i = 0; i < n; i++) {
		const struct turn *t = &turns[i];
		size_t got = ask(c, t->cmd, buf);

		ck_assert_msg(got == (t->n != 0 ? t->n : t->want.n),
		    "%s: %zu bytes, %02x%02x", t->name, got, buf[0], buf[1]);
		ck_assert_msg(memcmp(buf, t->want.p, t->want.n) == 0, "%s",
		    t->name);
	}
	free(buf);
	card_free(c);
}

START_TEST(type_1)
{
	play("ddv-1", ddv1, sizeof(ddv1) / sizeof(ddv1[0]));
}
END_TEST

START_TEST(type_0)
{
	play("ddv-0", ddv0, sizeof(ddv0) / sizeof(ddv0[0]));
}
END_TEST

/* Keys of the card files; the results come from "openssl enc -des-ede". */
START_TEST(keys)
{
	struct card *c = load("ddv-0");
	uint8_t *buf = malloc(CARD_RESPONSE_MAX);

	ck_assert_ptr_nonnull(buf);
	ask(c, B("\x00\xa4\x04\x0c\x09" AID "\x01\x00"), buf);
	ask(c, B(VERIFY PIN), buf);
	ask(c, B("\x00\x88\x00\x83\x08" HASH_A "\x00"), buf);
	ck_view_eq(((struct view){ buf, 8 }),
	    B("\x39\xd7\x48\xcf\x43\x69\x66\x3c"));
	ask(c, B("\x00\xdc\x01\xdc\x0c" HASH_B), buf);
	ask(c, B("\x00\xda\x01\x00\x08" HASH_A), buf);
	ask(c, B("\x04\xb2\x01\xdc\x00"), buf);
	ck_view_eq(((struct view){ buf + 12, 8 }),
	    B("\xb5\x3b\x1d\x6c\x32\x54\x3f\x11"));
	card_reset(c);
	ask(c, B("\x00\xa4\x04\x0c\x09" AID "\x01\x00"), buf);
	ck_assert_uint_eq(ask(c, B("\x04\xb2\x01\xdc\x00"), buf), 2);
	ck_view_eq(((struct view){ buf, 2 }), B("\x69\x82"));
	free(buf);
	card_free(c);
}
END_TEST

START_TEST(answer_to_reset)
{
	struct card *c = load(_i == 0 ? "ddv-0" : "ddv-1");
	struct atr a;

	ck_assert_int_eq(atr_parse(&a, (struct view){ c->atr, c->atr_len }),
	    ERR_OK);
	ck_assert_uint_eq(a.protocols, 1u << 1);
	ck_assert_uint_eq(a.historical_n, 15);
	card_free(c);
}
END_TEST

#define HEAD "card ddv\natr 3b00\n"

static const struct {
	const char *text, *why;
} bad[] = {
	{ HEAD "type 2\n", "f:3: a number is expected, or it is too large: "
	    "'2'" },
	{ HEAD "pin 123\n", "f:3: 4 to 12 digits are expected after 'pin'" },
	{ HEAD "sign-key 2 7 00\n", "f:3: another number of bytes is expected "
	    "after '7'" },
	{ HEAD "sign-key 2\n", "f:3: number, version and key are expected "
	    "after 'sign-key'" },
	{ HEAD "bank 0 name \"x\"\n", "f:3: banks count from 1, not '0'" },
	{ HEAD "bank 1 name\n", "f:3: number, part, value, ... are expected "
	    "after 'bank'" },
	{ HEAD "bank 1 street \"x\"\n", "f:3: no such part of a bank record: "
	    "'street'" },
	{ HEAD "bank 1 code 1234\n", "f:3: more bytes are expected after "
	    "'code'" },
	{ HEAD "sequence\n", "f:3: a number is expected after 'sequence'" },
	{ HEAD "pin 12345\n", "f:4: pin, id and both keys are needed in a "
	    "card 'ddv'" },
	{ HEAD "wing left\n", "f:3: unknown line 'wing'" },
};

START_TEST(bad_file)
{
	char why[CARD_WHY_MAX + 16];

	ck_assert_ptr_null(card_parse("f", bad[_i].text, why, sizeof(why)));
	ck_assert_str_eq(why, bad[_i].why);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ddv");
	TCase *t = tcase_create("ddv");

	tcase_add_test(t, type_1);
	tcase_add_test(t, type_0);
	tcase_add_test(t, keys);
	tcase_add_loop_test(t, answer_to_reset, 0, 2);
	tcase_add_loop_test(t, bad_file, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	suite_add_tcase(s, t);
	return unit_run(s);
}
