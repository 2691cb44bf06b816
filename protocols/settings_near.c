/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/settings_keys.h"

#include <stdio.h>

enum { NEAR_MAX = 2, NAME_MAX_SEEN = 32 };

/* How many letters must be put in, taken out or changed. */
static size_t
distance(struct view a, const char *b)
{
	size_t row[NAME_MAX_SEEN + 1], n = strlen(b);

	if (a.n > NAME_MAX_SEEN || n > NAME_MAX_SEEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; i < a.n; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t change = corner + (a.p[i] != (uint8_t)b[j]);
			size_t other = (row[j] < row[j + 1] ? row[j] :
			    row[j + 1]) + 1;

			corner = row[j + 1];
			row[j + 1] = change < other ? change : other;
		}
	}
	return row[n];
}

const struct key *
settings_key(const struct key *keys, struct view name)
{
	for (; keys->name != NULL; keys++) {
		if (conf_is(name, keys->name))
			return keys;
	}
	return NULL;
}

static const char *
nearest(const struct key *keys, struct view name)
{
	const char *found = NULL;
	size_t least = name.n / 2 < NEAR_MAX ? name.n / 2 : NEAR_MAX;

	for (; keys->name != NULL; keys++) {
		size_t d = distance(name, keys->name);

		if (d <= least && (found == NULL || d < least)) {
			found = keys->name;
			least = d;
		}
	}
	return found;
}

/* The group, in the whole file, that has a name of this spelling. */
static const char *
home_of(struct view name)
{
	for (const struct key *k = settings_keys; k->name != NULL; k++) {
		if (k->keys != NULL && settings_key(k->keys, name) != NULL)
			return k->name;
	}
	return NULL;
}

static void
list_names(char *dst, size_t cap, const struct key *keys)
{
	size_t n = 0;

	dst[0] = '\0';
	for (; keys->name != NULL && n < cap; keys++) {
		int k = snprintf(dst + n, cap - n, "%s%s", n != 0 ? ", " : "",
		    keys->name);

		n += k > 0 ? (size_t)k : cap;
	}
}

void
settings_unknown(struct settings_reading *rd, const struct key *keys,
    const struct conf_node *n)
{
	const char *near = nearest(keys, n->name), *home = home_of(n->name);
	char name[CONF_QUOTE_MAX + 1], names[256];

	conf_quote(name, sizeof(name), n->name);
	list_names(names, sizeof(names), keys);
	if (near != NULL)
		settings_tell(rd, SETTINGS_WARNING, n->name_at,
		    "%s is not known and "
		    "left out; is '%s' meant?", name, near);
	else if (keys != settings_keys && settings_key(settings_keys, n->name))
		settings_tell(rd, SETTINGS_WARNING, n->name_at,
		    "%s is not known here "
		    "and left out; it belongs outside of this group", name);
	else if (home != NULL)
		settings_tell(rd, SETTINGS_WARNING, n->name_at,
		    "%s is not known here "
		    "and left out; it belongs into %s { }", name, home);
	else
		settings_tell(rd, SETTINGS_WARNING, n->name_at,
		    "%s is not known and "
		    "left out; known here: %s", name, names);
}
