/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_CCID_SLOT_H
#define IFD_CCID_SLOT_H

/*
 * A slot of a CCID while it works, shared by ccid.c (the driver), ccid_power.c
 * (reset, parameters, protocol) and ccid_apdu.c (APDUs). A request is a
 * sequence of commands; the stage says which one is under way.
 */

#include "ifd/card.h"
#include "ifd/driver.h"
#include "protocols/atr.h"
#include "protocols/ccid_chain.h"
#include "protocols/ccid_exchange.h"
#include "protocols/ccid_msg.h"
#include "protocols/ccid_params.h"
#include "protocols/ccid_plan.h"

enum { CCID_SLOT_POWER_MS = 10000 };	/* for power on and off */

enum ccid_stage {
	STAGE_RATES,		/* the class request of IFD_OPEN */
	STAGE_STATUS,
	STAGE_OFF,
	STAGE_OFF_FIRST,	/* of a cold reset */
	STAGE_ON,
	STAGE_PARAMETERS,
	STAGE_APDU,
	STAGE_BLOCK,		/* a TPDU or block of the card's protocol */
	STAGE_QUIET,		/* the card's protocol lets time pass */
};

struct ccid {
	struct ccid_plan plan;
	struct ccid_seq seq;
	struct ccid_rates rates;	/* that the reader told of */
};

struct ccid_slot {
	struct ccid_exchange x;
	struct ccid_chain chain;	/* of an APDU, where it takes them */
	struct card card;		/* else the protocol done here */
	uint8_t *buf, *rsp;
	size_t rsp_cap;
	enum ccid_stage stage;
	bool warm, announcing;
	uint32_t asked;		/* the protocol of a PROTOCOL request, or 0 */
	unsigned power;		/* index of plan.power being tried, or in use */
	bool active;		/* the reader says that the card has power */
	struct atr atr;
	uint8_t setup[USB_SETUP_SIZE];
	uint8_t params[CCID_PARAMS_T1_SIZE];
};

static inline struct ccid *
ccid_of(const struct ifd_slot *slot)
{
	return slot->reader->state;
}

/* A step of the exchange: at the end of a command, what comes next in this
   request. */
struct step	ccid_slot_next(struct ifd_slot *, struct step);

/* Sends a command; the stage says what its end means. */
struct step	ccid_slot_command(struct ifd_slot *, enum ccid_stage,
		    struct ccid_cmd, uint32_t wait_ms);

/* A failure with what the reader said about it. */
struct step	ccid_slot_explain(struct ifd_slot *, struct step);

/* ---- ccid_power.c ---- */

struct step	ccid_slot_reset(struct ifd_slot *, bool warm);
struct step	ccid_slot_choose_protocol(struct ifd_slot *, uint32_t wanted);
struct step	ccid_slot_power_on(struct ifd_slot *);
struct step	ccid_slot_on_atr(struct ifd_slot *, struct view atr);
struct step	ccid_slot_on_power_failed(struct ifd_slot *, struct step);
struct step	ccid_slot_on_parameters(struct ifd_slot *, struct step);
/* What a request for power or for a protocol ends with. */
struct step	ccid_slot_powered(const struct ifd_slot *);

/* ---- ccid_apdu.c ---- */

struct step	ccid_slot_transmit(struct ifd_slot *, struct view apdu);
/* Carries out a step of the card's protocol (ifd/card.h). */
struct step	ccid_slot_carry(struct ifd_slot *, struct step);
struct step	ccid_slot_on_block(struct ifd_slot *, struct step);

#endif
