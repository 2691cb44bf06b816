/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_HANDLE_H
#define LIB_HANDLE_H

/* What libopenct's own files share behind its public headers. */

#include "lib/conn.h"
#include "lib/openct/openct.h"

struct ct_handle {
	struct conn conn;
	unsigned reader;
	uint32_t seen[OPENCT_SLOTS_MAX];	/* sequence number at the last
						   ct_card_status; conn.mutex */
};

/* Opens the status file; -1 and errno. */
int		status_open(void);

/* Connects to the control socket without waiting; -1 and errno, EAGAIN when too
   many do so at the moment. */
int		daemon_connect(void);

/*
 * Whether slotd is there. The status file cannot tell one without readers from
 * none, nor a process at its end from one that runs.
 */
bool		daemon_listens(void);

/*
 * Before readers are looked for: a slotd that only its socket starts, or that
 * starts just now, is waited for until it knows its readers, for ten seconds at
 * most. One that has run for a while, or is not there, costs next to nothing.
 */
void		daemon_await(void);

/*
 * Copies the record of a reader from the status file. ERR_NO_DAEMON without a
 * status file, ERR_NO_READER when there is no such reader or the process that
 * drove it has ended.
 */
enum err	record_read(struct openct_record *, unsigned reader) MUST_USE;

/* As ct_error, but says nothing while no destination was named. */
void		log_quiet(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
