/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/ctapi_port.h"

#include <stdlib.h>
#include <string.h>

#include "lib/terminal.h"

enum { FIRST = 1, EXACT = 0x8000 };

/* Whether a reader is the one that pattern names; NULL means any. */
static bool
matches(const char *pattern, unsigned reader, const char *name)
{
	char *end;
	unsigned long number;

	if (pattern == NULL || *pattern == '\0')
		return true;
	number = strtoul(pattern, &end, 10);
	if (*end == '\0')
		return number == reader;
	return strcasestr(name, pattern) != NULL;
}

static enum err
find_first(unsigned *reader, struct openct_record *record)
{
	const char *pattern = secure_getenv("CTAPI_READER");

	for (*reader = 0; *reader < OPENCT_READERS_MAX; ++*reader) {
		enum err e = record_read(record, *reader);

		if (e == ERR_NO_DAEMON)
			return e;
		if (e == ERR_OK && matches(pattern, *reader, record->name))
			return e;
	}
	return ERR_NO_READER;
}

int
port_find(uint16_t pn, unsigned *reader, struct openct_record *record)
{
	enum err e;

	daemon_await();
	if (pn <= FIRST) {
		e = find_first(reader, record);
	} else {
		*reader = (unsigned)(pn >= EXACT ? pn - EXACT : pn - 1);
		if (*reader >= OPENCT_READERS_MAX)
			return CTAPI_ERR_INVALID;
		e = record_read(record, *reader);
	}
	if (e == ERR_OK)
		return CTAPI_OK;
	return daemon_listens() ? CTAPI_ERR_INVALID : CTAPI_ERR_HTSI;
}
