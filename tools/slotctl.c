/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/slotctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tools/openct_tool.h"
#include "tools/options.h"

const struct command *const commands[] = {
	&cmd_list,
	&cmd_info,
	&cmd_atr,
	&cmd_send,
	&cmd_reset,
	&cmd_mf,
	&cmd_wait,
	&cmd_watch,
	&cmd_who,
	&cmd_config,
	&cmd_reload,
	&cmd_ctapi_test,
	&cmd_help,
	NULL,
};

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* Where the sockets are when no option says so. */
static const char *
default_dir(void)
{
	const char *dir = getenv("OPENCT_SOCKETDIR");

	return dir != NULL && *dir != '\0' ? dir : RUNDIR;
}

static enum status
usage(void)
{
	return ctl_complain(STATUS_USAGE,
	    "which command? slotctl help lists them");
}

/* What the command does not take is refused, not passed over. */
static enum status
check(const struct command *c, const struct ctl *ctl,
    const struct asked *asked)
{
	uint32_t foreign = asked->options & ~c->options;

	if (foreign != 0)
		return ctl_complain(STATUS_USAGE, "%s takes no --%s", c->name,
		    options_name(foreign));
	if (ctl->argc > c->max_args)
		return ctl_complain(STATUS_USAGE, "%s: what is '%s'?", c->name,
		    ctl->argv[c->max_args]);
	if (ctl->argc < c->min_args)
		return ctl_complain(STATUS_USAGE, "usage: slotctl %s %s",
		    c->name, c->args);
	return STATUS_OK;
}

static enum status
run(struct ctl *ctl, const struct asked *asked, const char *name)
{
	const struct command *c = command_find(name);
	enum status st;

	if (c == NULL)
		return ctl_complain(STATUS_USAGE,
		    "no command '%s'; slotctl help lists them", name);
	st = check(c, ctl, asked);
	if (st == STATUS_OK)
		st = c->run(ctl);
	control_free(ctl->control);
	if (fflush(stdout) != 0 && st == STATUS_OK)
		st = STATUS_OTHER;
	return st;
}

/* "help NAME", whichever way it was asked. */
static enum status
explain(struct ctl *ctl, int argc, char **argv)
{
	ctl->argc = argc > 1 ? 1 : argc;
	ctl->argv = argv;
	return cmd_help.run(ctl);
}

int
main(int argc, char **argv)
{
	const struct rlimit no_core = { 0, 0 };
	struct ctl ctl = {
		.dir = default_dir(),
		.slot = SLOT_ANY,
		.timeout_ms = TIMEOUT_NONE,
		.port = PORT_NONE,
	};
	struct asked asked = { 0 };
	enum status st;
	int first;

	setrlimit(RLIMIT_CORE, &no_core);	/* APDUs are secrets */
	if (openct_tool_is(argv[0]))
		return openct_tool_main(argc, argv);
	control_wipe_json();
	st = options_read(&ctl, &asked, argc, argv, &first);
	if (st != STATUS_OK)
		return (int)st;
	if (asked.version)
		return puts("slotctl " PACKAGE_VERSION) < 0;
	if (asked.help)
		return (int)explain(&ctl, argc - first, argv + first);
	if (first == argc)
		return (int)usage();
	ctl.argc = argc - first - 1;
	ctl.argv = argv + first + 1;
	return (int)run(&ctl, &asked, argv[first]);
}
