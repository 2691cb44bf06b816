/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_FILE_H
#define BASE_FILE_H

/* Small files as a whole. */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/must_use.h"

/*
 * Reads a file of at most max bytes. *text is the caller's to free. ERR_SYSTEM
 * (errno), ERR_TOO_LONG, ERR_MEMORY; then there is nothing to free.
 */
enum err	file_read(const char *path, size_t max, uint8_t **text,
		    size_t *n) MUST_USE;

#endif
