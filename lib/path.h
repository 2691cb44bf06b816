/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_PATH_H
#define LIB_PATH_H

#include <stddef.h>

#include "base/err.h"
#include "base/must_use.h"

/*
 * The path of a file in the socket directory: RUNDIR, or $OPENCT_SOCKETDIR but
 * in set-user-ID programs. ERR_TOO_LONG when it does not fit.
 */
enum err	path_in_socket_dir(char *dst, size_t cap,
		    const char *name) MUST_USE;

#endif
