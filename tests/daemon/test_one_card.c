/* SPDX-License-Identifier: BSD-2-Clause */

/* Sessions that have one card, as CT-API's terminals do. */

#include "tests/daemon/fake_handler.h"

static const struct session_rules terminal = { .reset_on_close = true,
	.one_card = true };

static struct world *w;
static struct session *s;
static struct ask x, y;

static void
reset_by(struct session *session)
{
	ask_plain(&x, session, REQUEST_RESET_WARM);
	world_answer(w, ERR_OK, ATR_A);
}

/* A session that has reset its card. */
static void
setup(void)
{
	w = world_new();
	s = world_session(w, "a", 1, terminal);
	x = (struct ask){ .w = w, .name = "x" };
	y = (struct ask){ .w = w, .name = "y" };
	world_insert(w);
	ask_lock(&x, s, LOCK_EXCLUSIVE, WAIT_NOT);
	world_settle(w);
	reset_by(s);
	w->results[0] = '\0';
}

static void
teardown(void)
{
	session_close(s);
	world_free(w);
}

/* What an APDU and a choice of protocol come to now. */
static void
hears(const char *apdu, const char *protocol)
{
	const char *want[] = { apdu, protocol };

	for (int i = 0; i < 2; i++) {
		unsigned sends = w->sends;

		w->results[0] = '\0';
		ask_plain(&x, s, i == 0 ? REQUEST_TRANSMIT : REQUEST_PROTOCOL);
		world_settle(w);
		if (w->sends != sends)
			world_answer(w, ERR_OK, B("\x90\x00"));
		ck_assert_str_eq(w->results, want[i]);
	}
}

static void
hears_ok(void)
{
	hears("x:OK ", "x:OK ");
}

static void
hears_removed(void)
{
	hears("x:REMOVED ", "x:REMOVED ");
}

/* Another card, without waiting for what is under way. */
static void
swap(void)
{
	world_card(w, 0);
	world_card(w, CHANNEL_PRESENT);
}

START_TEST(a_swap_between_two_commands)
{
	hears_ok();
	world_card(w, 0);
	hears_removed();
	world_insert(w);
	hears_removed();
	hears_removed();
	reset_by(s);
	hears_ok();
}
END_TEST

START_TEST(a_swap_that_is_not_yet_powered)
{
	swap();
	hears_removed();
	world_answer(w, ERR_OK, ATR_A);
	hears_removed();
}
END_TEST

START_TEST(a_swap_during_a_command)
{
	ask_apdu(&x, s);
	swap();
	world_answer(w, ERR_OK, B("\x90\x00"));
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_str_eq(w->results, "x:OK ");
	hears_removed();
}
END_TEST

START_TEST(a_swap_during_the_reset)
{
	ask_plain(&x, s, REQUEST_RESET_WARM);
	swap();
	world_answer(w, ERR_OK, ATR_A);	/* of the old one */
	world_answer(w, ERR_OK, ATR_A);
	hears_removed();
}
END_TEST

START_TEST(a_reset_that_waits_for_the_card)
{
	world_card(w, 0);
	ck_assert_int_eq(session_request(s, &(struct request_spec){
	    .kind = REQUEST_RESET_WARM, .done = ask_done, .done_arg = &x,
	    .card_ms = 5000 }), ERR_OK);
	world_insert(w);
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_str_eq(w->results, "x:OK ");
	hears_ok();
}
END_TEST

START_TEST(a_reset_that_fails)
{
	swap();
	world_answer(w, ERR_OK, ATR_A);
	ask_plain(&x, s, REQUEST_RESET_WARM);
	world_answer(w, ERR_MUTE, B(""));
	hears_removed();
}
END_TEST

START_TEST(lost_power)
{
	world_card(w, CHANNEL_PRESENT);
	hears("x:UNPOWERED ", "x:UNPOWERED ");
	ck_assert_uint_eq(session_locks(s, LOCK_EXCLUSIVE), 1);
	reset_by(s);
	hears_ok();
}
END_TEST

/* Its end in the middle of a command: free at once, reset before all else. */
START_TEST(the_end)
{
	struct session *next;

	ask_apdu(&x, s);
	session_close(s);
	s = NULL;
	next = world_session(w, "b", 2, terminal);
	ask_lock(&x, next, LOCK_EXCLUSIVE, WAIT_NOT);
	ask_plain(&y, next, REQUEST_RESET_WARM);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:OK ");
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_str_eq(w->results, "x:OK ");
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);	/* its own */
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_str_eq(w->results, "x:OK y:OK ");
	s = next;
	hears_ok();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("one_card");
	TCase *t = tcase_create("one_card");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_swap_between_two_commands);
	tcase_add_test(t, a_swap_that_is_not_yet_powered);
	tcase_add_test(t, a_swap_during_a_command);
	tcase_add_test(t, a_swap_during_the_reset);
	tcase_add_test(t, a_reset_that_waits_for_the_card);
	tcase_add_test(t, a_reset_that_fails);
	tcase_add_test(t, lost_power);
	tcase_add_test(t, the_end);
	suite_add_tcase(suite, t);
	return unit_run(suite);
}
