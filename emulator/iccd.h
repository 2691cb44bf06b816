/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_ICCD_H
#define EMULATOR_ICCD_H

/*
 * Tokens after the ICCD specification, revision 1.0, version B: a card with a
 * USB plug, all by control transfers, at short APDU level.
 */

#include "emulator/usb.h"

extern const struct usb_family iccd_b_family;

#endif
