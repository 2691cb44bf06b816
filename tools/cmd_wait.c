/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tools/print.h"
#include "tools/slotctl.h"

/*
 * The cards that are in now, of the readers asked for: an object of
 * {"reader", "name", "slot", "atr"} by "READER.SLOT". Fed with the state at the
 * start and then with events, it tells when the wait is over.
 */
struct cards {
	json_t *in;
	const char *pattern;	/* NULL: any reader */
};

static void
card_in(struct cards *c, const json_t *reader, json_int_t slot, const char *atr)
{
	char key[48];

	snprintf(key, sizeof(key), "%lld.%lld",
	    (long long)get_int(reader, "reader"), (long long)slot);
	json_object_set_new(c->in, key, json_pack("{s:I, s:s, s:I, s:s}",
	    "reader", get_int(reader, "reader"), "name",
	    get_string(reader, "name"), "slot", slot, "atr", atr));
}

static void
card_out(struct cards *c, const json_t *event)
{
	char key[48];

	snprintf(key, sizeof(key), "%lld.%lld",
	    (long long)get_int(event, "reader"),
	    (long long)get_int(event, "slot"));
	json_object_del(c->in, key);
}

static void
reader_out(struct cards *c, json_int_t number)
{
	const char *key;
	json_t *card;
	void *next;

	json_object_foreach_safe(c->in, next, key, card)
		if (get_int(card, "reader") == number)
			json_object_del(c->in, key);
}

static void
take_readers(struct cards *c, const json_t *readers)
{
	size_t i, k;
	json_t *reader, *slot;

	json_array_foreach(readers, i, reader) {
		if (c->pattern != NULL && !reader_matches(reader, c->pattern))
			continue;
		json_array_foreach(json_object_get(reader, "slots"), k, slot)
			if (slot_has_card(slot))
				card_in(c, reader, get_int(slot, "slot"),
				    get_string(slot, "atr"));
	}
}

static void
take_event(struct cards *c, const json_t *event)
{
	const char *what = get_string(event, "event");

	if (c->pattern != NULL && !reader_matches(event, c->pattern))
		return;
	if (strcmp(what, "card-inserted") == 0)
		card_in(c, event, get_int(event, "slot"),
		    get_string(event, "atr"));
	else if (strcmp(what, "card-removed") == 0)
		card_out(c, event);
	else if (strcmp(what, "reader-removed") == 0 ||
	    strcmp(what, "reader-failed") == 0)
		reader_out(c, get_int(event, "reader"));
}

static void
print_cards(const struct cards *c)
{
	const char *key;
	json_t *card;

	json_object_foreach(c->in, key, card) {
		printf("%2lld  ", (long long)get_int(card, "reader"));
		print_text(stdout, get_string(card, "name"), 0);
		if (get_int(card, "slot") != 0)
			printf(", slot %lld",
			    (long long)get_int(card, "slot"));
		fputs("  card", stdout);
		fputs(*get_string(card, "atr") != '\0' ? "  " : "", stdout);
		print_hex_digits(stdout, get_string(card, "atr"));
		putchar('\n');
	}
}

static void
print_outcome(const struct ctl *ctl, const struct cards *c)
{
	json_t *array;
	const char *key;
	json_t *card;

	if (!ctl->json) {
		print_cards(c);
		if (json_object_size(c->in) == 0)
			puts("no card");
		return;
	}
	array = json_array();
	json_object_foreach(c->in, key, card)
		json_array_append(array, card);
	print_json(array);
	json_decref(array);
}

static enum status
timed_out(const struct ctl *ctl)
{
	double seconds = (double)ctl->timeout_ms / 1000;

	if (ctl->removal)
		return ctl_complain(STATUS_OTHER,
		    "the card is still there after %g s", seconds);
	return ctl_complain(STATUS_NO_CARD, "no card within %g s", seconds);
}

static enum status
follow(struct ctl *ctl, struct cards *c)
{
	uint64_t until_ms = ctl->timeout_ms == TIMEOUT_NONE ? CONTROL_FOREVER :
	    clock_now_ms() + (uint64_t)ctl->timeout_ms;

	while ((json_object_size(c->in) != 0) == ctl->removal) {
		json_t *event;
		enum err err = control_next(ctl->control, until_ms, &event);

		if (err == ERR_TIMEOUT)
			return timed_out(ctl);
		if (err != ERR_OK)
			return ctl_refused(ctl, err);
		take_event(c, event);
		json_decref(event);
	}
	print_outcome(ctl, c);
	return STATUS_OK;
}

static enum status
wait_card(struct ctl *ctl)
{
	struct cards c = { json_object(), ctl->reader };
	json_t *answer = NULL;
	enum status st = ctl_connect(ctl);

	if (st == STATUS_OK)
		st = ctl_ask(ctl, json_pack("{s:s}", "cmd", "watch"), &answer);
	if (st == STATUS_OK) {
		take_readers(&c, json_object_get(answer, "readers"));
		st = follow(ctl, &c);
	}
	json_decref(answer);
	json_decref(c.in);
	return st;
}

const struct command cmd_wait = {
	.name = "wait",
	.args = "",
	.summary = "wait for a card",
	.help = "Ends as soon as a card is in a reader, at once if one is in "
		"already; with\n"
		"--removal as soon as none is. Without --reader any reader "
		"counts. With --timeout\n"
		"it gives up after so many seconds: exit status 5, or 1 with "
		"--removal.\n",
	.options = OPTION_READER | OPTION_JSON | OPTION_TIMEOUT |
		   OPTION_REMOVAL,
	.run = wait_card,
};
