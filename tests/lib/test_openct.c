/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/openct/error.h"
#include "lib/openct/logging.h"
#include "lib/openct/openct.h"
#include "protocols/openct_wire.h"
#include "tests/lib/fake_server.h"

static struct openct_record records[OPENCT_READERS_MAX];
static ct_handle *h;

static void
setup(void)
{
	memset(records, 0, sizeof(records));
	snprintf(records[0].name, sizeof(records[0].name), "Test Reader");
	records[0].slots = 1;
	records[0].card[0] = 7;
	records[0].keypad = 1;
	records[0].pid = getpid();
	fake_dir();
	fake_status(records, sizeof(records));
}

static void
serve(const struct fake_turn *turns, size_t n)
{
	fake_start(0, turns, n);
	h = ct_reader_connect(0);
	ck_assert_ptr_nonnull(h);
}

static void
finish(void)
{
	ct_reader_disconnect(h);
	fake_finish();
}

#define SERVE(...)							\
	const struct fake_turn turns[] = { __VA_ARGS__ };		\
	serve(turns, sizeof(turns) / sizeof(turns[0]))

START_TEST(reader_info_is_read)
{
	ct_info_t info;

	ck_assert_int_eq(ct_reader_info(0, &info), 0);
	ck_assert_str_eq(info.ct_name, "Test Reader");
	ck_assert_uint_eq(info.ct_slots, 1);
	ck_assert_uint_eq(info.ct_card[0], 7);
	ck_assert(info.ct_keypad && !info.ct_display);
	for (unsigned i = 1; i < 20; i++)
		ck_assert_int_lt(ct_reader_info(i, &info), 0);
}
END_TEST

START_TEST(a_dead_daemon_has_no_readers)
{
	pid_t pid = fork();
	ct_info_t info;

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	records[0].pid = pid;
	fake_status(records, sizeof(records));
	ck_assert_int_eq(ct_reader_info(0, &info), -1);
}
END_TEST

START_TEST(a_status_file_that_is_cut_has_no_readers)
{
	const ct_info_t *all;
	ct_info_t info;

	for (size_t n = 0; n < sizeof(records[0]); n++) {
		fake_status(records, n);
		ck_assert_int_eq(ct_reader_info(0, &info), -1);
		ck_assert_int_eq(ct_status(&all), -1);
	}
	fake_status(records, sizeof(records[0]));
	ck_assert_int_eq(ct_reader_info(0, &info), 0);
	ck_assert_int_eq(ct_reader_info(1, &info), -1);
}
END_TEST

START_TEST(a_new_status_file_is_noticed)
{
	const ct_info_t *old, *fresh;
	ct_info_t info;

	ck_assert_int_eq(ct_status(&old), OPENCT_MAX_READERS);
	ck_assert_int_eq(ct_status(&fresh), OPENCT_MAX_READERS);
	ck_assert_ptr_eq(old, fresh);
	records[0].card[0] = 8;
	fake_status(records, sizeof(records));
	ck_assert_int_eq(ct_reader_info(0, &info), 0);
	ck_assert_uint_eq(info.ct_card[0], 8);
	ck_assert_int_eq(ct_status(&fresh), OPENCT_MAX_READERS);
	ck_assert_uint_eq(fresh[0].ct_card[0], 8);
	ck_assert_uint_eq(old[0].ct_card[0], 7);	/* still mapped */
}
END_TEST

START_TEST(without_a_daemon_everything_fails_and_nothing_is_printed)
{
	int out = open("/dev/null", O_WRONLY), p[2], card;
	const ct_info_t *all;
	ct_info_t info;
	char c;

	setenv("OPENCT_SOCKETDIR", "/nonexistent", 1);
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_ge(dup2(p[1], 2), 0);
	close(p[1]);
	ck_assert_int_eq(ct_status(&all), -1);
	ck_assert_int_eq(ct_reader_info(0, &info), -1);
	ck_assert_ptr_null(ct_reader_connect(0));
	ck_assert_ptr_null(ct_reader_connect(16));
	ck_assert_int_eq(ct_card_status(NULL, 0, &card), -103);
	ck_assert_int_eq(ct_reader_status(NULL, &info), -103);
	ck_assert_int_eq(ct_card_transact(NULL, 0, "", 1, &c, 1), -103);
	ct_reader_disconnect(NULL);
	ck_assert_int_ge(dup2(out, 2), 0);
	ck_assert_int_eq(read(p[0], &c, 1), 0);
}
END_TEST

START_TEST(a_path_too_long_is_an_error)
{
	char dir[5000];
	ct_info_t info;

	memset(dir, 'a', sizeof(dir));
	dir[sizeof(dir) - 1] = '\0';
	dir[0] = '/';
	setenv("OPENCT_SOCKETDIR", dir, 1);
	ck_assert_int_eq(ct_reader_info(0, &info), -1);
	ck_assert_ptr_null(ct_reader_connect(0));
	dir[120] = '\0';
	ck_assert_ptr_null(ct_reader_connect(0));
}
END_TEST

START_TEST(card_status_flags_a_new_card_once)
{
	int st;
	ct_info_t info;

	serve(NULL, 0);
	ck_assert_int_eq(ct_card_status(h, 0, &st), 0);
	ck_assert_int_eq(st, IFD_CARD_PRESENT | IFD_CARD_STATUS_CHANGED);
	ck_assert_int_eq(ct_card_status(h, 0, &st), 0);
	ck_assert_int_eq(st, IFD_CARD_PRESENT);
	records[0].card[0] = 0;
	fake_status(records, sizeof(records));
	ck_assert_int_eq(ct_card_status(h, 0, &st), 0);
	ck_assert_int_eq(st, 0);	/* a removal is not flagged */
	records[0].card[0] = 8;
	fake_status(records, sizeof(records));
	ck_assert_int_eq(ct_card_status(h, 0, &st), 0);
	ck_assert_int_eq(st, IFD_CARD_PRESENT | IFD_CARD_STATUS_CHANGED);
	ck_assert_int_eq(ct_card_status(h, 1, &st), -3);
	ck_assert_int_eq(ct_card_status(h, 8, &st), -3);
	ck_assert_int_eq(ct_reader_status(h, &info), 0);
	ck_assert_uint_eq(info.ct_card[0], 8);
	memset(&records[0], 0, sizeof(records[0]));
	fake_status(records, sizeof(records));
	ck_assert_int_eq(ct_card_status(h, 0, &st), 0);
	ck_assert_int_eq(st, 0);
	ck_assert_int_lt(ct_reader_status(h, &info), 0);
	finish();
}
END_TEST

START_TEST(requests_have_the_bytes_of_opencts)
{
	uint8_t atr[33], out[16];
	ct_lock_handle lock = 99;

	SERVE({ B("\x10\x00"), 0, B("\x03\x02\x3b\x00"), 0 },
	    { B("\x10\x00\xc0\x00\x01\x05\xc1\x00\x02hi"), 0, B(""), 0 },
	    { B("\x01\x00\xc2\x00\x01\x01"), 0, B("\x44\x00\x02\x01\x02"), 0 },
	    { B("\x02\x00\x44\x00\x02\x01\x02"), 0, B(""), 0 },
	    { B("\x21\x00\xc4\x00\x04\x00\xa4\x00\x00"), 0,
		B("\x45\x00\x02\x90\x00"), 0 },
	    { B("\x22\x00\xc8\x00\x01\x01"), 0, B(""), 0 },
	    { B("\x16\x00\xc5\x00\x02\x01\x00\xc7\x00\x01\x03"), 0,
		B("\xc6\x00\x03" "abc"), 0 },
	    { B("\x17\x00\xc5\x00\x01\x07\xc6\x00\x02xy"), 0, B(""), 0 });
	ck_assert_int_eq(ct_card_reset(h, 0, atr, sizeof(atr)), 2);
	ck_assert_mem_eq(atr, "\x3b\x00", 2);
	ck_assert_int_eq(ct_card_request(h, 0, 5, "hi", atr, sizeof(atr)), 0);
	ck_assert_int_eq(ct_card_lock(h, 0, IFD_LOCK_EXCLUSIVE, &lock), 0);
	ck_assert_uint_eq(lock, 0x102);
	ck_assert_int_eq(ct_card_unlock(h, 0, lock), 0);
	ck_assert_int_eq(ct_card_transact(h, 0, "\x00\xa4\x00\x00", 4, out, 2), 2);
	ck_assert_mem_eq(out, "\x90\x00", 2);
	ck_assert_int_eq(ct_card_set_protocol(h, 0, 1), 0);
	ck_assert_int_eq(ct_card_read_memory(h, 0, 256, out, 3), 3);
	ck_assert_mem_eq(out, "abc", 3);
	ck_assert_int_eq(ct_card_write_memory(h, 0, 7, "xy", 2), 0);
	finish();
}
END_TEST

START_TEST(verify_sends_a_template_and_may_answer_in_place)
{
	uint8_t buf[13] = "\x00\x20\x00\x00\x08\xff\xff\xff\xff\xff\xff\xff\xff";

	SERVE({ B("\x14\x00\xc1\x00\x10Please enter PIN\xc3\x00\x0f\x01\x05"
	    "\x00\x20\x00\x00\x08\xff\xff\xff\xff\xff\xff\xff\xff"), 0,
	    B("\x45\x00\x02\x63\xc2"), 0 },
	    { B("\x14\x00\xc3\x00\x03\x40\x01\x00"), -13, B(""), 0 });
	ck_assert_int_eq(ct_card_verify(h, 0, 0, "Please enter PIN",
	    IFD_PIN_ENCODING_ASCII, 0, 5, buf, 13, buf, 13), 2);
	ck_assert_mem_eq(buf, "\x63\xc2", 2);
	ck_assert_int_eq(ct_card_verify(h, 0, 0, NULL, IFD_PIN_ENCODING_BCD, 4,
	    1, "", 1, buf, 13), -13);
	ck_assert_int_eq(ct_card_verify(h, 0, 0, NULL, 2, 4, 1, "", 1, buf, 13),
	    -9);
	ck_assert_int_eq(ct_card_verify(h, 0, 0, NULL, 0, 16, 1, "", 1, buf, 13),
	    -9);
	ck_assert_int_eq(ct_card_verify(h, 0, 0, NULL, 0, 4, 256, "", 1, buf,
	    13), -9);
	ck_assert_int_eq(ct_card_verify(h, 0, 0, NULL, 0, 4, 1, NULL, 0, buf,
	    13), -9);
	finish();
}
END_TEST

START_TEST(an_answer_longer_than_the_buffer_is_an_error)
{
	uint8_t buf[4] = { 1, 2, 3, 4 };

	SERVE({ B("\x21\x00\xc4\x00\x01\x00"), 0,
		B("\x45\x00\x05" "abc\x90\x00"), 0 },
	    { B("\x21\x00\xc4\x00\x01\x00"), 0, B("\x45\x00\x02\x90\x00"), 0 },
	    { B("\x10\x00"), 0, B("\x43\x00\x05" "abcde"), 0 });
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), -11);
	ck_assert_mem_eq(buf, "\1\2\3\4", 4);
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), 2);
	ck_assert_int_eq(ct_card_reset(h, 0, buf, 4), -11);
	finish();
}
END_TEST

START_TEST(errors_come_through)
{
	uint8_t buf[4];
	ct_lock_handle lock;

	SERVE({ B("\x01\x00\xc2\x00\x01\x01"), -7, B(""), 0 },
	    { B("\x21\x00\xc4\x00\x01\x00"), -17, B(""), 0 },
	    { B("\x21\x00\xc4\x00\x01\x00"), 5, B(""), 0 },
	    { B("\x21\x00\xc4\x00\x01\x00"), 0, B("\x45\x00\x00"), 0 },
	    { B("\x21\x00\xc4\x00\x01\x00"), 0, B("\x45\x00\x01\x90"), 0 },
	    { B("\x21\x00\xc4\x00\x01\x00"), 0, B(""), 0 },
	    { B("\x01\x00\xc2\x00\x01\x00"), 0, B(""), 0 });
	ck_assert_int_eq(ct_card_lock(h, 0, IFD_LOCK_EXCLUSIVE, &lock), -7);
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), -17);
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), -1);
	for (int i = 0; i < 3; i++)	/* no status word, no success */
		ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), -100);
	ck_assert_int_eq(ct_card_lock(h, 0, IFD_LOCK_SHARED, &lock), -100);
	ck_assert_int_eq(ct_card_transact(h, 0, NULL, 0, buf, 4), -9);
	ck_assert_int_eq(ct_card_transact(h, 8, "", 1, buf, 4), -3);
	finish();
}
END_TEST

static const struct broken_row {
	enum fake_quirk quirk;
	int want;
} broken_rows[] = {
	{ FAKE_CLOSE, -103 },
	{ FAKE_CUT, -103 },
	{ FAKE_OTHER_XID, -100 },
	{ FAKE_EXTRA, -100 },
	{ FAKE_ENDLESS, -100 },
};

/* Whatever the server does, the call ends, and so does the connection. */
START_TEST(a_broken_connection_is_of_no_more_use)
{
	uint8_t buf[4];

	SERVE({ B("\x21\x00\xc4\x00\x01\x00"), 0, B("\x45\x00\x02\x90\x00"),
	    broken_rows[_i].quirk });
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4),
	    broken_rows[_i].want);
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), -103);
	finish();
}
END_TEST

START_TEST(an_answer_may_come_in_pieces)
{
	uint8_t buf[4];

	SERVE({ B("\x21\x00\xc4\x00\x01\x00"), 0, B("\x45\x00\x02\x90\x00"),
	    FAKE_DRIBBLE }, { B("\x21\x00\xc4\x00\x01\x00"), 0,
	    B("\x45\x00\x02\x61\x10"), FAKE_CONTINUED });
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), 2);
	ck_assert_mem_eq(buf, "\x90\x00", 2);
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), 2);
	ck_assert_mem_eq(buf, "\x61\x10", 2);
	finish();
}
END_TEST

static const struct long_row {
	size_t apdu, request;	/* request: its body's length */
	size_t response, body;	/* body: the answer's length */
	size_t room;
	int want;
} long_rows[] = {
	{ 65530, 65535, 2, 2, 2, 2 },	/* the longest that fits an item */
	{ 65531, 65533, 2, 2, 2, 2 },	/* raw from here on */
	{ 65533, 65535, 2, 2, 2, 2 },
	{ 65534, 65536, 2, 2, 2, 2 },	/* in two messages from here on */
	{ 65544, 65546, 65538, 65538, 65538, 65538 },
	{ 7, 9, 65538, 65538, 65538, 65538 },
	{ 7, 9, 65534, 65534, 65533, -11 },
};

START_TEST(the_longest_apdus_go_through)
{
	static uint8_t apdu[70000], buf[70000];
	const struct long_row *row = &long_rows[_i];
	bool items = row->request == row->apdu + 5;

	SERVE({ { NULL, row->request }, 0,
	    items ? B("\x45\x00\x02\x90\x00") : (struct view){ NULL, row->body },
	    row->body > 65535 ? FAKE_CONTINUED : FAKE_PLAIN });
	ck_assert_int_eq(ct_card_transact(h, 0, apdu, row->apdu, buf, row->room),
	    row->want);
	if (row->want > 0)
		ck_assert_mem_eq(buf + row->want - 2, "\x90\x00", 2);
	ck_assert_int_eq(ct_card_transact(h, 0, apdu, 65545, buf, 2), -11);
	finish();
}
END_TEST

START_TEST(memory_is_read_in_pieces)
{
	static uint8_t piece[3 + 4096] = "\xc6\x10\x00";
	uint8_t buf[5000];

	SERVE({ B("\x16\x00\xc5\x00\x01\x00\xc7\x00\x02\x10\x00"), 0,
		{ piece, sizeof(piece) }, 0 },
	    { B("\x16\x00\xc5\x00\x02\x10\x00\xc7\x00\x02\x03\x88"), 0,
		B("\xc6\x00\x03" "end"), 0 },
	    { B("\x16\x00\xc5\x00\x01\x00\xc7\x00\x01\x02"), 0,
		B("\xc6\x00\x03" "end"), 0 },
	    { B("\x16\x00\xc5\x00\x01\x00\xc7\x00\x01\x02"), -6, B(""), 0 });
	ck_assert_int_eq(ct_card_read_memory(h, 0, 0, buf, 5000), 4099);
	ck_assert_mem_eq(buf + 4096, "end", 3);
	ck_assert_int_eq(ct_card_read_memory(h, 0, 0, buf, 2), -11);
	ck_assert_int_eq(ct_card_read_memory(h, 0, 0, buf, 2), -6);
	finish();
}
END_TEST

START_TEST(no_descriptor_survives_exec)
{
	serve(NULL, 0);
	for (int fd = 3; fd < 64; fd++) {
		char path[64], to[64];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, to, sizeof(to) - 1);
		if (n > 7 && memcmp(to, "socket:", 7) == 0)
			ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	}
	finish();
}
END_TEST

enum { THREADS = 4, CALLS = 50 };

/* Returns NULL when each call got its own answer. */
static void *
use_shared_handle(void *arg)
{
	for (int i = 0; i < CALLS; i++) {
		const ct_info_t *all;
		uint8_t buf[4];
		int st;

		if (ct_card_transact(h, 0, "", 1, buf, 4) != 2 ||
		    memcmp(buf, "\x90\x00", 2) != 0 ||
		    ct_card_status(h, 0, &st) != 0 || ct_status(&all) != 16)
			return arg;
	}
	return NULL;
}

START_TEST(threads_share_a_handle)
{
	static struct fake_turn turns[THREADS * CALLS];
	pthread_t threads[THREADS];
	void *bad;

	for (size_t i = 0; i < THREADS * CALLS; i++)
		turns[i] = (struct fake_turn){ B("\x21\x00\xc4\x00\x01\x00"),
			0, B("\x45\x00\x02\x90\x00"), FAKE_PLAIN };
	serve(turns, THREADS * CALLS);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    use_shared_handle, turns), 0);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &bad), 0);
		ck_assert_ptr_null(bad);
	}
	finish();
}
END_TEST

/* Writing to a server that has gone would be a SIGPIPE, the end of the test. */
START_TEST(no_signal_is_raised_or_changed)
{
	struct sigaction before, after;
	uint8_t buf[4];

	ck_assert_int_eq(sigaction(SIGPIPE, NULL, &before), 0);
	ck_assert_ptr_eq(before.sa_handler, SIG_DFL);
	SERVE({ B("\x21\x00\xc4\x00\x01\x00"), 0,
	    B("\x45\x00\x02\x90\x00"), FAKE_LEAVES });
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), 2);
	fake_finish();
	ck_assert_int_eq(ct_card_transact(h, 0, "", 1, buf, 4), -103);
	ct_reader_disconnect(h);
	ck_assert_int_eq(sigaction(SIGPIPE, NULL, &after), 0);
	ck_assert_ptr_eq(after.sa_handler, SIG_DFL);
}
END_TEST

START_TEST(logging_goes_where_it_is_told)
{
	char text[256];
	int p[2];
	ssize_t n;

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_ge(dup2(p[1], 2), 0);
	ct_debug("nobody asked");
	ct_log_destination("@stderr");
	ct_debug("one %d", 1);
	ct_log_destination("elsewhere");
	ct_error("lost");
	ct_log_destination("@stderr");
	ct_error("two");
	n = read(p[0], text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_str_eq(text, "one 1\ntwo\n");
}
END_TEST

START_TEST(small_things)
{
	static uint8_t big[2000];
	int num;

	ck_assert_str_eq(ct_strerror(-6), "no card in the reader");
	ck_assert_str_eq(ct_strerror(-9999), "unknown error");
	ck_assert_str_eq(ct_hexdump("\x3b\x00\xff", 3), "3b 00 ff");
	ck_assert_str_eq(ct_hexdump(NULL, 3), "");
	ck_assert_uint_lt(strlen(ct_hexdump(big, sizeof(big))), 1024);
	ck_assert_int_eq(ct_status_destroy(), IFD_ERROR_NOT_SUPPORTED);
	ck_assert_int_eq(ct_status_clear(16, NULL), IFD_ERROR_NOT_SUPPORTED);
	ck_assert_int_eq(ct_status_update(NULL), IFD_ERROR_NOT_SUPPORTED);
	ck_assert_ptr_null(ct_status_alloc_slot(&num));
}
END_TEST

/* <openct/error.h> and the codec have one list each: they agree. */
START_TEST(error_numbers_agree)
{
	ck_assert_int_eq(IFD_ERROR_LOCKED, OPENCT_E_LOCKED);
	ck_assert_int_eq(IFD_ERROR_USER_TIMEOUT, OPENCT_E_USER_TIMEOUT);
	ck_assert_int_eq(IFD_ERROR_USER_ABORT, OPENCT_E_USER_ABORT);
	ck_assert_int_eq(IFD_ERROR_DEVICE_DISCONNECTED, OPENCT_E_GONE);
	ck_assert_int_eq(IFD_ERROR_INVALID_ATR, OPENCT_E_BAD_ATR);
	ck_assert_int_eq(IFD_ERROR_INVALID_MSG, OPENCT_E_BAD_MESSAGE);
	ck_assert_int_eq(IFD_ERROR_NOT_CONNECTED, OPENCT_E_DISCONNECTED);
	ck_assert_int_eq(IFD_ERROR_UNKNOWN_DEVICE, OPENCT_E_NO_DEVICE);
}
END_TEST

#define ROWS(t) (int)(sizeof(t) / sizeof((t)[0]))

int
main(void)
{
	Suite *s = suite_create("libopenct");
	TCase *t = tcase_create("libopenct");

	tcase_add_checked_fixture(t, setup, fake_cleanup);
	tcase_add_test(t, reader_info_is_read);
	tcase_add_test(t, a_dead_daemon_has_no_readers);
	tcase_add_test(t, a_status_file_that_is_cut_has_no_readers);
	tcase_add_test(t, a_new_status_file_is_noticed);
	tcase_add_test(t,
	    without_a_daemon_everything_fails_and_nothing_is_printed);
	tcase_add_test(t, a_path_too_long_is_an_error);
	tcase_add_test(t, card_status_flags_a_new_card_once);
	tcase_add_test(t, requests_have_the_bytes_of_opencts);
	tcase_add_test(t, verify_sends_a_template_and_may_answer_in_place);
	tcase_add_test(t, an_answer_longer_than_the_buffer_is_an_error);
	tcase_add_test(t, errors_come_through);
	tcase_add_loop_test(t, a_broken_connection_is_of_no_more_use, 0,
	    ROWS(broken_rows));
	tcase_add_test(t, an_answer_may_come_in_pieces);
	tcase_add_loop_test(t, the_longest_apdus_go_through, 0, ROWS(long_rows));
	tcase_add_test(t, memory_is_read_in_pieces);
	tcase_add_test(t, no_descriptor_survives_exec);
	tcase_add_test(t, threads_share_a_handle);
	tcase_add_test(t, no_signal_is_raised_or_changed);
	tcase_add_test(t, logging_goes_where_it_is_told);
	tcase_add_test(t, small_things);
	tcase_add_test(t, error_numbers_agree);
	suite_add_tcase(s, t);
	return unit_run(s);
}
