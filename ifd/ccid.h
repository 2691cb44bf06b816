/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_CCID_H
#define IFD_CCID_H

/*
 * What the files of the CCID driver share. How a reader is driven was decided
 * by protocols/ccid_plan.h; here a request becomes a chain of stages, each of
 * them a command to the reader or an exchange with the card:
 *
 *	ccid.c		opening, events, what follows a stage
 *	ccid_open.c	what a reader needs once, after it was claimed
 *	ccid_power.c	resets, voltages, the ATR
 *	ccid_setup.c	protocol, speed, parameters and field size after an ATR
 *	ccid_card.c	bytes for the card, at each level of exchange
 *	ccid_iccd.c	readers without bulk pipes
 *	ccid_pseudo.c	APDUs that the reader's driver answers
 *
 * Below all of them protocols/ccid_exchange.h speaks with the reader, on bulk
 * pipes or, by protocols/iccd.h, on the control pipe.
 */

#include "ifd/driver.h"
#include "protocols/ccid_chain.h"
#include "protocols/ccid_params.h"
#include "protocols/iccd.h"
#include "protocols/pps.h"
#include "protocols/t0.h"
#include "protocols/t1.h"

enum {	/* milliseconds; a reader extends them itself while a card works */
	CCID_RATES_MS = 3000,
	CCID_STATUS_MS = 5000,
	CCID_SLOW_STATUS_MS = 20000,
	CCID_SLOW_OPEN_MS = 60000,
	CCID_POWER_MS = 10000,
	CCID_PARAMETERS_MS = 5000,
	CCID_ESCAPE_MS = 30000,	/* it may write its memory */
	/* Some readers do not, so an APDU may take as long as a key takes to be
	   made. Waiting costs nothing: whoever is tired of it cancels. */
	CCID_APDU_MS = 180000,
	CCID_LONG_APDU_MS = 300000,
	/* What a reader may take for itself around a block or a TPDU, whose own
	   time it watches itself. */
	CCID_BLOCK_MS = 5000,
};

enum { CCID_SLOW_CARDS = 8 };

enum ccid_stage {
	CCID_STAGE_WAKE,	/* IFD_OPEN: a pause */
	CCID_STAGE_OPEN_ESCAPE,	/* IFD_OPEN */
	CCID_STAGE_RATES,	/* the class request of IFD_OPEN */
	CCID_STAGE_STATUS,
	CCID_STAGE_OFF,
	CCID_STAGE_OFF_FIRST,	/* of a cold reset */
	CCID_STAGE_ON,
	CCID_STAGE_POWER_ESCAPE, /* what it needs to be tried again */
	CCID_STAGE_PPS,
	CCID_STAGE_PARAMETERS,
	CCID_STAGE_IFSD,
	CCID_STAGE_APDU,
	CCID_STAGE_ESCAPE,	/* IFD_CONTROL */
};

enum ccid_machine {		/* that speaks with the card */
	CCID_NO_MACHINE,	/* the stage is one command to the reader */
	CCID_BY_CHAIN,		/* APDUs */
	CCID_BY_T0,
	CCID_BY_T1,
	CCID_BY_PPS,
};

/* What a reset and all that follows it are for. */
enum ccid_purpose {
	CCID_FOR_ATR,		/* IFD_POWER_ON */
	CCID_FOR_PROTOCOL,	/* IFD_PROTOCOL */
	CCID_FOR_APDU,		/* IFD_TRANSMIT, to be sent (again) */
	CCID_FOR_NEXT,		/* IFD_TRANSMIT, which has failed already */
};

/* A card that failed at a speed, and what is allowed since: less than that. */
struct ccid_slow_card {
	uint8_t atr[ATR_MAX];
	size_t n;		/* 0: the row is free */
	uint32_t below;		/* bit/s */
};

struct ccid {
	struct ccid_plan plan;
	struct ccid_seq seq;
	struct ccid_rates rates;	/* that the reader can set, if it told */
	struct ccid_slow_card slow[CCID_SLOW_CARDS];
	unsigned slow_next;
};

struct ccid_slot {
	struct ccid_exchange x;
	struct iccd iccd;	/* below it, where there are no bulk pipes */
	uint8_t *iccd_buf;
	struct ccid_chain chain;
	uint8_t *buf, *rsp;
	size_t rsp_cap;
	enum ccid_stage stage;
	/* the card */
	bool active;		/* the reader says that it has power */
	bool warm;		/* the reset under way */
	bool escaped;		/* CCID_STAGE_POWER_ESCAPE was there */
	bool once_more;		/* the reset is to be done twice */
	unsigned power;		/* index of plan.power being tried, or in use */
	struct atr atr;
	/* how one speaks with it */
	enum ccid_purpose purpose;
	uint8_t protocol;	/* 0 or 1 */
	bool switched;		/* a client asked for it */
	bool fresh;		/* nothing was said to it since the reset */
	bool proven;		/* it was understood at this speed */
	struct ccid_speed speed;
	uint32_t below;		/* as of ccid_speed_choose */
	bool no_pps;		/* the card does not take it */
	enum err why;		/* a reset was needed */
	/* the machine of a stage; one speaks at a time */
	enum ccid_machine machine;
	struct pps pps;
	struct t0 t0;
	struct t1 t1;
	enum err t1_err;	/* it cannot be prepared for this card */
	uint8_t block[T1_BLOCK_MAX];	/* of the card, character by character */
	size_t block_n;
	struct view apdu;	/* of IFD_TRANSMIT, borrowed until its end */
	uint8_t setup[USB_SETUP_SIZE];
	uint8_t params[CCID_PARAMS_T1_SIZE];
};

static inline struct ccid *
ccid_of(const struct ifd_slot *slot)
{
	return slot->reader->state;
}

/* ---- ccid.c ---- */

/* A stage that is one command to the reader. */
struct step	ccid_command(struct ifd_slot *, enum ccid_stage,
		    struct ccid_cmd, uint32_t wait_ms);

/* The step as it is, or, where it ends a stage, what follows that. */
struct step	ccid_next(struct ifd_slot *, struct step);

/* Fails the request, in the words of the reader where it gave a reason. */
struct step	ccid_explain(struct ifd_slot *, struct step failure);

/* An answer of the reader; the time for it is over, or a pause; its transfer
   failed. */
struct step	ccid_on_message(struct ifd_slot *, struct view);
struct step	ccid_on_timeout(struct ifd_slot *);
struct step	ccid_on_failed(struct ifd_slot *, enum err);

/* ---- ccid_iccd.c ---- */

enum err	ccid_open_iccd(struct ccid_slot *, const struct ccid_plan *)
		    MUST_USE;

/* On its way to the engine: where there are no bulk pipes, a message becomes
   control transfers. */
struct step	ccid_down(struct ifd_slot *, struct step);

/* A step of protocols/iccd.h: its end is an answer to what is above. */
struct step	ccid_from_iccd(struct ifd_slot *, struct step);

/* ---- ccid_pseudo.c ---- */

/* Is this an APDU for the driver? Then *answer points into the slot's buffer. */
bool		ccid_pseudo_apdu(struct ifd_slot *, struct view apdu,
		    struct view *answer) MUST_USE;

/* ---- ccid_open.c ---- */

/* IFD_OPEN, and what follows its stages. */
struct step	ccid_open_begin(struct ifd_slot *);
struct step	ccid_open_awake(struct ifd_slot *);
struct step	ccid_open_escaped(struct ifd_slot *, struct step);
struct step	ccid_open_rates(struct ifd_slot *, struct view);

/* ---- ccid_power.c ---- */

struct step	ccid_reset(struct ifd_slot *, bool warm);

/* What follows CCID_STAGE_OFF_FIRST, and CCID_STAGE_ON. */
struct step	ccid_power_on_card(struct ifd_slot *);
struct step	ccid_on_power(struct ifd_slot *, struct step);

/* ---- ccid_setup.c ---- */

/* The card has answered to reset and slot->atr, s->atr are new. */
struct step	ccid_setup(struct ifd_slot *);

/* What follows CCID_STAGE_PPS, _PARAMETERS, _IFSD. */
struct step	ccid_on_pps(struct ifd_slot *, struct step);
struct step	ccid_on_parameters(struct ifd_slot *, struct step);
struct step	ccid_on_ifsd(struct ifd_slot *, struct step);

/* IFD_PROTOCOL. wanted: mask of CHANNEL_T0, CHANNEL_T1. */
struct step	ccid_choose_protocol(struct ifd_slot *, uint32_t wanted);

/* The card was understood: what it took to come so far is remembered. */
void		ccid_speed_works(struct ifd_slot *);

/* Whether the speed may be why the card is not understood: it is a negotiated
   one, and nothing has come of it yet. */
bool		ccid_speed_may_be_why(const struct ifd_slot *, enum err);

/* The driver's slow_card. */
void		ccid_slow_card(struct ifd_reader *, struct view atr,
		    uint32_t bps);

/* Resets the card, to go on at the next lower speed. */
struct step	ccid_slow_down(struct ifd_slot *, enum err why);

/* ---- ccid_card.c ---- */

/* IFD_TRANSMIT: s->apdu. */
struct step	ccid_transmit(struct ifd_slot *);
struct step	ccid_on_response(struct ifd_slot *, struct step);

/* Starts a stage in which a machine, whose first step this is, speaks. */
struct step	ccid_speak(struct ifd_slot *, enum ccid_stage,
		    enum ccid_machine, struct step);

/* What the exchange with the reader has answered to an event, as the machine of
   this stage sees it. */
struct step	ccid_heard(struct ifd_slot *, struct step);

/* The pause that a machine wanted is over. */
struct step	ccid_pause_over(struct ifd_slot *);

/* Prepares T=1 for a card that was reset. */
void		ccid_t1_prepare(struct ifd_slot *);

#endif
