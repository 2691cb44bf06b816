/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_MUST_USE_H
#define BASE_MUST_USE_H

/* The caller must look at the result. */
#define MUST_USE __attribute__((warn_unused_result))

/* Argument number fmt is a printf format, its arguments start at args. */
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
