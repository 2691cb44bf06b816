/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_QUOTA_H
#define DAEMON_QUOTA_H

/* How much of something one user may have. */

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/must_use.h"

/*
 * How many connections there may be at once, over several listeners. One user
 * cannot use up what others need.
 */
struct quota {
	unsigned used, max;
	unsigned per_uid;
	bool told;		/* of a refusal, in the log; once while it is full */
	struct quota_user *users;
};

void		quota_init(struct quota *, unsigned max, unsigned per_uid);
void		quota_fini(struct quota *);
/* ERR_QUOTA or ERR_MEMORY: refuse. quota_leave must follow a success. */
enum err	quota_enter(struct quota *, uid_t) MUST_USE;
void		quota_leave(struct quota *, uid_t);

#endif
