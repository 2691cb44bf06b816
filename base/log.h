/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/must_use.h"

/*
 * One line is one event. There is no way to print the bytes of an APDU here,
 * on purpose: describe it (header, size) instead.
 */
enum log_level {
	LOG_LEVEL_ERROR,	/* somebody must do something */
	LOG_LEVEL_WARN,		/* something does not work as it should */
	LOG_LEVEL_NOTICE,	/* what an administrator wants to see: default */
	LOG_LEVEL_INFO,		/* each card, each client */
	LOG_LEVEL_DEBUG,	/* each exchange */
};

/* Takes a finished line: no newline at its end, control characters replaced. */
typedef void	(*log_sink)(void *arg, enum log_level, const char *line);

/* Lines above this level are dropped. The default is LOG_LEVEL_NOTICE. */
void	log_set_level(enum log_level);

/* Whether lines of this level are written, for what is costly to say. */
bool	log_is_on(enum log_level);

/* Where lines go; NULL means standard error, with the level's word in front. */
void	log_set_sink(log_sink, void *arg);

/*
 * Writes one line, "SUBJECT: TEXT"; subject is the reader and slot, the client
 * or the file it is about, or NULL. Bytes below 0x20, 0x7f and above 0x7e that
 * are not part of valid UTF-8 come out as '?', so that no device or client can
 * forge a line. Cut at 1000 bytes.
 */
void	log_at(enum log_level, const char *subject, const char *fmt, ...)
	    PRINTF_LIKE(3, 4);

#endif
