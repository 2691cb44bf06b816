/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CCID_STATE_H
#define EMULATOR_CCID_STATE_H

/*
 * What the files of the CCID family share: ccid.c meets the bus, ccid_cmd.c has
 * the commands, ccid_xfr.c the exchange with the card at each level,
 * ccid_answer.c what comes of them, in its time.
 */

#include "emulator/card_t0.h"
#include "emulator/card_t1.h"
#include "emulator/ccid.h"

/* CCID 1.1 §6.1, §6.2 */
enum {
	PC_SET_PARAMETERS = 0x61,
	PC_ICC_POWER_ON = 0x62,
	PC_ICC_POWER_OFF = 0x63,
	PC_GET_SLOT_STATUS = 0x65,
	PC_SECURE = 0x69,
	PC_T0_APDU = 0x6a,
	PC_ESCAPE = 0x6b,
	PC_GET_PARAMETERS = 0x6c,
	PC_RESET_PARAMETERS = 0x6d,
	PC_ICC_CLOCK = 0x6e,
	PC_XFR_BLOCK = 0x6f,
	PC_ABORT = 0x72,
	PC_SET_RATE = 0x73,
	RDR_DATA_BLOCK = 0x80,
	RDR_SLOT_STATUS = 0x81,
	RDR_PARAMETERS = 0x82,
	RDR_ESCAPE = 0x83,
	RDR_RATE = 0x84,
	RDR_NOTIFY_SLOT_CHANGE = 0x50,
};

/* bStatus and bError, CCID 1.1 §6.2.6; small bError values are offsets */
enum {
	CMD_FAILED = 0x40,
	CMD_TIME_EXTENSION = 0x80,
	ICC_ACTIVE = 0,
	ICC_INACTIVE = 1,
	ICC_ABSENT = 2,
	E_ABORTED = 0xff,
	E_MUTE = 0xfe,
	E_BUSY = 0xe0,
	E_UNSUPPORTED = 0,
	E_LENGTH = 1,		/* offset of dwLength */
	E_SLOT = 5,
	E_PARAM_7 = 7,		/* bPowerSelect, bProtocolNum, bClockCommand */
	E_LEVEL_PARAMETER = 8,
	E_FIDI = 10,
};

enum {
	PARAMS_T0 = 5,
	PARAMS_T1 = 7,
	FIDI_DEFAULT = 0x11,
	CLOCK_STOPPED_LOW = 1,
	CCID_MESSAGE_MAX = CCID_HEADER + CARD_RESPONSE_MAX,
	WTX_PERIOD_MS = 1000,
};

struct ccid_slot {
	bool powered;
	uint8_t clock;		/* bClockStatus */
	uint8_t protocol;	/* 0: T=0, 1: T=1 */
	uint8_t params[PARAMS_T1];	/* the reader's end of the line */
	uint8_t card_fidi;	/* the card's end of it */
	bool fresh;		/* nothing was sent since the reset: PPS may be */
	struct card_t0 t0;
	struct card_t1 t1;
	/* a chained command and response at extended level */
	uint8_t cmd[CARD_APDU_MAX];
	size_t cmd_n;
	bool cmd_open;		/* parts came, the last did not */
	uint8_t rsp[CARD_RESPONSE_MAX];
	size_t rsp_n, rsp_at;
	/* the command under way: its finished answer waits until due_ms */
	bool busy, xfr, faulted;
	uint8_t seq;
	uint64_t due_ms, wtx_due_ms;
	uint32_t wtx_ms, wtx_left;	/* period, 0: none; how many, 0: no end */
	uint8_t answer[CCID_MESSAGE_MAX];
	size_t answer_n;
	/* abort: both the request and the message must come, CCID 1.1 §5.3.1 */
	bool abort_request, abort_message;
	uint8_t abort_seq;
};

struct ccid {
	struct ccid_slot slot[USB_SLOTS_MAX];
	uint8_t changed;	/* slots whose change was not reported yet */
	bool dead;		/* a fault: it never answers again */
	uint8_t in[CCID_HEADER + CARD_APDU_MAX + 64];
	size_t in_n;		/* of the message being received */
};

/* A command from the host. */
struct ccid_msg {
	uint8_t type, slot, seq;
	uint8_t arg[3];
	uint32_t length;
	struct view data;
};

static inline const struct ccid_traits *
ccid_traits(const struct usb_device *d)
{
	return d->model->traits;
}

static inline struct ccid_slot *
ccid_slot(const struct usb_device *d, unsigned slot)
{
	return &((struct ccid *)d->state)->slot[slot];
}

/* bmICCStatus */
uint8_t	ccid_icc_status(const struct usb_device *, unsigned slot);

/* Writes the ten bytes of an answer; last is bChainParameter or its like. */
void	ccid_put_header(struct wr *, uint8_t type, size_t length,
	    const struct ccid_msg *, uint8_t status, uint8_t error,
	    uint8_t last);

/* A good answer, at once, with up to CARD_ATR_MAX bytes of data. */
void	ccid_answer(struct usb_device *, uint8_t type, const struct ccid_msg *,
	    struct view data, uint8_t last);

/* A refusal, at once: bStatus "failed" and this bError. */
void	ccid_refuse(struct usb_device *, uint8_t type, const struct ccid_msg *,
	    uint8_t error);

/* A refusal that comes while the slot works on something else, or for a slot
   that does not exist: the command under way is left alone. */
void	ccid_refuse_aside(struct usb_device *, const struct ccid_msg *,
	    uint8_t error);

/* An answer to XfrBlock, after the time that the card takes for it. */
void	ccid_answer_later(struct usb_device *, const struct ccid_msg *,
	    struct view data, uint8_t chain, uint32_t delay_ms);

/* When the next answer or time extension is due, and what is due now. */
uint64_t ccid_deadline(const struct usb_device *);
void	ccid_tick(struct usb_device *);

/* Power is gone; nothing is under way any more. */
void	ccid_slot_off(struct ccid_slot *);

/* Refuses with ICC_MUTE, and says so, when there is no card with power. */
bool	ccid_unpowered(struct usb_device *, uint8_t type,
	    const struct ccid_msg *);

/* The type of the answer to a command; slot status for unknown ones. */
uint8_t	ccid_answer_type(uint8_t command);

/* Any command but XfrBlock and Abort. */
void	ccid_command(struct usb_device *, const struct ccid_msg *);

/* XfrBlock, CCID 1.1 §6.1.4. */
void	ccid_xfr_block(struct usb_device *, const struct ccid_msg *);

#endif
