/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tests/ifd/ccid_rows.h"

/*
 * What the driver does for readers that need more than their descriptor says,
 * and what it does when a reader is out of order.
 */

#define XFR(n, seq, level, bytes)					\
	"\x6f" n "\x00\x00\x00\x00" seq "\x00" level "\x00" bytes
#define DATA(n, seq, bytes) "\x80" n "\x00\x00\x00\x00" seq "\x00\x00\x00" bytes
#define REFUSED(seq, error) "\x80\x00\x00\x00\x00\x00" seq "\x40" error "\x00"
#define SET_T1(seq, ta1)						\
	"\x61\x07\x00\x00\x00\x00" seq "\x01\x00\x00" ta1		\
	"\x10\x00\x4d\x00\x20\x00"
#define ESCAPE(seq, bytes) "\x6b\x02\x00\x00\x00\x00" seq "\x00\x00\x00" bytes

#define ABORT_REQUEST(seq) "\x21\x01\x00" seq "\x00\x00\x00\x00"
#define ABORT(seq) "\x72\x00\x00\x00\x00\x00" seq "\x00\x00\x00"

enum { SHORT_LEVEL = 0x20042, TPDU_LEVEL = 0x10030, CHARACTERS = 0x30,
	AU9540 = 0x404be };

/* A second to wake up, then a minute to answer. */
static const struct turn slow_open[] = {
	{ .kind = QUIET },
	{ .kind = PASS, .arg = 1000 },
	SENDS(STATUS("\x00", "\x00")),
	{ .kind = PASS, .arg = 60000 },
	{ .kind = CONTROL, .out = V(ABORT_REQUEST("\x01")) },
	SENDS(ABORT("\x01")),
	GIVES(SLOT("\x00", "\x01", "\x02", "\x00")),
	{ .kind = LOST, .err = ERR_TIMEOUT, .in = V("no answer in time") },
};

/* A reader that does not know the escape is none the worse for it. */
static const struct turn gempc_iso[] = {
	SENDS(ESCAPE("\x00", "\x1f\x02")),
	GIVES("\x83\x00\x00\x00\x00\x00\x00\x41\x00\x00"),
	SENDS(STATUS("\x00", "\x01")),
	GIVES(SLOT("\x00", "\x01", "\x01", "\x00")),
	{ .kind = READY },
	TELLS(0, THERE),
};

#define OPENED								\
	SENDS(STATUS("\x00", "\x00")),					\
	GIVES(SLOT("\x00", "\x00", "\x01", "\x00")),			\
	{ .kind = READY },						\
	TELLS(0, THERE)

static const struct turn gempc_power[] = {
	OPENED,
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES("\x80\x00\x00\x00\x00\x00\x01\x41\xbb\x00"),
	SENDS(ESCAPE("\x02", "\x1f\x01")),
	GIVES("\x83\x00\x00\x00\x00\x00\x02\x01\x00\x00"),
	SENDS(ON("\x03", "\x01")),
	GIVES(DATA("\x05", "\x03", "\x3b\x80\x80\x01\x01")),
	TELLS(0, ON_NOW),
	ENDS(0, "\x3b\x80\x80\x01\x01"),
};

/* TA1 96 would be 231 kbit/s: the fastest below 200 is asked for; refused, the
   card is reset twice and the next lower one taken. */
#define ATR_96 "\x3b\x90\x96\x81\x01\x86"
static const struct turn au9540[] = {
	OPENED,
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x00")),
	GIVES(DATA("\x06", "\x01", ATR_96)),
	SENDS(SET_T1("\x02", "\x99")),
	GIVES("\x82\x00\x00\x00\x00\x00\x02\x40\x0a\x00"),
	SENDS(OFF("\x03")),
	GIVES(SLOT("\x00", "\x03", "\x01", "\x00")),
	SENDS(ON("\x04", "\x00")),
	GIVES(DATA("\x06", "\x04", ATR_96)),
	SENDS(ON("\x05", "\x00")),
	GIVES(DATA("\x06", "\x05", ATR_96)),
	SENDS(SET_T1("\x06", "\x95")),
	GIVES("\x82\x07\x00\x00\x00\x00\x06\x00\x00\x01\x95\x10\x00\x4d\x00"
	    "\x20\x00"),
	TELLS(0, ON_NOW),
	ENDS(0, ATR_96),
	/* an APDU not understood: SELECT is sent again, at the next lower */
	ASKS(0, IFD_TRANSMIT, .out = V("\x00\xa4\x00\x00")),
	SENDS(XFR("\x04", "\x07", "\x00", "\x00\xa4\x00\x00")),
	GIVES(REFUSED("\x07", "\xfe")),
	SENDS(OFF("\x08")),
	GIVES(SLOT("\x00", "\x08", "\x01", "\x00")),
	SENDS(ON("\x09", "\x00")),
	GIVES(DATA("\x06", "\x09", ATR_96)),
	SENDS(SET_T1("\x0a", "\x98")),
	GIVES("\x82\x07\x00\x00\x00\x00\x0a\x00\x00\x01\x98\x10\x00\x4d\x00"
	    "\x20\x00"),
	SENDS(XFR("\x04", "\x0b", "\x00", "\x00\xa4\x00\x00")),
	GIVES(DATA("\x02", "\x0b", "\x90\x00")),
	{ .kind = SLOW, .arg = 115625 },
	ENDS(0, "\x90\x00"),
	/* and once it was understood, what fails is not the speed */
	ASKS(0, IFD_TRANSMIT, .out = V("\x00\xa4\x00\x00")),
	SENDS(XFR("\x04", "\x0c", "\x00", "\x00\xa4\x00\x00")),
	GIVES(REFUSED("\x0c", "\xfe")),
	FAILS(0, ERR_MUTE, "the card does not answer: card mute"),
};

/* What may have been carried out is not sent again; but the card is ready. */
static const struct turn verify_once[] = {
	OPENED,
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x00")),
	GIVES(DATA("\x06", "\x01", ATR_96)),
	SENDS(SET_T1("\x02", "\x99")),
	GIVES("\x82\x07\x00\x00\x00\x00\x02\x00\x00\x01\x99\x10\x00\x4d\x00"
	    "\x20\x00"),
	TELLS(0, ON_NOW),
	ENDS(0, ATR_96),
	ASKS(0, IFD_TRANSMIT, .out = V("\x00\x20\x00\x01")),
	SENDS(XFR("\x04", "\x03", "\x00", "\x00\x20\x00\x01")),
	GIVES(REFUSED("\x03", "\xfe")),
	SENDS(OFF("\x04")),
	GIVES(SLOT("\x00", "\x04", "\x01", "\x00")),
	SENDS(ON("\x05", "\x00")),
	GIVES(DATA("\x06", "\x05", ATR_96)),
	SENDS(SET_T1("\x06", "\x95")),
	GIVES("\x82\x07\x00\x00\x00\x00\x06\x00\x00\x01\x95\x10\x00\x4d\x00"
	    "\x20\x00"),
	FAILS(0, ERR_MUTE, "the card does not answer; it was reset and is "
	    "ready again"),
};

/* 54 bytes and a header would fill a packet: 53 are asked for, then one. */
static const struct turn split_64[] = {
	OPENED,
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES(DATA("\x02", "\x01", "\x3b\x00")),
	SENDS("\x61\x05\x00\x00\x00\x00\x02\x00\x00\x00\x11\x00\x00\x0a\x00"),
	GIVES("\x82\x05\x00\x00\x00\x00\x02\x00\x00\x00\x11\x00\x00\x0a\x00"),
	TELLS(0, ON_NOW),
	ENDS(0, "\x3b\x00"),
	ASKS(0, IFD_TRANSMIT, .out = V("\x00\xb0\x00\x00\x35")),
	SENDS(XFR("\x05", "\x03", "\x02", "\x00\xb0\x00\x00\x35")),
	GIVES(DATA("\x02", "\x03", "\xb0" "X")),
	SENDS(XFR("\x00", "\x04", "\x35", "")),
	GIVES(DATA("\x35", "\x04", "0123456789012345678901234567890123456789"
	    "012345678901\x90")),
	SENDS(XFR("\x00", "\x05", "\x01", "")),
	GIVES(DATA("\x01", "\x05", "\x00")),
	ENDS(0, "X0123456789012345678901234567890123456789012345678901"
	    "\x90\x00"),
};

/* Its power goes off before it goes on, and the driver says what it is. */
static const struct turn idtoken[] = {
	OPENED,
	ASKS(0, IFD_POWER_ON),
	SENDS(OFF("\x01")),
	GIVES(SLOT("\x00", "\x01", "\x01", "\x00")),
	SENDS(ON("\x02", "\x01")),
	GIVES(DATA("\x05", "\x02", "\x3b\x80\x80\x01\x01")),
	TELLS(0, ON_NOW),
	ENDS(0, "\x3b\x80\x80\x01\x01"),
	ASKS(0, IFD_TRANSMIT, .out = V("\xff\x9a\x01\x01\x00")),
	ENDS(0, "KOBIL systems\x90\x00"),
	ASKS(0, IFD_TRANSMIT, .out = V("\xff\x9a\x01\x03\x00")),
	ENDS(0, "IDToken\x90\x00"),
	ASKS(0, IFD_TRANSMIT, .out = V("\xff\x9a\x01\x06\x00")),
	ENDS(0, "3.00\x90\x00"),
	ASKS(0, IFD_TRANSMIT, .out = V("\xff\x9a\x01\x07\x00")),
	ENDS(0, PACKAGE_VERSION "\x90\x00"),
	/* what it does not know goes to the card */
	ASKS(0, IFD_TRANSMIT, .out = V("\xff\x9a\x01\x02\x00")),
	SENDS(XFR("\x05", "\x03", "\x00", "\xff\x9a\x01\x02\x00")),
	GIVES(DATA("\x02", "\x03", "\x6e\x00")),
	ENDS(0, "\x6e\x00"),
};

static const struct turn claims_card[] = {
	OPENED,
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES("\x80\x00\x00\x00\x00\x00\x01\x41\xfe\x00"),
	SENDS(ON("\x02", "\x03")),
	GIVES("\x80\x00\x00\x00\x00\x00\x02\x41\xfe\x00"),
	SENDS(ON("\x03", "\x02")),
	GIVES("\x80\x00\x00\x00\x00\x00\x03\x41\xfe\x00"),
	TELLS(0, THERE | CHANNEL_MUTED),
	FAILS(0, ERR_MUTE, "no card, or one that does not answer to reset: "
	    "this reader cannot tell"),
};

#define READER(vid, pid, features)					\
	READER_DEVICE(vid, pid, 0x0300),				\
	READER_CONFIG(1, 3700, 318280, features, 271, 1)

static const struct {
	uint8_t device[18], config[9 + 9 + 54 + 21];
	struct talk_row row;
} readers[] = {
	{ READER(0x0b81, 0x0200, SHORT_LEVEL), ROW(slow_open) },
	{ READER(0x08e6, 0x3437, SHORT_LEVEL), ROW(gempc_iso) },
	{ READER(0x08e6, 0x4433, SHORT_LEVEL), ROW(gempc_power) },
	{ READER(0x058f, 0x9540, AU9540), ROW(au9540) },
	{ READER(0x058f, 0x9540, AU9540), ROW(verify_once) },
	{ READER(0x0b97, 0x7762, CHARACTERS), ROW(split_64) },
	{ READER(0x0d46, 0x301d, SHORT_LEVEL), ROW(idtoken) },
	{ READER(0x08e6, 0x3480, SHORT_LEVEL), ROW(claims_card) },
};

static void
open_reader(struct world *w, size_t i)
{
	const struct device d = { .device = BYTES(readers[i].device),
		.config = BYTES(readers[i].config) };

	world_open(w, &ifd_ccid);
	world_identify(w, &d);
}

START_TEST(by_id)
{
	struct world w;

	open_reader(&w, (size_t)_i);
	world_play(&w, readers[_i].row.name, readers[_i].row.turns,
	    readers[_i].row.n);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* ---- recovery ---- */

static const struct turn opened[] = { OPENED, };

/* The system slept, or somebody reset the device: nobody says what became of
   the card, so it is to be asked. */
static const struct turn shaken[] = {
	{ .kind = IN, .n = INT_IN, .err = ERR_IO },
};

START_TEST(a_failed_transfer_casts_doubt)
{
	struct world w;

	open_reader(&w, 2);
	PLAY(&w, opened);
	ck_assert(!engine_takes_doubt(w.engine));
	PLAY(&w, shaken);
	ck_assert(engine_takes_doubt(w.engine));
	ck_assert(!engine_takes_doubt(w.engine));
	ck_assert(!w.usb->reset_on_close);
	world_close(&w);
}
END_TEST

/* The ladder's last steps: two aborts in vain, then a reset of the device. */
static const struct turn deaf[] = {
	ASKS(0, IFD_STATUS),
	SENDS(STATUS("\x00", "\x01")),
	{ .kind = PASS, .arg = 5000 },
	{ .kind = CONTROL, .out = V(ABORT_REQUEST("\x02")) },
	SENDS(ABORT("\x02")),
	{ .kind = PASS, .arg = 2000 },
	{ .kind = CONTROL, .out = V(ABORT_REQUEST("\x03")) },
	SENDS(ABORT("\x03")),
	{ .kind = PASS, .arg = 2000 },
	FAILS(0, ERR_TIMEOUT, "no answer in time"),
	{ .kind = LOST, .err = ERR_READER, .in = V("not even an abort") },
};

static const struct turn unplugged[] = {
	ASKS(0, IFD_STATUS),
	{ .kind = UNPLUG },
	FAILS(0, ERR_GONE, "reader unplugged"),
	{ .kind = LOST, .err = ERR_GONE, .in = V("reader unplugged") },
};

START_TEST(a_deaf_reader_is_reset)
{
	struct world w;

	open_reader(&w, 2);
	PLAY(&w, opened);
	PLAY(&w, deaf);
	ck_assert(w.usb->reset_on_close);
	world_close(&w);
	open_reader(&w, 2);
	PLAY(&w, opened);
	PLAY(&w, unplugged);
	ck_assert(!w.usb->reset_on_close);
	world_close(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_quirks");
	TCase *t = tcase_create("ccid_quirks");

	tcase_add_loop_test(t, by_id, 0, sizeof(readers) / sizeof(readers[0]));
	tcase_add_test(t, a_failed_transfer_casts_doubt);
	tcase_add_test(t, a_deaf_reader_is_reset);
	suite_add_tcase(s, t);
	return unit_run(s);
}
