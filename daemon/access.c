/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

struct rule {
	struct settings_rule text;
	bool known;		/* id is that of the user or group */
	id_t id;
};

struct access {
	bool all;		/* no block: everybody may do everything */
	uid_t self;
	struct rule *rules;
	size_t n;
};

/* A number, or else what the system calls it. */
static bool
look_up(id_t *id, enum rule_for who, const char *name)
{
	const struct passwd *user = NULL;
	const struct group *group = NULL;
	char *end;
	unsigned long x;

	errno = 0;
	x = strtoul(name, &end, 10);
	if (name[0] >= '0' && name[0] <= '9' && *end == '\0') {
		*id = (id_t)x;
		return errno == 0 && *id == x;
	}
	if (who == RULE_USER)
		user = getpwnam(name);
	else
		group = getgrnam(name);
	if (user != NULL)
		*id = user->pw_uid;
	else if (group != NULL)
		*id = group->gr_gid;
	return user != NULL || group != NULL;
}

static bool
add_rule(struct access *a, const struct settings_rule *text)
{
	struct rule *grown = reallocarray(a->rules, a->n + 1, sizeof(*grown));
	struct rule *r;

	if (grown == NULL)
		return false;
	a->rules = grown;
	r = &a->rules[a->n++];
	*r = (struct rule){ .text = *text };
	r->known = text->who == RULE_OTHER ||
	    look_up(&r->id, text->who, text->name);
	if (!r->known)
		log_at(LOG_LEVEL_WARN, "access", "line %u: there is no %s %s "
		    "on this computer", (unsigned)text->line,
		    text->who == RULE_USER ? "user" : "group", text->name);
	return true;
}

struct access *
access_new(const struct settings *s)
{
	struct access *a = calloc(1, sizeof(*a));
	const struct conf_node *at = NULL;
	struct settings_rule text;

	if (a == NULL)
		return NULL;
	a->all = !s->has_access;
	a->self = geteuid();
	while (settings_next_rule(s, &at, &text)) {
		if (!add_rule(a, &text)) {
			access_free(a);
			return NULL;
		}
	}
	return a;
}

void
access_free(struct access *a)
{
	if (a == NULL)
		return;
	free(a->rules);
	free(a);
}

/*
 * A process in more groups than a peer has room for is not believed to be out
 * of a group that is to be kept out.
 */
static bool
is_member(const struct peer *p, gid_t group, uint32_t right)
{
	if (p->gid == group || (p->more_groups && right == RIGHT_NOTHING))
		return true;
	for (unsigned i = 0; i < p->n_groups; i++) {
		if (p->groups[i] == group)
			return true;
	}
	return false;
}

static bool
is_for(const struct rule *r, const struct peer *p)
{
	uint32_t dialect = p != NULL ? p->dialect : DIALECT_OPENCT;

	if (!r->known || (r->text.dialects & dialect) == 0)
		return false;
	if (r->text.who == RULE_OTHER)
		return true;
	if (p == NULL)		/* is anybody kept out? */
		return r->text.right == RIGHT_NOTHING;
	return r->text.who == RULE_USER ? p->uid == r->id :
	    is_member(p, r->id, r->text.right);
}

enum right
access_right(const struct access *a, const struct peer *p,
    const struct access_reader *reader)
{
	if (p != NULL && (p->uid == 0 || (a != NULL && p->uid == a->self)))
		return RIGHT_ESCAPE;
	if (a == NULL)
		return RIGHT_NOTHING;
	if (a->all)
		return RIGHT_ESCAPE;
	for (size_t i = 0; i < a->n; i++) {
		const struct rule *r = &a->rules[i];

		if (is_for(r, p) && (r->text.readers == NULL ||
		    settings_names_reader(r->text.readers, reader->label,
		    reader->device, reader->vid, reader->pid)))
			return (enum right)r->text.right;
	}
	return RIGHT_NOTHING;
}
