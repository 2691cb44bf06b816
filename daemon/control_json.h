/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_CONTROL_JSON_H
#define DAEMON_CONTROL_JSON_H

/*
 * The objects of doc/control.md. Functions return an object the caller owns, or
 * NULL when memory is short; members of what is unknown are left out.
 */

#include <jansson.h>

#include "base/bytes.h"
#include "daemon/registry.h"
#include "daemon/slot.h"

/*
 * jansson's memory is wiped when it is freed, from now on, in this process: a
 * request may hold a PIN.
 */
void	control_json_init(void);

/* A reader; `full`: with the members of info. */
json_t	*control_json_reader(const struct reader *, bool full);

/* All readers that are there and that the peer may see, by number. */
json_t	*control_json_readers(const struct registry *, const struct peer *);

/* The slots of those that somebody uses, and by whom. */
json_t	*control_json_users(const struct registry *, const struct peer *);

/* What watchers are told; NULL also when it is nothing for them. */
json_t	*control_json_event(const struct change *);

/* Text that may not be UTF-8. */
json_t	*control_json_text(const char *);

/* Bytes as hex. */
json_t	*control_json_hex(struct view);

/* One line with its newline; free with control_json_free. NULL: memory. */
char	*control_json_line(const json_t *, size_t *n);
void	control_json_free(char *);

#endif
