/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tests/lib/fake_server.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEADER = 12, BODY_MAX = 65546, MORE = 1 << 30 };

static char dir[64];
static pid_t server;

const char *
fake_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/slotd-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	setenv("OPENCT_SOCKETDIR", dir, 1);
	return dir;
}

void
fake_cleanup(void)
{
	static const char *const names[] = { "status", "0", "3" };
	char path[96];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void
expect(bool claim, const char *what, size_t turn)
{
	if (claim)
		return;
	fprintf(stderr, "# fake server, turn %zu: %s\n", turn, what);
	_exit(1);
}

static size_t
take(int fd, uint8_t *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = read(fd, p + got, n - got);

		if (k <= 0)
			break;
		got += (size_t)k;
	}
	return got;
}

static void
put(int fd, const uint8_t *p, size_t n, size_t piece)
{
	for (size_t at = 0; at < n; at += piece) {
		size_t k = n - at < piece ? n - at : piece;

		if (send(fd, p + at, k, MSG_NOSIGNAL) != (ssize_t)k)
			return;
	}
}

/* Joins the parts of one request. */
static size_t
receive(int fd, uint8_t *body, uint32_t *xid, size_t turn)
{
	uint8_t head[HEADER];
	uint32_t dest = MORE;
	size_t n = 0;

	while ((dest & MORE) != 0) {
		uint16_t len;

		expect(take(fd, head, HEADER) == HEADER, "no request", turn);
		memcpy(xid, head, 4);
		memcpy(&dest, head + 4, 4);
		memcpy(&len, head + 10, 2);
		expect(len <= BODY_MAX - n, "request too long", turn);
		expect(take(fd, body + n, len) == len, "cut request", turn);
		n += len;
	}
	return n;
}

static void
send_message(int fd, uint32_t xid, uint32_t dest, const struct fake_turn *t,
    struct view body)
{
	static uint8_t m[HEADER + 65535 + 1];
	int16_t error = (int16_t)t->error;
	uint16_t len = (uint16_t)body.n;
	size_t n = HEADER + body.n;

	if (t->quirk == FAKE_OTHER_XID)
		xid++;
	memcpy(m, &xid, 4);
	memcpy(m + 4, &dest, 4);
	memcpy(m + 8, &error, 2);
	memcpy(m + 10, &len, 2);
	if (body.n != 0)
		memcpy(m + HEADER, body.p, body.n);
	m[n] = 0xff;
	if (t->quirk == FAKE_CUT)
		n -= 1;
	if (t->quirk == FAKE_EXTRA)
		n += 1;
	put(fd, m, n, t->quirk == FAKE_DRIBBLE ? 1 : n);
}

static void
answer(int fd, uint32_t xid, const struct fake_turn *t)
{
	static uint8_t big[65538];
	struct view body = t->answer;

	if (body.p == NULL && body.n != 0) {
		memcpy(big + body.n - 2, "\x90", 2);
		body.p = big;
	}
	if (t->quirk == FAKE_CONTINUED) {
		size_t first = body.n < 65535 ? body.n / 2 : 65535;

		send_message(fd, xid, MORE, t, view_first(body, first));
		body = view_skip(body, first);
	}
	while (t->quirk == FAKE_ENDLESS && recv(fd, big, 1,
	    MSG_DONTWAIT | MSG_PEEK) != 0)
		send_message(fd, xid, MORE, t, (struct view){ big, 60000 });
	send_message(fd, xid, 0, t, body);
}

static void
play(int fd, const struct fake_turn *turns, size_t count)
{
	static uint8_t body[BODY_MAX];
	uint32_t xid;

	for (size_t i = 0; i < count; i++) {
		const struct fake_turn *t = &turns[i];
		size_t n = receive(fd, body, &xid, i);

		expect(n == t->want.n, "length of the request", i);
		expect(t->want.p == NULL || memcmp(body, t->want.p, n) == 0,
		    "bytes of the request", i);
		if (t->quirk == FAKE_CLOSE)
			return;
		if (t->quirk != FAKE_SILENT)
			answer(fd, xid, t);
		if (t->quirk == FAKE_CUT || t->quirk == FAKE_LEAVES)
			return;
	}
	expect(take(fd, body, 1) == 0, "a request too many", count);
}

void
fake_start(unsigned reader, const struct fake_turn *turns, size_t n)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%u", dir, reader);
	unlink(sun.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	server = fork();
	ck_assert_int_ge(server, 0);
	if (server == 0) {
		int client = accept(fd, NULL, NULL);

		close(fd);
		play(client, turns, n);
		_exit(0);
	}
	close(fd);
}

void
fake_finish(void)
{
	int st;

	ck_assert_int_eq(waitpid(server, &st, 0), server);
	ck_assert(WIFEXITED(st) && WEXITSTATUS(st) == 0);
}

void
fake_status(const void *bytes, size_t n)
{
	char name[96], path[96];
	FILE *f;

	snprintf(name, sizeof(name), "%s/status.new", dir);
	snprintf(path, sizeof(path), "%s/status", dir);
	f = fopen(name, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
	ck_assert_int_eq(rename(name, path), 0);
}
