/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_VPCD_H
#define IFD_VPCD_H

/*
 * What the driver and usb_vpcd.c say to each other. A transfer of the bulk pipe
 * begins with the slot's number; out, bytes for its card follow (protocols/
 * vpcd.h), which are answered; in, one message of it. The interrupt pipe, which
 * is to be read all the time, brings a slot's number and one of enum vpcd_news. A
 * vendor request with the slot as wIndex is an order for the card that has no
 * answer, or VPCD_HANG_UP.
 */

#include "protocols/vpcd.h"

enum {
	VPCD_BULK_OUT = 0x01,
	VPCD_BULK_IN = 0x81,
	VPCD_INTERRUPT_IN = 0x82,
	VPCD_NEWS_SIZE = 2,
	VPCD_HANG_UP = 0x80,	/* bRequest: ends the connection */
};

enum vpcd_news { VPCD_CAME, VPCD_GONE };

#endif
