/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/talk.h"

#include "ifd/token_t0.h"

/*
 * The e-gate and the Rutoken S in the engine, transfer by transfer: requests
 * and lengths are those of OpenCT. At each transfer of a command the three ways
 * in which it can fail, at the end.
 */

#define DEVICE(vid, pid)						\
	"\x12\x01\x10\x01\x00\x00\x00\x08" vid pid "\x00\x01"		\
	"\x00\x00\x00\x01"
#define CONFIG								\
	"\x09\x02\x12\x00\x01\x01\x00\x80\x32"				\
	"\x09\x04\x00\x00\x00\xff\x00\x00\x00"

static const struct device egate = {
	.device = V(DEVICE("\x73\x09", "\x01\x00")), .config = V(CONFIG),
};
static const struct device rutoken = {
	.device = V(DEVICE("\x89\x0a", "\x20\x00")), .config = V(CONFIG),
};

enum { THERE = CHANNEL_PRESENT, ON_NOW = CHANNEL_PRESENT | CHANNEL_POWERED,
	MUTE_NOW = CHANNEL_PRESENT | CHANNEL_MUTED };

/* wValue and wIndex are 0 */
#define OUT_(type, request, n, bytes)					\
	{ .kind = CONTROL,						\
	    .out = V(type request "\x00\x00\x00\x00" n "\x00" bytes) }
#define IN_(type, request, n, bytes)					\
	{ .kind = CONTROL,						\
	    .out = V(type request "\x00\x00\x00\x00" n), .in = V(bytes) }

#define E_RESET OUT_("\x40", "\x90", "\x00", "")
#define E_STATUS(s) IN_("\xc0", "\xa0", "\x01\x00", s)
#define E_ATR(bytes) IN_("\xc0", "\x83", "\x23\x00", bytes)
#define E_HEADER(bytes) OUT_("\x40", "\x80", "\x05", bytes)
#define E_WRITE(n, bytes) OUT_("\x40", "\x82", n, bytes)
#define E_READ(n, bytes) IN_("\xc0", "\x81", n, bytes)
#define E_SW(bytes) E_STATUS("\x20"), E_READ("\x02\x00", bytes)
#define PAUSE(ms) { .kind = PASS, .arg = ms }

#define R_OFF OUT_("\x41", "\x63", "\x00", "")
#define R_STATUS(s) IN_("\xc1", "\xa0", "\x01\x00", s)
#define R_ON(bytes) IN_("\xc1", "\x62", "\x13\x00", bytes)
#define R_SEND(n, bytes) OUT_("\x41", "\x65", n, bytes)
#define R_READ(n, bytes) IN_("\xc1", "\x6f", n, bytes)
#define R_SW(bytes) R_STATUS("\x20"), R_READ("\x02\x00", bytes)

#define ASKS(what, ...) { .kind = ASK, .arg = what, __VA_ARGS__ }
#define SENDS(bytes) ASKS(IFD_TRANSMIT, .out = V(bytes))
#define ENDS(bytes) { .kind = ENDED, .in = V(bytes) }
#define FAILS(e, words) { .kind = ENDED, .err = e, .in = V(words) }
#define TELLS(mask) { .kind = CARD, .arg = mask }
#define UNKNOWN								\
	"; whether the card has carried out the command is not known, "	\
	"it must be reset"

/* A Cryptoflex; the ATR of the Rutoken S */
#define E_ATR_BYTES "\x3b\x95\x18\x40\xff\x62\x01\x02\x01\x04"
#define R_ATR_BYTES "\x3b\x6f\x00\xff\x00\x56\x72\x75\x54\x6f\x6b\x6e"	\
	"\x73\x30\x20\x00\x00\x90\x00"
#define CHALLENGE "\x00\x84\x00\x00\x08"
#define RANDOM "12345678"

#define PLAY(w, talk) world_play(w, #talk, talk, sizeof(talk) / sizeof(talk[0]))

static const struct turn opened[] = {
	{ .kind = READY }, TELLS(THERE), { .kind = QUIET },
};

static const struct turn egate_on[] = {
	ASKS(IFD_POWER_ON), PAUSE(100), E_RESET, PAUSE(100), E_STATUS("\x00"),
	PAUSE(100), E_ATR(E_ATR_BYTES), TELLS(ON_NOW), ENDS(E_ATR_BYTES),
	{ .kind = QUIET },
};

static const struct turn rutoken_on[] = {
	ASKS(IFD_POWER_ON), R_OFF, R_STATUS("\x10"), PAUSE(10),
	R_ON(R_ATR_BYTES), TELLS(ON_NOW), ENDS(R_ATR_BYTES),
	{ .kind = QUIET },
};

/* ---- e-gate, powered ---- */

static const struct turn case_1[] = {
	SENDS("\x00\x0e\x00\x00"),
	E_STATUS("\x00"), E_HEADER("\x00\x0e\x00\x00\x00"), E_SW("\x90\x00"),
	ENDS("\x90\x00"), { .kind = QUIET },
};

static const struct turn case_2[] = {
	SENDS(CHALLENGE),
	E_STATUS("\x00"), E_HEADER(CHALLENGE), E_STATUS("\x10"),
	E_READ("\x08\x00", RANDOM), E_SW("\x90\x00"),
	ENDS(RANDOM "\x90\x00"), { .kind = QUIET },
};

/* The status says when there are more of them. */
static const struct turn case_2_in_parts[] = {
	SENDS(CHALLENGE),
	E_STATUS("\x00"), E_HEADER(CHALLENGE), E_STATUS("\x10"),
	E_READ("\x08\x00", "123"), E_STATUS("\x10"),
	E_READ("\x05\x00", "45678"), E_SW("\x90\x00"),
	ENDS(RANDOM "\x90\x00"),
};

static const struct turn case_2_less[] = {	/* T=0 knows no such thing */
	SENDS("\x00\xb0\x00\x00\x00"),
	E_STATUS("\x00"), E_HEADER("\x00\xb0\x00\x00\x00"), E_STATUS("\x10"),
	E_READ("\x00\x01", RANDOM), E_STATUS("\x20"), TELLS(THERE),
	FAILS(ERR_SHORT, "bytes are missing" UNKNOWN),
};

static const struct turn case_2_6cxx[] = {
	SENDS("\x00\xca\x01\x01\x00"),
	E_STATUS("\x00"), E_HEADER("\x00\xca\x01\x01\x00"), E_SW("\x6c\x03"),
	E_STATUS("\x00"), E_HEADER("\x00\xca\x01\x01\x03"), E_STATUS("\x10"),
	E_READ("\x03\x00", "abc"), E_SW("\x90\x00"),
	ENDS("abc\x90\x00"),
};

static const struct turn case_3[] = {
	SENDS("\x00\xd6\x00\x00\x03" "abc"),
	E_STATUS("\x00"), E_HEADER("\x00\xd6\x00\x00\x03"), E_STATUS("\x10"),
	E_WRITE("\x03", "abc"), E_SW("\x90\x00"),
	ENDS("\x90\x00"), { .kind = QUIET },
};

static const struct turn case_3_refused[] = {	/* before the data */
	SENDS("\x00\xd6\x00\x00\x03" "abc"),
	E_STATUS("\x00"), E_HEADER("\x00\xd6\x00\x00\x03"), E_SW("\x69\x82"),
	ENDS("\x69\x82"),
};

static const struct turn case_4[] = {
	SENDS("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	E_STATUS("\x00"), E_HEADER("\x00\xa4\x00\x00\x02"), E_STATUS("\x10"),
	E_WRITE("\x02", "\x3f\x00"), E_SW("\x61\x04"),
	E_STATUS("\x00"), E_HEADER("\x00\xc0\x00\x00\x04"), E_STATUS("\x10"),
	E_READ("\x04\x00", "\x6f\x02\x80\x00"), E_SW("\x90\x00"),
	ENDS("\x6f\x02\x80\x00\x90\x00"),
};

static const struct turn busy[] = {
	SENDS("\x00\x0e\x00\x00"),
	E_STATUS("\x40"), PAUSE(1), E_STATUS("\x4f"), PAUSE(1),
	E_STATUS("\x00"),
	E_HEADER("\x00\x0e\x00\x00\x00"),
	E_STATUS("\x40"), PAUSE(1), E_STATUS("\x40"), PAUSE(1),
	E_SW("\x90\x00"),
	ENDS("\x90\x00"), { .kind = QUIET },
};

static const struct turn not_ready[] = {	/* not reset in silence */
	SENDS(CHALLENGE), E_STATUS("\x20"), TELLS(THERE),
	FAILS(ERR_READER, "the token is not ready" UNKNOWN), { .kind = QUIET },
	SENDS(CHALLENGE), FAILS(ERR_UNPOWERED, "the card is not powered"),
};

static const struct turn no_status_word[] = {
	SENDS(CHALLENGE), E_STATUS("\x00"), E_HEADER(CHALLENGE),
	E_STATUS("\x00"),
	TELLS(THERE), FAILS(ERR_CARD, "no status word came" UNKNOWN),
};

static const struct turn half_a_status_word[] = {
	SENDS(CHALLENGE), E_STATUS("\x00"), E_HEADER(CHALLENGE), E_SW("\x90"),
	TELLS(THERE), FAILS(ERR_SHORT, "bytes are missing" UNKNOWN),
};

static const struct turn no_data[] = {		/* though it said so */
	SENDS(CHALLENGE), E_STATUS("\x00"), E_HEADER(CHALLENGE),
	E_STATUS("\x10"),
	E_READ("\x08\x00", ""),
	TELLS(THERE), FAILS(ERR_SHORT, "bytes are missing" UNKNOWN),
};

static const struct turn too_much_data[] = {
	SENDS(CHALLENGE), E_STATUS("\x00"), E_HEADER(CHALLENGE),
	E_STATUS("\x10"),
	E_READ("\x08\x00", RANDOM), E_STATUS("\x10"), TELLS(THERE),
	FAILS(ERR_CARD, "the token has or wants more data than there are"
	    UNKNOWN),
};

static const struct turn data_twice[] = {	/* asked for the same again */
	SENDS("\x00\xd6\x00\x00\x03" "abc"),
	E_STATUS("\x00"), E_HEADER("\x00\xd6\x00\x00\x03"), E_STATUS("\x10"),
	E_WRITE("\x03", "abc"), E_STATUS("\x10"), TELLS(THERE),
	FAILS(ERR_CARD, "the token has or wants more data than there are"
	    UNKNOWN),
};

static const struct turn no_status[] = {
	SENDS(CHALLENGE), E_STATUS(""), TELLS(THERE),
	FAILS(ERR_READER, "the token is not ready" UNKNOWN),
};

static const struct turn strange_status[] = {
	SENDS(CHALLENGE), E_STATUS("\x00"), E_HEADER(CHALLENGE),
	E_STATUS("\xf0"), TELLS(THERE),
	FAILS(ERR_MUTE, "the card does not answer" UNKNOWN),
};

static const struct turn bad_status_word[] = {
	SENDS(CHALLENGE), E_STATUS("\x00"), E_HEADER(CHALLENGE),
	E_SW("\x12\x34"),
	TELLS(THERE), FAILS(ERR_CARD, "the card broke the protocol" UNKNOWN),
};

static const struct turn cancelled[] = {	/* while the card works */
	SENDS(CHALLENGE), E_STATUS("\x00"), E_HEADER(CHALLENGE),
	E_STATUS("\x40"), { .kind = GIVE_UP }, TELLS(THERE),
	FAILS(ERR_CANCELLED, "cancelled" UNKNOWN), { .kind = QUIET },
};

static const struct turn unplugged[] = {
	SENDS(CHALLENGE), E_STATUS("\x00"), { .kind = UNPLUG },
	FAILS(ERR_GONE, "reader unplugged"),
	{ .kind = LOST, .err = ERR_GONE, .in = V("reader unplugged") },
};

static const struct turn bad_apdus[] = {	/* no traffic */
	SENDS("\x00\xa4\x00"), FAILS(ERR_ARG, "invalid argument"),
	SENDS("\x00\xa4\x00\x00\x05\x3f"), FAILS(ERR_ARG, "invalid argument"),
	SENDS("\x00\xb0\x00\x00\x00\x01\x00"),
	FAILS(ERR_TOO_LONG, "over T=0 this token takes short APDUs only (at "
	    "most 261 bytes)"),
	ASKS(IFD_CONTROL), FAILS(ERR_UNSUPPORTED, "not supported"),
	{ .kind = QUIET },
};

static const struct turn protocols[] = {
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T0 | CHANNEL_T1), ENDS(""),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T1),
	FAILS(ERR_PROTOCOL, "the card does not speak that protocol"),
	ASKS(IFD_POWER_OFF), TELLS(THERE), ENDS(""),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T0),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
	{ .kind = QUIET },
};

static const struct turn reset_again[] = {
	ASKS(IFD_POWER_ON), PAUSE(100), E_RESET, PAUSE(100), E_STATUS("\x00"),
	PAUSE(100), E_ATR(E_ATR_BYTES), ENDS(E_ATR_BYTES),
};

/* ---- e-gate, not powered ---- */

static const struct turn not_powered[] = {
	SENDS(CHALLENGE), FAILS(ERR_UNPOWERED, "the card is not powered"),
};

static const struct turn no_atr[] = {
	ASKS(IFD_POWER_ON), PAUSE(100), E_RESET, PAUSE(100), E_STATUS("\x40"),
	PAUSE(100), E_ATR(""), TELLS(MUTE_NOW),
	FAILS(ERR_READER, "the token did not take step 4 of the 4 of its "
	    "reset: an answer of another kind"),
};

static const struct turn cut_atr[] = {
	ASKS(IFD_POWER_ON), PAUSE(100), E_RESET, PAUSE(100), E_STATUS("\x00"),
	PAUSE(100), E_ATR("\x3b\x95\x18"), TELLS(MUTE_NOW),
	FAILS(ERR_CARD, "the 3 bytes that came are no ATR"),
};

static const struct turn atr_of_t1[] = {
	ASKS(IFD_POWER_ON), PAUSE(100), E_RESET, PAUSE(100), E_STATUS("\x00"),
	PAUSE(100), E_ATR("\x3b\x80\x01\x81"), TELLS(MUTE_NOW),
	FAILS(ERR_PROTOCOL, "the card begins with T=1, the token carries T=0 "
	    "only"),
};

static const struct turn atr_and_more[] = {	/* cut to what it says */
	ASKS(IFD_POWER_ON), PAUSE(100), E_RESET, PAUSE(100), E_STATUS("\x00"),
	PAUSE(100), E_ATR(E_ATR_BYTES "\x00\x00"), TELLS(ON_NOW),
	ENDS(E_ATR_BYTES),
};

static const struct turn reset_stalls[] = {
	ASKS(IFD_POWER_ON), PAUSE(100),
	{ .kind = CONTROL, .out = V("\x40\x90\x00\x00\x00\x00\x00\x00"),
	    .err = ERR_STALL },
	TELLS(MUTE_NOW), FAILS(ERR_STALL, "the token did not take step 2 of "
	    "the 4 of its reset: the reader refused the request"),
};

static const struct turn reset_is_silent[] = {
	ASKS(IFD_POWER_ON), PAUSE(100), PAUSE(2000), { .kind = CANCELLED },
	TELLS(MUTE_NOW), FAILS(ERR_TIMEOUT, "the token did not take step 2 of "
	    "the 4 of its reset: no answer in time"),
};

static const struct turn reset_cancelled[] = {
	ASKS(IFD_POWER_ON), { .kind = GIVE_UP }, TELLS(MUTE_NOW),
	FAILS(ERR_CANCELLED, "cancelled"), { .kind = QUIET },
};

/* ---- Rutoken S, powered ---- */

static const struct turn r_case_1[] = {
	SENDS("\x80\x40\x00\x00"),
	R_SEND("\x05", "\x80\x40\x00\x00\x00"), R_SW("\x90\x00"),
	ENDS("\x90\x00"), { .kind = QUIET },
};

static const struct turn r_case_2[] = {		/* a serial number, turned */
	SENDS("\x00\xca\x01\x81\x04"),
	R_SEND("\x05", "\x00\xca\x01\x81\x04"), R_STATUS("\x10"),
	R_READ("\x04\x00", "\x01\x02\x03\x04"), R_SW("\x90\x00"),
	ENDS("\x04\x03\x02\x01\x90\x00"), { .kind = QUIET },
};

static const struct turn r_case_3[] = {		/* ids are little-endian */
	SENDS("\x00\xa4\x00\x0c\x02\x3f\x00"),
	R_SEND("\x05", "\x00\xa4\x00\x0c\x02"), R_STATUS("\x10"),
	R_SEND("\x02", "\x00\x3f"), R_SW("\x90\x00"),
	ENDS("\x90\x00"),
};

static const struct turn r_case_2_less[] = {	/* but this card does */
	SENDS("\x00\xb0\x00\x00\x00"),
	R_SEND("\x05", "\x00\xb0\x00\x00\x00"), R_STATUS("\x10"),
	R_READ("\x00\x01", RANDOM), R_SW("\x90\x00"),
	ENDS(RANDOM "\x90\x00"),
};

#define R_HEADER							\
	"\x80\x01\x50\x01\x38\x00\x00\x3f\x00\x00\x00\x00\x00"		\
	"\x00\x00\x00\x00"						\
	"\x43\x01\x02\x03\x04\x05\x06\x07\x11\x12\x13\x14\x15\x16\x17"
#define R_FCP								\
	"\x62\x3d\x81\x02\x01\x80\x80\x02\x01\x50\x82\x02\x38\x00"	\
	"\x83\x02\x3f\x00\x8a\x01\x00\x86\x28"				\
	"\x43\x01\x02\x03\x04\x05\x06\x07"				\
	"\x11\0\0\0\x12\0\0\0\x13\0\0\0\x14\0\0\0\x15\0\0\0\x16\0\0\0"	\
	"\x17\0\0\0" "\0\0\0\0"

static const struct turn r_case_4[] = {	/* 9000 where others say 61xx */
	SENDS("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	R_SEND("\x05", "\x00\xa4\x00\x00\x02"), R_STATUS("\x10"),
	R_SEND("\x02", "\x00\x3f"), R_SW("\x90\x00"),
	R_SEND("\x05", "\x00\xc0\x00\x00\x00"), R_SW("\x6c\x20"),
	R_SEND("\x05", "\x00\xc0\x00\x00\x20"), R_STATUS("\x10"),
	R_READ("\x20\x00", R_HEADER), R_SW("\x90\x00"),
	ENDS(R_FCP "\x90\x00"),
};

static const struct turn r_select_without_data[] = {
	SENDS("\x00\xa4\x00\x00\x00"),
	R_SEND("\x05", "\x00\xa4\x00\x00\x20"), R_STATUS("\x10"),
	R_READ("\x20\x00", R_HEADER), R_SW("\x90\x00"),
	ENDS(R_FCP "\x90\x00"),
};

static const struct turn r_busy[] = {		/* it counts */
	SENDS("\x80\x40\x00\x00"),
	R_SEND("\x05", "\x80\x40\x00\x00\x00"),
	R_STATUS("\x4e"), PAUSE(10), R_STATUS("\x4f"), PAUSE(10),
	R_STATUS("\x40"), PAUSE(10), R_SW("\x90\x00"),
	ENDS("\x90\x00"),
};

static const struct turn r_mute[] = {		/* no reset in silence */
	SENDS("\x80\x40\x00\x00"),
	R_SEND("\x05", "\x80\x40\x00\x00\x00"), R_STATUS("\x80"), TELLS(THERE),
	FAILS(ERR_MUTE, "the card does not answer" UNKNOWN), { .kind = QUIET },
};

static const struct turn r_late_atr[] = {
	ASKS(IFD_POWER_ON), R_OFF, R_STATUS("\x41"), PAUSE(10),
	R_STATUS("\x42"), PAUSE(10), R_STATUS("\x10"), PAUSE(10),
	R_ON(R_ATR_BYTES), ENDS(R_ATR_BYTES),
};

/* ---- each row in a world of its own ---- */

struct row {
	const char *name;
	const struct turn *turns;
	size_t n;
};

#define ROW(t) { #t, t, sizeof(t) / sizeof(t[0]) }

static const struct row egate_powered[] = {
	ROW(case_1), ROW(case_2), ROW(case_2_in_parts), ROW(case_2_less),
	ROW(case_2_6cxx), ROW(case_3), ROW(case_3_refused), ROW(case_4),
	ROW(busy), ROW(not_ready), ROW(no_status_word),
	ROW(half_a_status_word), ROW(no_data), ROW(too_much_data),
	ROW(data_twice), ROW(no_status), ROW(strange_status),
	ROW(bad_status_word), ROW(cancelled), ROW(unplugged), ROW(bad_apdus),
	ROW(protocols), ROW(reset_again),
};

static const struct row egate_off[] = {
	ROW(not_powered), ROW(no_atr), ROW(cut_atr), ROW(atr_of_t1),
	ROW(atr_and_more), ROW(reset_stalls), ROW(reset_is_silent),
	ROW(reset_cancelled),
};

static const struct row rutoken_powered[] = {
	ROW(r_case_1), ROW(r_case_2), ROW(r_case_2_less), ROW(r_case_3),
	ROW(r_case_4),
	ROW(r_select_without_data), ROW(r_busy), ROW(r_mute), ROW(r_late_atr),
};

static void
token_world(struct world *w, const struct ifd_driver *d,
    const struct device *device)
{
	world_open(w, d);
	world_identify(w, device);
	PLAY(w, opened);
}

static void
play_row(const struct row *r, const struct ifd_driver *d,
    const struct device *device, const struct row *on)
{
	struct world w;

	token_world(&w, d, device);
	if (on != NULL)
		world_play(&w, on->name, on->turns, on->n);
	world_play(&w, r->name, r->turns, r->n);
	world_is_quiet(&w);
	world_close(&w);
}

static const struct row power_egate = ROW(egate_on);
static const struct row power_rutoken = ROW(rutoken_on);

START_TEST(egate_talks)
{
	play_row(&egate_powered[_i], &ifd_egate, &egate, &power_egate);
}
END_TEST

START_TEST(egate_resets)
{
	play_row(&egate_off[_i], &ifd_egate, &egate, NULL);
}
END_TEST

START_TEST(rutoken_talks)
{
	play_row(&rutoken_powered[_i], &ifd_rutoken, &rutoken, &power_rutoken);
}
END_TEST

/* ---- a failure at each transfer of a command ---- */

static const uint32_t times[] = { 1000, 10000, 1000, 10000, 1000, 10000 };

static void
fail_at(size_t at, enum err err)
{
	const struct turn stalls = { .kind = CONTROL, .out = case_3[at].out,
		.err = err };
	const struct turn late[] = {
		PAUSE(times[at - 1]), { .kind = CANCELLED },
	};
	struct world w;

	token_world(&w, &ifd_egate, &egate);
	PLAY(&w, egate_on);
	world_play(&w, "before", case_3, at);
	if (err == ERR_TIMEOUT)
		world_play(&w, "late", late, 2);
	else
		world_play(&w, "fails", &stalls, 1);
	ck_assert_uint_eq(w.n_told - w.first, 2);
	ck_assert_int_eq(w.told[w.first].kind, CARD);
	ck_assert_uint_eq(w.told[w.first].arg, THERE);
	ck_assert_int_eq(w.told[w.first + 1].kind, ENDED);
	ck_assert_int_eq(w.told[w.first + 1].err, err);
	w.first = w.n_told = 0;
	PLAY(&w, egate_on);		/* usable after a reset */
	PLAY(&w, case_3);
	world_is_quiet(&w);
	world_close(&w);
}

START_TEST(each_transfer_fails)
{
	static const enum err errors[] = { ERR_STALL, ERR_IO, ERR_TIMEOUT };

	for (size_t at = 1; at <= 6; at++)
		fail_at(at, errors[_i]);
}
END_TEST

/* ---- busy without end ---- */

static void
play_busy(struct world *w, const struct turn *status, size_t n,
    uint32_t pause_ms)
{
	const struct turn pause = PAUSE(pause_ms);

	for (size_t i = 0; i < n; i++) {
		world_play(w, "busy", status, 1);
		world_play(w, "pause", &pause, 1);
	}
}

/* Slower after a while, and after three minutes no more. */
START_TEST(busy_for_ever)
{
	static const struct turn begin[] = {
		SENDS(CHALLENGE), E_STATUS("\x00"), E_HEADER(CHALLENGE),
	};
	static const struct turn still[] = { E_STATUS("\x40") };
	static const struct turn end[] = {
		E_STATUS("\x40"), TELLS(THERE),
		FAILS(ERR_TIMEOUT, "the card works for ever" UNKNOWN),
	};
	struct world w;

	token_world(&w, &ifd_egate, &egate);
	PLAY(&w, egate_on);
	PLAY(&w, begin);
	play_busy(&w, still, 64, 1);
	play_busy(&w, still, (TOKEN_T0_WORK_MAX_MS - 64) / 10 + 1, 10);
	PLAY(&w, end);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

/* The Rutoken's counter stands still for two seconds. */
START_TEST(counter_stands_still)
{
	static const struct turn begin[] = {
		SENDS("\x80\x40\x00\x00"),
		R_SEND("\x05", "\x80\x40\x00\x00\x00"),
	};
	static const struct turn still[] = { R_STATUS("\x43") };
	static const struct turn end[] = {
		R_STATUS("\x43"), TELLS(THERE),
		FAILS(ERR_MUTE, "the card has stopped working" UNKNOWN),
	};
	struct world w;

	token_world(&w, &ifd_rutoken, &rutoken);
	PLAY(&w, rutoken_on);
	PLAY(&w, begin);
	play_busy(&w, still, TOKEN_T0_STALLS_MAX + 1, 10);
	PLAY(&w, end);
	world_is_quiet(&w);
	world_close(&w);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int
main(void)
{
	Suite *s = suite_create("token_t0");
	TCase *t = tcase_create("token_t0");

	tcase_add_loop_test(t, egate_talks, 0, COUNT(egate_powered));
	tcase_add_loop_test(t, egate_resets, 0, COUNT(egate_off));
	tcase_add_loop_test(t, rutoken_talks, 0, COUNT(rutoken_powered));
	tcase_add_loop_test(t, each_transfer_fails, 0, 3);
	tcase_add_test(t, busy_for_ever);
	tcase_add_test(t, counter_stands_still);
	suite_add_tcase(s, t);
	return unit_run(s);
}
