/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_EUTRON_H
#define EMULATOR_EUTRON_H

/*
 * Eutron CryptoIdentity: a line to a card. What the card sends lies in a queue
 * that is read in parts, the first one of three bytes and others of up to 64;
 * an empty answer says that there is nothing now. There is something stale in it
 * at first. Blocks are understood after a PPS for T=1 and the setting of the
 * speed.
 */

#include "emulator/usb.h"

extern const struct usb_family eutron_family;

#endif
