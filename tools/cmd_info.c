/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tools/print.h"
#include "tools/slotctl.h"

static void
label(const char *text)
{
	print_text(stdout, text, 14);
}

static void
line(const char *name, const char *text)
{
	if (*text == '\0')
		return;
	label(name);
	print_text(stdout, text, 0);
	putchar('\n');
}

static void
print_ids(const json_t *reader)
{
	long long version = get_int(reader, "bcd_device");

	if (get_int(reader, "vid") == 0)
		return;
	label("usb id");
	printf("%04llx:%04llx, version %llx.%02llx\n",
	    (long long)get_int(reader, "vid"),
	    (long long)get_int(reader, "pid"), version >> 8, version & 0xff);
}

static void
print_bytes(const char *name, json_int_t n)
{
	if (n == 0)
		return;
	label(name);
	printf("%lld bytes\n", (long long)n);
}

static void
print_protocols(const json_t *reader)
{
	const json_t *protocols = json_object_get(reader, "protocols");
	size_t i;
	json_t *name;

	if (json_array_size(protocols) == 0)
		return;
	label("protocols");
	json_array_foreach(protocols, i, name) {
		const char *text = json_string_value(name);

		fputs(i != 0 ? ", " : "", stdout);
		print_text(stdout, text != NULL ? text : "?", 0);
	}
	putchar('\n');
}

static void
print_abilities(const json_t *reader)
{
	bool display = get_true(reader, "display");
	bool keypad = get_true(reader, "keypad");

	if (display || keypad)
		line("has", !keypad ? "display" :
				!display ? "keypad" :
					   "display, keypad");
}

static void
print_slot(const json_t *slot)
{
	char name[32];
	const char *atr = get_string(slot, "atr");

	snprintf(name, sizeof(name), "slot %lld",
	    (long long)get_int(slot, "slot"));
	label(name);
	print_text(stdout, get_string(slot, "card"), 0);
	if (*atr != '\0') {
		fputs(", ", stdout);
		print_hex_digits(stdout, atr);
	}
	putchar('\n');
}

static void
print_info(const json_t *reader)
{
	json_t *slots = json_object_get(reader, "slots");
	char room[WHY_MAX];
	size_t i;
	json_t *slot;

	label("reader");
	printf("%lld\n", (long long)get_int(reader, "reader"));
	line("name", get_string(reader, "name"));
	line("state", get_string(reader, "state"));
	line("because", reader_why(reader, room));
	line("driver", get_string(reader, "driver"));
	line("device", get_string(reader, "device"));
	print_ids(reader);
	line("vendor", get_string(reader, "vendor"));
	line("product", get_string(reader, "product"));
	line("serial", get_string(reader, "serial"));
	line("interface", get_string(reader, "interface"));
	line("plan", get_string(reader, "plan"));
	print_bytes("longest APDU", get_int(reader, "max_apdu"));
	print_bytes("message", get_int(reader, "max_message"));
	if (get_int(reader, "features") != 0) {
		label("features");
		printf("0x%08llx\n", (long long)get_int(reader, "features"));
	}
	print_protocols(reader);
	print_abilities(reader);
	if (get_int(reader, "handler_pid") != 0) {
		label("handler");
		printf("process %lld\n",
		    (long long)get_int(reader, "handler_pid"));
	}
	json_array_foreach(slots, i, slot)
		print_slot(slot);
}

static enum status
show(struct ctl *ctl, int number)
{
	json_t *answer, *reader;
	enum status st = ctl_ask(ctl, json_pack("{s:s, s:i}", "cmd", "info",
	    "reader", number), &answer);

	if (st != STATUS_OK)
		return st;
	reader = json_object_get(answer, "reader");
	if (ctl->json)
		print_json(reader);
	else
		print_info(reader);
	json_decref(answer);
	return STATUS_OK;
}

static enum status
show_all(struct ctl *ctl)
{
	json_t *answer, *readers, *reader;
	enum status st = ctl_connect(ctl);
	size_t i;

	if (st == STATUS_OK)
		st = ctl_list(ctl, &answer, &readers);
	if (st != STATUS_OK)
		return st;
	if (json_array_size(readers) == 0)
		st = ctl_complain(STATUS_NO_READER, "no reader is plugged in");
	json_array_foreach(readers, i, reader) {
		if (i != 0 && !ctl->json)
			putchar('\n');
		st = show(ctl, (int)get_int(reader, "reader"));
		if (st != STATUS_OK)
			break;
	}
	json_decref(answer);
	return st;
}

static enum status
info(struct ctl *ctl)
{
	struct target t;
	enum status st;

	if (ctl->reader == NULL)
		return show_all(ctl);
	st = ctl_target(ctl, &t);
	if (st == STATUS_OK)
		st = show(ctl, t.number);
	target_fini(&t);
	return st;
}

const struct command cmd_info = {
	.name = "info",
	.args = "",
	.summary = "all that is known about a reader",
	.help = "What a reader says of itself and how slotd drives it: of all "
		"readers, or of the\n"
		"one that --reader names. With --json one object a line.\n",
	.options = OPTION_READER | OPTION_JSON,
	.max_args = 0,
	.run = info,
};
