/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tests/lib/ctapi_client.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

enum { ROOM = 4096 };

static const char *library;
static unsigned count, complaints;

struct library ct;

void
ct_load(const char *path)
{
	if (path != NULL)
		library = path;
	ct.handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (ct.handle == NULL) {
		printf("Bail out! %s\n", dlerror());
		exit(1);
	}
	*(void **)&ct.init = dlsym(ct.handle, "CT_init");
	*(void **)&ct.data = dlsym(ct.handle, "CT_data");
	*(void **)&ct.close = dlsym(ct.handle, "CT_close");
}

void
ct_unload(void)
{
	dlclose(ct.handle);
	ct = (struct library){ .handle = NULL };
}

void
complain(const char *fmt, ...)
{
	va_list ap;

	complaints++;
	fputs("# ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void
done(const char *what)
{
	printf("%sok %u - %s\n", complaints == 0 ? "" : "not ", ++count, what);
	fflush(stdout);
	complaints = 0;
}

void
have(const char *what)
{
	char line[64];

	printf("do %s\n", what);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(1);
}

bool
has_complained(void)
{
	return complaints != 0;
}

void
want(int got, int wanted, const char *what)
{
	if (got != wanted)
		complain("%s: %d, not %d", what, got, wanted);
}

static uint8_t answer[ROOM];
static uint16_t answer_n;

struct view
last_answer(void)
{
	return (struct view){ answer, answer_n };
}

/* For an answer of that size. */
static uint16_t
room_for(size_t n, enum room room)
{
	switch (room) {
	case ROOM_2_10_300:
		return n <= 2 ? 2 : n <= 10 ? 10 : 300;
	case ROOM_EXACT:
		return (uint16_t)n;
	default:
		return ROOM;
	}
}

static bool
matches(const char *pattern)
{
	char text[2 * ROOM + 1];
	size_t n = strlen(pattern), head = strcspn(pattern, ".");

	hex_from_bytes(text, sizeof(text), (struct view){ answer, answer_n }, 0);
	if (head == n)
		return strcmp(text, pattern) == 0;
	return strlen(text) >= n - 2 && strncmp(text, pattern, head) == 0 &&
	    strcmp(text + strlen(text) - 4, pattern + n - 4) == 0;
}

/* CT_data with a buffer of exactly that size, so that a sanitizer sees more. */
int
send_command(uint16_t ctn, uint8_t dad, const char *hex, uint16_t room)
{
	uint8_t command[300], sad = CTAPI_HOST, to = dad;
	uint8_t *buf = malloc(room);
	size_t n;
	int rc;

	if (buf == NULL || hex_to_bytes(command, sizeof(command), &n, hex) !=
	    ERR_OK)
		exit(1);
	answer_n = room;
	rc = ct.data(ctn, &to, &sad, (uint16_t)n, command, &answer_n, buf);
	if (rc == 0 && (to != CTAPI_HOST || (sad != dad && sad != CTAPI_CT)))
		complain("%s: answer from %u to %u", hex, sad, to);
	if (rc != 0 && (to != dad || sad != CTAPI_HOST || answer_n != room))
		complain("%s: %d, but something was changed", hex, rc);
	if (rc == 0)
		memcpy(answer, buf, answer_n);
	free(buf);
	return rc;
}

void
expect(uint16_t ctn, uint8_t dad, const char *command, const char *pattern,
    enum room room)
{
	char got[200];
	size_t n = strstr(pattern, "..") != NULL ? 300 : strlen(pattern) / 2;
	int rc = send_command(ctn, dad, command, room_for(n, room));

	if (rc != 0) {
		complain("%s: %d", command, rc);
		return;
	}
	if (!matches(pattern))
		complain("%s: %s, not %s", command, hex_from_bytes(got,
		    sizeof(got), (struct view){ answer, answer_n }, 0),
		    pattern);
}

void
talk(uint16_t ctn, const struct talk *t, enum room room)
{
	for (; t->command != NULL; t++)
		expect(ctn, t->dad, t->command, t->answer, room);
}
