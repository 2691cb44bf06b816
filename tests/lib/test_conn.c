/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <unistd.h>

#include "lib/conn.h"
#include "tests/lib/fake_server.h"

static struct conn c;

/* A daemon that is stopped: the call ends, and the connection with it. */
START_TEST(a_silent_server_is_a_time_out)
{
	const struct fake_turn turns[] = {
		{ B("\x02\x00"), 0, B(""), FAKE_SILENT } };
	struct openct_args a;
	struct wr w;

	fake_dir();
	fake_start(3, turns, 1);
	ck_assert_int_eq(conn_open(&c, 3), ERR_OK);
	conn_begin(&c, &w, OPENCT_CMD_UNLOCK, 0);
	ck_assert_int_eq(conn_end(&c, conn_call_args(&c, &w, 1, &a)),
	    OPENCT_E_TIMEOUT);
	conn_begin(&c, &w, OPENCT_CMD_UNLOCK, 0);
	ck_assert_int_eq(conn_end(&c, conn_call_args(&c, &w, 1, &a)),
	    OPENCT_E_DISCONNECTED);
	fake_finish();
	conn_close(&c);
}
END_TEST

START_TEST(what_was_sent_and_received_is_wiped)
{
	static const uint8_t zeros[64];
	const struct fake_turn turns[] = {
		{ B("\x20\x00" "1234"), 0, B("secret\x90\x00"), FAKE_PLAIN } };
	struct view v;
	struct wr w;

	fake_dir();
	fake_start(0, turns, 1);
	ck_assert_int_eq(conn_open(&c, 0), ERR_OK);
	conn_begin(&c, &w, OPENCT_CMD_TRANSACT_RAW, 0);
	wr_view(&w, B("1234"));
	ck_assert_int_eq(conn_call(&c, &w, 10000, &v), 0);
	ck_view_eq(v, B("secret\x90\x00"));
	conn_end(&c, 0);
	ck_assert_mem_eq(c.buf, zeros, sizeof(zeros));
	conn_close(&c);
	fake_finish();
}
END_TEST

START_TEST(no_daemon_is_told_apart)
{
	fake_dir();
	ck_assert_int_eq(conn_open(&c, 0), ERR_NO_DAEMON);
	setenv("OPENCT_SOCKETDIR", "/proc/self/mem", 1);
	ck_assert_int_eq(conn_open(&c, 0), ERR_SYSTEM);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conn");
	TCase *t = tcase_create("conn");

	tcase_add_checked_fixture(t, NULL, fake_cleanup);
	tcase_add_test(t, a_silent_server_is_a_time_out);
	tcase_add_test(t, what_was_sent_and_received_is_wiped);
	tcase_add_test(t, no_daemon_is_told_apart);
	suite_add_tcase(s, t);
	return unit_run(s);
}
