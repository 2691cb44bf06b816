/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_HANDLER_H
#define DAEMON_HANDLER_H

/*
 * One ifdhandler process and the channel to it. It is trusted with nothing: it
 * may hang, flood, lie or die, and costs its own reader only.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "base/must_use.h"
#include "protocols/channel.h"

struct event_base;
struct handler;
struct identity;

struct handler_spec {
	const char *program;
	const char *driver;
	const char *kind;	/* "usb", "usbip" or "vpcd" */
	int interface;		/* -1: the driver finds it */
	uint32_t devid, speed;	/* usbip only */
	uint8_t slots;		/* vpcd only */
	uint8_t block_size;	/* 0: the driver's own */
	uint32_t max_speed;	/* bit/s of cards, 0: any */
	bool force_poll;
	const struct identity *identity;	/* NULL: as slotd */
	enum log_level debug;	/* what the handler logs */
	const char *subject;	/* for the log; must outlive the handler */
};

/* May call any handler_ function. */
struct handler_events {
	/* READY, FAILED, RESULT or CARD; the rest is handled inside. */
	void (*message)(void *arg, const struct channel_msg *);
	/* The process is gone and reaped; called once. why is for people. */
	void (*ended)(void *arg, const char *why);
};

/*
 * Starts the process. device_fd stays the caller's to close. NULL when it
 * cannot be started; errno says why.
 */
struct handler	*handler_start(struct event_base *,
		    const struct handler_spec *, int device_fd,
		    const struct handler_events *, void *arg) MUST_USE;

/* Kills the process if it still runs; no event comes any more. */
void		handler_free(struct handler *);

/*
 * Sends, or queues when the socket is full. A request that expects a RESULT is
 * watched: without any message for 5 s the handler is asked for a sign of life
 * and killed when it gives none. ERR_MEMORY, ERR_TOO_LONG, ERR_QUOTA, or
 * ERR_HANDLER when it is gone.
 */
enum err	handler_send(struct handler *,
		    const struct channel_msg *) MUST_USE;

/* SIGKILL; `ended` follows. why replaces the words about the signal. */
void		handler_kill(struct handler *, const char *why);

/*
 * What it last said is about to be believed, and it owes us nothing: if that was
 * over 5 s ago it is asked for a sign of life, and killed when it gives none.
 */
void		handler_doubt(struct handler *);

/* A child died or was stopped: looks whether it was this one. */
void		handler_reap(struct handler *);

pid_t		handler_pid(const struct handler *);

#endif
