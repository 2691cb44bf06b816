/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openct-control: OpenCT's program of that name, for scripts and for hotplug
 * without udev. What OpenCT's did itself is slotd's to do; it is asked through
 * the control socket.
 */
#include "config.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/openct/openct.h"
#include "tools/control_client.h"
#include "tools/print.h"
#include "tools/start_slotd.h"

enum {
	READY_MS = 15000,	/* until a reader works */
	SETUP_MS = 5000,	/* until the kernel knows a device */
	END_MS = 5000,
};

struct run {
	const char *dir, *config;	/* config: NULL is slotd's own */
	unsigned debug;
	int argc;			/* what follows the command */
	char **argv;
};

/* A connection to slotd, or NULL; then *err says why. */
static struct control *
reach(const struct run *run, enum err *err)
{
	struct control *c = control_new(run->dir);

	*err = c != NULL ? control_connect(c) : ERR_MEMORY;
	if (*err == ERR_OK)
		return c;
	if (*err != ERR_NO_DAEMON)
		complain("%s", c != NULL ? control_why(c) : err_text(*err));
	control_free(c);
	return NULL;
}

/* The answer, the caller's; NULL when it has been said why there is none. */
static json_t *
ask(struct control *c, json_t *owned_request)
{
	json_t *answer;

	if (control_ask(c, owned_request, &answer) == ERR_OK)
		return answer;
	complain("%s", control_why(c));
	return NULL;
}

/* ---- init ---- */

/* The list is asked for so that what is plugged in is known at the end. */
static int
init(struct run *run)
{
	enum err err;
	struct control *c = reach(run, &err);
	json_t *answer;

	if (c == NULL && err == ERR_NO_DAEMON) {
		if (start_slotd(run->dir, run->config, run->debug) != 0)
			return 1;
		c = reach(run, &err);
	}
	if (c == NULL)
		return err == ERR_NO_DAEMON ? complain("slotd did not stay") :
		    1;
	answer = ask(c, json_pack("{s:s}", "cmd", "list"));
	json_decref(answer);
	control_free(c);
	return answer == NULL;
}

/* ---- attach ---- */

static int
judge(struct control *c, json_int_t reader)
{
	json_t *answer = ask(c, json_pack("{s:s, s:I}", "cmd", "info", "reader",
	    reader));
	json_t *o = json_object_get(answer, "reader");
	const char *state = json_string_value(json_object_get(o, "state"));
	const char *text = json_string_value(json_object_get(o, "text"));
	int rc = 1;

	if (state != NULL && strcmp(state, "ready") == 0)
		rc = 0;
	else if (answer != NULL)
		complain("reader %lld: %s%s%s", (long long)reader,
		    state != NULL ? state : "?", text != NULL ? ": " : "",
		    text != NULL ? text : "");
	json_decref(answer);
	return rc;
}

static bool
is_settled(const json_t *o, json_int_t reader)
{
	const char *word = json_string_value(json_object_get(o, "event"));

	if (word == NULL)
		word = json_string_value(json_object_get(o, "state"));
	return word != NULL && json_integer_value(json_object_get(o,
	    "reader")) == reader && (strcmp(word, "reader-added") == 0 ||
	    strcmp(word, "reader-failed") == 0 || strcmp(word, "ready") == 0);
}

/* Until it is ready or has failed; readers are those there were before. */
static void
wait_for(struct control *watch, const json_t *readers, json_int_t reader)
{
	uint64_t until_ms = clock_now_ms() + READY_MS;
	json_t *o;
	size_t i;

	json_array_foreach(readers, i, o) {
		if (is_settled(o, reader))
			return;
	}
	while (control_next(watch, until_ms, &o) == ERR_OK) {
		bool over = is_settled(o, reader);

		json_decref(o);
		if (over)
			return;
	}
}

/* mdev runs as soon as the node is there, and the kernel is not done then. */
static json_t *
ask_to_attach(struct control *c, const char *driver, const char *device)
{
	uint64_t until_ms = clock_now_ms() + SETUP_MS;
	json_t *answer;
	enum err err;

	while ((err = control_ask(c, json_pack("{s:s, s:s, s:s}", "cmd",
	    "attach", "driver", driver, "device", device), &answer)) ==
	    ERR_BUSY && clock_now_ms() < until_ms)
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	if (err != ERR_OK)
		complain("%s", control_why(c));
	return err == ERR_OK ? answer : NULL;
}

static int
attach_and_wait(struct control *watch, struct control *c, const char *driver,
    const char *device)
{
	json_t *before = ask(watch, json_pack("{s:s}", "cmd", "watch"));
	json_t *answer = ask_to_attach(c, driver, device);
	json_int_t reader = json_integer_value(json_object_get(answer,
	    "reader"));
	int rc = 1;

	if (before != NULL && answer != NULL) {
		wait_for(watch, json_object_get(before, "readers"), reader);
		rc = judge(c, reader);
	}
	json_decref(before);
	json_decref(answer);
	return rc;
}

/* DRIVER TYPE DEVICE; DRIVER may be the device's ids, TYPE:VVVV/PPPP. */
static int
attach(struct run *run)
{
	char device[PATH_MAX];
	enum err err = ERR_OK;
	struct control *watch, *c;
	int rc = 1;

	snprintf(device, sizeof(device), "%s:%s", run->argv[1], run->argv[2]);
	watch = reach(run, &err);
	c = watch != NULL ? reach(run, &err) : NULL;
	if (c != NULL)
		rc = attach_and_wait(watch, c, run->argv[0], device);
	else if (err == ERR_NO_DAEMON)
		complain("slotd is not running; openct-control init starts it");
	control_free(watch);
	control_free(c);
	return rc;
}

/* ---- status ---- */

static void
print_reader(unsigned number, const ct_info_t *info)
{
	const char *before = "";

	printf(" %2u   ", number);
	print_text(stdout, info->ct_name, 29);
	if (info->ct_slots > 1) {
		printf("%u slots", info->ct_slots);
		before = ", ";
	}
	if (info->ct_display) {
		printf("%sdisplay", before);
		before = ", ";
	}
	if (info->ct_keypad) {
		printf("%skeypad", before);
		before = ", ";
	}
	for (unsigned i = 0; i < info->ct_slots && i < OPENCT_MAX_SLOTS; i++) {
		printf("%sslot%u: %s", before, i,
		    info->ct_card[i] != 0 ? "card present" : "empty");
		before = ", ";
	}
	putchar('\n');
}

/* The status file is there for good, slotd's pid while it lives. */
static bool
is_running(const struct run *run)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/slotd.pid", run->dir);
	return access(path, F_OK) == 0;
}

static int
status(struct run *run)
{
	const ct_info_t *all;
	ct_info_t info;
	unsigned shown = 0;

	if (ct_status(&all) < 0 || !is_running(run))
		return complain("slotd is not running in %s", run->dir);
	for (unsigned i = 0; i < OPENCT_MAX_READERS; i++) {
		if (ct_reader_info(i, &info) < 0)
			continue;
		if (shown++ == 0)
			puts("No.   Name                         Info\n"
			     "====================================="
			     "==============");
		info.ct_name[29] = '\0';
		print_reader(i, &info);
	}
	return 0;
}

/* ---- shutdown ---- */

/* slotd's end can be waited for; -1 where the kernel cannot tell. */
static int
open_process(struct control *c)
{
	json_t *hello;
	pid_t pid;

	if (control_ask(c, json_pack("{s:s}", "cmd", "hello"), &hello) != ERR_OK)
		return -1;
	pid = (pid_t)json_integer_value(json_object_get(hello, "pid"));
	json_decref(hello);
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int
shut_down(struct run *run)
{
	enum err err;
	struct control *c = reach(run, &err);
	struct pollfd end = { .fd = -1, .events = POLLIN };
	json_t *answer = NULL;
	json_int_t n;

	if (c == NULL && err != ERR_NO_DAEMON)
		return 1;
	if (c != NULL) {
		end.fd = open_process(c);
		answer = ask(c, json_pack("{s:s}", "cmd", "shutdown"));
		control_free(c);
		if (answer == NULL)
			return 1;
	}
	if (end.fd >= 0)
		(void)poll(&end, 1, END_MS);
	n = json_integer_value(json_object_get(answer, "handlers"));
	json_decref(answer);
	printf("%lld process%s killed.\n", (long long)n, n == 1 ? "" : "es");
	return 0;
}

/* ---- the command line ---- */

static const struct verb {
	const char *name, *args, *help;
	int n_args;
	int (*run)(struct run *);
} verbs[] = {
	{ "init", "", "start slotd unless it runs", 0, init },
	{ "attach", " DRIVER TYPE DEVICE", "have a device driven", 3, attach },
	{ "status", "", "list the readers", 0, status },
	{ "shutdown", "", "end slotd", 0, shut_down },
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static int
usage(FILE *f, int rc)
{
	fputs("usage: openct-control [-dnhv] [-f FILE] COMMAND [ARGUMENT...]\n"
	      "  -d   have slotd log more; may be given several times\n"
	      "  -f   the configuration slotd reads (" SYSCONFDIR
	      "/openct.conf)\n"
	      "  -n   taken and not used\n"
	      "  -h   print this text\n"
	      "  -v   print the version\n"
	      "\n",
	    f);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(f, "  %s%-*s %s\n", verbs[i].name,
		    (int)(30 - strlen(verbs[i].name)), verbs[i].args,
		    verbs[i].help);
	return rc;
}

static int
run_command(struct run *run, const char *name)
{
	for (const struct verb *v = verbs; v != verbs + VERBS; v++) {
		if (strcmp(v->name, name) != 0)
			continue;
		if (run->argc == v->n_args)
			return v->run(run);
		fprintf(stderr, "usage: openct-control %s%s\n", v->name,
		    v->args);
		return 1;
	}
	complain("unknown command \"%s\"", name);
	return usage(stderr, 1);
}

int
main(int argc, char **argv)
{
	const char *dir = getenv("OPENCT_SOCKETDIR");
	struct run run = { .dir = dir != NULL && *dir != '\0' ? dir : RUNDIR };
	int c, rc;

	control_wipe_json();
	while ((c = getopt(argc, argv, "+df:hnv")) != -1) {
		switch (c) {
		case 'd':
			run.debug++;
			break;
		case 'f':
			run.config = optarg;
			break;
		case 'n':
			break;
		case 'v':
			puts("OpenCT (slotd) " PACKAGE_VERSION);
			return 0;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, 1);
		}
	}
	if (optind == argc)
		return usage(stderr, 1);
	run.argc = argc - optind - 1;
	run.argv = argv + optind + 1;
	rc = run_command(&run, argv[optind]);
	return fflush(stdout) == 0 ? rc : 1;
}
