/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_EXCHANGE_H
#define IFD_EXCHANGE_H

/*
 * One request of one slot carried out: the steps that a driver answers become
 * transfers and deadlines, what comes of them goes back to the driver. An
 * exchange ends exactly once, whatever happens.
 */

#include "ifd/driver.h"
#include "ifd/usb.h"

enum {
	/* A cancelled transfer that is not back after this is never coming. */
	EXCHANGE_CANCEL_MS = 2000,
	EXCHANGE_HALT_MS = 5000,	/* to clear a halt */
	/* Steps of one request: far more than the longest APDU needs. */
	EXCHANGE_STEPS_MAX = 100000,
};

enum exchange_state {
	EXCHANGE_IDLE,
	EXCHANGE_ANSWER,	/* a message of the bulk pipe is awaited */
	EXCHANGE_CONTROL,	/* the control transfer is */
	EXCHANGE_PAUSE,
	EXCHANGE_HALT,		/* the halt of the OUT endpoint is cleared */
};

/* The request has ended; data is borrowed until the call returns. The next
   request may start after that only. */
typedef void	exchange_ended(void *arg, struct ifd_slot *, enum err,
		    struct view data);

struct exchange {
	const struct ifd_driver *driver;
	struct ifd_slot *slot;
	exchange_ended *ended;
	void *arg;
	struct usb_xfer *out;	/* NULL: no bulk pipe */
	struct usb_xfer *control;
	enum exchange_state state;
	const uint64_t *now_ms;	/* the owner's clock */
	uint64_t deadline_ms;	/* UINT64_MAX: none */
	bool expired;		/* the time is over, its transfer cancelled */
	bool cancel;		/* is wanted, once the command has left */
	bool stuck;		/* a cancelled transfer did not come back */
	unsigned steps;
};

/*
 * Prepares an exchange for a slot; the pipes are the reader's. The caller then
 * sets ended, arg and now_ms. Its transfers are freed with the usb. ERR_MEMORY.
 */
enum err	exchange_open(struct exchange *, struct usb *,
		    const struct ifd_driver *, struct ifd_slot *) MUST_USE;

/* Nothing under way and nothing in flight: a request may start. */
bool		exchange_is_idle(const struct exchange *);

/* A request is under way. */
bool		exchange_is_running(const struct exchange *);

/* Starts a request; its end may come before this returns. */
void		exchange_start(struct exchange *, const struct ifd_request *);

/* A message for this slot is to be read from the bulk pipe. */
bool		exchange_wants_input(const struct exchange *);

/* The message may be delivered: the command has left. */
bool		exchange_takes_input(const struct exchange *);

/* Bytes of the bulk or interrupt pipe. Ignored when none are awaited. */
void		exchange_input(struct exchange *, struct view);

/* The bulk pipe failed while an answer was awaited; its halt was cleared. */
void		exchange_fault(struct exchange *, enum err);

/* Asks the request to end soon; nothing happens when there is none. */
void		exchange_cancel(struct exchange *);

/* The device is gone: ends the request now. */
void		exchange_abandon(struct exchange *, enum err);

/* The time may have come. */
void		exchange_tick(struct exchange *);

#endif
