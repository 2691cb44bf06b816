/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/path.h"

#include <stdio.h>
#include <stdlib.h>

enum err
path_in_socket_dir(char *dst, size_t cap, const char *name)
{
	const char *dir = secure_getenv("OPENCT_SOCKETDIR");
	int n;

	if (dir == NULL || dir[0] == '\0')
		dir = RUNDIR;
	n = snprintf(dst, cap, "%s/%s", dir, name);
	return n < 0 || (size_t)n >= cap ? ERR_TOO_LONG : ERR_OK;
}
