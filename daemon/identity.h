/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_IDENTITY_H
#define DAEMON_IDENTITY_H

/* Who the handlers run as: ifdhandler.user and .groups of openct.conf. */

#include <stdbool.h>
#include <sys/types.h>

#include "protocols/settings.h"

enum { IDENTITY_GROUPS_MAX = 16, IDENTITY_TEXT_MAX = 16 * 11 };

struct identity {
	bool has_user;
	uid_t uid;
	/* "6,20": the first is the main one; "" where there is nothing to be
	   changed. With a user there is one at least. */
	char groups[IDENTITY_TEXT_MAX + 1];
};

/*
 * Looks the names up. Only root can be somebody else: for others this is logged
 * once it is asked for, and nothing changes. A user that nobody knows is nobody
 * (65534).
 */
void		identity_look_up(struct identity *, const struct settings *);

#endif
