/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/control_find.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/reader.h"

/* What is looked through, and by whom. */
struct scene {
	const struct registry *registry;
	const struct peer *peer;
};

static enum err refuse(struct control_target *, enum err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static enum err
refuse(struct control_target *t, enum err e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->text, sizeof(t->text), fmt, ap);
	va_end(ap);
	return e;
}

static bool
is_there(const struct reader *reader, const struct peer *peer)
{
	struct reader_status st;

	reader_status(reader, &st);
	return st.state != READER_ABSENT &&
	    reader_may(reader, peer, RIGHT_SEE);
}

static enum err
by_number(struct control_target *t, const struct scene *scene,
    json_int_t number)
{
	struct reader *r = NULL;

	if (number >= 0 && number <= 0xffff)
		r = registry_find(scene->registry, (unsigned)number);
	if (r == NULL)
		return refuse(t, ERR_NO_READER, "there is no reader %lld",
		    (long long)number);
	if (!is_there(r, scene->peer))
		return refuse(t, ERR_NO_READER, "reader %lld is not plugged in",
		    (long long)number);
	t->reader = r;
	return ERR_OK;
}

/* Takes the readers whose name fits; counts them. A NULL name fits all. */
static unsigned
match(struct control_target *t, const struct scene *scene,
    const char *name, bool whole)
{
	struct reader *r = NULL;
	struct reader_status st;
	unsigned n = 0;

	while ((r = registry_next(scene->registry, r)) != NULL) {
		reader_status(r, &st);
		if (!is_there(r, scene->peer))
			continue;
		if (name != NULL && (whole ? strcasecmp(st.name, name) != 0 :
		    strcasestr(st.name, name) == NULL))
			continue;
		t->reader = r;
		n++;
	}
	return n;
}

static enum err
by_name(struct control_target *t, const struct scene *scene,
    const char *name)
{
	unsigned n = match(t, scene, name, true);

	if (n == 0)
		n = match(t, scene, name, false);
	if (n == 0)
		return refuse(t, ERR_NO_READER, "no reader has \"%.80s\" in its "
		    "name", name);
	if (n > 1)
		return refuse(t, ERR_ARG, "%u readers have \"%.80s\" in their "
		    "name: give a number", n, name);
	return ERR_OK;
}

static enum err
the_only_one(struct control_target *t, const struct scene *scene)
{
	unsigned n = match(t, scene, NULL, false);

	if (n == 0)
		return refuse(t, ERR_NO_READER, "there is no reader");
	if (n > 1)
		return refuse(t, ERR_ARG, "there are %u readers: say which", n);
	return ERR_OK;
}

enum err
control_find_reader(struct control_target *t, const struct registry *registry,
    const struct peer *peer, const json_t *request)
{
	const struct scene scene = { registry, peer };
	const json_t *which = json_object_get(request, "reader");
	const char *name = json_string_value(which);

	*t = (struct control_target){ .reader = NULL };
	if (which == NULL)
		return the_only_one(t, &scene);
	if (json_is_integer(which))
		return by_number(t, &scene, json_integer_value(which));
	if (name == NULL || name[0] == '\0')
		return refuse(t, ERR_ARG, "reader: a number or a name is "
		    "expected");
	if (name[strspn(name, "0123456789")] == '\0' && strlen(name) < 10)
		return by_number(t, &scene, strtol(name, NULL, 10));
	return by_name(t, &scene, name);
}

enum err
control_find_slot(struct control_target *t, const struct registry *registry,
    const struct peer *peer, const json_t *request)
{
	enum err e = control_find_reader(t, registry, peer, request);
	const json_t *which = json_object_get(request, "slot");
	json_int_t index = json_integer_value(which);
	struct reader_status st;

	if (e != ERR_OK)
		return e;
	if (which != NULL && !json_is_integer(which))
		return refuse(t, ERR_ARG, "slot: a number is expected");
	reader_status(t->reader, &st);
	if (st.state == READER_STARTING)
		return refuse(t, ERR_BUSY, "reader %u is just starting",
		    st.number);
	if (st.state == READER_FAILED)
		return refuse(t, ERR_READER, "reader %u: %s", st.number, st.text);
	if (index < 0 || index >= st.slots)
		return refuse(t, ERR_NO_SLOT, "reader %u has %u slot%s",
		    st.number, st.slots, st.slots == 1 ? "" : "s");
	t->index = (unsigned)index;
	t->slot = reader_slot(t->reader, t->index);
	return ERR_OK;
}
