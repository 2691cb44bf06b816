/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/openct_tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/openct/logging.h"
#include "lib/openct/openct.h"
#include "tools/print.h"

enum { MEMORY_MAX = 8192, MEMORY_DEFAULT = 1024, CARD_WAIT_S = 5 };

struct run {
	unsigned reader, slot;
	int argc;		/* what follows the command */
	char **argv;
	ct_handle *handle;	/* when the command's kind has one */
};

struct verb {
	const char *name, *help;
	enum { ALONE, CONNECTED, RESET } kind;
	int (*run)(struct run *);
};

bool
openct_tool_is(const char *argv0)
{
	const char *slash;

	if (argv0 == NULL)
		return false;
	slash = strrchr(argv0, '/');
	return strcmp(slash != NULL ? slash + 1 : argv0, "openct-tool") == 0;
}

/* What libopenct tells about is polled for; OpenCT did so once a second. */
static void
pause_a_little(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
}

static void
print_info(const ct_info_t *info)
{
	const char *before = " (";

	print_text(stdout, info->ct_name, 0);
	if (info->ct_slots != 1) {
		printf("%s%u slots", before, (unsigned)info->ct_slots);
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
	puts(*before == ',' ? ")" : "");
}

static void
dump(struct view bytes)
{
	size_t at = 0;

	do {
		printf("%04zx:", at);
		print_row(stdout, view_skip(bytes, at));
		at += 16;
	} while (at < bytes.n);
}

static int
list(struct run *run)
{
	const ct_info_t *all;
	ct_info_t info;

	(void)run;
	if (ct_status(&all) < 0) {
		fputs("slotd is not running\n", stderr);
		return 1;
	}
	for (unsigned i = 0; i < OPENCT_MAX_READERS; i++) {
		if (ct_reader_info(i, &info) < 0)
			continue;
		printf(" %2u ", i);
		print_info(&info);
	}
	return 0;
}

static int
rwait(struct run *run)
{
	ct_handle *h;

	while ((h = ct_reader_connect(run->reader)) == NULL)
		pause_a_little();
	ct_reader_disconnect(h);
	return 0;
}

static int
wait_card(struct run *run)
{
	int rc, status = 0;

	while ((rc = ct_card_status(run->handle, run->slot, &status)) == 0 &&
	    status == 0)
		pause_a_little();
	if (rc < 0) {
		fprintf(stderr, "failed to get card status: %s\n",
		    ct_strerror(rc));
		return 1;
	}
	puts("Card detected");
	return 0;
}

/* Brings the card up; its ATR's length, or -1 when it has been said why not. */
static int
reset(const struct run *run, uint8_t *atr, size_t cap)
{
	int n, status = 0;

	n = ct_card_status(run->handle, run->slot, &status);
	if (n < 0) {
		fprintf(stderr, "ct_card_status: err=%d\n", n);
		return -1;
	}
	printf("Card %spresent%s\n", status & IFD_CARD_PRESENT ? "" : "not ",
	    status & IFD_CARD_STATUS_CHANGED ? ", status changed" : "");
	if (status & IFD_CARD_PRESENT)
		n = ct_card_reset(run->handle, run->slot, atr, cap);
	else
		n = ct_card_request(run->handle, run->slot, CARD_WAIT_S,
		    "Please insert card", atr, cap);
	if (n < 0)
		fputs("failed to reset card\n", stderr);
	return n < 0 ? -1 : n;
}

static int
print_atr(const uint8_t *atr, size_t n)
{
	fputs("ATR:", stdout);
	for (size_t i = 0; i < n; i++)
		printf(" %02x", atr[i]);
	puts(n == 0 ? "<empty>" : "");
	return 0;
}

/* SELECT 3F00; Cryptoflex cards answer 6A86 and want class C0. */
static int
mf(struct run *run)
{
	uint8_t apdu[] = { 0x00, 0xa4, 0x00, 0x00, 0x02, 0x3f, 0x00, 0x00 };
	uint8_t res[258];
	ct_lock_handle lock;
	int n;

	n = ct_card_lock(run->handle, run->slot, IFD_LOCK_EXCLUSIVE, &lock);
	if (n < 0) {
		fprintf(stderr, "ct_card_lock: err=%d\n", n);
		return 1;
	}
	n = ct_card_transact(run->handle, run->slot, apdu, sizeof(apdu), res,
	    sizeof(res));
	if (n == 2 && res[0] == 0x6a && res[1] == 0x86) {
		apdu[0] = 0xc0;
		n = ct_card_transact(run->handle, run->slot, apdu, sizeof(apdu),
		    res, sizeof(res));
	}
	if (n < 0) {
		fprintf(stderr, "card communication failure, err=%d\n", n);
		return 1;
	}
	puts("Selected MF, response:");
	dump((struct view){ res, (size_t)n });
	return 0;
}

static unsigned long
number(const struct run *run, int i, unsigned long otherwise)
{
	return i < run->argc ? strtoul(run->argv[i], NULL, 0) : otherwise;
}

static int
read_memory(struct run *run)
{
	uint8_t bytes[MEMORY_MAX];
	unsigned short address = (unsigned short)number(run, 0, 0);
	size_t count = number(run, 1, MEMORY_DEFAULT);
	int n;

	if (count > sizeof(bytes))
		count = sizeof(bytes);
	n = ct_card_read_memory(run->handle, run->slot, address, bytes, count);
	if (n < 0) {
		fprintf(stderr, "failed to read memory card: %s\n",
		    ct_strerror(n));
		return 1;
	}
	printf("Read %d bytes at address 0x%04x\n", n, (unsigned)address);
	dump((struct view){ bytes, (size_t)n });
	return 0;
}

static const struct verb verbs[] = {
	{ "list", "list the readers", ALONE, list },
	{ "atr", "print the ATR of the card in the reader", RESET, NULL },
	{ "wait", "wait until a card is in the reader", CONNECTED, wait_card },
	{ "rwait", "wait until the reader is there", ALONE, rwait },
	{ "mf", "select the card's master file", RESET, mf },
	{ "read", "[ADDRESS [COUNT]]: dump a memory card", RESET, read_memory },
};

enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

/* All that follows "Detected": the card is locked, reset, then the verb's. */
static int
with_card(struct run *run, const struct verb *verb)
{
	uint8_t atr[64];
	ct_lock_handle lock;
	ct_info_t info;
	int n, rc;

	n = ct_reader_status(run->handle, &info);
	fputs("Detected ", stdout);
	if (n < 0)
		printf("ct_reader_status: err=%d\n", n);
	else
		print_info(&info);
	n = ct_card_lock(run->handle, run->slot, IFD_LOCK_SHARED, &lock);
	if (n < 0) {
		fprintf(stderr, "ct_card_lock: err=%d\n", n);
		return 1;
	}
	n = reset(run, atr, sizeof(atr));
	if (n < 0)
		return 1;
	rc = verb->run != NULL ? verb->run(run) : print_atr(atr, (size_t)n);
	ct_card_unlock(run->handle, run->slot, lock);
	return rc;
}

static int
dispatch(struct run *run, const struct verb *verb)
{
	int rc;

	if (verb->kind == ALONE)
		return verb->run(run);
	run->handle = ct_reader_connect(run->reader);
	if (run->handle == NULL) {
		fprintf(stderr, "Unknown reader #%u\n", run->reader);
		return 1;
	}
	rc = verb->kind == RESET ? with_card(run, verb) : verb->run(run);
	ct_reader_disconnect(run->handle);
	return rc;
}

static int
usage(FILE *f, int status)
{
	fputs("usage: openct-tool [-d] [-f FILE] [-r READER] [-s SLOT] COMMAND "
	      "[ARGUMENT...]\n"
	      "  -d   taken and not used\n"
	      "  -f   taken and not used\n"
	      "  -r   the reader's number (0)\n"
	      "  -s   the reader's card slot (0)\n"
	      "  -h   print this text\n"
	      "  -v   print the version\n"
	      "\n",
	    f);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(f, "  %-6s %s\n", verbs[i].name, verbs[i].help);
	return status;
}

static int
run_command(struct run *run, const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return dispatch(run, &verbs[i]);
	fprintf(stderr, "Unknown command \"%s\"\n", name);
	return usage(stderr, 1);
}

int
openct_tool_main(int argc, char **argv)
{
	struct run run = { 0, 0, 0, NULL, NULL };
	int c;

	while ((c = getopt(argc, argv, "df:hr:s:v")) != -1) {
		switch (c) {
		case 'd':
		case 'f':
			break;
		case 'r':
			run.reader = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 's':
			run.slot = (unsigned)strtoul(optarg, NULL, 0);
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
	return run_command(&run, argv[optind]);
}
