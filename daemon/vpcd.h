/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_VPCD_H
#define DAEMON_VPCD_H

/*
 * The connections of the emulated cards of a virtual reader: those that come to
 * its ports, or those it makes. They are handed to the reader's handler, which
 * says when a slot is free again. While a slot has its card, others who connect
 * for it wait in the kernel's queue, as they do at vsmartcard's reader.
 */

#include <stddef.h>

#include "base/err.h"
#include "base/must_use.h"
#include "protocols/device.h"

struct event_base;
struct vpcd;

enum { VPCD_WHY_MAX = 319 };

/*
 * Listens, where the device says so. subject, for the log, is borrowed. On
 * failure why is a sentence for people: ERR_BUSY when a port is taken, ERR_ARG
 * for an address that is none of this computer's, ERR_SYSTEM, ERR_MEMORY.
 */
enum err	vpcd_open(struct vpcd **, struct event_base *,
		    const struct device *, const char *subject,
		    char why[VPCD_WHY_MAX + 1]) MUST_USE;

/* NULL is fine. */
void		vpcd_close(struct vpcd *);

/*
 * For a new handler: the end of a socket pair that brings it connections, the
 * caller's to close; ifd/vpcd.h says how. The one before is forgotten. -1 and
 * errno when there is none to be had.
 */
int		vpcd_feed(struct vpcd *);

#endif
