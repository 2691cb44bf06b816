/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "ifd/usb.h"
#include "ifd/vpcd.h"

/* Connections that are socket pairs: this test is slotd at one end of the feed
   and the card emulators. */

enum { SLOTS = 2, CAP = 1 + VPCD_MESSAGE_MAX };

struct outcome {
	unsigned calls;
	enum err err;
	uint8_t data[CAP];
	size_t n;
};

struct world {
	struct usb *usb;
	int slotd;
	int card[SLOTS];	/* -1: none */
	struct outcome *out, *in, *control;
	struct usb_xfer *xout, *xin, *xnews, *xcontrol;
	uint8_t news[16];	/* not looked at yet */
	size_t n_news;
};

static void
on_done(void *arg, enum err e, struct view data)
{
	struct outcome *o = arg;

	o->calls++;
	o->err = e;
	ck_assert_uint_le(data.n, sizeof(o->data));
	if (data.n != 0)
		memcpy(o->data, data.p, data.n);
	o->n = data.n;
}

/* The engine, too, reads this pipe all the time. */
static void
on_news(void *arg, enum err e, struct view data)
{
	struct world *w = arg;

	if (e != ERR_OK)
		return;
	ck_assert_uint_eq(data.n, VPCD_NEWS_SIZE);
	ck_assert_uint_le(w->n_news + data.n, sizeof(w->news));
	memcpy(w->news + w->n_news, data.p, data.n);
	w->n_news += data.n;
	usb_submit(w->xnews);
}

static struct usb_xfer *
make(struct usb *usb, enum usb_kind kind, uint8_t ep, size_t cap,
    struct outcome **o)
{
	struct usb_xfer *x;

	*o = calloc(1, sizeof(**o));
	x = usb_xfer_new(usb, cap, on_done, *o);
	ck_assert_ptr_nonnull(x);
	x->kind = kind;
	x->ep = ep;
	x->n = cap;
	return x;
}

static void
world_open(struct world *w)
{
	int pair[2];

	*w = (struct world){ .card = { -1, -1 } };
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	w->slotd = pair[1];
	ck_assert_int_eq(usb_vpcd_open(&w->usb, pair[0], SLOTS), ERR_OK);
	w->xout = make(w->usb, USB_BULK, VPCD_BULK_OUT, CAP + VPCD_HEADER,
	    &w->out);
	w->xin = make(w->usb, USB_BULK, VPCD_BULK_IN, CAP, &w->in);
	w->xnews = usb_xfer_new(w->usb, VPCD_NEWS_SIZE, on_news, w);
	ck_assert_ptr_nonnull(w->xnews);
	w->xnews->kind = USB_INTERRUPT;
	w->xnews->ep = VPCD_INTERRUPT_IN;
	w->xnews->n = VPCD_NEWS_SIZE;
	usb_submit(w->xnews);
	w->xcontrol = make(w->usb, USB_CONTROL, 0, USB_SETUP_SIZE,
	    &w->control);
}

static void
world_close(struct world *w)
{
	usb_close(&w->usb, 0);
	for (unsigned i = 0; i < SLOTS; i++)
		if (w->card[i] >= 0)
			close(w->card[i]);
	close(w->slotd);
	free(w->out);
	free(w->in);
	free(w->control);
}

/* As the handler's loop: until there is nothing to do. */
static void
run(struct world *w)
{
	struct pollfd fds[USB_POLLFDS_MAX];

	for (;;) {
		size_t n = usb_pollfds(w->usb, fds, USB_POLLFDS_MAX);
		int ready = poll(fds, n, 0);

		if (ready <= 0 && usb_poll_ms(w->usb) < 0)
			return;
		usb_dispatch(w->usb, ready > 0);
	}
}

static void
send_fd(struct world *w, uint8_t slot, int fd)
{
	union {
		struct cmsghdr head;
		uint8_t room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { &slot, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	ck_assert_int_eq(sendmsg(w->slotd, &m, 0), 1);
}

static int
emulator_for(struct world *w, uint8_t slot)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	send_fd(w, slot, pair[1]);
	close(pair[1]);
	return pair[0];
}

/* All that is new is this. */
static void
expect_news(struct world *w, uint8_t slot, uint8_t news)
{
	const uint8_t want[] = { slot, news };

	run(w);
	ck_view_eq(((struct view){ w->news, w->n_news }),
	    ((struct view){ want, sizeof(want) }));
	w->n_news = 0;
}

static void
insert(struct world *w, uint8_t slot)
{
	w->card[slot] = emulator_for(w, slot);
	run(w);
	expect_news(w, slot, VPCD_CAME);
}

/* Whether slotd was told that the slot is free again. */
static bool
is_freed(struct world *w, uint8_t slot)
{
	uint8_t said;
	ssize_t n = recv(w->slotd, &said, 1, MSG_DONTWAIT);

	return n == 1 && said == slot;
}

static void
submit_out(struct world *w, struct view bytes)
{
	memcpy(w->xout->buf, bytes.p, bytes.n);
	w->xout->n = bytes.n;
	w->out->calls = w->in->calls = 0;
	usb_submit(w->xout);
	usb_submit(w->xin);
	run(w);
}

static void
card_says(struct world *w, unsigned slot, struct view bytes)
{
	ck_assert_int_eq(write(w->card[slot], bytes.p, bytes.n),
	    (ssize_t)bytes.n);
	run(w);
}

static void
card_got(struct world *w, unsigned slot, struct view want)
{
	uint8_t buf[64];
	ssize_t n = recv(w->card[slot], buf, sizeof(buf), MSG_DONTWAIT);

	ck_assert_int_ge(n, 0);
	ck_view_eq(((struct view){ buf, (size_t)n }), want);
}

static void
got_in(struct world *w, struct view want)
{
	ck_assert_uint_eq(w->in->calls, 1);
	ck_assert_int_eq(w->in->err, ERR_OK);
	ck_view_eq(((struct view){ w->in->data, w->in->n }), want);
}

START_TEST(a_message_is_one_write)
{
	struct world w;

	world_open(&w);
	insert(&w, 0);
	submit_out(&w, B("\0\0\x05\0\x84\0\0\x02"));
	ck_assert_uint_eq(w.out->calls, 1);
	ck_assert_int_eq(w.out->err, ERR_OK);
	card_got(&w, 0, B("\0\x05\0\x84\0\0\x02"));
	card_says(&w, 0, B("\0\x04\x12\x34\x90\0"));
	got_in(&w, B("\0\x12\x34\x90\0"));
	world_close(&w);
}
END_TEST

START_TEST(an_answer_may_come_byte_by_byte)
{
	const struct view bytes = B("\0\x04\x12\x34\x90\0");
	struct world w;

	world_open(&w);
	insert(&w, 1);
	submit_out(&w, B("\x01\0\x05\0\x84\0\0\x02"));
	for (size_t i = 0; i < bytes.n; i++) {
		ck_assert_uint_eq(w.in->calls, 0);
		card_says(&w, 1, (struct view){ bytes.p + i, 1 });
	}
	got_in(&w, B("\x01\x12\x34\x90\0"));
	world_close(&w);
}
END_TEST

START_TEST(the_longest_message_goes_through)
{
	static uint8_t big[1 + VPCD_FRAME_MAX], back[VPCD_FRAME_MAX];
	struct world w;
	struct wr out = { .p = big, .cap = sizeof(big) };
	size_t n = 0;

	world_open(&w);
	insert(&w, 0);
	wr_u8(&out, 0);
	wr_be16(&out, VPCD_MESSAGE_MAX);
	wr_fill(&out, 0x5a, VPCD_MESSAGE_MAX);
	submit_out(&w, wr_done(&out));
	while (n < sizeof(back)) {
		ssize_t k = recv(w.card[0], back + n, sizeof(back) - n,
		    MSG_DONTWAIT);

		ck_assert_int_gt(k, 0);
		n += (size_t)k;
		run(&w);
	}
	ck_assert_mem_eq(back, big + 1, sizeof(back));
	for (size_t sent = 0; sent < sizeof(back); ) {
		ssize_t k = send(w.card[0], back + sent, sizeof(back) - sent,
		    MSG_DONTWAIT);

		ck_assert_int_gt(k, 0);
		sent += (size_t)k;
		run(&w);
	}
	ck_assert_uint_eq(w.in->n, CAP);
	ck_assert_mem_eq(w.in->data + 1, back + VPCD_HEADER, VPCD_MESSAGE_MAX);
	world_close(&w);
}
END_TEST

START_TEST(what_leaves_is_told_and_the_slot_is_free)
{
	struct world w;

	world_open(&w);
	insert(&w, 0);
	submit_out(&w, B("\0\0\x05\0\x84\0\0\x02"));
	close(w.card[0]);
	w.card[0] = -1;
	expect_news(&w, 0, VPCD_GONE);
	ck_assert(is_freed(&w, 0));
	ck_assert_uint_eq(w.in->calls, 0);
	insert(&w, 0);		/* the next one */
	w.out->calls = 0;
	usb_submit(w.xout);
	run(&w);
	ck_assert_int_eq(w.out->err, ERR_OK);
	card_says(&w, 0, B("\0\x02\x90\0"));
	got_in(&w, B("\0\x90\0"));
	world_close(&w);
}
END_TEST

/* Before, while, and after something was asked for. */
static const struct view unasked[] = {
	B("GET / HTTP/1.1\r\n\r\n"), B("\0"),
	B("\0\x02\x90\0\0"), B("\0\0\0\0"),
};

START_TEST(what_nobody_asked_for_ends_a_connection)
{
	struct world w;
	bool ask = _i >= 2;
	uint8_t c;

	world_open(&w);
	insert(&w, 1);
	if (ask)
		submit_out(&w, B("\x01\0\x05\0\x84\0\0\x02"));
	card_says(&w, 1, unasked[_i]);
	expect_news(&w, 1, VPCD_GONE);
	ck_assert(is_freed(&w, 1));
	ck_assert_uint_eq(w.in->calls, 0);
	while (recv(w.card[1], &c, 1, MSG_DONTWAIT) == 1)
		;		/* what it was sent before */
	ck_assert_int_eq(recv(w.card[1], &c, 1, MSG_DONTWAIT), 0);
	world_close(&w);
}
END_TEST

START_TEST(orders_and_a_hang_up)
{
	struct world w;
	struct wr setup;

	world_open(&w);
	insert(&w, 1);
	setup = (struct wr){ .p = w.xcontrol->buf, .cap = USB_SETUP_SIZE };
	usb_setup_write(&setup, &(struct usb_setup){ USB_TYPE_VENDOR, VPCD_OFF,
	    0, 1, 0 });
	usb_submit(w.xcontrol);
	run(&w);
	ck_assert_int_eq(w.control->err, ERR_OK);
	card_got(&w, 1, B("\0\x01\0"));
	w.xcontrol->buf[1] = VPCD_HANG_UP;
	usb_submit(w.xcontrol);
	run(&w);
	ck_assert_int_eq(w.control->err, ERR_OK);
	card_got(&w, 1, B(""));
	ck_assert(is_freed(&w, 1));
	ck_assert_uint_eq(w.n_news, 0);		/* who asked knows it */
	usb_submit(w.xcontrol);			/* there is nobody any more */
	run(&w);
	ck_assert_int_eq(w.control->err, ERR_IO);
	world_close(&w);
}
END_TEST

START_TEST(an_emulator_too_many_is_sent_away)
{
	struct world w;
	uint8_t c;
	int other, nowhere;

	world_open(&w);
	insert(&w, 0);
	other = emulator_for(&w, 0);
	nowhere = emulator_for(&w, SLOTS);
	run(&w);
	ck_assert_int_eq(recv(other, &c, 1, MSG_DONTWAIT), 0);
	ck_assert_int_eq(recv(nowhere, &c, 1, MSG_DONTWAIT), 0);
	close(other);
	close(nowhere);
	submit_out(&w, B("\0\0\x05\0\x84\0\0\x02"));
	card_says(&w, 0, B("\0\x02\x90\0"));
	got_in(&w, B("\0\x90\0"));
	world_close(&w);
}
END_TEST

START_TEST(a_slow_reader_of_a_long_message_can_be_given_up)
{
	static uint8_t big[1 + VPCD_FRAME_MAX];
	struct world w;
	int small = 4096;

	world_open(&w);
	insert(&w, 0);
	/* the emulator's room is what the kernel gives at least */
	ck_assert_int_eq(setsockopt(w.card[0], SOL_SOCKET, SO_RCVBUF, &small,
	    sizeof(small)), 0);
	for (unsigned i = 0; i < 10 && !w.xout->busy; i++)
		submit_out(&w, (struct view){ big, sizeof(big) });
	ck_assert(w.xout->busy);
	usb_cancel(w.xout);
	usb_cancel(w.xin);
	run(&w);
	ck_assert_int_eq(w.out->err, ERR_CANCELLED);
	ck_assert_int_eq(w.in->err, ERR_CANCELLED);
	world_close(&w);
}
END_TEST

START_TEST(without_slotd_all_is_over)
{
	struct world w;

	world_open(&w);
	insert(&w, 0);
	usb_submit(w.xin);
	shutdown(w.slotd, SHUT_RDWR);
	run(&w);
	ck_assert(w.usb->gone);
	ck_assert_int_eq(w.in->err, ERR_GONE);
	world_close(&w);
}
END_TEST

/* slotd's end is noticed while an emulator leaves: each transfer ends once. */
START_TEST(without_slotd_nothing_is_told)
{
	struct world w;

	world_open(&w);
	insert(&w, 0);
	usb_submit(w.xin);
	shutdown(w.slotd, SHUT_RD);
	close(w.card[0]);
	w.card[0] = -1;
	run(&w);
	ck_assert(w.usb->gone);
	ck_assert_uint_eq(w.n_news, 0);
	ck_assert_uint_eq(w.in->calls, 1);
	ck_assert_uint_eq(w.usb->in_flight, 0);
	world_close(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("usb_vpcd");
	TCase *t = tcase_create("usb_vpcd");

	tcase_add_test(t, a_message_is_one_write);
	tcase_add_test(t, an_answer_may_come_byte_by_byte);
	tcase_add_test(t, the_longest_message_goes_through);
	tcase_add_test(t, what_leaves_is_told_and_the_slot_is_free);
	tcase_add_loop_test(t, what_nobody_asked_for_ends_a_connection, 0,
	    (int)(sizeof(unasked) / sizeof(unasked[0])));
	tcase_add_test(t, orders_and_a_hang_up);
	tcase_add_test(t, an_emulator_too_many_is_sent_away);
	tcase_add_test(t, a_slow_reader_of_a_long_message_can_be_given_up);
	tcase_add_test(t, without_slotd_all_is_over);
	tcase_add_test(t, without_slotd_nothing_is_told);
	suite_add_tcase(s, t);
	return unit_run(s);
}
