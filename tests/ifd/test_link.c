/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "ifd/link.h"

struct pair {
	struct link link;
	int ours, slotd;
};

static void
pair_open(struct pair *p)
{
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	p->ours = fd[0];
	p->slotd = fd[1];
	ck_assert_int_eq(link_open(&p->link, p->ours), ERR_OK);
}

static void
pair_close(struct pair *p)
{
	link_close(&p->link);
	close(p->ours);
	if (p->slotd >= 0)
		close(p->slotd);
}

static void
send_result(struct pair *p, uint32_t xid)
{
	static const uint8_t data[4000];
	struct channel_msg m = { .type = CHANNEL_RESULT, .xid = xid,
		.data = { data, sizeof(data) } };

	link_send(&p->link, &m);
}

static uint32_t
next_xid(struct pair *p)
{
	uint8_t buf[5000];
	struct channel_msg m;
	ssize_t n = recv(p->slotd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0)
		return 0;
	ck_assert_int_eq(channel_decode(&m, (struct view){ buf, (size_t)n }),
	    ERR_OK);
	return m.xid;
}

/* Nothing is lost and nothing overtakes while slotd does not read. */
START_TEST(what_is_not_taken_waits_in_order)
{
	struct pair p;
	struct channel_msg m;
	uint32_t sent = 0, got = 0;
	uint8_t line[100];

	pair_open(&p);
	while (p.link.queued < 20)
		send_result(&p, ++sent);
	link_log(&p.link, LOG_LEVEL_ERROR, "dropped");
	ck_assert_uint_eq(p.link.queued, 20);
	ck_assert_int_eq(link_receive(&p.link, &m), ERR_BUSY);
	while (got < sent) {
		uint32_t xid = next_xid(&p);

		if (xid == 0)
			link_flush(&p.link);
		else
			ck_assert_uint_eq(xid, ++got);
	}
	ck_assert_uint_eq(p.link.queued, 0);
	ck_assert(!p.link.broken);
	link_log(&p.link, LOG_LEVEL_ERROR, "arrives");
	ck_assert_int_eq(recv(p.slotd, line, sizeof(line), MSG_DONTWAIT),
	    CHANNEL_HEADER + 7);
	pair_close(&p);
}
END_TEST

START_TEST(the_queue_has_an_end)
{
	struct pair p;

	pair_open(&p);
	for (uint32_t i = 0; i < 10000 && !p.link.broken; i++)
		send_result(&p, i);
	ck_assert(p.link.broken);
	ck_assert_uint_eq(p.link.queued, LINK_QUEUE_MAX);
	pair_close(&p);
}
END_TEST

START_TEST(what_comes_is_judged)
{
	static const uint8_t huge[CHANNEL_MAX + 1] = { CHANNEL_PING };
	static const struct {
		struct view in;
		enum err want;
	} rows[] = {
		{ { (const uint8_t *)"\x08\0\0\0\1\0\0\0\0\0\0\0", 12 },
		    ERR_OK },
		{ { (const uint8_t *)"\x08\0\0\0\1\0\0\0\0\0\0", 11 },
		    ERR_SHORT },
		{ { (const uint8_t *)"\xff\0\0\0\1\0\0\0\0\0\0\0", 12 },
		    ERR_FORMAT },
		{ { huge, sizeof(huge) }, ERR_TOO_LONG },
	};
	struct pair p;
	struct channel_msg m;

	pair_open(&p);
	ck_assert_int_eq(link_receive(&p.link, &m), ERR_BUSY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(send(p.slotd, rows[i].in.p, rows[i].in.n, 0),
		    (ssize_t)rows[i].in.n);
		ck_assert_int_eq(link_receive(&p.link, &m), rows[i].want);
		link_done(&p.link);
	}
	close(p.slotd);
	p.slotd = -1;
	ck_assert_int_eq(link_receive(&p.link, &m), ERR_CLOSED);
	send_result(&p, 1);
	ck_assert(p.link.broken);
	pair_close(&p);
}
END_TEST

START_TEST(a_message_is_wiped_when_it_is_done)
{
	struct pair p;
	struct channel_msg m = { .type = CHANNEL_TRANSMIT, .data = B("1234") };
	uint8_t buf[CHANNEL_MAX];
	size_t n = channel_encode(buf, &m);

	pair_open(&p);
	ck_assert_int_eq(send(p.slotd, buf, n, 0), (ssize_t)n);
	ck_assert_int_eq(link_receive(&p.link, &m), ERR_OK);
	ck_view_eq(m.data, B("1234"));
	link_done(&p.link);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(p.link.in[i], 0);
	m = (struct channel_msg){ .type = CHANNEL_RESULT, .data = B("1234") };
	link_send(&p.link, &m);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(p.link.out[i], 0);
	pair_close(&p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("link");
	TCase *t = tcase_create("link");

	tcase_add_test(t, what_is_not_taken_waits_in_order);
	tcase_add_test(t, the_queue_has_an_end);
	tcase_add_test(t, what_comes_is_judged);
	tcase_add_test(t, a_message_is_wiped_when_it_is_done);
	suite_add_tcase(s, t);
	return unit_run(s);
}
