/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What programs that use libctapi run into: other programs, threads, cards that
 * come and go, readers and slotd that leave. Run by ctapi_walk.py.
 *
 *	ctapi_walk LIBRARY
 */

#include "config.h"
#include "tests/lib/ctapi_client.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"

static void
slots(void)
{
	want(ct.init(3, EIGHT), 0, "CT_init");
	expect(3, 1, "2013008000", "05050505050505059000", ROOM_4096);
	expect(3, 1, "2013008100", "810801020304050607089000", ROOM_4096);
	expect(3, 1, "2012020100", "3b..9001", ROOM_4096);
	expect(3, 1, "2012080100", "3b..9001", ROOM_4096);
	expect(3, 1, "2012090100", "6a00", ROOM_4096);
	expect(3, 2, MF, "9000", ROOM_4096);
	expect(3, 8, MF, "9000", ROOM_4096);
	expect(3, 3, MF, "64a2", ROOM_4096);
	want(send_command(3, 9, MF, 2), -1, "ICC9");
	expect(3, 1, "20110000", "9000", ROOM_4096);
	expect(3, 2, MF, "64a2", ROOM_4096);
	want(ct.close(3), 0, "CT_close");
	done("ICC2 to ICC8");
}

/* A thread that waits for the answer to one command. */
struct waiter {
	uint16_t ctn;
	const char *command;
	int rc;
	uint16_t sw;
	uint8_t dad;
};

static void *
wait_for_answer(void *arg)
{
	struct waiter *w = arg;
	uint8_t command[16], buf[64], dad = w->dad, sad = 2;
	uint16_t n = sizeof(buf);
	size_t len;

	if (hex_to_bytes(command, sizeof(command), &len, w->command) != ERR_OK)
		return NULL;
	w->rc = ct.data(w->ctn, &dad, &sad, (uint16_t)len, command, &n, buf);
	if (w->rc == 0)
		w->sw = (uint16_t)(buf[n - 2] << 8 | buf[n - 1]);
	return NULL;
}

static void
cards(void)
{
	struct waiter w = { .ctn = 0, .command = "20120101013c00", .dad = 1,
		.rc = 99 };
	uint64_t began;
	pthread_t thread;

	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	have("remove");
	expect(0, 1, "2013008000", "009000", ROOM_4096);
	expect(0, 0, MF, "64a1", ROOM_4096);
	expect(0, 1, "2012010100", "6200", ROOM_4096);
	expect(0, 1, "2011010100", "6400", ROOM_4096);
	expect(0, 1, "20140100", "64a1", ROOM_4096);
	expect(0, 1, "201501000101", "9001", ROOM_4096);
	done("the card is pulled: 64A1, 6200, 6400");
	if (pthread_create(&thread, NULL, wait_for_answer, &w) != 0)
		exit(1);
	want(ct.init(1, DDV0), 0, "CT_init of another meanwhile");
	expect(1, 1, "20120101", "3b..9001", ROOM_4096);
	want(ct.close(1), 0, "CT_close");
	began = clock_now_ms();
	have("insert");
	pthread_join(thread, NULL);
	want(w.rc, 0, "REQUEST ICC");
	want(w.sw, 0x9001, "REQUEST ICC");
	if (clock_now_ms() - began > 20000)
		complain("it did not return with the card");
	done("REQUEST ICC waits for a card, others work meanwhile");
	expect(0, 0, MF, "9000", ROOM_4096);
	have("remove");
	have("insert");
	expect(0, 1, "2013008000", "059000", ROOM_4096);
	expect(0, 0, MF, "64a2", ROOM_4096);
	expect(0, 0, MF, "64a2", ROOM_4096);
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	expect(0, 0, MF, "9000", ROOM_4096);
	done("another card: 64A2 until it is requested");
	expect(0, 1, "201501000101", "6200", ROOM_4096);
	w.command = "20150100013c";
	if (pthread_create(&thread, NULL, wait_for_answer, &w) != 0)
		exit(1);
	have("remove");
	pthread_join(thread, NULL);
	want(w.sw, 0x9001, "EJECT ICC");
	have("insert");
	want(ct.close(0), 0, "CT_close");
	done("EJECT ICC waits for the removal");
}

static void
bad_cards(void)
{
	want(ct.init(0, DDV1), 0, "CT_init");
	have("card mute");
	expect(0, 1, "20120101", "6400", ROOM_4096);
	expect(0, 1, "20110101", "6400", ROOM_4096);
	expect(0, 0, MF, "64a2", ROOM_4096);
	done("a card that does not answer: 6400");
	have("card ddv-0");
	expect(0, 0, MF, "64a2", ROOM_4096);
	expect(0, 1, "20120101", "3bef00ff..9001", ROOM_4096);
	expect(0, 0, AID0, "9000", ROOM_4096);
	have("card ddv-1");
	expect(0, 0, AID0, "64a2", ROOM_4096);
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	expect(0, 0, AID1, "9000", ROOM_4096);
	done("a card of another type: 64A2, its own ATR");
	have("emu fault 1-1 short@x1");
	expect(0, 0, MF, "6f00", ROOM_4096);
	have("emu fault 1-1 none");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	expect(0, 0, MF, "9000", ROOM_4096);
	want(ct.close(0), 0, "CT_close");
	done("an answer that makes no sense: 6F00");
}

/* What happens while a call is under way. */
static const struct {
	const char *what;
	uint16_t pn;
	uint8_t dad;
	const char *command;
	const char *before, *event, *after;
	int rc, or_rc;
	uint16_t sw;			/* with rc 0; or 6f00 */
} interruptions[] = {
	{ "unplugged while it waits for a card", DDV1, 1, "20120101013c00",
	    "remove", "unplug", "plug", -10, -10, 0 },
	{ "slotd killed meanwhile", DDV1, 1, "20120101013c00",
	    "remove", "kill", "start", -128, -10, 0 },
	{ "slotd stopped meanwhile", DDV1, 1, "20120101013c00",
	    "remove", "stop", "start", -128, -128, 0 },
	{ "unplugged while a card works", SLOW, 0, MF,
	    NULL, "unplug 1-7", "plug 1-7", -10, -10, 0 },
	{ "the card pulled while it works", SLOW, 0, MF,
	    NULL, "remove 1-7", "insert 1-7", 0, 0, 0x64a1 },
	{ "slotd killed while a card works", SLOW, 0, MF,
	    NULL, "kill", "start", -128, -10, 0 },
};

static void
interrupt(size_t i)
{
	struct waiter w = { .ctn = 0, .dad = interruptions[i].dad,
		.command = interruptions[i].command, .rc = 99 };
	int rc = interruptions[i].rc;
	pthread_t thread;

	want(ct.init(0, interruptions[i].pn), 0, "CT_init");
	if (w.dad == 0)
		expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	if (interruptions[i].before != NULL)
		have(interruptions[i].before);
	if (pthread_create(&thread, NULL, wait_for_answer, &w) != 0)
		exit(1);
	have(interruptions[i].event);
	pthread_join(thread, NULL);
	if (w.rc != interruptions[i].or_rc)
		want(w.rc, rc, "CT_data");
	if (w.sw != 0x6f00)
		want(w.sw, interruptions[i].sw, "SW1 SW2");
	if (rc != 0)
		want(send_command(0, 1, "20110000", 2), rc, "the next");
	have(interruptions[i].after);
	want(ct.close(0), 0, "CT_close");
	want(ct.init(0, interruptions[i].pn), 0, "CT_init");
	if (interruptions[i].before != NULL)
		have("insert");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	want(ct.close(0), 0, "CT_close");
	done(interruptions[i].what);
}

/* No login is left for the next program. */
static void
login(void)
{
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	expect(0, 0, AID1, "9000", ROOM_4096);
	expect(0, 0, PIN, "9000", ROOM_4096);
	expect(0, 0, UPDATE, "9000", ROOM_4096);
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	expect(0, 0, AID1, "9000", ROOM_4096);
	expect(0, 0, UPDATE, "6982", ROOM_4096);
	want(ct.close(0), 0, "CT_close");
	done("a login ends with the session");
}

static void
log_in(void)
{
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	expect(0, 0, AID1, "9000", ROOM_4096);
	expect(0, 0, PIN, "9000", ROOM_4096);
	expect(0, 0, UPDATE, "9000", ROOM_4096);
}

/* Another program: uses the reader, tells so, and waits until it is killed, for
   a card that does not come or for nothing. */
static void
hold(int fd, bool logged_in)
{
	ct_load(NULL);
	if (logged_in)
		log_in();
	else
		want(ct.init(0, DDV1), 0, "CT_init");
	if (has_complained() || write(fd, "x", 1) != 1)
		_exit(1);
	if (!logged_in)
		(void)send_command(0, 1, "20120101013c00", 64);
	for (;;)
		(void)pause();
}

static void
kill_one(bool logged_in)
{
	int fd[2], state = 0;
	pid_t pid;
	char x;

	if (pipe(fd) != 0)
		exit(1);
	pid = fork();
	if (pid == 0)
		hold(fd[1], logged_in);
	want((int)read(fd[0], &x, 1), 1, "the other program");
	want(ct.init(0, DDV1), -8, "another program has the reader");
	kill(pid, SIGKILL);
	waitpid(pid, &state, 0);
	close(fd[0]);
	close(fd[1]);
}

static void
killed(void)
{
	have("remove");
	kill_one(false);
	want(ct.init(0, DDV1), 0, "CT_init");
	want(ct.close(0), 0, "CT_close");
	have("insert");
	done("a program killed while it waits for a card frees the reader");
	kill_one(true);
	want(ct.init(0, DDV1), 0, "CT_init");
	want(ct.close(0), 0, "CT_close");
	kill_one(true);
	have("login");
	done("a killed program leaves no login");
	log_in();
	ct_unload();
	have("login");
	ct_load(NULL);
	done("dlclose without CT_close leaves none");
}

static void *
hammer(void *arg)
{
	const uint16_t *ctn = arg;
	uint8_t command[] = { 0x00, 0xa4, 0x00, 0x0c, 0x02, 0x3f, 0x00 };

	for (int i = 0; i < 20; i++) {
		uint8_t buf[16], dad = 0, sad = 2;
		uint16_t n = sizeof(buf);

		if (ct.data(*ctn, &dad, &sad, sizeof(command), command, &n,
		    buf) != 0 || n != 2 || buf[0] != 0x90 || dad != 2 ||
		    sad != 0)
			return arg;
	}
	return NULL;
}

static void
threads(void)
{
	uint16_t ctn[] = { 5, 5, 6, 6 };
	pthread_t thread[4];
	void *bad;

	want(ct.init(5, DDV1), 0, "CT_init");
	want(ct.init(6, DDV0), 0, "CT_init");
	expect(5, 1, "20120101", ATR1 "9001", ROOM_4096);
	expect(6, 1, "20120101", "3b..9001", ROOM_4096);
	for (size_t i = 0; i < 4; i++)
		if (pthread_create(&thread[i], NULL, hammer, &ctn[i]) != 0)
			exit(1);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(thread[i], &bad);
		if (bad != NULL)
			complain("thread %zu had an error", i);
	}
	want(ct.close(5), 0, "CT_close");
	want(ct.close(6), 0, "CT_close");
	done("four threads, two of them on each ctn");
}

/* A program that does nothing while another wants the reader. */
static void
idle(void)
{
	have("restart lock_timeout=100;");
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	have("take");
	expect(0, 0, MF, "64a2", ROOM_4096);
	want(send_command(0, 1, "20120101", 64), -8, "the other has it");
	want(send_command(0, 1, "2013008000", 64), 0, "GET STATUS");
	have("give back");
	expect(0, 0, MF, "64a2", ROOM_4096);
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	expect(0, 0, MF, "9000", ROOM_4096);
	want(ct.close(0), 0, "CT_close");
	have("restart");
	done("a program that sits on the reader loses it: 64A2, -8");
}

static void
losses(void)
{
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	have("unplug");
	for (int i = 0; i < 3; i++) {
		want(send_command(0, 0, MF, 2), -10, "card");
		want(send_command(0, 1, "20110000", 2), -10, "terminal");
	}
	have("plug");
	want(send_command(0, 1, "20120101", 64), -10, "the old session");
	want(ct.close(0), 0, "CT_close");
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	done("the reader unplugged: -10, then CT_close and CT_init");
	have("kill");
	want(send_command(0, 0, MF, 2), -128, "card");
	want(send_command(0, 1, "2013008000", 8), -128, "terminal");
	want(ct.init(0, DDV1), -128, "CT_init");
	want(send_command(0, 1, "20110000", 2), -1, "CT_init failed");
	want(ct.close(0), -1, "CT_init failed");
	done("slotd killed: -128");
	have("start");
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	have("restart");
	want(send_command(0, 1, "20110000", 2), -128, "the old session");
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", ROOM_4096);
	want(ct.close(0), 0, "CT_close");
	done("slotd there again: CT_init");
	have("stop");
	want(ct.init(0, DDV1), -128, "CT_init");
	done("slotd stopped: -128");
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	ct_load(argv[1]);
	slots();
	login();
	killed();
	threads();
	cards();
	bad_cards();
	for (size_t i = 0; i < sizeof(interruptions) /
	    sizeof(interruptions[0]); i++)
		interrupt(i);
	idle();
	losses();
	ct_unload();
	return 0;
}
