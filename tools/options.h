/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

/* slotctl's options: one table, for reading them and for the help text. */

#include <stdint.h>
#include <stdio.h>

#include "tools/slotctl.h"

/* What the command line asks for besides the command itself. */
struct asked {
	uint32_t options;	/* OPTION_x that were given */
	bool help;
	bool version;
};

/*
 * Reads all options, before and after the command, into ctl; moves the other
 * arguments to the end of argv and sets *first to the first of them. On
 * STATUS_USAGE it has been said what is wrong.
 */
enum status	options_read(struct ctl *, struct asked *, int argc,
		    char **argv, int *first) MUST_USE;

/* A line for each option of the mask, and for those that always are. */
void		options_print(FILE *, uint32_t mask);

/* "--cold": the first option of the mask, for messages. */
const char	*options_name(uint32_t mask);

#endif
