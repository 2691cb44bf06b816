/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tests/protocols/t1_talk.h"

enum { TURNS_MAX = 24 };

struct turn {
	const char *event, *answer;
};

struct talk {
	const char *name;
	struct turn turns[TURNS_MAX];
};

static const struct talk talks[] = {
	/* without errors */
	{ "I-blocks of both sides are numbered in turn", {
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" },
	    { "START 4", "I(1,0)" }, { "I(1,0)", "DONE 2" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "waiting time is extended by multiples of BWT", {
	    { "START 4", "I(0,0)" },
	    { "S(WTX request 3)", "S(WTX response 3) 300 ms" },
	    { "S(WTX request 1)", "S(WTX response 1)" },
	    { "S(WTX request 0)", "S(WTX response 0)" },
	    { "I(0,0)", "DONE 2" },
	    { "START 4", "I(1,0)" }, { "I(1,0)", "DONE 2" } } },
	{ "we announce IFSD", {
	    { "IFS 254", "S(IFS request 254)" },
	    { "S(IFS response 254)", "DONE 0" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "the card changes IFSC in a chain", {
	    { "START 12", "I(0,1)" }, { "R(1)", "I(1,1)" },
	    { "S(IFS request 2)", "S(IFS response 2)" },
	    { "R(0)", "I(0,1)" }, { "R(1)", "I(1,0)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "the card changes IFSC before its answer", {
	    { "START 4", "I(0,0)" },
	    { "S(IFS request 254)", "S(IFS response 254)" },
	    { "I(0,0)", "DONE 2" },
	    { "START 200", "I(1,0)" }, { "I(1,0)", "DONE 2" } } },
	{ "we chain", {
	    { "START 10", "I(0,1)" }, { "R(1)", "I(1,1)" },
	    { "R(0)", "I(0,0)" }, { "I(0,0)", "DONE 2" },
	    { "START 4", "I(1,0)" }, { "I(1,0)", "DONE 2" } } },
	{ "the card chains", {
	    { "START 4", "I(0,0)" }, { "I(0,1)", "R(1)" },
	    { "I(1,1)", "R(0)" }, { "I(0,0)", "DONE 6" },
	    { "START 4", "I(1,0)" }, { "I(1,0)", "DONE 2" } } },
	{ "both chain", {
	    { "START 8", "I(0,1)" }, { "R(1)", "I(1,0)" },
	    { "I(0,1)", "R(1)" }, { "I(1,0)", "DONE 4" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "waiting time is extended inside both chains", {
	    { "START 8", "I(0,1)" },
	    { "S(WTX request 2)", "S(WTX response 2) 200 ms" },
	    { "R(1)", "I(1,0)" },
	    { "S(WTX request 2)", "S(WTX response 2) 200 ms" },
	    { "I(0,1)", "R(1)" },
	    { "S(WTX request 9)", "S(WTX response 9) 900 ms" },
	    { "I(1,0)", "DONE 4" } } },
	{ "the card ends a chain with an empty block", {
	    { "START 4", "I(0,0)" }, { "I(0,1)", "R(1)" },
	    { "00 40 00 40", "DONE 2" } } },

	/* an I-block of ours is damaged or lost */
	{ "the card did not get our block", {
	    { "START 4", "I(0,0)" }, { "R(0)edc", "I(0,0)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "the card did not get our block, and its R-block is damaged", {
	    { "START 4", "I(0,0)" }, { "bad", "R(0)edc" },
	    { "R(0)edc", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "the card did not get our block nor the R-block", {
	    { "START 4", "I(0,0)" }, { "lost", "R(0)other" },
	    { "R(0)edc", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "a block in a chain of ours is damaged", {
	    { "START 10", "I(0,1)" }, { "R(1)", "I(1,1)" },
	    { "R(1)edc", "I(1,1)" }, { "R(0)", "I(0,0)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "an acknowledgement in a chain of ours is damaged", {
	    { "START 10", "I(0,1)" }, { "bad", "R(0)edc" },
	    { "R(1)", "I(1,1)" }, { "lost", "R(0)other" },
	    { "R(0)", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "the last block of a chain is damaged", {
	    { "START 8", "I(0,1)" }, { "R(1)", "I(1,0)" },
	    { "R(1)other", "I(1,0)" }, { "I(0,0)", "DONE 2" } } },

	/* an I-block of the card's is damaged or lost */
	{ "the answer is damaged", {
	    { "START 4", "I(0,0)" }, { "bad", "R(0)edc" },
	    { "I(0,0)", "DONE 2" },
	    { "START 4", "I(1,0)" }, { "I(1,0)", "DONE 2" } } },
	{ "the answer and our R-block are damaged", {
	    { "START 4", "I(0,0)" }, { "bad", "R(0)edc" },
	    { "R(1)edc", "R(0)other" }, { "I(0,0)", "DONE 2" } } },
	{ "a block in a chain of the card's is damaged", {
	    { "START 4", "I(0,0)" }, { "I(0,1)", "R(1)" },
	    { "bad", "R(1)edc" }, { "I(1,1)", "R(0)" },
	    { "lost", "R(0)other" }, { "I(0,0)", "DONE 6" } } },
	{ "our acknowledgement in a chain of the card's is damaged", {
	    { "START 4", "I(0,0)" }, { "I(0,1)", "R(1)" },
	    { "R(1)edc", "R(1)other" }, { "I(1,0)", "DONE 4" } } },
	{ "the card repeats a block that we have", {
	    { "START 4", "I(0,0)" }, { "I(0,1)", "R(1)" },
	    { "I(0,1)", "R(1)other" }, { "I(1,0)", "DONE 4" } } },
	{ "the last answer is still in the pipe", {
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" },
	    { "START 4", "I(1,0)" }, { "I(0,0)", "R(1)other" },
	    { "I(1,0)", "DONE 2" } } },

	/* supervisory blocks are damaged or lost */
	{ "the request for time is damaged", {
	    { "START 4", "I(0,0)" }, { "bad", "R(0)edc" },
	    { "S(WTX request 1)", "S(WTX response 1)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "our grant of time is damaged", {
	    { "START 4", "I(0,0)" },
	    { "S(WTX request 1)", "S(WTX response 1)" },
	    { "S(WTX request 1)", "S(WTX response 1)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "what follows our grant of time is damaged", {
	    { "START 4", "I(0,0)" },
	    { "S(WTX request 1)", "S(WTX response 1)" },
	    { "bad", "R(0)edc" }, { "I(0,0)", "DONE 2" } } },
	{ "our IFS request is damaged, and the response then", {
	    { "IFS 254", "S(IFS request 254)" },
	    { "R(0)edc", "S(IFS request 254)" },
	    { "bad", "S(IFS request 254)" },
	    { "S(IFS response 254)", "DONE 0" } } },
	{ "the card confirms another IFSD", {
	    { "IFS 254", "S(IFS request 254)" },
	    { "S(IFS response 32)", "S(IFS request 254)" },
	    { "S(IFS response 254)", "DONE 0" } } },
	{ "the card never confirms IFSD", {
	    { "IFS 254", "S(IFS request 254)" },
	    { "lost", "S(IFS request 254)" },
	    { "lost", "S(IFS request 254)" },
	    { "lost", "S(IFS request 254)" },
	    { "lost", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "FAIL TIMEOUT" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "the card's IFS request is damaged, our response then", {
	    { "START 4", "I(0,0)" }, { "bad", "R(0)edc" },
	    { "S(IFS request 8)", "S(IFS response 8)" },
	    { "S(IFS request 8)", "S(IFS response 8)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "the card asks for an impossible IFSC", {
	    { "START 4", "I(0,0)" },
	    { "S(IFS request 255)", "R(0)other" },
	    { "S(IFS request 0)", "R(0)other" },
	    { "I(0,0)", "DONE 2" },
	    { "START 5", "I(1,1)" } } },

	/* abortion of chains */
	{ "the card aborts our chain", {
	    { "START 10", "I(0,1)" }, { "R(1)", "I(1,1)" },
	    { "S(ABORT request)", "S(ABORT response)" },
	    { "R(0)", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" }, { "lost", "FAIL CARD" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "the card aborts our chain and says why", {
	    { "START 10", "I(0,1)" },
	    { "S(ABORT request)", "S(ABORT response)" },
	    { "I(0,0)", "DONE 2" },
	    { "START 4", "I(1,0)" }, { "I(1,0)", "DONE 2" } } },
	{ "the card aborts its own chain", {
	    { "START 4", "I(0,0)" }, { "I(0,1)", "R(1)" },
	    { "S(ABORT request)", "S(ABORT response)" },
	    { "R(1)", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" }, { "lost", "FAIL CARD" } } },
	{ "the card aborts its own chain and goes on", {
	    { "START 4", "I(0,0)" }, { "I(0,1)", "R(1)" },
	    { "S(ABORT request)", "S(ABORT response)" },
	    { "I(1,1)", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" }, { "lost", "FAIL CARD" } } },
	{ "our consent to an abort is damaged", {
	    { "START 10", "I(0,1)" },
	    { "S(ABORT request)", "S(ABORT response)" },
	    { "S(ABORT request)", "S(ABORT response)" },
	    { "bad", "R(0)edc" }, { "R(1)", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" }, { "lost", "FAIL CARD" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },

	/* resynchronisation */
	{ "three times in vain, then resynchronised and failed", {
	    { "START 4", "I(0,0)" }, { "bad", "R(0)edc" },
	    { "bad", "R(0)edc" }, { "bad", "R(0)edc" },
	    { "bad", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "FAIL CARD" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "the second request to resynchronise is heard", {
	    { "START 4", "I(0,0)" }, { "lost", "R(0)other" },
	    { "lost", "R(0)other" }, { "lost", "R(0)other" },
	    { "lost", "S(RESYNCH request)" },
	    { "bad", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "FAIL TIMEOUT" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "a card that stays silent is asked again before the next command", {
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" },
	    { "START 4", "I(1,0)" }, { "lost", "R(1)other" },
	    { "lost", "R(1)other" }, { "lost", "R(1)other" },
	    { "lost", "S(RESYNCH request)" },
	    { "lost", "S(RESYNCH request)" },
	    { "lost", "S(RESYNCH request)" },
	    { "lost", "FAIL TIMEOUT" },
	    { "START 4", "S(RESYNCH request)" },
	    { "I(1,0)", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "I(0,0)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "a lost card fails the next command in three requests", {
	    { "START 4", "I(0,0)" }, { "GONE", "FAIL GONE" },
	    { "START 4", "S(RESYNCH request)" },
	    { "lost", "S(RESYNCH request)" },
	    { "lost", "S(RESYNCH request)" },
	    { "lost", "FAIL TIMEOUT" },
	    { "IFS 64", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "S(IFS request 64)" },
	    { "S(IFS response 64)", "DONE 0" } } },
	{ "IFSC falls back with a resynchronisation, but never rises", {
	    { "START 4", "I(0,0)" },
	    { "S(IFS request 8)", "S(IFS response 8)" },
	    { "I(0,0)", "DONE 2" },
	    { "START 8", "I(1,0)" }, { "CANCELLED", "FAIL CANCELLED" },
	    { "START 5", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" }, { "lost", "I(0,1)" },
	    { "S(IFS request 1)", "S(IFS response 1)" },
	    { "R(1)", "I(1,0)" }, { "CANCELLED", "FAIL CANCELLED" },
	    { "START 2", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" }, { "lost", "I(0,1)" } } },
	{ "a card reset needs no resynchronisation", {
	    { "START 4", "I(0,0)" }, { "GONE", "FAIL GONE" },
	    { "RESET", "" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "the card may not ask to resynchronise", {
	    { "START 4", "I(0,0)" },
	    { "S(RESYNCH request)", "R(0)other" },
	    { "I(0,0)", "DONE 2" } } },
	{ "a new command gives up one under way", {
	    { "START 4", "I(0,0)" },
	    { "START 4", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "I(0,0)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "errors far apart do not add up", {
	    { "START 4", "I(0,0)" },
	    { "bad", "R(0)edc" }, { "bad", "R(0)edc" },
	    { "I(0,1)", "R(1)" },
	    { "bad", "R(1)edc" }, { "bad", "R(1)edc" },
	    { "I(1,1)", "R(0)" },
	    { "bad", "R(0)edc" }, { "bad", "R(0)edc" },
	    { "I(0,0)", "DONE 6" } } },

	/* what OpenCT's T=1 did wrong */
	{ "openct 1: a tail is never sent alone after a resynch", {
	    { "START 10", "I(0,1)" }, { "R(1)", "I(1,1)" },
	    { "bad", "R(0)edc" }, { "bad", "R(0)edc" },
	    { "bad", "R(0)edc" }, { "bad", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "FAIL CARD" } } },
	{ "openct 2: no empty I-block after a bad answer", {
	    { "START 4", "I(0,0)" }, { "bad", "R(0)edc" },
	    { "bad", "R(0)edc" }, { "bad", "R(0)edc" },
	    { "bad", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "FAIL CARD" } } },
	{ "openct 3: an R-block with an error repeats the last block", {
	    { "START 8", "I(0,1)" }, { "R(0)edc", "I(0,1)" },
	    { "R(0)other", "I(0,1)" }, { "R(1)", "I(1,0)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "openct 4: a stalled transfer is recovered from", {
	    { "START 4", "I(0,0)" }, { "STALL", "R(0)other" },
	    { "I(0,0)", "DONE 2" },
	    { "START 4", "I(1,0)" }, { "I(1,0)", "DONE 2" } } },
	{ "openct 5a: wrong N(S) for ever ends", {
	    { "START 4", "I(0,0)" }, { "I(1,0)", "R(0)other" },
	    { "I(1,0)", "R(0)other" }, { "I(1,0)", "R(0)other" },
	    { "I(1,0)", "S(RESYNCH request)" },
	    { "I(1,0)", "S(RESYNCH request)" },
	    { "I(1,0)", "S(RESYNCH request)" },
	    { "I(1,0)", "FAIL CARD" } } },
	{ "openct 5b: R-blocks for ever end", {
	    { "START 4", "I(0,0)" }, { "R(0)", "I(0,0)" },
	    { "R(0)", "I(0,0)" }, { "R(0)", "I(0,0)" },
	    { "R(0)", "S(RESYNCH request)" },
	    { "R(0)", "S(RESYNCH request)" },
	    { "R(0)", "S(RESYNCH request)" },
	    { "R(0)", "FAIL CARD" } } },
	{ "openct 6: NAD, LEN 255, R with data, reserved bits, IFS 255", {
	    { "START 4", "I(0,0)" },
	    { "12 00 02 90 00 80", "R(0)other" },
	    { "S(WTX request 1)", "S(WTX response 1)" },
	    { "00 00 ff 00", "R(0)other" },
	    { "S(WTX request 1)", "S(WTX response 1)" },
	    { "00 80 01 aa 2b", "R(0)other" },
	    { "S(WTX request 1)", "S(WTX response 1)" },
	    { "00 01 02 90 00 93", "R(0)other" },
	    { "S(IFS request 255)", "R(0)other" },
	    { "I(0,0)", "DONE 2" } } },
	{ "traps 7: nothing came, or less than a block", {
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" },
	    { "START 4", "I(1,0)" }, { "", "R(1)edc" },
	    { "00", "R(1)edc" }, { "00 40 02", "R(1)edc" },
	    { "I(1,0)", "DONE 2" } } },
	{ "traps 8: a stale answer after a stall", {
	    { "START 4", "I(0,0)" }, { "STALL", "R(0)other" },
	    { "STALL", "R(0)other" }, { "STALL", "R(0)other" },
	    { "STALL", "S(RESYNCH request)" },
	    { "I(0,0)", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "STALL", "FAIL STALL" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "late answers are never taken for those of the next command", {
	    { "START 4", "I(0,0)" }, { "GONE", "FAIL GONE" },
	    { "START 4", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "I(0,0)", "WAIT" }, { "bad", "WAIT" }, { "R(1)", "WAIT" },
	    { "lost", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },

	/* other ways for a card to be wrong */
	{ "an answer before the whole command was sent", {
	    { "START 8", "I(0,1)" }, { "I(0,0)", "R(0)other" },
	    { "R(1)", "I(1,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "the card has all, and says so instead of answering", {
	    { "START 4", "I(0,0)" }, { "R(1)", "R(0)other" },
	    { "R(1)", "R(0)other" }, { "R(1)", "R(0)other" },
	    { "R(1)", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "FAIL CARD" } } },
	{ "an answer without a status word", {
	    { "START 4", "I(0,0)" }, { "00 00 01 90 91", "FAIL CARD" },
	    { "START 4", "I(1,0)" }, { "I(1,0)", "DONE 2" } } },
	{ "more than the buffer holds", {
	    { "START 4", "I(0,0)" }, { "I(0,1)", "R(1)" },
	    { "I(1,1)", "R(0)" }, { "I(0,1)", "R(1)" },
	    { "I(1,1)", "R(0)" }, { "I(0,0)", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "FAIL TOO_LONG" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
	{ "the reader goes, the card goes, the command is cancelled", {
	    { "START 4", "I(0,0)" }, { "REMOVED", "FAIL REMOVED" },
	    { "RESET", "" },
	    { "START 4", "I(0,0)" }, { "CANCELLED", "FAIL CANCELLED" },
	    { "START 4", "S(RESYNCH request)" },
	    { "S(RESYNCH response)", "WAIT" },
	    { "lost", "I(0,0)" },
	    { "I(0,0)", "DONE 2" } } },
	{ "nothing was asked", {
	    { "I(0,0)", "FAIL ARG" }, { "lost", "FAIL ARG" },
	    { "START 0", "FAIL ARG" }, { "START 65545", "FAIL TOO_LONG" },
	    { "IFS 0", "FAIL ARG" }, { "IFS 255", "FAIL ARG" },
	    { "START 4", "I(0,0)" }, { "I(0,0)", "DONE 2" } } },
};

START_TEST(talk_goes_as_written)
{
	const struct talk *talk = &talks[_i];
	uint8_t rsp[9];		/* four blocks of two bytes and a half */
	struct t1 t;

	ck_assert_int_eq(t1_init(&t, &talk_params, rsp, sizeof(rsp)), ERR_OK);
	for (size_t i = 0; i < TURNS_MAX && talk->turns[i].event != NULL; i++) {
		const struct turn *turn = &talk->turns[i];
		char got[64] = "?";

		if (strcmp(turn->event, "RESET") == 0) {
			t1_reset(&t);
			continue;
		}
		talk_render(got, sizeof(got), talk_event(&t, turn->event));
		if (strcmp(got, turn->answer) != 0)
			ck_abort_msg("%s: turn %zu, %s: got %s, not %s",
			    talk->name, i, turn->event, got, turn->answer);
	}
}
END_TEST

/* What a card repeats for ever ends, and how soon. */
static const struct {
	const char *event;
	unsigned most;		/* events */
	enum err err;
} storms[] = {
	{ "S(WTX request 1)", T1_IDLE_MAX + 4, ERR_CARD },
	{ "S(WTX request 255)", 2000, ERR_TIMEOUT },
	{ "S(IFS request 32)", T1_IDLE_MAX + 4, ERR_CARD },
	{ "S(ABORT request)", T1_IDLE_MAX + 4, ERR_CARD },
	{ "S(RESYNCH request)", 8, ERR_CARD },
	{ "S(RESYNCH response)", T1_STALE_MAX + 8, ERR_CARD },
	{ "S(IFS response 32)", 8, ERR_CARD },
	{ "I(1,0)", 8, ERR_CARD },
	{ "R(0)", 8, ERR_CARD },
	{ "R(1)", 8, ERR_CARD },
	{ "bad", 8, ERR_CARD },
	{ "", 8, ERR_CARD },
	{ "lost", 8, ERR_TIMEOUT },
	{ "STALL", 8, ERR_STALL },
};

START_TEST(storms_end)
{
	uint8_t rsp[64];
	struct t1 t;
	struct step s;
	unsigned n = 0;

	ck_assert_int_eq(t1_init(&t, &talk_params, rsp, sizeof(rsp)), ERR_OK);
	for (s = talk_event(&t, "START 4"); s.kind != STEP_FAIL; n++)
		s = talk_event(&t, storms[_i].event);
	ck_assert_uint_le(n, storms[_i].most);
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, storms[_i].err);
}
END_TEST

/* Zero-length blocks of a chain carry nothing, whatever their numbers say. */
START_TEST(empty_chained_blocks_end)
{
	uint8_t rsp[64];
	struct t1 t;
	struct step s;
	unsigned n = 0;

	ck_assert_int_eq(t1_init(&t, &talk_params, rsp, sizeof(rsp)), ERR_OK);
	s = talk_event(&t, "START 4");
	while (s.kind == STEP_SEND && s.out.p[1] != 0xc0)
		s = talk_event(&t, n++ % 2 == 0 ? "00 20 00 20" :
		    "00 60 00 60");
	ck_assert_uint_eq(n, T1_IDLE_MAX + 1);
	talk_event(&t, "S(RESYNCH response)");
	s = talk_event(&t, "lost");
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_CARD);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("t1_talks");
	TCase *t = tcase_create("t1_talks");

	tcase_add_loop_test(t, talk_goes_as_written, 0,
	    (int)(sizeof(talks) / sizeof(talks[0])));
	tcase_add_loop_test(t, storms_end, 0,
	    (int)(sizeof(storms) / sizeof(storms[0])));
	tcase_add_test(t, empty_chained_blocks_end);
	suite_add_tcase(s, t);
	return unit_run(s);
}
