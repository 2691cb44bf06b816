/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/control_client.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/secret_block.h"

enum { LINE_MAX_BYTES = 262144, WHY_MAX = 512 };

struct control {
	const char *dir;
	int fd;
	json_int_t last_id;
	size_t n;			/* bytes in line */
	char why[WHY_MAX];
	char line[LINE_MAX_BYTES];	/* read, not yet taken */
};

void
control_wipe_json(void)
{
	json_set_alloc_funcs(secret_block_new, secret_block_free);
}

struct control *
control_new(const char *dir)
{
	struct control *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->dir = dir;
	c->fd = -1;
	return c;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0)
		close(c->fd);
	secret_wipe(c, sizeof(*c));
	free(c);
}

const char *
control_why(const struct control *c)
{
	return c->why;
}

static enum err PRINTF_LIKE(3, 4)
fail(struct control *c, enum err err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	return err;
}

/* Who may use the socket: the name of its group, or of the directory's. */
static enum err
denied(struct control *c, const char *path)
{
	const struct group *group = NULL;
	struct stat st;

	if (stat(path, &st) == 0 || stat(c->dir, &st) == 0)
		group = getgrgid(st.st_gid);
	if (group == NULL || st.st_gid == 0)
		return fail(c, ERR_DENIED, "%s: permission denied; an "
		    "administrator can let you in", path);
	return fail(c, ERR_DENIED,
	    "%s: permission denied; it is for members of group %s (an "
	    "administrator can add you: adduser USER %s)", path,
	    group->gr_name, group->gr_name);
}

static enum err
connect_failed(struct control *c, const char *path, int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return fail(c, ERR_NO_DAEMON, "slotd is not running (no %s)",
		    path);
	case ECONNREFUSED:
		return fail(c, ERR_NO_DAEMON,
		    "slotd is not running (nobody answers at %s)", path);
	case EACCES:
	case EPERM:
		return denied(c, path);
	default:
		return fail(c, ERR_SYSTEM, "%s: %s", path, strerror(error));
	}
}

enum err
control_connect(struct control *c)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int n = snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/control",
	    c->dir);

	if (n < 0 || (size_t)n >= sizeof(sun.sun_path))
		return fail(c, ERR_TOO_LONG,
		    "%s/control: longer than a socket's name may be (%zu bytes)",
		    c->dir, sizeof(sun.sun_path) - 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return fail(c, ERR_SYSTEM, "socket: %s", strerror(errno));
	if (connect(c->fd, (const struct sockaddr *)&sun, sizeof(sun)) != 0)
		return connect_failed(c, sun.sun_path, errno);
	return ERR_OK;
}

static enum err
closed(struct control *c)
{
	return fail(c, ERR_CLOSED, "slotd closed the connection");
}

static enum err
send_all(struct control *c, const char *p, size_t n)
{
	while (n != 0) {
		ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return closed(c);
		if (sent < 0)
			return fail(c, ERR_SYSTEM, "send: %s", strerror(errno));
		p += sent;
		n -= (size_t)sent;
	}
	return ERR_OK;
}

/* Until there is something to read. */
static enum err
wait_readable(struct control *c, uint64_t until_ms)
{
	for (;;) {
		struct pollfd p = { .fd = c->fd, .events = POLLIN };
		uint64_t now = clock_now_ms();
		uint64_t left = until_ms > now ? until_ms - now : 0;
		int ms = left > 3600000 ? 3600000 : (int)left;
		int ready = poll(&p, 1, ms);

		if (ready > 0)
			return ERR_OK;
		if (ready < 0 && errno != EINTR)
			return fail(c, ERR_SYSTEM, "poll: %s", strerror(errno));
		if (ready == 0 && (uint64_t)ms == left)
			return fail(c, ERR_TIMEOUT, "%s", err_text(ERR_TIMEOUT));
	}
}

static enum err
read_more(struct control *c, uint64_t until_ms)
{
	ssize_t got;
	enum err err;

	if (c->n == sizeof(c->line))
		return fail(c, ERR_FORMAT,
		    "slotd sent a line of more than %d bytes", LINE_MAX_BYTES);
	err = wait_readable(c, until_ms);
	if (err != ERR_OK)
		return err;
	got = read(c->fd, c->line + c->n, sizeof(c->line) - c->n);
	if (got < 0 && errno != ECONNRESET)
		return fail(c, ERR_SYSTEM, "read: %s", strerror(errno));
	if (got <= 0)
		return closed(c);
	c->n += (size_t)got;
	return ERR_OK;
}

/* Takes the first n bytes out of the buffer, and leaves none of them behind. */
static void
drop(struct control *c, size_t n)
{
	memmove(c->line, c->line + n, c->n - n);
	c->n -= n;
	secret_wipe(c->line + c->n, n);
}

static enum err
next_object(struct control *c, uint64_t until_ms, json_t **object)
{
	size_t seen = 0;
	char *end;

	while ((end = memchr(c->line + seen, '\n', c->n - seen)) == NULL) {
		enum err err;

		seen = c->n;
		err = read_more(c, until_ms);
		if (err != ERR_OK)
			return err;
	}
	*object = json_loadb(c->line, (size_t)(end - c->line), 0, NULL);
	drop(c, (size_t)(end + 1 - c->line));
	if (json_is_object(*object))
		return ERR_OK;
	json_decref(*object);
	*object = NULL;
	return fail(c, ERR_FORMAT, "slotd sent a line that is no JSON object");
}

static enum err
send_request(struct control *c, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t n;
	enum err err;

	if (text == NULL)
		return fail(c, ERR_FORMAT, "the request is no valid UTF-8");
	n = strlen(text);
	text[n] = '\n';		/* in place of the NUL: one line, one write */
	err = send_all(c, text, n + 1);
	secret_block_free(text);
	return err;
}

/* The error of that name; what a newer slotd may invent is ERR_SYSTEM here. */
static enum err
err_of_name(const char *name)
{
	for (int e = 0; e < ERR_COUNT; e++)
		if (strcmp(name, err_name((enum err)e)) == 0)
			return (enum err)e;
	return ERR_SYSTEM;
}

/* Some errors slotd tells without having read the request. */
static bool
is_refusal(const json_t *answer)
{
	return json_is_false(json_object_get(answer, "ok")) &&
	    json_object_get(answer, "id") == NULL;
}

/* Whether slotd agreed; when not, its reason becomes ours. */
static enum err
judge(struct control *c, const json_t *answer)
{
	json_t *ok = json_object_get(answer, "ok");
	const char *name, *text;

	if (json_integer_value(json_object_get(answer, "id")) != c->last_id &&
	    !is_refusal(answer))
		return fail(c, ERR_FORMAT, "slotd answered another request");
	if (json_is_true(ok))
		return ERR_OK;
	name = json_string_value(json_object_get(answer, "error"));
	text = json_string_value(json_object_get(answer, "text"));
	if (!json_is_false(ok) || name == NULL)
		return fail(c, ERR_FORMAT, "slotd sent half an answer");
	if (text == NULL)
		text = err_text(err_of_name(name));
	return fail(c, err_of_name(name), "%s", text);
}

enum err
control_ask(struct control *c, json_t *owned_request, json_t **answer)
{
	enum err err;

	*answer = NULL;
	c->last_id++;
	if (owned_request == NULL ||
	    json_object_set_new(owned_request, "id",
		json_integer(c->last_id)) != 0)
		err = fail(c, ERR_MEMORY, "%s", err_text(ERR_MEMORY));
	else
		err = send_request(c, owned_request);
	json_decref(owned_request);
	if (err == ERR_OK)
		err = next_object(c, CONTROL_FOREVER, answer);
	if (err != ERR_OK)
		return err;
	err = judge(c, *answer);
	if (err != ERR_OK) {
		json_decref(*answer);
		*answer = NULL;
	}
	return err;
}

enum err
control_next(struct control *c, uint64_t until_ms, json_t **event)
{
	return next_object(c, until_ms, event);
}
