/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

enum { COLD = 256, DECODE, JSON, PORT, REMOVAL, SOCKET_DIR };

static const struct row {
	struct option option;
	uint32_t bit;		/* 0: every command takes it */
	const char *usage, *help;
} rows[] = {
	{ { "reader", required_argument, NULL, 'r' }, OPTION_READER,
	    "-r, --reader=READER", "its number, or a part of its name" },
	{ { "slot", required_argument, NULL, 's' }, OPTION_SLOT,
	    "-s, --slot=N", "a reader's card slot, from 0 (default)" },
	{ { "cold", no_argument, NULL, COLD }, OPTION_COLD,
	    "    --cold", "take the power away first" },
	{ { "decode", no_argument, NULL, DECODE }, OPTION_DECODE,
	    "    --decode", "explain every byte" },
	{ { "port", required_argument, NULL, PORT }, OPTION_PORT,
	    "    --port=N", "the port of CT-API, 1 for the first reader" },
	{ { "removal", no_argument, NULL, REMOVAL }, OPTION_REMOVAL,
	    "    --removal", "wait until no card is in" },
	{ { "timeout", required_argument, NULL, 't' }, OPTION_TIMEOUT,
	    "-t, --timeout=SECONDS", "give up after that time" },
	{ { "json", no_argument, NULL, JSON }, OPTION_JSON,
	    "    --json", "print JSON, an object or an array a line" },
	{ { "socket-dir", required_argument, NULL, SOCKET_DIR }, 0,
	    "    --socket-dir=DIR",
	    "where slotd's sockets are (" RUNDIR ")" },
	{ { "help", no_argument, NULL, 'h' }, 0, "-h, --help",
	    "explain the command, or all of them" },
	{ { "version", no_argument, NULL, 'V' }, 0, "-V, --version",
	    "print the version" },
};

enum {
	ROWS = sizeof(rows) / sizeof(rows[0]),
	SLOT_MAX = 63,
	PORT_MAX = 65535,
};

static const struct row *
row_of(int val)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].option.val == val)
			return &rows[i];
	return NULL;
}

static enum status
read_slot(struct ctl *ctl, const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < 0 || n > SLOT_MAX)
		return ctl_complain(STATUS_USAGE,
		    "--slot: a number from 0 to %d expected, not '%s'",
		    SLOT_MAX, text);
	ctl->slot = (int)n;
	return STATUS_OK;
}

static enum status
read_port(struct ctl *ctl, const char *text)
{
	char *end;
	long n = strtol(text, &end, 0);

	if (end == text || *end != '\0' || n < 0 || n > PORT_MAX)
		return ctl_complain(STATUS_USAGE,
		    "--port: a number from 0 to %d expected, not '%s'",
		    PORT_MAX, text);
	ctl->port = (int32_t)n;
	return STATUS_OK;
}

static enum status
read_timeout(struct ctl *ctl, const char *text)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end != '\0' || !(s >= 0 && s <= 1e9))
		return ctl_complain(STATUS_USAGE,
		    "--timeout: a number of seconds expected, not '%s'", text);
	ctl->timeout_ms = (int64_t)(s * 1000);
	return STATUS_OK;
}

static enum status
take(struct ctl *ctl, struct asked *asked, int val)
{
	switch (val) {
	case 'r':
		ctl->reader = optarg;
		return STATUS_OK;
	case 's':
		return read_slot(ctl, optarg);
	case 't':
		return read_timeout(ctl, optarg);
	case 'h':
		asked->help = true;
		return STATUS_OK;
	case 'V':
		asked->version = true;
		return STATUS_OK;
	case COLD:
		ctl->cold = true;
		return STATUS_OK;
	case DECODE:
		ctl->decode = true;
		return STATUS_OK;
	case JSON:
		ctl->json = true;
		return STATUS_OK;
	case PORT:
		return read_port(ctl, optarg);
	case REMOVAL:
		ctl->removal = true;
		return STATUS_OK;
	case SOCKET_DIR:
		ctl->dir = optarg;
		return STATUS_OK;
	default:
		fputs("  slotctl help lists the options\n", stderr);
		return STATUS_USAGE;	/* getopt has said what is wrong */
	}
}

enum status
options_read(struct ctl *ctl, struct asked *asked, int argc, char **argv,
    int *first)
{
	struct option longs[ROWS + 1] = { { NULL, 0, NULL, 0 } };
	enum status st = STATUS_OK;
	int val;

	for (size_t i = 0; i < ROWS; i++)
		longs[i] = rows[i].option;
	while (st == STATUS_OK &&
	    (val = getopt_long(argc, argv, "hr:s:t:V", longs, NULL)) != -1) {
		const struct row *row = row_of(val);

		if (row != NULL)
			asked->options |= row->bit;
		st = take(ctl, asked, val);
	}
	*first = optind;
	return st;
}

void
options_print(FILE *f, uint32_t mask)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].bit == 0 || (rows[i].bit & mask) != 0)
			fprintf(f, "  %-24s %s\n", rows[i].usage, rows[i].help);
}

const char *
options_name(uint32_t mask)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].bit & mask) != 0)
			return rows[i].option.name;
	return "";
}
