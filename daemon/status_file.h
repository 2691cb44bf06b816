/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_STATUS_FILE_H
#define DAEMON_STATUS_FILE_H

/*
 * DIR/status, which programs map into memory to see readers and cards. One file
 * serves for ever: it is rewritten in place, never replaced, never shortened,
 * for programs that mapped it would go on reading the old one, or crash.
 */

#include "base/err.h"
#include "base/must_use.h"
#include "protocols/openct_wire.h"

struct status_file;

/* Opens or creates it (mode 0644), with no readers. ERR_SYSTEM (errno). */
enum err	status_file_open(struct status_file **, const char *path) MUST_USE;

/* Takes all readers out of the file and leaves it. NULL is fine. */
void		status_file_close(struct status_file *);

/*
 * Writes one record, index below OPENCT_READERS_MAX; NULL takes the reader out.
 * A program never sees a new pid with an old name. Failures are logged.
 */
void		status_file_set(struct status_file *, unsigned index,
		    const struct openct_record *);

#endif
