/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static enum err
fill(int fd, uint8_t *text, size_t max, size_t *n)
{
	ssize_t got;

	*n = 0;
	do {
		got = read(fd, text + *n, max + 1 - *n);
		if (got > 0)
			*n += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		return ERR_SYSTEM;
	return *n > max ? ERR_TOO_LONG : ERR_OK;
}

enum err
file_read(const char *path, size_t max, uint8_t **text, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	enum err e = ERR_MEMORY;

	*text = NULL;
	if (fd < 0)
		return ERR_SYSTEM;
	*text = malloc(max + 1);
	if (*text != NULL)
		e = fill(fd, *text, max, n);
	saved = errno;
	close(fd);
	if (e != ERR_OK) {
		free(*text);
		*text = NULL;
	}
	errno = saved;
	return e;
}
