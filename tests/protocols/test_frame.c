/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/frame.h"

#define EPASS &frame_epass3000
#define AC1030 &frame_ac1030
#define AC1038 &frame_ac1038
#define ZEROS10 "\0\0\0\0\0\0\0\0\0\0"
#define ZEROS50 ZEROS10 ZEROS10 ZEROS10 ZEROS10 ZEROS10

static const struct {
	const struct frame_codec *codec;
	uint8_t command;
	struct view data, frame;
} commands[] = {
	{ EPASS, 0x01, B(""), B("\x52\x36\0\x01\0\0") },
	{ EPASS, 0x02, B("\0\x84\0\0\x08"),
	    B("\x52\x36\0\x02\0\x05\0\x84\0\0\x08") },
	{ AC1030, 0x80, B(""), B("\x02" "01800081" "\x03") },
	{ AC1030, 0x06, B("\x02"), B("\x02" "0106010204" "\x03") },
	{ AC1030, 0xa1, B("\0\xc0\0\xc0"),
	    B("\x02" "01A10400C000C0A4" "\x03") },
	{ AC1038, 0x81, B(""), B("\x01\x81\0\0" ZEROS50 ZEROS10) },
	{ AC1038, 0x07, B("\x10"), B("\x01\x07\0\x01\x10" ZEROS50
	    "\0\0\0\0\0\0\0\0\0") },
	/* 60 bytes fill a packet */
	{ AC1038, 0xa0, B(ZEROS50 ZEROS10),
	    B("\x01\xa0\0\x3c" ZEROS50 ZEROS10) },
};

START_TEST(commands_are_these_bytes)
{
	uint8_t buf[FRAME_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	commands[_i].codec->write(&w, commands[_i].command, commands[_i].data);
	ck_assert(!w.bad);
	ck_view_eq(wr_done(&w), commands[_i].frame);
}
END_TEST

static const struct {
	const struct frame_codec *codec;
	struct view frame;
	uint16_t status;
	struct view data;
} answers[] = {
	{ EPASS, B("\x52\x36\0\0\0\x02\x90\0"), 0, B("\x90\0") },
	{ EPASS, B("\x52\x36\x12\x34\0\0"), 0x1234, B("") },
	{ AC1030, B("\x02" "0190000091" "\x03"), 0x9000, B("") },
	{ AC1030, B("\x02" "01900102900002" "\x03"), 0x9001,
	    B("\x90\0") },
	{ AC1030, B("\x02" "0190000aaabbccddeeff00112233" "8A" "\x03"), 0x9000,
	    B("\xaa\xbb\xcc\xdd\xee\xff\0\x11\x22\x33") },
	{ AC1030, B("\x02" "0160020063" "\x03"), 0x6002, B("") },
	/* a length in three bytes, though one would do */
	{ AC1030, B("\x02" "019000FF0001AAC5" "\x03"), 0x9000,
	    B("\xaa") },
	{ AC1038, B("\x01\0\0\x02\x90\0"), 0, B("\x90\0") },
	{ AC1038, B("\x01\xfa\0\0"), 0xfa, B("") },
};

static enum err
parse_copy(const struct frame_codec *codec, struct frame_answer *a,
    struct view v)
{
	uint8_t *copy = malloc(v.n + (v.n == 0)), *room = malloc(FRAME_ROOM);
	enum err e;

	if (v.n != 0)
		memcpy(copy, v.p, v.n);
	e = codec->parse(a, (struct view){ copy, v.n }, room);
	free(copy);
	free(room);
	return e;
}

START_TEST(answers_say_this)
{
	const struct frame_codec *codec = answers[_i].codec;
	struct view frame = answers[_i].frame;
	uint8_t room[FRAME_ROOM], longer[80] = { 0 };
	struct frame_answer a;

	ck_assert_int_eq(codec->parse(&a, frame, room), ERR_OK);
	ck_assert_uint_eq(a.status, answers[_i].status);
	ck_view_eq(a.data, answers[_i].data);
	for (size_t cut = 0; cut < frame.n; cut++)
		ck_assert_int_eq(parse_copy(codec, &a, view_first(frame, cut)),
		    ERR_SHORT);
	memcpy(longer, frame.p, frame.n);	/* zeros behind it */
	ck_assert_int_eq(codec->parse(&a, (struct view){ longer,
	    sizeof(longer) }, room), ERR_OK);
	ck_view_eq(a.data, answers[_i].data);
}
END_TEST

static const struct {
	const struct frame_codec *codec;
	struct view frame;
	enum err err;
} bad[] = {
	{ EPASS, B("\x53"), ERR_FORMAT },
	{ EPASS, B("\x52\x37"), ERR_FORMAT },
	{ EPASS, B("\x52\x36\0\0\x02\x01"), ERR_TOO_LONG },
	{ EPASS, B("\x52\x36\0\0\0\x01\xaa\xbb"), ERR_FORMAT },
	{ AC1030, B("\x01"), ERR_FORMAT },
	{ AC1030, B("\x02\x03"), ERR_FORMAT },		/* nothing in it */
	{ AC1030, B("\x02" "019000009G"), ERR_FORMAT },	/* no digit */
	{ AC1030, B("\x02" "G"), ERR_FORMAT },
	/* half a byte, a wrong checksum, a wrong mark, no length */
	{ AC1030, B("\x02" "019000009" "\x03"), ERR_FORMAT },
	{ AC1030, B("\x02" "0190000092" "\x03"), ERR_FORMAT },
	{ AC1030, B("\x02" "0290000092" "\x03"), ERR_FORMAT },
	{ AC1030, B("\x02" "019000" "91" "\x03"), ERR_FORMAT },
	{ AC1030, B("\x02" "01900001" "90" "\x03"), ERR_FORMAT },
	{ AC1030, B("\x02" "01900000" "AA" "3B" "\x03"), ERR_FORMAT },
	{ AC1030, B("\x02" "019000FF" "6E" "\x03"), ERR_FORMAT },
	{ AC1038, B("\x02"), ERR_FORMAT },
	{ AC1038, B("\x01\0\x02\x01"), ERR_TOO_LONG },
	{ AC1038, B("\x01\0\0\x01\xaa\0\x01"), ERR_FORMAT },
};

START_TEST(what_is_no_answer)
{
	struct frame_answer a;

	ck_assert_int_eq(parse_copy(bad[_i].codec, &a, bad[_i].frame),
	    bad[_i].err);
}
END_TEST

static const struct frame_codec *const codecs[] = { EPASS, AC1030, AC1038 };

START_TEST(the_longest_command_fits_and_no_longer)
{
	static const uint8_t data[FRAME_DATA_MAX + 1];
	uint8_t buf[FRAME_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	codecs[_i]->write(&w, 1, (struct view){ data, FRAME_DATA_MAX });
	ck_assert(!w.bad);
	w.n = 0;
	codecs[_i]->write(&w, 1, (struct view){ data, sizeof(data) });
	ck_assert(w.bad);
}
END_TEST

START_TEST(digits_without_end)
{
	uint8_t frame[FRAME_MAX + 2];
	struct frame_answer a;

	memset(frame, '0', sizeof(frame));
	frame[0] = 0x02;
	ck_assert_int_eq(parse_copy(AC1030, &a, (struct view){ frame,
	    FRAME_MAX - 1 }), ERR_SHORT);
	ck_assert_int_eq(parse_copy(AC1030, &a, (struct view){ frame,
	    FRAME_MAX }), ERR_TOO_LONG);
	frame[FRAME_MAX + 1] = 0x03;
	ck_assert_int_eq(parse_copy(AC1030, &a, (struct view){ frame,
	    FRAME_MAX + 2 }), ERR_TOO_LONG);
}
END_TEST

static const struct {
	const struct frame_codec *codec;
	uint16_t status;
	enum err err;
} judgements[] = {
	{ EPASS, 0x0000, ERR_OK }, { EPASS, 0x0001, ERR_READER },
	{ AC1030, 0x9000, ERR_OK }, { AC1030, 0x9001, ERR_OK },
	{ AC1030, 0x6002, ERR_NO_CARD }, { AC1030, 0x6020, ERR_READER },
	{ AC1038, 0x00, ERR_OK }, { AC1038, 0xfa, ERR_NO_CARD },
	{ AC1038, 0xf9, ERR_UNPOWERED }, { AC1038, 0xfe, ERR_MUTE },
	{ AC1038, 0xfc, ERR_CARD }, { AC1038, 0xfd, ERR_CARD },
	{ AC1038, 0xfb, ERR_READER }, { AC1038, 0x55, ERR_READER },
};

START_TEST(what_a_status_means)
{
	ck_assert_int_eq(judgements[_i].codec->judge(judgements[_i].status),
	    judgements[_i].err);
}
END_TEST

#define LOOP(t, test, rows) tcase_add_loop_test(t, test, 0,		\
    (int)(sizeof(rows) / sizeof((rows)[0])))

int
main(void)
{
	Suite *s = suite_create("frame");
	TCase *t = tcase_create("frame");

	LOOP(t, commands_are_these_bytes, commands);
	LOOP(t, answers_say_this, answers);
	LOOP(t, what_is_no_answer, bad);
	LOOP(t, the_longest_command_fits_and_no_longer, codecs);
	tcase_add_test(t, digits_without_end);
	LOOP(t, what_a_status_means, judgements);
	suite_add_tcase(s, t);
	return unit_run(s);
}
