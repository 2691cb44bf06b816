/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/print.h"
#include "tools/slotctl.h"

static const struct {
	const char *event, *words;
} words[] = {
	{ "reader-added", "reader ready" },
	{ "reader-removed", "reader gone" },
	{ "reader-failed", "reader failed" },
	{ "card-inserted", "card inserted" },
	{ "card-removed", "card removed" },
	{ "card-reset", "card reset" },
};

/* An event of a newer slotd goes by its own name. */
static const char *
event_words(const char *event)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].event, event) == 0)
			return words[i].words;
	return event;
}

static uint64_t
realtime_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* One line: when, which reader, what; atr and text where there are any. */
static void
print_line(const json_t *reader, const char *what, const json_t *detail)
{
	const char *atr = get_string(detail, "atr");
	const char *text = get_string(detail, "text");

	print_time(stdout, realtime_ms());
	printf("  %2lld  ", (long long)get_int(reader, "reader"));
	print_text(stdout, get_string(reader, "name"), 0);
	fputs("  ", stdout);
	if (get_int(detail, "slot") != 0)
		printf("slot %lld: ", (long long)get_int(detail, "slot"));
	print_text(stdout, what, 0);
	fputs(*text != '\0' ? ": " : "", stdout);
	print_text(stdout, text, 0);
	fputs(*atr != '\0' ? "  " : "", stdout);
	print_hex_digits(stdout, atr);
	putchar('\n');
}

static void
print_reader(const json_t *reader)
{
	const char *state = get_string(reader, "state");
	char what[64];
	size_t i;
	json_t *slot;

	snprintf(what, sizeof(what), "reader %s", state);
	print_line(reader, what, reader);
	json_array_foreach(json_object_get(reader, "slots"), i, slot)
		if (slot_has_card(slot))
			print_line(reader, "card present", slot);
}

static bool
wanted(const struct ctl *ctl, const json_t *reader)
{
	return ctl->reader == NULL || reader_matches(reader, ctl->reader);
}

static void
print_start(const struct ctl *ctl, const json_t *answer)
{
	const json_t *readers = json_object_get(answer, "readers");
	size_t i;
	json_t *reader;

	json_array_foreach(readers, i, reader) {
		if (!wanted(ctl, reader))
			continue;
		if (ctl->json)
			print_json(reader);
		else
			print_reader(reader);
	}
}

static void
print_event(const struct ctl *ctl, const json_t *event)
{
	if (!wanted(ctl, event))
		return;
	if (ctl->json)
		print_json(event);
	else
		print_line(event, event_words(get_string(event, "event")),
		    event);
}

static enum status
watch(struct ctl *ctl)
{
	json_t *message;
	enum err err;
	enum status st = ctl_connect(ctl);

	if (st == STATUS_OK)
		st = ctl_ask(ctl, json_pack("{s:s}", "cmd", "watch"), &message);
	if (st != STATUS_OK)
		return st;
	setvbuf(stdout, NULL, _IOLBF, 0);	/* live, also into a pipe */
	print_start(ctl, message);
	json_decref(message);
	while ((err = control_next(ctl->control, CONTROL_FOREVER, &message)) ==
	    ERR_OK) {
		print_event(ctl, message);
		json_decref(message);
		if (ferror(stdout))
			return STATUS_OTHER;	/* whoever read has gone */
	}
	return ctl_refused(ctl, err);
}

const struct command cmd_watch = {
	.name = "watch",
	.args = "",
	.summary = "readers and cards coming and going, as it happens",
	.help = "What is there now, then a line an event, with the time, until "
		"Ctrl-C or the end of\n"
		"slotd. With --json an object a line: first the readers, then "
		"the events.\n",
	.options = OPTION_READER | OPTION_JSON,
	.run = watch,
};
