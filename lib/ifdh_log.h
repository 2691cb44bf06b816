/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_IFDH_LOG_H
#define LIB_IFDH_LOG_H

#include "base/must_use.h"

/* pcscd's levels. */
enum ifdh_log_level { IFDH_LOG_INFO = 1, IFDH_LOG_ERROR = 2 };

/* Writes a line to pcscd's log; to syslog in any other program. */
void	ifdh_log(enum ifdh_log_level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
