/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/talk.h"

/* iKey 2032 and iKey 3000 in the engine, transfer by transfer, after OpenCT. */

#define DEVICE(pid)							\
	"\x12\x01\x10\x01\x00\x00\x00\x08\xb9\x04" pid "\x00\x01"	\
	"\x00\x00\x00\x01"
#define CONFIG								\
	"\x09\x02\x12\x00\x01\x01\x00\x80\x32"				\
	"\x09\x04\x00\x00\x00\xff\x00\x00\x00"

static const struct device ikey2k = {
	.device = V(DEVICE("\x02\x12")), .config = V(CONFIG),
};
static const struct device ikey3k = {
	.device = V(DEVICE("\x00\x13")), .config = V(CONFIG),
};

enum { THERE = CHANNEL_PRESENT, ON_NOW = CHANNEL_PRESENT | CHANNEL_POWERED,
	MUTE_NOW = CHANNEL_PRESENT | CHANNEL_MUTED };

#define SIGNATURE(bytes)						\
	{ .kind = CONTROL, .in = V(bytes),				\
	    .out = V("\xc1\x00\x00\x00\x00\x00\x40\x00") }
#define TELL(words)							\
	{ .kind = CONTROL, .out = V("\x41\x16" words "\x00\x00\x00\x00") }
#define FETCH(n, bytes)							\
	{ .kind = CONTROL, .out = V("\xc1\x01\x00\x00\x00\x00" n "\x00"), \
	    .in = V(bytes) }
/* A block: its head in wValue and wIndex, n of its bytes behind them */
#define BLOCK(head, n, bytes)						\
	{ .kind = CONTROL, .out = V("\x41\x17" head n "\x00" bytes) }
#define CARD_SAYS(bytes) FETCH("\xff", bytes)

#define ASKS(what, ...) { .kind = ASK, .arg = what, __VA_ARGS__ }
#define SENDS(bytes) ASKS(IFD_TRANSMIT, .out = V(bytes))
#define ENDS(bytes) { .kind = ENDED, .in = V(bytes) }
#define FAILS(e, words) { .kind = ENDED, .err = e, .in = V(words) }
#define TELLS(mask) { .kind = CARD, .arg = mask }
#define PAUSE(ms) { .kind = PASS, .arg = ms }
#define PLAY(w, talk) world_play(w, #talk, talk, sizeof(talk) / sizeof(talk[0]))

/* 25 bytes, IFSC 254 */
#define ATR_2K								\
	"\x3b\x9e\x96\x81\x31\xfe\x45" "iKey 2032 demo" "\xd6"		\
	"\x00\x00\x00"
#define ATR_2K_CUT							\
	"\x3b\x9e\x96\x81\x31\xfe\x45" "iKey 2032 demo" "\xd6"
#define ATR_3K								\
	"\x3b\xb7\x94\x00\x81\x31\xfe\x65" "SPK23\x90\x00" "\xd1"
#define SIGNATURE_2K(n)							\
	"\x0d\x63\x00" n "\x2d\x2d\xc0\x80\x80\x60\x80\x01\x19"
#define SIGNATURE_3K "\x0a\x61\x00\x07\x2d\x2d\xc0\x80\x80\x60"

#define RITE_2K(n)							\
	ASKS(IFD_POWER_ON), SIGNATURE(SIGNATURE_2K(n)),			\
	TELL("\x00\x00"), FETCH("\x02", "\x00"),			\
	TELL("\x01\x19"), FETCH("\x19", ATR_2K),			\
	TELL("\x00\x00"), FETCH("\x02", "\x00"),			\
	TELL("\x00\x00"), FETCH("\x20", "\x00"),			\
	TELL("\x01\x19"), FETCH("\x19", ATR_2K),			\
	TELLS(ON_NOW), ENDS(ATR_2K_CUT), { .kind = QUIET }

static const struct turn on_2k[] = { RITE_2K("\x05") };
static const struct turn on_2k_3[] = { RITE_2K("\x03") };
static const struct turn on_2k_6[] = { RITE_2K("\x06") };

static const struct turn on_3k[] = {
	ASKS(IFD_POWER_ON), SIGNATURE(SIGNATURE_3K),
	TELL("\x00\x00"), FETCH("\x02", "\x00"),
	TELL("\x05\x20"), FETCH("\x20", "\x10" ATR_3K),
	TELL("\x02\x00"), FETCH("\x04", "\xff\x11\x11\xff"),
	TELLS(ON_NOW), ENDS(ATR_3K), { .kind = QUIET },
};

static const struct turn opened[] = {
	{ .kind = READY }, TELLS(THERE), { .kind = QUIET },
};

/* ---- powered ---- */

static const struct turn case_1[] = {
	SENDS("\x00\x0e\x00\x00"),
	BLOCK("\x00\x00\x04\x00", "\x04", "\x0e\x00\x00\x0a"),
	CARD_SAYS("\x00\x00\x02\x90\x00\x92"),
	ENDS("\x90\x00"), { .kind = QUIET },
};

static const struct turn case_2[] = {
	SENDS("\x00\x84\x00\x00\x08"),
	BLOCK("\x00\x00\x05\x00", "\x05", "\x84\x00\x00\x08\x89"),
	CARD_SAYS("\x00\x00\x0a" "12345678\x90\x00\x92"),
	ENDS("12345678\x90\x00"), { .kind = QUIET },
};

static const struct turn case_3[] = {
	SENDS("\x00\xd6\x00\x00\x03" "abc"),
	BLOCK("\x00\x00\x08\x00", "\x08", "\xd6\x00\x00\x03" "abc\xbd"),
	CARD_SAYS("\x00\x00\x02\x90\x00\x92"),
	ENDS("\x90\x00"),
};

static const struct turn case_4[] = {
	SENDS("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	BLOCK("\x00\x00\x08\x00", "\x08", "\xa4\x00\x00\x02\x3f\x00\x00\x91"),
	CARD_SAYS("\x00\x00\x04\x6f\x00\x90\x00\xfb"),
	ENDS("\x6f\x00\x90\x00"),
};

/* An R-block is its head alone: no data at all. */
static const struct turn bad_block[] = {
	SENDS("\x00\x84\x00\x00\x08"),
	BLOCK("\x00\x00\x05\x00", "\x05", "\x84\x00\x00\x08\x89"),
	CARD_SAYS("\x00\x00\x0a" "12345678\x90\x00\x93"),
	BLOCK("\x00\x81\x00\x81", "\x00", ""),
	CARD_SAYS("\x00\x00\x0a" "12345678\x90\x00\x92"),
	CARD_SAYS(""),			/* it has said it once only */
	ENDS("12345678\x90\x00"), { .kind = QUIET },
};

static const struct turn unplugged[] = {
	SENDS("\x00\x84\x00\x00\x08"), { .kind = UNPLUG },
	FAILS(ERR_GONE, "reader unplugged"),
	{ .kind = LOST, .err = ERR_GONE, .in = V("reader unplugged") },
};

/* ---- not powered ---- */

#define AGAIN PAUSE(100)

static const struct turn strange_signature[] = {	/* two tries */
	ASKS(IFD_POWER_ON), SIGNATURE(SIGNATURE_3K), AGAIN,
	SIGNATURE(SIGNATURE_2K("\x15")), TELLS(MUTE_NOW),
	FAILS(ERR_READER, "the token did not take transfer 1 of the 11 of its "
	    "reset: an answer of another kind"),
};

static const struct turn not_well[] = {
	ASKS(IFD_POWER_ON), SIGNATURE(SIGNATURE_2K("\x05")),
	TELL("\x00\x00"), FETCH("\x02", "\x01"), AGAIN,
	SIGNATURE(SIGNATURE_2K("\x05")),
	TELL("\x00\x00"), FETCH("\x02", "\x00\x00"), TELLS(MUTE_NOW),
	FAILS(ERR_READER, "the token did not take transfer 3 of the 11 of its "
	    "reset: an answer of another kind"),
};

static const struct turn atr_too_short[] = {	/* 25 or nothing */
	ASKS(IFD_POWER_ON), SIGNATURE(SIGNATURE_2K("\x05")),
	TELL("\x00\x00"), FETCH("\x02", "\x00"),
	TELL("\x01\x19"), FETCH("\x19", ATR_2K_CUT), AGAIN,
	SIGNATURE(SIGNATURE_2K("\x05")),
	TELL("\x00\x00"), FETCH("\x02", "\x00"),
	{ .kind = CONTROL, .out = V("\x41\x16\x01\x19\x00\x00\x00\x00"),
	    .err = ERR_STALL },
	TELLS(MUTE_NOW), FAILS(ERR_STALL, "the token did not take transfer 4 "
	    "of the 11 of its reset: the reader refused the request"),
};

/* It is IFSC 32, the ATR's, that counts, and not what OpenCT made of it. */
#define ATR_IFSC_32 "\x3b\x80\x81\x31\x20\x45\xd5"
#define WITH_33								\
	"\x00\xd6\x00\x00\x1c" "0123456789abcdef0123456789ab"

static const struct turn atr_of_ifsc_32[] = {
	ASKS(IFD_POWER_ON), SIGNATURE(SIGNATURE_3K),
	TELL("\x00\x00"), FETCH("\x02", "\x00"),
	TELL("\x05\x20"), FETCH("\x20", "\x07" ATR_IFSC_32),
	TELL("\x02\x00"), FETCH("\x04", "\xff\x11\x11\xff"),
	TELLS(ON_NOW), ENDS(ATR_IFSC_32),
	SENDS(WITH_33),
	BLOCK("\x00\x20\x20\x00", "\x20",
	    "\xd6\x00\x00\x1c" "0123456789abcdef0123456789a\xac"),
	CARD_SAYS("\x00\x90\x00\x90"),
	BLOCK("\x00\x40\x01" "b", "\x01", "\x23"),
	CARD_SAYS("\x00\x00\x02\x90\x00\x92"),
	ENDS("\x90\x00"),
};

static const struct turn atr_cut[] = {	/* announces more than there is */
	ASKS(IFD_POWER_ON), SIGNATURE(SIGNATURE_3K),
	TELL("\x00\x00"), FETCH("\x02", "\x00"),
	TELL("\x05\x20"), FETCH("\x20", "\x11" ATR_3K),
	TELL("\x02\x00"), FETCH("\x04", "\xff\x11\x11\xff"),
	TELLS(MUTE_NOW), FAILS(ERR_CARD, "an ATR of 17 bytes was announced in "
	    "an answer of 17"),
};

static const struct turn other_pps[] = {
	ASKS(IFD_POWER_ON), SIGNATURE(SIGNATURE_3K),
	TELL("\x00\x00"), FETCH("\x02", "\x00"),
	TELL("\x05\x20"), FETCH("\x20", "\x10" ATR_3K),
	TELL("\x02\x00"), FETCH("\x04", "\xff\x11\x95\x7b"), AGAIN,
	{ .kind = CONTROL, .out = V("\xc1\x00\x00\x00\x00\x00\x40\x00"),
	    .err = ERR_STALL },
	TELLS(MUTE_NOW), FAILS(ERR_STALL, "the token did not take transfer 1 "
	    "of the 7 of its reset: the reader refused the request"),
};

static const struct turn atr_of_t0[] = {
	ASKS(IFD_POWER_ON), SIGNATURE(SIGNATURE_3K),
	TELL("\x00\x00"), FETCH("\x02", "\x00"),
	TELL("\x05\x20"), FETCH("\x20", "\x02\x3b\x00"),
	TELL("\x02\x00"), FETCH("\x04", "\xff\x11\x11\xff"),
	TELLS(MUTE_NOW), FAILS(ERR_PROTOCOL, "the card does not begin with "
	    "T=1, and the token can carry nothing else"),
};

struct row {
	const char *name;
	const struct turn *turns;
	size_t n;
};

#define ROW(t) { #t, t, sizeof(t) / sizeof(t[0]) }

static const struct row powered[] = {
	ROW(case_1), ROW(case_2), ROW(case_3), ROW(case_4), ROW(bad_block),
	ROW(unplugged),
};
static const struct row off_2k[] = {
	ROW(on_2k_3), ROW(on_2k_6), ROW(strange_signature), ROW(not_well),
	ROW(atr_too_short),
};
static const struct row off_3k[] = {
	ROW(atr_of_ifsc_32), ROW(atr_cut), ROW(other_pps), ROW(atr_of_t0),
};

static void
play_row(const struct row *r, bool is_3k, bool on)
{
	struct world w;

	world_open(&w, is_3k ? &ifd_ikey3k : &ifd_ikey2k);
	world_identify(&w, is_3k ? &ikey3k : &ikey2k);
	PLAY(&w, opened);
	if (on && is_3k)
		PLAY(&w, on_3k);
	else if (on)
		PLAY(&w, on_2k);
	world_play(&w, r->name, r->turns, r->n);
	world_is_quiet(&w);
	world_close(&w);
}

START_TEST(ikey2k_talks)
{
	play_row(&powered[_i], false, true);
}
END_TEST

START_TEST(ikey3k_talks)
{
	play_row(&powered[_i], true, true);
}
END_TEST

START_TEST(ikey2k_resets)
{
	play_row(&off_2k[_i], false, false);
}
END_TEST

START_TEST(ikey3k_resets)
{
	play_row(&off_3k[_i], true, false);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int
main(void)
{
	Suite *s = suite_create("ikey");
	TCase *t = tcase_create("ikey");

	tcase_add_loop_test(t, ikey2k_talks, 0, COUNT(powered));
	tcase_add_loop_test(t, ikey3k_talks, 0, COUNT(powered));
	tcase_add_loop_test(t, ikey2k_resets, 0, COUNT(off_2k));
	tcase_add_loop_test(t, ikey3k_resets, 0, COUNT(off_3k));
	suite_add_tcase(s, t);
	return unit_run(s);
}
