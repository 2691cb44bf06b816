/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

/* The process has one log: its level and where it goes. */
static struct {
	enum log_level level;
	log_sink sink;
	void *arg;
} the_log = { LOG_LEVEL_NOTICE, NULL, NULL };

static const char *const words[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warning",
	[LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void
log_set_level(enum log_level level)
{
	the_log.level = level;
}

bool
log_is_on(enum log_level level)
{
	return level <= the_log.level;
}

void
log_set_sink(log_sink sink, void *arg)
{
	the_log.sink = sink;
	the_log.arg = arg;
}

/* The length of a valid UTF-8 sequence at p, 0 when there is none. */
static size_t
utf8_len(const unsigned char *p)
{
	size_t n = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 :
	    (p[0] & 0xf0) == 0xe0		? 3 :
	    p[0] >= 0xf0 && p[0] <= 0xf4	? 4 :
						  0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* U+0080..U+009F are control characters too */
	return n == 2 && p[0] == 0xc2 && p[1] < 0xa0 ? 0 : n;
}

static void
clean(char *line)
{
	for (unsigned char *p = (unsigned char *)line; *p != '\0';) {
		size_t n = *p >= 0x80 ? utf8_len(p) : 0;

		if (n != 0) {
			p += n;
			continue;
		}
		if (*p < 0x20 || *p >= 0x7f)
			*p = '?';
		p++;
	}
}

void
log_at(enum log_level level, const char *subject, const char *fmt, ...)
{
	char line[1000];
	size_t at = 0;
	va_list ap;

	if (!log_is_on(level))
		return;
	if (subject != NULL) {
		int n = snprintf(line, sizeof(line) / 2, "%s: ", subject);

		at = n < 0 ? 0 : strlen(line);
	}
	va_start(ap, fmt);
	vsnprintf(line + at, sizeof(line) - at, fmt, ap);
	va_end(ap);
	clean(line);
	if (the_log.sink != NULL)
		the_log.sink(the_log.arg, level, line);
	else
		fprintf(stderr, "%s: %s\n", words[level], line);
}
