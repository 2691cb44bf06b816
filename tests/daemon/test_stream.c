/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/stream.h"

/* Requests are lines; each is answered with itself, when the test says so. */
static struct dialect {
	struct event_base *base;
	struct stream *stream;
	int peer;
	bool slow;		/* hold at each line */
	unsigned lines;
	bool closed;
	size_t answer;		/* bytes to answer instead of the line */
} d;

static size_t
on_input(void *arg, struct view in)
{
	static uint8_t big[100000];
	const uint8_t *end = memchr(in.p, '\n', in.n);
	size_t n;

	(void)arg;
	if (end == NULL)
		return 0;
	n = (size_t)(end - in.p) + 1;
	d.lines++;
	if (d.answer != 0)
		stream_send(d.stream, (struct view){ big, d.answer });
	else if (!d.slow)
		stream_send(d.stream, view_first(in, n));
	if (d.slow)
		stream_hold(d.stream);
	return n;
}

static void
on_closed(void *arg)
{
	(void)arg;
	d.closed = true;
	stream_free(d.stream);
	d.stream = NULL;
}

static void
start(struct stream_limits limits)
{
	static const struct stream_ops ops = { on_input, on_closed };
	int fds[2];

	memset(&d, 0, sizeof(d));
	d.base = event_base_new();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	d.peer = fds[0];
	d.stream = stream_new(d.base, fds[1], &limits, &ops, NULL);
	ck_assert_ptr_nonnull(d.stream);
}

static void
stop(void)
{
	stream_free(d.stream);
	if (d.peer >= 0)
		close(d.peer);
	event_base_free(d.base);
}

/* Runs what is ready now. */
static void
turn(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(d.base, EVLOOP_NONBLOCK);
}

static void
put(const char *s)
{
	ck_assert_int_eq(send(d.peer, s, strlen(s), MSG_NOSIGNAL),
	    (ssize_t)strlen(s));
	turn();
}

static void
expect(const char *s)
{
	char buf[256] = "";

	(void)!read(d.peer, buf, sizeof(buf) - 1);
	ck_assert_str_eq(buf, s);
}

static const struct stream_limits roomy = { 4096, 1 << 20, 60000 };

START_TEST(pipelined_requests_are_all_answered)
{
	start(roomy);
	put("one\ntwo\nthr");
	expect("one\ntwo\n");
	put("ee\n");
	expect("three\n");
	ck_assert(!d.closed);
	stop();
}
END_TEST

/* Others are looked at in between; and the end of the input loses nothing. */
START_TEST(requests_sent_ahead_leave_turns_to_others)
{
	unsigned before;

	start(roomy);
	turn();
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(send(d.peer, "x\n", 2, MSG_NOSIGNAL), 2);
	shutdown(d.peer, SHUT_WR);
	while (d.lines < 100) {
		before = d.lines;
		event_base_loop(d.base, EVLOOP_ONCE);
		ck_assert_uint_le(d.lines, before + 10);
		ck_assert(!d.closed || d.lines == 100);
	}
	turn();
	ck_assert(d.closed);
	stop();
}
END_TEST

START_TEST(a_held_stream_waits_its_turn)
{
	start(roomy);
	d.slow = true;
	put("one\ntwo\n");
	ck_assert_uint_eq(d.lines, 1);
	put("three\n");
	ck_assert_uint_eq(d.lines, 1);
	stream_release(d.stream);
	turn();
	ck_assert_uint_eq(d.lines, 2);
	d.slow = false;
	stream_release(d.stream);
	turn();
	ck_assert_uint_eq(d.lines, 3);
	expect("three\n");
	stop();
}
END_TEST

START_TEST(a_client_that_vanishes_is_noticed_while_held)
{
	start(roomy);
	d.slow = true;
	put("one\n");
	close(d.peer);
	d.peer = -1;
	turn();
	ck_assert(d.closed);
	stop();
}
END_TEST

/* Its input is full, so nothing is read: the hangup is seen all the same. */
START_TEST(a_client_that_vanishes_is_noticed_behind_full_input)
{
	start((struct stream_limits){ 16, 1 << 20, 60000 });
	d.slow = true;
	put("one\n0123456789abcdefghijklmnopqrstuvwxyz");
	ck_assert_uint_eq(d.lines, 1);
	close(d.peer);
	d.peer = -1;
	turn();
	ck_assert(d.closed);
	stop();
}
END_TEST

START_TEST(a_client_that_only_stops_sending_gets_its_answers)
{
	start(roomy);
	d.slow = true;
	put("one\ntwo\n");
	shutdown(d.peer, SHUT_WR);
	turn();
	ck_assert(!d.closed);
	d.slow = false;
	stream_release(d.stream);
	turn();
	expect("two\n");
	ck_assert(d.closed);
	stop();
}
END_TEST

START_TEST(a_cut_request_ends_with_the_client)
{
	start(roomy);
	put("half");
	shutdown(d.peer, SHUT_WR);
	turn();
	ck_assert(d.closed);
	stop();
}
END_TEST

START_TEST(half_a_request_has_a_deadline)
{
	start((struct stream_limits){ 4096, 4096, 1 });
	put("whole\n");
	put("half");
	while (!d.closed)
		event_base_loop(d.base, EVLOOP_ONCE);
	expect("whole\n");
	stop();
}
END_TEST

START_TEST(an_idle_client_has_no_deadline)
{
	start((struct stream_limits){ 4096, 4096, 1 });
	put("whole\n");
	ck_assert_int_eq(event_base_get_num_events(d.base,
	    EVENT_BASE_COUNT_ADDED), 1);	/* readable, no timer */
	stop();
}
END_TEST

START_TEST(a_request_longer_than_the_limit_ends_the_stream)
{
	start((struct stream_limits){ 16, 4096, 60000 });
	put("0123456789abcdef0");
	ck_assert(d.closed);
	stop();
}
END_TEST

START_TEST(a_client_that_never_reads_is_not_answered_for_ever)
{
	start((struct stream_limits){ 65536, 1 << 20, 60000 });
	d.answer = 100000;
	for (int i = 0; i < 50 && !d.closed; i++)
		put("x\n");
	ck_assert(!d.closed);
	ck_assert_uint_lt(d.lines, 10);
	stop();
}
END_TEST

START_TEST(a_client_that_never_reads_has_a_deadline)
{
	start((struct stream_limits){ 65536, 1 << 20, 1 });
	d.answer = 100000;
	for (int i = 0; i < 20 && !d.closed; i++)
		put("x\n");
	while (!d.closed)
		event_base_loop(d.base, EVLOOP_ONCE);
	stop();
}
END_TEST

/* Events are sent unasked: what does not fit ends the stream. */
START_TEST(unasked_output_is_bounded)
{
	static uint8_t event[50000];

	start((struct stream_limits){ 4096, 1 << 20, 60000 });
	for (int i = 0; i < 100 && !d.closed; i++) {
		stream_send(d.stream, (struct view){ event, sizeof(event) });
		turn();
	}
	ck_assert(d.closed);
	stop();
}
END_TEST

START_TEST(what_was_queued_is_sent_before_the_end)
{
	static uint8_t much[300000], got[300000];
	size_t n = 0;

	start((struct stream_limits){ 4096, 1 << 20, 60000 });
	stream_send(d.stream, (struct view){ much, sizeof(much) });
	stream_finish(d.stream);
	turn();
	ck_assert(!d.closed);
	while (!d.closed) {
		ssize_t k = read(d.peer, got, sizeof(got));

		n += k > 0 ? (size_t)k : 0;
		turn();
	}
	for (ssize_t k; (k = read(d.peer, got, sizeof(got))) > 0;)
		n += (size_t)k;
	ck_assert_uint_eq(n, sizeof(much));
	stop();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("stream");
	TCase *t = tcase_create("stream");

	tcase_add_test(t, pipelined_requests_are_all_answered);
	tcase_add_test(t, requests_sent_ahead_leave_turns_to_others);
	tcase_add_test(t, a_held_stream_waits_its_turn);
	tcase_add_test(t, a_client_that_vanishes_is_noticed_while_held);
	tcase_add_test(t,
	    a_client_that_vanishes_is_noticed_behind_full_input);
	tcase_add_test(t, a_client_that_only_stops_sending_gets_its_answers);
	tcase_add_test(t, a_cut_request_ends_with_the_client);
	tcase_add_test(t, half_a_request_has_a_deadline);
	tcase_add_test(t, an_idle_client_has_no_deadline);
	tcase_add_test(t, a_request_longer_than_the_limit_ends_the_stream);
	tcase_add_test(t, a_client_that_never_reads_is_not_answered_for_ever);
	tcase_add_test(t, a_client_that_never_reads_has_a_deadline);
	tcase_add_test(t, unasked_output_is_bounded);
	tcase_add_test(t, what_was_queued_is_sent_before_the_end);
	suite_add_tcase(s, t);
	return unit_run(s);
}
