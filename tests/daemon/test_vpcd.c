/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/vpcd.h"

enum { WAITING = 4, ROUNDS = 3 };

/* A server nobody gets through to: its queue is full. */
struct deaf {
	int fd, waiting[WAITING];
	struct sockaddr_in sin;
};

static void
deaf_open(struct deaf *d)
{
	socklen_t n = sizeof(d->sin);

	d->sin = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	d->fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(d->fd, (struct sockaddr *)&d->sin, n), 0);
	ck_assert_int_eq(listen(d->fd, 0), 0);
	ck_assert_int_eq(getsockname(d->fd, (struct sockaddr *)&d->sin, &n), 0);
	for (int i = 0; i < WAITING; i++) {
		d->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(d->waiting[i], (struct sockaddr *)&d->sin, n);
	}
}

static void
deaf_close(struct deaf *d)
{
	for (int i = 0; i < WAITING; i++)
		close(d->waiting[i]);
	close(d->fd);
}

static unsigned
descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Longer than slotd waits before it tries again. */
static void
run(struct event_base *base)
{
	static const struct timeval tv = { 0, 700 * 1000 };

	ck_assert_int_eq(event_base_loopexit(base, &tv), 0);
	ck_assert_int_ge(event_base_dispatch(base), 0);
}

/* A handler says again and again that its slot is free. */
START_TEST(one_connection_is_attempted_at_a_time)
{
	struct event_base *base = event_base_new();
	struct device where = { .kind = DEVICE_VPCD, .connects = true,
		.host = "127.0.0.1", .slots = 1 };
	char why[VPCD_WHY_MAX + 1];
	struct vpcd *v;
	struct deaf deaf;
	unsigned before;
	int feed;

	deaf_open(&deaf);
	snprintf(where.port, sizeof(where.port), "%u",
	    ntohs(deaf.sin.sin_port));
	ck_assert_int_eq(vpcd_open(&v, base, &where, "test", why), ERR_OK);
	feed = vpcd_feed(v);
	ck_assert_int_ge(feed, 0);
	run(base);
	before = descriptors();
	for (int i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(send(feed, "", 1, 0), 1);
		run(base);
	}
	ck_assert_uint_le(descriptors(), before);
	vpcd_close(v);
	close(feed);
	deaf_close(&deaf);
	event_base_free(base);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("vpcd");
	TCase *tc = tcase_create("vpcd");

	tcase_add_test(tc, one_connection_is_attempted_at_a_time);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
