/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_USB_CONTROL_H
#define EMULATOR_USB_CONTROL_H

/* The parts of emulator/usb.c that it shares with usb_control.c. */

#include "emulator/usb.h"

/* A fault may unplug the device at its Nth transfer. */
void		usb_count_transfer(struct usb_device *);

/* When a held transfer ends by itself. */
uint64_t	usb_control_deadline(const struct usb_device *);

#endif
