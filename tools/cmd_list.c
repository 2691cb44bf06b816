/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tools/print.h"
#include "tools/slotctl.h"

enum { NAME_MIN = 6, DRIVER_MIN = 6 };	/* "Reader", "Driver" */

struct widths {
	size_t name, driver;
};

static const char *
driver_of(const json_t *reader)
{
	return get_string(reader, "driver");
}

static size_t
widest(const json_t *readers, const char *(*text_of)(const json_t *),
    size_t width)
{
	size_t i;
	json_t *reader;

	json_array_foreach(readers, i, reader) {
		size_t n = text_width(text_of(reader));

		if (n > width)
			width = n;
	}
	return width;
}

/* "card", "no card": what is in a slot. */
static const char *
card_words(const json_t *slot)
{
	static const struct {
		const char *card, *words;
	} rows[] = {
		{ "absent", "no card" },
		{ "present", "card, not powered" },
		{ "powered", "card" },
		{ "mute", "card does not answer" },
	};
	const char *card = get_string(slot, "card");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(card, rows[i].card) == 0)
			return rows[i].words;
	return card;
}

static void
print_holder(const json_t *slot)
{
	const json_t *holder = json_object_get(slot, "holder");

	if (!json_is_object(holder))
		return;
	fputs("  (in use by ", stdout);
	print_text(stdout, get_string(holder, "program"), 0);
	printf(", process %lld)", (long long)get_int(holder, "pid"));
}

static void
print_slot(const json_t *slot, bool numbered)
{
	const char *atr = get_string(slot, "atr");

	if (numbered)
		printf("slot %lld: ", (long long)get_int(slot, "slot"));
	print_text(stdout, card_words(slot), 0);
	if (*atr != '\0') {
		fputs("  ", stdout);
		print_hex_digits(stdout, atr);
	}
	print_holder(slot);
	putchar('\n');
}

static void
print_state(const json_t *reader)
{
	char room[WHY_MAX];
	const char *text = reader_why(reader, room);

	print_text(stdout, get_string(reader, "state"), 0);
	if (*text != '\0') {
		fputs(": ", stdout);
		print_text(stdout, text, 0);
	}
	putchar('\n');
}

static void
print_reader(const json_t *reader, const struct widths *w)
{
	const json_t *slots = json_object_get(reader, "slots");
	size_t i, indent = 4 + w->name + 2 + w->driver + 2;
	json_t *slot;

	printf("%2lld  ", (long long)get_int(reader, "reader"));
	print_text(stdout, reader_title(reader), w->name + 2);
	print_text(stdout, get_string(reader, "driver"), w->driver + 2);
	if (strcmp(get_string(reader, "state"), "ready") != 0) {
		print_state(reader);
		return;
	}
	json_array_foreach(slots, i, slot) {
		if (i != 0)
			printf("%*s", (int)indent, "");
		print_slot(slot, json_array_size(slots) > 1);
	}
	if (json_array_size(slots) == 0)
		print_state(reader);
}

static enum status
list(struct ctl *ctl)
{
	json_t *answer, *readers, *reader;
	struct widths w;
	enum status st;
	size_t i;

	st = ctl_connect(ctl);
	if (st == STATUS_OK)
		st = ctl_list(ctl, &answer, &readers);
	if (st != STATUS_OK)
		return st;
	w.name = widest(readers, reader_title, NAME_MIN);
	w.driver = widest(readers, driver_of, DRIVER_MIN);
	if (ctl->json) {
		print_json(readers);
	} else if (json_array_size(readers) == 0) {
		puts("no readers");
	} else {
		printf("No  %-*s  %-*s  Card\n", (int)w.name, "Reader",
		    (int)w.driver, "Driver");
		json_array_foreach(readers, i, reader)
			print_reader(reader, &w);
	}
	json_decref(answer);
	return STATUS_OK;
}

const struct command cmd_list = {
	.name = "list",
	.args = "",
	.summary = "the readers and the cards in them",
	.help = "One line a reader: its number, its name, its driver and what "
		"is in it, with the\n"
		"card's answer to reset. A reader with several slots has a line "
		"for each. Says who\n"
		"holds a card for itself, and who has a reader that slotd "
		"cannot use. With --json\n"
		"an array of reader objects.\n",
	.options = OPTION_JSON,
	.run = list,
};
