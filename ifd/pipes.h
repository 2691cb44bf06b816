/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_PIPES_H
#define IFD_PIPES_H

/* The pipes of a device whose driver knows their addresses. */

#include "ifd/driver.h"

/*
 * Enters the pipes in the reader, 0 for one that is not used; the bulk pipe is
 * read packet by packet, as such devices need not end a message with a short
 * one. ERR_UNSUPPORTED, and the reader's why, where the device has no such
 * pipe.
 */
enum err	pipes_choose(struct ifd_reader *, uint8_t bulk_out,
		    uint8_t bulk_in, uint8_t interrupt) MUST_USE;

#endif
