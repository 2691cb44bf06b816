/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_ACCESS_H
#define DAEMON_ACCESS_H

/*
 * Who may use which reader: the access block of openct.conf, with the names of
 * users and groups looked up. Decisions are made from what the kernel says of a
 * socket's other end, and from nothing else.
 */

#include <stdint.h>

#include "base/must_use.h"
#include "daemon/peer.h"
#include "protocols/settings.h"

struct access;

/* What rules call a reader by. */
struct access_reader {
	const char *label;	/* of its reader block, or "" */
	const char *device;
	uint16_t vid, pid;	/* 0: not known */
};

/*
 * Looks the names up, which may take its time where they are not in files;
 * those nobody knows are logged. The settings are borrowed. NULL: memory.
 */
struct access	*access_new(const struct settings *) MUST_USE;
void		access_free(struct access *);

/*
 * What the peer may do. A NULL peer is anybody, through OpenCT's dialect; NULL
 * access is that of an access block with a mistake.
 */
enum right	access_right(const struct access *, const struct peer *,
		    const struct access_reader *);

#endif
