/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/fake_handler.h"

#include "daemon/openct_commands.h"

/* One reader with one slot: what openct_commands.c asks of reader.c. */
static struct world *w;

void
reader_status(const struct reader *r, struct reader_status *st)
{
	static const struct channel_info info = { .slots = 1,
		.has_keypad = true };

	(void)r;
	*st = (struct reader_status){ .state = READER_READY,
		.name = "Test Reader", .info = &info, .slots = 1 };
}

static enum right granted = RIGHT_ESCAPE;

bool
reader_may(const struct reader *r, const struct peer *peer, enum right right)
{
	(void)r;
	(void)peer;
	return right <= granted;
}

struct slot *
reader_slot(const struct reader *r, unsigned index)
{
	(void)r;
	return index == 0 ? w->slot : NULL;
}

/* A connection, and what it was answered last. */
struct client {
	struct openct_caller caller;
	unsigned answers;
	int error;
	size_t n;
	uint8_t body[512];
};

static struct client a, b;

static void
on_answer(void *arg, int error, struct view body)
{
	struct client *c = arg;

	c->answers++;
	c->error = error;
	ck_assert_uint_le(body.n, sizeof(c->body));
	ck_assert(error == 0 || body.n == 0);
	c->n = body.n;
	if (body.n != 0)
		memcpy(c->body, body.p, body.n);
}

static void
connect_client(struct client *c, uid_t uid)
{
	struct peer peer = { .pid = 71, .uid = uid };

	memset(c, 0, sizeof(*c));
	openct_caller_init(&c->caller, &peer, NULL, on_answer, c);
}

static void
setup(void)
{
	w = world_new();
	world_insert(w);
	connect_client(&a, 1000);
	connect_client(&b, 1000);
}

static void
teardown(void)
{
	openct_caller_fini(&a.caller);
	openct_caller_fini(&b.caller);
	world_free(w);
}

/* Sends a body in an exact-size copy, and lets the loop turn. */
static void
ask_openct(struct client *c, struct view body)
{
	uint8_t *copy = malloc(body.n + (body.n == 0));

	if (body.n != 0)
		memcpy(copy, body.p, body.n);
	openct_command(&c->caller, (struct view){ copy, body.n });
	memset(copy, 0xee, body.n);
	free(copy);
	world_settle(w);
}

#define ck_answer(c, want_error, want_body)				\
	do {								\
		ck_assert_int_eq((c)->error, want_error);		\
		ck_view_eq(((struct view){ (c)->body, (c)->n }), want_body); \
	} while (0)

/* What is answered without the card. A 1-slot reader has slot 0 only. */
static const struct row {
	struct view in;
	int error;
	struct view out;
} rows[] = {
	{ B(""), -100, B("") },
	{ B("\x21"), -100, B("") },
	{ B("\x00\x10"), 0, B("\x00\x0bTest Reader\x01\x02\x00\x12") },
	{ B("\x00\x00"), 0, B("\x02\x01\x03") },
	{ B("\x00\x01"), -3, B("") },	/* slot == number of slots */
	{ B("\x00\x0f"), -3, B("") },
	{ B("\x00\x11"), -3, B("") },
	{ B("\x00\xff"), -3, B("") },
	{ B("\x01\x01\x82\x01\x01"), -3, B("") },
	{ B("\x01\x10\x82\x01\x01"), -3, B("") },
	{ B("\x01\x00"), -102, B("") },
	{ B("\x01\x00\x82\x00"), -100, B("") },	/* an empty item */
	{ B("\x01\x00\x82\x02\x01"), -100, B("") },
	{ B("\x01\x00\x82\x01\x03"), -9, B("") },	/* no such lock type */
	{ B("\x01\x00\x82\x05\x01\x00\x00\x00\x00"), -100, B("") },
	{ B("\x02\x00"), -102, B("") },
	{ B("\x02\x00\x04\x01\x00"), -8, B("") },
	{ B("\x02\x00\x04\x01\x07"), -8, B("") },
	{ B("\x10\x01"), -3, B("") },
	{ B("\x10\x10"), -3, B("") },
	{ B("\x11\x01"), -3, B("") },
	{ B("\x12\x00"), 0, B("") },
	{ B("\x12\x01"), -3, B("") },
	{ B("\x13\x11\x81\x02hi"), -4, B("") },
	{ B("\x14\x00\x83\x04\x01\x05\x00\x20"), -4, B("") },
	{ B("\x16\x00\x85\x01\x00\x87\x01\x10"), -4, B("") },
	{ B("\x17\x00\x85\x01\x00\x86\x01\x10"), -4, B("") },
	{ B("\x15\x00"), -101, B("") },	/* reserved, never built */
	{ B("\x18\x00"), -101, B("") },
	{ B("\xff\x00"), -101, B("") },
	{ B("\x20\x00"), -102, B("") },
	{ B("\x20\x01\x00\xa4\x00\x00"), -3, B("") },
	{ B("\x21\x00"), -102, B("") },
	{ B("\x21\x00\x3f\x01\x00"), -102, B("") },	/* unknown tag only */
	{ B("\x21\x01\x84\x04\x00\xa4\x00\x00"), -3, B("") },
	{ B("\x22\x00"), -102, B("") },
	{ B("\x22\x00\x88\x01\x02"), -4, B("") },
	{ B("\x22\x00\x88\x01\xff"), -4, B("") },
	/* the large form, from here on sticky */
	{ B("\x00\x10\xc0\x00\x01\x00"), 0,
	    B("\x40\x00\x0bTest Reader\x41\x00\x02\x00\x12") },
};

START_TEST(a_command_is_answered)
{
	const struct row *row = &rows[_i];

	ask_openct(&a, row->in);
	ck_assert_uint_eq(a.answers, 1);
	ck_answer(&a, row->error, row->out);
	ck_assert_uint_eq(w->sends, 1);		/* the card was not bothered */
}
END_TEST

START_TEST(the_large_form_is_sticky)
{
	ask_openct(&a, B("\x00\x00"));
	ck_answer(&a, 0, B("\x02\x01\x03"));
	ask_openct(&a, B("\x00\x00\xc0\x00\x01\x00"));
	ck_answer(&a, 0, B("\x42\x00\x01\x01"));
	ask_openct(&a, B("\x00\x00"));
	ck_answer(&a, 0, B("\x42\x00\x01\x01"));
	ask_openct(&b, B("\x00\x00"));
	ck_answer(&b, 0, B("\x02\x01\x03"));
}
END_TEST

START_TEST(status_tells_of_changes_once)
{
	ask_openct(&a, B("\x00\x00"));
	ck_answer(&a, 0, B("\x02\x01\x03"));
	ask_openct(&a, B("\x00\x00"));
	ck_answer(&a, 0, B("\x02\x01\x01"));
	world_card(w, 0);
	ask_openct(&a, B("\x00\x00"));
	ck_answer(&a, 0, B("\x02\x01\x02"));
	ask_openct(&a, B("\x00\x00"));
	ck_answer(&a, 0, B("\x02\x01\x00"));
}
END_TEST

START_TEST(apdus_reach_the_card)
{
	ask_openct(&a, B("\x21\x00\x80\x01\x05\x84\x04\x00\xa4\x00\x00"));
	ck_assert_uint_eq(a.answers, 0);
	ck_assert_int_eq(w->sent.type, CHANNEL_TRANSMIT);
	ck_view_eq(w->sent.data, B("\x00\xa4\x00\x00"));
	world_answer(w, ERR_OK, B("\x6a\x82"));
	ck_answer(&a, 0, B("\x05\x02\x6a\x82"));
	ask_openct(&a, B("\x20\x00\x00\xb0\x00\x00"));
	ck_view_eq(w->sent.data, B("\x00\xb0\x00\x00"));
	world_answer(w, ERR_OK, B("abc\x90\x00"));
	ck_answer(&a, 0, B("abc\x90\x00"));
}
END_TEST

START_TEST(a_long_response_needs_the_large_form)
{
	uint8_t long_response[256] = { 0 };
	struct view v = { long_response, sizeof(long_response) };

	ask_openct(&a, B("\x21\x00\x84\x04\x00\xb0\x00\x00"));
	world_answer(w, ERR_OK, v);
	ck_answer(&a, -11, B(""));
	ask_openct(&a, B("\x21\x00\xc4\x00\x04\x00\xb0\x00\x00"));
	world_answer(w, ERR_OK, v);
	ck_assert_int_eq(a.error, 0);
	ck_assert_uint_eq(a.n, 259);
	ck_assert_mem_eq(a.body, "\x45\x01\x00", 3);
}
END_TEST

START_TEST(reset_answers_with_the_atr)
{
	ask_openct(&a, B("\x10\x00\x80\x01\x05\x81\x02hi"));
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	world_answer(w, ERR_OK, ATR_B);
	ck_answer(&a, 0, B("\x03\x02\x3b\x00"));
	ask_openct(&a, B("\x11\x00"));
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	world_answer(w, ERR_MUTE, B("text for people"));
	ck_answer(&a, -15, B(""));
}
END_TEST

START_TEST(a_protocol_is_chosen)
{
	ask_openct(&a, B("\x22\x00\x88\x01\x01"));
	ck_assert_int_eq(w->sent.type, CHANNEL_PROTOCOL);
	ck_assert_uint_eq(w->sent.arg, CHANNEL_T1);
	world_answer(w, ERR_OK, B(""));
	ck_answer(&a, 0, B(""));
	ask_openct(&a, B("\x22\x00\x88\x01\x00"));
	ck_assert_uint_eq(w->sent.arg, CHANNEL_T0);
	world_answer(w, ERR_PROTOCOL, B(""));
	ck_answer(&a, -16, B(""));
}
END_TEST

START_TEST(without_a_card)
{
	world_card(w, 0);
	ask_openct(&a, B("\x21\x00\x84\x04\x00\xa4\x00\x00"));
	ck_answer(&a, -6, B(""));
	ask_openct(&a, B("\x10\x00"));
	ck_answer(&a, -6, B(""));
	ask_openct(&a, B("\x01\x00\x82\x01\x01"));	/* OpenCT's tool does */
	ck_answer(&a, 0, B("\x04\x01\x00"));
}
END_TEST

START_TEST(reset_waits_for_a_card_as_long_as_it_is_told)
{
	static const struct view asked[] = {
		B("\x11\x00\x80\x01\x05"), B("\x10\x00\xc0\x00\x01\x05"),
	};
	struct view ask = asked[_i];

	world_card(w, 0);
	ask_openct(&a, ask);
	ck_assert_uint_eq(a.answers, 0);
	world_wait(w, 4999);
	ck_assert_uint_eq(a.answers, 0);
	world_wait(w, 1);
	ck_answer(&a, -6, B(""));
	ask_openct(&a, ask);
	world_insert(w);			/* it was next in line: the reset */
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	ck_assert_uint_eq(w->sends, 3);
	world_answer(w, ERR_OK, ATR_B);
	ck_assert_uint_eq(a.answers, 2);
	ck_assert_int_eq(a.error, 0);
	ask_openct(&a, B("\x11\x00\x80\x05\1\0\0\0\0"));
	ck_answer(&a, -100, B(""));		/* no number of 32 bits */
	world_card(w, 0);
	ask_openct(&a, B("\x11\x00\x80\x04\xff\xff\xff\xff"));
	ck_assert_uint_eq(w->wake_ms, w->now_ms + 3600 * 1000);
}
END_TEST

START_TEST(a_lock_keeps_others_out)
{
	static const struct view refused[] = {
		B("\x10\x00"), B("\x11\x00"), B("\x21\x00\x84\x01\x00"),
		B("\x20\x00\x00"), B("\x22\x00\x88\x01\x00"),
		B("\x01\x00\x82\x01\x00"), B("\x01\x00\x82\x01\x01"),
	};
	unsigned sends;

	ask_openct(&a, B("\x01\x00\x82\x01\x01"));
	ck_answer(&a, 0, B("\x04\x01\x00"));
	sends = w->sends;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		b.error = 0;
		ask_openct(&b, refused[i]);
		ck_answer(&b, -7, B(""));
	}
	ck_assert_uint_eq(w->sends, sends);
	ask_openct(&b, B("\x02\x00\x04\x01\x00"));	/* the handle is a's */
	ck_answer(&b, -8, B(""));
	ask_openct(&b, B("\x00\x00"));		/* status is for everybody */
	ck_answer(&b, 0, B("\x02\x01\x03"));
	ask_openct(&a, B("\x02\x00\x04\x01\x00"));
	ck_answer(&a, 0, B(""));
	ask_openct(&a, B("\x02\x00\x04\x01\x00"));
	ck_answer(&a, -8, B(""));
	ask_openct(&b, B("\x01\x00\x82\x01\x01"));
	ck_answer(&b, 0, B("\x04\x01\x00"));
}
END_TEST

START_TEST(shared_locks_are_for_one_user)
{
	struct client c;

	connect_client(&c, 1001);
	ask_openct(&a, B("\x01\x00\x82\x01\x00"));
	ck_answer(&a, 0, B("\x04\x01\x00"));
	ask_openct(&b, B("\x01\x00\x82\x01\x00"));
	ck_answer(&b, 0, B("\x04\x01\x00"));
	ask_openct(&c, B("\x01\x00\x82\x01\x00"));
	ck_answer(&c, -7, B(""));
	ask_openct(&c, B("\x21\x00\x84\x01\x00"));
	ck_answer(&c, -7, B(""));
	ask_openct(&b, B("\x01\x00\x82\x01\x01"));	/* a still has its own */
	ck_answer(&b, -7, B(""));
	openct_caller_fini(&c.caller);
}
END_TEST

/* What the lock of a CT-API terminal means, for those who ask for it. */
START_TEST(a_terminal_has_one_card_and_leaves_no_login)
{
	static const struct view apdu = B("\x20\x00\x00\xa4\x00\x00");
	unsigned sends;

	ask_openct(&a, B("\x10\x00"));
	world_answer(w, ERR_OK, ATR_A);
	ask_openct(&a, B("\x01\x00\x82\x01\x02"));
	ck_answer(&a, 0, B("\x04\x01\x00"));
	world_card(w, 0);
	world_insert(w);
	ask_openct(&a, apdu);
	ck_answer(&a, -6, B(""));
	ask_openct(&a, B("\x10\x00"));
	world_answer(w, ERR_OK, ATR_A);
	world_card(w, CHANNEL_PRESENT);		/* it lost its power */
	ask_openct(&a, apdu);
	ck_answer(&a, -15, B(""));
	ask_openct(&b, B("\x01\x00\x82\x01\x00"));	/* the lock is still a's */
	ck_answer(&b, -7, B(""));
	ask_openct(&a, B("\x10\x00"));
	world_answer(w, ERR_OK, ATR_A);
	sends = w->sends;
	openct_caller_fini(&a.caller);
	ck_assert_uint_eq(w->sends, sends + 1);
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	ask_openct(&b, B("\x01\x00\x82\x01\x01"));
	ck_answer(&b, 0, B("\x04\x01\x00"));	/* before the reset has ended */
	world_answer(w, ERR_OK, ATR_A);
	sends = w->sends;
	openct_caller_fini(&b.caller);		/* OpenCT's own: no reset */
	ck_assert_uint_eq(w->sends, sends);
	connect_client(&a, 1000);
	connect_client(&b, 1000);
}
END_TEST

/* As OpenCT's own tool does: exclusive while holding shared. */
START_TEST(locks_are_stacked_and_bounded)
{
	ask_openct(&a, B("\x01\x00\x82\x01\x00"));
	ck_answer(&a, 0, B("\x04\x01\x00"));
	ask_openct(&a, B("\x01\x00\x82\x01\x01"));
	ck_answer(&a, 0, B("\x04\x01\x01"));
	for (unsigned i = 2; i < OPENCT_CALLER_LOCKS; i++) {
		ask_openct(&a, B("\x01\x00\x82\x01\x01"));
		ck_assert_int_eq(a.error, 0);
	}
	ask_openct(&a, B("\x01\x00\x82\x01\x01"));
	ck_answer(&a, -10, B(""));
	openct_caller_fini(&a.caller);		/* all of them go */
	ask_openct(&b, B("\x01\x00\x82\x01\x01"));
	ck_assert_int_eq(b.error, 0);
	connect_client(&a, 1000);
}
END_TEST

START_TEST(a_client_that_leaves_hears_no_answer)
{
	ask_openct(&a, B("\x21\x00\x84\x01\x00"));
	openct_caller_fini(&a.caller);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_uint_eq(a.answers, 0);
	connect_client(&a, 1000);
}
END_TEST

START_TEST(an_unplug_in_the_middle_is_told)
{
	ask_openct(&a, B("\x21\x00\x84\x01\x00"));
	ck_assert_uint_eq(a.answers, 0);
	slot_down(w->slot, ERR_GONE);
	ck_assert_uint_eq(a.answers, 1);
	ck_answer(&a, -17, B(""));
}
END_TEST

/* Every command, cut at every length, is answered once, whatever that is. */
START_TEST(cut_commands_are_answered)
{
	struct view in = rows[_i].in;
	unsigned answers;

	for (size_t cut = 0; cut < in.n; cut++) {
		answers = a.answers;
		w->sends = 0;
		ask_openct(&a, view_first(in, cut));
		if (w->sends != 0)
			world_answer(w, ERR_OK, B("\x90\x00"));
		ck_assert_uint_eq(a.answers, answers + 1);
	}
}
END_TEST

#define ROWS(t) (int)(sizeof(t) / sizeof((t)[0]))

/* What openct.conf does not let be seen answers nothing. */
START_TEST(a_right_is_needed)
{
	granted = RIGHT_NOTHING;
	ask_openct(&a, B("\x00\x00"));
	ck_answer(&a, OPENCT_E_GENERIC, B(""));
	granted = RIGHT_SEE;
	ask_openct(&a, B("\x00\x00"));
	ck_answer(&a, 0, B("\x02\x01\x03"));
	granted = RIGHT_ESCAPE;
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("openct_commands");
	TCase *t = tcase_create("openct_commands");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_command_is_answered, 0, ROWS(rows));
	tcase_add_loop_test(t, cut_commands_are_answered, 0, ROWS(rows));
	tcase_add_test(t, the_large_form_is_sticky);
	tcase_add_test(t, status_tells_of_changes_once);
	tcase_add_test(t, apdus_reach_the_card);
	tcase_add_test(t, a_long_response_needs_the_large_form);
	tcase_add_test(t, reset_answers_with_the_atr);
	tcase_add_test(t, a_protocol_is_chosen);
	tcase_add_test(t, without_a_card);
	tcase_add_loop_test(t, reset_waits_for_a_card_as_long_as_it_is_told, 0,
	    2);
	tcase_add_test(t, a_lock_keeps_others_out);
	tcase_add_test(t, shared_locks_are_for_one_user);
	tcase_add_test(t, a_terminal_has_one_card_and_leaves_no_login);
	tcase_add_test(t, locks_are_stacked_and_bounded);
	tcase_add_test(t, a_client_that_leaves_hears_no_answer);
	tcase_add_test(t, an_unplug_in_the_middle_is_told);
	tcase_add_test(t, a_right_is_needed);
	suite_add_tcase(s, t);
	return unit_run(s);
}
