/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_IFDH_CHANNEL_H
#define LIB_IFDH_CHANNEL_H

/*
 * One reader of pcscd's: a slot of a reader of slotd's, found by name, which
 * may come and go. While it is away, it is a reader without a card.
 *
 * From power_up to power_down the card is pcscd's alone: slotd's other programs
 * are told that it is locked. A card that they have locked is not there for
 * pcscd until it is free again, and then was put in anew. The same when slotd
 * reset the card or was started again, so that no program goes on with a card
 * that has forgotten its login.
 *
 * Functions that return int return 0 or a negative number of enum openct_error,
 * but where noted.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

struct channel;

/* device: see lib/ifdh_name.h; it need not be there, but a slotd that is just
   started, by its socket perhaps, is waited for. ERR_ARG: it cannot be the name
   of one. ERR_MEMORY, ERR_SYSTEM. */
enum err	channel_open(struct channel **, const char *device,
		    unsigned slot) MUST_USE;

/* No call on it may be under way. NULL is fine. */
void		channel_close(struct channel *);

/* How many slots the reader has; 1 while it is away. */
unsigned	channel_slots(struct channel *);

/*
 * Whether a card is in. A card that left says so until channel_await has been
 * called twice: its caller then has seen it, even if the next one is in.
 */
bool		channel_present(struct channel *);

/*
 * Waits until channel_present has something else to say than it last did,
 * channel_stop, or the end of the time. One thread only; it is then this one
 * that channel_present tells of changes.
 */
void		channel_await(struct channel *, int timeout_ms);
void		channel_stop(struct channel *);

/* Resets the card. The length of its answer to reset. */
int		channel_power_up(struct channel *, uint8_t *atr,
		    size_t cap) MUST_USE;

/* Gives the card back, with no login left. */
void		channel_power_down(struct channel *);

/* The answer to reset of the powered card, or nothing. Its length. */
size_t		channel_atr(struct channel *, uint8_t *atr, size_t cap);

/* protocol: 0 for T=0, 1 for T=1. */
int		channel_protocol(struct channel *, unsigned protocol) MUST_USE;

/* The length of the response. */
int		channel_transmit(struct channel *, struct view apdu,
		    void *response, size_t cap) MUST_USE;

#endif
