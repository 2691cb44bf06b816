/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_CONF_FILE_H
#define DAEMON_CONF_FILE_H

/* openct.conf as slotd has it: the settings, and the text they borrow. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/log.h"
#include "base/must_use.h"
#include "protocols/conf.h"
#include "protocols/settings.h"

enum { CONF_FILE_ERROR_MAX = 1535 };	/* file name, place and text */

struct conf_file {
	struct settings settings;
	uint8_t *text;
	struct conf_node *nodes;
};

/* The values of an empty file. */
void		conf_file_init(struct conf_file *);
void		conf_file_fini(struct conf_file *);

/*
 * Reads a text, which is copied. What is wrong in it is logged with its place
 * and left out; the first error is also in error, "FILE:LINE:COLUMN: sentence",
 * else that is "". ERR_FORMAT when the text cannot be read at all, ERR_MEMORY;
 * then the file is that of an empty text.
 */
enum err	conf_file_parse(struct conf_file *, struct view text,
		    const char *file, char error[CONF_FILE_ERROR_MAX + 1])
		    MUST_USE;

/* The same for a file; one that is not there is an empty one. */
enum err	conf_file_load(struct conf_file *, const char *file,
		    char error[CONF_FILE_ERROR_MAX + 1]) MUST_USE;

/* How much is logged, by slotd and by its handlers. */
enum log_level	conf_file_log_level(const struct settings *);

#endif
