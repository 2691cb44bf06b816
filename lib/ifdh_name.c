/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/ifdh_name.h"

#include <stdlib.h>

#include "lib/handle.h"

/* The length of the prefix; 0 when there is none. */
static size_t
prefix(const char *device)
{
	static const char *const prefixes[] = { "slotd:", "openct:" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t n = strlen(prefixes[i]);

		if (strncasecmp(device, prefixes[i], n) == 0)
			return n;
	}
	return 0;
}

enum err
ifdh_name_which(char *dst, size_t cap, const char *device)
{
	size_t n = strlen(device), skip;

	if (n >= 2 && (device[0] == '"' || device[0] == '\'') &&
	    device[n - 1] == device[0]) {
		device++;
		n -= 2;
	}
	skip = prefix(device);
	if (skip == 0 || skip > n)
		return ERR_ARG;
	if (n - skip >= cap)
		return ERR_TOO_LONG;
	memcpy(dst, device + skip, n - skip);
	dst[n - skip] = '\0';
	return ERR_OK;
}

/* How well a reader's name fits. */
enum fit { FIT_NONE, FIT_PART, FIT_WHOLE };

static enum fit
fit(const char *which, const char *name)
{
	if (strcasecmp(name, which) == 0)
		return FIT_WHOLE;
	return strcasestr(name, which) != NULL ? FIT_PART : FIT_NONE;
}

static enum err
find_by_name(const char *which, unsigned *reader, struct openct_record *record)
{
	enum fit best = FIT_NONE;
	unsigned n = 0;

	for (unsigned i = 0; i < OPENCT_READERS_MAX; i++) {
		struct openct_record r;
		enum err e = record_read(&r, i);
		enum fit f;

		if (e == ERR_NO_DAEMON)
			return e;
		f = e == ERR_OK ? fit(which, r.name) : FIT_NONE;
		if (f == FIT_NONE || f < best)
			continue;
		n = f > best ? 1 : n + 1;
		best = f;
		*reader = i;
		*record = r;
	}
	if (n == 0)
		return ERR_NO_READER;
	return n == 1 ? ERR_OK : ERR_ARG;
}

enum err
ifdh_name_find(const char *which, unsigned *reader,
    struct openct_record *record)
{
	if (*which == '\0' || which[strspn(which, "0123456789")] != '\0')
		return find_by_name(which, reader, record);
	if (strlen(which) > 2)
		return ERR_NO_READER;
	*reader = (unsigned)atoi(which);
	return record_read(record, *reader);
}
