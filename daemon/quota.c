/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/quota.h"

#include <stdlib.h>

struct quota_user {
	struct quota_user *next;
	uid_t uid;
	unsigned used;
};

void
quota_init(struct quota *q, unsigned max, unsigned per_uid)
{
	*q = (struct quota){ .max = max, .per_uid = per_uid };
}

void
quota_fini(struct quota *q)
{
	struct quota_user *u;

	while ((u = q->users) != NULL) {
		q->users = u->next;
		free(u);
	}
}

static struct quota_user *
user_of(struct quota *q, uid_t uid)
{
	struct quota_user *u;

	for (u = q->users; u != NULL; u = u->next) {
		if (u->uid == uid)
			return u;
	}
	u = calloc(1, sizeof(*u));
	if (u == NULL)
		return NULL;
	u->uid = uid;
	u->next = q->users;
	q->users = u;
	return u;
}

enum err
quota_enter(struct quota *q, uid_t uid)
{
	struct quota_user *u;

	if (q->used >= q->max)
		return ERR_QUOTA;
	u = user_of(q, uid);
	if (u == NULL)
		return ERR_MEMORY;
	if (u->used >= q->per_uid)
		return ERR_QUOTA;
	u->used++;
	q->used++;
	return ERR_OK;
}

void
quota_leave(struct quota *q, uid_t uid)
{
	struct quota_user **at, *u;

	for (at = &q->users; (u = *at) != NULL; at = &u->next) {
		if (u->uid != uid)
			continue;
		q->used--;
		q->told = false;
		if (--u->used == 0) {
			*at = u->next;
			free(u);
		}
		return;
	}
}
