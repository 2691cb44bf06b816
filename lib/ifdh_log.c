/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/ifdh_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

/* pcscd's own, which it lends to drivers. */
void	log_msg(int priority, const char *fmt, ...)
	    __attribute__((weak)) PRINTF_LIKE(2, 3);

void
ifdh_log(enum ifdh_log_level level, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (log_msg != NULL)
		log_msg((int)level, "openct-ifd: %s", line);
	else
		syslog(level == IFDH_LOG_ERROR ? LOG_ERR : LOG_INFO,
		    "openct-ifd: %s", line);
}
