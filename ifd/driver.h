/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_DRIVER_H
#define IFD_DRIVER_H

/*
 * What a driver is: one file and one const struct for a family of devices, and
 * a row in drivers.c. A driver decides about bytes and does no I/O: it is asked
 * with a request or an event and answers with a step (protocols/step.h), which
 * the engine carries out. It may allocate in open only. The steps of one slot
 * follow one another; those of several slots may be interleaved.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "protocols/channel.h"
#include "protocols/step.h"
#include "protocols/usb_desc.h"

enum {
	IFD_ATR_MAX = 33,
	IFD_WHY_MAX = 511,
};

enum ifd_op {
	/* Once, for slot 0, before anything else: what the device needs after
	   it was claimed. */
	IFD_OPEN,
	/* Finds out about the card: slot->card. */
	IFD_STATUS,
	/* arg: 0 cold, 1 warm. Out: the ATR; slot->card, atr and result (the
	   protocol, CHANNEL_T0 or _T1) are set. */
	IFD_POWER_ON,
	IFD_POWER_OFF,
	/* data: an APDU. Out: the response with SW1 SW2. */
	IFD_TRANSMIT,
	/* arg: mask of CHANNEL_T0, _T1. slot->result: the one chosen. */
	IFD_PROTOCOL,
	/* arg: code, data. Out: data. */
	IFD_CONTROL,
};

struct ifd_request {
	enum ifd_op op;
	uint32_t arg;
	struct view data;	/* borrowed until the request ends */
};

struct ifd_reader;

struct ifd_slot {
	struct ifd_reader *reader;
	uint8_t number;
	/* The driver's: slot_size bytes, zeroed at first. */
	void *state;
	/* What is known of the card; the driver writes it, at any event. */
	uint32_t card;		/* mask of CHANNEL_PRESENT ... */
	bool swapped;		/* it was away; the engine clears it */
	uint32_t slow;		/* it was found not to be understood at this many
				   bit/s; the engine tells and clears it */
	uint8_t atr[IFD_ATR_MAX];
	size_t atr_n;
	uint32_t result;	/* of POWER_ON and PROTOCOL */
	/* Why a request failed, where there is more to say than err_text: the
	   driver writes it, the engine empties it before each request. */
	char why[IFD_WHY_MAX + 1];
};

/* What openct.conf wants otherwise; zeros: nothing. */
struct ifd_wishes {
	uint8_t block_size;	/* T=1 blocks of a token */
	uint32_t max_speed;	/* bit/s of a card */
	bool force_poll;	/* cards are looked for, not waited for */
};

struct ifd_reader {
	/* The engine's, known before open. */
	struct usb_device_desc device;
	struct usb_config config;
	struct usb_interface interface;	/* the one to be driven */
	struct ifd_wishes wishes;
	/* What slotd is told. The engine has filled in the numbers and strings
	   of the device; the driver fills in slots, max_apdu and what it
	   knows. */
	struct channel_info info;
	/* The driver's, to be filled in by open. Endpoints: addresses, 0 none;
	   caps: the longest message in bytes. */
	uint8_t bulk_out, bulk_in, interrupt;
	size_t out_cap, in_cap, interrupt_cap;
	size_t in_read;		/* bytes to ask the bulk pipe for at once;
				   0: a whole message */
	size_t control_cap;	/* longest data of STEP_CONTROL */
	bool never_reset;	/* on the bus, when it is out of order: nobody
				   knows that it would survive this */
	unsigned busy_slots;	/* that may work at once; 0 counts as 1 */
	/* The driver's: reader_size bytes, zeroed at first. */
	void *state;
	/* info.slots of them, there after open. */
	struct ifd_slot *slots;
	/* The driver sets it when only a new handler can help; why is said. */
	bool lost;
	char why[IFD_WHY_MAX + 1];
};

struct ifd_driver {
	const char *name;	/* of --driver, as in protocols/ids.c */
	const char *text;	/* what it drives, for --list */
	size_t reader_size, slot_size;

	/*
	 * Decides from the descriptors whether and how the device is driven and
	 * fills in the reader. On failure reader->why says what is wrong in a
	 * sentence, and close is not called.
	 */
	enum err	(*open)(struct ifd_reader *);

	/* Prepares a slot, after open. NULL: there is nothing to prepare. */
	enum err	(*slot_open)(struct ifd_slot *);

	/*
	 * Starts a request. It ends with STEP_DONE, whose out is its result, or
	 * with STEP_FAIL. A request that a driver does not know fails with
	 * ERR_UNSUPPORTED; IFD_OPEN is done at once where nothing is needed.
	 */
	struct step	(*start)(struct ifd_slot *, const struct ifd_request *);

	/* Bytes came: from the bulk pipe, a control transfer or (see interrupt)
	   the interrupt pipe. The view is borrowed until the call returns. */
	struct step	(*input)(struct ifd_slot *, struct view);

	/* The wait or the pause is over. */
	struct step	(*timeout)(struct ifd_slot *);

	/*
	 * The transfer of a step failed: ERR_STALL (the halt is cleared by now)
	 * or ERR_IO. NULL: the request fails with that error.
	 */
	struct step	(*failed)(struct ifd_slot *, enum err);

	/* The request is to end soon. NULL: it goes on to its own end. */
	struct step	(*cancel)(struct ifd_slot *);

	/* The request has ended, its result was delivered: wipe what may be
	   secret. NULL: nothing is. */
	void		(*ended)(struct ifd_slot *);

	/* The slot for which a message of the bulk pipe is, negative for none.
	   NULL: slot 0. */
	int		(*route)(const struct ifd_reader *, struct view);

	/*
	 * A message of the interrupt pipe: changes the cards of slots as it
	 * says. Returns the slot whose request gets the bytes as its input,
	 * negative for none. NULL: such messages mean nothing.
	 */
	int		(*interrupt)(struct ifd_reader *, struct view);

	/* What an earlier handler found out: this card is not understood at so
	   many bit/s. NULL: it is of no interest. */
	void		(*slow_card)(struct ifd_reader *, struct view atr,
			    uint32_t bps);

	/* Frees and wipes what open and slot_open allocated. NULL: nothing. */
	void		(*close)(struct ifd_reader *);
};

/* All drivers; *n is their number. */
const struct ifd_driver *const *ifd_drivers(size_t *n);

/* By name, or NULL. */
const struct ifd_driver *ifd_driver_find(const char *name);

/* Fails the request with a sentence for people. */
struct step	ifd_fail(struct ifd_slot *, enum err, const char *fmt, ...)
		    PRINTF_LIKE(3, 4);

extern const struct ifd_driver ifd_cardman;
extern const struct ifd_driver ifd_ccid;
extern const struct ifd_driver ifd_cyberjack;
extern const struct ifd_driver ifd_egate;
extern const struct ifd_driver ifd_epass3000;
extern const struct ifd_driver ifd_etoken64;
extern const struct ifd_driver ifd_etoken;
extern const struct ifd_driver ifd_eutron;
extern const struct ifd_driver ifd_ikey2k;
extern const struct ifd_driver ifd_ikey3k;
extern const struct ifd_driver ifd_pertosmart1030;
extern const struct ifd_driver ifd_pertosmart1038;
extern const struct ifd_driver ifd_rutoken;
extern const struct ifd_driver ifd_starkey;
extern const struct ifd_driver ifd_vpcd;

#endif
