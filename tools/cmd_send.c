/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "tools/exchange.h"

enum {
	SEND_MAX = 1000,	/* APDUs of one call */
	LINE_BYTES = 200000,	/* the longest APDU with blanks between */
};

struct list {
	struct apdu *apdus[SEND_MAX];
	size_t n;
};

static void
list_fini(struct list *l)
{
	while (l->n != 0)
		apdu_free(&l->apdus[--l->n]);
}

static enum status
add(struct list *l, const char *hex)
{
	char what[32];

	if (l->n == SEND_MAX)
		return ctl_complain(STATUS_USAGE, "more than %d APDUs",
		    SEND_MAX);
	snprintf(what, sizeof(what), "APDU %zu", l->n + 1);
	l->apdus[l->n] = apdu_new(hex, what);
	if (l->apdus[l->n] == NULL)
		return STATUS_USAGE;
	l->n++;
	return STATUS_OK;
}

/* A line is an APDU; '#' starts a comment; empty lines are passed over. */
static enum status
add_line(struct list *l, char *line)
{
	if (strlen(line) == LINE_BYTES - 1)
		return ctl_complain(STATUS_USAGE, "APDU %zu: line too long",
		    l->n + 1);
	line[strcspn(line, "#\r\n")] = '\0';
	if (line[strspn(line, " \t")] == '\0')
		return STATUS_OK;
	return add(l, line);
}

/* From standard input, so that a PIN is on nobody's list of processes. */
static enum status
add_input(struct list *l)
{
	char *line = calloc(1, LINE_BYTES);
	enum status st = STATUS_OK;

	if (line == NULL)
		return ctl_complain(STATUS_OTHER, "%s", err_text(ERR_MEMORY));
	setvbuf(stdin, NULL, _IONBF, 0);	/* leaves no copy behind */
	while (st == STATUS_OK && fgets(line, LINE_BYTES, stdin) != NULL)
		st = add_line(l, line);
	secret_free(&line, LINE_BYTES);
	return st;
}

static enum status
collect(struct list *l, int argc, char **argv)
{
	enum status st = STATUS_OK;

	for (int i = 0; i < argc && st == STATUS_OK; i++) {
		if (strcmp(argv[i], "-") == 0) {
			st = add_input(l);
			continue;
		}
		st = add(l, argv[i]);
		secret_wipe(argv[i], strlen(argv[i]));
	}
	if (st == STATUS_OK && l->n == 0)
		return ctl_complain(STATUS_USAGE, "no APDU to send");
	return st;
}

static enum status
send_list(struct ctl *ctl, const struct target *t, const struct list *l)
{
	enum status st = STATUS_OK;
	uint16_t sw;
	size_t i;

	for (i = 0; i < l->n && st == STATUS_OK; i++)
		st = exchange(ctl, t, l->apdus[i], &sw);
	if (i < l->n)
		ctl_complain(st, "%zu of %zu APDUs not sent", l->n - i, l->n);
	return st;
}

static enum status
send_apdus(struct ctl *ctl)
{
	struct target t = { NULL, 0, 0 };
	struct list l = { .n = 0 };
	enum status st = collect(&l, ctl->argc, ctl->argv);

	if (st == STATUS_OK)
		st = ctl_target(ctl, &t);
	if (st == STATUS_OK && l.n > 1)
		st = lock_card(ctl, &t);
	if (st == STATUS_OK)
		st = send_list(ctl, &t, &l);
	target_fini(&t);
	list_fini(&l);
	return st;
}

const struct command cmd_send = {
	.name = "send",
	.args = "HEX...",
	.summary = "send APDUs, print the answers",
	.help = "Each HEX is one whole APDU; blanks and colons between its bytes "
		"are passed over.\n"
		"With - they are read from standard input, one a line, so that "
		"a PIN shows on no\n"
		"list of processes. Several are sent with the card locked, and "
		"the first status\n"
		"word that is neither 9000 nor 61xx ends it. With --json a line "
		"an answer.\n"
		"\n"
		"  slotctl send 00a4000c023f00 00b0000000\n",
	.options = OPTIONS_CARD,
	.min_args = 1,
	.max_args = INT_MAX,
	.run = send_apdus,
};
