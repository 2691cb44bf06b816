/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>

#include "tools/print.h"
#include "tools/slotctl.h"

/* What a program does with the card. */
static const char *
part(const json_t *user)
{
	if (get_true(user, "holds"))
		return "has it";
	return get_true(user, "waits") ? "waits" : "uses it";
}

static void
print_user(const json_t *user)
{
	long long seconds = (long long)get_int(user, "silent_ms") / 1000;

	printf("  %-8s  ", part(user));
	print_text(stdout, get_string(user, "program"), 0);
	printf(", process %lld, uid %lld, ", (long long)get_int(user, "pid"),
	    (long long)get_int(user, "uid"));
	print_text(stdout, get_string(user, "dialect"), 0);
	if (seconds != 0)
		printf(get_true(user, "waits") ? ", for %lld s" :
		    ", silent for %lld s", seconds);
	puts(get_true(user, "stopped") ? ", stopped" : "");
}

static void
print_slot(const json_t *slot)
{
	const json_t *users = json_object_get(slot, "users");
	size_t i;
	json_t *user;

	printf("%lld  ", (long long)get_int(slot, "reader"));
	print_text(stdout, get_string(slot, "name"), 0);
	if (get_int(slot, "slot") != 0)
		printf(", slot %lld", (long long)get_int(slot, "slot"));
	putchar('\n');
	json_array_foreach(users, i, user)
		print_user(user);
}

static void
print_slots(const json_t *slots)
{
	size_t i;
	json_t *slot;

	if (json_array_size(slots) == 0)
		puts("no program uses a card");
	json_array_foreach(slots, i, slot)
		print_slot(slot);
}

static enum status
who(struct ctl *ctl)
{
	json_t *answer, *slots;
	enum status st = ctl_connect(ctl);

	if (st == STATUS_OK)
		st = ctl_ask(ctl, json_pack("{s:s}", "cmd", "who"), &answer);
	if (st != STATUS_OK)
		return st;
	slots = json_object_get(answer, "slots");
	if (!json_is_array(slots))
		st = ctl_complain(STATUS_OTHER, "slotd sent no list of slots");
	else if (ctl->json)
		print_json(slots);
	else
		print_slots(slots);
	json_decref(answer);
	return st;
}

const struct command cmd_who = {
	.name = "who",
	.args = "",
	.summary = "which programs have, want or use a card",
	.help = "The programs at each card: first the one that has it for "
		"itself, then those that\n"
		"wait, then the others; and for how long each has been silent. "
		"With --json an array\n"
		"of slot objects.\n",
	.options = OPTION_JSON,
	.run = who,
};
