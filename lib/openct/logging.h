/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OPENCT_LOGGING_H
#define OPENCT_LOGGING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* The text of a negative error number. Never NULL, never to be freed. */
const char *ct_strerror(int);

/*
 * Where messages go: "@stderr" or "@syslog"; anything else, nowhere. The
 * library itself says nothing until this is called.
 */
void ct_log_destination(const char *);

/* Writes a line, to standard error if no destination was ever named. */
void ct_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Writes a line, if a destination was named. */
void ct_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Bytes as hex, cut at 1023 characters; valid until the thread's next call. */
const char *ct_hexdump(const void *, size_t);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
