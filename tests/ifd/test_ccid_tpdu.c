/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/ccid_rows.h"

#include "protocols/t1.h"

/*
 * Readers of TPDU level: what is agreed upon after a reset, T=0 and T=1. The
 * bytes of parameters, PPS and IFSD are those of recorded sessions of libccid
 * with a reader and cards of these ATRs.
 */

#define XFR(n, seq, bytes) "\x6f" n "\x00\x00\x00\x00" seq "\x00\x00\x00" bytes
#define DATA(n, seq, bytes) "\x80" n "\x00\x00\x00\x00" seq "\x00\x00\x00" bytes
#define MUTE(seq) "\x80\x00\x00\x00\x00\x00" seq "\x40\xfe\x00"
#define SET(n, seq, protocol, bytes)					\
	"\x61" n "\x00\x00\x00\x00" seq protocol "\x00\x00" bytes
#define TAKEN(n, seq, protocol, bytes)					\
	"\x82" n "\x00\x00\x00\x00" seq "\x00\x00" protocol bytes

static const uint8_t device_bytes[] = READER_DEVICE(0x1209, 1, 0x100);
static const uint8_t tpdu_config[] =
    READER_CONFIG(1, 4800, 412903, 0x00010030, 271, 1);

static const struct turn opened[] = {
	SENDS(STATUS("\x00", "\x00")),
	GIVES(SLOT("\x00", "\x00", "\x01", "\x00")),
	{ .kind = READY },
	TELLS(0, THERE),
};

/* ---- T=1 at a negotiated speed ---- */

#define ATR_T1_13 "\x3b\x90\x13\x81\x01\x03"
#define T1_13 "\x13\x10\x00\x4d\x00\x20\x00"
#define T1_11 "\x11\x10\x00\x4d\x00\x20\x00"

static const struct turn t1_fast[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES(DATA("\x06", "\x01", ATR_T1_13)),
	SENDS(XFR("\x04", "\x02", "\xff\x11\x13\xfd")),
	GIVES(DATA("\x04", "\x02", "\xff\x11\x13\xfd")),
	SENDS(SET("\x07", "\x03", "\x01", T1_13)),
	GIVES(TAKEN("\x07", "\x03", "\x01", T1_13)),
	SENDS(XFR("\x05", "\x04", "\x00\xc1\x01\xfe\x3e")),
	GIVES(DATA("\x05", "\x04", "\x00\xe1\x01\xfe\x1e")),
	TELLS(0, ON_NOW),
	ENDS(0, ATR_T1_13),
	{ .kind = QUIET },
};

static const struct turn t1_apdus[] = {	/* one out, one in */
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x09", "\x05", "\x00\x00\x05\x00\x84\x00\x00\x08\x89")),
	GIVES(DATA("\x08", "\x05", "\x00\x00\x04\x01\x02\x90\x00\x97")),
	ENDS(0, "\x01\x02\x90\x00"),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x09", "\x06", "\x00\x40\x05\x00\x84\x00\x00\x08\xc9")),
	GIVES(DATA("\x08", "\x06", "\x00\x40\x04\x01\x02\x90\x00\xd7")),
	ENDS(0, "\x01\x02\x90\x00"),
	{ .kind = QUIET },
};

/* A parity error is the reader's report; the card is asked for its block. */
static const struct turn t1_parity[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x09", "\x05", "\x00\x00\x05\x00\x84\x00\x00\x08\x89")),
	GIVES("\x80\x00\x00\x00\x00\x00\x05\x40\xfd\x00"),
	SENDS(XFR("\x04", "\x06", "\x00\x82\x00\x82")),
	GIVES(DATA("\x08", "\x06", "\x00\x00\x04\x01\x02\x90\x00\x97")),
	ENDS(0, "\x01\x02\x90\x00"),
};

/* A transfer that fails is recovered from as well, with the halt cleared. */
static const struct turn t1_stall[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x09", "\x05", "\x00\x00\x05\x00\x84\x00\x00\x08\x89")),
	{ .kind = IN, .n = BULK_IN, .err = ERR_STALL },
	{ .kind = HALT, .n = BULK_IN },
	SENDS(XFR("\x04", "\x06", "\x00\x82\x00\x82")),
	GIVES(DATA("\x08", "\x06", "\x00\x00\x04\x01\x02\x90\x00\x97")),
	ENDS(0, "\x01\x02\x90\x00"),
};

/* bBWI is what the card was granted. */
static const struct turn t1_wtx[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x09", "\x05", "\x00\x00\x05\x00\x84\x00\x00\x08\x89")),
	GIVES(DATA("\x05", "\x05", "\x00\xc3\x01\x09\xcb")),
	SENDS("\x6f\x05\x00\x00\x00\x00\x06\x09\x00\x00\x00\xe3\x01\x09\xeb"),
	GIVES(DATA("\x08", "\x06", "\x00\x00\x04\x01\x02\x90\x00\x97")),
	ENDS(0, "\x01\x02\x90\x00"),
};

/* The resynchronisation ends with silence, for which nothing is sent. */
static const struct turn t1_resynch[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x09", "\x05", "\x00\x00\x05\x00\x84\x00\x00\x08\x89")),
	GIVES(MUTE("\x05")),
	SENDS(XFR("\x04", "\x06", "\x00\x82\x00\x82")),
	GIVES(MUTE("\x06")),
	SENDS(XFR("\x04", "\x07", "\x00\x82\x00\x82")),
	GIVES(MUTE("\x07")),
	SENDS(XFR("\x04", "\x08", "\x00\x82\x00\x82")),
	GIVES(MUTE("\x08")),
	SENDS(XFR("\x04", "\x09", "\x00\xc0\x00\xc0")),
	GIVES(DATA("\x04", "\x09", "\x00\xe0\x00\xe0")),
	{ .kind = QUIET },
	{ .kind = PASS, .arg = T1_QUIET_MS },
	FAILS(0, ERR_MUTE, "the card does not answer"),
};

static const struct turn t1_card_left[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x09", "\x05", "\x00\x00\x05\x00\x84\x00\x00\x08\x89")),
	GIVES("\x80\x00\x00\x00\x00\x00\x05\x42\xfe\x00"),
	TELLS(0, NO_CARD),
	FAILS(0, ERR_NO_CARD, "no card in the reader: card mute"),
};

static const struct turn t1_cancelled[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x09", "\x05", "\x00\x00\x05\x00\x84\x00\x00\x08\x89")),
	{ .kind = GIVE_UP },
	{ .kind = CONTROL, .out = V("\x21\x01\x00\x06\x00\x00\x00\x00") },
	SENDS("\x72\x00\x00\x00\x00\x00\x06\x00\x00\x00"),
	GIVES(SLOT("\x00", "\x06", "\x00", "\x00")),
	FAILS(0, ERR_CANCELLED, "cancelled"),
	/* the two are of one mind again before the next command */
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x04", "\x07", "\x00\xc0\x00\xc0")),
	GIVES(DATA("\x04", "\x07", "\x00\xe0\x00\xe0")),
	{ .kind = PASS, .arg = T1_QUIET_MS },
	SENDS(XFR("\x09", "\x08", "\x00\x00\x05\x00\x84\x00\x00\x08\x89")),
	GIVES(DATA("\x08", "\x08", "\x00\x00\x04\x01\x02\x90\x00\x97")),
	ENDS(0, "\x01\x02\x90\x00"),
};

static const struct talk_row t1_talks[] = {
	ROW(t1_apdus), ROW(t1_parity), ROW(t1_stall), ROW(t1_wtx),
	ROW(t1_resynch), ROW(t1_card_left), ROW(t1_cancelled),
};

static void
open_reader(struct world *w, struct view config)
{
	const struct device d = { .device = BYTES(device_bytes),
		.config = config };

	world_open(w, &ifd_ccid);
	world_identify(w, &d);
	PLAY(w, opened);
}

START_TEST(t1)
{
	struct world w;

	open_reader(&w, (struct view)BYTES(tpdu_config));
	PLAY(&w, t1_fast);
	world_play(&w, t1_talks[_i].name, t1_talks[_i].turns, t1_talks[_i].n);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* ---- a keyboard of before the class: the reader is interface 1, FF ---- */

static const uint8_t keyboard_config[] = {
	9, 2, LE16(9 + 9 + 9 + 54 + 14), 2, 1, 0, 0x80, 50,
	9, 4, 0, 0, 0, 0xff, 0, 0, 0,
	9, 4, 1, 0, 2, 0xff, 0, 0, 0,
	7, 5, BULK_OUT, 2, LE16(64), 0,
	7, 5, BULK_IN, 2, LE16(64), 0,	/* and only then the class's own */
	54, 0x21, LE16(0x0100), 0, 1, LE32(3), LE32(4800), LE32(4800), 0,
	LE32(12903), LE32(412903), 0, LE32(254), LE32(0), LE32(0),
	LE32(0x10030), LE32(271), 0xff, 0xff, LE16(0), 0, 1,
};

START_TEST(class_ff)
{
	struct world w;

	open_reader(&w, (struct view)BYTES(keyboard_config));
	ck_assert_uint_eq(engine_reader(w.engine)->interface.number, 1);
	ck_assert(engine_reader(w.engine)->info.polls);
	PLAY(&w, t1_fast);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* ---- a composite device: one reader with contacts, one with an antenna ---- */

#define CLASS(features, max)						\
	54, 0x21, LE16(0x0110), 0, 7, LE32(3), LE32(4000), LE32(4000), 0, \
	LE32(10752), LE32(344086), 0, LE32(254), LE32(0), LE32(0),	\
	LE32(features), LE32(max), 0xff, 0xff, LE16(0), 0, 1

static const uint8_t composite_config[] = {
	9, 2, LE16(9 + 2 * (9 + 54 + 14)), 2, 1, 0, 0x80, 50,
	9, 4, 0, 0, 2, 0x0b, 0, 0, 0,
	CLASS(0x000404be, 271),
	7, 5, 0x04, 2, LE16(64), 0,
	7, 5, 0x84, 2, LE16(64), 0,
	9, 4, 1, 0, 2, 0x0b, 0, 0, 0,
	CLASS(0x00010030, 271),
	7, 5, BULK_OUT, 2, LE16(64), 0,
	7, 5, BULK_IN, 2, LE16(64), 0,
};

static const struct turn other_pipes[] = {
	{ .kind = OUT, .n = 0x04, .out = V(STATUS("\x00", "\x00")) },
	{ .kind = IN, .n = 0x84, .in = V(SLOT("\x00", "\x00", "\x01", "\x00")) },
	{ .kind = READY },
	TELLS(0, THERE),
};

START_TEST(each_interface_is_a_reader)
{
	const struct device d = { .device = BYTES(device_bytes),
		.config = BYTES(composite_config) };
	struct world w;

	world_open_interface(&w, &ifd_ccid, 1);
	world_identify(&w, &d);
	PLAY(&w, opened);
	ck_assert_uint_eq(engine_reader(w.engine)->interface.number, 1);
	PLAY(&w, t1_fast);
	world_close(&w);

	world_open_interface(&w, &ifd_ccid, 0);
	world_identify(&w, &d);
	PLAY(&w, other_pipes);
	ck_assert_uint_eq(engine_reader(w.engine)->info.features, 0x000404be);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* ---- after a reset ---- */

/* T=0 at the default speed: parameters only. */
static const struct turn t0_plain[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES(DATA("\x02", "\x01", "\x3b\x00")),
	SENDS(SET("\x05", "\x02", "\x00", "\x11\x00\x00\x0a\x00")),
	GIVES(TAKEN("\x05", "\x02", "\x00", "\x11\x00\x00\x0a\x00")),
	TELLS(0, ON_NOW),
	ENDS(0, "\x3b\x00"),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x05", "\x03", "\x00\x84\x00\x00\x08")),
	GIVES(DATA("\x02", "\x03", "\x6c\x02")),
	SENDS(XFR("\x05", "\x04", "\x00\x84\x00\x00\x02")),
	GIVES(DATA("\x04", "\x04", "\x01\x02\x90\x00")),
	ENDS(0, "\x01\x02\x90\x00"),
	ASKS(0, IFD_TRANSMIT, .out = V("\x00\x84\x00\x00\x00\x00\x08")),
	FAILS(0, ERR_TOO_LONG, "over T=0 this reader takes short APDUs "
	    "only (at most 261 bytes)"),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x05", "\x05", "\x00\x84\x00\x00\x08")),
	GIVES(MUTE("\x05")),
	FAILS(0, ERR_MUTE, "the card does not answer: card mute"),
};

/* TA2: the card is there already; neither PPS nor another protocol. */
static const struct turn specific[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES(DATA("\x06", "\x01", "\x3b\x90\x13\x11\x01\x93")),
	SENDS(SET("\x07", "\x02", "\x01", T1_13)),
	GIVES(TAKEN("\x07", "\x02", "\x01", T1_13)),
	SENDS(XFR("\x05", "\x03", "\x00\xc1\x01\xfe\x3e")),
	GIVES(DATA("\x05", "\x03", "\x00\xe1\x01\xfe\x1e")),
	TELLS(0, ON_NOW),
	ENDS(0, "\x3b\x90\x13\x11\x01\x93"),
	ASKS(0, IFD_PROTOCOL, .more = CHANNEL_T0),
	FAILS(0, ERR_PROTOCOL, "the card does not speak that protocol"),
};

/* Not understood at 51612 bit/s: reset, then half of it, which is kept. */
static const struct turn slower[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES(DATA("\x06", "\x01", ATR_T1_13)),
	SENDS(XFR("\x04", "\x02", "\xff\x11\x13\xfd")),
	GIVES(DATA("\x04", "\x02", "\xff\x11\x13\xfd")),
	SENDS(SET("\x07", "\x03", "\x01", T1_13)),
	GIVES(TAKEN("\x07", "\x03", "\x01", T1_13)),
	SENDS(XFR("\x05", "\x04", "\x00\xc1\x01\xfe\x3e")),
	GIVES(MUTE("\x04")),
	SENDS(OFF("\x05")),
	GIVES(SLOT("\x00", "\x05", "\x01", "\x00")),
	SENDS(ON("\x06", "\x01")),
	GIVES(DATA("\x06", "\x06", ATR_T1_13)),
	SENDS(XFR("\x04", "\x07", "\xff\x11\x12\xfc")),
	GIVES(DATA("\x04", "\x07", "\xff\x11\x12\xfc")),
	SENDS(SET("\x07", "\x08", "\x01", "\x12\x10\x00\x4d\x00\x20\x00")),
	GIVES(TAKEN("\x07", "\x08", "\x01", "\x12\x10\x00\x4d\x00\x20\x00")),
	SENDS(XFR("\x05", "\x09", "\x00\xc1\x01\xfe\x3e")),
	GIVES(DATA("\x05", "\x09", "\x00\xe1\x01\xfe\x1e")),
	{ .kind = SLOW, .arg = 51612 },
	TELLS(0, ON_NOW),
	ENDS(0, ATR_T1_13),
	/* the next time it is asked for no more than that */
	ASKS(0, IFD_POWER_ON, .more = 1),
	SENDS(ON("\x0a", "\x01")),
	GIVES(DATA("\x06", "\x0a", ATR_T1_13)),
	SENDS(XFR("\x04", "\x0b", "\xff\x11\x12\xfc")),
	GIVES(DATA("\x04", "\x0b", "\xff\x11\x12\xfc")),
	SENDS(SET("\x07", "\x0c", "\x01", "\x12\x10\x00\x4d\x00\x20\x00")),
	GIVES(TAKEN("\x07", "\x0c", "\x01", "\x12\x10\x00\x4d\x00\x20\x00")),
	SENDS(XFR("\x05", "\x0d", "\x00\xc1\x01\xfe\x3e")),
	GIVES(DATA("\x05", "\x0d", "\x00\xe1\x01\xfe\x1e")),
	ENDS(0, ATR_T1_13),
};

/* A card that does not answer PPS is left at the default speed. */
static const struct turn no_pps[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES(DATA("\x06", "\x01", ATR_T1_13)),
	SENDS(XFR("\x04", "\x02", "\xff\x11\x13\xfd")),
	GIVES(MUTE("\x02")),
	SENDS(OFF("\x03")),
	GIVES(SLOT("\x00", "\x03", "\x01", "\x00")),
	SENDS(ON("\x04", "\x01")),
	GIVES(DATA("\x06", "\x04", ATR_T1_13)),
	SENDS(SET("\x07", "\x05", "\x01", T1_11)),
	GIVES(TAKEN("\x07", "\x05", "\x01", T1_11)),
	/* and one that does not take the IFSD at 32 bytes */
	SENDS(XFR("\x05", "\x06", "\x00\xc1\x01\xfe\x3e")),
	GIVES(DATA("\x04", "\x06", "\x00\x92\x00\x92")),
	SENDS(XFR("\x05", "\x07", "\x00\xc1\x01\xfe\x3e")),
	GIVES(DATA("\x04", "\x07", "\x00\x92\x00\x92")),
	SENDS(XFR("\x05", "\x08", "\x00\xc1\x01\xfe\x3e")),
	GIVES(DATA("\x04", "\x08", "\x00\x92\x00\x92")),
	SENDS(XFR("\x05", "\x09", "\x00\xc1\x01\xfe\x3e")),
	GIVES(DATA("\x04", "\x09", "\x00\x92\x00\x92")),
	SENDS(XFR("\x04", "\x0a", "\x00\xc0\x00\xc0")),
	GIVES(DATA("\x04", "\x0a", "\x00\xe0\x00\xe0")),
	{ .kind = PASS, .arg = T1_QUIET_MS },
	TELLS(0, ON_NOW),
	ENDS(0, ATR_T1_13),
};

/* T=0 and T=1 offered, T=0 first: T=1 by PPS, after a reset since T=0 was
   spoken; a card that does not answer PPS keeps its own. */
#define ATR_BOTH "\x3b\x80\x80\x01\x01"
#define T0_11 "\x11\x00\x00\x0a\x00"
static const struct turn switched[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES(DATA("\x05", "\x01", ATR_BOTH)),
	SENDS(SET("\x05", "\x02", "\x00", T0_11)),
	GIVES(TAKEN("\x05", "\x02", "\x00", T0_11)),
	TELLS(0, ON_NOW),
	ENDS(0, ATR_BOTH),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x05", "\x03", "\x00\x84\x00\x00\x08")),
	GIVES(DATA("\x02", "\x03", "\x6d\x00")),
	ENDS(0, "\x6d\x00"),
	ASKS(0, IFD_PROTOCOL, .more = CHANNEL_T1),
	SENDS(ON("\x04", "\x01")),
	GIVES(DATA("\x05", "\x04", ATR_BOTH)),
	SENDS(XFR("\x04", "\x05", "\xff\x11\x11\xff")),
	GIVES(DATA("\x03", "\x05", "\xff\x01\xfe")),	/* PPS1 left out */
	SENDS(SET("\x07", "\x06", "\x01", T1_11)),
	GIVES(TAKEN("\x07", "\x06", "\x01", T1_11)),
	SENDS(XFR("\x05", "\x07", "\x00\xc1\x01\xfe\x3e")),
	GIVES(DATA("\x05", "\x07", "\x00\xe1\x01\xfe\x1e")),
	ENDS(0, ""),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(XFR("\x09", "\x08", "\x00\x00\x05\x00\x84\x00\x00\x08\x89")),
	GIVES(DATA("\x08", "\x08", "\x00\x00\x04\x01\x02\x90\x00\x97")),
	ENDS(0, "\x01\x02\x90\x00"),
	/* back to the first one: no PPS needed */
	ASKS(0, IFD_PROTOCOL, .more = CHANNEL_T0),
	SENDS(ON("\x09", "\x01")),
	GIVES(DATA("\x05", "\x09", ATR_BOTH)),
	SENDS(SET("\x05", "\x0a", "\x00", T0_11)),
	GIVES(TAKEN("\x05", "\x0a", "\x00", T0_11)),
	ENDS(0, ""),
	/* refused: the card is reset and speaks as before */
	ASKS(0, IFD_PROTOCOL, .more = CHANNEL_T1),
	SENDS(XFR("\x04", "\x0b", "\xff\x11\x11\xff")),
	GIVES(MUTE("\x0b")),
	SENDS(OFF("\x0c")),
	GIVES(SLOT("\x00", "\x0c", "\x01", "\x00")),
	SENDS(ON("\x0d", "\x01")),
	GIVES(DATA("\x05", "\x0d", ATR_BOTH)),
	SENDS(SET("\x05", "\x0e", "\x00", T0_11)),
	GIVES(TAKEN("\x05", "\x0e", "\x00", T0_11)),
	FAILS(0, ERR_PROTOCOL, "the card does not speak that protocol; it was "
	    "reset and is ready again"),
};

static const struct talk_row resets[] = {
	ROW(t0_plain), ROW(specific), ROW(slower), ROW(no_pps), ROW(switched),
};

START_TEST(after_a_reset)
{
	struct world w;

	open_reader(&w, (struct view)BYTES(tpdu_config));
	world_play(&w, resets[_i].name, resets[_i].turns, resets[_i].n);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_tpdu");
	TCase *t = tcase_create("ccid_tpdu");

	tcase_add_loop_test(t, t1, 0, sizeof(t1_talks) / sizeof(t1_talks[0]));
	tcase_add_test(t, class_ff);
	tcase_add_test(t, each_interface_is_a_reader);
	tcase_add_loop_test(t, after_a_reset, 0,
	    sizeof(resets) / sizeof(resets[0]));
	suite_add_tcase(s, t);
	return unit_run(s);
}
