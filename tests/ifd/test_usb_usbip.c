/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "ifd/usb.h"
#include "protocols/usbip.h"

/* The client against a server that is this test: what it is sent is compared,
   what it answers is written into the other end of the socket. */

enum { DEVID = 0x00010002, CAP = 300 };

struct outcome {
	unsigned calls;
	enum err err;
	uint8_t data[CAP];
	size_t n;
};

struct world {
	struct usb *usb;
	int server;
	struct outcome out, in, control;
	struct usb_xfer *xout, *xin, *xcontrol;
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

static struct usb_xfer *
make(struct world *w, enum usb_kind kind, uint8_t ep, struct outcome *o)
{
	struct usb_xfer *x = usb_xfer_new(w->usb, CAP, on_done, o);

	ck_assert_ptr_nonnull(x);
	x->kind = kind;
	x->ep = ep;
	return x;
}

static void
world_open(struct world *w)
{
	int fd[2];

	*w = (struct world){ 0 };
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	w->server = fd[1];
	ck_assert_int_eq(usb_usbip_open(&w->usb, fd[0], DEVID), ERR_OK);
	w->xout = make(w, USB_BULK, 0x02, &w->out);
	w->xin = make(w, USB_BULK, 0x83, &w->in);
	w->xcontrol = make(w, USB_CONTROL, 0, &w->control);
}

static void
world_close(struct world *w)
{
	usb_close(&w->usb, 0);
	close(w->server);
}

/* All that the client has sent since. */
static struct view
sent(struct world *w, uint8_t *buf, size_t cap)
{
	ssize_t n;

	usb_flush(w->usb);
	n = recv(w->server, buf, cap, MSG_DONTWAIT);
	return (struct view){ buf, n < 0 ? 0 : (size_t)n };
}

static void
answer(struct world *w, struct view bytes)
{
	ck_assert_int_eq(send(w->server, bytes.p, bytes.n, 0),
	    (ssize_t)bytes.n);
	usb_dispatch(w->usb, true);
}

static struct view
ret_submit(uint8_t *buf, size_t cap, uint32_t seq, int32_t status,
    uint32_t length, struct view data)
{
	struct wr w = { .p = buf, .cap = cap };
	struct usbip_urb urb = { .kind = USBIP_RET_SUBMIT, .seq = seq,
		.status = status, .length = length };

	usbip_urb_write(&w, &urb);
	wr_view(&w, data);
	return wr_done(&w);
}

static void
submit_exchange(struct world *w)
{
	memcpy(w->xout->buf, "\x65\x00\x00", 3);
	w->xout->n = 3;
	w->xin->n = CAP;
	usb_submit(w->xout);
	usb_submit(w->xin);
}

START_TEST(an_exchange_is_one_write_each_way)
{
	struct world w;
	uint8_t buf[1024];
	struct usbip_urb urb;
	struct view v, first, second;
	struct wr both = { .p = buf, .cap = sizeof(buf) };
	uint8_t part[256];

	world_open(&w);
	submit_exchange(&w);
	v = sent(&w, buf, sizeof(buf));
	ck_assert_uint_eq(v.n, 2 * USBIP_URB_SIZE + 3);
	ck_assert_int_eq(usbip_urb_parse(&urb, view_first(v, USBIP_URB_SIZE)),
	    ERR_OK);
	ck_assert(urb.kind == USBIP_CMD_SUBMIT && !urb.is_in);
	ck_assert_uint_eq(urb.devid, DEVID);
	ck_assert_uint_eq(urb.ep, 2);
	ck_assert_uint_eq(urb.length, 3);
	ck_view_eq(view_first(view_skip(v, USBIP_URB_SIZE), 3),
	    B("\x65\x00\x00"));
	ck_assert_int_eq(usbip_urb_parse(&urb, view_skip(v,
	    USBIP_URB_SIZE + 3)), ERR_OK);
	ck_assert(urb.is_in);
	ck_assert_uint_eq(urb.ep, 3);
	ck_assert_uint_eq(urb.length, CAP);
	ck_assert_uint_eq(urb.flags, 0x200);

	first = ret_submit(part, sizeof(part), 1, 0, 3, B(""));
	wr_view(&both, first);
	second = ret_submit(part, sizeof(part), 2, 0, 5, B("hello"));
	wr_view(&both, second);
	answer(&w, wr_done(&both));
	ck_assert(w.out.calls == 1 && w.out.err == ERR_OK);
	ck_assert(w.in.calls == 1 && w.in.err == ERR_OK);
	ck_view_eq(((struct view){ w.in.data, w.in.n }), B("hello"));
	ck_assert_uint_eq(w.usb->in_flight, 0);
	world_close(&w);
}
END_TEST

START_TEST(an_answer_may_come_byte_by_byte)
{
	struct world w;
	uint8_t buf[256];
	struct view v;

	world_open(&w);
	submit_exchange(&w);
	v = ret_submit(buf, sizeof(buf), 2, 0, 5, B("hello"));
	for (size_t i = 0; i < v.n; i++) {
		ck_assert_uint_eq(w.in.calls, 0);
		answer(&w, (struct view){ v.p + i, 1 });
	}
	ck_assert_uint_eq(w.in.calls, 1);
	ck_view_eq(((struct view){ w.in.data, w.in.n }), B("hello"));
	world_close(&w);
}
END_TEST

START_TEST(control_transfers_carry_their_setup)
{
	struct world w;
	uint8_t buf[256];
	struct usbip_urb urb;
	struct view v;

	world_open(&w);
	memcpy(w.xcontrol->buf, "\x80\x06\x00\x01\x00\x00\x12\x00", 8);
	w.xcontrol->n = 8 + 18;
	usb_submit(w.xcontrol);
	v = sent(&w, buf, sizeof(buf));
	ck_assert_uint_eq(v.n, USBIP_URB_SIZE);
	ck_assert_int_eq(usbip_urb_parse(&urb, v), ERR_OK);
	ck_assert_mem_eq(urb.setup, w.xcontrol->buf, 8);
	ck_assert(urb.is_in);
	ck_assert_uint_eq(urb.length, 18);
	answer(&w, ret_submit(buf, sizeof(buf), 1, 0, 2, B("\x12\x01")));
	ck_view_eq(((struct view){ w.control.data, w.control.n }),
	    B("\x12\x01"));

	memcpy(w.xcontrol->buf, "\x40\x06\x00\x00\x00\x00\x02\x00" "ab", 10);
	w.xcontrol->n = 10;
	usb_submit(w.xcontrol);
	v = sent(&w, buf, sizeof(buf));
	ck_assert_uint_eq(v.n, USBIP_URB_SIZE + 2);
	ck_view_eq(view_skip(v, USBIP_URB_SIZE), B("ab"));
	answer(&w, ret_submit(buf, sizeof(buf), 2, -32, 0, B("")));
	ck_assert_int_eq(w.control.err, ERR_STALL);
	world_close(&w);
}
END_TEST

START_TEST(a_halt_is_cleared_by_a_request_to_the_endpoint)
{
	struct world w;
	uint8_t buf[256];
	struct usbip_urb urb;

	world_open(&w);
	w.xin->kind = USB_CLEAR_HALT;
	w.xin->n = 0;
	usb_submit(w.xin);
	ck_assert_int_eq(usbip_urb_parse(&urb, sent(&w, buf, sizeof(buf))),
	    ERR_OK);
	ck_assert(!urb.is_in && urb.ep == 0 && urb.length == 0);
	ck_assert_mem_eq(urb.setup, "\x02\x01\x00\x00\x83\x00\x00\x00", 8);
	answer(&w, ret_submit(buf, sizeof(buf), 1, 0, 0, B("")));
	ck_assert(w.in.calls == 1 && w.in.err == ERR_OK);
	world_close(&w);
}
END_TEST

static struct view
ret_unlink(uint8_t *buf, size_t cap, uint32_t seq, int32_t status)
{
	struct wr w = { .p = buf, .cap = cap };
	struct usbip_urb urb = { .kind = USBIP_RET_UNLINK, .seq = seq,
		.status = status };

	usbip_urb_write(&w, &urb);
	return wr_done(&w);
}

START_TEST(a_cancelled_transfer_ends_once)
{
	struct world w;
	uint8_t buf[256];
	struct usbip_urb urb;

	world_open(&w);
	w.xin->n = CAP;
	usb_submit(w.xin);			/* 1 */
	(void)sent(&w, buf, sizeof(buf));
	usb_cancel(w.xin);			/* 2 */
	usb_cancel(w.xin);			/* asks once only */
	ck_assert_int_eq(usbip_urb_parse(&urb, sent(&w, buf, sizeof(buf))),
	    ERR_OK);
	ck_assert(urb.kind == USBIP_CMD_UNLINK && urb.unlink_seq == 1);
	answer(&w, ret_unlink(buf, sizeof(buf), 2, -104));
	ck_assert(w.in.calls == 1 && w.in.err == ERR_CANCELLED);

	/* the answer was on its way: it counts, the UNLINK's comes later */
	usb_submit(w.xin);			/* 3 */
	usb_cancel(w.xin);			/* 4 */
	answer(&w, ret_submit(buf, sizeof(buf), 3, 0, 1, B("x")));
	ck_assert(w.in.calls == 2 && w.in.err == ERR_OK);
	usb_submit(w.xin);			/* 5 */
	answer(&w, ret_unlink(buf, sizeof(buf), 4, 0));
	ck_assert(!w.usb->gone && w.in.calls == 2 && w.xin->busy);
	world_close(&w);
}
END_TEST

/* Answers that a sound server never gives: the reader counts as unplugged, and
   each transfer in flight ends once. */
static const struct {
	const char *name;
	uint32_t kind, seq;
	int32_t status;
	uint32_t length;
} lies[] = {
	{ "an unknown number", USBIP_RET_SUBMIT, 77, 0, 0 },
	{ "more than was asked for", USBIP_RET_SUBMIT, 2, 0, CAP + 1 },
	{ "far more than was asked for", USBIP_RET_SUBMIT, 2, 0, 0xffffffff },
	{ "more taken than was sent", USBIP_RET_SUBMIT, 1, 0, 4 },
	{ "an unlink of nothing", USBIP_RET_UNLINK, 2, 0, 0 },
	{ "a command", USBIP_CMD_SUBMIT, 1, 0, 0 },
};

START_TEST(a_lying_server_is_an_unplugged_reader)
{
	struct world w;
	uint8_t buf[256];
	struct wr out = { .p = buf, .cap = sizeof(buf) };
	struct usbip_urb urb = { .kind = (enum usbip_urb_kind)lies[_i].kind,
		.seq = lies[_i].seq, .status = lies[_i].status,
		.length = lies[_i].length };

	world_open(&w);
	submit_exchange(&w);
	usbip_urb_write(&out, &urb);
	answer(&w, wr_done(&out));
	ck_assert_msg(w.usb->gone, "%s", lies[_i].name);
	usb_dispatch(w.usb, true);
	ck_assert(w.out.calls == 1 && w.out.err == ERR_GONE);
	ck_assert(w.in.calls == 1 && w.in.err == ERR_GONE);
	usb_submit(w.xin);
	ck_assert_int_eq(usb_poll_ms(w.usb), 0);
	usb_dispatch(w.usb, false);
	ck_assert(w.in.calls == 2 && w.in.err == ERR_GONE);
	world_close(&w);
}
END_TEST

START_TEST(an_answer_cut_anywhere_is_an_unplugged_reader)
{
	uint8_t buf[256];
	struct view v = ret_submit(buf, sizeof(buf), 2, 0, 5, B("hello"));

	for (size_t cut = 0; cut < v.n; cut++) {
		struct world w;

		world_open(&w);
		submit_exchange(&w);
		if (cut != 0)
			answer(&w, view_first(v, cut));
		close(w.server);
		w.server = -1;
		usb_dispatch(w.usb, true);
		usb_dispatch(w.usb, true);
		ck_assert(w.usb->gone);
		ck_assert(w.in.calls == 1 && w.in.err == ERR_GONE);
		ck_assert(w.out.calls == 1 && w.out.err == ERR_GONE);
		world_close(&w);
	}
}
END_TEST

START_TEST(short_writes_and_errors_are_told)
{
	static const struct {
		int32_t status;
		uint32_t length;
		enum err want;
	} rows[] = {
		{ 0, 3, ERR_OK },
		{ 0, 2, ERR_IO },
		{ -32, 0, ERR_STALL },
		{ -2, 0, ERR_CANCELLED },
		{ -108, 0, ERR_GONE },
		{ -75, 0, ERR_IO },
		{ -1000000, 0, ERR_IO },
	};
	uint8_t buf[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		world_open(&w);
		submit_exchange(&w);
		answer(&w, ret_submit(buf, sizeof(buf), 1, rows[i].status,
		    rows[i].length, B("")));
		ck_assert_uint_eq(w.out.calls, 1);
		ck_assert_int_eq(w.out.err, rows[i].want);
		/* data may come with an error, and is not kept */
		answer(&w, ret_submit(buf, sizeof(buf), 2, -75, 2, B("xy")));
		ck_assert(w.in.calls == 1 && w.in.err == ERR_IO && w.in.n == 0);
		ck_assert(!w.usb->gone);
		world_close(&w);
	}
}
END_TEST

START_TEST(what_does_not_fit_the_socket_is_sent_later)
{
	struct world w;
	uint8_t buf[65536];
	size_t total = 0;
	struct pollfd fds[USB_POLLFDS_MAX];
	int small = 1;

	world_open(&w);
	ck_assert_uint_eq(usb_pollfds(w.usb, fds, USB_POLLFDS_MAX), 1);
	ck_assert_int_eq(fds[0].events, POLLIN);
	setsockopt(fds[0].fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	struct usb_xfer *big = usb_xfer_new(w.usb, 60000, on_done, &w.out);
	big->kind = USB_BULK;
	big->ep = 2;
	big->n = 60000;
	usb_submit(big);
	usb_flush(w.usb);
	usb_pollfds(w.usb, fds, USB_POLLFDS_MAX);
	ck_assert_int_eq(fds[0].events, POLLIN | POLLOUT);
	for (int i = 0; i < 1000 && total < 60000 + USBIP_URB_SIZE; i++)
		total += sent(&w, buf, sizeof(buf)).n;
	ck_assert_uint_eq(total, 60000 + USBIP_URB_SIZE);
	usb_pollfds(w.usb, fds, USB_POLLFDS_MAX);
	ck_assert_int_eq(fds[0].events, POLLIN);
	world_close(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("usb_usbip");
	TCase *t = tcase_create("usb_usbip");

	tcase_add_test(t, an_exchange_is_one_write_each_way);
	tcase_add_test(t, an_answer_may_come_byte_by_byte);
	tcase_add_test(t, control_transfers_carry_their_setup);
	tcase_add_test(t, a_halt_is_cleared_by_a_request_to_the_endpoint);
	tcase_add_test(t, a_cancelled_transfer_ends_once);
	tcase_add_loop_test(t, a_lying_server_is_an_unplugged_reader, 0,
	    sizeof(lies) / sizeof(lies[0]));
	tcase_add_test(t, an_answer_cut_anywhere_is_an_unplugged_reader);
	tcase_add_test(t, short_writes_and_errors_are_told);
	tcase_add_test(t, what_does_not_fit_the_socket_is_sent_later);
	suite_add_tcase(s, t);
	return unit_run(s);
}
