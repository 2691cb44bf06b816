/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/usb.h"

#include <libusb.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * Only asynchronous transfers. What libusb offers blocking alone (claim,
 * release, clear halt, reset) are system calls: the first two do not talk to
 * the device, the others do, for at most the seconds the kernel gives them, and
 * are used in recovery only.
 */

struct libusb {
	struct usb usb;
	int fd;
	libusb_context *ctx;
	libusb_device_handle *dev;
	struct pollfd fds[USB_POLLFDS_MAX];
	size_t fds_n;
	int claimed;		/* interface number, -1 none */
};

struct libusb_xfer {
	struct usb_xfer x;
	struct libusb_transfer *t;
};

static const enum err status_err[] = {
	[LIBUSB_TRANSFER_COMPLETED] = ERR_OK,
	[LIBUSB_TRANSFER_ERROR] = ERR_IO,
	[LIBUSB_TRANSFER_TIMED_OUT] = ERR_TIMEOUT,
	[LIBUSB_TRANSFER_CANCELLED] = ERR_CANCELLED,
	[LIBUSB_TRANSFER_STALL] = ERR_STALL,
	[LIBUSB_TRANSFER_NO_DEVICE] = ERR_GONE,
	[LIBUSB_TRANSFER_OVERFLOW] = ERR_IO,
};

static const struct {
	int code;		/* enum libusb_error */
	enum err err;
} code_err[] = {
	{ LIBUSB_SUCCESS, ERR_OK },
	{ LIBUSB_ERROR_INVALID_PARAM, ERR_ARG },
	{ LIBUSB_ERROR_ACCESS, ERR_DENIED },
	{ LIBUSB_ERROR_NO_DEVICE, ERR_GONE },
	{ LIBUSB_ERROR_NOT_FOUND, ERR_UNSUPPORTED },
	{ LIBUSB_ERROR_BUSY, ERR_BUSY },
	{ LIBUSB_ERROR_PIPE, ERR_STALL },
	{ LIBUSB_ERROR_NO_MEM, ERR_MEMORY },
	{ LIBUSB_ERROR_NOT_SUPPORTED, ERR_UNSUPPORTED },
};

static enum err
err_of(int code)
{
	for (size_t i = 0; i < sizeof(code_err) / sizeof(code_err[0]); i++)
		if (code_err[i].code == code)
			return code_err[i].err;
	return ERR_IO;
}

static struct libusb *
of(struct usb *usb)
{
	return (struct libusb *)usb;
}

static struct libusb_transfer *
transfer_of(struct usb_xfer *x)
{
	return ((struct libusb_xfer *)x)->t;
}

static struct usb_xfer *
xfer_new(struct usb *usb, size_t cap)
{
	struct libusb_xfer *x = calloc(1, sizeof(*x));

	(void)usb;
	if (x == NULL)
		return NULL;
	x->t = libusb_alloc_transfer(0);
	x->x.buf = calloc(1, cap);
	if (x->t != NULL && x->x.buf != NULL)
		return &x->x;
	libusb_free_transfer(x->t);
	free(x->x.buf);
	free(x);
	return NULL;
}

static void
xfer_free(struct usb_xfer *x)
{
	libusb_free_transfer(transfer_of(x));
	free(x->buf);
	free(x);
}

static void LIBUSB_CALL
on_done(struct libusb_transfer *t)
{
	struct usb_xfer *x = t->user_data;

	if (t->status == LIBUSB_TRANSFER_NO_DEVICE)
		x->usb->gone = true;
	usb_ended(x, status_err[t->status], (size_t)t->actual_length);
}

static void
fill(struct libusb_transfer *t, struct usb_xfer *x)
{
	static const unsigned char types[] = {
		[USB_CONTROL] = LIBUSB_TRANSFER_TYPE_CONTROL,
		[USB_BULK] = LIBUSB_TRANSFER_TYPE_BULK,
		[USB_INTERRUPT] = LIBUSB_TRANSFER_TYPE_INTERRUPT,
	};

	t->dev_handle = of(x->usb)->dev;
	t->type = types[x->kind];
	t->endpoint = x->ep;
	t->timeout = 0;
	t->buffer = x->buf;
	t->length = (int)x->n;
	t->user_data = x;
	t->callback = on_done;
}

static bool
submit(struct usb_xfer *x)
{
	struct libusb_transfer *t = transfer_of(x);

	if (x->kind == USB_CLEAR_HALT) {
		x->result = err_of(libusb_clear_halt(of(x->usb)->dev, x->ep));
		return false;
	}
	fill(t, x);
	x->result = err_of(libusb_submit_transfer(t));
	if (x->result == ERR_GONE)
		x->usb->gone = true;
	return x->result == ERR_OK;
}

static void
cancel(struct usb_xfer *x)
{
	/* an error says that it has ended and its callback is on its way */
	(void)libusb_cancel_transfer(transfer_of(x));
}

static enum err
claim(struct usb *usb, uint8_t interface)
{
	struct libusb *u = of(usb);
	enum err e;

	/* a kernel driver is detached only where one is bound */
	(void)libusb_set_auto_detach_kernel_driver(u->dev, 1);
	e = err_of(libusb_claim_interface(u->dev, interface));
	if (e == ERR_OK)
		u->claimed = interface;
	return e;
}

static void
reset(struct usb *usb)
{
	(void)libusb_reset_device(of(usb)->dev);
}

static size_t
pollfds(struct usb *usb, struct pollfd *fds, size_t cap)
{
	const struct libusb *u = of(usb);
	size_t n = u->fds_n < cap ? u->fds_n : cap;

	memcpy(fds, u->fds, n * sizeof(*fds));
	return n;
}

static void
dispatch(struct usb *usb)
{
	struct timeval zero = { 0, 0 };

	(void)libusb_handle_events_timeout_completed(of(usb)->ctx, &zero, NULL);
}

static void LIBUSB_CALL
fd_added(int fd, short events, void *arg)
{
	struct libusb *u = arg;

	if (u->fds_n < USB_POLLFDS_MAX)
		u->fds[u->fds_n++] = (struct pollfd){ fd, events, 0 };
}

static void LIBUSB_CALL
fd_removed(int fd, void *arg)
{
	struct libusb *u = arg;

	if (fd == u->fd)
		u->usb.gone = true;	/* libusb gives up on the device */
	for (size_t i = 0; i < u->fds_n; i++)
		if (u->fds[i].fd == fd)
			u->fds[i--] = u->fds[--u->fds_n];
}

static void
close_libusb(struct usb *usb)
{
	struct libusb *u = of(usb);

	if (u->claimed >= 0)
		(void)libusb_release_interface(u->dev, u->claimed);
	if (u->dev != NULL)
		libusb_close(u->dev);
	if (u->ctx != NULL)
		libusb_exit(u->ctx);
	close(u->fd);
	free(u);
}

static const struct usb_ops ops = {
	.xfer_new = xfer_new,
	.xfer_free = xfer_free,
	.submit = submit,
	.cancel = cancel,
	.claim = claim,
	.pollfds = pollfds,
	.dispatch = dispatch,
	.reset = reset,
	.close = close_libusb,
	.lends_buffers = true,	/* the kernel */
};

static void
watch_fds(struct libusb *u)
{
	const struct libusb_pollfd **list = libusb_get_pollfds(u->ctx);

	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		fd_added(list[i]->fd, list[i]->events, u);
	libusb_free_pollfds(list);
	libusb_set_pollfd_notifiers(u->ctx, fd_added, fd_removed, u);
}

enum err
usb_libusb_open(struct usb **usb, int owned_fd)
{
	struct libusb *u = calloc(1, sizeof(*u));
	int code;

	*usb = NULL;
	if (u == NULL) {
		close(owned_fd);
		return ERR_MEMORY;
	}
	u->usb.ops = &ops;
	u->fd = owned_fd;
	u->claimed = -1;
	code = libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	if (code == LIBUSB_SUCCESS)
		code = libusb_init(&u->ctx);
	if (code == LIBUSB_SUCCESS)
		code = libusb_wrap_sys_device(u->ctx, owned_fd, &u->dev);
	if (code != LIBUSB_SUCCESS) {
		close_libusb(&u->usb);
		return err_of(code);
	}
	watch_fds(u);
	*usb = &u->usb;
	return ERR_OK;
}
