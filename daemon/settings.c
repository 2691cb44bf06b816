/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "protocols/conf.h"

enum { BLOCK_MAX = 254 };	/* of T=1, ISO 7816-3 */

/* While a file is read: where the values go and where trouble is told. */
struct reading {
	struct settings *s;
	const char *file;
	char *error;
};

static enum err
bad(const struct reading *rd, struct conf_pos at, const char *text)
{
	snprintf(rd->error, SETTINGS_ERROR_MAX + 1, "%s:%u:%u: %s", rd->file,
	    at.line, at.column, text);
	return ERR_FORMAT;
}

static void
warn(const struct reading *rd, struct conf_pos at, const char *what,
    struct view word)
{
	log_at(LOG_LEVEL_WARN, rd->file, "%u:%u: %s: %.*s", at.line, at.column,
	    what, (int)word.n, (const char *)word.p);
}

/* Keys with one value. */
typedef enum err	(*key_fn)(const struct reading *,
			    const struct conf_node *);

static enum err
number(const struct reading *rd, const struct conf_node *n, uint32_t *out)
{
	if (conf_number(n, out) != ERR_OK)
		return bad(rd, n->value.n != 0 ? n->value_at : n->name_at,
		    "expected a number");
	return ERR_OK;
}

static enum err
on_off(const struct reading *rd, const struct conf_node *n, bool *out)
{
	if (conf_switch(n, out) != ERR_OK)
		return bad(rd, n->value.n != 0 ? n->value_at : n->name_at,
		    "expected yes or no");
	return ERR_OK;
}

static enum err
word(const struct reading *rd, const struct conf_node *n, char *dst, size_t cap)
{
	if (n->value.n == 0)
		return bad(rd, n->name_at, "expected a value for this name");
	if (conf_string(n->value, dst, cap) != ERR_OK)
		return bad(rd, n->value_at, "expected a shorter value");
	return ERR_OK;
}

static enum err
key_debug(const struct reading *rd, const struct conf_node *n)
{
	return number(rd, n, &rd->s->debug);
}

static enum err
key_hotplug(const struct reading *rd, const struct conf_node *n)
{
	return on_off(rd, n, &rd->s->hotplug);
}

static enum err
key_power_off(const struct reading *rd, const struct conf_node *n)
{
	if (conf_is(n->value, "never")) {
		rd->s->power_off_ms = UINT32_MAX;
		return ERR_OK;
	}
	return number(rd, n, &rd->s->power_off_ms);
}

static enum err
key_lock(const struct reading *rd, const struct conf_node *n)
{
	if (conf_is(n->value, "never")) {
		rd->s->lock_ms = 0;
		return ERR_OK;
	}
	return number(rd, n, &rd->s->lock_ms);
}

static enum err
key_pcsc(const struct reading *rd, const struct conf_node *n)
{
	return on_off(rd, n, &rd->s->pcsc);
}

static enum err
key_pcsc_readers(const struct reading *rd, const struct conf_node *n)
{
	enum err e = number(rd, n, &rd->s->pcsc_readers);

	if (e == ERR_OK && (rd->s->pcsc_readers == 0 ||
	    rd->s->pcsc_readers > SETTINGS_PCSC_READERS_MAX))
		return bad(rd, n->value_at, "expected a number from 1 to 256");
	return e;
}

static enum err
key_program(const struct reading *rd, const struct conf_node *n)
{
	return word(rd, n, rd->s->handler, sizeof(rd->s->handler));
}

static enum err
key_force_poll(const struct reading *rd, const struct conf_node *n)
{
	return on_off(rd, n, &rd->s->force_poll);
}

static enum err
key_user(const struct reading *rd, const struct conf_node *n)
{
	warn(rd, n->name_at, "slotd keeps the user it was started as", n->name);
	return ERR_OK;
}

/* Hexadecimal digits up to the end or to sep; *w moves behind them. */
static bool
hex_part(struct view *w, uint16_t *out)
{
	uint32_t x = 0;
	size_t i;

	for (i = 0; i < w->n && w->p[i] != '/'; i++) {
		uint8_t c = w->p[i];

		if (c >= '0' && c <= '9')
			x = x << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			x = x << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			return false;
		if (x > UINT16_MAX)
			return false;
	}
	*out = (uint16_t)x;
	*w = view_skip(*w, i + 1);
	return i != 0;
}

static bool
has_prefix(struct view w, const char *prefix)
{
	size_t n = strlen(prefix);

	return w.n >= n && memcmp(w.p, prefix, n) == 0;
}

/* "usb:046a/002d"; what may follow (the release) is not looked at. */
static enum err
add_id(const struct reading *rd, const char *driver, const struct conf_node *n)
{
	struct settings *s = rd->s;
	struct driver_id id = { .vid = 0 }, *grown;
	struct view w = n->name;

	if (!has_prefix(w, "usb:")) {
		warn(rd, n->name_at, "not a USB device, left out", w);
		return ERR_OK;
	}
	w = view_skip(w, 4);
	if (!hex_part(&w, &id.vid) || !hex_part(&w, &id.pid))
		return bad(rd, n->name_at,
		    "expected usb:VVVV/PPPP, in hexadecimal");
	snprintf(id.driver, sizeof(id.driver), "%s", driver);
	grown = reallocarray(s->ids, s->n_ids + 1, sizeof(*grown));
	if (grown == NULL)
		return bad(rd, n->name_at, "out of memory");
	s->ids = grown;
	s->ids[s->n_ids++] = id;
	return ERR_OK;
}

/* The first one counts. */
static enum err
add_block_size(const struct reading *rd, const char *driver,
    const struct conf_node *n)
{
	struct settings *s = rd->s;
	struct driver_options o = { .block_size = 0 }, *grown;
	uint32_t size;

	if (number(rd, n, &size) != ERR_OK || size < 1 || size > BLOCK_MAX)
		return bad(rd, n->value.n != 0 ? n->value_at : n->name_at,
		    "expected a number from 1 to 254");
	o.block_size = (uint8_t)size;
	snprintf(o.driver, sizeof(o.driver), "%s", driver);
	grown = reallocarray(s->options, s->n_options + 1, sizeof(*grown));
	if (grown == NULL)
		return bad(rd, n->name_at, "out of memory");
	s->options = grown;
	s->options[s->n_options++] = o;
	return ERR_OK;
}

static enum err
add_ids(const struct reading *rd, const char *driver, const struct conf_node *n)
{
	const struct conf_node *id = NULL;
	enum err e = ERR_OK;

	while (e == ERR_OK && (id = conf_next(n, id, NULL)) != NULL)
		e = add_id(rd, driver, id);
	return e;
}

static enum err
key_driver(const struct reading *rd, const struct conf_node *n)
{
	char driver[SETTINGS_NAME_MAX + 1];
	const struct conf_node *key;
	enum err e = word(rd, n, driver, sizeof(driver));

	for (key = n->child; e == ERR_OK && key != NULL; key = key->next) {
		if (conf_is(key->name, "ids"))
			e = add_ids(rd, driver, key);
		else if (conf_is(key->name, "block_size"))
			e = add_block_size(rd, driver, key);
		else
			warn(rd, key->name_at, "unknown name, left out",
			    key->name);
	}
	return e;
}

static enum err
add_reader(const struct reading *rd, const struct conf_node *n,
    const struct static_reader *r)
{
	struct settings *s = rd->s;
	struct static_reader *grown;

	grown = reallocarray(s->readers, s->n_readers + 1, sizeof(*grown));
	if (grown == NULL)
		return bad(rd, n->name_at, "out of memory");
	s->readers = grown;
	s->readers[s->n_readers++] = *r;
	return ERR_OK;
}

static enum err
check_device(const struct reading *rd, const struct conf_node *key, bool *known)
{
	if (!has_prefix(key->value, "usbip:")) {
		*known = false;
		warn(rd, key->value_at, "this kind of device is not supported, "
		    "the reader is left out", key->value);
		return ERR_OK;
	}
	if (memrchr(key->value.p, '/', key->value.n) == NULL)
		return bad(rd, key->value_at, "expected "
		    "usbip:HOST:PORT/BUSID or usbip:unix:PATH/BUSID");
	return ERR_OK;
}

static enum err
key_reader(const struct reading *rd, const struct conf_node *n)
{
	struct static_reader r = { .driver = "ccid" };
	const struct conf_node *key;
	bool known = true;
	enum err e = ERR_OK;

	for (key = n->child; e == ERR_OK && key != NULL; key = key->next) {
		if (conf_is(key->name, "driver")) {
			e = word(rd, key, r.driver, sizeof(r.driver));
		} else if (conf_is(key->name, "device")) {
			e = word(rd, key, r.device, sizeof(r.device));
			if (e == ERR_OK)
				e = check_device(rd, key, &known);
		} else {
			warn(rd, key->name_at, "unknown name, left out",
			    key->name);
		}
	}
	if (e != ERR_OK)
		return e;
	if (r.device[0] == '\0')
		return bad(rd, n->name_at, "expected a device in this reader");
	return known ? add_reader(rd, n, &r) : ERR_OK;
}

struct key {
	const char *name;
	key_fn read;		/* NULL: known to OpenCT, nothing to us */
	bool many;		/* every one counts, not only the first */
};

static enum err	key_ifdhandler(const struct reading *,
		    const struct conf_node *);

static const struct key top_keys[] = {
	{ "debug", key_debug, false },
	{ "hotplug", key_hotplug, false },
	{ "power_off_delay", key_power_off, false },
	{ "lock_timeout", key_lock, false },
	{ "pcsc", key_pcsc, false },
	{ "pcsc_readers", key_pcsc_readers, false },
	{ "ifdhandler", key_ifdhandler, true },
	{ "ifdproxy", NULL, true },
	{ "driver", key_driver, true },
	{ "reader", key_reader, true },
	{ NULL, NULL, false },
};

static const struct key handler_keys[] = {
	{ "program", key_program, false },
	{ "force_poll", key_force_poll, false },
	{ "user", key_user, false },
	{ "groups", key_user, false },
	{ NULL, NULL, false },
};

static const struct key *
find_key(const struct key *keys, struct view name)
{
	for (; keys->name != NULL; keys++) {
		if (conf_is(name, keys->name))
			return keys;
	}
	return NULL;
}

/* As OpenCT, the first of several counts. */
static bool
came_before(const struct conf_node *group, const struct conf_node *n,
    const struct key *key)
{
	return !key->many && conf_next(group, NULL, key->name) != n;
}

static enum err
read_group(const struct reading *rd, const struct conf_node *group,
    const struct key *keys)
{
	const struct conf_node *n;
	enum err e = ERR_OK;

	for (n = group->child; e == ERR_OK && n != NULL; n = n->next) {
		const struct key *key = find_key(keys, n->name);

		if (key == NULL)
			warn(rd, n->name_at, "unknown name, left out", n->name);
		else if (came_before(group, n, key))
			warn(rd, n->name_at, "said before, left out", n->name);
		else if (key->read != NULL)
			e = key->read(rd, n);
	}
	return e;
}

static enum err
key_ifdhandler(const struct reading *rd, const struct conf_node *n)
{
	return read_group(rd, n, handler_keys);
}

void
settings_init(struct settings *s)
{
	*s = (struct settings){ .hotplug = true, .power_off_ms = 5000,
		.lock_ms = 60000, .pcsc = true, .pcsc_readers = 16,
		.handler = SBINDIR "/ifdhandler" };
}

void
settings_fini(struct settings *s)
{
	free(s->ids);
	free(s->options);
	free(s->readers);
	*s = (struct settings){ .debug = 0 };
}

enum err
settings_parse(struct settings *s, struct view text, const char *file,
    char error[SETTINGS_ERROR_MAX + 1])
{
	struct reading rd = { s, file, error };
	size_t n = conf_nodes_max(text.n);
	struct conf_node *nodes = calloc(n, sizeof(*nodes));
	struct conf_error ce;
	enum err e;

	settings_init(s);
	if (nodes == NULL) {
		snprintf(error, SETTINGS_ERROR_MAX + 1, "%s: out of memory",
		    file);
		return ERR_MEMORY;
	}
	if (conf_parse(nodes, n, text, &ce) != ERR_OK)
		e = bad(&rd, ce.at, ce.text);
	else
		e = read_group(&rd, &nodes[0], top_keys);
	free(nodes);
	if (e != ERR_OK)
		settings_fini(s);
	return e;
}

/* *text is the caller's to free. */
static enum err
read_file(const char *file, uint8_t **text, size_t *n)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	*n = 0;
	*text = NULL;
	if (fd < 0)
		return errno == ENOENT ? ERR_OK : ERR_SYSTEM;
	*text = malloc(CONF_TEXT_MAX + 1);
	do {
		got = *text == NULL ? -1 :
		    read(fd, *text + *n, CONF_TEXT_MAX + 1 - *n);
		if (got > 0)
			*n += (size_t)got;
	} while (got > 0);
	close(fd);
	return got == 0 ? ERR_OK : ERR_SYSTEM;
}

enum err
settings_load(struct settings *s, const char *file,
    char error[SETTINGS_ERROR_MAX + 1])
{
	uint8_t *text;
	size_t n;
	enum err e = read_file(file, &text, &n);

	if (e != ERR_OK)
		snprintf(error, SETTINGS_ERROR_MAX + 1, "%s: %s", file,
		    strerror(errno));
	else
		e = settings_parse(s, (struct view){ text, n }, file, error);
	free(text);
	return e;
}

enum log_level
settings_log_level(const struct settings *s)
{
	enum { ROOM = LOG_LEVEL_DEBUG - LOG_LEVEL_NOTICE };

	return (enum log_level)(LOG_LEVEL_NOTICE +
	    (s->debug < ROOM ? s->debug : ROOM));
}

const char *
settings_driver(const struct settings *s, uint16_t vid, uint16_t pid)
{
	for (size_t i = 0; i < s->n_ids; i++) {
		if (s->ids[i].vid == vid && s->ids[i].pid == pid)
			return s->ids[i].driver;
	}
	return NULL;
}

uint8_t
settings_block_size(const struct settings *s, const char *driver)
{
	for (size_t i = 0; i < s->n_options; i++) {
		if (strcmp(s->options[i].driver, driver) == 0)
			return s->options[i].block_size;
	}
	return 0;
}
