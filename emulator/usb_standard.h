/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_USB_STANDARD_H
#define EMULATOR_USB_STANDARD_H

#include "emulator/usb.h"

/*
 * The standard requests of USB 2.0, chapter 9, that a device with one
 * configuration and no alternate settings answers. As usb_family.control.
 */
int	usb_standard_request(struct usb_device *, const struct usb_setup *,
	    struct wr *in) MUST_USE;

#endif
