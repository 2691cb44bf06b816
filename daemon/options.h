/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

/* slotd's command line. */

#include <stdbool.h>

#include "base/must_use.h"

struct options {
	bool foreground;
	bool no_udev;
	unsigned debug;			/* how often --debug was given */
	const char *config;
	bool config_named;		/* by --config: it must be there */
	const char *socket_dir;
	const char *handler;		/* NULL: as the configuration says */
};

enum options_next {
	OPTIONS_RUN,
	OPTIONS_EXIT_OK,		/* --help, --version: printed */
	OPTIONS_EXIT_USAGE,		/* wrong: said on standard error */
};

/* The strings point into argv or the environment. */
enum options_next	options_parse(struct options *, int argc, char **argv)
			    MUST_USE;

#endif
