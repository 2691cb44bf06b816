/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/settings.h"

#include <stdarg.h>
#include <stdio.h>

#include "protocols/settings_keys.h"

void
settings_tell(struct settings_reading *rd, enum settings_weight weight,
    struct conf_pos at, const char *fmt, ...)
{
	char text[SETTINGS_LINE_MAX + 1];
	struct settings_problem p = { weight, at, text };
	va_list ap;

	rd->problems += weight != SETTINGS_NOTE;
	rd->errors += weight == SETTINGS_ERROR;
	if (rd->tell == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rd->tell(rd->arg, &p);
}

struct conf_pos
settings_place(const struct conf_node *n)
{
	return n->value.n != 0 ? n->value_at : n->name_at;
}

/* "NAME: expected WHAT, found 'VALUE'; it is left out" */
void
settings_expected(struct settings_reading *rd, const struct conf_node *n,
    const char *what)
{
	char name[CONF_QUOTE_MAX + 1], found[CONF_QUOTE_MAX + 1] = "nothing";

	conf_quote(name, sizeof(name), n->name);
	if (n->value.n != 0)
		conf_quote(found, sizeof(found), n->value);
	else if (n->is_group)
		snprintf(found, sizeof(found), "a group");
	settings_tell(rd, SETTINGS_ERROR, settings_place(n),
	    "%s: expected %s, found %s; "
	    "it is left out", name, what, found);
}

/* ---- values ---- */

static void
read_number(struct settings_reading *rd, const struct key *key,
    const struct conf_node *n, uint32_t *out)
{
	char what[64];
	uint32_t x;

	if (conf_number(n, &x) == ERR_OK && x >= key->min && x <= key->max) {
		*out = x;
		return;
	}
	if (key->max == UINT32_MAX)
		snprintf(what, sizeof(what), "a number%s", key->min != 0 ?
		    " above 0" : "");
	else
		snprintf(what, sizeof(what), "a number from %u to %u",
		    (unsigned)key->min, (unsigned)key->max);
	settings_expected(rd, n, what);
}

static void
read_time(struct settings_reading *rd, const struct key *key,
    const struct conf_node *n, uint32_t *out)
{
	if (conf_is(n->value, "never"))
		*out = key->min;
	else if (conf_number(n, out) != ERR_OK)
		settings_expected(rd, n, "a number of milliseconds, or never");
}

static void
read_word(struct settings_reading *rd, const struct key *key,
    const struct conf_node *n, char *dst)
{
	char what[64];

	if (n->value.n == 0)
		settings_expected(rd, n, "a value");
	else if (conf_string(n->value, dst, (size_t)key->max + 1) != ERR_OK) {
		snprintf(what, sizeof(what), "a word of at most %u bytes",
		    (unsigned)key->max);
		settings_expected(rd, n, what);
	}
}

static void
read_choice(struct settings_reading *rd, const struct key *key,
    const struct conf_node *n, uint32_t *out)
{
	char what[64] = "", *at = what;

	for (uint32_t i = 0; key->words[i] != NULL; i++) {
		if (conf_is(n->value, key->words[i])) {
			*out = i;
			return;
		}
		at += snprintf(at, (size_t)(what + sizeof(what) - at), "%s%s",
		    i == 0 ? "" : key->words[i + 1] != NULL ? ", " : " or ",
		    key->words[i]);
	}
	settings_expected(rd, n, what);
}

static void
read_words(struct settings_reading *rd, const struct key *key,
    const struct conf_node *n, const struct conf_node **out)
{
	const struct conf_node *item = NULL;

	if (n->value.n != 0 ? n->is_group : !n->is_group) {
		settings_expected(rd, n, "a list, { a, b, }");
		return;
	}
	while ((item = conf_next(n, item, NULL)) != NULL) {
		if (item->value.n != 0 || item->is_group)
			settings_expected(rd, item, "a word and a comma");
	}
	if (key->check != NULL)
		key->check(rd, n);
	*out = n;
}

/* Puts what a node says into the struct that its group fills. */
static void
read_key(struct settings_reading *rd, const struct key *key,
    const struct conf_node *n, void *target)
{
	void *p = (char *)target + key->at;

	switch (key->kind) {
	case KEY_SWITCH:
		if (conf_switch(n, p) != ERR_OK)
			settings_expected(rd, n, "yes or no");
		break;
	case KEY_NUMBER:
		read_number(rd, key, n, p);
		break;
	case KEY_TIME:
		read_time(rd, key, n, p);
		break;
	case KEY_WORD:
		read_word(rd, key, n, p);
		break;
	case KEY_CHOICE:
		read_choice(rd, key, n, p);
		break;
	case KEY_WORDS:
		read_words(rd, key, n, p);
		break;
	case KEY_GROUP:
		if (!n->is_group)
			settings_expected(rd, n, "{ }");
		else
			settings_group(rd, n, key->keys, target);
		break;
	case KEY_BLOCK:
		key->check(rd, n);
		break;
	case KEY_UNUSED:
		settings_tell(rd, SETTINGS_NOTE, n->name_at,
		    "%s has no effect: %s",
		    key->name, key->note);
		break;
	}
}

/* As with OpenCT, the first of several counts. */
static const struct conf_node *
said_before(const struct conf_node *group, const struct conf_node *n,
    const struct key *key)
{
	const struct conf_node *first = conf_next(group, NULL, key->name);

	return key->kind == KEY_BLOCK || first == n ? NULL : first;
}

void
settings_group(struct settings_reading *rd, const struct conf_node *group,
    const struct key *keys, void *target)
{
	for (const struct conf_node *n = group->child; n != NULL; n = n->next) {
		const struct key *key = settings_key(keys, n->name);
		const struct conf_node *first = NULL;

		if (key == NULL) {
			settings_unknown(rd, keys, n);
			continue;
		}
		first = said_before(group, n, key);
		if (first == NULL)
			read_key(rd, key, n, target);
		else
			settings_tell(rd, SETTINGS_WARNING, n->name_at,
			    "%s is said in "
			    "line %u already; this is left out", key->name,
			    (unsigned)first->name_at.line);
	}
}

/* ---- the file ---- */

void
settings_init(struct settings *s)
{
	*s = (struct settings){ .hotplug = true, .power_off_ms = 5000,
		.lock_ms = 60000, .start_ms = 5000, .openct = true,
		.pcsc = true, .control = true, .pcsc_readers = 16,
		.handler = SBINDIR "/ifdhandler" };
}

void
settings_read(struct settings *s, const struct conf_node *root,
    settings_tell_fn fn, void *arg)
{
	struct settings_reading rd = { .s = s, .tell = fn, .arg = arg };

	settings_init(s);
	s->root = root;
	if (root != NULL)
		settings_group(&rd, root, settings_keys, s);
	s->has_access = rd.has_access;
	s->access_is_bad = rd.access_is_bad;
	s->errors = rd.errors;
}
