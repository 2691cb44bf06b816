/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/quota.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	DESCRIPTORS = 5000,	/* for all connections, readers and files */
	SILENCE_MS = 60000,
};

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
quota_init_connections(struct quota *q, unsigned max, unsigned per_uid)
{
	struct rlimit have;
	unsigned n = DESCRIPTORS;

	if (getrlimit(RLIMIT_NOFILE, &have) == 0 && have.rlim_cur < n)
		n = (unsigned)have.rlim_cur;
	quota_init(q, max * n / DESCRIPTORS, per_uid * n / DESCRIPTORS);
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
		if (--u->used == 0) {
			*at = u->next;
			free(u);
		}
		return;
	}
}

void
quota_tell(struct quota *q, const char *where, const struct peer *peer,
    const char *what)
{
	uint64_t now_ms = clock_now_ms();
	char who[80];

	if (q->told_ms != 0 && now_ms - q->told_ms < SILENCE_MS)
		return;
	q->told_ms = now_ms;
	log_at(LOG_LEVEL_WARN, where, "%s is refused: a user may have %u %s, "
	    "all together %u", peer_text(who, sizeof(who), peer), q->per_uid,
	    what, q->max);
}
