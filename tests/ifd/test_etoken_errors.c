/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/etoken_talk.h"

/* The eToken when things go wrong, and the Starkey */

/* ---- 7: answers that are short, or lie about their length ---- */

/* When the card was asked to repeat itself, what it says twice is let pass. */
#define REPEATED							\
	R_EDC, CARD_SAYS(RANDOM_0), CARD_REFUSES, ENDS(RANDOM), { .kind = QUIET }

static const struct turn no_byte[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(""), REPEATED,
};
static const struct turn one_byte[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS("\x00"), REPEATED,
};
static const struct turn two_bytes[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS("\x00\x00"), REPEATED,
};
static const struct turn three_bytes[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS("\x00\x00\x0a"), REPEATED,
};
static const struct turn no_checksum[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0,
	CARD_SAYS("\x00\x00\x0a" RANDOM), REPEATED,
};
static const struct turn length_too_large[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0,
	CARD_SAYS("\x00\x00\x21" RANDOM "\xb9"), REPEATED,
};
static const struct turn length_of_254[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0,
	CARD_SAYS("\x00\x00\xfe" RANDOM "\x66"), REPEATED,
};
static const struct turn filled_up_with_zeros[] = {	/* is no lie */
	SENDS(GET_CHALLENGE), CHALLENGE_0,
	CARD_SAYS(RANDOM_0 "\x00\x00\x00"), ENDS(RANDOM),
};
/* A short answer is not completed from the one before. */
static const struct turn old_bytes[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(RANDOM_0), ENDS(RANDOM),
	SENDS(GET_CHALLENGE), CHALLENGE_1, CARD_SAYS("\x00\x40\x0a"),
	R_BLOCK("\x91"), CARD_SAYS(RANDOM_1), CARD_SAYS(""), ENDS(RANDOM),
};

START_TEST(trap_7_lengths_are_not_believed)
{
	static const struct row rows[] = {
		ROW(no_byte), ROW(one_byte), ROW(two_bytes), ROW(three_bytes),
		ROW(no_checksum), ROW(length_too_large), ROW(length_of_254),
		ROW(filled_up_with_zeros), ROW(old_bytes),
	};

	PLAY_ROWS(rows, true, 0);
}
END_TEST

/* ---- 8: after a stall or a time-out ---- */

static const struct turn stalled_once[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_REFUSES,
	R_OTHER, CARD_SAYS(RANDOM_0), CARD_REFUSES, ENDS(RANDOM),
	{ .kind = QUIET },
};

/* The token had it all the time, and says it twice. */
static const struct turn said_twice[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(""),
	R_EDC, CARD_SAYS(RANDOM_0), CARD_SAYS(RANDOM_0), CARD_SAYS(RANDOM_0),
	{ .kind = PASS, .arg = 200 }, { .kind = CANCELLED }, ENDS(RANDOM),
	SENDS(GET_CHALLENGE), CHALLENGE_1, CARD_SAYS(RANDOM_1), ENDS(RANDOM),
};

static const struct turn block_not_taken[] = {	/* the card asks for it */
	SENDS(GET_CHALLENGE),
	BLOCK_REFUSED("\x09", "\x00\x00\x05" GET_CHALLENGE "\x89"),
	R_OTHER, CARD_SAYS("\x00\x80\x00\x80"),
	CHALLENGE_0, CARD_SAYS(RANDOM_0), CARD_REFUSES, ENDS(RANDOM),
};

static const struct turn stale_answer[] = {
	SENDS(GET_CHALLENGE),
	CHALLENGE_0, SILENT_FOR(20000),
	R_OTHER, SILENT_FOR(4811), R_OTHER, SILENT_FOR(4811),
	R_OTHER, SILENT_FOR(4811),
	RESYNCH, CARD_SAYS(RANDOM_0),		/* so late */
	RESYNCH, CARD_SAYS(RESYNCHED),
	CARD_SAYS(RESYNCHED),			/* to the second one */
	CARD_SAYS(""), { .kind = PASS, .arg = 200 },
	{ .kind = PASS, .arg = 200 }, { .kind = CANCELLED },
	FAILS(ERR_TIMEOUT, "no answer in time" UNKNOWN), { .kind = QUIET },
	SENDS(GET_CHALLENGE),
	CHALLENGE_0, CARD_SAYS(RANDOM_0), ENDS(RANDOM),
};

/* Nothing helps: the next use is after a reset, which makes it well. */
static const struct turn lost_card[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_REFUSES,
	R_OTHER, CARD_REFUSES, R_OTHER, CARD_REFUSES, R_OTHER, CARD_REFUSES,
	RESYNCH, CARD_REFUSES, RESYNCH, CARD_REFUSES, RESYNCH, CARD_REFUSES,
	TELLS(THERE), FAILS(ERR_STALL,
	    "the reader refused the request" LOST_CARD), { .kind = QUIET },
	SENDS(GET_CHALLENGE),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
	ASKS(IFD_POWER_ON),
	TAKES("\x01"), GIVES("\x81", "\x23", "\x0d" ATR42), RITE,
	TELLS(ON_NOW), ENDS(ATR42),
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(RANDOM_0), ENDS(RANDOM),
};

START_TEST(trap_8_no_state_is_dead)
{
	static const struct row rows[] = {
		ROW(stalled_once), ROW(said_twice), ROW(block_not_taken), ROW(stale_answer),
		ROW(lost_card),
	};

	PLAY_ROWS(rows, true, 0);
}
END_TEST

/* ---- 9: three attempts, then a resynchronisation, and never a replay ---- */

static const struct turn chain_breaks[] = {	/* not the rest, nothing empty */
	SENDS(UPDATE),
	BLOCK("\x24", UPDATE_1), CARD_SAYS("\x00\x90\x00\x90"),
	BLOCK("\x24", UPDATE_2), CARD_REFUSES,
	R_OTHER, CARD_REFUSES, R_OTHER, CARD_REFUSES, R_OTHER, CARD_REFUSES,
	RESYNCH, CARD_SAYS(RESYNCHED), NOTHING_WAITS,
	FAILS(ERR_STALL, "the reader refused the request" UNKNOWN),
	{ .kind = QUIET },
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(RANDOM_0), ENDS(RANDOM),
};

static const struct turn answer_breaks[] = {	/* the command was consumed */
	SENDS(GET_CHALLENGE),
	CHALLENGE_0, CARD_SAYS(ANSWER_1),
	R_BLOCK("\x90"), CARD_SAYS("\x00\x60\x20"),
	R_BLOCK("\x91"), CARD_SAYS("\x00\x60\x20"),
	R_BLOCK("\x91"), CARD_SAYS("\x00\x60\x20"),
	R_BLOCK("\x91"), CARD_SAYS("\x00\x60\x20"),
	RESYNCH, CARD_SAYS(RESYNCHED), NOTHING_WAITS,
	FAILS(ERR_CARD, "the card broke the protocol" UNKNOWN),
	{ .kind = QUIET },
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(RANDOM_0), ENDS(RANDOM),
};

static const struct turn good_at_last[] = {	/* the third attempt */
	SENDS(GET_CHALLENGE),
	CHALLENGE_0, CARD_SAYS("\x00\x00\x0a" RANDOM "\x93"),
	R_EDC, CARD_SAYS("\x00\x00\x0a" RANDOM "\x93"),
	R_EDC, CARD_SAYS("\x00\x00\x0a" RANDOM "\x93"),
	R_EDC, CARD_SAYS(RANDOM_0), CARD_REFUSES, ENDS(RANDOM),
};

START_TEST(trap_9_a_command_is_not_replayed)
{
	static const struct row rows[] = {
		ROW(chain_breaks), ROW(answer_breaks), ROW(good_at_last),
	};

	PLAY_ROWS(rows, true, 0);
}
END_TEST

/* ---- 11: choosing the protocol again ---- */

static const struct turn protocols[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(RANDOM_0), ENDS(RANDOM),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T0),
	FAILS(ERR_PROTOCOL, "the card does not speak that protocol"),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T1), ENDS(""),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T0 | CHANNEL_T1), ENDS(""),
	SENDS(GET_CHALLENGE), CHALLENGE_1, CARD_SAYS(RANDOM_1), ENDS(RANDOM),
};

START_TEST(trap_11_set_protocol_keeps_the_count_of_blocks)
{
	static const struct row rows[] = { ROW(protocols) };

	PLAY_ROWS(rows, true, 0);
}
END_TEST

/* ---- 12: presence, power ---- */

static const struct turn presence[] = {
	ASKS(IFD_STATUS), ENDS(""),
	ASKS(IFD_POWER_OFF), TELLS(THERE), ENDS(""),	/* without a transfer */
	ASKS(IFD_STATUS), ENDS(""),
	SENDS(GET_CHALLENGE),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T1),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
	ASKS(IFD_POWER_ON, .more = 1),			/* warm is cold */
	TAKES("\x01"), GIVES("\x81", "\x23", "\x0d" ATR42), RITE,
	TELLS(ON_NOW), ENDS(ATR42),
	ASKS(IFD_CONTROL, .more = 1), FAILS(ERR_UNSUPPORTED, "not supported"),
	ASKS(IFD_TRANSMIT, .out = V("\x00\x84\x00")),
	FAILS(ERR_ARG, "an APDU has at least 4 bytes, this one has 3"),
};

START_TEST(trap_12_the_card_is_there_and_nothing_is_asked)
{
	static const struct row rows[] = { ROW(presence) };
	struct world w;

	PLAY_ROWS(rows, true, 0);
	token_world(&w, &ifd_etoken, &etoken, 0);
	ck_assert(engine_reader(w.engine)->info.always_present);
	ck_assert(!engine_reader(w.engine)->info.polls);
	ck_assert_uint_eq(engine_deadline_ms(w.engine), UINT64_MAX);
	world_close(&w);
}
END_TEST

/* ---- 13: unplugged ---- */

static const struct turn unplugged[] = {
	SENDS(GET_CHALLENGE), CHALLENGE_0,
	{ .kind = UNPLUG },
	FAILS(ERR_GONE, "reader unplugged"),
	{ .kind = LOST, .err = ERR_GONE, .in = V("reader unplugged") },
};

START_TEST(trap_13_unplugged_in_the_middle)
{
	static const struct row rows[] = { ROW(unplugged) };

	PLAY_ROWS(rows, true, 0);
}
END_TEST

/* ---- 14: either card in either token ---- */

static const struct turn atr_40[] = {
	ASKS(IFD_POWER_ON),
	TAKES("\x01"), GIVES("\x81", "\x23", "\x0c" ATR40), RITE,
	TELLS(ON_NOW), ENDS(ATR40),
	SENDS(UPDATE),
	BLOCK("\x24", UPDATE_1), CARD_SAYS("\x00\x90\x00\x90"),
	BLOCK("\x24", UPDATE_2), CARD_SAYS("\x00\x80\x00\x80"),
	BLOCK("\x24", UPDATE_3), CARD_SAYS("\x00\x90\x00\x90"),
	BLOCK("\x0d", UPDATE_4), CARD_SAYS("\x00\x00\x02\x90\x00\x92"),
	ENDS("\x90\x00"),
};

START_TEST(trap_14_the_atr_is_the_cards)
{
	static const struct row rows[] = { ROW(atr_40) };

	PLAY_ROWS(rows, false, 0);
}
END_TEST

/* ---- the Starkey: its ATR comes by itself ---- */

#define COMES(bytes) { .kind = IN, .n = 0x81, .in = V(bytes) }

static const struct turn atr_awaited[] = {
	ASKS(IFD_POWER_ON), COMES(ATR42), TELLS(ON_NOW), ENDS(ATR42),
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(RANDOM_0), ENDS(RANDOM),
	/* there is no reset: the card goes on, and so does T=1 */
	ASKS(IFD_POWER_OFF), TELLS(THERE), ENDS(""),
	ASKS(IFD_POWER_ON), TELLS(ON_NOW), ENDS(ATR42),
	SENDS(GET_CHALLENGE), CHALLENGE_1, CARD_SAYS(RANDOM_1), ENDS(RANDOM),
};

static const struct turn atr_came_before[] = {
	COMES(ATR42 "\x00\x00"),
	ASKS(IFD_POWER_ON), TELLS(ON_NOW), ENDS(ATR42),
	COMES("\x3b\xf2\x18"), COMES(""), COMES("nonsense"),
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(RANDOM_0), ENDS(RANDOM),
	COMES(ATR40),				/* the card was reset */
	TELLS(0), TELLS(THERE),
	ASKS(IFD_POWER_ON), TELLS(ON_NOW), ENDS(ATR40),
	SENDS(GET_CHALLENGE), CHALLENGE_0, CARD_SAYS(RANDOM_0), ENDS(RANDOM),
};

static const struct turn atr_never_comes[] = {
	ASKS(IFD_POWER_ON), { .kind = PASS, .arg = 20000 },
	TELLS(MUTE_NOW), FAILS(ERR_MUTE, "the token has not sent its ATR"),
	COMES(ATR42), TELLS(0), TELLS(THERE),	/* as if put in now */
	ASKS(IFD_POWER_ON), TELLS(ON_NOW), ENDS(ATR42),
};

START_TEST(starkey_sends_its_atr)
{
	static const struct row rows[] = {
		ROW(atr_awaited), ROW(atr_came_before), ROW(atr_never_comes),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		token_world(&w, &ifd_starkey, &starkey, 0);
		world_play(&w, rows[i].name, rows[i].turns, rows[i].n);
		world_is_quiet(&w);
		world_close(&w);
	}
}
END_TEST

/* ---- every answer cut at every length ---- */

START_TEST(answers_are_swept)
{
	static const uint8_t answer[] = RANDOM_0;

	for (size_t cut = 0; cut < sizeof(answer) - 1; cut++) {
		const struct turn turns[] = {
			SENDS(GET_CHALLENGE), CHALLENGE_0,
			{ .kind = CONTROL, .out = V(ASK_FOR("\x86", "\x25")),
			    .in = { answer, cut } },
			REPEATED,
		};
		struct world w;

		token_world(&w, &ifd_etoken, &etoken, 0);
		token_power(&w);
		world_play(&w, "cut", turns, sizeof(turns) / sizeof(turns[0]));
		world_is_quiet(&w);
		world_close(&w);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("etoken_errors");
	TCase *t = tcase_create("etoken_errors");

	tcase_add_test(t, trap_7_lengths_are_not_believed);
	tcase_add_test(t, trap_8_no_state_is_dead);
	tcase_add_test(t, trap_9_a_command_is_not_replayed);
	tcase_add_test(t, trap_11_set_protocol_keeps_the_count_of_blocks);
	tcase_add_test(t, trap_12_the_card_is_there_and_nothing_is_asked);
	tcase_add_test(t, trap_13_unplugged_in_the_middle);
	tcase_add_test(t, trap_14_the_atr_is_the_cards);
	tcase_add_test(t, starkey_sends_its_atr);
	tcase_add_test(t, answers_are_swept);
	suite_add_tcase(s, t);
	return unit_run(s);
}
