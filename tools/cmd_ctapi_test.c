/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#define CTAPI_LONG_NAMES	/* the short ones are those of base/err.h */
#include "lib/ctapi.h"
#include "protocols/ctbcs.h"
#include "protocols/sw.h"
#include "tools/print.h"
#include "tools/slotctl.h"

enum { CTN = 0, ROOM = 300, WIDTH = 14, BANK_NAME = 20 };

/* One command and its answer. */
struct reply {
	uint8_t buf[ROOM];
	uint16_t n;
	uint16_t sw;
};

static const struct {
	int rc;
	enum status status;
	const char *text, *help;
} failures[] = {
	{ CTAPI_ERR_INVALID, STATUS_NO_READER, "no reader at this port",
	    "slotctl list shows the readers: port n is number n - 1" },
	{ CTAPI_ERR_CT, STATUS_OTHER, "another program has the reader",
	    "slotctl who names it" },
	{ CTAPI_ERR_TRANS, STATUS_NO_READER, "the reader was unplugged",
	    "plug it in and try again" },
	{ CTAPI_ERR_MEMORY, STATUS_OTHER, "no memory", "" },
	{ CTAPI_ERR_HOST, STATUS_OTHER, "this user may not use the reader",
	    "see `access' in openct.conf, and the socket directory" },
	{ CTAPI_ERR_HTSI, STATUS_NO_DAEMON, "slotd is not running",
	    "start it: systemctl start slotd" },
};

static enum status
refuse(const char *what, int rc)
{
	size_t i = 0;

	while (i + 1 < sizeof(failures) / sizeof(failures[0]) &&
	    failures[i].rc != rc)
		i++;
	printf("%-*s fails with %d: %s\n", WIDTH, what, rc, failures[i].text);
	if (*failures[i].help != '\0')
		printf("%-*s %s\n", WIDTH, "", failures[i].help);
	return failures[i].status;
}

/* Sends hex to terminal or card. */
static enum status
ask(struct reply *r, uint8_t dad, const char *hex)
{
	uint8_t command[32], sad = CTAPI_HOST;
	size_t n;
	int rc = CTAPI_ERR_INVALID;

	r->n = sizeof(r->buf);
	if (hex_to_bytes(command, sizeof(command), &n, hex) == ERR_OK)
		rc = CT_data(CTN, &dad, &sad, (uint16_t)n, command, &r->n,
		    r->buf);
	if (rc != CTAPI_OK)
		return refuse("CT_data", rc);
	r->sw = sw_of((struct view){ r->buf, r->n });
	r->n = (uint16_t)(r->n - 2);
	return STATUS_OK;
}

/* Hibiscus asks for these first. */
static enum status
show_terminal(struct reply *r)
{
	enum status st = ask(r, CTAPI_CT, "20110000");

	if (st == STATUS_OK)
		st = ask(r, CTAPI_CT, "2013004600");
	if (st != STATUS_OK)
		return st;
	printf("%-*s ", WIDTH, "reader");
	r->buf[r->n] = '\0';
	if (r->n > 2 + 3 * CTBCS_NAME)
		print_text(stdout, (const char *)r->buf + 2 + 3 * CTBCS_NAME,
		    0);
	putchar('\n');
	st = ask(r, CTAPI_CT, "2013008100");
	if (st != STATUS_OK)
		return st;
	if (memchr(r->buf, CTBCS_UNIT_KEYPAD, r->n) != NULL)
		printf("%-*s PINs can be entered at the reader\n", WIDTH,
		    "keypad");
	else
		printf("%-*s none: choose PIN entry by keyboard "
		    "(softpin=1)\n", WIDTH, "keypad");
	return STATUS_OK;
}

static enum status
show_card(struct reply *r)
{
	char atr[3 * 33 + 1];
	enum status st = ask(r, CTAPI_CT, "20120101010100");

	if (st != STATUS_OK)
		return st;
	if (r->sw != CTBCS_SW_ASYNC) {
		bool is_in = r->sw != CTBCS_SW_NOT_IN_TIME;

		printf("%-*s %s: REQUEST ICC answers %04x\n", WIDTH, "card",
		    is_in ? "it does not answer; is it the right way round, "
			    "its chip clean?" : "none is in", r->sw);
		return is_in ? STATUS_CARD : STATUS_NO_CARD;
	}
	printf("%-*s %s\n", WIDTH, "card", hex_from_bytes(atr, sizeof(atr),
	    (struct view){ r->buf, r->n }, ' '));
	return STATUS_OK;
}

static const struct {
	const char *name, *select;
} types[] = {
	{ "DDV-0", "00a4040c09d2760000254842" "0100" },
	{ "DDV-1", "00a4040c09d2760000254842" "0200" },
	{ "RSA", "00a4040c09d2760000744842" "0110" },
};

/* The digits of the card's number are in bytes 1 to 8 of EF_ID. */
static enum status
show_records(struct reply *r, const char *type)
{
	char number[17];
	enum status st = ask(r, CTAPI_ICC1, "00b201cc00");

	if (st != STATUS_OK)
		return st;
	printf("%-*s %s", WIDTH, "home banking", type);
	if (r->sw == CTBCS_SW_OK && r->n >= 9)
		printf(", card %s", hex_from_bytes(number, sizeof(number),
		    (struct view){ r->buf + 1, 8 }, 0));
	st = ask(r, CTAPI_ICC1, "00b201d400");
	if (st == STATUS_OK && r->sw == CTBCS_SW_OK && r->n >= BANK_NAME) {
		size_t n = BANK_NAME;

		while (n != 0 && r->buf[n - 1] == ' ')
			n--;
		r->buf[n] = '\0';
		printf(", bank ");
		print_text(stdout, (const char *)r->buf, 0);
	}
	putchar('\n');
	return st;
}

static enum status
show_type(struct reply *r)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		enum status st = ask(r, CTAPI_ICC1, "00a4000c023f00");

		if (st == STATUS_OK)
			st = ask(r, CTAPI_ICC1, types[i].select);
		if (st != STATUS_OK)
			return st;
		if (r->sw == CTBCS_SW_OK)
			return show_records(r, types[i].name);
	}
	printf("%-*s not such a card: it answers %04x to each of the three "
	    "applications\n", WIDTH, "home banking", r->sw);
	return STATUS_CARD;
}

static enum status
walk(void)
{
	struct reply r;
	enum status st = show_terminal(&r);

	if (st == STATUS_OK)
		st = show_card(&r);
	if (st == STATUS_OK)
		st = show_type(&r);
	if (st == STATUS_OK || st == STATUS_CARD) {
		enum status end = ask(&r, CTAPI_CT, "201501040101");

		if (end != STATUS_OK)
			st = end;
	}
	return st;
}

/* libctapi knows the directory from the environment alone. */
static enum status
ctapi_test(struct ctl *ctl)
{
	uint16_t port = ctl->port == PORT_NONE ? 1 : (uint16_t)ctl->port;
	enum status st;
	int rc;

	if (setenv("OPENCT_SOCKETDIR", ctl->dir, 1) != 0)
		return ctl_complain(STATUS_OTHER, "no memory");
	rc = CT_init(CTN, port);
	if (rc != CTAPI_OK) {
		st = refuse("CT_init", rc);
	} else {
		printf("%-*s port %u is open\n", WIDTH, "CT_init", port);
		st = walk();
		rc = CT_close(CTN);
		if (rc != CTAPI_OK)
			st = refuse("CT_close", rc);
	}
	puts(st == STATUS_OK ? "This works with Hibiscus." :
	    "This would not work with Hibiscus.");
	return st;
}

const struct command cmd_ctapi_test = {
	.name = "ctapi-test",
	.args = "",
	.summary = "try what a home-banking program does",
	.help = "Opens a reader through libctapi, sends what Hibiscus sends "
		"before it asks for the\n"
		"PIN, and says what works and what would not. --port is the "
		"port's number in the\n"
		"program, 1 when it is not given. No PIN is sent, nothing is "
		"written.\n",
	.options = OPTION_PORT,
	.run = ctapi_test,
};
