/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_PRINT_H
#define TOOLS_PRINT_H

/*
 * Text and bytes on a terminal. Names come from devices, so no control
 * character of theirs gets out.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"

/* The columns that text takes, one for each UTF-8 character. */
size_t	text_width(const char *text);

/* The text, control characters as '?', filled up with blanks to width. */
void	print_text(FILE *, const char *text, size_t width);

/* "3b 80", without a newline; given as hex digits without blanks. */
void	print_hex_digits(FILE *, const char *digits);

/*
 * Rows of 16 bytes, each with its characters behind it; prefix starts the first
 * row, as many blanks the others. Nothing for no bytes.
 */
void	print_rows(FILE *, const char *prefix, struct view bytes);

/* One row of a dump: the first 16 bytes, filled up, and as characters. */
void	print_row(FILE *, struct view bytes);

/* Local time of day, "12:34:56.789", of a CLOCK_REALTIME in milliseconds. */
void	print_time(FILE *, uint64_t realtime_ms);

#endif
