/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"
#include "tests/daemon/fake_handler.h"

static const struct session_rules plain = { .reset_on_close = false };

/* OpenCT's table of locks, but enforced on everything that reaches the card. */
START_TEST(locks_conflict_as_openct_has_it)
{
	static const struct {
		enum lock_kind held;
		uid_t uid;
		enum request_kind kind;
		uint32_t arg;
		bool refused;
	} rows[] = {
		{ LOCK_SHARED, 1, REQUEST_LOCK, LOCK_SHARED, false },
		{ LOCK_SHARED, 2, REQUEST_LOCK, LOCK_SHARED, true },
		{ LOCK_SHARED, 1, REQUEST_LOCK, LOCK_EXCLUSIVE, true },
		{ LOCK_EXCLUSIVE, 1, REQUEST_LOCK, LOCK_SHARED, true },
		{ LOCK_EXCLUSIVE, 1, REQUEST_LOCK, LOCK_EXCLUSIVE, true },
		{ LOCK_SHARED, 1, REQUEST_TRANSMIT, 0, false },
		{ LOCK_SHARED, 2, REQUEST_TRANSMIT, 0, true },
		{ LOCK_EXCLUSIVE, 1, REQUEST_TRANSMIT, 0, true },
		{ LOCK_EXCLUSIVE, 1, REQUEST_RESET_WARM, 0, true },
		{ LOCK_EXCLUSIVE, 1, REQUEST_RESET_COLD, 0, true },
		{ LOCK_EXCLUSIVE, 1, REQUEST_POWER_OFF, 0, true },
		{ LOCK_EXCLUSIVE, 1, REQUEST_PROTOCOL, 2, true },
		{ LOCK_EXCLUSIVE, 1, REQUEST_CONTROL, 1, true },
		{ LOCK_EXCLUSIVE, 0, REQUEST_TRANSMIT, 0, true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = world_new();
		struct session *a = world_session(w, "a", 1, plain),
		    *b = world_session(w, "b", rows[i].uid, plain);
		struct ask x = { .w = w, .name = "x" },
		    y = { .w = w, .name = "y" };

		world_insert(w);
		ask_lock(&x, a, rows[i].held, WAIT_NOT);
		ck_assert_int_eq(ask(&y, b, rows[i].kind, rows[i].arg, B("\0"),
		    WAIT_NOT), ERR_OK);
		world_settle(w);
		if (!rows[i].refused && rows[i].kind != REQUEST_LOCK)
			world_answer(w, ERR_OK, B("\x90\x00"));
		ck_assert_msg(strcmp(w->results, rows[i].refused ?
		    "x:OK y:LOCKED " : "x:OK y:OK ") == 0, "row %zu: %s", i,
		    w->results);
		session_close(a);
		session_close(b);
		world_free(w);
	}
}
END_TEST

START_TEST(a_session_stacks_its_locks)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" };

	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	ask_lock(&x, a, LOCK_SHARED, WAIT_NOT);
	world_settle(w);
	ck_assert_uint_eq(session_locks(a, LOCK_EXCLUSIVE), 2);
	ck_assert_int_eq(session_unlock(a, LOCK_EXCLUSIVE), ERR_OK);
	ask_apdu(&y, b);
	world_settle(w);
	ck_assert_int_eq(session_unlock(a, LOCK_EXCLUSIVE), ERR_OK);
	ck_assert_int_eq(session_unlock(a, LOCK_EXCLUSIVE), ERR_NO_LOCK);
	ck_assert_int_eq(session_unlock(b, LOCK_SHARED), ERR_NO_LOCK);
	ask_apdu(&y, b);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_str_eq(w->results, "x:OK x:OK x:OK y:LOCKED y:OK ");
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(waiters_are_woken_in_order_when_the_holder_dies)
{
	struct world *w = world_new();
	struct session *s[4];
	struct ask a[4];
	static const char *const names[] = { "a", "b", "c", "d" };
	struct slot_status st;

	world_insert(w);
	for (int i = 0; i < 4; i++) {
		s[i] = world_session(w, names[i], 1, plain);
		a[i] = (struct ask){ .w = w, .name = names[i] };
		ask_lock(&a[i], s[i], LOCK_EXCLUSIVE, WAIT_FOREVER);
	}
	world_settle(w);
	slot_status(w->slot, &st);
	ck_assert_uint_eq(st.waiting, 3);
	ck_assert_str_eq(st.holder->program, "a");
	session_close(s[0]);		/* SIGKILL looks like this */
	world_settle(w);
	ck_assert_str_eq(w->results, "a:OK b:OK ");
	session_close(s[2]);		/* gives up waiting */
	ck_assert_int_eq(session_unlock(s[1], LOCK_EXCLUSIVE), ERR_OK);
	world_settle(w);
	ck_assert_str_eq(w->results, "a:OK b:OK d:OK ");
	ck_assert_uint_eq(a[2].calls, 0);
	session_close(s[1]);
	session_close(s[3]);
	world_free(w);
}
END_TEST

START_TEST(a_shared_lock_does_not_overtake_a_waiter)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain),
	    *c = world_session(w, "c", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" },
	    z = { .w = w, .name = "z" };

	world_insert(w);
	ask_lock(&x, a, LOCK_SHARED, WAIT_NOT);
	ask_lock(&y, b, LOCK_EXCLUSIVE, WAIT_FOREVER);
	ask_lock(&z, c, LOCK_SHARED, WAIT_FOREVER);
	ask_lock(&x, a, LOCK_SHARED, WAIT_NOT);	/* a holder may go on */
	world_settle(w);
	ck_assert_str_eq(w->results, "x:OK x:OK ");
	session_close(a);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:OK x:OK y:OK ");
	session_close(b);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:OK x:OK y:OK z:OK ");
	session_close(c);
	world_free(w);
}
END_TEST

START_TEST(a_wait_ends_at_its_deadline)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" };

	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	world_settle(w);
	ck_assert_int_eq(ask(&y, b, REQUEST_TRANSMIT, 0, B("\0"), 700), ERR_OK);
	ck_assert_uint_eq(w->wake_ms, w->now_ms + 700);
	world_wait(w, 699);
	ck_assert_uint_eq(y.calls, 0);
	world_wait(w, 1);
	ck_assert_str_eq(w->results, "x:OK y:LOCKED ");
	ck_assert(w->wake_ms == SLOT_NEVER);
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

static enum err
ask_reset(struct ask *a, struct session *s, uint32_t card_ms)
{
	return session_request(s, &(struct request_spec){
	    .kind = REQUEST_RESET_WARM, .done = ask_done, .done_arg = a,
	    .card_ms = card_ms });
}

/* It keeps nobody else waiting, and nothing is sent until there is a card. */
START_TEST(a_request_may_wait_for_a_card)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" },
	    z = { .w = w, .name = "z" }, q = { .w = w, .name = "q" };

	world_card(w, 0);
	ck_assert_int_eq(ask_reset(&x, a, 700), ERR_OK);
	ck_assert_int_eq(ask_reset(&y, b, WAIT_FOREVER), ERR_OK);
	ask_apdu(&z, b);
	world_settle(w);
	ck_assert_str_eq(w->results, "z:NO_CARD ");
	ck_assert_uint_eq(w->wake_ms, w->now_ms + 700);
	world_wait(w, 700);
	ck_assert_str_eq(w->results, "z:NO_CARD x:NO_CARD ");
	ck_assert(w->wake_ms == SLOT_NEVER);
	ck_assert_int_eq(ask_reset(&x, a, 700), ERR_OK);
	ck_assert_int_eq(ask_reset(&q, b, WAIT_FOREVER), ERR_OK);
	ck_assert_uint_eq(w->sends, 0);
	session_close(a);		/* and with the client it is over */
	ck_assert(w->wake_ms == SLOT_NEVER);
	world_insert(w);
	world_answer(w, ERR_OK, ATR_A);
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_str_eq(w->results, "z:NO_CARD x:NO_CARD y:OK q:OK ");
	ck_assert_uint_eq(x.calls, 1);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(a_wait_for_a_card_ends_with_the_reader)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain);
	struct ask x = { .w = w, .name = "x" };

	world_card(w, 0);
	ck_assert_int_eq(ask_reset(&x, a, WAIT_FOREVER), ERR_OK);
	slot_down(w->slot, ERR_GONE);
	ck_assert_str_eq(w->results, "x:GONE ");
	session_close(a);
	world_free(w);
}
END_TEST

START_TEST(one_exchange_at_a_time_in_order_of_arrival)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 2, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" },
	    z = { .w = w, .name = "z" };
	unsigned sends;

	world_insert(w);
	sends = w->sends;
	ask_apdu(&x, a);
	ask_apdu(&y, b);
	ask_lock(&z, a, LOCK_EXCLUSIVE, WAIT_NOT);	/* after y */
	ck_assert_uint_eq(w->sends, sends + 1);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_uint_eq(w->sends, sends + 2);
	ck_assert_uint_eq(session_locks(a, LOCK_EXCLUSIVE), 1);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_str_eq(w->results, "x:OK z:OK y:OK ");
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(a_refusal_does_not_wait_for_the_card)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" };

	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	ask_apdu(&x, a);
	ask_apdu(&x, a);
	ask_plain(&y, b, REQUEST_RESET_WARM);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:OK y:LOCKED ");
	session_close(a);
	session_close(b);
	world_answer(w, ERR_OK, B("\x90\x00"));	/* nobody wants it any more */
	ck_assert_str_eq(w->results, "x:OK y:LOCKED ");
	world_free(w);
}
END_TEST

START_TEST(a_turn_comes_when_the_lock_ends_and_touches_nothing)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" },
	    z = { .w = w, .name = "z" };
	unsigned sends;

	world_insert(w);
	sends = w->sends;
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	ck_assert_int_eq(ask(&y, b, REQUEST_TURN, 0, B(""), WAIT_NOT), ERR_OK);
	ck_assert_int_eq(ask(&z, b, REQUEST_TURN, 0, B(""), WAIT_FOREVER),
	    ERR_OK);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:OK y:LOCKED ");
	ck_assert_int_eq(session_unlock(a, LOCK_EXCLUSIVE), ERR_OK);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:OK y:LOCKED z:OK ");
	ask_apdu(&x, a);
	ck_assert_int_eq(ask(&y, b, REQUEST_TURN, 0, B(""), WAIT_NOT), ERR_OK);
	world_settle(w);			/* the card is at work: no matter */
	ck_assert_str_eq(w->results, "x:OK y:LOCKED z:OK y:OK ");
	ck_assert_uint_eq(w->sends, sends + 1);
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(a_dead_clients_exchange_is_finished_and_thrown_away)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" };

	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	world_settle(w);
	ask_apdu(&x, a);
	ask_lock(&y, b, LOCK_EXCLUSIVE, WAIT_FOREVER);
	session_close(a);
	ask_apdu(&y, b);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:OK y:OK ");
	world_answer(w, ERR_OK, B("\x6a\x82"));
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_str_eq(w->results, "x:OK y:OK y:OK ");
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(a_callback_may_close_any_session)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x", .close = a },
	    y = { .w = w, .name = "y", .close = b }, z = { .w = w, .name = "z" };

	world_insert(w);
	ask_apdu(&x, a);
	ask_plain(&y, b, REQUEST_LOCK);
	ask_plain(&z, b, REQUEST_LOCK);
	world_settle(w);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_uint_eq(x.calls, 1);
	ck_assert_uint_eq(y.calls, 1);
	ck_assert_uint_eq(z.calls, 0);
	world_free(w);
}
END_TEST

/* Counts the log's lines that have the words in them. */
struct words {
	const char *all[2];
	unsigned found;
};

static void
count_line(void *arg, enum log_level level, const char *line)
{
	struct words *w = arg;

	(void)level;
	w->found += strstr(line, w->all[0]) != NULL &&
	    strstr(line, w->all[1]) != NULL;
}

START_TEST(an_idle_holder_is_named_after_ten_seconds_of_others_waiting)
{
	struct words words = { .all = { "hold-it", "while others wait" } };
	struct world *w = world_new();
	struct session *a = world_session(w, "hold-it", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" };

	log_set_sink(count_line, &words);
	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	world_wait(w, 1000000);
	ask_lock(&y, b, LOCK_EXCLUSIVE, WAIT_FOREVER);
	world_wait(w, 9999);
	ck_assert_uint_eq(words.found, 0);
	world_wait(w, 1);
	ck_assert_uint_eq(words.found, 1);
	world_wait(w, 40000);			/* once is enough */
	ck_assert_uint_eq(words.found, 1);
	log_set_sink(NULL, NULL);
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(an_idle_holder_is_robbed_and_told)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" };

	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	world_wait(w, 1000000);			/* nobody wants it: for ever */
	ask_lock(&y, b, LOCK_EXCLUSIVE, WAIT_FOREVER);
	world_wait(w, 59000);
	ck_assert_str_eq(w->results, "x:OK ");
	ask_apdu(&x, a);			/* a sign of life */
	world_answer(w, ERR_OK, B("\x90\x00"));
	world_wait(w, 59000);
	ck_assert_str_eq(w->results, "x:OK x:OK ");
	world_wait(w, 1000);
	ck_assert_str_eq(w->results, "x:OK x:OK y:OK ");
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	ck_assert_uint_eq(w->sent.arg, 0);	/* its login must not live on */
	ask_apdu(&y, b);
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_str_eq(w->events, "KX");
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_uint_eq(session_flags(a), SESSION_WAS_RESET);
	ck_assert_int_eq(session_unlock(a, LOCK_EXCLUSIVE), ERR_NO_LOCK);
	ck_assert_int_eq(session_unlock(b, LOCK_EXCLUSIVE), ERR_OK);
	ask_apdu(&x, a);			/* is told once */
	ask_apdu(&x, a);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_str_eq(w->results,
	    "x:OK x:OK y:OK y:OK x:WAS_RESET x:OK ");
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(a_refused_client_presses_too)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain),
	    *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" };

	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	world_wait(w, 100000);
	ask_apdu(&y, b);
	world_settle(w);
	ck_assert(w->wake_ms == SLOT_NEVER);	/* no timer runs for that */
	world_wait(w, 60000);
	ask_apdu(&y, b);
	world_answer(w, ERR_OK, ATR_A);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_str_eq(w->results, "x:OK y:LOCKED y:OK ");
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(closing_resets_the_card_where_the_rules_say_so)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1,
	    (struct session_rules){ .reset_on_close = true });
	struct session *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" };
	unsigned sends;

	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	world_settle(w);
	sends = w->sends;
	session_close(a);
	ck_assert_uint_eq(w->sends, sends + 1);
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_uint_eq(session_flags(b), SESSION_WAS_RESET);
	ask_lock(&x, b, LOCK_EXCLUSIVE, WAIT_NOT);
	world_settle(w);
	session_close(b);
	ck_assert_uint_eq(w->sends, sends + 1);
	world_free(w);
}
END_TEST

START_TEST(a_lock_waits_for_the_reset_it_is_told_of)
{
	const struct session_rules pcsc = { .reset_on_close = true,
		.report_reset = true };
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, pcsc),
	    *b = world_session(w, "b", 1, pcsc);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" };

	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	ask_lock(&y, b, LOCK_EXCLUSIVE, WAIT_FOREVER);
	world_settle(w);
	session_close(a);
	world_settle(w);
	ck_assert_int_eq(w->sent.type, CHANNEL_POWER_ON);
	ck_assert_str_eq(w->results, "x:OK ");
	ck_assert_uint_eq(session_locks(b, LOCK_EXCLUSIVE), 0);
	world_answer(w, ERR_OK, ATR_A);
	ck_assert_str_eq(w->results, "x:OK y:WAS_RESET ");
	session_acknowledge(b);
	ask_lock(&y, b, LOCK_EXCLUSIVE, WAIT_NOT);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:OK y:WAS_RESET y:OK ");
	session_close(b);
	world_answer(w, ERR_OK, ATR_A);
	world_free(w);
}
END_TEST

START_TEST(locks_end_with_the_card_where_the_rules_say_so)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1,
	    (struct session_rules){ .unlock_on_removal = true });
	struct session *b = world_session(w, "b", 1, plain);
	struct ask x = { .w = w, .name = "x" }, y = { .w = w, .name = "y" };

	world_insert(w);
	ask_lock(&x, a, LOCK_EXCLUSIVE, WAIT_NOT);
	ask_lock(&y, b, LOCK_EXCLUSIVE, WAIT_FOREVER);
	world_settle(w);
	world_card(w, 0);
	ck_assert_str_eq(w->results, "x:OK y:OK ");
	world_insert(w);
	ck_assert_uint_eq(session_locks(b, LOCK_EXCLUSIVE), 1);
	session_close(a);
	session_close(b);
	world_free(w);
}
END_TEST

START_TEST(bad_requests_are_refused_and_cost_nothing)
{
	static uint8_t big[CHANNEL_DATA_MAX + 1];
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain);
	struct ask x = { .w = w, .name = "x" };

	world_insert(w);
	ck_assert_int_eq(ask(&x, a, REQUEST_KINDS, 0, B(""), 0), ERR_ARG);
	ck_assert_int_eq(ask(&x, a, REQUEST_LOCK, 2, B(""), 0), ERR_ARG);
	ck_assert_int_eq(ask(&x, a, REQUEST_TRANSMIT, 0,
	    (struct view){ big, sizeof(big) }, 0), ERR_TOO_LONG);
	for (int i = 0; i < SESSION_REQUESTS_MAX; i++)
		ask_apdu(&x, a);
	ck_assert_int_eq(ask(&x, a, REQUEST_ATR, 0, B(""), 0), ERR_QUOTA);
	ck_assert_uint_eq(x.calls, 0);
	world_answer(w, ERR_OK, B("\x90\x00"));
	ck_assert_int_eq(ask(&x, a, REQUEST_ATR, 0, B(""), 0), ERR_OK);
	session_close(a);
	session_close(NULL);
	world_free(w);
}
END_TEST

START_TEST(a_message_that_cannot_be_sent_is_an_error_of_its_own)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain);
	struct ask x = { .w = w, .name = "x" };

	world_insert(w);
	w->send_err = ERR_MEMORY;
	ask_apdu(&x, a);
	world_settle(w);
	ck_assert_str_eq(w->results, "x:MEMORY ");
	session_close(a);
	world_free(w);
}
END_TEST

START_TEST(a_pin_entry_of_a_dead_client_is_cancelled)
{
	struct world *w = world_new();
	struct session *a = world_session(w, "a", 1, plain);
	struct ask x = { .w = w, .name = "x" };
	uint32_t xid;

	world_insert(w);
	ck_assert_int_eq(ask(&x, a, REQUEST_CONTROL, 6, B("\0"), 0), ERR_OK);
	xid = w->sent.xid;
	session_close(a);
	ck_assert_int_eq(w->sent.type, CHANNEL_CANCEL);
	ck_assert_uint_eq(w->sent.xid, xid);
	world_answer(w, ERR_CANCELLED, B(""));
	ck_assert_uint_eq(x.calls, 0);
	world_free(w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("session");
	TCase *tc = tcase_create("session");

	tcase_add_test(tc, locks_conflict_as_openct_has_it);
	tcase_add_test(tc, a_session_stacks_its_locks);
	tcase_add_test(tc, waiters_are_woken_in_order_when_the_holder_dies);
	tcase_add_test(tc, a_shared_lock_does_not_overtake_a_waiter);
	tcase_add_test(tc, a_wait_ends_at_its_deadline);
	tcase_add_test(tc, a_request_may_wait_for_a_card);
	tcase_add_test(tc, a_wait_for_a_card_ends_with_the_reader);
	tcase_add_test(tc, one_exchange_at_a_time_in_order_of_arrival);
	tcase_add_test(tc, a_refusal_does_not_wait_for_the_card);
	tcase_add_test(tc, a_turn_comes_when_the_lock_ends_and_touches_nothing);
	tcase_add_test(tc,
	    a_dead_clients_exchange_is_finished_and_thrown_away);
	tcase_add_test(tc, a_callback_may_close_any_session);
	tcase_add_test(tc,
	    an_idle_holder_is_named_after_ten_seconds_of_others_waiting);
	tcase_add_test(tc, an_idle_holder_is_robbed_and_told);
	tcase_add_test(tc, a_refused_client_presses_too);
	tcase_add_test(tc, closing_resets_the_card_where_the_rules_say_so);
	tcase_add_test(tc, a_lock_waits_for_the_reset_it_is_told_of);
	tcase_add_test(tc, locks_end_with_the_card_where_the_rules_say_so);
	tcase_add_test(tc, bad_requests_are_refused_and_cost_nothing);
	tcase_add_test(tc,
	    a_message_that_cannot_be_sent_is_an_error_of_its_own);
	tcase_add_test(tc, a_pin_entry_of_a_dead_client_is_cancelled);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
