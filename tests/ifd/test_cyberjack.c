/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/old_rows.h"

/* The cyberJack's driver in the engine, transfer by transfer. */

static const struct device jack = {
	.device = V("\x12\x01\x10\x01\0\0\0\x08\x4b\x0c\0\x01\0\x01\0\0\0\x01"),
	.config = V("\x09\x02\x20\0\x01\x01\0\x80\x32"
	    "\x09\x04\0\0\x02\xff\0\0\0"
	    "\x07\x05\x02\x02\x40\0\0" "\x07\x05\x82\x02\x40\0\0"),
};

#define J_OUT(n, block) SENDS(0x02, "\0" n "\0" block)
#define J_IN(n, block) GIVES(0x82, "\0" n "\0" block)
#define RESYNCH J_OUT("\x04", "\xe2\xc0\0\x22")
#define RESYNCHED J_IN("\x04", "\x2e\xe0\0\xce")

/* I-blocks with their sequence number; the check byte is the caller's */
#define STATUS(pcb, check)						\
	J_OUT("\x09", "\x12" pcb "\x05\x20\x13\0\x80\0" check)
#define CARD_IN(pcb, check)						\
	J_IN("\x09", "\x21" pcb "\x05\x80\x01\x03\x90\0" check)
#define CARD_OUT(pcb, check)						\
	J_IN("\x09", "\x21" pcb "\x05\x80\x01\0\x90\0" check)
#define REQUEST_ICC(pcb, check)						\
	J_OUT("\x0b", "\x12" pcb "\x07\x20\x12\x01\x01\x01\x14\0" check)
#define RESET_ICC(pcb, check)						\
	J_OUT("\x09", "\x12" pcb "\x05\x20\x11\x01\x01\0" check)
#define CHALLENGE(pcb, check)						\
	J_OUT("\x09", "\x02" pcb "\x05\0\x84\0\0\x08" check)
#define ANSWER(pcb, check)						\
	J_IN("\x08", "\x20" pcb "\x04ok\x90\0" check)
#define ASKS_CHALLENGE APDU("\0\x84\0\0\x08")

static const struct turn opened[] = {
	J_OUT("\x04", "\xe2\xc1\0\x23"),	/* nothing comes of it */
	PASSES(100),
	RESYNCH,
	RESYNCHED,
	J_OUT("\x08", "\x12\0\x04\x20\x11\0\0\x27"),
	J_IN("\x06", "\x21\0\x02\x90\0\xb3"),
	RESYNCH,
	RESYNCHED,
	STATUS("\0", "\xa4"),
	CARD_IN("\0", "\x36"),
	{ .kind = READY }, TELLS(THERE), { .kind = QUIET },
};

static const struct turn opened_with_strays[] = {
	J_OUT("\x04", "\xe2\xc1\0\x23"),
	J_IN("\x04", "\x2e\xe1\0\xcf"),		/* an answer after all */
	RESYNCH,
	J_IN("\x04", "\x21\xe5\0\xc4"),		/* a card came */
	J_OUT("\x04", "\x12\xd5\0\xc7"),
	J_IN("\x06", "\x21\0\x02\x90\0\xb3"),	/* of another day */
	RESYNCHED,
	J_OUT("\x08", "\x12\0\x04\x20\x11\0\0\x27"),
	J_IN("\x06", "\x21\0\x02\x90\0\xb3"),
	RESYNCH,
	RESYNCHED,
	STATUS("\0", "\xa4"),
	CARD_OUT("\0", "\x35"),
	{ .kind = READY }, TELLS(NO_CARD), { .kind = QUIET },
	APDU("\0\x84\0\0\x08"),
	FAILS(ERR_NO_CARD, "no card in the reader"),
};

static const struct turn not_opened[] = {	/* RESET CT is refused */
	J_OUT("\x04", "\xe2\xc1\0\x23"),
	PASSES(100),
	RESYNCH,
	RESYNCHED,
	J_OUT("\x08", "\x12\0\x04\x20\x11\0\0\x27"),
	J_IN("\x06", "\x21\0\x02\x64\0\x47"),
	{ .kind = LOST, .err = ERR_READER, .in = V("the reader reported a "
	    "failure: the terminal says 6400") },
};

static const struct turn no_answer[] = {
	J_OUT("\x04", "\xe2\xc1\0\x23"),
	PASSES(100),
	RESYNCH,
	PASSES(8000),
	{ .kind = LOST, .err = ERR_TIMEOUT, .in = V("no answer in time") },
};

static const struct turn powered[] = {
	ASKS(IFD_POWER_ON),
	STATUS("\x40", "\xe4"),
	CARD_IN("\x40", "\x76"),
	REQUEST_ICC("\0", "\x32"),
	J_IN("\x0a", "\x21\0\x06\x3b\x80\x01\x81\x90\x01\x8d"),
	TELLS(ON_NOW),
	ENDS("\x3b\x80\x01\x81"),
	{ .kind = QUIET },
};

static const struct turn active_already[] = {	/* so it is reset */
	ASKS(IFD_POWER_ON),
	STATUS("\x40", "\xe4"),
	CARD_IN("\x40", "\x76"),
	REQUEST_ICC("\0", "\x32"),
	J_IN("\x06", "\x21\0\x02\x62\x01\x40"),
	RESET_ICC("\x40", "\x66"),
	J_IN("\x0a", "\x21\x40\x06\x3b\x80\x01\x81\x90\x01\xcd"),
	TELLS(ON_NOW),
	ENDS("\x3b\x80\x01\x81"),
};

static const struct turn mute_card[] = {
	ASKS(IFD_POWER_ON),
	STATUS("\x40", "\xe4"),
	CARD_IN("\x40", "\x76"),
	REQUEST_ICC("\0", "\x32"),
	J_IN("\x06", "\x21\0\x02\x64\0\x47"),
	TELLS(THERE | CHANNEL_MUTED),
	FAILS(ERR_MUTE, "the card does not answer: the terminal says 6400"),
};

static const struct turn no_card_to_power[] = {	/* not waited for */
	ASKS(IFD_POWER_ON),
	STATUS("\x40", "\xe4"),
	CARD_OUT("\x40", "\x75"),
	TELLS(NO_CARD),
	FAILS(ERR_NO_CARD, "no card in the reader"),
};

/* The card has an address, but no sequence numbers, of its own. */
static const struct turn transmit[] = {
	ASKS_CHALLENGE,
	CHALLENGE("\x40", "\xcb"),
	ANSWER("\x40", "\xf0"),
	ENDS("ok\x90\0"),
	ASKS_CHALLENGE,
	CHALLENGE("\0", "\x8b"),
	ANSWER("\0", "\xb0"),
	ENDS("ok\x90\0"),
	{ .kind = QUIET },
};

static const struct turn more_time[] = {
	ASKS_CHALLENGE,
	CHALLENGE("\x40", "\xcb"),
	J_IN("\x05", "\x20\xc3\x01\x05\xe7"),
	J_OUT("\x05", "\x02\xe3\x01\x05\xe5"),
	J_IN("\x04", "\x20\xc3\0\xe3"),		/* without a factor */
	J_OUT("\x04", "\x02\xe3\0\xe1"),
	J_IN("\x04", "\x2e\xc4\0\xea"),		/* a key */
	J_OUT("\x04", "\xe2\xe4\0\x06"),
	J_IN("\x04", "\x21\xe6\0\xc7"),		/* whatever that is */
	ANSWER("\x40", "\xf0"),
	ENDS("ok\x90\0"),
};

static const struct turn damaged_block[] = {
	ASKS_CHALLENGE,
	CHALLENGE("\x40", "\xcb"),
	ANSWER("\x40", "\xf1"),
	J_OUT("\x04", "\x02\x91\0\x93"),
	ANSWER("\x40", "\xf0"),
	ENDS("ok\x90\0"),
};

static const struct turn noise[] = {	/* until it is silent */
	ASKS_CHALLENGE,
	CHALLENGE("\x40", "\xcb"),
	GIVES(0x82, "\xbb\xbb\xbb"),
	GIVES(0x82, "\0\x08\0"),
	PASSES(50),
	J_OUT("\x04", "\x02\x92\0\x90"),
	ANSWER("\x40", "\xf0"),
	ENDS("ok\x90\0"),
};

static const struct turn stall[] = {
	ASKS_CHALLENGE,
	CHALLENGE("\x40", "\xcb"),
	{ .kind = IN, .n = 0x82, .err = ERR_STALL },
	CLEARS(0x82),
	J_OUT("\x04", "\x02\x92\0\x90"),
	ANSWER("\x40", "\xf0"),
	ENDS("ok\x90\0"),
};

static const struct turn power_off[] = {	/* it is not told */
	ASKS(IFD_POWER_OFF),
	TELLS(THERE),
	ENDS(""),
	APDU("\0\x84\0\0\x08"),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
};

static const struct turn protocols[] = {
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T1),
	ENDS(""),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T0),
	FAILS(ERR_PROTOCOL, "the card does not speak that protocol"),
	APDU("\0\x84\0"),
	FAILS(ERR_ARG, "an APDU has at least 4 bytes, this one has 3"),
};

static const struct turn unplugged[] = {
	ASKS_CHALLENGE,
	CHALLENGE("\x40", "\xcb"),
	{ .kind = UNPLUG },
	FAILS(ERR_GONE, "reader unplugged"),
	{ .kind = LOST, .err = ERR_GONE, .in = V("reader unplugged") },
};

enum { TALKS_MAX = 3 };

static const struct talk rows[][TALKS_MAX] = {
	{ TALK(opened), TALK(powered), TALK(transmit) },
	{ TALK(opened), TALK(powered), TALK(more_time) },
	{ TALK(opened), TALK(powered), TALK(damaged_block) },
	{ TALK(opened), TALK(powered), TALK(noise) },
	{ TALK(opened), TALK(powered), TALK(stall) },
	{ TALK(opened), TALK(powered), TALK(power_off) },
	{ TALK(opened), TALK(powered), TALK(protocols) },
	{ TALK(opened), TALK(powered), TALK(unplugged) },
	{ TALK(opened), TALK(active_already) },
	{ TALK(opened), TALK(mute_card) },
	{ TALK(opened), TALK(no_card_to_power) },
	{ TALK(opened_with_strays) },
	{ TALK(not_opened) },
	{ TALK(no_answer) },
};

START_TEST(transfers_are_these)
{
	const struct talk *talks[TALKS_MAX];
	size_t n = 0;

	while (n < TALKS_MAX && rows[_i][n].n != 0) {
		talks[n] = &rows[_i][n];
		n++;
	}
	play_talks(&ifd_cyberjack, &jack, talks, n);
}
END_TEST

START_TEST(pipes_must_be_there)
{
	sweep_config(&ifd_cyberjack, &jack);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cyberjack");
	TCase *t = tcase_create("cyberjack");

	tcase_add_loop_test(t, transfers_are_these, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(t, pipes_must_be_there);
	suite_add_tcase(s, t);
	return unit_run(s);
}
