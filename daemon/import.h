/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_IMPORT_H
#define DAEMON_IMPORT_H

/*
 * Getting at a device of a USB/IP server: connect, OP_REQ_IMPORT, and hand over
 * the socket, which carries URBs from then on. A slow or lying server has five
 * seconds and costs nothing but its own reader.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/must_use.h"
#include "daemon/resolve.h"
#include "protocols/device.h"
#include "protocols/usbip.h"

struct event_base;
struct import;

struct import_result {
	enum err err;		/* ERR_GONE: not there (yet); ERR_BUSY: used by
				   another; else something is wrong */
	const char *text;	/* for people, "" when err is ERR_OK */
	int owned_fd;		/* non-blocking; the callee's. -1 on errors */
	struct usbip_device device;
};

/* A host's address, so that a retry need not look it up again. Zeros: none. */
struct import_cache {
	struct resolved address;
	uint64_t until_ms;
};

typedef void	(*import_fn)(void *arg, const struct import_result *);

/*
 * done is called once, later, from the loop. NULL when memory is short. The
 * device is a DEVICE_USBIP and copied; the cache belongs to it and is borrowed.
 */
struct import	*import_start(struct event_base *, const struct device *,
		    struct import_cache *, import_fn done, void *arg) MUST_USE;

/* Gives up or cleans up: needed after done too. NULL is fine. */
void		import_free(struct import *);

#endif
