/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/settings.h"

#include "protocols/ids.h"
#include "protocols/settings_keys.h"

/* ---- drivers ---- */

static void
check_id(struct settings_reading *rd, const struct conf_node *n,
    struct view word)
{
	char id[CONF_QUOTE_MAX + 1];

	conf_quote(id, sizeof(id), word);
	if (settings_is_id(word))
		return;
	if (word.n > 7 && memcmp(word.p, "pcmcia:", 7) == 0)
		settings_tell(rd, SETTINGS_NOTE, settings_place(n),
		    "%s has no effect: "
		    "slotd drives USB devices only", id);
	else
		settings_tell(rd, SETTINGS_ERROR, settings_place(n), "expected "
		    "usb:VVVV/PPPP, in hexadecimal, found %s; it is left out",
		    id);
}

bool
settings_is_id(struct view word)
{
	uint16_t vid, pid;

	return device_parse_usb_id(&vid, &pid, word);
}

void
settings_check_ids(struct settings_reading *rd, const struct conf_node *list)
{
	const struct conf_node *at = NULL;
	struct view word;

	while (settings_word(list, &at, &word))
		check_id(rd, at, word);
}

static bool
read_driver(struct settings_reading *rd, const struct conf_node *n,
    struct settings_driver *d)
{
	*d = (struct settings_driver){ .line = n->name_at.line };
	if (conf_string(n->value, d->name, sizeof(d->name)) != ERR_OK ||
	    n->value.n == 0 || !n->is_group) {
		settings_tell(rd, SETTINGS_ERROR, n->name_at,
		    "expected driver NAME "
		    "{ ids = { usb:VVVV/PPPP, ... }; }; it is left out");
		return false;
	}
	settings_group(rd, n, settings_driver_keys, d);
	return true;
}

/* OpenCT's drivers that slotd does not have. */
static bool
is_foreign_driver(const char *name)
{
	static const char *const names[] = {
		"acr30u", "b1", "cm4000", "gempc", "kaan", "phoenix",
		"smartboard", "smartmouse", "towitoko", "wbeiuu",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void
check_driver_name(struct settings_reading *rd, struct conf_pos at,
    const char *name)
{
	char quoted[CONF_QUOTE_MAX + 1];

	conf_quote(quoted, sizeof(quoted), view_str(name));
	if (is_foreign_driver(name))
		settings_tell(rd, SETTINGS_NOTE, at,
		    "slotd has no driver %s, which "
		    "OpenCT had", quoted);
	else if (!ids_has_driver(name))
		settings_tell(rd, SETTINGS_WARNING, at,
		    "slotd has no driver %s; "
		    "ifdhandler --list names those there are", quoted);
}

void
settings_check_driver(struct settings_reading *rd, const struct conf_node *n)
{
	struct settings_driver d;

	if (read_driver(rd, n, &d))
		check_driver_name(rd, n->value_at, d.name);
}

/* ---- readers ---- */

void
settings_reader_init(struct settings_reader *r, const struct settings *s)
{
	*r = (struct settings_reader){ .power_off_ms = s->power_off_ms,
		.escape = s->escape };
}

static struct conf_pos
place_of(const struct conf_node *group, const char *name)
{
	const struct conf_node *n = conf_next(group, NULL, name);

	return n != NULL ? settings_place(n) : group->name_at;
}

static bool
check_device(struct settings_reading *rd, const struct conf_node *n,
    struct settings_reader *r)
{
	struct conf_pos at = place_of(n, "device");
	const char *why;
	enum err e;

	if (r->device[0] == '\0') {
		settings_tell(rd, SETTINGS_ERROR, at,
		    "expected a device in this "
		    "reader, such as device = usb:046a/002d; the reader is "
		    "left out");
		return false;
	}
	e = device_parse(&r->where, view_str(r->device), &why);
	if (e == ERR_OK)
		return true;
	settings_tell(rd, e == ERR_UNSUPPORTED ? SETTINGS_WARNING :
	    SETTINGS_ERROR, at,
	    "%s; the reader is left out", why);
	return false;
}

/* Virtual readers have a driver of their own, which nothing else can have. */
static bool
check_driver(struct settings_reading *rd, const struct conf_node *n,
    struct settings_reader *r)
{
	bool is_virtual = r->where.kind == DEVICE_VPCD;

	if (is_virtual && r->driver[0] == '\0')
		memcpy(r->driver, "vpcd", sizeof("vpcd"));
	if (is_virtual == (strcmp(r->driver, "vpcd") == 0))
		return true;
	settings_tell(rd, SETTINGS_ERROR, place_of(n, "driver"), "the driver "
	    "vpcd is for device = vpcd:PORT, which has no other; the reader is "
	    "left out");
	return false;
}

/* What tells apart devices of one kind is for devices of one kind. */
static void
check_which(struct settings_reading *rd, const struct conf_node *n,
    const struct settings_reader *r, const char *name)
{
	if (r->where.kind == DEVICE_USB_ID || conf_next(n, NULL, name) == NULL)
		return;
	settings_tell(rd, SETTINGS_WARNING, place_of(n, name),
	    "%s has no effect: it "
	    "is for device = usb:VVVV/PPPP", name);
}

static bool
read_reader(struct settings_reading *rd, const struct conf_node *n,
    struct settings_reader *r)
{
	settings_reader_init(r, rd->s);
	r->line = n->name_at.line;
	if (!n->is_group) {
		settings_expected(rd, n, "reader NAME { device = DEVICE; }");
		return false;
	}
	if (conf_string(n->value, r->label, sizeof(r->label)) != ERR_OK)
		settings_expected(rd, n, "a shorter name of a reader");
	settings_group(rd, n, settings_reader_keys, r);
	return check_device(rd, n, r) && check_driver(rd, n, r);
}

/* Whatever device b is for, a is for, too. */
static bool
covers(const struct settings_reader *a, const struct settings_reader *b)
{
	return strcmp(a->device, b->device) == 0 &&
	    (a->where.kind != DEVICE_USB_ID ||
	    ((a->serial[0] == '\0' || strcmp(a->serial, b->serial) == 0) &&
	    (a->port[0] == '\0' || strcmp(a->port, b->port) == 0)));
}

/* The line of the block before n that its device belongs to, or 0. */
static uint32_t
owner_line(const struct settings *s, const struct conf_node *n,
    const struct settings_reader *r)
{
	struct settings_reading quiet = { .s = s };
	const struct conf_node *at = NULL;
	struct settings_reader first;

	while ((at = conf_next(s->root, at, "reader")) != NULL && at != n) {
		const struct conf_node *device = conf_next(at, NULL, "device");

		if (device != NULL && conf_is(device->value, r->device) &&
		    read_reader(&quiet, at, &first) && covers(&first, r))
			return first.line;
	}
	return 0;
}

void
settings_check_reader(struct settings_reading *rd, const struct conf_node *n)
{
	struct settings_reader r;
	uint32_t line;

	if (!read_reader(rd, n, &r))
		return;
	line = owner_line(rd->s, n, &r);
	if (line != 0)
		settings_tell(rd, SETTINGS_WARNING, place_of(n, "device"),
		    "the reader of line %u has this device already; this one "
		    "is left out", (unsigned)line);
	check_which(rd, n, &r, "serial");
	check_which(rd, n, &r, "port");
	if (r.driver[0] != '\0')
		check_driver_name(rd, place_of(n, "driver"), r.driver);
}

/* ---- access ---- */

static bool
is_label(const struct conf_node *root, struct view word)
{
	const struct conf_node *n = NULL;

	while ((n = conf_next(root, n, "reader")) != NULL) {
		if (view_eq(n->value, word))
			return true;
	}
	return false;
}

/* Devices that no block names can come by hotplug and openct-control. */
void
settings_check_readers(struct settings_reading *rd,
    const struct conf_node *list)
{
	const struct conf_node *at = NULL;
	char quoted[CONF_QUOTE_MAX + 1];
	struct device device;
	struct view word;
	const char *why;

	while (settings_word(list, &at, &word)) {
		if (is_label(rd->s->root, word) ||
		    device_parse(&device, word, &why) == ERR_OK)
			continue;
		conf_quote(quoted, sizeof(quoted), word);
		settings_tell(rd, SETTINGS_NOTE, settings_place(at),
		    "%s is neither the name of a reader block nor a device",
		    quoted);
	}
}

/* The bit of a dialect, or 0. */
static uint32_t
dialect_bit(struct view word)
{
	for (unsigned i = 0; settings_dialect_words[i] != NULL; i++) {
		if (conf_is(word, settings_dialect_words[i]))
			return 1u << i;
	}
	return 0;
}

bool
settings_is_dialect(struct view word)
{
	return dialect_bit(word) != 0;
}

void
settings_check_dialects(struct settings_reading *rd,
    const struct conf_node *list)
{
	const struct conf_node *at = NULL;
	char quoted[CONF_QUOTE_MAX + 1];
	struct view word;

	while (settings_word(list, &at, &word)) {
		conf_quote(quoted, sizeof(quoted), word);
		if (dialect_bit(word) == 0)
			settings_tell(rd, SETTINGS_ERROR, settings_place(at),
			    "expected "
			    "openct, pcsc or control, found %s", quoted);
	}
}

static uint32_t
dialects_of(const struct conf_node *list)
{
	const struct conf_node *at = NULL;
	struct view word;
	uint32_t mask = 0;

	if (list == NULL)
		return DIALECTS_ALL;
	while (settings_word(list, &at, &word))
		mask |= dialect_bit(word);
	return mask;
}

static bool
read_rule(struct settings_reading *rd, const struct conf_node *n,
    struct settings_rule *r)
{
	bool named;

	*r = (struct settings_rule){ .line = n->name_at.line };
	while (settings_rule_words[r->who] != NULL &&
	    !conf_is(n->name, settings_rule_words[r->who]))
		r->who++;
	if (settings_rule_words[r->who] == NULL)
		return false;		/* told of as an unknown name */
	named = r->who != RULE_OTHER;
	if (!n->is_group || (n->value.n != 0) != named ||
	    conf_string(n->value, r->name, sizeof(r->name)) != ERR_OK) {
		settings_tell(rd, SETTINGS_ERROR, n->name_at, "expected %s%s { "
		    "may = use; };", settings_rule_words[r->who],
		    named ? " NAME" : "");
		return false;
	}
	settings_group(rd, n, settings_rule_keys, r);
	r->dialects = dialects_of(r->dialect_list);
	return true;
}

void
settings_check_rule(struct settings_reading *rd, const struct conf_node *n)
{
	struct settings_rule r;

	if (read_rule(rd, n, &r) && conf_next(n, NULL, "may") == NULL)
		settings_tell(rd, SETTINGS_ERROR, n->name_at,
		    "expected may = nothing, "
		    "see, use or escape in this rule");
}

/* A rule that was mistyped must not let in whom it was to keep out. */
void
settings_check_access(struct settings_reading *rd, const struct conf_node *n)
{
	unsigned before = rd->problems;

	if (!n->is_group)
		settings_expected(rd, n, "{ }");
	else if (rd->has_access)
		settings_tell(rd, SETTINGS_ERROR, n->name_at,
		    "access is said already; all rules belong into one");
	else
		settings_group(rd, n, settings_access_keys, NULL);
	rd->has_access = true;
	if (rd->problems == before)
		return;
	rd->access_is_bad = true;
	settings_tell(rd, SETTINGS_ERROR, n->name_at,
	    "until access is without errors "
	    "nobody but root may use a reader");
}

/* The next node of that name in the whole file. */
static bool
next_block(const struct settings *s, const struct conf_node **at,
    const char *name)
{
	*at = s->root == NULL ? NULL : conf_next(s->root, *at, name);
	return *at != NULL;
}

bool
settings_next_reader(const struct settings *s, const struct conf_node **at,
    struct settings_reader *r)
{
	struct settings_reading quiet = { .s = s };

	while (next_block(s, at, "reader")) {
		if (read_reader(&quiet, *at, r) &&
		    owner_line(s, *at, r) == 0)
			return true;
	}
	return false;
}

bool
settings_next_driver(const struct settings *s, const struct conf_node **at,
    struct settings_driver *d)
{
	struct settings_reading quiet = { .s = s };

	while (next_block(s, at, "driver")) {
		if (read_driver(&quiet, *at, d))
			return true;
	}
	return false;
}

bool
settings_next_rule(const struct settings *s, const struct conf_node **at,
    struct settings_rule *r)
{
	struct settings_reading quiet = { .s = s };
	const struct conf_node *access = NULL;

	if (s->access_is_bad || !next_block(s, &access, "access"))
		return false;
	while ((*at = conf_next(access, *at, NULL)) != NULL) {
		if (read_rule(&quiet, *at, r))
			return true;
	}
	return false;
}

bool
settings_word(const struct conf_node *list, const struct conf_node **at,
    struct view *word)
{
	if (list == NULL || *at == list)
		return false;
	if (!list->is_group) {
		*at = list;
		*word = list->value;
		return list->value.n != 0;
	}
	*at = *at == NULL ? list->child : (*at)->next;
	if (*at == NULL)
		return false;
	*word = (*at)->name;
	return true;
}

/* ---- questions ---- */

static bool
lists_id(const struct conf_node *list, uint16_t vid, uint16_t pid)
{
	const struct conf_node *at = NULL;
	struct view word;
	uint16_t v, p;

	while (settings_word(list, &at, &word)) {
		if (device_parse_usb_id(&v, &p, word) && v == vid && p == pid)
			return true;
	}
	return false;
}

bool
settings_driver_of(const struct settings *s, uint16_t vid, uint16_t pid,
    char driver[SETTINGS_NAME_MAX + 1])
{
	const struct conf_node *at = NULL;
	struct settings_driver d;

	while (settings_next_driver(s, &at, &d)) {
		if (lists_id(d.ids, vid, pid)) {
			memcpy(driver, d.name, sizeof(d.name));
			return true;
		}
	}
	return false;
}

uint8_t
settings_block_size(const struct settings *s, const char *driver)
{
	const struct conf_node *at = NULL;
	struct settings_driver d;

	while (settings_next_driver(s, &at, &d)) {
		if (d.block_size != 0 && strcmp(d.name, driver) == 0)
			return (uint8_t)d.block_size;
	}
	return 0;
}

bool
settings_names_reader(const struct conf_node *list, const char *label,
    const char *device, uint16_t vid, uint16_t pid)
{
	const struct conf_node *at = NULL;
	struct view word;

	while (settings_word(list, &at, &word)) {
		if ((label[0] != '\0' && conf_is(word, label)) ||
		    conf_is(word, device))
			return true;
	}
	return (vid != 0 || pid != 0) && lists_id(list, vid, pid);
}
