/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/daemon/fake_handler.h"

static const struct session_rules plain = { .reset_on_close = false };

START_TEST(a_card_is_announced_with_its_atr)
{
	struct world *w = world_new();
	struct slot_status st;

	ck_assert_int_eq(world_state(w), SLOT_UNKNOWN);
	world_card(w, 0);
	ck_assert_str_eq(w->events, "K");
	world_card(w, CHANNEL_PRESENT);
	ck_assert_int_eq(world_state(w), SLOT_ABSENT);	/* not before its ATR */
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_str_eq(w->events, "KI");
	slot_status(w->slot, &st);
	ck_assert_int_eq(st.card, SLOT_POWERED);
	ck_view_eq(st.atr, ATR_A);
	ck_assert_uint_eq(st.sequence, 1);
	ck_assert_uint_eq(st.events, 1);
	world_card(w, 0);
	slot_status(w->slot, &st);
	ck_assert_uint_eq(st.sequence, 0);
	ck_assert_uint_eq(st.atr.n, 0);
	world_insert(w);
	slot_status(w->slot, &st);
	ck_assert_uint_eq(st.sequence, 2);
	ck_assert_str_eq(w->events, "KIRI");
	world_free(w);
}
END_TEST

START_TEST(a_card_that_is_in_at_the_start_is_no_event)
{
	struct world *w = world_new();
	struct slot_status st;

	world_insert(w);
	ck_assert_str_eq(w->events, "K");
	slot_status(w->slot, &st);
	ck_assert_uint_eq(st.events, 0);
	ck_assert_uint_eq(st.sequence, 1);
	world_free(w);
}
END_TEST

START_TEST(a_mute_card_is_in_and_says_so)
{
	struct world *w = world_new();
	struct session *s = world_session(w, "a", 1, plain);
	struct ask a = { .w = w, .name = "apdu" }, b = { .w = w, .name = "reset" };

	world_card(w, CHANNEL_PRESENT);
	world_answer(w, ERR_MUTE, B("voltage 5 V, 3 V, 1.8 V tried"));
	ck_assert_int_eq(world_state(w), SLOT_MUTE);
	ask_apdu(&a, s);
	world_settle(w);
	ck_assert_str_eq(w->results, "apdu:MUTE ");
	ask_plain(&b, s, REQUEST_RESET_WARM);
	ck_assert_uint_eq(w->sent.arg, 0);		/* cold: it is off */
	world_answer(w, ERR_OK, ATR_B);
	ck_assert_str_eq(w->results, "apdu:MUTE reset:OK ");
	ck_assert_int_eq(world_state(w), SLOT_POWERED);
	session_close(s);
	world_free(w);
}
END_TEST

START_TEST(a_card_in_and_out_within_its_power_on_leaves_no_trace)
{
	struct world *w = world_new();

	world_card(w, 0);
	world_card(w, CHANNEL_PRESENT);
	world_card(w, 0);
	world_card(w, CHANNEL_PRESENT);			/* another card */
	world_answer(w, ERR_OK, ATR_A);			/* of the first one */
	ck_assert_str_eq(w->events, "K");
	ck_assert_uint_eq(w->sends, 2);			/* powered on anew */
	world_answer(w, ERR_OK, ATR_B);
	ck_assert_str_eq(w->events, "KI");
	ck_assert_int_eq(world_state(w), SLOT_POWERED);
	world_card(w, 0);
	world_card(w, CHANNEL_PRESENT);
	world_answer(w, ERR_NO_CARD, B(""));
	world_card(w, 0);
	ck_assert_str_eq(w->events, "KIR");
	world_free(w);
}
END_TEST

START_TEST(an_unused_card_is_powered_off_and_then_all_is_quiet)
{
	struct world *w = world_new();
	struct session *s;
	struct ask a = { .w = w, .name = "apdu" };

	world_insert(w);
	ck_assert_uint_eq(w->wake_ms, w->now_ms + 5000);
	world_wait(w, 5000);
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_OFF);
	world_answer(w, ERR_OK, B(""));
	ck_assert_int_eq(world_state(w), SLOT_PRESENT);
	ck_assert(w->wake_ms == SLOT_NEVER);

	s = world_session(w, "a", 1, plain);
	ask_apdu(&a, s);
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_int_eq(w->sent.type, CHANNEL_TRANSMIT);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_str_eq(w->results, "apdu:OK ");
	ck_view_eq(((struct view){ a.data, a.n }), B("\x90\x00"));
	world_wait(w, 100000);
	ck_assert_int_eq(world_state(w), SLOT_POWERED);	/* a session is there */
	session_close(s);
	ck_assert_uint_eq(w->wake_ms, w->now_ms + 5000);
	ck_assert_str_eq(w->events, "K");
	world_free(w);
}
END_TEST

/* After a pause in which nobody looked. */
START_TEST(a_card_may_be_another_one_after_a_pause)
{
	static const struct {
		bool in;		/* before the pause */
		uint32_t card;		/* what the handler finds */
		enum err err;		/* of the power-on that follows */
		struct view atr;
		const char *events;
		enum slot_card state;
	} rows[] = {
		{ true, CHANNEL_PRESENT, ERR_OK, { (const uint8_t *)
		    "\x3b\x80\x01\x81", 4 }, "KX", SLOT_POWERED },
		{ true, CHANNEL_PRESENT, ERR_OK, { (const uint8_t *)
		    "\x3b\x00", 2 }, "KRI", SLOT_POWERED },
		{ true, CHANNEL_PRESENT, ERR_MUTE, { NULL, 0 }, "KRI",
		    SLOT_MUTE },
		{ true, CHANNEL_PRESENT, ERR_NO_CARD, { NULL, 0 }, "KR",
		    SLOT_ABSENT },
		{ true, 0, ERR_OK, { NULL, 0 }, "KR", SLOT_ABSENT },
		{ false, CHANNEL_PRESENT, ERR_OK, { (const uint8_t *)
		    "\x3b\x00", 2 }, "KI", SLOT_POWERED },
		{ false, 0, ERR_OK, { NULL, 0 }, "K", SLOT_ABSENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = world_new();

		if (rows[i].in) {
			world_insert(w);
			world_wait(w, 5000);
			world_answer(w, ERR_OK, B(""));	/* power off */
		} else {
			world_card(w, 0);
		}
		ck_assert(!slot_is_in_use(w->slot));
		slot_look(w->slot);
		ck_assert_int_eq(w->sent.type, CHANNEL_STATUS);
		ck_assert(!slot_is_settled(w->slot));
		if ((rows[i].card != 0) != rows[i].in)
			world_card(w, rows[i].card);
		world_answer(w, ERR_OK, B(""));
		if (rows[i].card != 0) {
			ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
			ck_assert(!slot_is_settled(w->slot));
			world_answer(w, rows[i].err, rows[i].atr);
		}
		ck_assert(slot_is_settled(w->slot));
		ck_assert_msg(strcmp(w->events, rows[i].events) == 0,
		    "row %zu: %s", i, w->events);
		ck_assert_int_eq(world_state(w), rows[i].state);
		world_free(w);
	}
}
END_TEST

START_TEST(a_request_waits_for_the_look)
{
	struct world *w = world_new();
	struct session *s;
	struct ask a = { .w = w, .name = "apdu" };

	world_insert(w);
	world_wait(w, 5000);
	world_answer(w, ERR_OK, B(""));
	slot_look(w->slot);
	s = world_session(w, "a", 1, plain);
	ask_apdu(&a, s);
	ck_assert(slot_is_in_use(w->slot));
	world_card(w, 0);
	world_answer(w, ERR_OK, B(""));
	ck_assert_str_eq(w->results, "apdu:NO_CARD ");
	ck_assert_str_eq(w->events, "KR");
	session_close(s);
	world_free(w);
}
END_TEST

START_TEST(a_look_that_cannot_be_asked_for_is_over)
{
	struct world *w = world_new();

	world_card(w, 0);
	w->send_err = ERR_HANDLER;
	slot_look(w->slot);
	ck_assert(slot_is_settled(w->slot));
	world_free(w);
}
END_TEST

START_TEST(an_unused_card_that_keeps_its_power_is_reset_before_use)
{
	struct world *w = world_new();
	struct session *s;
	struct ask atr = { .w = w, .name = "atr" },
	    first = { .w = w, .name = "first" },
	    second = { .w = w, .name = "second" };
	unsigned sends;

	slot_keep_power(w->slot);
	world_insert(w);
	sends = w->sends;
	world_wait(w, 5000);
	ck_assert_uint_eq(w->sends, sends);		/* left alone */
	ck_assert_int_eq(world_state(w), SLOT_POWERED);
	ck_assert(w->wake_ms == SLOT_NEVER);		/* for good */

	s = world_session(w, "a", 1, plain);
	ask_plain(&atr, s, REQUEST_ATR);
	world_settle(w);
	ck_assert_uint_eq(w->sends, sends);		/* known all the same */
	ask_apdu(&first, s);
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_int_eq(w->sent.type, CHANNEL_TRANSMIT);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ask_apdu(&second, s);
	ck_assert_int_eq(w->sent.type, CHANNEL_TRANSMIT);	/* once */
	world_answer(w, ERR_OK, B("\x90\x00"));
	session_close(s);
	world_wait(w, 4999);
	s = world_session(w, "b", 2, plain);
	first.calls = 0;
	ask_apdu(&first, s);				/* used just now */
	ck_assert_int_eq(w->sent.type, CHANNEL_TRANSMIT);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_str_eq(w->results,
	    "atr:OK first:OK second:OK first:OK ");
	session_close(s);
	world_free(w);
}
END_TEST

/* A token that nothing but a reset brings back says so before the result. */
START_TEST(power_that_was_lost_meanwhile_is_applied_anew)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain);
	struct session *b = world_session(w, "b", 1,
	    (struct session_rules){ .report_reset = true });
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" },
	    z = { .w = w, .name = "z" };

	world_insert(w);
	ask_apdu(&x, a);
	world_card(w, CHANNEL_PRESENT);
	world_answer(w, ERR_STALL, B("lost"));
	ck_assert_int_eq(world_state(w), SLOT_PRESENT);
	ask_apdu(&y, a);
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	world_answer(w, ERR_OK, ATR_A);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ask_apdu(&z, b);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:STALL y:OK z:WAS_RESET ");
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(a_power_on_that_fails_ends_the_request_in_line)
{
	struct world *w = world_new();
	struct session *s;
	struct ask a = { .w = w, .name = "apdu" };

	world_insert(w);
	world_wait(w, 5000);
	world_answer(w, ERR_OK, B(""));
	s = world_session(w, "a", 1, plain);
	ask_apdu(&a, s);
	world_answer(w, ERR_MUTE, B(""));
	ck_assert_str_eq(w->results, "apdu:MUTE ");
	session_close(s);
	world_free(w);
}
END_TEST

START_TEST(the_atr_is_told_without_a_reset)
{
	struct world *w = world_new();
	struct session *s = world_session(w, "a", 1, plain);
	struct ask a = { .w = w, .name = "none" }, b = { .w = w, .name = "atr" };
	unsigned sends;

	world_card(w, 0);
	ask_plain(&a, s, REQUEST_ATR);
	world_settle(w);
	world_insert(w);
	sends = w->sends;
	ask_plain(&b, s, REQUEST_ATR);
	ck_assert_uint_eq(b.calls, 0);		/* never from inside the call */
	world_settle(w);
	ck_assert_str_eq(w->results, "none:NO_CARD atr:OK ");
	ck_assert_uint_eq(w->sends, sends);
	ck_view_eq(((struct view){ b.data, b.n }), ATR_A);
	session_close(s);
	world_free(w);
}
END_TEST

START_TEST(removal_and_reset_are_remembered_by_the_others)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain);
	struct session *b = world_session(w, "b", 1,
	    (struct session_rules){ .report_reset = true });
	struct ask reset = { .w = w, .name = "reset" },
	    x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" },
	    z = { .w = w, .name = "z" };

	world_insert(w);
	ask_plain(&reset, a, REQUEST_RESET_WARM);
	ck_assert_uint_eq(w->sent.arg, 1);
	world_answer(w, ERR_OK, ATR_B);
	ck_assert_str_eq(w->events, "KX");
	ck_assert_uint_eq(session_flags(a), 0);
	ck_assert_uint_eq(session_flags(b), SESSION_WAS_RESET);
	ask_apdu(&x, b);
	world_settle(w);
	session_acknowledge(b);
	ask_apdu(&y, b);
	world_answer(w, ERR_OK, B("\x90\x00"));
	world_card(w, 0);
	ask_apdu(&z, b);
	world_settle(w);
	ck_assert_str_eq(w->results,
	    "reset:OK x:WAS_RESET y:OK z:REMOVED ");
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(removal_under_way_ends_the_request_once)
{
	struct world *w = world_new();
	struct session *s = world_session(w, "a", 1, plain);
	struct ask a = { .w = w, .name = "a" }, b = { .w = w, .name = "b" };

	world_insert(w);
	ask_apdu(&a, s);
	ask_apdu(&b, s);
	world_card(w, 0);
	ck_assert_str_eq(w->results, "");
	world_answer(w, ERR_REMOVED, B("card gone"));
	ck_assert_str_eq(w->results, "a:REMOVED b:NO_CARD ");
	ck_assert_uint_eq(a.n, 9);		/* the handler's own words */
	session_close(s);
	world_free(w);
}
END_TEST

START_TEST(a_reader_that_leaves_ends_everything_once)
{
	struct world *w = world_new();
	struct session *s = world_session(w, "a", 1, plain),
	    *t = world_session(w, "b", 1, plain);
	struct ask a = { .w = w, .name = "a", .close = t },
	    b = { .w = w, .name = "b" }, c = { .w = w, .name = "c" };

	world_insert(w);
	ask_apdu(&a, s);
	ask_apdu(&b, s);
	ask_apdu(&c, t);		/* closed by a's callback */
	slot_down(w->slot, ERR_HANDLER);
	ck_assert_str_eq(w->results, "a:HANDLER b:HANDLER ");
	ck_assert_ptr_null(session_slot(s));
	ck_assert_int_eq(ask(&a, s, REQUEST_ATR, 0, B(""), 0), ERR_HANDLER);
	ck_assert_int_eq(session_unlock(s, LOCK_SHARED), ERR_NO_LOCK);
	session_close(s);
	ck_assert_uint_eq(a.calls + b.calls, 2);
	ck_assert_uint_eq(c.calls, 0);
	world_free(w);
}
END_TEST

START_TEST(an_answer_nobody_asked_for_is_dropped)
{
	struct world *w = world_new();
	struct session *s = world_session(w, "a", 1, plain);
	struct ask a = { .w = w, .name = "a" };

	world_insert(w);
	world_answer(w, ERR_OK, ATR_B);
	ask_apdu(&a, s);
	w->sent.xid++;
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_uint_eq(a.calls, 0);
	w->sent.xid--;
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_uint_eq(a.calls, 1);
	session_close(s);
	world_free(w);
}
END_TEST

START_TEST(power_lost_behind_our_back_is_a_reset)
{
	struct world *w = world_new();
	struct session *s = world_session(w, "a", 1, plain);

	world_insert(w);
	world_card(w, CHANNEL_PRESENT);
	ck_assert_int_eq(world_state(w), SLOT_PRESENT);
	ck_assert_uint_eq(session_flags(s), SESSION_WAS_RESET);
	session_close(s);
	world_free(w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("slot");
	TCase *tc = tcase_create("slot");

	tcase_add_test(tc, a_card_is_announced_with_its_atr);
	tcase_add_test(tc, a_card_that_is_in_at_the_start_is_no_event);
	tcase_add_test(tc, a_mute_card_is_in_and_says_so);
	tcase_add_test(tc,
	    a_card_in_and_out_within_its_power_on_leaves_no_trace);
	tcase_add_test(tc,
	    an_unused_card_is_powered_off_and_then_all_is_quiet);
	tcase_add_test(tc,
	    an_unused_card_that_keeps_its_power_is_reset_before_use);
	tcase_add_test(tc, a_card_may_be_another_one_after_a_pause);
	tcase_add_test(tc, a_request_waits_for_the_look);
	tcase_add_test(tc, a_look_that_cannot_be_asked_for_is_over);
	tcase_add_test(tc, power_that_was_lost_meanwhile_is_applied_anew);
	tcase_add_test(tc, a_power_on_that_fails_ends_the_request_in_line);
	tcase_add_test(tc, the_atr_is_told_without_a_reset);
	tcase_add_test(tc, removal_and_reset_are_remembered_by_the_others);
	tcase_add_test(tc, removal_under_way_ends_the_request_once);
	tcase_add_test(tc, a_reader_that_leaves_ends_everything_once);
	tcase_add_test(tc, an_answer_nobody_asked_for_is_dropped);
	tcase_add_test(tc, power_lost_behind_our_back_is_a_reset);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
