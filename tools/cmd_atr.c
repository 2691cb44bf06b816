/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tools/show_atr.h"
#include "tools/slotctl.h"

static enum status
atr(struct ctl *ctl)
{
	struct target t;
	json_t *answer = NULL;
	enum status st = ctl_target(ctl, &t);

	if (st == STATUS_OK)
		st = ctl_ask(ctl, target_request(&t, "atr"), &answer);
	if (st == STATUS_OK)
		st = show_atr(ctl, &t, answer);
	target_fini(&t);
	json_decref(answer);
	return st;
}

const struct command cmd_atr = {
	.name = "atr",
	.args = "",
	.summary = "the card's answer to reset",
	.help = "Powers the card on if it is not; never resets it. With --decode "
		"every byte is\n"
		"explained.\n",
	.options = OPTIONS_CARD | OPTION_DECODE,
	.run = atr,
};
