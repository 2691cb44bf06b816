/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/old_rows.h"

#include <stdio.h>

#include "ifd/vpcd.h"

/* The driver of virtual readers in the engine: two slots, and what goes through
   the pipes that stand for their connections. */

enum { SLOTS = 2, MUTE_NOW = CHANNEL_PRESENT | CHANNEL_MUTED };

static void
describe(struct usb *usb, struct channel_info *info)
{
	(void)usb;
	info->slots = SLOTS;
	snprintf(info->product, sizeof(info->product), "Virtual PCD");
}

#define CAME(slot) GIVES(VPCD_INTERRUPT_IN, slot "\0")
#define GONE(slot) GIVES(VPCD_INTERRUPT_IN, slot "\x01")
#define TELLS_SLOT(s, mask) { .kind = CARD, .n = s, .arg = mask }
#define COMMAND(bytes) SENDS(VPCD_BULK_OUT, bytes)
#define MESSAGE(bytes) GIVES(VPCD_BULK_IN, bytes)
#define HANGS_UP REQUESTS("\x40\x80\0\0\0\0\0\0")
#define ATR "\x3b\x02T0"
#define ATR_BOTH "\x3b\x80\x80\x01\x01"		/* T=0 and T=1 */

static const struct turn opened[] = {
	{ .kind = READY }, TELLS_SLOT(0, 0), TELLS_SLOT(1, 0),
	{ .kind = QUIET },
};

static const struct turn inserted[] = {
	CAME("\0"), TELLS(THERE),
	ASKS(IFD_POWER_ON),
	COMMAND("\0" "\0\x01\x01" "\0\x01\x04"), MESSAGE("\0" ATR),
	TELLS(ON_NOW), ENDS(ATR), { .kind = QUIET },
};

static const struct turn used[] = {
	APDU("\0\x84\0\0\x02"),
	COMMAND("\0" "\0\x05" "\0\x84\0\0\x02"), MESSAGE("\0" "\x12\x34\x90\0"),
	ENDS("\x12\x34\x90\0"),
	ASKS(IFD_POWER_ON, .more = 1),
	COMMAND("\0" "\0\x01\x02" "\0\x01\x04"), MESSAGE("\0" ATR),
	ENDS(ATR),
	ASKS(IFD_POWER_ON),
	COMMAND("\0" "\0\x01\0" "\0\x01\x01" "\0\x01\x04"), MESSAGE("\0" ATR),
	ENDS(ATR),
	ASKS(IFD_POWER_OFF),
	REQUESTS("\x40\0\0\0\0\0\0\0"), TELLS(THERE), ENDS(""),
	APDU("\0\x84\0\0\x02"),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
	{ .kind = QUIET },
};

/* A byte of a client must not become an order. */
static const struct turn short_apdus[] = {
	APDU(""), FAILS(ERR_ARG, "invalid argument"),
	APDU("\0"), FAILS(ERR_ARG, "invalid argument"),
	APDU("\0\x84\0"), FAILS(ERR_ARG, "invalid argument"),
	APDU("\0\x84\0\0"), COMMAND("\0" "\0\x04" "\0\x84\0\0"),
	MESSAGE("\0" "\x67\0"), ENDS("\x67\0"),
};

static const struct turn nobody_there[] = {
	ASKS(IFD_POWER_ON), FAILS(ERR_NO_CARD, "no card in the reader"),
	APDU("\0\x84\0\0"), FAILS(ERR_NO_CARD, "no card in the reader"),
	ASKS(IFD_POWER_OFF), ENDS(""),
	ASKS(IFD_CONTROL), FAILS(ERR_UNSUPPORTED, "not supported"),
};

static const struct turn left_while_idle[] = {
	GONE("\0"), TELLS(NO_CARD),
	CAME("\0"), TELLS(THERE), { .kind = QUIET },
};

static const struct turn left_while_busy[] = {
	APDU("\0\x84\0\0\x02"), COMMAND("\0" "\0\x05" "\0\x84\0\0\x02"),
	GONE("\0"),
	TELLS(NO_CARD), FAILS(ERR_NO_CARD, "no card in the reader"),
	{ .kind = CANCELLED, .n = VPCD_BULK_IN }, { .kind = QUIET },
};

static const struct turn cannot_be_sent[] = {
	APDU("\0\x84\0\0\x02"),
	{ .kind = OUT, .n = VPCD_BULK_OUT, .err = ERR_IO,
	    .out = V("\0" "\0\x05" "\0\x84\0\0\x02") },
	FAILS(ERR_NO_CARD, "no card in the reader"),
	{ .kind = CANCELLED, .n = VPCD_BULK_IN },
	GONE("\0"), TELLS(NO_CARD), { .kind = QUIET },
};

static const struct turn no_answer[] = {
	APDU("\0\x84\0\0\x02"), COMMAND("\0" "\0\x05" "\0\x84\0\0\x02"),
	PASSES(5 * 60 * 1000),
	TELLS(NO_CARD), { .kind = CANCELLED, .n = VPCD_BULK_IN }, HANGS_UP,
	FAILS(ERR_MUTE, "the card emulator does not answer"),
	CAME("\0"), TELLS(THERE), { .kind = QUIET },
};

static const struct turn half_a_status[] = {
	APDU("\0\x84\0\0\x02"), COMMAND("\0" "\0\x05" "\0\x84\0\0\x02"),
	MESSAGE("\0" "\x90"),
	TELLS(NO_CARD), HANGS_UP,
	FAILS(ERR_CARD, "the card emulator answered an APDU with 1 bytes, two "
	    "are the least"),
};

static const struct turn no_atr[] = {
	CAME("\0"), TELLS(THERE),
	ASKS(IFD_POWER_ON),
	COMMAND("\0" "\0\x01\x01" "\0\x01\x04"), MESSAGE("\0"),
	TELLS(MUTE_NOW),
	FAILS(ERR_MUTE, "the card emulator's ATR of 0 bytes cannot be used: "
	    "bytes are missing"),
	{ .kind = QUIET },
};

static const struct turn protocols[] = {
	CAME("\0"), TELLS(THERE),
	ASKS(IFD_POWER_ON),
	COMMAND("\0" "\0\x01\x01" "\0\x01\x04"), MESSAGE("\0" ATR_BOTH),
	TELLS(ON_NOW), ENDS(ATR_BOTH),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T1), ENDS(""),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T0 | CHANNEL_T1), ENDS(""),
	{ .kind = QUIET },
};

static const struct turn one_protocol[] = {
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T1),
	FAILS(ERR_PROTOCOL, "the card does not speak that protocol"),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T0), ENDS(""),
};

static const struct turn both_slots[] = {
	CAME("\x01"), TELLS_SLOT(1, THERE),
	ASKS(IFD_POWER_ON, .n = 1),
	COMMAND("\x01" "\0\x01\x01" "\0\x01\x04"),
	APDU("\0\x84\0\0\x02"), COMMAND("\0" "\0\x05" "\0\x84\0\0\x02"),
	MESSAGE("\0" "\x12\x34\x90\0"), ENDS("\x12\x34\x90\0"),
	MESSAGE("\x01" ATR),
	TELLS_SLOT(1, ON_NOW), { .kind = ENDED, .n = 1, .in = V(ATR) },
	GONE("\0"), TELLS(NO_CARD), { .kind = QUIET },
};

static const struct turn odd_news[] = {
	GIVES(VPCD_INTERRUPT_IN, "\x02\0"),	/* there is no such slot */
	GIVES(VPCD_INTERRUPT_IN, "\0"),
	{ .kind = QUIET },
};

enum { TALKS_MAX = 4 };

static const struct talk rows[][TALKS_MAX] = {
	{ TALK(opened), TALK(nobody_there) },
	{ TALK(opened), TALK(odd_news) },
	{ TALK(opened), TALK(inserted), TALK(used) },
	{ TALK(opened), TALK(inserted), TALK(short_apdus) },
	{ TALK(opened), TALK(inserted), TALK(left_while_idle) },
	{ TALK(opened), TALK(inserted), TALK(left_while_busy) },
	{ TALK(opened), TALK(inserted), TALK(cannot_be_sent) },
	{ TALK(opened), TALK(inserted), TALK(no_answer) },
	{ TALK(opened), TALK(inserted), TALK(half_a_status),
	    TALK(nobody_there) },
	{ TALK(opened), TALK(no_atr) },
	{ TALK(opened), TALK(protocols) },
	{ TALK(opened), TALK(inserted), TALK(one_protocol) },
	{ TALK(opened), TALK(inserted), TALK(both_slots) },
};

START_TEST(messages_are_these)
{
	struct world w;

	world_open_described(&w, &ifd_vpcd, describe);
	for (size_t i = 0; i < TALKS_MAX && rows[_i][i].n != 0; i++)
		world_play(&w, rows[_i][i].name, rows[_i][i].turns,
		    rows[_i][i].n);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("vpcd");
	TCase *t = tcase_create("vpcd");

	tcase_add_loop_test(t, messages_are_these, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	suite_add_tcase(s, t);
	return unit_run(s);
}
