/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tools/slotctl.h"

static enum status
reload(struct ctl *ctl)
{
	json_t *answer;
	enum status st = ctl_connect(ctl);

	if (st == STATUS_OK)
		st = ctl_ask(ctl, json_pack("{s:s}", "cmd", "reload"), &answer);
	if (st == STATUS_OK)
		json_decref(answer);
	return st;
}

const struct command cmd_reload = {
	.name = "reload",
	.args = "",
	.summary = "slotd reads openct.conf again",
	.help = "Readers that are new in it start, those that are not in it "
		"any more go, others\n"
		"work on. A file with an error changes nothing, and the error "
		"is told with its\n"
		"place. For root.\n",
	.run = reload,
};
