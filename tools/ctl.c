/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/slotctl.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/usb_holder.h"
#include "tools/print.h"

/* Errors that are not simply STATUS_OTHER, and what may help. */
static const struct {
	enum err err;
	enum status status;
	const char *hint;	/* NULL: the error says it all */
} outcomes[] = {
	{ ERR_NO_DAEMON, STATUS_NO_DAEMON,
	    "start it: systemctl start slotd (or by hand: slotd --foreground)" },
	{ ERR_CLOSED, STATUS_NO_DAEMON, NULL },
	{ ERR_NO_READER, STATUS_NO_READER, "slotctl list shows the readers" },
	{ ERR_NO_SLOT, STATUS_NO_READER, "slotctl list shows the slots" },
	{ ERR_GONE, STATUS_NO_READER, NULL },
	{ ERR_HANDLER, STATUS_NO_READER, NULL },
	{ ERR_NO_CARD, STATUS_NO_CARD, "slotctl wait waits for one" },
	{ ERR_REMOVED, STATUS_NO_CARD, NULL },
	{ ERR_MUTE, STATUS_CARD, "is it the right way round, its chip clean?" },
	{ ERR_CARD, STATUS_CARD, NULL },
	{ ERR_UNPOWERED, STATUS_CARD, "slotctl reset powers it on" },
	{ ERR_PROTOCOL, STATUS_CARD, NULL },
	{ ERR_WAS_RESET, STATUS_CARD, NULL },
	{ ERR_LOCKED, STATUS_OTHER, "slotctl list shows who holds it" },
	{ ERR_MEMORY, STATUS_OTHER, NULL },
};

enum status
ctl_complain(enum status status, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fflush(stdout);
	fputs("slotctl: ", stderr);
	print_text(stderr, text, 0);
	putc('\n', stderr);
	return status;
}

enum status
ctl_refused(const struct ctl *ctl, enum err err)
{
	ctl_complain(STATUS_OTHER, "%s", control_why(ctl->control));
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (outcomes[i].err != err)
			continue;
		if (outcomes[i].hint != NULL)
			fprintf(stderr, "  %s\n", outcomes[i].hint);
		return outcomes[i].status;
	}
	return STATUS_OTHER;
}

enum status
ctl_connect(struct ctl *ctl)
{
	enum err err;

	ctl->control = control_new(ctl->dir);
	if (ctl->control == NULL)
		return ctl_complain(STATUS_OTHER, "%s", err_text(ERR_MEMORY));
	err = control_connect(ctl->control);
	return err == ERR_OK ? STATUS_OK : ctl_refused(ctl, err);
}

enum status
ctl_ask(struct ctl *ctl, json_t *owned_request, json_t **answer)
{
	enum err err = control_ask(ctl->control, owned_request, answer);

	return err == ERR_OK ? STATUS_OK : ctl_refused(ctl, err);
}

enum status
ctl_list(struct ctl *ctl, json_t **answer, json_t **readers)
{
	enum status st =
	    ctl_ask(ctl, json_pack("{s:s}", "cmd", "list"), answer);

	if (st != STATUS_OK)
		return st;
	*readers = json_object_get(*answer, "readers");
	if (json_is_array(*readers))
		return STATUS_OK;
	json_decref(*answer);
	*answer = NULL;
	return ctl_complain(STATUS_OTHER, "slotd sent no list of readers");
}

const char *
get_string(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL ? s : "";
}

json_int_t
get_int(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool
get_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const char *
reader_title(const json_t *reader)
{
	const char *name = get_string(reader, "name");

	return *name != '\0' ? name : get_string(reader, "device");
}

const char *
reader_why(const json_t *reader, char room[WHY_MAX])
{
	const char *text = get_string(reader, "text");
	const char *device = get_string(reader, "device");
	char who[USB_HOLDER_MAX + 1];

	if (strstr(text, USB_HOLDER_HIDDEN_TEXT) == NULL ||
	    strncmp(device, "usb:", 4) != 0 ||
	    usb_holder_find(who, device + 4, -1) != USB_HOLDER_KNOWN)
		return text;
	snprintf(room, WHY_MAX, "in use by %s", who);
	return room;
}

bool
slot_has_card(const json_t *slot)
{
	const char *card = get_string(slot, "card");

	return *card != '\0' && strcmp(card, "absent") != 0;
}

void
print_json(const json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
}

/* The number that text is, whole, or -1. */
static json_int_t
whole_number(const char *text)
{
	char *end;
	long long n;

	if (!isdigit((unsigned char)*text))
		return -1;
	n = strtoll(text, &end, 10);
	return *end == '\0' ? n : -1;
}

bool
reader_matches(const json_t *reader, const char *pattern)
{
	const char *name = get_string(reader, "name");
	size_t n = strlen(pattern);

	if (whole_number(pattern) >= 0)
		return get_int(reader, "reader") == whole_number(pattern);
	for (; *name != '\0'; name++)
		if (strncasecmp(name, pattern, n) == 0)
			return n != 0;
	return false;
}

static bool
is_exact(const json_t *reader, const char *pattern)
{
	return strcasecmp(get_string(reader, "name"), pattern) == 0;
}

static bool
has_card(const json_t *reader)
{
	size_t i;
	json_t *slot;

	json_array_foreach(json_object_get(reader, "slots"), i, slot)
		if (slot_has_card(slot))
			return true;
	return false;
}

static void
name_readers(const json_t *readers)
{
	size_t i;
	json_t *reader;

	json_array_foreach(readers, i, reader) {
		fprintf(stderr, "  %2lld  ",
		    (long long)get_int(reader, "reader"));
		print_text(stderr, reader_title(reader), 0);
		putc('\n', stderr);
	}
}

/* Counts the readers that --reader may mean, and remembers the last. */
static size_t
count_named(const json_t *readers, const char *pattern, json_t **found)
{
	size_t i, n = 0;
	json_t *reader;

	json_array_foreach(readers, i, reader) {
		if (is_exact(reader, pattern)) {
			*found = reader;
			return 1;
		}
		if (reader_matches(reader, pattern)) {
			*found = reader;
			n++;
		}
	}
	return n;
}

static size_t
count_with_card(const json_t *readers, json_t **found)
{
	size_t i, n = 0;
	json_t *reader;

	json_array_foreach(readers, i, reader) {
		if (!has_card(reader))
			continue;
		*found = reader;
		n++;
	}
	return n;
}

static enum status
choose_named(const json_t *readers, const char *pattern, json_t **found)
{
	size_t n = count_named(readers, pattern, found);

	if (n == 1)
		return STATUS_OK;
	if (n == 0)
		ctl_complain(STATUS_NO_READER, "no reader '%s'%s", pattern,
		    json_array_size(readers) != 0 ? "; there are" :
						    ", nor any other");
	else
		ctl_complain(STATUS_USAGE,
		    "'%s' is part of the names of %zu readers: say which by "
		    "its number", pattern, n);
	name_readers(readers);
	return n == 0 ? STATUS_NO_READER : STATUS_USAGE;
}

/* The only reader, or the only one with a card. */
static enum status
choose(const json_t *readers, json_t **found)
{
	size_t n = json_array_size(readers);

	if (n == 0)
		return ctl_complain(STATUS_NO_READER,
		    "no reader is plugged in");
	if (n == 1) {
		*found = json_array_get(readers, 0);
		return STATUS_OK;
	}
	n = count_with_card(readers, found);
	if (n == 1)
		return STATUS_OK;
	if (n == 0)
		return ctl_complain(STATUS_NO_CARD,
		    "no card in any of the %zu readers",
		    json_array_size(readers));
	ctl_complain(STATUS_USAGE,
	    "%zu readers have a card: say which with --reader", n);
	name_readers(readers);
	return STATUS_USAGE;
}

enum status
ctl_target(struct ctl *ctl, struct target *t)
{
	json_t *answer, *readers, *found = NULL;
	enum status st;

	*t = (struct target){ NULL, 0, 0 };
	st = ctl_connect(ctl);
	if (st == STATUS_OK)
		st = ctl_list(ctl, &answer, &readers);
	if (st != STATUS_OK)
		return st;
	st = ctl->reader != NULL ? choose_named(readers, ctl->reader, &found) :
				   choose(readers, &found);
	if (st == STATUS_OK) {
		t->reader = json_incref(found);
		t->number = (int)get_int(found, "reader");
		t->slot = ctl->slot == SLOT_ANY ? 0 : ctl->slot;
	}
	json_decref(answer);
	return st;
}

void
target_fini(struct target *t)
{
	json_decref(t->reader);
	t->reader = NULL;
}

json_t *
target_request(const struct target *t, const char *cmd)
{
	return json_pack("{s:s, s:i, s:i}", "cmd", cmd, "reader", t->number,
	    "slot", t->slot);
}
