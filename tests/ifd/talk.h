/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IFD_TALK_H
#define TESTS_IFD_TALK_H

/*
 * The engine and a driver against a device that is an array: rows of what the
 * host must send, what the device gives, what must be told above. Time goes by
 * only where a row says so.
 */

#include "tests/unit.h"

#include "ifd/engine.h"

enum turn_kind {
	/* the device; `n` is an endpoint's address, out must be sent in full */
	CONTROL,		/* takes setup and data `out`, answers `in` */
	OUT,			/* takes `out` */
	IN,			/* gives `in` to the read that is pending */
	HALT,			/* the halt of `n` is cleared */
	CANCELLED,		/* a transfer of `n` was, and ends so */
	UNPLUG,
	/* time */
	PASS,			/* `arg` milliseconds go by */
	/* what is asked of the engine; `n` is a slot */
	ASK,			/* op `arg` with data `out`, arg `more` */
	GIVE_UP,		/* engine_cancel */
	/* what it tells */
	ENDED,			/* request of slot `n`: err, data `in` */
	CARD,			/* state of slot `n` is `arg` */
	SLOW,			/* the card in `n` is, at `arg` bit/s */
	READY,
	LOST,			/* with err, text begins with `in` */
	/* nothing is in flight but the interrupt pipe's read */
	QUIET,
};

struct turn {
	enum turn_kind kind;
	unsigned n;
	uint32_t arg;
	struct view out, in;
	enum err err;		/* of the transfer, or told */
	uint32_t more;
};

#define V(s) { (const uint8_t *)(s), sizeof(s) - 1 }

struct told {
	enum turn_kind kind;
	unsigned n;
	uint32_t arg;
	enum err err;
	uint8_t data[600];
	size_t data_n;
};

struct fake;

struct world {
	struct usb *usb;
	struct engine *engine;
	uint64_t now_ms;
	struct told told[32];	/* not seen by a row yet */
	size_t first, n_told;
	bool lost;
	const char *talk;	/* for messages */
	size_t turn;
};

/* A device to be opened; what it answers to the standard requests. */
struct device {
	struct view device, config;
	const char *strings[6];	/* by index, NULL stalls */
};

void	world_open(struct world *, const struct ifd_driver *);
/* One interface of several, by its number. */
void	world_open_interface(struct world *, const struct ifd_driver *,
	    int interface);
/* A device without descriptors. */
void	world_open_described(struct world *, const struct ifd_driver *,
	    void (*describe)(struct usb *, struct channel_info *));
void	world_close(struct world *);

/* Answers the standard requests until something else happens. */
void	world_identify(struct world *, const struct device *);

/* Plays the rows; fails naming talk and turn. */
void	world_play(struct world *, const char *talk, const struct turn *,
	    size_t n);

/*
 * For tests that play the device themselves. The control transfer in flight, or
 * NULL; its end, with what it brings; time goes by to the next deadline, and a
 * transfer that was cancelled for it comes back. What was told is in w->told.
 */
struct usb_xfer	*world_control(const struct world *);
void	world_end(struct world *, struct usb_xfer *, enum err, struct view in);
void	world_wait(struct world *);

/* At the end: all that was told has been seen, nothing stale is in flight. */
void	world_is_quiet(struct world *);

#endif
