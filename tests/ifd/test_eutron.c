/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/talk.h"

/* The CryptoIdentity in the engine, transfer by transfer, after OpenCT: what
   it gives may be nothing or a part. */

static const struct device eutron = {
	.device = V("\x12\x01\x10\x01\x00\x00\x00\x08\x3d\x07\x05\x00\x00\x01"
	    "\x00\x00\x00\x01"),
	.config = V("\x09\x02\x12\x00\x01\x01\x00\x80\x32"
	    "\x09\x04\x00\x00\x00\xff\x00\x00\x00"),
};

enum { THERE = CHANNEL_PRESENT, ON_NOW = CHANNEL_PRESENT | CHANNEL_POWERED,
	MUTE_NOW = CHANNEL_PRESENT | CHANNEL_MUTED };

#define TELL(what) { .kind = CONTROL,					\
	.out = V("\x42" what "\x00\x00\x00\x00\x00\x00") }
#define WRITE(n, bytes) { .kind = CONTROL,				\
	.out = V("\x42\x01\x00\x00\x00\x00" n "\x00" bytes) }
#define READ(n, bytes) { .kind = CONTROL,				\
	.out = V("\xc2\x02\x00\x00\x00\x00" n), .in = V(bytes) }
#define READ_STALLS(n) { .kind = CONTROL,				\
	.out = V("\xc2\x02\x00\x00\x00\x00" n), .err = ERR_STALL }
#define BLOCK_ROOM "\x04\x01"
#define CARD_SAYS(bytes) READ(BLOCK_ROOM, bytes)
#define PAUSE(ms) { .kind = PASS, .arg = ms }
#define WAIT PAUSE(100)

#define ASKS(what, ...) { .kind = ASK, .arg = what, __VA_ARGS__ }
#define SENDS(bytes) ASKS(IFD_TRANSMIT, .out = V(bytes))
#define ENDS(bytes) { .kind = ENDED, .in = V(bytes) }
#define FAILS(e, words) { .kind = ENDED, .err = e, .in = V(words) }
#define TELLS(mask) { .kind = CARD, .arg = mask }
#define PLAY(w, talk) world_play(w, #talk, talk, sizeof(talk) / sizeof(talk[0]))

/* CardOS M4.0; IFSC is 16 */
#define ATR "\x3b\xe2\x00\xff\xc1\x10\x31\xfe\x55\xc8\x02\x9c"
#define PPS "\xff\x01\xfe"
#define DRAIN READ("\xa4\x00", "")
#define BEFORE TELL("\xa3"), TELL("\xa1"), TELL("\xa2"), TELL("\xa0")
#define SPEED								\
	{ .kind = CONTROL, .out = V("\x42\x65\x01\x00\x00\x00\x00\x00") }, \
	TELL("\xa1"), TELL("\xa0")
#define UP_TO_PPS							\
	ASKS(IFD_POWER_ON), BEFORE, DRAIN, TELL("\x09"),		\
	READ("\x40\x00", ATR), WRITE("\x03", PPS)
/* S(IFS) with what the ATR offers */
#define IFS WRITE("\x05", "\x00\xc1\x01\xfe\x3e")
#define IFS_TAKEN CARD_SAYS("\x00\xe1\x01\xfe\x1e")

static const struct turn opened[] = {
	{ .kind = READY }, TELLS(THERE), { .kind = QUIET },
};

static const struct turn on[] = {
	UP_TO_PPS, READ("\x03\x00", PPS), SPEED, IFS, IFS_TAKEN,
	TELLS(ON_NOW), ENDS(ATR), { .kind = QUIET },
};

/* ---- reset ---- */

static const struct turn in_parts[] = {
	ASKS(IFD_POWER_ON), BEFORE, READ("\xa4\x00", "stale"),
	READ("\xa4\x00", "more"), DRAIN, TELL("\x09"),
	READ("\x40\x00", ""), WAIT, READ("\x40\x00", "\x3b\xe2\x00"), WAIT,
	READ("\x3d\x00", "\xff\xc1\x10\x31\xfe\x55\xc8\x02\x9c"),
	WRITE("\x03", PPS), READ("\x03\x00", ""), WAIT,
	READ("\x03\x00", "\xff"), WAIT, READ("\x02\x00", "\x01\xfe"), SPEED,
	IFS, CARD_SAYS("\x00\xe1"), WAIT, READ("\x02\x01", "\x01\xfe\x1e"),
	TELLS(ON_NOW), ENDS(ATR), { .kind = QUIET },
};

static const struct turn never_empty[] = {
	ASKS(IFD_POWER_ON), BEFORE,
#define FIVE READ("\xa4\x00", "a"), READ("\xa4\x00", "b"),		\
	READ("\xa4\x00", "c"), READ("\xa4\x00", "d"), READ("\xa4\x00", "e")
	FIVE, FIVE, FIVE, FIVE, TELLS(MUTE_NOW),
	FAILS(ERR_READER, "the token did not take transfer 5 of the 6 of its "
	    "reset: an answer of another kind"), { .kind = QUIET },
};

static const struct turn no_atr[] = {
	ASKS(IFD_POWER_ON), BEFORE, DRAIN, TELL("\x09"),
#define FIVE_NOTHING(n) READ(n, ""), WAIT, READ(n, ""), WAIT,		\
	READ(n, ""), WAIT, READ(n, ""), WAIT, READ(n, ""), WAIT
	FIVE_NOTHING("\x40\x00"), FIVE_NOTHING("\x40\x00"),
	FIVE_NOTHING("\x40\x00"), FIVE_NOTHING("\x40\x00"),
	READ("\x40\x00", ""), TELLS(MUTE_NOW),
	FAILS(ERR_MUTE, "the card does not answer to reset"), { .kind = QUIET },
};

static const struct turn no_sense[] = {
	ASKS(IFD_POWER_ON), BEFORE, DRAIN, TELL("\x09"),
	READ("\x40\x00", "\x00\x01"), TELLS(MUTE_NOW),
	FAILS(ERR_CARD, "the 2 bytes that came are no ATR"),
};

static const struct turn no_t1[] = {
	ASKS(IFD_POWER_ON), BEFORE, DRAIN, TELL("\x09"),
	READ("\x40\x00", "\x3b\x00"), TELLS(MUTE_NOW),
	FAILS(ERR_PROTOCOL, "the card does not offer T=1, and this driver "
	    "speaks nothing else"),
};

/* T=1 is chosen though T=0 is the first, and the default IFSC is announced by
   nobody. */
#define ATR_BOTH "\x3b\x80\x80\x01\x01"
static const struct turn t1_second[] = {
	ASKS(IFD_POWER_ON), BEFORE, DRAIN, TELL("\x09"),
	READ("\x40\x00", ATR_BOTH), WRITE("\x03", PPS), READ("\x03\x00", PPS),
	SPEED, TELLS(ON_NOW), ENDS(ATR_BOTH),
};

static const struct turn pps_refused[] = {
	UP_TO_PPS, READ("\x03\x00", "\xff\x00\xff"), TELLS(MUTE_NOW),
	FAILS(ERR_PROTOCOL, "the card refused T=1"), { .kind = QUIET },
};

static const struct turn pps_unanswered[] = {
	UP_TO_PPS, READ("\x03\x00", "\xff"), WAIT, READ("\x02\x00", ""),
	PAUSE(100), PAUSE(1000), { .kind = CANCELLED }, TELLS(MUTE_NOW),
	FAILS(ERR_MUTE, "the card does not answer to PPS"), { .kind = QUIET },
};

static const struct turn read_stalls[] = {
	ASKS(IFD_POWER_ON), BEFORE, DRAIN, TELL("\x09"),
	READ_STALLS("\x40\x00"), TELLS(MUTE_NOW),
	FAILS(ERR_STALL, "the reader refused the request"), { .kind = QUIET },
};

static const struct turn tell_stalls[] = {
	ASKS(IFD_POWER_ON), TELL("\xa3"), { .kind = CONTROL,
	    .out = V("\x42\xa1\x00\x00\x00\x00\x00\x00"), .err = ERR_STALL },
	TELLS(MUTE_NOW), FAILS(ERR_STALL, "the token did not take transfer 2 "
	    "of the 6 of its reset: the reader refused the request"),
};

/* ---- APDUs ---- */

#define CHALLENGE "\x00\x84\x00\x00\x08"
#define SEND_CHALLENGE							\
	SENDS(CHALLENGE), WRITE("\x09", "\x00\x00\x05" CHALLENGE "\x89")
#define RANDOM "12345678\x90\x00"

static const struct turn case_1[] = {
	SENDS("\x00\x0e\x00\x00"), WRITE("\x08", "\x00\x00\x04\x00\x0e\x00\x00"
	    "\x0a"),
	CARD_SAYS("\x00\x00\x02\x90\x00\x92"), ENDS("\x90\x00"),
};

static const struct turn case_2[] = {
	SEND_CHALLENGE, CARD_SAYS("\x00\x00\x0a" RANDOM "\x92"),
	ENDS(RANDOM), { .kind = QUIET },
};

static const struct turn case_2_in_parts[] = {
	SEND_CHALLENGE, CARD_SAYS(""), WAIT, CARD_SAYS("\x00\x00"), WAIT,
	READ("\x02\x01", "\x0a" "1234"), WAIT,
	READ("\xfd\x00", "5678\x90\x00"), WAIT, READ("\xf7\x00", "\x92"),
	ENDS(RANDOM), { .kind = QUIET },
};

static const struct turn case_3[] = {
	SENDS("\x00\xd6\x00\x00\x03" "abc"),
	WRITE("\x0c", "\x00\x00\x08\x00\xd6\x00\x00\x03" "abc\xbd"),
	CARD_SAYS("\x00\x00\x02\x90\x00\x92"), ENDS("\x90\x00"),
};

static const struct turn case_4[] = {
	SENDS("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	WRITE("\x0c", "\x00\x00\x08\x00\xa4\x00\x00\x02\x3f\x00\x00\x91"),
	CARD_SAYS("\x00\x00\x04\x6f\x00\x90\x00\xfb"), ENDS("\x6f\x00\x90\x00"),
};

static const struct turn refused_read[] = {	/* the block is asked again */
	SEND_CHALLENGE, READ_STALLS(BLOCK_ROOM),
	WRITE("\x04", "\x00\x82\x00\x82"),
	CARD_SAYS("\x00\x00\x0a" RANDOM "\x92"),
	CARD_SAYS(""), ENDS(RANDOM),	/* it has said it once only */
};

static const struct turn unplugged[] = {	/* between two parts */
	SEND_CHALLENGE, CARD_SAYS("\x00"), { .kind = UNPLUG },
	FAILS(ERR_GONE, "reader unplugged"),
	{ .kind = LOST, .err = ERR_GONE, .in = V("reader unplugged") },
};

static const struct turn protocol[] = {
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T1), ENDS(""),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T0),
	FAILS(ERR_PROTOCOL, "the card does not speak that protocol"),
	ASKS(IFD_POWER_OFF), TELLS(THERE), ENDS(""),
	SENDS(CHALLENGE), FAILS(ERR_UNPOWERED, "the card is not powered"),
};

struct row {
	const char *name;
	const struct turn *turns;
	size_t n;
};

#define ROW(t) { #t, t, sizeof(t) / sizeof(t[0]) }

static const struct row resets[] = {
	ROW(on), ROW(in_parts), ROW(never_empty), ROW(no_atr), ROW(no_sense),
	ROW(no_t1), ROW(t1_second), ROW(pps_refused), ROW(pps_unanswered),
	ROW(read_stalls), ROW(tell_stalls),
};

static const struct row talks[] = {
	ROW(case_1), ROW(case_2), ROW(case_2_in_parts), ROW(case_3),
	ROW(case_4), ROW(refused_read), ROW(unplugged), ROW(protocol),
};

static void
play_row(const struct row *r, bool power)
{
	struct world w;

	world_open(&w, &ifd_eutron);
	world_identify(&w, &eutron);
	PLAY(&w, opened);
	if (power)
		PLAY(&w, on);
	world_play(&w, r->name, r->turns, r->n);
	world_is_quiet(&w);
	world_close(&w);
}

START_TEST(reset)
{
	play_row(&resets[_i], false);
}
END_TEST

START_TEST(talk)
{
	play_row(&talks[_i], true);
}
END_TEST

/* The card says nothing for as long as T=1 waits, then it is asked again. */
START_TEST(silent)
{
	static const struct turn begin[] = { SEND_CHALLENGE };
	static const struct turn nothing[] = { CARD_SAYS(""), WAIT };
	static const struct turn end[] = {
		CARD_SAYS(""), WRITE("\x04", "\x00\x82\x00\x82"),
		CARD_SAYS("\x00\x00\x0a" RANDOM "\x92"),
		CARD_SAYS(""), ENDS(RANDOM),
	};
	struct world w;

	world_open(&w, &ifd_eutron);
	world_identify(&w, &eutron);
	PLAY(&w, opened);
	PLAY(&w, on);
	PLAY(&w, begin);
	for (int i = 0; i < 200; i++)
		PLAY(&w, nothing);
	PLAY(&w, end);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* The rest of a block has three seconds, then it is asked for again. */
START_TEST(rest_missing)
{
	static const struct turn begin[] = {
		SEND_CHALLENGE, CARD_SAYS("\x00\x00\x0a"), WAIT,
	};
	static const struct turn nothing[] = { READ("\x01\x01", ""), WAIT };
	static const struct turn end[] = {
		READ("\x01\x01", ""), WRITE("\x04", "\x00\x82\x00\x82"),
		CARD_SAYS("\x00\x00\x0a" RANDOM "\x92"),
		CARD_SAYS(""), ENDS(RANDOM),
	};
	struct world w;

	world_open(&w, &ifd_eutron);
	world_identify(&w, &eutron);
	PLAY(&w, opened);
	PLAY(&w, on);
	PLAY(&w, begin);
	for (int i = 0; i < 29; i++)
		PLAY(&w, nothing);
	PLAY(&w, end);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int
main(void)
{
	Suite *s = suite_create("eutron");
	TCase *t = tcase_create("eutron");

	tcase_add_loop_test(t, reset, 0, COUNT(resets));
	tcase_add_loop_test(t, talk, 0, COUNT(talks));
	tcase_add_test(t, silent);
	tcase_add_test(t, rest_missing);
	suite_add_tcase(s, t);
	return unit_run(s);
}
