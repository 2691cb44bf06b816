/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tests/protocols/t1_talk.h"

/* The host's bytes are those that OpenCT sends to an eToken. */
static const struct t1_params etoken = { .ifsc = 32, .ifsd = 32,
	.bwt_ms = 20000 };

START_TEST(etoken_select_is_byte_for_byte)
{
	uint8_t rsp[64];
	struct t1 t;
	struct step s;

	ck_assert_int_eq(t1_init(&t, &etoken, rsp, sizeof(rsp)), ERR_OK);
	s = t1_start(&t, B("\0\xa4\0\0\x02\x3f\0\0"));
	ck_assert_int_eq(s.kind, STEP_SEND);
	ck_view_eq(s.out, B("\0\0\x08\0\xa4\0\0\x02\x3f\0\0\x91"));
	ck_assert_uint_eq(s.wait_ms, 20000);
	ck_assert_uint_eq(t1_receive_len(&t), 37);	/* traps 1 */
	s = t1_input(&t, B("\0\0\x02\x90\0\x92"));
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_view_eq(s.out, B("\x90\0"));
}
END_TEST

START_TEST(etoken_update_of_105_bytes_is_chained)
{
	static const struct { uint8_t pcb, len; struct view ack; } parts[] = {
		{ 0x20, 32, B("\0\x90\0\x90") },
		{ 0x60, 32, B("\0\x80\0\x80") },
		{ 0x20, 32, B("\0\x90\0\x90") },
		{ 0x40, 9, B("\0\0\x02\x90\0\x92") },
	};
	uint8_t apdu[105] = { 0x00, 0xd6, 0x00, 0x00, 100 }, rsp[64];
	size_t at = 0;
	struct t1 t;
	struct step s;

	for (size_t i = 5; i < sizeof(apdu); i++)
		apdu[i] = (uint8_t)i;
	ck_assert_int_eq(t1_init(&t, &etoken, rsp, sizeof(rsp)), ERR_OK);
	s = t1_start(&t, (struct view){ apdu, sizeof(apdu) });
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(s.kind, STEP_SEND);
		ck_assert_uint_eq(s.out.n, 4u + parts[i].len);
		ck_assert_uint_eq(s.out.p[1], parts[i].pcb);
		ck_assert_uint_eq(s.out.p[2], parts[i].len);
		ck_assert_mem_eq(s.out.p + 3, apdu + at, parts[i].len);
		at += parts[i].len;
		s = t1_input(&t, parts[i].ack);
	}
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_view_eq(s.out, B("\x90\0"));
}
END_TEST

START_TEST(etoken_answer_of_102_bytes_is_chained)
{
	static const struct { uint8_t pcb, len; struct view ack; } parts[] = {
		{ 0x20, 32, B("\0\x90\0\x90") },
		{ 0x60, 32, B("\0\x80\0\x80") },
		{ 0x20, 32, B("\0\x90\0\x90") },
		{ 0x40, 6, B("") },
	};
	uint8_t data[102], rsp[102], buf[T1_BLOCK_MAX];
	struct view left = { data, sizeof(data) };
	struct t1 t;
	struct step s;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 3);
	ck_assert_int_eq(t1_init(&t, &etoken, rsp, sizeof(rsp)), ERR_OK);
	s = t1_start(&t, B("\0\xb0\0\0\x64"));
	for (size_t i = 0; i < 4; i++) {
		struct wr w = { .p = buf, .cap = sizeof(buf) };
		struct t1_block b = { .kind = T1_I, .seq = i & 1,
			.more = i < 3, .inf = view_first(left, parts[i].len) };

		t1_block_write(&w, &b, false);
		ck_assert_uint_eq(buf[1], parts[i].pcb);
		left = view_skip(left, parts[i].len);
		s = t1_input(&t, wr_done(&w));
		if (i < 3)
			ck_view_eq(s.out, parts[i].ack);
	}
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_view_eq(s.out, ((struct view){ data, sizeof(data) }));
	/* four blocks went each way: the next command has N(S) 1, the next
	   answer N(S) 0 */
	s = t1_start(&t, B("\0\x84\0\0\x08"));
	ck_view_eq(s.out, B("\0\x40\x05\0\x84\0\0\x08\xc9"));
}
END_TEST

START_TEST(etoken_resynch_is_byte_for_byte)
{
	uint8_t rsp[8];
	struct t1 t;
	struct step s;

	ck_assert_int_eq(t1_init(&t, &etoken, rsp, sizeof(rsp)), ERR_OK);
	t1_start(&t, B("\0\x84\0\0\x08"));
	s = t1_input(&t, B("\0\0\x02\x90\0\x93"));
	ck_view_eq(s.out, B("\0\x81\0\x81"));
	s = t1_timeout(&t);
	s = t1_timeout(&t);
	s = t1_timeout(&t);
	ck_view_eq(s.out, B("\0\xc0\0\xc0"));
	s = t1_input(&t, B("\0\xe0\0\xe0"));
	ck_assert_int_eq(s.kind, STEP_WAIT);
	s = t1_timeout(&t);
	ck_assert_int_eq(s.kind, STEP_FAIL);
	ck_assert_int_eq(s.err, ERR_TIMEOUT);
}
END_TEST

/* A key is made in 60 s: extension after extension, none above ten minutes. */
START_TEST(etoken_extends_its_time)
{
	uint8_t rsp[8];
	struct t1 t;
	struct step s;

	ck_assert_int_eq(t1_init(&t, &etoken, rsp, sizeof(rsp)), ERR_OK);
	s = t1_start(&t, B("\0\x46\0\0"));
	for (unsigned i = 0; i < 60; i++) {
		s = t1_input(&t, B("\0\xc3\x01\x01\xc3"));
		ck_view_eq(s.out, B("\0\xe3\x01\x01\xe3"));
		ck_assert_uint_eq(s.wait_ms, 20000);
	}
	s = t1_input(&t, B("\0\xc3\x01\xff\x3d"));
	ck_view_eq(s.out, B("\0\xe3\x01\xff\x1d"));
	ck_assert_uint_eq(s.wait_ms, T1_WTX_WAIT_MAX_MS);
	s = t1_input(&t, B("\0\0\x02\x90\0\x92"));
	ck_assert_int_eq(s.kind, STEP_DONE);
}
END_TEST

/* A terminal is addressed with 12 and answers with 21. */
START_TEST(nad_is_turned_around)
{
	struct t1_params p = { .nad = 0x12, .ifsc = 32, .ifsd = 32,
		.bwt_ms = 1 };
	uint8_t rsp[8];
	struct t1 t;
	struct step s;

	ck_assert_int_eq(t1_init(&t, &p, rsp, sizeof(rsp)), ERR_OK);
	s = t1_start(&t, B("\x20"));
	ck_view_eq(s.out, B("\x12\0\x01\x20\x33"));
	s = t1_input(&t, B("\x12\0\x02\x90\0\x80"));
	ck_view_eq(s.out, B("\x12\x82\0\x90"));
	s = t1_input(&t, B("\x21\0\x02\x90\0\xb3"));
	ck_assert_int_eq(s.kind, STEP_DONE);
}
END_TEST

START_TEST(crc_is_used_when_asked_for)
{
	struct t1_params p = { .crc = true, .ifsc = 254, .ifsd = 254,
		.bwt_ms = 1 };
	uint8_t rsp[8];
	struct t1 t;
	struct step s;

	ck_assert_int_eq(t1_init(&t, &p, rsp, sizeof(rsp)), ERR_OK);
	ck_assert_uint_eq(t1_receive_len(&t), 260);
	s = t1_start(&t, B("\0\xa4\0\0\0"));
	ck_view_eq(s.out, B("\0\0\x05\0\xa4\0\0\0\xb8\xda"));
	s = t1_input(&t, B("\0\0\x02\x90\0\x92\0"));
	ck_assert_int_eq(s.kind, STEP_SEND);	/* an LRC will not do */
	ck_assert_uint_eq(s.out.p[1], 0x81);
}
END_TEST

START_TEST(receive_length_follows_ifsd)
{
	uint8_t rsp[8];
	struct t1 t;

	ck_assert_int_eq(t1_init(&t, &etoken, rsp, sizeof(rsp)), ERR_OK);
	talk_event(&t, "IFS 254");
	ck_assert_uint_eq(t1_receive_len(&t), 37);
	talk_event(&t, "S(IFS response 254)");
	ck_assert_uint_eq(t1_receive_len(&t), 259);
	t1_reset(&t);
	ck_assert_uint_eq(t1_receive_len(&t), 37);
}
END_TEST

START_TEST(parameters_are_checked)
{
	static const struct t1_params bad[] = {
		{ .ifsc = 0, .ifsd = 32, .bwt_ms = 1 },
		{ .ifsc = 255, .ifsd = 32, .bwt_ms = 1 },
		{ .ifsc = 32, .ifsd = 0, .bwt_ms = 1 },
		{ .ifsc = 32, .ifsd = 255, .bwt_ms = 1 },
		{ .ifsc = 32, .ifsd = 32, .bwt_ms = 0 },
	};
	uint8_t rsp[8];
	struct t1 t;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(t1_init(&t, &bad[i], rsp, sizeof(rsp)),
		    ERR_ARG);
}
END_TEST

/* IFSC 254 both ways, and the longest command and response there are. */
START_TEST(longest_apdus_pass)
{
	static uint8_t apdu[T1_COMMAND_MAX], rsp[T1_RESPONSE_MAX];
	static uint8_t inf[T1_INF_MAX];
	struct t1_params p = { .ifsc = 254, .ifsd = 254, .bwt_ms = 1 };
	struct t1 t;
	struct step s;
	size_t got = 0, left = T1_RESPONSE_MAX;
	struct t1_block b;

	ck_assert_int_eq(t1_init(&t, &p, rsp, sizeof(rsp)), ERR_OK);
	for (size_t i = 0; i < sizeof(apdu); i++)
		apdu[i] = (uint8_t)(i * 7);
	s = t1_start(&t, (struct view){ apdu, sizeof(apdu) });
	do {
		ck_assert_int_eq(s.kind, STEP_SEND);
		ck_assert_int_eq(t1_block_parse(&b, s.out, false), ERR_OK);
		ck_assert_mem_eq(b.inf.p, apdu + got, b.inf.n);
		got += b.inf.n;
		if (b.more)
			s = talk_event(&t, b.seq == 0 ? "R(1)" : "R(0)");
	} while (b.more);
	ck_assert_uint_eq(got, sizeof(apdu));
	for (unsigned seq = 0; left != 0; seq ^= 1) {
		uint8_t buf[T1_BLOCK_MAX];
		struct wr w = { .p = buf, .cap = sizeof(buf) };
		size_t n = left < T1_INF_MAX ? left : T1_INF_MAX;

		left -= n;
		memset(inf, (int)(left & 0xff), n);
		b = (struct t1_block){ .kind = T1_I, .seq = (uint8_t)seq,
			.more = left != 0, .inf = { inf, n } };
		t1_block_write(&w, &b, false);
		s = t1_input(&t, wr_done(&w));
	}
	ck_assert_int_eq(s.kind, STEP_DONE);
	ck_assert_uint_eq(s.out.n, T1_RESPONSE_MAX);
}
END_TEST

static bool
holds(const void *where, size_t n, struct view what)
{
	return memmem(where, n, what.p, what.n) != NULL;
}

START_TEST(nothing_of_a_pin_stays)
{
	static const uint8_t verify[] = { 0x00, 0x20, 0x00, 0x01, 0x04,
		'9', '1', '7', '3' };
	struct t1_params p = { .ifsc = 32, .ifsd = 32, .bwt_ms = 1 };
	uint8_t rsp[64] = { 0 };
	struct t1 t;

	ck_assert_int_eq(t1_init(&t, &p, rsp, sizeof(rsp)), ERR_OK);
	t1_start(&t, (struct view){ verify, sizeof(verify) });
	ck_assert(holds(&t, sizeof(t), B("9173")));
	talk_event(&t, "I(0,0)");
	ck_assert(!holds(&t, sizeof(t), B("9173")));
	t1_start(&t, (struct view){ verify, sizeof(verify) });
	t1_wipe(&t);
	ck_assert(!holds(&t, sizeof(t), B("9173")));

	/* a response is wiped on failure, by the next command and by t1_wipe */
	t1_start(&t, B("\0"));
	t1_input(&t, B("\0\x20\x04" "9173" "\x28"));
	ck_assert(holds(rsp, sizeof(rsp), B("9173")));
	t1_failed(&t, ERR_GONE);
	ck_assert(!holds(rsp, sizeof(rsp), B("9173")));
	t1_reset(&t);
	t1_start(&t, B("\0"));
	t1_input(&t, B("\0\0\x04" "9173" "\x08"));
	ck_assert(holds(rsp, sizeof(rsp), B("9173")));
	t1_start(&t, B("\0"));
	ck_assert(!holds(rsp, sizeof(rsp), B("9173")));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("t1");
	TCase *t = tcase_create("t1");

	tcase_add_test(t, etoken_select_is_byte_for_byte);
	tcase_add_test(t, etoken_update_of_105_bytes_is_chained);
	tcase_add_test(t, etoken_answer_of_102_bytes_is_chained);
	tcase_add_test(t, etoken_resynch_is_byte_for_byte);
	tcase_add_test(t, etoken_extends_its_time);
	tcase_add_test(t, nad_is_turned_around);
	tcase_add_test(t, crc_is_used_when_asked_for);
	tcase_add_test(t, receive_length_follows_ifsd);
	tcase_add_test(t, parameters_are_checked);
	tcase_add_test(t, longest_apdus_pass);
	tcase_add_test(t, nothing_of_a_pin_stays);
	suite_add_tcase(s, t);
	return unit_run(s);
}
