/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_HANDLER_H
#define IFD_HANDLER_H

/*
 * What slotd asks through the channel is queued by slot and given to the
 * engine; what happens there is told. One thread, one loop.
 */

#include "ifd/driver.h"
#include "ifd/usb.h"

enum {
	HANDLER_QUEUE_MAX = 4,		/* requests of a slot, all told */
	HANDLER_DATA_MIN = 1024,	/* data of a CONTROL that always fits */
	HANDLER_QUIT_MS = 600,		/* for the cards to be powered off */
	HANDLER_CLOSE_MS = 300,		/* for transfers to come back */
	HANDLER_POLL_MS = 400,		/* between looks at the cards where
					   there is no interrupt pipe */
};

/*
 * Opens the reader behind usb (taken over) with the driver and serves the
 * channel until slotd says QUIT or is gone, or the reader is. interface: number,
 * or -1 to find it. Returns the exit status: 0, or 1 after FAILED was sent.
 */
int	handler_serve(int channel_fd, struct usb *owned_usb,
	    const struct ifd_driver *, int interface, const struct ifd_wishes *);

#endif
