/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tools/options.h"
#include "tools/slotctl.h"

static void
overview(void)
{
	puts("usage: slotctl [OPTION...] COMMAND [ARGUMENT...]\n");
	for (size_t i = 0; commands[i] != NULL; i++) {
		char call[32];

		snprintf(call, sizeof(call), "%s %s", commands[i]->name,
		    commands[i]->args);
		printf("  %-24s %s\n", call, commands[i]->summary);
	}
	putchar('\n');
	options_print(stdout, UINT32_MAX);
	puts("\nExit status: 0 done, 2 usage, 3 slotd is not running, 4 no such "
	     "reader, 5 no card,\n6 the card answered with an error, 1 anything "
	     "else. More: slotctl help COMMAND,\nslotctl(1).");
}

static void
about(const struct command *c)
{
	printf("usage: slotctl [OPTION...] %s%s%s\n\n%s\n", c->name,
	    *c->args != '\0' ? " " : "", c->args, c->help);
	options_print(stdout, c->options);
}

static enum status
help(struct ctl *ctl)
{
	const struct command *c;

	if (ctl->argc == 0) {
		overview();
		return STATUS_OK;
	}
	c = command_find(ctl->argv[0]);
	if (c == NULL)
		return ctl_complain(STATUS_USAGE,
		    "no command '%s'; slotctl help lists them", ctl->argv[0]);
	about(c);
	return STATUS_OK;
}

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "this text, or all about a command",
	.help = "Explains slotctl, or one command and its options.\n",
	.max_args = 1,
	.run = help,
};
