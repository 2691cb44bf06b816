/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/ctapi_log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/must_use.h"
#include "lib/terminal.h"
#include "protocols/ctbcs.h"
#include "protocols/sw.h"

enum { TEXT_MAX = 512, STAMP_MAX = 32 };

static const struct {
	int rc;
	const char *text;
} results[] = {
	{ CTAPI_OK,		"done" },
	{ CTAPI_ERR_INVALID,	"invalid argument, no such port, or not open" },
	{ CTAPI_ERR_CT,		"another program has the reader" },
	{ CTAPI_ERR_TRANS,	"the reader was unplugged" },
	{ CTAPI_ERR_MEMORY,	"the answer does not fit, or no memory" },
	{ CTAPI_ERR_HOST,	"this user may not use the reader" },
	{ CTAPI_ERR_HTSI,	"slotd is not running" },
};

static const char *
result_text(int rc)
{
	size_t i = 0;

	while (i + 1 < sizeof(results) / sizeof(results[0]) &&
	    results[i].rc != rc)
		i++;
	return results[i].text;
}

/* "2026-11-23T02:00:00Z " */
static void
stamp(char *dst, size_t cap)
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(dst, cap, "%Y-%m-%dT%H:%M:%SZ ", &tm) == 0)
		*dst = '\0';
}

/* The file is opened for each line: nothing is left open between calls. */
static void
append(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY | O_NONBLOCK, 0600);
	char when[STAMP_MAX], text[STAMP_MAX + TEXT_MAX + 32];
	ssize_t n;

	if (fd < 0)
		return;
	stamp(when, sizeof(when));
	snprintf(text, sizeof(text), "%s[%ld] %s\n", when, (long)getpid(),
	    line);
	n = write(fd, text, strlen(text));	/* one write: lines stay whole */
	(void)n;
	close(fd);
}

static void
say(const char *fmt, ...)
	PRINTF_LIKE(1, 2);

static void
say(const char *fmt, ...)
{
	const char *to = secure_getenv("CTAPI_LOG");
	char line[TEXT_MAX];
	va_list ap;

	if (to == NULL || *to == '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (strcmp(to, "syslog") == 0)
		syslog(LOG_USER | LOG_INFO, "ctapi: %s", line);
	else
		append(to, line);
}

void
ctapi_log_init(uint16_t ctn, uint16_t pn, int rc, uint64_t took_ms)
{
	say("CT_init ctn %u port %u: %d, %s, %u ms", ctn, pn, rc,
	    result_text(rc), (unsigned)took_ms);
}

void
ctapi_log_close(uint16_t ctn, int rc)
{
	say("CT_close ctn %u: %d, %s", ctn, rc, result_text(rc));
}

/* A terminal's status words have one meaning; those of cards do not. */
static const char *
sw_words(uint8_t dad, uint16_t sw)
{
	const char *text = ctbcs_sw_text(sw);

	return text == NULL || (dad != CTAPI_CT && sw >> 8 != 0x64) ? "" : text;
}

void
ctapi_log_data(uint16_t ctn, uint8_t dad, const char *what, int rc,
    struct view answer, uint64_t took_ms)
{
	const char *words;
	uint16_t sw;

	if (rc != CTAPI_OK || answer.n < 2) {
		say("CT_data ctn %u to %u: %s: %d, %s, %u ms", ctn, dad, what,
		    rc, result_text(rc), (unsigned)took_ms);
		return;
	}
	sw = sw_of(answer);
	words = sw_words(dad, sw);
	say("CT_data ctn %u to %u: %s: %04x %s%s%zu bytes, %u ms", ctn, dad,
	    what, sw, words, *words != '\0' ? ", " : "", answer.n,
	    (unsigned)took_ms);
}
