/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_CTAPI_LOG_H
#define LIB_CTAPI_LOG_H

/*
 * What a program did and what came of it, one line a call, for people whose
 * program tells them too little. $CTAPI_LOG names a file (lines are added), or
 * is "syslog"; without it there is no log. Data of commands and answers never
 * get there: a command is its header and size, an answer its SW1 SW2 and size.
 */

#include <stdint.h>

#include "base/bytes.h"

void	ctapi_log_init(uint16_t ctn, uint16_t pn, int rc, uint64_t took_ms);
void	ctapi_log_close(uint16_t ctn, int rc);

/* what: apdu_describe's text, made before the answer could overwrite the
   command. answer is empty unless rc is CTAPI_OK. */
void	ctapi_log_data(uint16_t ctn, uint8_t dad, const char *what, int rc,
	    struct view answer, uint64_t took_ms);

#endif
