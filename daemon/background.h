/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_BACKGROUND_H
#define DAEMON_BACKGROUND_H

/* Life without a terminal, and the service manager's notice of it. */

#include "base/must_use.h"

/*
 * Forks twice and returns in the grandchild, with a descriptor for
 * background_ready; the first process waits for that and then exits 0, or 1
 * when the grandchild ends without it. -1 and errno on errors.
 */
int	background_enter(void) MUST_USE;

/*
 * Where standard error is the journal, its lines are given their priorities
 * (sd-daemon(3)); elsewhere nothing changes.
 */
void	background_log_to_journal(void);

/* From here on nothing goes to the terminal: logs go to syslog. */
void	background_ready(int fd);

/* Tells systemd ("READY=1") if it started us; does nothing else. */
void	background_notify(const char *state);

#endif
