/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/talk.h"

#include <stdio.h>

/*
 * The CCID driver in the engine, transfer by transfer. The Cherry's bytes are
 * those of its published descriptors and of a recorded session with libccid.
 */

enum { BULK_OUT = 0x02, BULK_IN = 0x82, INT_IN = 0x81 };
enum { SLOTS_AT = 18 + 4, BUSY_AT = 18 + 53 };

#define DEVICE								\
	"\x12\x01\x10\x01\x00\x00\x00\x08\x6a\x04\x2d\x00\x03\x02"	\
	"\x01\x02\x00\x01"
#define CONFIG_HEAD							\
	"\x09\x02\x5d\x00\x01\x01\x00\x80\x32"
#define CONFIG_TAIL							\
	"\x09\x04\x00\x00\x03\x0b\x00\x00\x04"				\
	"\x36\x21\x00\x01\x00\x07\x03\x00\x00\x00\xc0\x12\x00\x00"	\
	"\x40\x1f\x00\x00\x04\x00\x2a\x00\x00\xe7\x4c\x06\x00\x6a"	\
	"\xfe\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00"		\
	"\xb2\x07\x02\x00\x0f\x01\x00\x00\xff\xff\x00\x00\x00\x01"	\
	"\x07\x05\x81\x03\x08\x00\x10"					\
	"\x07\x05\x02\x02\x40\x00\x00"					\
	"\x07\x05\x82\x02\x40\x00\x00"

static const struct device cherry = {
	.device = V(DEVICE),
	.config = V(CONFIG_HEAD CONFIG_TAIL),
	.strings = { NULL, "Cherry GmbH", "SmartTerminal XX44" },
};

/* ---- rows that many talks share ---- */

#define STATUS(slot, seq) "\x65\x00\x00\x00\x00" slot seq "\x00\x00\x00"
#define ON(seq, volts) "\x62\x00\x00\x00\x00\x00" seq volts "\x00\x00"
#define OFF(seq) "\x63\x00\x00\x00\x00\x00" seq "\x00\x00\x00"
#define SLOT(slot, seq, status, error)					\
	"\x81\x00\x00\x00\x00" slot seq status error "\x00"
#define ATR5(seq) "\x80\x05\x00\x00\x00\x00" seq "\x00\x00\x00"		\
	"\x3b\x80\x80\x01\x01"
#define SET_T0(seq) "\x61\x05\x00\x00\x00\x00" seq "\x00\x00\x00"	\
	"\x11\x00\x00\x0a\x00"
#define PARAMS_T0(seq) "\x82\x05\x00\x00\x00\x00" seq "\x00\x00\x00"	\
	"\x11\x00\x00\x0a\x00"
#define CHALLENGE(slot, seq) "\x6f\x05\x00\x00\x00" slot seq		\
	"\x00\x00\x00\x00\x84\x00\x00\x08"
#define ANSWER(slot, seq) "\x80\x0a\x00\x00\x00" slot seq		\
	"\x00\x00\x00" "12345678\x90\x00"

#define SENDS(bytes) { .kind = OUT, .n = BULK_OUT, .out = V(bytes) }
#define GIVES(bytes) { .kind = IN, .n = BULK_IN, .in = V(bytes) }
#define NOTIFIES(bytes) { .kind = IN, .n = INT_IN, .in = V(bytes) }
#define ASKS(slot, what, ...)						\
	{ .kind = ASK, .n = slot, .arg = what, __VA_ARGS__ }
#define ENDS(slot, bytes) { .kind = ENDED, .n = slot, .in = V(bytes) }
#define FAILS(slot, e, words)						\
	{ .kind = ENDED, .n = slot, .err = e, .in = V(words) }
#define TELLS(slot, mask) { .kind = CARD, .n = slot, .arg = mask }
#define GET_CHALLENGE .out = V("\x00\x84\x00\x00\x08")

enum { NO_CARD = 0, THERE = CHANNEL_PRESENT,
	ON_NOW = CHANNEL_PRESENT | CHANNEL_POWERED };

/* After opening: one slot, card in, sequence 1 is next. */
static const struct turn opened[] = {
	SENDS(STATUS("\x00", "\x00")),
	GIVES(SLOT("\x00", "\x00", "\x01", "\x00")),
	{ .kind = READY },
	TELLS(0, THERE),
	{ .kind = QUIET },
};

/* Powered with the ATR of the recorded session; sequence 3 is next. */
static const struct turn powered[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES(ATR5("\x01")),
	SENDS(SET_T0("\x02")),
	GIVES(PARAMS_T0("\x02")),
	TELLS(0, ON_NOW),
	ENDS(0, "\x3b\x80\x80\x01\x01"),
	{ .kind = QUIET },
};

#define PLAY(w, talk) world_play(w, #talk, talk, sizeof(talk) / sizeof(talk[0]))

static void
open_cherry(struct world *w)
{
	world_open(w, &ifd_ccid);
	world_identify(w, &cherry);
	PLAY(w, opened);
}

/* ---- talks with a powered card ---- */

static const struct turn transmit[] = {	/* one out, one in */
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	GIVES(ANSWER("\x00", "\x03")),
	ENDS(0, "12345678\x90\x00"),
	{ .kind = QUIET },
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x04")),
	GIVES(ANSWER("\x00", "\x04")),
	ENDS(0, "12345678\x90\x00"),
};

static const struct turn answer_before_command_left[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	GIVES(ANSWER("\x00", "\x03")),
	SENDS(CHALLENGE("\x00", "\x03")),
	ENDS(0, "12345678\x90\x00"),
	{ .kind = QUIET },
};

static const struct turn time_extension[] = {	/* CCID 1.1 §6.2.6 */
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	GIVES("\x80\x00\x00\x00\x00\x00\x03\x80\x02\x00"),
	GIVES("\x80\x00\x00\x00\x00\x00\x03\x80\x02\x00"),
	GIVES(ANSWER("\x00", "\x03")),
	ENDS(0, "12345678\x90\x00"),
};

static const struct turn late_answer[] = {	/* of an earlier sequence */
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	GIVES(ANSWER("\x00", "\x02")),
	GIVES(""),
	GIVES(ANSWER("\x00", "\x03")),
	ENDS(0, "12345678\x90\x00"),
};

static const struct turn foreign_slot[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	GIVES(ANSWER("\x07", "\x03")),
	GIVES(ANSWER("\x00", "\x03")),
	ENDS(0, "12345678\x90\x00"),
};

static const struct turn short_answer[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	GIVES("\x80\x0a\x00\x00\x00\x00\x03\x00\x00\x00" "1234"),
	FAILS(0, ERR_SHORT, "message shorter than its header says"),
	{ .kind = QUIET },
};

static const struct turn long_answer[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	GIVES("\x80\x02\x00\x00\x00\x00\x03\x00\x00\x00\x90\x00\x00"),
	FAILS(0, ERR_FORMAT, "malformed message"),
	{ .kind = QUIET },
};

static const struct turn mute_card[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	GIVES("\x80\x00\x00\x00\x00\x00\x03\x40\xfe\x00"),
	FAILS(0, ERR_MUTE, "the card does not answer: card mute"),
};

static const struct turn card_left[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	NOTIFIES("\x50\x02"),
	TELLS(0, NO_CARD),
	GIVES("\x80\x00\x00\x00\x00\x00\x03\x42\xfe\x00"),
	FAILS(0, ERR_NO_CARD, "no card in the reader: card mute"),
	{ .kind = QUIET },
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	FAILS(0, ERR_NO_CARD, "no card in the reader"),
	NOTIFIES("\x50\x03"),
	TELLS(0, THERE),
};

static const struct turn card_swapped[] = {
	NOTIFIES("\x50\x03"),
	TELLS(0, NO_CARD),
	TELLS(0, THERE),
	NOTIFIES("\x50"),			/* nonsense changes nothing */
	NOTIFIES("\x99\x03"),
	NOTIFIES(""),
};

static const struct turn stall_out[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	{ .kind = OUT, .n = BULK_OUT, .out = V(CHALLENGE("\x00", "\x03")),
	    .err = ERR_STALL },
	{ .kind = HALT, .n = BULK_OUT },
	FAILS(0, ERR_STALL, "the reader refused the request"),
	{ .kind = CANCELLED, .n = BULK_IN },
	{ .kind = QUIET },
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x04")),
	GIVES(ANSWER("\x00", "\x04")),
	ENDS(0, "12345678\x90\x00"),
};

static const struct turn stall_in[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	{ .kind = IN, .n = BULK_IN, .err = ERR_STALL },
	{ .kind = HALT, .n = BULK_IN },
	FAILS(0, ERR_STALL, "the reader refused the request"),
	{ .kind = QUIET },
};

static const struct turn stall_interrupt[] = {
	{ .kind = IN, .n = INT_IN, .err = ERR_STALL },
	{ .kind = HALT, .n = INT_IN },
	NOTIFIES("\x50\x02"),
	TELLS(0, NO_CARD),
};

static const struct turn broken_three_times[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	{ .kind = IN, .n = BULK_IN, .err = ERR_IO },
	FAILS(0, ERR_IO, "USB transfer failed"),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x04")),
	{ .kind = IN, .n = BULK_IN, .err = ERR_IO },
	FAILS(0, ERR_IO, "USB transfer failed"),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x05")),
	{ .kind = IN, .n = BULK_IN, .err = ERR_IO },
	FAILS(0, ERR_IO, "USB transfer failed"),
	{ .kind = LOST, .err = ERR_READER, .in = V("several requests") },
};

static const struct turn unplugged[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	{ .kind = UNPLUG },
	FAILS(0, ERR_GONE, "reader unplugged"),
	{ .kind = LOST, .err = ERR_GONE, .in = V("reader unplugged") },
};

#define ABORT_REQUEST(seq) "\x21\x01\x00" seq "\x00\x00\x00\x00"
#define ABORT(seq) "\x72\x00\x00\x00\x00\x00" seq "\x00\x00\x00"

static const struct turn aborted[] = {	/* CCID 1.1 §5.3.1 */
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x03")),
	{ .kind = GIVE_UP },
	{ .kind = CONTROL, .out = V(ABORT_REQUEST("\x04")) },
	SENDS(ABORT("\x04")),
	GIVES("\x80\x00\x00\x00\x00\x00\x03\x40\xff\x00"),
	GIVES(SLOT("\x00", "\x04", "\x00", "\x00")),
	FAILS(0, ERR_CANCELLED, "cancelled"),
	{ .kind = QUIET },
};

static const struct turn out_not_taken[] = {	/* the reader naks for ever */
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	{ .kind = PASS, .arg = 180000 },
	{ .kind = CANCELLED, .n = BULK_OUT },
	{ .kind = CONTROL, .out = V(ABORT_REQUEST("\x04")) },
	{ .kind = PASS, .arg = 2000 },
	{ .kind = CANCELLED, .n = BULK_OUT },
	{ .kind = CONTROL, .out = V(ABORT_REQUEST("\x05")) },
	{ .kind = PASS, .arg = 2000 },
	{ .kind = CANCELLED, .n = BULK_OUT },
	FAILS(0, ERR_TIMEOUT, "no answer in time"),
	{ .kind = LOST, .err = ERR_READER, .in = V("not even an abort") },
};

static const struct turn cancel_never_comes_back[] = {
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	{ .kind = PASS, .arg = 180000 },
	{ .kind = PASS, .arg = 2000 },
	FAILS(0, ERR_IO, "USB transfer failed"),
	{ .kind = LOST, .err = ERR_IO, .in = V("a cancelled transfer") },
};

static const struct turn resets[] = {
	/* warm: power on without off */
	ASKS(0, IFD_POWER_ON, .more = 1),
	SENDS(ON("\x03", "\x01")),
	GIVES(ATR5("\x03")),
	SENDS(SET_T0("\x04")),
	GIVES(PARAMS_T0("\x04")),
	ENDS(0, "\x3b\x80\x80\x01\x01"),
	/* cold: off first; a reader that refuses parameters is fine */
	ASKS(0, IFD_POWER_ON),
	SENDS(OFF("\x05")),
	GIVES(SLOT("\x00", "\x05", "\x01", "\x00")),
	SENDS(ON("\x06", "\x01")),
	GIVES(ATR5("\x06")),
	SENDS(SET_T0("\x07")),
	GIVES("\x82\x00\x00\x00\x00\x00\x07\x40\x00\x00"),
	ENDS(0, "\x3b\x80\x80\x01\x01"),
	ASKS(0, IFD_POWER_OFF),
	SENDS(OFF("\x08")),
	GIVES(SLOT("\x00", "\x08", "\x01", "\x00")),
	TELLS(0, THERE),
	ENDS(0, ""),
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	FAILS(0, ERR_UNPOWERED, "the card is not powered"),
};

/* The SetParameters of the recorded session, byte for byte. */
static const struct turn protocol_t1[] = {
	ASKS(0, IFD_PROTOCOL, .more = CHANNEL_T0 | CHANNEL_T1),
	ENDS(0, ""),
	ASKS(0, IFD_PROTOCOL, .more = CHANNEL_T1),
	SENDS("\x61\x07\x00\x00\x00\x00\x03\x01\x00\x00"
	    "\x11\x10\x00\x4d\x00\x20\x00"),
	GIVES("\x82\x07\x00\x00\x00\x00\x03\x00\x00\x01"
	    "\x11\x10\x00\x4d\x00\x20\x00"),
	ENDS(0, ""),
	ASKS(0, IFD_PROTOCOL, .more = 4),
	FAILS(0, ERR_PROTOCOL, "the card does not speak that protocol"),
	ASKS(0, IFD_CONTROL, .more = 3),
	FAILS(0, ERR_UNSUPPORTED, "not supported"),
};

static const struct turn escape[] = {	/* CCID 1.1 §6.1.8, §6.2.5 */
	ASKS(0, IFD_CONTROL, .more = CHANNEL_ESCAPE, .out = V("\x02")),
	SENDS("\x6b\x01\x00\x00\x00\x00\x03\x00\x00\x00\x02"),
	GIVES("\x83\x03\x00\x00\x00\x00\x03\x00\x00\x00" "1.0"),
	ENDS(0, "1.0"),
	ASKS(0, IFD_CONTROL, .more = CHANNEL_ESCAPE_HARMLESS, .out = V("")),
	SENDS("\x6b\x00\x00\x00\x00\x00\x04\x00\x00\x00"),
	GIVES("\x83\x00\x00\x00\x00\x00\x04\x40\x00\x00"),
	FAILS(0, ERR_UNSUPPORTED, "not supported: command not supported"),
};

#define ROW(t) { #t, t, sizeof(t) / sizeof(t[0]) }
static const struct {
	const char *name;
	const struct turn *turns;
	size_t n;
} talks[] = {
	ROW(transmit), ROW(answer_before_command_left), ROW(time_extension),
	ROW(late_answer), ROW(foreign_slot), ROW(short_answer),
	ROW(long_answer), ROW(mute_card), ROW(card_left), ROW(card_swapped),
	ROW(stall_out), ROW(stall_in), ROW(stall_interrupt),
	ROW(broken_three_times), ROW(unplugged), ROW(aborted),
	ROW(out_not_taken), ROW(cancel_never_comes_back), ROW(resets),
	ROW(protocol_t1), ROW(escape),
};

START_TEST(a_powered_card)
{
	struct world w;

	open_cherry(&w);
	PLAY(&w, powered);
	world_play(&w, talks[_i].name, talks[_i].turns, talks[_i].n);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* ---- power ---- */

static const struct turn voltages[] = {	/* 5 V, 1.8 V, 3 V */
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES("\x80\x00\x00\x00\x00\x00\x01\x41\xfe\x00"),
	SENDS(ON("\x02", "\x03")),
	GIVES("\x80\x00\x00\x00\x00\x00\x02\x41\xfe\x00"),
	SENDS(ON("\x03", "\x02")),
	GIVES(ATR5("\x03")),
	SENDS(SET_T0("\x04")),
	GIVES(PARAMS_T0("\x04")),
	TELLS(0, ON_NOW),
	ENDS(0, "\x3b\x80\x80\x01\x01"),
};

static const struct turn no_voltage_helps[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES("\x80\x00\x00\x00\x00\x00\x01\x41\xfe\x00"),
	SENDS(ON("\x02", "\x03")),
	GIVES("\x80\x00\x00\x00\x00\x00\x02\x41\xfe\x00"),
	SENDS(ON("\x03", "\x02")),
	GIVES("\x80\x00\x00\x00\x00\x00\x03\x41\xfe\x00"),
	TELLS(0, THERE | CHANNEL_MUTED),
	FAILS(0, ERR_MUTE, "the card does not answer: card mute"),
};

static const struct turn no_card_at_all[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES("\x80\x00\x00\x00\x00\x00\x01\x42\xfe\x00"),
	TELLS(0, NO_CARD),
	FAILS(0, ERR_NO_CARD, "no card in the reader: card mute"),
};

static const struct turn endless_atr[] = {
	ASKS(0, IFD_POWER_ON),
	SENDS(ON("\x01", "\x01")),
	GIVES("\x80\x22\x00\x00\x00\x00\x01\x00\x00\x00"
	    "1234567890123456789012345678901234"),
	FAILS(0, ERR_CARD, "the reader handed over an ATR of 34 bytes"),
};

START_TEST(power)
{
	static const struct {
		const char *name;
		const struct turn *turns;
		size_t n;
	} rows[] = {
		ROW(voltages), ROW(no_voltage_helps), ROW(no_card_at_all),
		ROW(endless_atr),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		open_cherry(&w);
		world_play(&w, rows[i].name, rows[i].turns, rows[i].n);
		world_is_quiet(&w);
		world_close(&w);
	}
}
END_TEST

/* ---- opening ---- */

#define GET(value, index, length)					\
	"\x80\x06" value index length

static const struct turn opening[] = {	/* every transfer of it */
	{ .kind = CONTROL, .out = V(GET("\x00\x01", "\x00\x00", "\x12\x00")),
	    .in = V(DEVICE) },
	{ .kind = CONTROL, .out = V(GET("\x00\x02", "\x00\x00", "\x09\x00")),
	    .in = V(CONFIG_HEAD) },
	{ .kind = CONTROL, .out = V(GET("\x00\x02", "\x00\x00", "\x5d\x00")),
	    .in = V(CONFIG_HEAD CONFIG_TAIL) },
	{ .kind = CONTROL, .out = V(GET("\x00\x03", "\x00\x00", "\xff\x00")),
	    .in = V("\x04\x03\x07\x04") },
	{ .kind = CONTROL, .out = V(GET("\x01\x03", "\x07\x04", "\xff\x00")),
	    .in = V("\x06\x03" "C\x00h\x00") },
	{ .kind = CONTROL, .out = V(GET("\x02\x03", "\x07\x04", "\xff\x00")),
	    .err = ERR_IO },
	{ .kind = CONTROL, .out = V(GET("\x04\x03", "\x07\x04", "\xff\x00")),
	    .err = ERR_STALL },
	SENDS(STATUS("\x00", "\x00")),
	GIVES(SLOT("\x00", "\x00", "\x02", "\x00")),
	{ .kind = READY },
	TELLS(0, NO_CARD),
	{ .kind = QUIET },
};

START_TEST(opening_is_these_transfers)
{
	struct world w;

	world_open(&w, &ifd_ccid);
	PLAY(&w, opening);
	ck_assert_str_eq(engine_reader(w.engine)->info.vendor, "Ch");
	ck_assert_str_eq(engine_reader(w.engine)->info.product, "");
	ck_assert_uint_eq(engine_reader(w.engine)->info.max_apdu, 261);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

static const struct {
	const char *name;
	size_t at;		/* in the configuration */
	uint8_t value;
	enum err err;
	const char *words;
} bad_devices[] = {
	{ "short class descriptor", 18, 40, ERR_FORMAT,
	    "the class descriptor is 40 bytes long, 54 expected" },
	{ "endless class descriptor", 18, 255, ERR_FORMAT, "" },
	{ "no length at all", 18, 0, ERR_FORMAT, "" },
	{ "another descriptor type", 19, 0x42, ERR_FORMAT, "" },
	{ "no bulk endpoint", 9 + 9 + 54 + 7 + 3, 3, ERR_UNSUPPORTED, "" },
	{ "configuration of 4 bytes", 2, 4, ERR_FORMAT, "configuration" },
};

START_TEST(a_bad_device_is_refused_in_words)
{
	uint8_t config[sizeof(CONFIG_HEAD CONFIG_TAIL) - 1];
	struct device d = cherry;
	struct world w;
	char text[601];

	memcpy(config, cherry.config.p, sizeof(config));
	config[bad_devices[_i].at] = bad_devices[_i].value;
	d.config.p = config;
	world_open(&w, &ifd_ccid);
	world_identify(&w, &d);
	ck_assert_msg(w.n_told == 1 && w.told[0].kind == LOST, "%s",
	    bad_devices[_i].name);
	snprintf(text, sizeof(text), "%.*s", (int)w.told[0].data_n,
	    (const char *)w.told[0].data);
	ck_assert_msg(strstr(text, bad_devices[_i].words) != NULL && strlen(
	    text) > 10, "%s: %s", bad_devices[_i].name, text);
	world_close(&w);
}
END_TEST

/* Each descriptor cut at each length, as a device would that stops early. */
START_TEST(descriptors_are_swept)
{
	for (size_t cut = 0; cut < cherry.config.n; cut++) {
		struct device d = cherry;
		struct world w;

		d.config.n = cut;
		world_open(&w, &ifd_ccid);
		world_identify(&w, &d);
		ck_assert_uint_eq(w.n_told, 1);
		ck_assert_int_eq(w.told[0].kind, LOST);
		world_close(&w);
	}
	for (size_t cut = 0; cut < cherry.device.n; cut++) {
		struct device d = cherry;
		struct world w;

		d.device.n = cut;
		world_open(&w, &ifd_ccid);
		world_identify(&w, &d);
		ck_assert_uint_eq(w.n_told, 1);
		ck_assert_int_eq(w.told[0].kind, LOST);
		world_close(&w);
	}
}
END_TEST

/* ---- two slots ---- */

static const struct turn two_slots[] = {
	SENDS(STATUS("\x00", "\x00")),
	GIVES(SLOT("\x00", "\x00", "\x01", "\x00")),
	SENDS(STATUS("\x01", "\x01")),
	GIVES(SLOT("\x01", "\x01", "\x01", "\x00")),
	{ .kind = READY },
	TELLS(0, THERE),
	TELLS(1, THERE),
	ASKS(0, IFD_POWER_ON),
	ASKS(1, IFD_POWER_ON),
	SENDS("\x62\x00\x00\x00\x00\x00\x02\x01\x00\x00"),
	SENDS("\x62\x00\x00\x00\x00\x01\x03\x01\x00\x00"),
	/* the second answers first */
	GIVES("\x80\x05\x00\x00\x00\x01\x03\x00\x00\x00\x3b\x80\x80\x01\x01"),
	GIVES("\x80\x05\x00\x00\x00\x00\x02\x00\x00\x00\x3b\x80\x80\x01\x01"),
	SENDS("\x61\x05\x00\x00\x00\x01\x04\x00\x00\x00\x11\x00\x00\x0a\x00"),
	SENDS("\x61\x05\x00\x00\x00\x00\x05\x00\x00\x00\x11\x00\x00\x0a\x00"),
	GIVES("\x82\x05\x00\x00\x00\x00\x05\x00\x00\x00\x11\x00\x00\x0a\x00"),
	TELLS(0, ON_NOW),
	ENDS(0, "\x3b\x80\x80\x01\x01"),
	GIVES("\x82\x05\x00\x00\x00\x01\x04\x00\x00\x00\x11\x00\x00\x0a\x00"),
	TELLS(1, ON_NOW),
	ENDS(1, "\x3b\x80\x80\x01\x01"),
	{ .kind = QUIET },
	ASKS(0, IFD_TRANSMIT, GET_CHALLENGE),
	ASKS(1, IFD_TRANSMIT, GET_CHALLENGE),
	SENDS(CHALLENGE("\x00", "\x06")),
	SENDS(CHALLENGE("\x01", "\x07")),
	GIVES(ANSWER("\x01", "\x07")),
	ENDS(1, "12345678\x90\x00"),
	NOTIFIES("\x50\x09"),		/* slot 0: still there; 1: left */
	TELLS(1, NO_CARD),
	GIVES(ANSWER("\x00", "\x06")),
	ENDS(0, "12345678\x90\x00"),
	{ .kind = QUIET },
};

START_TEST(slots_work_in_parallel)
{
	uint8_t config[sizeof(CONFIG_HEAD CONFIG_TAIL) - 1];
	struct device d = cherry;
	struct world w;

	memcpy(config, cherry.config.p, sizeof(config));
	config[SLOTS_AT] = 1;
	config[BUSY_AT] = 2;
	d.config.p = config;
	world_open(&w, &ifd_ccid);
	world_identify(&w, &d);
	PLAY(&w, two_slots);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid");
	TCase *t = tcase_create("ccid");

	tcase_add_test(t, opening_is_these_transfers);
	tcase_add_loop_test(t, a_bad_device_is_refused_in_words, 0,
	    sizeof(bad_devices) / sizeof(bad_devices[0]));
	tcase_add_test(t, descriptors_are_swept);
	tcase_add_test(t, power);
	tcase_add_loop_test(t, a_powered_card, 0,
	    sizeof(talks) / sizeof(talks[0]));
	tcase_add_test(t, slots_work_in_parallel);
	suite_add_tcase(s, t);
	return unit_run(s);
}
