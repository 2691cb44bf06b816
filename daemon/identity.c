/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/identity.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { NOBODY = 65534 };	/* also of the kernel, for what it cannot say */

static void
add_group(struct identity *id, gid_t gid)
{
	size_t n = strlen(id->groups);

	snprintf(id->groups + n, sizeof(id->groups) - n, "%s%lu",
	    n != 0 ? "," : "", (unsigned long)gid);
}

static void
look_up_groups(struct identity *id, const struct conf_node *list)
{
	const struct conf_node *at = NULL;
	char name[CONF_WORD_MAX + 1];
	unsigned n = 0;
	struct view word;

	while (settings_word(list, &at, &word)) {
		const struct group *g = NULL;

		if (conf_string(word, name, sizeof(name)) == ERR_OK)
			g = getgrnam(name);
		if (g != NULL && n++ < IDENTITY_GROUPS_MAX)
			add_group(id, g->gr_gid);
		else
			log_at(LOG_LEVEL_WARN, "ifdhandler", "group %.64s is "
			    "not known, or one too many: left out", name);
	}
}

static void
look_up_user(struct identity *id, const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (user == NULL)
		log_at(LOG_LEVEL_WARN, "ifdhandler", "there is no user %s: "
		    "handlers run as nobody", name);
	id->has_user = true;
	id->uid = user != NULL ? user->pw_uid : NOBODY;
	if (id->groups[0] == '\0')
		add_group(id, user != NULL ? user->pw_gid : NOBODY);
}

void
identity_look_up(struct identity *id, const struct settings *s)
{
	*id = (struct identity){ .has_user = false };
	if (s->user[0] == '\0' && s->groups == NULL)
		return;
	if (geteuid() != 0) {
		log_at(LOG_LEVEL_INFO, "ifdhandler", "user and groups have no "
		    "effect, as slotd is not root");
		return;
	}
	look_up_groups(id, s->groups);
	if (s->user[0] != '\0')
		look_up_user(id, s->user);
}
