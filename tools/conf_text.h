/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_CONF_TEXT_H
#define TOOLS_CONF_TEXT_H

/* A configuration file, read without slotd. */

#include "base/err.h"
#include "base/must_use.h"
#include "protocols/conf.h"
#include "protocols/settings.h"

struct conf_text {
	struct settings settings;
	uint8_t *text;
	struct conf_node *nodes;
	struct conf_error error;	/* ERR_FORMAT: what, and where */
};

/*
 * Reads a file and tells of each problem in it. ERR_SYSTEM (errno), ERR_FORMAT,
 * ERR_TOO_LONG, ERR_MEMORY. conf_text_fini always.
 */
enum err	conf_text_read(struct conf_text *, const char *file,
		    settings_tell_fn, void *arg) MUST_USE;
void		conf_text_fini(struct conf_text *);

#endif
