/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/etoken_talk.h"

/* The eToken as it ought to be: vectors, reset, times, blocks */

/* ---- the vectors ---- */

static const struct turn select_mf[] = {
	SENDS("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	BLOCK("\x0c", "\x00\x00\x08\x00\xa4\x00\x00\x02\x3f\x00\x00\x91"),
	CARD_SAYS("\x00\x00\x02\x90\x00\x92"),
	ENDS("\x90\x00"), { .kind = QUIET },
};

static const struct turn update_105_bytes[] = {
	SENDS(UPDATE),
	BLOCK("\x24", UPDATE_1), CARD_SAYS("\x00\x90\x00\x90"),
	BLOCK("\x24", UPDATE_2), CARD_SAYS("\x00\x80\x00\x80"),
	BLOCK("\x24", UPDATE_3), CARD_SAYS("\x00\x90\x00\x90"),
	BLOCK("\x0d", UPDATE_4), CARD_SAYS("\x00\x00\x02\x90\x00\x92"),
	ENDS("\x90\x00"), { .kind = QUIET },
};

/* The next command starts with the N(S) that follows. */
static const struct turn answer_of_102_bytes[] = {
	SENDS(GET_CHALLENGE),
	CHALLENGE_0, CARD_SAYS(ANSWER_1),
	R_BLOCK("\x90"), CARD_SAYS(ANSWER_2),
	R_BLOCK("\x80"), CARD_SAYS(ANSWER_3),
	R_BLOCK("\x90"), CARD_SAYS(ANSWER_4),
	ENDS(ANSWER), { .kind = QUIET },
	SENDS(GET_CHALLENGE),
	CHALLENGE_1, CARD_SAYS(RANDOM_0),
	ENDS(RANDOM),
};

START_TEST(vectors)
{
	static const struct row rows[] = {
		ROW(select_mf), ROW(update_105_bytes), ROW(answer_of_102_bytes),
	};

	PLAY_ROWS(rows, true, 0);
}
END_TEST

/* ---- 1: the length asked for is the longest block and one byte ---- */

static const struct turn larger_blocks[] = {	/* 259 once S(IFS) was taken */
	ASKS(IFD_POWER_ON),
	TAKES("\x01"), GIVES("\x81", "\x23", "\x0d" ATR42), RITE,
	BLOCK("\x05", "\x00\xc1\x01\xfe\x3e"),
	CARD_SAYS("\x00\xe1\x01\xfe\x1e"),
	TELLS(ON_NOW), ENDS(ATR42),
	SENDS(UPDATE),
	BLOCK("\x6d", UPDATE_WHOLE),
	{ .kind = CONTROL, .out = V("\xc0\x86\x00\x00\x00\x00\x03\x01"),
	    .in = V(ANSWER_WHOLE) },
	ENDS(ANSWER),
};

static const struct turn larger_blocks_refused[] = {	/* back to 32 and 37 */
	ASKS(IFD_POWER_ON),
	TAKES("\x01"), GIVES("\x81", "\x23", "\x0d" ATR42), RITE,
	BLOCK("\x05", "\x00\xc1\x01\xfe\x3e"), CARD_REFUSES,
	BLOCK("\x05", "\x00\xc1\x01\xfe\x3e"), CARD_REFUSES,
	BLOCK("\x05", "\x00\xc1\x01\xfe\x3e"), CARD_REFUSES,
	BLOCK("\x05", "\x00\xc1\x01\xfe\x3e"), CARD_REFUSES,
	RESYNCH, CARD_SAYS(RESYNCHED), NOTHING_WAITS,
	TELLS(ON_NOW), ENDS(ATR42),
	SENDS(UPDATE),
	BLOCK("\x24", UPDATE_1), CARD_SAYS("\x00\x90\x00\x90"),
	BLOCK("\x24", UPDATE_2), CARD_SAYS("\x00\x80\x00\x80"),
	BLOCK("\x24", UPDATE_3), CARD_SAYS("\x00\x90\x00\x90"),
	BLOCK("\x0d", UPDATE_4), CARD_SAYS("\x00\x00\x02\x90\x00\x92"),
	ENDS("\x90\x00"),
};

START_TEST(trap_1_receive_length_follows_ifsd)
{
	static const struct row usual[] = { ROW(select_mf) };
	static const struct row large[] = {
		ROW(larger_blocks), ROW(larger_blocks_refused),
	};

	PLAY_ROWS(usual, true, 0);
	PLAY_ROWS(large, false, 254);
}
END_TEST

/* ---- 2: the ATR comes behind its length ---- */

#define ATR_TRIED(bytes)						\
	TAKES("\x01"), GIVES("\x81", "\x23", bytes), RITE

static const struct turn atr_cut[] = {
	ASKS(IFD_POWER_ON),
	ATR_TRIED("\x0e" ATR42),
	TELLS(MUTE_NOW),
	FAILS(ERR_CARD, "an ATR of 14 bytes was announced in an answer of 14"),
};

static const struct turn atr_of_255_bytes[] = {
	ASKS(IFD_POWER_ON),
	ATR_TRIED("\xff" ATR42),
	TELLS(MUTE_NOW),
	FAILS(ERR_CARD, "an ATR of 255 bytes was announced in an answer of 14"),
};

static const struct turn atr_of_no_bytes[] = {
	ASKS(IFD_POWER_ON),
	ATR_TRIED("\x00" ATR42),
	TELLS(MUTE_NOW),
	FAILS(ERR_CARD, "an ATR of 0 bytes was announced in an answer of 14"),
};

static const struct turn atr_of_34_bytes[] = {
	ASKS(IFD_POWER_ON),
	ATR_TRIED("\x22" "1234567890123456789012345678901234"),
	TELLS(MUTE_NOW),
	FAILS(ERR_CARD, "the ATR makes no sense: its first byte is neither 3b "
	    "nor 3f"),
};

static const struct turn atr_then_garbage[] = {	/* is not part of it */
	ASKS(IFD_POWER_ON),
	ATR_TRIED("\x0d" ATR42 "garbage"),
	TELLS(ON_NOW), ENDS(ATR42),
};

static const struct turn atr_not_sent[] = {	/* once more, then it is bad */
	ASKS(IFD_POWER_ON),
	TAKES("\x01"), GIVES("\x81", "\x23", ""),
	{ .kind = PASS, .arg = 100 },
	TAKES("\x01"), GIVES("\x81", "\x23", ""),
	TELLS(MUTE_NOW),
	FAILS(ERR_READER, "the token did not take transfer 2 of the 6 of its "
	    "reset: an answer of another kind"),
};

static const struct turn atr_without_t1[] = {
	ASKS(IFD_POWER_ON),
	ATR_TRIED("\x03\x3b\x80\x00"),
	TELLS(MUTE_NOW),
	FAILS(ERR_PROTOCOL, "the card does not begin with T=1, and the token "
	    "can carry nothing else"),
};

START_TEST(trap_2_atr_has_a_length_in_front)
{
	static const struct row rows[] = {
		ROW(atr_cut), ROW(atr_of_255_bytes), ROW(atr_of_no_bytes),
		ROW(atr_of_34_bytes), ROW(atr_then_garbage), ROW(atr_not_sent),
		ROW(atr_without_t1),
	};

	PLAY_ROWS(rows, false, 0);
}
END_TEST

/* ---- 3: the rite after the ATR ---- */

#define UP_TO_83 TAKES("\x01"), GIVES("\x81", "\x23", "\x0d" ATR42), TAKES("\x03")

static const struct turn twelve_bytes[] = {
	ASKS(IFD_POWER_ON),
	UP_TO_83, GIVES("\x83", "\x0d", "twelve bytes"),
	{ .kind = PASS, .arg = 100 },
	UP_TO_83, GIVES("\x83", "\x0d", "twelve bytes"),
	TELLS(MUTE_NOW),
	FAILS(ERR_READER, "the token did not take transfer 4 of the 6 of its "
	    "reset: an answer of another kind"),
	SENDS(GET_CHALLENGE),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
};

static const struct turn not_well[] = {		/* its last byte is 00 */
	ASKS(IFD_POWER_ON),
	UP_TO_83, GIVES("\x83", "\x0d", THIRTEEN),
	{ .kind = CONTROL, .out = V(TELL("\x02", "\x06", SETTINGS)) },
	GIVES("\x82", "\x01", "\x01"),
	{ .kind = PASS, .arg = 100 },
	UP_TO_83, GIVES("\x83", "\x0d", THIRTEEN),
	{ .kind = CONTROL, .out = V(TELL("\x02", "\x06", SETTINGS)) },
	GIVES("\x82", "\x01", "\x00"),
	TELLS(ON_NOW), ENDS(ATR42),
};

static const struct turn rite_stalled[] = {
	ASKS(IFD_POWER_ON),
	UP_TO_83, REFUSES("\x83", "\x0d"),
	{ .kind = PASS, .arg = 100 },
	UP_TO_83, REFUSES("\x83", "\x0d"),
	TELLS(MUTE_NOW),
	FAILS(ERR_STALL, "the token did not take transfer 4 of the 6 of its "
	    "reset: the reader refused the request"),
};

static const struct turn rite_of_64k[] = {
	ASKS(IFD_POWER_ON),
	TAKES("\x01"), GIVES("\x81", "\x23", "\x0d" ATR42),
	TAKES("\x08"), GIVES("\x88", "\x02", "ab"),
	TAKES("\x03"), GIVES("\x83", "\x01", "\x00"),
	TELLS(ON_NOW), ENDS(ATR42),
};

START_TEST(trap_3_the_rite_is_whole_and_of_its_family)
{
	static const struct row rows[] = {
		ROW(twelve_bytes), ROW(not_well), ROW(rite_stalled),
	};
	struct world w;

	PLAY_ROWS(rows, false, 0);
	token_world(&w, &ifd_etoken64, &etoken64, 0);
	PLAY(&w, rite_of_64k);
	PLAY(&w, select_mf);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* ---- 4: these requests and no others ---- */

#define GET(value, index, length) "\x80\x06" value index length

static const struct turn whole_talk[] = {
	{ .kind = CONTROL, .out = V(GET("\x00\x01", "\x00\x00", "\x12\x00")),
	    .in = V(DEVICE("\x29\x05", "\x14\x05")) },
	{ .kind = CONTROL, .out = V(GET("\x00\x02", "\x00\x00", "\x09\x00")),
	    .in = V("\x09\x02\x12\x00\x01\x01\x00\x80\x32") },
	{ .kind = CONTROL, .out = V(GET("\x00\x02", "\x00\x00", "\x12\x00")),
	    .in = V(CONFIG) },
	{ .kind = READY }, TELLS(THERE), { .kind = QUIET },
	ASKS(IFD_POWER_ON),
	{ .kind = CONTROL, .out = V("\x40\x01\x00\x00\x00\x00\x00\x00") },
	{ .kind = CONTROL, .out = V("\xc0\x81\x00\x00\x00\x00\x23\x00"),
	    .in = V("\x0d" ATR42) },
	{ .kind = CONTROL, .out = V("\x40\x03\x00\x00\x00\x00\x00\x00") },
	{ .kind = CONTROL, .out = V("\xc0\x83\x00\x00\x00\x00\x0d\x00"),
	    .in = V(THIRTEEN) },
	{ .kind = CONTROL, .out = V("\x40\x02\x00\x00\x00\x00\x06\x00"
	    "\x00\x00\x01\x00\x88\x13") },
	{ .kind = CONTROL, .out = V("\xc0\x82\x00\x00\x00\x00\x01\x00"),
	    .in = V("\x00") },
	TELLS(ON_NOW), ENDS(ATR42),
	SENDS("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	{ .kind = CONTROL, .out = V("\x40\x06\x00\x00\x00\x00\x0c\x00"
	    "\x00\x00\x08\x00\xa4\x00\x00\x02\x3f\x00\x00\x91") },
	{ .kind = CONTROL, .out = V("\xc0\x86\x00\x00\x00\x00\x25\x00"),
	    .in = V("\x00\x00\x02\x90\x00\x92") },
	ENDS("\x90\x00"), { .kind = QUIET },
};

START_TEST(trap_4_every_transfer_from_plug_to_answer)
{
	struct world w;

	world_open(&w, &ifd_etoken);
	PLAY(&w, whole_talk);
	ck_assert_uint_eq(engine_reader(w.engine)->bulk_out, 0);
	ck_assert_uint_eq(engine_reader(w.engine)->interrupt, 0);
	ck_assert_uint_eq(engine_reader(w.engine)->interface.number, 0);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* ---- 5: times ---- */

static const struct turn atr_late[] = {		/* 1 s each */
	ASKS(IFD_POWER_ON),
	SILENT_FOR(1000),
	TELLS(MUTE_NOW),
	FAILS(ERR_TIMEOUT, "the token did not take transfer 1 of the 6 of its "
	    "reset: no answer in time"),
	ASKS(IFD_POWER_ON),
	TAKES("\x01"),
	SILENT_FOR(1000),
	FAILS(ERR_TIMEOUT, "the token did not take transfer 2 of the 6 of its "
	    "reset: no answer in time"),
	ASKS(IFD_POWER_ON),			/* 10 s for the others */
	TAKES("\x01"), GIVES("\x81", "\x23", "\x0d" ATR42),
	SILENT_FOR(10000),
	FAILS(ERR_TIMEOUT, "the token did not take transfer 3 of the 6 of its "
	    "reset: no answer in time"),
	{ .kind = LOST, .err = ERR_READER, .in = V("several requests") },
};

static const struct turn key_generation[] = {	/* 60 s of it and more */
	SENDS(GET_CHALLENGE),
	CHALLENGE_0,
	CARD_SAYS("\x00\xc3\x01\x01\xc3"),
	BLOCK("\x05", "\x00\xe3\x01\x01\xe3"),
	CARD_SAYS("\x00\xc3\x01\x0a\xc8"),	/* ten times BWT: 48 s */
	BLOCK("\x05", "\x00\xe3\x01\x0a\xe8"),
	SILENT_FOR(10 * 4811),
	R_OTHER, CARD_SAYS("\x00\xc3\x01\xff\x3d"),
	BLOCK("\x05", "\x00\xe3\x01\xff\x1d"),
	CARD_SAYS(RANDOM_0), CARD_REFUSES,
	ENDS(RANDOM), { .kind = QUIET },
};

/* 20 s for the answer to a command, BWT and a second where the card has nothing
   to do; a token that takes no block has no second chance. */
static const struct turn hanging[] = {
	SENDS(GET_CHALLENGE),
	CHALLENGE_0, SILENT_FOR(20000),
	R_OTHER, SILENT_FOR(4811),
	SILENT_FOR(10000),
	TELLS(THERE), FAILS(ERR_TIMEOUT, "no answer in time" LOST_CARD),
	{ .kind = QUIET },
};

START_TEST(trap_5_times)
{
	static const struct row rows[] = {
		ROW(key_generation), ROW(hanging),
	};

	PLAY_ROWS(rows, true, 0);
}
END_TEST

START_TEST(trap_4_not_even_then_is_the_bus_reset)
{
	struct world w;

	token_world(&w, &ifd_etoken, &etoken, 0);
	PLAY(&w, atr_late);
	ck_assert(w.lost && !w.usb->reset_on_close);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* ---- 6: TA3 says 254, blocks are of 32 all the same ---- */

static const struct turn card_asks_for_more[] = {	/* its right: S(IFS) */
	SENDS(GET_CHALLENGE),
	CHALLENGE_0, CARD_SAYS("\x00\xc1\x01\x40\x80"),
	BLOCK("\x05", "\x00\xe1\x01\x40\xa0"), CARD_SAYS(RANDOM_0),
	ENDS(RANDOM),
};

START_TEST(trap_6_blocks_of_32_without_being_told)
{
	static const struct row rows[] = {
		ROW(update_105_bytes), ROW(card_asks_for_more),
	};

	PLAY_ROWS(rows, true, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("etoken");
	TCase *t = tcase_create("etoken");

	tcase_add_test(t, vectors);
	tcase_add_test(t, trap_1_receive_length_follows_ifsd);
	tcase_add_test(t, trap_2_atr_has_a_length_in_front);
	tcase_add_test(t, trap_3_the_rite_is_whole_and_of_its_family);
	tcase_add_test(t, trap_4_every_transfer_from_plug_to_answer);
	tcase_add_test(t, trap_5_times);
	tcase_add_test(t, trap_4_not_even_then_is_the_bus_reset);
	tcase_add_test(t, trap_6_blocks_of_32_without_being_told);
	suite_add_tcase(s, t);
	return unit_run(s);
}
