/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/settings.h"

#include <stdarg.h>
#include <stdio.h>

#include "protocols/ids.h"
#include "protocols/settings_keys.h"

struct text {
	settings_line_fn fn;
	void *arg;
};

static void say(const struct text *, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
say(const struct text *t, const char *fmt, ...)
{
	char line[SETTINGS_LINE_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	t->fn(t->arg, line);
}

/* ---- as a file ---- */

static void
show_words(const struct text *t, const char *indent, const struct key *key,
    const struct conf_node *list)
{
	const struct conf_node *at = NULL;
	struct view word;

	if (list == NULL)
		return;
	say(t, "%s%s = {", indent, key->name);
	while (settings_word(list, &at, &word)) {
		if (key->is_word == NULL || key->is_word(word))
			say(t, "%s\t%.*s,", indent, (int)word.n,
			    (const char *)word.p);
	}
	say(t, "%s};", indent);
}

static void
show_number(const struct text *t, const char *indent, const struct key *key,
    uint32_t x)
{
	if (key->kind == KEY_TIME && x == key->min)
		say(t, "%s%s = never;", indent, key->name);
	else if (key->kind == KEY_TIME || (x >= key->min && x <= key->max))
		say(t, "%s%s = %u;", indent, key->name, (unsigned)x);
}

/* All names of a group that have a value of their own kind. */
static void
show_keys(const struct text *t, const char *indent, const struct key *key,
    const void *target)
{
	for (; key->name != NULL; key++) {
		const void *p = (const char *)target + key->at;

		if (key->kind == KEY_SWITCH)
			say(t, "%s%s = %s;", indent, key->name,
			    *(const bool *)p ? "yes" : "no");
		else if (key->kind == KEY_NUMBER || key->kind == KEY_TIME)
			show_number(t, indent, key, *(const uint32_t *)p);
		else if (key->kind == KEY_CHOICE)
			say(t, "%s%s = %s;", indent, key->name,
			    key->words[*(const uint32_t *)p]);
		else if (key->kind == KEY_WORDS)
			show_words(t, indent, key,
			    *(const struct conf_node *const *)p);
		else if (key->kind == KEY_WORD && *(const char *)p != '\0')
			say(t, "%s%s = %s;", indent, key->name,
			    (const char *)p);
	}
}

static void
show_access(const struct text *t, const struct settings *s)
{
	const struct conf_node *at = NULL;
	struct settings_rule r;

	if (!s->has_access)
		return;
	say(t, "access {");
	while (settings_next_rule(s, &at, &r)) {
		say(t, "\t%s%s%s {", settings_rule_words[r.who],
		    r.name[0] != '\0' ? " " : "", r.name);
		show_keys(t, "\t\t", settings_rule_keys, &r);
		say(t, "\t};");
	}
	say(t, "};");
}

void
settings_show(const struct settings *s, settings_line_fn fn, void *arg)
{
	const struct text t = { fn, arg };
	const struct conf_node *at = NULL;
	struct settings_driver d;
	struct settings_reader r;

	show_keys(&t, "", settings_keys, s);
	say(&t, "ifdhandler {");
	show_keys(&t, "\t", settings_key(settings_keys,
	    view_str("ifdhandler"))->keys, s);
	say(&t, "};");
	show_access(&t, s);
	while (settings_next_reader(s, &at, &r)) {
		say(&t, "reader%s%s {", r.label[0] != '\0' ? " " : "", r.label);
		show_keys(&t, "\t", settings_reader_keys, &r);
		say(&t, "};");
	}
	at = NULL;
	while (settings_next_driver(s, &at, &d)) {
		say(&t, "driver %s {", d.name);
		show_keys(&t, "\t", settings_driver_keys, &d);
		say(&t, "};");
	}
}

/* ---- in sentences ---- */

static void
place_text(char *dst, size_t cap, const struct settings_reader *r)
{
	const struct device *d = &r->where;
	const struct id_row *row = ids_find(d->vid, d->pid);

	if (d->kind == DEVICE_USB_NODE)
		snprintf(dst, cap, "the USB device %s", d->node);
	else if (d->kind == DEVICE_USBIP)
		snprintf(dst, cap, "the device %s of the USB/IP server %s%s%s",
		    d->busid, d->host, d->is_unix ? "" : " port ", d->port);
	else if (d->kind == DEVICE_VPCD)
		snprintf(dst, cap, "a virtual one of %u slot%s, %s %s port %s%s",
		    d->slots, d->slots == 1 ? "" : "s", d->connects ?
		    "for cards at" : "to which cards connect at", d->host,
		    d->port, d->slots == 1 ? "" : " and up");
	else
		snprintf(dst, cap, "a USB device %04x:%04x%s%s%s%s%s%s%s",
		    d->vid, d->pid, row != NULL ? " (" : "",
		    row != NULL ? row->device : "", row != NULL ? ")" : "",
		    r->serial[0] != '\0' ? " of serial number " : "",
		    r->serial, r->port[0] != '\0' ? " at port " : "", r->port);
}

static const char *
driver_text(const struct settings_reader *r)
{
	if (r->driver[0] != '\0')
		return r->driver;
	return r->where.kind == DEVICE_USB_ID ? "its usual driver" : "ccid";
}

static void
explain_reader(const struct text *t, const struct settings_reader *r)
{
	char place[512], speed[48] = "", off[64];

	place_text(place, sizeof(place), r);
	if (r->max_speed != 0)
		snprintf(speed, sizeof(speed), ", at most %u bit/s",
		    (unsigned)r->max_speed);
	if (r->power_off_ms == SETTINGS_NEVER)
		snprintf(off, sizeof(off), "cards stay powered");
	else
		snprintf(off, sizeof(off), "cards are powered off after %u ms "
		    "without use", (unsigned)r->power_off_ms);
	say(t, "line %u: reader%s%s is %s, driven by %s%s%s%s; %s%s",
	    (unsigned)r->line, r->label[0] != '\0' ? " " : "", r->label,
	    place, driver_text(r), r->name[0] != '\0' ? ", called " : "",
	    r->name, speed, off,
	    r->escape ? "; escape commands are let through" : "");
}

/* What an id changes, against what slotd knows without it. */
static void
explain_id(const struct text *t, const struct settings_driver *d,
    struct view word)
{
	uint16_t vid, pid;
	const struct id_row *row;

	if (!device_parse_usb_id(&vid, &pid, word))
		return;
	row = ids_find(vid, pid);
	if (row == NULL)
		say(t, "line %u: driver %s drives usb:%04x/%04x, for which "
		    "slotd has no row of its own", (unsigned)d->line, d->name,
		    vid, pid);
	else if (strcmp(row->driver, d->name) != 0)
		say(t, "line %u: driver %s drives usb:%04x/%04x (%s) instead "
		    "of %s", (unsigned)d->line, d->name, vid, pid, row->device,
		    row->driver);
}

static void
explain_driver(const struct text *t, const struct settings_driver *d)
{
	const struct conf_node *at = NULL;
	struct view word;
	unsigned n = 0;

	while (settings_word(d->ids, &at, &word))
		n++;
	if (n != 0)
		say(t, "line %u: driver %s is for %u device%s",
		    (unsigned)d->line, d->name, n, n == 1 ? "" : "s");
	at = NULL;
	while (settings_word(d->ids, &at, &word))
		explain_id(t, d, word);
	if (d->block_size != 0)
		say(t, "line %u: driver %s tries T=1 blocks of up to %u bytes",
		    (unsigned)d->line, d->name, (unsigned)d->block_size);
}

static void
join(char *dst, size_t cap, const struct conf_node *list)
{
	const struct conf_node *at = NULL;
	struct view word;
	size_t n = 0;

	dst[0] = '\0';
	while (n < cap && settings_word(list, &at, &word)) {
		int k = snprintf(dst + n, cap - n, "%s%.*s", n != 0 ? ", " : "",
		    (int)word.n, (const char *)word.p);

		n += k > 0 ? (size_t)k : cap;
	}
}

static void
explain_rule(const struct text *t, const struct settings_rule *r)
{
	static const char *const whom[] = {
		"user ", "group ", "everybody else",
	};
	static const char *const may[] = {
		"may not see", "may see, not use,", "may use",
		"may use and send escape commands to",
	};
	char readers[256], dialects[64];

	join(readers, sizeof(readers), r->readers);
	join(dialects, sizeof(dialects), r->dialect_list);
	say(t, "line %u: %s%s %s %s%s%s%s", (unsigned)r->line, whom[r->who],
	    r->name, may[r->right], r->readers != NULL ? "the readers " :
	    "all readers", readers, r->dialect_list != NULL ? ", through " : "",
	    dialects);
}

void
settings_explain(const struct settings *s, settings_line_fn fn, void *arg)
{
	const struct text t = { fn, arg };
	const struct conf_node *at = NULL;
	struct settings_reader reader;
	struct settings_driver driver;
	struct settings_rule rule;

	while (settings_next_reader(s, &at, &reader))
		explain_reader(&t, &reader);
	at = NULL;
	while (settings_next_driver(s, &at, &driver))
		explain_driver(&t, &driver);
	at = NULL;
	while (settings_next_rule(s, &at, &rule))
		explain_rule(&t, &rule);
	if (!s->has_access)
		say(&t, "no access block: all users may use all readers");
	else
		say(&t, "access: whom no rule names may not see a reader; root "
		    "may do everything");
}
