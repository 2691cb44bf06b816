/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_USB_H
#define IFD_USB_H

/*
 * One small asynchronous interface to a USB device, and what is behind it: a
 * device node through libusb, a USB/IP connection, a script in a test.
 *
 * A transfer is submitted and ends exactly once, with its done callback, which
 * runs inside usb_dispatch() only: never inside usb_submit() or usb_cancel().
 * A failure to submit arrives the same way. Nothing here waits but usb_close().
 * Transfers have no time-out of their own: deadlines are the caller's, who
 * cancels and awaits the callback before the transfer is used again.
 */

#include <poll.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "protocols/channel.h"
#include "protocols/usb_setup.h"

struct usb;
struct usb_xfer;

enum { USB_POLLFDS_MAX = 16 };

enum usb_kind {
	USB_CONTROL,	/* buf: the setup packet, then the data */
	USB_BULK,
	USB_INTERRUPT,
	USB_CLEAR_HALT,	/* of ep: the device's halt and our data toggle */
};

/*
 * How a transfer ended. data is what an IN transfer brought (without the setup
 * packet), borrowed from x->buf; empty for OUT, of which ERR_OK means that all
 * was taken. Otherwise ERR_STALL, ERR_CANCELLED, ERR_GONE or ERR_IO.
 */
typedef void	usb_done(void *arg, enum err, struct view data);

struct usb_xfer {
	/* the caller's, not to be changed while busy */
	enum usb_kind kind;
	uint8_t ep;		/* address; bit 7 set is IN; 0 for control */
	size_t n;		/* bytes to send or to receive at most, with the
				   setup packet; at most cap */
	usb_done *done;
	void *arg;
	/* read only */
	struct usb *usb;
	uint8_t *buf;
	size_t cap;
	bool busy;		/* submitted, done has not been called yet */
	/* usb.c's own */
	struct usb_xfer *next;
	bool deferred;		/* over already, done comes with result */
	enum err result;
};

/*
 * What is behind a struct usb. All members are called by usb.c only and return
 * at once. They report the end of a transfer with usb_ended(), from dispatch.
 */
struct usb_ops {
	/* A transfer with a buffer of cap bytes, or NULL: out of memory. */
	struct usb_xfer	*(*xfer_new)(struct usb *, size_t cap);
	void		(*xfer_free)(struct usb_xfer *);
	/* True: it is in flight. False: it is over and x->result says how. May
	   gather work until flush. */
	bool		(*submit)(struct usb_xfer *);
	/* Of a transfer in flight; may come twice. */
	void		(*cancel)(struct usb_xfer *);
	/* Sends what was gathered. NULL: nothing is. */
	void		(*flush)(struct usb *);
	enum err	(*claim)(struct usb *, uint8_t interface);
	/* Tells about a device that has no descriptors. NULL: it has. */
	void		(*describe)(struct usb *, struct channel_info *);
	size_t		(*pollfds)(struct usb *, struct pollfd *, size_t cap);
	void		(*dispatch)(struct usb *);
	/* Resets the device, as if it was plugged anew; waits for the kernel to
	   do it. NULL: it cannot be. */
	void		(*reset)(struct usb *);
	/* Releases what was claimed and frees the usb; nothing is in flight. */
	void		(*close)(struct usb *);
	/* Somebody else writes into buffers while they are in flight. */
	bool		lends_buffers;
};

/* First member of what is behind it. */
struct usb {
	const struct usb_ops *ops;
	struct usb_xfer *xfers;
	size_t in_flight;	/* counts what was handed to ops->submit */
	bool gone;		/* the device was lost; submits fail so */
	bool reset_on_close;	/* set by usb_reset_on_close */
	bool unconfigured;	/* nobody has sent SET_CONFIGURATION */
};

/*
 * Takes over a descriptor of an open usbfs node. ERR_SYSTEM, ERR_MEMORY. No
 * file is opened after this, so that a sandbox may follow.
 */
enum err	usb_libusb_open(struct usb **, int owned_fd) MUST_USE;

/*
 * Takes over a socket on which the device was imported (protocols/usbip.h says
 * what devid is) and makes it non-blocking. ERR_SYSTEM, ERR_MEMORY.
 */
enum err	usb_usbip_open(struct usb **, int owned_fd, uint32_t devid)
		    MUST_USE;

/*
 * Takes over the end of a SOCK_SEQPACKET pair through which slotd hands over the
 * connections of emulated cards, for so many slots: see ifd/vpcd.h. ERR_MEMORY.
 */
enum err	usb_vpcd_open(struct usb **, int owned_fd, uint8_t slots)
		    MUST_USE;

/* At most once per interface, before its endpoints are used. */
enum err	usb_claim(struct usb *, uint8_t interface) MUST_USE;

/* Room for a transfer of up to cap bytes. NULL: out of memory. */
struct usb_xfer	*usb_xfer_new(struct usb *, size_t cap, usb_done *, void *arg)
		    MUST_USE;

/* Not while busy. The buffer is wiped. *x is NULL afterwards; NULL is fine. */
void	usb_xfer_free(struct usb_xfer **x);

/* Starts a transfer that is not busy. It always ends with done. */
void	usb_submit(struct usb_xfer *);

/* Asks for its end, which comes as ERR_CANCELLED or as what came before. */
void	usb_cancel(struct usb_xfer *);

/* Once before each wait: sends what was submitted. */
void	usb_flush(struct usb *);

/* What to poll, and for how long at most: 0 when something can be dispatched
   already, else -1. Ask after usb_flush. */
size_t	usb_pollfds(struct usb *, struct pollfd *, size_t cap);
int	usb_poll_ms(const struct usb *);

/* After poll: calls done for all that ended. ready: poll found something to do
   on one of the descriptors. */
void	usb_dispatch(struct usb *, bool ready);

/*
 * The device is out of order: usb_close will reset it, so that whoever opens it
 * next finds it as after power-on. False: this usb has no way to do that.
 */
bool	usb_reset_on_close(struct usb *);

/*
 * Cancels everything, waits until nothing is in flight or limit_ms have gone
 * by, releases the device and frees all. Buffers that somebody else may still
 * write to are left to the end of the process, and the device with them. *usb
 * is NULL afterwards; NULL is fine.
 */
void	usb_close(struct usb **, uint32_t limit_ms);

/* For what is behind: a transfer in flight has ended. n bytes arrived. */
void	usb_ended(struct usb_xfer *, enum err, size_t n);

/* For what is behind, not from dispatch: a transfer in flight is over, its done
   comes with the next dispatch. */
void	usb_end_soon(struct usb_xfer *, enum err);

/* For what is behind: the device is lost. */
void	usb_lost(struct usb *);

static inline bool
usb_is_in(const struct usb_xfer *x)
{
	return (x->kind == USB_CONTROL ? x->buf[0] & 0x80 : x->ep & 0x80) != 0;
}

#endif
