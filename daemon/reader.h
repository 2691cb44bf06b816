/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_READER_H
#define DAEMON_READER_H

/*
 * A reader's life: absent, starting, ready, failed, and round again. A reader
 * stays in the registry when its device leaves, under its number, so a pointer
 * to it holds until the daemon ends; its slots are new ones at each start.
 */

#include <sys/types.h>

#include "protocols/channel.h"
#include "protocols/settings.h"

struct peer;
struct reader;
struct slot;

enum reader_state {
	READER_ABSENT,		/* no device; what it was called is kept */
	READER_STARTING,
	READER_READY,		/* every slot's state and ATR are known */
	READER_FAILED,		/* text says why; it is tried again by itself */
};

/* Pointers hold until the reader's next event. No string is NULL. */
struct reader_status {
	unsigned number;
	enum reader_state state;
	const char *name;	/* "Cherry GmbH SmartTerminal XX44" */
	const char *driver;
	const char *device;	/* "usb:/dev/bus/usb/001/004", "usbip:..." */
	const char *text;	/* why it failed, else empty */
	const char *label;	/* of its block in openct.conf, else empty */
	bool is_named;		/* the name is openct.conf's */
	bool is_expected;	/* its device is there, or should be */
	const struct channel_info *info;	/* NULL unless ready */
	pid_t handler_pid;	/* 0 when there is none */
	unsigned slots;		/* 0 unless ready */
};

void		reader_status(const struct reader *, struct reader_status *);

/*
 * Does openct.conf allow it to this client? NULL: to anybody, through OpenCT's
 * dialect. Escape commands are allowed where the reader lets them through, too.
 */
bool		reader_may(const struct reader *, const struct peer *,
		    enum right);

/* One slot of a ready reader, else NULL. */
struct slot	*reader_slot(const struct reader *, unsigned index);

#endif
