/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/openct/logging.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/bytes.h"
#include "base/hex.h"
#include "lib/handle.h"

enum destination { DEST_DEFAULT, DEST_NOWHERE, DEST_STDERR, DEST_SYSLOG };

static atomic_int destination = DEST_DEFAULT;

void
ct_log_destination(const char *name)
{
	enum destination to = DEST_NOWHERE;

	if (name != NULL && strcmp(name, "@stderr") == 0)
		to = DEST_STDERR;
	if (name != NULL && strcmp(name, "@syslog") == 0)
		to = DEST_SYSLOG;
	atomic_store(&destination, to);
}

static void
log_to(enum destination to, int priority, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void
log_to(enum destination to, int priority, const char *fmt, va_list ap)
{
	char line[1024];

	vsnprintf(line, sizeof(line), fmt, ap);
	if (to == DEST_STDERR)
		fprintf(stderr, "%s\n", line);
	if (to == DEST_SYSLOG)
		syslog(priority, "%s", line);
}

void
ct_error(const char *fmt, ...)
{
	int to = atomic_load(&destination);
	va_list ap;

	va_start(ap, fmt);
	log_to(to == DEST_DEFAULT ? DEST_STDERR : (enum destination)to, LOG_ERR,
	    fmt, ap);
	va_end(ap);
}

void
ct_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_to((enum destination)atomic_load(&destination), LOG_DEBUG, fmt, ap);
	va_end(ap);
}

void
log_quiet(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_to((enum destination)atomic_load(&destination), LOG_WARNING, fmt, ap);
	va_end(ap);
}

const char *
ct_strerror(int number)
{
	return openct_error_text(number);
}

const char *
ct_hexdump(const void *data, size_t n)
{
	static _Thread_local char text[1024];

	return hex_from_bytes(text, sizeof(text),
	    (struct view){ data, data != NULL ? n : 0 }, ' ');
}
