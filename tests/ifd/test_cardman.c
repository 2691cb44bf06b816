/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/old_rows.h"

/* The CardMan's driver in the engine, transfer by transfer. */

static const struct device cardman = {
	.device = V("\x12\x01\x10\x01\0\0\0\x08\x6b\x07\x96\x05\0\x01\0\0\0"
	    "\x01"),
	.config = V("\x09\x02\x19\0\x01\x01\0\x80\x32"
	    "\x09\x04\0\0\x01\xff\0\0\0" "\x07\x05\x81\x03\x08\0\x0a"),
};

#define PARAMETERS REQUESTS("\x42\x30\0\x01\x02\0\0\0")
#define STATUS REQUESTS("\x42\x20\0\0\0\0\0\0")
#define RESET REQUESTS("\x42\x10\x01\0\0\0\0\0")
#define OFF REQUESTS("\x42\x11\0\0\0\0\0\0")
#define C_IN(bytes) GIVES(0x81, bytes)

static const struct turn opened[] = {
	PARAMETERS,
	STATUS, C_IN("\x42"),
	{ .kind = READY }, TELLS(THERE), { .kind = QUIET },
};

static const struct turn empty[] = {
	PARAMETERS,
	STATUS, C_IN("\x01"),
	{ .kind = READY }, TELLS(NO_CARD), { .kind = QUIET },
	ASKS(IFD_POWER_ON),
	STATUS, C_IN("\0"),
	FAILS(ERR_NO_CARD, "no card in the reader"),
};

static const struct turn powered[] = {	/* in packets of 8 bytes */
	ASKS(IFD_POWER_ON),
	STATUS, C_IN("\x40"),
	RESET,
	C_IN("\x3b\x18\x94\x18\x01\x02\x03\x04"), C_IN("\x05\x06\x07\x08"),
	TELLS(ON_NOW),
	ENDS("\x3b\x18\x94\x18\x01\x02\x03\x04\x05\x06\x07"),
};

static const struct turn answer_before_request_ended[] = {
	ASKS(IFD_POWER_ON),
	C_IN("\x40"), STATUS,
	C_IN("\x3b\x02T0"), RESET,
	TELLS(ON_NOW),
	ENDS("\x3b\x02T0"),
};

static const struct turn no_apdu[] = {
	APDU("\0\x84\0\0\x08"),
	FAILS(ERR_UNSUPPORTED, "how this reader carries APDUs is not known; "
	    "it can tell the ATR only"),
	ASKS(IFD_POWER_OFF),
	OFF,
	TELLS(THERE),
	ENDS(""),
};

static const struct turn no_atr[] = {
	ASKS(IFD_POWER_ON),
	STATUS, C_IN("\x42"),
	RESET,
	PASSES(2000),
	FAILS(ERR_MUTE, "no ATR came"),
};

static const struct turn half_an_atr[] = {
	ASKS(IFD_POWER_ON),
	STATUS, C_IN("\x42"),
	RESET, C_IN("\x3b\x18\x94"),
	PASSES(2000),
	FAILS(ERR_MUTE, "no ATR came"),
};

static const struct turn nonsense[] = {
	ASKS(IFD_POWER_ON),
	STATUS, C_IN("\x42"),
	RESET, C_IN("\x42"),
	FAILS(ERR_CARD, "what came is no ATR"),
};

static const struct turn refused[] = {
	ASKS(IFD_POWER_ON),
	{ .kind = CONTROL, .err = ERR_STALL,
	    .out = V("\x42\x20\0\0\0\0\0\0") },
	FAILS(ERR_STALL, "the reader refused the request"),
	ASKS(IFD_STATUS),
	STATUS,
	PASSES(2000),
	FAILS(ERR_TIMEOUT, "no answer in time"),
};

static const struct turn unplugged[] = {
	ASKS(IFD_POWER_ON),
	STATUS,
	{ .kind = UNPLUG },
	FAILS(ERR_GONE, "reader unplugged"),
	{ .kind = LOST, .err = ERR_GONE, .in = V("reader unplugged") },
};

enum { TALKS_MAX = 3 };

static const struct talk rows[][TALKS_MAX] = {
	{ TALK(empty) },
	{ TALK(opened), TALK(powered), TALK(no_apdu) },
	{ TALK(opened), TALK(answer_before_request_ended), TALK(no_apdu) },
	{ TALK(opened), TALK(no_atr) },
	{ TALK(opened), TALK(half_an_atr) },
	{ TALK(opened), TALK(nonsense) },
	{ TALK(opened), TALK(refused) },
	{ TALK(opened), TALK(unplugged) },
};

START_TEST(transfers_are_these)
{
	const struct talk *talks[TALKS_MAX];
	size_t n = 0;

	while (n < TALKS_MAX && rows[_i][n].n != 0) {
		talks[n] = &rows[_i][n];
		n++;
	}
	play_talks(&ifd_cardman, &cardman, talks, n);
}
END_TEST

START_TEST(pipes_must_be_there)
{
	sweep_config(&ifd_cardman, &cardman);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cardman");
	TCase *t = tcase_create("cardman");

	tcase_add_loop_test(t, transfers_are_these, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(t, pipes_must_be_there);
	suite_add_tcase(s, t);
	return unit_run(s);
}
