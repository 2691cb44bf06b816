/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>

#include "tools/exchange.h"

enum { SW_WRONG_P1P2 = 0x6a86 };

/* ISO 7816-4 SELECT of file 3F00; Cryptoflex cards know it by class C0. */
static const struct {
	const char *hex;
} selects[] = {
	{ "00a40000023f0000" },
	{ "c0a40000023f0000" },
};

static enum status
select_mf(struct ctl *ctl, const struct target *t)
{
	enum status st = STATUS_OTHER;
	uint16_t sw = SW_WRONG_P1P2;

	for (size_t i = 0; i < 2 && sw == SW_WRONG_P1P2; i++) {
		struct apdu *a = apdu_new(selects[i].hex, "SELECT");

		if (a == NULL)
			return STATUS_OTHER;
		st = exchange(ctl, t, a, &sw);
		apdu_free(&a);
	}
	return st;
}

static enum status
mf(struct ctl *ctl)
{
	struct target t;
	enum status st = ctl_target(ctl, &t);

	if (st == STATUS_OK)
		st = lock_card(ctl, &t);
	if (st == STATUS_OK)
		st = select_mf(ctl, &t);
	target_fini(&t);
	return st;
}

const struct command cmd_mf = {
	.name = "mf",
	.args = "",
	.summary = "select the card's master file",
	.help = "Sends SELECT of file 3F00, with class 00 and, where the card "
		"answers 6A86, with\n"
		"class C0, and prints the answer.\n",
	.options = OPTIONS_CARD,
	.run = mf,
};
