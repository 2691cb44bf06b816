/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_FRAMED_H
#define IFD_FRAMED_H

/*
 * Readers whose answers come in frames (protocols/frame.h), driven by one
 * machine: opening, status, reset are tables of commands, APDUs are T=0 TPDUs
 * or T=1 blocks in a frame. A driver is a struct framed_traits.
 */

#include "ifd/driver.h"
#include "protocols/atr.h"
#include "protocols/frame.h"
#include "protocols/t0.h"
#include "protocols/t1.h"
#include "protocols/usb_setup.h"

/* One command to the reader. */
struct framed_command {
	uint8_t code;
	uint8_t n, data;	/* n: 0 or 1 bytes of data */
	bool picks_type;	/* data is the card type, from the traits */
	bool may_fail;		/* a refusal means nothing */
	uint32_t wait_ms;
};

enum { FRAMED_RITE_MAX = 4 };

struct framed_rite {
	size_t n;
	struct framed_command cmd[FRAMED_RITE_MAX];
};

struct framed_traits {
	const struct frame_codec *codec;
	/* Pipes. bulk_out 0: commands are control requests of this type and
	   number, and answers come on the interrupt pipe. */
	uint8_t bulk_out, bulk_in, interrupt;
	uint8_t control_type, control_request;
	uint32_t protocols;	/* mask of CHANNEL_T0, _T1 */
	/* The last answer of `status` says whether a card is there, that of
	   `reset` is the ATR. An empty rite is done at once. */
	struct framed_rite open, status, reset, off;
	uint8_t types[3];	/* card type for: as the ATR says, T=0, T=1 */
	uint8_t code[2];	/* of a T=0 TPDU, of a T=1 block */
	enum t0_level level;
	uint32_t t0_wait_ms;	/* for the answer to a TPDU */
	/* A TPDU as it goes into the frame. NULL: as it is. */
	void		(*put_tpdu)(struct wr *, struct view tpdu);
	/* Where the ATR is in its answer. NULL: it is all of it. */
	struct view	(*atr)(struct view answer);
	/* NULL: a card is always there. */
	bool		(*has_card)(struct view answer);
	/* What an interrupt says: 1 inserted, 0 removed, -1 nothing. NULL:
	   answers come on that pipe, or there is none. */
	int		(*notice)(struct view in);
	/* Data are taken whatever the status says, as nobody has seen what it
	   is when all is well. */
	bool trusts_data;
};

enum framed_phase {
	FRAMED_IDLE,
	FRAMED_DRAINING,	/* late answers are let pass */
	FRAMED_ASKING,		/* the control request is under way */
	FRAMED_ANSWER,		/* an answer is awaited */
	FRAMED_QUIET,		/* T=1 lets time pass */
};

struct framed {
	const struct framed_traits *traits;
};

struct framed_slot {
	enum framed_phase phase;
	enum ifd_op op;
	size_t at;		/* of the rite */
	uint8_t type;		/* index of traits.types */
	bool stale;		/* an answer may still come that nobody wants */
	unsigned empties, drained;
	uint16_t status;	/* of the last answer */
	bool answered;		/* the last frame was */
	uint32_t wait_ms;
	uint8_t out[USB_SETUP_SIZE + FRAME_MAX];
	size_t out_n;
	uint8_t in[FRAME_MAX];
	size_t in_n;
	uint8_t room[FRAME_ROOM];
	struct atr atr;
	uint8_t protocol;
	struct t0 t0;
	struct t1 t1;
	uint8_t rsp[T1_RESPONSE_MAX];
};

static inline const struct framed_traits *
framed_traits_of(const struct ifd_slot *slot)
{
	const struct framed *f = slot->reader->state;

	return f->traits;
}

/* ---- framed.c: frames and events ---- */

/* For open: fills in the reader; why is said when a pipe is missing. */
enum err	framed_open(struct ifd_reader *, const struct framed_traits *);

struct step	framed_start(struct ifd_slot *, const struct ifd_request *);
struct step	framed_input(struct ifd_slot *, struct view);
struct step	framed_timeout(struct ifd_slot *);
struct step	framed_failed(struct ifd_slot *, enum err);
void		framed_ended(struct ifd_slot *);
int		framed_interrupt(struct ifd_reader *, struct view);

/* Sends a command; its end comes to framed_rite_next, or, while an APDU is
   under way, to framed_block_answered. The data are copied. */
struct step	framed_send(struct ifd_slot *, uint8_t code, struct view data,
		    uint32_t wait_ms);

/* ---- framed_card.c: rites and what is said to the card ---- */

/* Starts the commands of a request. */
struct step	framed_rite_begin(struct ifd_slot *, enum ifd_op);
struct step	framed_choose_protocol(struct ifd_slot *, uint32_t wanted);
struct step	framed_transmit(struct ifd_slot *, struct view apdu);

/* A command has ended: what comes next in this request. */
struct step	framed_rite_next(struct ifd_slot *, enum err,
		    struct view answer);
struct step	framed_block_answered(struct ifd_slot *, enum err, struct view);

/* A step of the card's protocol. */
struct step	framed_carry(struct ifd_slot *, struct step);

void		framed_card_left(struct ifd_slot *);

/* The members of a driver that all of them share. */
#define FRAMED_DRIVER							\
	.reader_size = sizeof(struct framed),				\
	.slot_size = sizeof(struct framed_slot),			\
	.start = framed_start,						\
	.input = framed_input,						\
	.timeout = framed_timeout,					\
	.failed = framed_failed,					\
	.ended = framed_ended,						\
	.interrupt = framed_interrupt

#endif
