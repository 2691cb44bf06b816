/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What programs do with libctapi, command by command and in their order, and
 * what they run into. The library is loaded the way they load it. Run by
 * ctapi_walk.py, which has these readers: port 1 with a DDV-1 card, port 2 with
 * a DDV-0 card, port 3 with eight slots, and with DDV-1 cards port 4, which
 * powers them by itself, port 5, which works block by block, and port 6, which
 * must be asked whether there is a card. It does what a line "do ..." asks for.
 *
 *	ctapi_walk LIBRARY
 */

#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#define CTAPI_LONG_NAMES
#include "lib/ctapi.h"

enum { DDV1 = 1, DDV0, EIGHT, POWERING, BLOCKS, ASKED, ROOM = 4096,
	ROUNDS = 100 };

static const char *path;
static unsigned count, complaints;

static struct library {
	void *handle;
	/* int, as some programs declare it: the sign must be there */
	int (*init)(uint16_t, uint16_t);
	int (*data)(uint16_t, uint8_t *, uint8_t *, uint16_t, uint8_t *,
	    uint16_t *, uint8_t *);
	int (*close)(uint16_t);
} ct;

static void
load(void)
{
	ct.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (ct.handle == NULL) {
		printf("Bail out! %s\n", dlerror());
		exit(1);
	}
	*(void **)&ct.init = dlsym(ct.handle, "CT_init");
	*(void **)&ct.data = dlsym(ct.handle, "CT_data");
	*(void **)&ct.close = dlsym(ct.handle, "CT_close");
}

static void
unload(void)
{
	dlclose(ct.handle);
	ct = (struct library){ .handle = NULL };
}

static void
complain(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static void
complain(const char *fmt, ...)
{
	va_list ap;

	complaints++;
	fputs("# ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* Ends a scenario. */
static void
done(const char *what)
{
	printf("%sok %u - %s\n", complaints == 0 ? "" : "not ", ++count, what);
	fflush(stdout);
	complaints = 0;
}

/* Has the script do something and waits until it is done. */
static void
have(const char *what)
{
	char line[64];

	printf("do %s\n", what);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(1);
}

static void
want(int got, int wanted, const char *what)
{
	if (got != wanted)
		complain("%s: %d, not %d", what, got, wanted);
}

/* One command. answer as hex; ".." at its end stands for any bytes but SW. */
struct talk {
	uint8_t dad;
	const char *command, *answer;
};

static uint8_t answer[ROOM];
static uint16_t answer_n;

/* The room that Hibiscus' own JNI library offers for an answer of that size. */
static uint16_t
exact_room(size_t n)
{
	return n <= 2 ? 2 : n <= 10 ? 10 : 300;
}

static bool
matches(const char *pattern)
{
	char text[2 * ROOM + 1];
	size_t n = strlen(pattern), head = strcspn(pattern, ".");

	hex_from_bytes(text, sizeof(text), (struct view){ answer, answer_n }, 0);
	if (head == n)
		return strcmp(text, pattern) == 0;
	return strlen(text) >= n - 2 && strncmp(text, pattern, head) == 0 &&
	    strcmp(text + strlen(text) - 4, pattern + n - 4) == 0;
}

/* CT_data with a buffer of exactly that size, so that a sanitizer sees more. */
static int
send_command(uint16_t ctn, uint8_t dad, const char *hex, uint16_t room)
{
	uint8_t command[300], sad = CTAPI_HOST, to = dad;
	uint8_t *buf = malloc(room);
	size_t n;
	int rc;

	if (buf == NULL || hex_to_bytes(command, sizeof(command), &n, hex) !=
	    ERR_OK)
		exit(1);
	answer_n = room;
	rc = ct.data(ctn, &to, &sad, (uint16_t)n, command, &answer_n, buf);
	if (rc == 0 && (to != CTAPI_HOST || (sad != dad && sad != CTAPI_CT)))
		complain("%s: answer from %u to %u", hex, sad, to);
	if (rc != 0 && (to != dad || sad != CTAPI_HOST || answer_n != room))
		complain("%s: %d, but something was changed", hex, rc);
	if (rc == 0)
		memcpy(answer, buf, answer_n);
	free(buf);
	return rc;
}

static void
expect(uint16_t ctn, uint8_t dad, const char *command, const char *pattern,
    bool exact)
{
	char got[200];
	size_t n = strstr(pattern, "..") != NULL ? 300 : strlen(pattern) / 2;
	int rc = send_command(ctn, dad, command, exact ? exact_room(n) : ROOM);

	if (rc != 0) {
		complain("%s: %d", command, rc);
		return;
	}
	if (!matches(pattern))
		complain("%s: %s, not %s", command, hex_from_bytes(got,
		    sizeof(got), (struct view){ answer, answer_n }, 0),
		    pattern);
}

static void
talk(uint16_t ctn, const struct talk *t, bool exact)
{
	for (; t->command != NULL; t++)
		expect(ctn, t->dad, t->command, t->answer, exact);
}

#define ATR1	"3bff1800ff8131fe4565631106400250001012345678900" "59d"
#define MF	{ 0, "00a4000c023f00", "9000" }

/* hbci4java: what comes before the card's type is known. */
static const struct talk opening[] = {
	{ 1, "20110000", "9000" },
	{ 1, "2013008100", "8101019000" },
	{ 1, "20120101013c00", "3b..9001" },
	{ 1, "2011010100", "3b..9001" },
	MF,
	{ 0, NULL, NULL },
};

static const struct talk hbci_ddv1[] = {
	{ 0, "00a4040c09d2760000254842" "0100", "6a82" },
	MF,
	{ 0, "00a4040c09d2760000254842" "0200", "9000" },
	{ 0, "00b201cc00", "67..9000" },
	{ 0, "00b201d400", "4d75..9000" },
	{ 0, "00b201e400", "00299000" },
	{ 0, "b0ee800200", "079000" },
	{ 0, "b0ee800300", "099000" },
	{ 1, "2013008100", "8101019000" },
	{ 0, "00200081082512345fffffffff", "9000" },
	{ 0, "00dc01dc0c1112131415161718191a1b1c", "9000" },
	{ 0, "08b201dc11ba0cb40a870801020304050607089601" "0000",
	    "810c1112131415161718191a1b1c8e08..9000" },
	{ 0, "0084000008", "..9000" },
	{ 0, "0088008308010203040506070800", "..9000" },
	{ 0, "0084000008", "..9000" },
	{ 0, "0088008308010203040506070800", "..9000" },
	{ 0, "00dc01e4020029", "9000" },
	{ 0, NULL, NULL },
};

static const struct talk hbci_ddv0[] = {
	{ 0, "00a4040c09d2760000254842" "0100", "9000" },
	{ 0, "00b201cc00", "67..9000" },
	{ 0, "00b201d400", "4d75..9000" },
	{ 0, "00b201e400", "00299000" },
	{ 0, "00a4020c020013", "9000" },
	{ 0, "00b2010400", "021007ff079000" },
	{ 0, "00a4020c020014", "9000" },
	{ 0, "00b2010400", "031007099000" },
	{ 0, "00200081082512345fffffffff", "9000" },
	{ 0, "00dc01dc0c1112131415161718191a1b1c", "9000" },
	{ 0, "00da0100080102030405060708", "9000" },
	{ 0, "04b201dc00", "1112131415161718191a1b1c..9000" },
	{ 0, "0084000008", "..9000" },
	{ 0, "0088008308010203040506070800", "..9000" },
	{ 0, "00dc01e4020029", "9000" },
	{ 0, NULL, NULL },
};

static const struct talk closing[] = {
	{ 1, "201501040101", "9000" },
	{ 1, "20110000", "9000" },
	{ 1, "2013008100", "8101019000" },
	{ 0, NULL, NULL },
};

/* hbci4java's C tools */
static const struct talk tools[] = {
	{ 1, "20110000", "9000" },
	{ 1, "2013008100", "8101019000" },
	{ 1, "2013004600", "46..9000" },
	{ 1, "2013008000", "059000" },
	{ 1, "2013008100", "8101019000" },
	{ 1, "20120101010a00", "3b..9001" },
	MF,
	{ 0, "00a4040c09d2760000254842" "0200", "9000" },
	{ 0, "00b201d400", "4d75..9000" },
	{ 0, "00b202d400", "2020..9000" },
	{ 0, "00b203d400", "2020..9000" },
	{ 0, "00b204d400", "2020..9000" },
	{ 0, "00b205d400", "2020..9000" },
	{ 1, "20150104010a", "9000" },
	{ 0, NULL, NULL },
};

static const struct talk opensc[] = {
	{ 1, "2013008100", "8101019000" },
	{ 1, "2011000000", "9000" },
	{ 1, "2013008000", "059000" },
	{ 1, "2013008000", "059000" },
	{ 1, "2012010100", ATR1 "9001" },
	MF,
	{ 1, "2012010100", ATR1 "9001" },
	{ 0, NULL, NULL },
};

static const struct talk gnupg[] = {
	{ 1, "2013008000", "059000" },
	{ 1, "2012010100", ATR1 "9001" },
	MF,
	{ 1, "2013008000", "059000" },
	{ 1, "2012010100", ATR1 "9001" },
	{ 0, NULL, NULL },
};

static const struct talk mktlin[] = {
	{ 1, "2011000000", "9000" },
	{ 1, "201201000101", "9001" },
	{ 1, "20120101010100", ATR1 "9001" },
	{ 1, "20120100010100", "9001" },
	{ 0, "00a4040c06d27600000102", "6a82" },
	{ 1, "201501000100", "9000" },
	{ 0, NULL, NULL },
};

/* Every form of REQUEST, what there is no keypad for, and what is wrong. */
static const struct talk forms[] = {
	{ 1, "20120101", ATR1 "9001" },
	{ 1, "2012010200", "656311064002500010123456789005" "9001" },
	{ 1, "20120101010a", ATR1 "9001" },
	{ 1, "2012010103" "80013c", ATR1 "9001" },
	{ 1, "2012010103" "80013c00", ATR1 "9001" },
	{ 1, "201201f1", ATR1 "9001" },
	{ 1, "2018010011520f000700200081082" "5ffffffffffffff", "6d00" },
	{ 1, "2016500000", "6d00" },
	{ 1, "2017400004500248" "69", "6d00" },
	{ 1, "20700000", "6d00" },
	{ 1, "00a40000023f00", "6e00" },
	{ 1, "20120201", "6a00" },
	{ 1, "2013008200", "6a00" },
	{ 1, "8060010003220102", "9000" },
	{ 1, "8060010003220180", "6a80" },
	{ 1, "20140100", "9000" },
	{ 0, "00a4000c023f00", "64a2" },
	{ 0, NULL, NULL },
};

static void
session(uint16_t ctn, uint16_t pn, const struct talk *card, bool exact)
{
	want(ct.init(ctn, pn), 0, "CT_init");
	talk(ctn, opening, exact);
	talk(ctn, card, exact);
	talk(ctn, closing, exact);
	want(ct.close(ctn), 0, "CT_close");
}

static void
traces(void)
{
	static const struct {
		const char *name;
		const struct talk *talk;
	} rows[] = {
		{ "hbci4java's C tools", tools }, { "OpenSC", opensc },
		{ "gnupg", gnupg }, { "mktlin", mktlin },
		{ "forms of commands", forms },
	};

	for (int exact = 0; exact < 2; exact++) {
		load();
		session(0, DDV1, hbci_ddv1, exact != 0);
		done("hbci4java with a DDV-1 card");
		session(1, DDV0, hbci_ddv0, exact != 0);
		done("hbci4java with a DDV-0 card");
		unload();
	}
	load();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		want(ct.init(0, DDV1), 0, "CT_init");
		talk(0, rows[i].talk, false);
		want(ct.close(0), 0, "CT_close");
		done(rows[i].name);
	}
	unload();
}

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
rounds(void)
{
	int before = descriptors();

	for (int i = 0; i < ROUNDS && complaints == 0; i++) {
		load();
		want(ct.init(0, DDV1), 0, "CT_init");
		expect(0, 1, "20120101", ATR1 "9001", false);
		want(ct.close(0), 0, "CT_close");
		unload();
	}
	want(descriptors(), before, "descriptors");
	done("100 rounds, each with dlopen and dlclose");
	load();
	want(ct.init(0, DDV1), 0, "CT_init");
	unload();
	want(descriptors(), before, "descriptors");
	have("hello");		/* slotd has seen that it was closed */
	load();
	want(ct.init(0, DDV1), 0, "CT_init after dlclose alone");
	want(ct.close(0), 0, "CT_close");
	done("dlclose without CT_close gives the reader back");
	unload();
}

/* A call with one thing wrong. */
static void
refused(uint8_t dad, uint8_t sad, uint16_t lenc, uint16_t lenr, int rc)
{
	uint8_t command[] = { 0x20, 0x13, 0x00, 0x81, 0x00 }, buf[ROOM];
	uint8_t d = dad, s = sad;
	uint16_t n = lenr;

	want(ct.data(0, &d, &s, lenc, command, &n, buf), rc, "CT_data");
	if (d != dad || s != sad || n != lenr)
		complain("dad, sad or lenr were changed");
}

static void
arguments(void)
{
	static const uint16_t none[] = { 0, 1, 7, UINT16_MAX };
	uint8_t a = 1, b = 2, buf[8] = { 0x20, 0x11, 0, 0 };
	uint16_t n = sizeof(buf);

	for (size_t i = 0; i < 4; i++) {
		want(send_command(none[i], 1, "20110000", 2), -1, "not open");
		want(ct.close(none[i]), -1, "not open");
	}
	want(ct.init(0, 16), -1, "no such reader");
	want(ct.init(0, 17), -1, "no such port");
	want(ct.init(0, 0x8010), -1, "no such port");
	want(ct.init(0, 0xffff), -1, "no such port");
	want(send_command(0, 1, "20110000", 2), -1, "CT_init failed");
	want(ct.close(0), -1, "CT_init failed");
	done("a ctn that is not open, ports that are none");
	want(ct.init(0, 0), 0, "port 0");
	want(ct.init(0, 0x8000), 0, "again, without CT_close, port 8000");
	want(ct.init(UINT16_MAX, 0), -8, "the reader is taken");
	want(ct.init(UINT16_MAX, EIGHT), 0, "ctn ffff");
	refused(1, 1, 5, 10, -1);	/* not from a host */
	refused(2, 2, 5, 10, -1);	/* no second slot */
	refused(15, 2, 5, 10, -1);
	refused(1, 2, 3, 10, -1);	/* no command */
	refused(1, 2, 5, 1, -11);
	refused(1, 2, 5, 4, -11);
	refused(1, 5, 5, 1, -11);	/* a remote host may */
	want(ct.data(0, NULL, &b, 4, buf, &n, buf), -1, "NULL");
	want(ct.data(0, &a, NULL, 4, buf, &n, buf), -1, "NULL");
	want(ct.data(0, &a, &b, 4, NULL, &n, buf), -1, "NULL");
	want(ct.data(0, &a, &b, 4, buf, NULL, buf), -1, "NULL");
	want(ct.data(0, &a, &b, 4, buf, &n, NULL), -1, "NULL");
	want(ct.data(0, &a, &b, 4, buf, &n, buf), 0, "one buffer for both");
	want(ct.close(UINT16_MAX), 0, "CT_close");
	want(ct.close(0), 0, "CT_close");
	want(ct.close(0), -1, "CT_close, twice");
	done("arguments, return codes, what stays untouched");
}

/* A program that asks again must not make the card do it again. */
static void
kept(void)
{
	static const char wrong[] = "0020008108" "2599999fffffffff";

	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", false);
	expect(0, 0, "00a4040c09d27600002548420200", "9000", false);
	have("count");
	for (int i = 0; i < 3; i++)
		want(send_command(0, 0, "0084000008", 2), -11, "no room");
	expect(0, 0, "0084000008", "..9000", false);
	have("executed");
	expect(0, 0, wrong, "63c2", true);
	expect(0, 0, "00200081082512345fffffffff", "9000", true);
	want(ct.close(0), 0, "CT_close");
	done("an answer without room is kept, the card asked once");
}

static void
slots(void)
{
	want(ct.init(3, EIGHT), 0, "CT_init");
	expect(3, 1, "2013008000", "05050505050505059000", false);
	expect(3, 1, "2013008100", "810801020304050607089000", false);
	expect(3, 1, "2012020100", "3b..9001", false);
	expect(3, 1, "2012080100", "3b..9001", false);
	expect(3, 1, "2012090100", "6a00", false);
	expect(3, 2, "00a4000c023f00", "9000", false);
	expect(3, 8, "00a4000c023f00", "9000", false);
	expect(3, 3, "00a4000c023f00", "64a2", false);
	want(send_command(3, 9, "00a4000c023f00", 2), -1, "ICC9");
	expect(3, 1, "20110000", "9000", false);
	expect(3, 2, "00a4000c023f00", "64a2", false);
	want(ct.close(3), 0, "CT_close");
	done("ICC2 to ICC8");
}

struct waiter {
	uint16_t ctn;
	const char *command;
	int rc;
	uint16_t sw;
};

static void *
wait_for_card(void *arg)
{
	struct waiter *w = arg;
	uint8_t command[16], buf[64], dad = 1, sad = 2;
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
	struct waiter w = { .ctn = 0, .command = "20120101013c00", .rc = 99 };
	uint64_t began;
	pthread_t thread;

	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", false);
	have("remove");
	expect(0, 1, "2013008000", "009000", false);
	expect(0, 0, "00a4000c023f00", "64a1", false);
	expect(0, 1, "2012010100", "6200", false);
	expect(0, 1, "2011010100", "6400", false);
	expect(0, 1, "20140100", "64a1", false);
	expect(0, 1, "201501000101", "9001", false);
	done("the card is pulled: 64A1, 6200, 6400");
	if (pthread_create(&thread, NULL, wait_for_card, &w) != 0)
		exit(1);
	want(ct.init(1, DDV0), 0, "CT_init of another meanwhile");
	expect(1, 1, "20120101", "3b..9001", false);
	want(ct.close(1), 0, "CT_close");
	began = clock_now_ms();
	have("insert");
	pthread_join(thread, NULL);
	want(w.rc, 0, "REQUEST ICC");
	want(w.sw, 0x9001, "REQUEST ICC");
	if (clock_now_ms() - began > 20000)
		complain("it did not return with the card");
	done("REQUEST ICC waits for a card, others work meanwhile");
	expect(0, 0, "00a4000c023f00", "9000", false);
	have("remove");
	have("insert");
	expect(0, 1, "2013008000", "059000", false);
	expect(0, 0, "00a4000c023f00", "64a2", false);
	expect(0, 0, "00a4000c023f00", "64a2", false);
	expect(0, 1, "20120101", ATR1 "9001", false);
	expect(0, 0, "00a4000c023f00", "9000", false);
	done("another card: 64A2 until it is requested");
	expect(0, 1, "201501000101", "6200", false);
	w.command = "20150100013c";
	if (pthread_create(&thread, NULL, wait_for_card, &w) != 0)
		exit(1);
	have("remove");
	pthread_join(thread, NULL);
	want(w.sw, 0x9001, "EJECT ICC");
	have("insert");
	want(ct.close(0), 0, "CT_close");
	done("EJECT ICC waits for the removal");
}

/* No login is left for the next program. */
static void
login(void)
{
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", false);
	expect(0, 0, "00a4040c09d27600002548420200", "9000", false);
	expect(0, 0, "00200081082512345fffffffff", "9000", false);
	expect(0, 0, "00dc01e4020029", "9000", false);
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", false);
	expect(0, 0, "00a4040c09d27600002548420200", "9000", false);
	expect(0, 0, "00dc01e4020029", "6982", false);
	want(ct.close(0), 0, "CT_close");
	done("a login ends with the session");
}

static void
log_in(void)
{
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", false);
	expect(0, 0, "00a4040c09d27600002548420200", "9000", false);
	expect(0, 0, "00200081082512345fffffffff", "9000", false);
	expect(0, 0, "00dc01e4020029", "9000", false);
}

/* Another program: uses the reader, tells so, and is at work until it is killed:
   waits for a card that does not come, or sits there. */
static void
hold(int fd, bool logged_in)
{
	load();
	if (logged_in)
		log_in();
	else
		want(ct.init(0, DDV1), 0, "CT_init");
	if (complaints != 0 || write(fd, "x", 1) != 1)
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
	unload();
	have("login");
	load();
	done("dlclose without CT_close leaves none");
}

/* A program that goes on, whatever it is told, while the card is exchanged. */
struct writer {
	pthread_t thread;
	_Atomic int done;		/* writes that were */
	int wrong;			/* answered after one that was refused */
	char answer[16];		/* the last of those */
};

/* What may be answered for a card that is not the one that was requested. */
static bool
is_refusal(const char *sw)
{
	return strcmp(sw, "64a1") == 0 || strcmp(sw, "64a2") == 0 ||
	    strcmp(sw, "6f00") == 0;
}

static void *
write_on(void *arg)
{
	struct writer *w = arg;
	bool refused = false;

	for (int after = 0; after < 200; after += refused) {
		uint8_t command[] = { 0, 0xdc, 1, 0xe4, 2, 0, 0x29 }, buf[16];
		uint8_t dad = 0, sad = 2;
		uint16_t n = sizeof(buf);
		char sw[16];

		if (ct.data(0, &dad, &sad, sizeof(command), command, &n,
		    buf) != 0)
			n = 0;
		hex_from_bytes(sw, sizeof(sw), (struct view){ buf, n }, 0);
		if (!refused && strcmp(sw, "9000") == 0) {
			w->done++;
			continue;
		}
		refused = true;
		w->wrong += !is_refusal(sw);
		if (!is_refusal(sw))
			memcpy(w->answer, sw, sizeof(sw));
	}
	return NULL;
}

/* The card is another one: nothing reaches it until it is requested. */
static void
expect_refusal(const char *command)
{
	char sw[16];
	int rc = send_command(0, 0, command, 300);

	want(rc, 0, command);
	hex_from_bytes(sw, sizeof(sw), (struct view){ answer, answer_n }, 0);
	if (rc == 0 && !is_refusal(sw))
		complain("%s: %s", command, sw);
}

/* How a session goes on after a number of these, the card exchanged. */
static const struct talk steps[] = {
	{ 1, "20120101", ATR1 "9001" },
	{ 0, "00a4040c09d27600002548420200", "9000" },
	{ 0, "00200081082512345fffffffff", "9000" },
	{ 0, "00dc01e4020029", "9000" },
	{ 0, "0084000008", "..9000" },
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static void
swap_between(uint16_t pn, const char *swap)
{
	for (size_t after = 1; after <= STEPS; after++) {
		want(ct.init(0, pn), 0, "CT_init");
		for (size_t i = 0; i < after; i++)
			expect(0, steps[i].dad, steps[i].command,
			    steps[i].answer, false);
		have(swap);
		for (size_t i = 1; i < STEPS; i++)
			expect_refusal(steps[i].command);
		expect_refusal("00200081082512345fffffffff");
		expect(0, 1, "20120101013c00", ATR1 "9001", false);
		expect(0, 0, "00a4000c023f00", "9000", false);
		want(ct.close(0), 0, "CT_close");
	}
}

static void
swap_during(uint16_t pn, const char *swap)
{
	for (int i = 0; i < 10; i++) {
		struct writer w = { .done = 0 };

		want(ct.init(0, pn), 0, "CT_init");
		for (size_t j = 0; j < 3; j++)
			expect(0, steps[j].dad, steps[j].command,
			    steps[j].answer, false);
		if (pthread_create(&w.thread, NULL, write_on, &w) != 0)
			exit(1);
		while (w.done < 10 * i && w.wrong == 0)
			sched_yield();
		have(swap);
		pthread_join(w.thread, NULL);
		if (w.wrong != 0)
			complain("port %u: %d times, at last %s", pn, w.wrong,
			    w.answer);
		expect(0, 1, "20120101013c00", ATR1 "9001", false);
		expect(0, 0, "00a4000c023f00", "9000", false);
		want(ct.close(0), 0, "CT_close");
	}
}

static void
swaps(void)
{
	static const struct {
		uint16_t pn;
		const char *swap;
	} rows[] = {
		{ DDV1, "swap 1-1" }, { POWERING, "swap 1-4" },
		{ BLOCKS, "swap 1-5" }, { ASKED, "swap 1-6" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		swap_between(rows[i].pn, rows[i].swap);
		done("a card exchanged between any two commands");
		swap_during(rows[i].pn, rows[i].swap);
		done("a card exchanged while a program is at work with it");
	}
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
	expect(5, 1, "20120101", ATR1 "9001", false);
	expect(6, 1, "20120101", "3b..9001", false);
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

static void
losses(void)
{
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", false);
	have("unplug");
	for (int i = 0; i < 3; i++) {
		want(send_command(0, 0, "00a4000c023f00", 2), -10, "card");
		want(send_command(0, 1, "20110000", 2), -10, "terminal");
	}
	have("plug");
	want(send_command(0, 1, "20120101", 64), -10, "the old session");
	want(ct.close(0), 0, "CT_close");
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", false);
	done("the reader unplugged: -10, then CT_close and CT_init");
	have("kill");
	want(send_command(0, 0, "00a4000c023f00", 2), -128, "card");
	want(send_command(0, 1, "2013008000", 8), -128, "terminal");
	want(ct.init(0, DDV1), -128, "CT_init");
	want(send_command(0, 1, "20110000", 2), -1, "CT_init failed");
	want(ct.close(0), -1, "CT_init failed");
	done("slotd killed: -128");
	have("start");
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", false);
	have("restart");
	want(send_command(0, 1, "20110000", 2), -128, "the old session");
	want(ct.init(0, DDV1), 0, "CT_init");
	expect(0, 1, "20120101", ATR1 "9001", false);
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
	path = argv[1];
	traces();
	rounds();
	load();
	arguments();
	kept();
	slots();
	login();
	killed();
	threads();
	cards();
	swaps();
	losses();
	unload();
	return 0;
}
