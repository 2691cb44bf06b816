/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_EXCHANGE_LOG_H
#define DAEMON_EXCHANGE_LOG_H

/*
 * Requests and their results in the log, at debug level. An APDU may hold a PIN
 * and a response what it protects: of the first its header and length are told,
 * of the second its length and status word.
 */

#include "daemon/session.h"

/* A request goes to the card; subject is the slot's, peer whose request it is. */
void	log_request(const char *subject, const struct peer *peer,
	    enum request_kind, struct view apdu);

void	log_result(const char *subject, enum request_kind,
	    const struct result *);

#endif
