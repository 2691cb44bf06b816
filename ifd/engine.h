/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_ENGINE_H
#define IFD_ENGINE_H

/*
 * A reader at work: opens it with its driver, carries out the requests of its
 * slots (ifd/exchange.h), reads the bulk pipe for all of them, keeps the
 * interrupt pipe pending, and tells what happened to the cards. It waits for
 * nothing: somebody calls it when there is something to do, with the time.
 *
 *	identify -> driver's open -> claim -> IFD_OPEN -> IFD_STATUS of each
 *	slot -> ready -> requests ... -> lost
 */

#include "ifd/driver.h"
#include "ifd/usb.h"

struct engine;

/* Called from engine_run, engine_start, engine_cancel and usb_dispatch. They
   may not call engine functions but engine_is_ready and engine_may_start. */
struct engine_events {
	/* Once. A card event for each slot follows. */
	void	(*ready)(void *arg, const struct channel_info *);
	/* Once, and nothing after it: the reader does not work (any more). */
	void	(*lost)(void *arg, enum err, const char *text);
	/* A request has ended. text is for people where err is not ERR_OK. */
	void	(*ended)(void *arg, const struct ifd_slot *, enum err,
		    struct view data, const char *text);
	/* card: mask of CHANNEL_PRESENT ...; atr: while powered. */
	void	(*card)(void *arg, const struct ifd_slot *, uint32_t card,
		    struct view atr);
	/* This card was found not to be understood at so many bit/s. */
	void	(*slow_card)(void *arg, const struct ifd_slot *, uint32_t bps);
};

/* In a row, of the kind that a working reader does not have. */
enum { ENGINE_FAULTS_MAX = 3 };

/*
 * Starts to open the reader behind usb, which stays the caller's and must be
 * closed before the engine is freed. interface: number, or -1 for the CCID
 * interface or else the first one. ERR_MEMORY.
 */
enum err	engine_new(struct engine **, struct usb *,
		    const struct ifd_driver *, int interface,
		    const struct engine_events *, void *arg, uint64_t now_ms)
		    MUST_USE;

/* What openct.conf wants, before the first engine_run. */
void		engine_set_wishes(struct engine *, const struct ifd_wishes *);

/* After the usb was closed. *e is NULL afterwards; NULL is fine. */
void		engine_free(struct engine **e);

/* Carries on: after usb_dispatch, when the deadline has come, and after
   requests were started. Then flush the usb and poll. */
void		engine_run(struct engine *, uint64_t now_ms);

/* The time by which engine_run must be called; UINT64_MAX: no need. */
uint64_t	engine_deadline_ms(const struct engine *);

bool		engine_is_ready(const struct engine *);

/*
 * True once after something that may have changed the cards without a word: a
 * transfer failed, as it does when the system wakes up or when somebody else
 * resets the device. An IFD_STATUS for each slot tells.
 */
bool		engine_takes_doubt(struct engine *);

/* What an earlier handler has told with slow_card; once ready. */
void		engine_slow_card(struct engine *, struct view atr,
		    uint32_t bps);

/* Valid once ready. */
const struct ifd_reader *engine_reader(const struct engine *);

/* Whether a request for this slot may start now: the slot is idle and not too
   many others are busy. False for a slot that does not exist. */
bool		engine_may_start(const struct engine *, unsigned slot);

/* Starts a request; data is borrowed until it has ended. */
void		engine_start(struct engine *, unsigned slot,
		    const struct ifd_request *);

/* The request of the slot, if any, should end soon. */
void		engine_cancel(struct engine *, unsigned slot);

/* The time at which callbacks of the usb happen; set before usb_dispatch. */
void		engine_set_time(struct engine *, uint64_t now_ms);

#endif
