/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_LISTEN_H
#define EMULATOR_LISTEN_H

#include <stddef.h>

#include "base/must_use.h"

/*
 * Binds and listens on "HOST:PORT", "[V6]:PORT" or "unix:PATH". A stale socket
 * file is replaced, a living one is not. Writes the real address (port 0 is
 * replaced by the one that was got) to name. Returns a non-blocking
 * descriptor or -1 with a text in why.
 */
int	listen_on(const char *address, char *name, size_t name_cap,
	    char *why, size_t why_cap) MUST_USE;

/* Connects to a Unix socket, blocking. -1 with errno. */
int	connect_unix(const char *path) MUST_USE;

/* Removes the file of a "unix:PATH" address; nothing for others. */
void	listen_forget(const char *address);

/* Accepts one connection, non-blocking, no delay; -1 when there is none. */
int	listen_accept(int fd) MUST_USE;

#endif
