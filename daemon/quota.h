/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_QUOTA_H
#define DAEMON_QUOTA_H

/* How much of something one user may have. */

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/must_use.h"
#include "daemon/peer.h"

/*
 * So much in all, and less for each, so that no user can use up what others
 * need.
 */
struct quota {
	unsigned used, max;
	unsigned per_uid;
	uint64_t told_ms;	/* of a refusal, in the log; 0: never */
	struct quota_user *users;
};

void		quota_init(struct quota *, unsigned max, unsigned per_uid);
/* Of connections; both are less where this process has few descriptors. */
void		quota_init_connections(struct quota *, unsigned max,
		    unsigned per_uid);
void		quota_fini(struct quota *);

/* ERR_QUOTA or ERR_MEMORY: refuse. quota_leave must follow a success. */
enum err	quota_enter(struct quota *, uid_t) MUST_USE;
void		quota_leave(struct quota *, uid_t);

/* Logs that this client is refused, of what, where; once a minute. */
void		quota_tell(struct quota *, const char *where,
		    const struct peer *, const char *what);

#endif
