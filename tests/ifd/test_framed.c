/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/old_rows.h"

/* ePass3000 and PertoSmart in the engine, transfer by transfer. */

#define DEVICE(vid, pid)						\
	"\x12\x01\x10\x01\0\0\0\x08" vid pid "\0\x01\0\0\0\x01"
#define INTERFACE(n) "\x09\x04\0\0" n "\xff\0\0\0"
#define BULK(ep) "\x07\x05" ep "\x02\x40\0\0"
#define INTERRUPT "\x07\x05\x81\x03\x08\0\x0a"

static const struct device epass = {
	.device = V(DEVICE("\x6e\x09", "\x01\x04")),
	.config = V("\x09\x02\x20\0\x01\x01\0\x80\x32" INTERFACE("\x02")
	    BULK("\x02") BULK("\x81")),
};

static const struct device ac1030 = {
	.device = V(DEVICE("\x2f\x07", "\x01\0")),
	.config = V("\x09\x02\x19\0\x01\x01\0\x80\x32" INTERFACE("\x01")
	    INTERRUPT),
};

static const struct device ac1038 = {
	.device = V(DEVICE("\x2f\x07", "\0\x90")),
	.config = V("\x09\x02\x27\0\x01\x01\0\x80\x32" INTERFACE("\x03")
	    INTERRUPT BULK("\x02") BULK("\x82")),
};

/* ---- ePass3000 ---- */

#define E_OUT(bytes) SENDS(0x02, "\x52\x36" bytes)
#define E_IN(bytes) GIVES(0x81, "\x52\x36" bytes)
#define E_CHALLENGE E_OUT("\0\x02\0\x05\0\x84\0\0\x08")

static const struct turn e_opened[] = {	/* nothing is asked of it */
	{ .kind = READY }, TELLS(THERE), { .kind = QUIET },
};

static const struct turn e_powered[] = {
	ASKS(IFD_POWER_ON),
	PASSES(50),
	E_OUT("\0\x01\0\0"),
	E_IN("\0\0\0\x09\xaa\xbb\x3b\x02T0\xcc\xdd\xee"),
	TELLS(ON_NOW),
	ENDS("\x3b\x02T0"),
	{ .kind = QUIET },
};

static const struct turn e_cases[] = {
	APDU("\0\x20\0\x01"),			/* 1 */
	E_OUT("\0\x02\0\x05\0\x20\0\x01\0"),
	E_IN("\0\0\0\x02\x63\xc3"),
	ENDS("\x63\xc3"),
	APDU("\0\x84\0\0\x08"),			/* 2 */
	E_CHALLENGE,
	E_IN("\0\0\0\x0a" "12345678\x90\0"),
	ENDS("12345678\x90\0"),
	APDU("\0\xb0\0\0\0"),			/* 2, a length corrected */
	E_OUT("\0\x02\0\x05\0\xb0\0\0\0"),
	E_IN("\0\0\0\x02\x6c\x02"),
	E_OUT("\0\x02\0\x05\0\xb0\0\0\x02"),
	E_IN("\0\0\0\x04ok\x90\0"),
	ENDS("ok\x90\0"),
	APDU("\0\xa4\0\x0c\x02\x3f\0"),		/* 3 */
	E_OUT("\0\x02\0\x07\0\xa4\0\x0c\x02\x3f\0"),
	E_IN("\0\0\0\x02\x90\0"),
	ENDS("\x90\0"),
	APDU("\0\xa4\0\0\x02\x3f\0\0"),		/* 4 */
	E_OUT("\0\x02\0\x07\0\xa4\0\0\x02\x3f\0"),
	E_IN("\0\0\0\x02\x61\x02"),
	E_OUT("\0\x02\0\x05\0\xc0\0\0\x02"),
	E_IN("\0\0\0\x04ok\x90\0"),
	ENDS("ok\x90\0"),
	APDU("\0\xa4\0\0\x02\x3f\0\0"),		/* 4, of a newer token */
	E_OUT("\0\x02\0\x07\0\xa4\0\0\x02\x3f\0"),
	E_IN("\0\0\0\x04ok\x90\0"),
	ENDS("ok\x90\0"),
};

static const struct turn e_status_is_not_zero[] = {
	APDU("\0\x84\0\0\x08"),
	E_CHALLENGE,
	E_IN("\x12\x34\0\0"),
	FAILS(ERR_READER, "the reader reported a failure: the reader says "
	    "1234"),
	APDU("\0\x84\0\0\x08"),		/* but with data it is taken */
	E_CHALLENGE,
	E_IN("\x12\x34\0\x0a" "12345678\x90\0"),
	ENDS("12345678\x90\0"),
};

static const struct turn e_no_atr[] = {
	ASKS(IFD_POWER_ON),
	PASSES(50),
	E_OUT("\0\x01\0\0"),
	E_IN("\0\0\0\x05\xaa\xbb\xcc\xdd\xee"),
	TELLS(ON_NOW | CHANNEL_MUTED),
	FAILS(ERR_MUTE, "the reader handed over an ATR of 0 bytes"),
};

static const struct turn e_keys_take_long[] = {
	APDU("\0\x46\0\0"),
	E_OUT("\0\x02\0\x05\0\x46\0\0\0"),
	PASSES(200000),
	TELLS(THERE),		/* whether it ran is unknown */
	FAILS(ERR_TIMEOUT, "no answer in time"),
	CANCELS(0x81),
	{ .kind = QUIET },
	APDU("\0\x84\0\0\x08"),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
};

/* ---- AC1038 ---- */

#define P_OUT(bytes) SENDS(0x02, bytes)
#define P_IN(bytes) GIVES(0x82, bytes)
#define P_OFF P_OUT("\x01\x81\0\0" Z50 Z10), P_IN("\x01\0\0\0")
#define P_TYPE(t)							\
	P_OUT("\x01\x02\0\x01" t Z50 Z4 Z4 "\0"), P_IN("\x01\0\0\0")
#define P_RESET P_OUT("\x01\x80\0\0" Z50 Z10)
#define P_STATUS P_OUT("\x01\x01\0\0" Z50 Z10)
#define P_CHALLENGE P_OUT("\x01\xa0\0\x05\0\x84\0\0\x08" Z50 Z4 "\0")
#define P_BLOCK(n, b, pad) P_OUT("\x01\xa1\0" n b pad)
#define T1_CHALLENGE "\0\0\x05\0\x84\0\0\x08\x89"
#define T1_ANSWER "\0\0\x0a" "12345678\x90\0\x92"

static const struct turn p_opened[] = {
	P_OUT("\x01\x07\0\x01\x10" Z50 Z4 Z4 "\0"),
	P_IN("\x01\0\0\0"),
	P_STATUS,
	P_IN("\x01\0\0\x10" Z10 Z4 "\0\x01"),
	{ .kind = READY }, TELLS(THERE), { .kind = QUIET },
};

static const struct turn p_powered[] = {
	ASKS(IFD_POWER_ON),
	PASSES(50),
	P_OFF, P_TYPE("\0"), P_RESET,
	P_IN("\x01\0\0\x05\x3b\x80\x80\x01\x01"),
	TELLS(ON_NOW),
	ENDS("\x3b\x80\x80\x01\x01"),
	{ .kind = QUIET },
};

static const struct turn p_powered_t1[] = {
	ASKS(IFD_POWER_ON),
	PASSES(50),
	P_OFF, P_TYPE("\0"), P_RESET,
	P_IN("\x01\0\0\x04\x3b\x80\x01\x81"),
	TELLS(ON_NOW),
	ENDS("\x3b\x80\x01\x81"),
};

static const struct turn p_off_is_refused[] = {	/* nothing was on */
	ASKS(IFD_POWER_ON),
	PASSES(50),
	P_OUT("\x01\x81\0\0" Z50 Z10),
	P_IN("\x01\xf9\0\0"),
	P_TYPE("\0"), P_RESET,
	P_IN("\x01\0\0\x04\x3b\x80\x01\x81"),
	TELLS(ON_NOW),
	ENDS("\x3b\x80\x01\x81"),
};

static const struct turn p_late_answers_wait[] = {
	ASKS(IFD_POWER_ON),
	P_IN("\x01\0\0\x02\x90\0"),	/* nobody knows of what */
	P_IN("\x01\0"),
	PASSES(50),
	P_OFF, P_TYPE("\0"), P_RESET,
	P_IN("\x01\0\0\x04\x3b\x80\x01\x81"),
	TELLS(ON_NOW),
	ENDS("\x3b\x80\x01\x81"),
};

static const struct turn p_in_packets[] = {	/* 4 + 60 and 4 bytes */
	APDU("\0\xb0\0\0\x3e"),
	P_OUT("\x01\xa0\0\x05\0\xb0\0\0\x3e" Z50 Z4 "\0"),
	P_IN("\x01\0\0\x40" Z50 Z10),
	P_IN("ab\x90\0"),
	ENDS(Z50 Z10 "ab\x90\0"),
	APDU("\0\xb0\0\0\x3a"),		/* a full packet, and no empty one */
	P_OUT("\x01\xa0\0\x05\0\xb0\0\0\x3a" Z50 Z4 "\0"),
	P_IN("\x01\0\0\x3c" Z50 Z4 Z4 "\x90\0"),
	ENDS(Z50 Z4 Z4 "\x90\0"),
	{ .kind = QUIET },
};

static const struct turn p_no_card[] = {
	APDU("\0\x84\0\0\x08"),
	P_CHALLENGE,
	P_IN("\x01\xfa\0\0"),
	TELLS(NO_CARD),
	FAILS(ERR_NO_CARD, "no card in the reader: the reader says 00fa"),
	APDU("\0\x84\0\0\x08"),
	FAILS(ERR_NO_CARD, "no card in the reader"),
};

static const struct turn p_half_an_answer[] = {
	APDU("\0\x84\0\0\x08"),
	P_CHALLENGE,
	P_IN("\x01\0\0\x0a" "1234"),
	PASSES(500),
	TELLS(THERE),
	FAILS(ERR_TIMEOUT, "no answer in time"),
	CANCELS(0x82),
};

static const struct turn p_nonsense[] = {
	APDU("\0\x84\0\0\x08"),
	P_CHALLENGE,
	P_IN("\x55\0\0\x0a"),
	TELLS(THERE),
	FAILS(ERR_FORMAT, "malformed message"),
};

static const struct turn p_stall[] = {
	APDU("\0\x84\0\0\x08"),
	P_CHALLENGE,
	{ .kind = IN, .n = 0x82, .err = ERR_STALL },
	CLEARS(0x82),
	TELLS(THERE),
	FAILS(ERR_STALL, "the reader refused the request"),
};

static const struct turn p_notices[] = {
	GIVES(0x81, "\x01\xc0\0\0"),
	TELLS(NO_CARD),
	GIVES(0x81, "\x01\xc1\0\0"),
	TELLS(THERE),
	GIVES(0x81, "\x01\xc2\0\0"),	/* and these mean nothing */
	GIVES(0x81, "\x01\xc0\0"),
	GIVES(0x81, "\x02\xc0\0\0"),
	APDU("\0\x84\0\0\x08"),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
};

static const struct turn p_another_protocol[] = {	/* by another reset */
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T1),
	PASSES(50),
	P_OFF, P_TYPE("\x0d"), P_RESET,
	P_IN("\x01\0\0\x05\x3b\x80\x80\x01\x01"),
	ENDS(""),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T1),
	ENDS(""),
	APDU("\0\x84\0\0\x08"),
	P_BLOCK("\x09", T1_CHALLENGE, Z50 "\0"),
	P_IN("\x01\0\0\x0e" T1_ANSWER),
	ENDS("12345678\x90\0"),
};

static const struct turn p_t1_blocks[] = {
	APDU("\0\x84\0\0\x08"),
	P_BLOCK("\x09", T1_CHALLENGE, Z50 "\0"),
	P_IN("\x01\xfd\0\0"),			/* parity: asked again */
	P_BLOCK("\x04", "\0\x82\0\x82", Z50 Z4 "\0\0"),
	P_IN("\x01\0\0\x0e" T1_ANSWER),
	ENDS("12345678\x90\0"),
	ASKS(IFD_PROTOCOL, .more = CHANNEL_T0),
	FAILS(ERR_PROTOCOL, "the card does not speak that protocol"),
};

static const struct turn p_off[] = {
	ASKS(IFD_POWER_OFF),
	P_OFF,
	TELLS(THERE),
	ENDS(""),
	APDU("\0\x84\0\0\x08"),
	FAILS(ERR_UNPOWERED, "the card is not powered"),
};

static const struct turn p_no_apdu[] = {
	APDU("\0\x84\0"),
	FAILS(ERR_ARG, "an APDU has at least 4 bytes, this one has 3"),
	APDU("\0\x84\0\0\x01\x02\x03\x04"),
	FAILS(ERR_ARG, "invalid argument"),
	APDU("\0\xd6\0\0\0\0\x01\xaa"),
	FAILS(ERR_TOO_LONG, "over T=0 this reader takes short APDUs only (at "
	    "most 261 bytes)"),
};

static const struct turn p_unplugged[] = {
	APDU("\0\x84\0\0\x08"),
	P_CHALLENGE,
	{ .kind = UNPLUG },
	FAILS(ERR_GONE, "reader unplugged"),
	{ .kind = LOST, .err = ERR_GONE, .in = V("reader unplugged") },
};

/* ---- AC1030 ---- */

#define A_OUT(n, digits) REQUESTS("\x40\0\0\0\0\0" n "\0\x02" digits "\x03")
#define A_IN(bytes) GIVES(0x81, bytes)
#define A_OK A_IN("\x02" "0190000"), A_IN("091\x03")

static const struct turn a_opened[] = {
	A_OUT("\x0c", "0106010204"), A_OK,
	A_OUT("\x0c", "0107010007"), A_OK,
	A_OUT("\x0a", "01010000"),
	A_IN("\x02" "0190001"), A_IN("00000000"), A_IN("00000000"),
	A_IN("00000000"), A_IN("00000000"), A_IN("180\x03"),
	{ .kind = READY }, TELLS(THERE), { .kind = QUIET },
};

static const struct turn a_powered[] = {
	ASKS(IFD_POWER_ON),
	PASSES(50),
	A_OUT("\x0a", "01810080"), A_OK,
	A_OUT("\x0c", "0102010002"), A_OK,
	A_OUT("\x0a", "01800081"),
	A_IN("\x02" "0190000"), A_IN("43B02543"), A_IN("0C8\x03"),
	TELLS(ON_NOW),
	ENDS("\x3b\x02T0"),
};

static const struct turn a_cases[] = {	/* Lc and Le, 00 for none */
	APDU("\0\x20\0\x01"),
	A_OUT("\x16", "01A006002000010000" "86"),
	A_IN("\x02" "0190000"), A_IN("263C333\x03"),
	ENDS("\x63\xc3"),
	APDU("\0\x84\0\0\x08"),
	A_OUT("\x16", "01A006008400000008" "2B"),
	A_IN("\x02" "0190000"), A_IN("43132900"), A_IN("006\x03"),
	ENDS("12\x90\0"),
	APDU("\0\xa4\0\x0c\x02\x3f\0"),
	A_OUT("\x1a", "01A00800A4000C023F0000" "3C"),
	A_IN("\x02" "0190000"), A_IN("2900003\x03"),
	ENDS("\x90\0"),
};

static const struct turn a_refusals[] = {
	APDU("\0\x84\0\0\x08"),
	A_OUT("\x16", "01A006008400000008" "2B"),
	A_IN("\x02" "0160200"), A_IN("041\x03"),
	FAILS(ERR_READER, "the reader reported a failure: the reader says "
	    "6020"),
	APDU("\0\x84\0\0\x08"),
	A_OUT("\x16", "01A006008400000008" "2B"),
	A_IN("\x02" "0160020"), A_IN("063\x03"),
	TELLS(NO_CARD),
	FAILS(ERR_NO_CARD, "no card in the reader: the reader says 6002"),
};

static const struct turn a_answer_before_request_ended[] = {
	APDU("\0\xa4\0\x0c\x02\x3f\0"),
	A_IN("\x02" "0190000"), A_IN("2900003\x03"),
	A_OUT("\x1a", "01A00800A4000C023F0000" "3C"),
	ENDS("\x90\0"),
};

static const struct turn a_request_stalls[] = {
	APDU("\0\x84\0\0\x08"),
	{ .kind = CONTROL, .err = ERR_STALL, .out = V("\x40\0\0\0\0\0\x16\0"
	    "\x02" "01A006008400000008" "2B\x03") },
	TELLS(THERE),
	FAILS(ERR_STALL, "the reader refused the request"),
};

static const struct turn a_wrong_check_byte[] = {
	APDU("\0\x84\0\0\x08"),
	A_OUT("\x16", "01A006008400000008" "2B"),
	A_IN("\x02" "0190000"), A_IN("2900004\x03"),
	TELLS(THERE),
	FAILS(ERR_FORMAT, "malformed message"),
};

/* ---- all of them ---- */

enum { TALKS_MAX = 3 };

static const struct row {
	const struct ifd_driver *driver;
	const struct device *device;
	struct talk talks[TALKS_MAX];
} rows[] = {
#define E(...) { &ifd_epass3000, &epass, { TALK(e_opened), __VA_ARGS__ } }
	E(TALK(e_powered), TALK(e_cases)),
	E(TALK(e_powered), TALK(e_status_is_not_zero)),
	E(TALK(e_powered), TALK(e_keys_take_long)),
	E(TALK(e_powered), TALK(e_no_atr)),
#define P(...) { &ifd_pertosmart1038, &ac1038, { TALK(p_opened), __VA_ARGS__ } }
	P(TALK(p_powered), TALK(p_in_packets)),
	P(TALK(p_powered), TALK(p_no_card)),
	P(TALK(p_powered), TALK(p_half_an_answer)),
	P(TALK(p_powered), TALK(p_nonsense)),
	P(TALK(p_powered), TALK(p_stall)),
	P(TALK(p_powered), TALK(p_notices)),
	P(TALK(p_powered), TALK(p_another_protocol)),
	P(TALK(p_powered), TALK(p_off)),
	P(TALK(p_powered), TALK(p_no_apdu)),
	P(TALK(p_powered), TALK(p_unplugged)),
	P(TALK(p_powered_t1), TALK(p_t1_blocks)),
	P(TALK(p_off_is_refused)),
	P(TALK(p_late_answers_wait)),
#define A(...) { &ifd_pertosmart1030, &ac1030, { TALK(a_opened), __VA_ARGS__ } }
	A(TALK(a_powered), TALK(a_cases)),
	A(TALK(a_powered), TALK(a_refusals)),
	A(TALK(a_powered), TALK(a_answer_before_request_ended)),
	A(TALK(a_powered), TALK(a_request_stalls)),
	A(TALK(a_powered), TALK(a_wrong_check_byte)),
};

START_TEST(transfers_are_these)
{
	const struct row *r = &rows[_i];
	const struct talk *talks[TALKS_MAX];
	size_t n = 0;

	while (n < TALKS_MAX && r->talks[n].n != 0) {
		talks[n] = &r->talks[n];
		n++;
	}
	play_talks(r->driver, r->device, talks, n);
}
END_TEST

START_TEST(pipes_must_be_there)
{
	sweep_config(&ifd_epass3000, &epass);
	sweep_config(&ifd_pertosmart1030, &ac1030);
	sweep_config(&ifd_pertosmart1038, &ac1038);
}
END_TEST

static const struct turn no_pipe[] = {
	{ .kind = LOST, .err = ERR_UNSUPPORTED, .in = V("it has no endpoint "
	    "02, which devices of this kind have") },
};

START_TEST(what_is_missing_is_named)
{
	const struct talk talk = TALK(no_pipe), *talks[] = { &talk };

	play_talks(&ifd_epass3000, &ac1030, talks, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("framed");
	TCase *t = tcase_create("framed");

	tcase_add_loop_test(t, transfers_are_these, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(t, pipes_must_be_there);
	tcase_add_test(t, what_is_missing_is_named);
	suite_add_tcase(s, t);
	return unit_run(s);
}
