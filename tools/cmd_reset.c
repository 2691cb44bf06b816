/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tools/show_atr.h"
#include "tools/slotctl.h"

static enum status
reset(struct ctl *ctl)
{
	struct target t;
	json_t *answer = NULL, *req;
	enum status st = ctl_target(ctl, &t);

	if (st == STATUS_OK) {
		req = target_request(&t, "reset");
		if (req != NULL)
			json_object_set_new(req, "how",
			    json_string(ctl->cold ? "cold" : "warm"));
		st = ctl_ask(ctl, req, &answer);
	}
	if (st == STATUS_OK)
		st = show_atr(ctl, &t, answer);
	target_fini(&t);
	json_decref(answer);
	return st;
}

const struct command cmd_reset = {
	.name = "reset",
	.args = "",
	.summary = "reset the card, print its answer to reset",
	.help = "A warm reset, or with --cold one that takes the power away "
		"first. Whatever was\n"
		"logged in on the card is logged out.\n",
	.options = OPTIONS_CARD | OPTION_COLD,
	.run = reset,
};
