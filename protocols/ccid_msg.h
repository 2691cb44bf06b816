/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CCID_MSG_H
#define PROTOCOLS_CCID_MSG_H

/*
 * The messages of CCID 1.1 §6, to and from a reader, and the class requests of
 * §5.3. Both directions have a header of 10 bytes: type, dwLength, slot,
 * sequence, three bytes of their own; then dwLength bytes of data.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "protocols/usb_setup.h"

enum { CCID_HEADER = 10 };

/*	X(NAME, bMessageType, type of the answer) */
#define CCID_CMD_LIST(X)						\
	X(SET_PARAMETERS,	0x61, 0x82)				\
	X(POWER_ON,		0x62, 0x80)				\
	X(POWER_OFF,		0x63, 0x81)				\
	X(SLOT_STATUS,		0x65, 0x81)				\
	X(SECURE,		0x69, 0x80)				\
	X(T0_APDU,		0x6a, 0x81)				\
	X(ESCAPE,		0x6b, 0x83)				\
	X(GET_PARAMETERS,	0x6c, 0x82)				\
	X(RESET_PARAMETERS,	0x6d, 0x82)				\
	X(CLOCK,		0x6e, 0x81)				\
	X(XFR_BLOCK,		0x6f, 0x80)				\
	X(MECHANICAL,		0x71, 0x81)				\
	X(ABORT,		0x72, 0x81)				\
	X(SET_RATE,		0x73, 0x84)

enum ccid_cmd_type {
#define X(name, type, answer) CCID_##name = type,
	CCID_CMD_LIST(X)
#undef X
};

enum ccid_rsp_type {
	CCID_R_DATA = 0x80,
	CCID_R_SLOT_STATUS = 0x81,
	CCID_R_PARAMETERS = 0x82,
	CCID_R_ESCAPE = 0x83,
	CCID_R_RATE = 0x84,
};

enum ccid_power {	/* bPowerSelect */
	CCID_POWER_AUTO,
	CCID_POWER_5V,
	CCID_POWER_3V,
	CCID_POWER_1V8,
};

enum ccid_chain_param {	/* wLevelParameter out, bChainParameter in */
	CCID_CHAIN_WHOLE = 0x00,
	CCID_CHAIN_FIRST = 0x01,
	CCID_CHAIN_LAST = 0x02,
	CCID_CHAIN_MIDDLE = 0x03,
	CCID_CHAIN_GO_ON = 0x10,	/* no data: the other side's turn */
};

struct ccid_cmd {
	uint8_t type;		/* enum ccid_cmd_type, or what a host sent */
	uint8_t slot, seq;	/* ccid_exchange sets them */
	uint8_t arg[3];		/* bytes 7, 8, 9 */
	struct view data;	/* borrowed */
};

enum ccid_icc {			/* bStatus, bmICCStatus */
	CCID_ICC_ACTIVE,
	CCID_ICC_INACTIVE,
	CCID_ICC_ABSENT,
	CCID_ICC_RFU,
};

enum ccid_outcome {		/* bStatus, bmCommandStatus */
	CCID_PROCESSED,
	CCID_FAILED,		/* see error */
	CCID_TIME_EXTENSION,	/* error is the multiplier */
	CCID_OUTCOME_RFU,
};

struct ccid_rsp {
	uint8_t type;		/* enum ccid_rsp_type */
	uint8_t slot, seq;
	enum ccid_icc icc;
	enum ccid_outcome outcome;
	uint8_t error;		/* bError */
	uint8_t arg;		/* bChainParameter, bClockStatus or
				   bProtocolNum */
	struct view data;	/* borrowed */
};

/* The commands. Slot and sequence are left 0. Data is borrowed. */
struct ccid_cmd	ccid_power_on(enum ccid_power);
struct ccid_cmd	ccid_power_off(void);
struct ccid_cmd	ccid_slot_status(void);
/* bwi: extends the block waiting time (character level, T=1); level: bytes
   expected at character level, enum ccid_chain_param at extended APDU level. */
struct ccid_cmd	ccid_xfr_block(uint8_t bwi, uint16_t level, struct view);
struct ccid_cmd	ccid_get_parameters(void);
struct ccid_cmd	ccid_reset_parameters(void);
/* protocol: 0 or 1; data: see protocols/ccid_params.h. */
struct ccid_cmd	ccid_set_parameters(uint8_t protocol, struct view);
struct ccid_cmd	ccid_escape(struct view);
struct ccid_cmd	ccid_clock(bool stop);
/* Classes for GET RESPONSE and ENVELOPE; a negative one stays as it was. */
struct ccid_cmd	ccid_t0_apdu(int get_response, int envelope);
struct ccid_cmd	ccid_secure(uint8_t bwi, uint16_t level, struct view);
/* 1 accept, 2 eject, 3 capture, 4 lock, 5 unlock the card. */
struct ccid_cmd	ccid_mechanical(uint8_t function);
struct ccid_cmd	ccid_abort(void);
/* clock_rate: 8 bytes of the caller's, filled with both (kHz, bit/s). */
struct ccid_cmd	ccid_set_rate(uint8_t clock_rate[8], uint32_t clock_khz,
		    uint32_t rate);

/* Writes the whole message. */
void		ccid_cmd_write(struct wr *, const struct ccid_cmd *);
/* For emulated readers. ERR_SHORT, or ERR_FORMAT for more than dwLength. */
enum err	ccid_cmd_parse(struct ccid_cmd *, struct view) MUST_USE;

/* For emulated readers. */
void		ccid_rsp_write(struct wr *, const struct ccid_rsp *);
/*
 * An answer whole. ERR_SHORT when fewer bytes came than the header and dwLength
 * promise, ERR_FORMAT when more came or the type is none of enum ccid_rsp_type.
 */
enum err	ccid_rsp_parse(struct ccid_rsp *, struct view) MUST_USE;

/* The type that answers this command, 0 for an unknown command. */
uint8_t		ccid_answer_type(uint8_t cmd_type);

/* "XFR_BLOCK", for the log. Never NULL. */
const char	*ccid_cmd_name(uint8_t cmd_type);

/*	X(bError, NAME, what it means to a program, text) */
#define CCID_ERROR_LIST(X)						\
	X(0x00, UNSUPPORTED,	UNSUPPORTED, "command not supported")	\
	X(0x01, BAD_LENGTH,	ARG, "bad message length")		\
	X(0x05, NO_SLOT,	NO_SLOT, "no such slot")		\
	X(0x07, BAD_ARG7,	ARG, "bad first parameter")		\
	X(0x08, BAD_ARG8,	ARG, "bad second parameter")		\
	X(0x0a, BAD_DATA,	ARG, "bad first byte of data")		\
	X(0xe0, SLOT_BUSY,	READER, "slot busy with another command") \
	X(0xef, PIN_CANCELLED,	PIN_CANCELLED, "PIN entry cancelled")	\
	X(0xf0, PIN_TIMEOUT,	PIN_TIMEOUT, "PIN entry timed out")	\
	X(0xf2, AUTO_SEQUENCE,	READER, "busy with its own sequence")	\
	X(0xf3, DEACTIVATED,	PROTOCOL, "deactivated protocol")	\
	X(0xf4, PROCEDURE_BYTE,	CARD, "procedure byte conflict")	\
	X(0xf5, ICC_CLASS, UNSUPPORTED, "card class not supported")	\
	X(0xf6, ICC_PROTOCOL,	PROTOCOL, "card protocol not supported") \
	X(0xf7, BAD_TCK,	CARD, "bad checksum of the ATR")	\
	X(0xf8, BAD_TS,		CARD, "bad first byte of the ATR")	\
	X(0xfb, HARDWARE,	READER, "hardware error")		\
	X(0xfc, OVERRUN,	CARD, "overrun talking to the card") \
	X(0xfd, PARITY,		CARD, "parity error talking to the card") \
	X(0xfe, MUTE,		MUTE, "card mute")			\
	X(0xff, ABORTED,	CANCELLED, "command aborted")

enum ccid_error {
#define X(code, name, err, text) CCID_E_##name = code,
	CCID_ERROR_LIST(X)
#undef X
};

/* The text of a bError, "bad parameter" or "reader's own error" where it is
   not in the list. Never NULL. */
const char	*ccid_error_text(uint8_t error);

/*
 * What an answer means: ERR_OK unless its outcome is CCID_FAILED. It depends on
 * the command and on the card as well as on bError: with no card every failure
 * of the slot is ERR_NO_CARD, and a card that is mute because nobody powered it
 * is ERR_UNPOWERED.
 */
enum err	ccid_rsp_err(uint8_t cmd_type, const struct ccid_rsp *)
		    MUST_USE;

/* ---- interrupt endpoint (CCID 1.1 §6.3) ---- */

enum ccid_notify_type {
	CCID_SLOT_CHANGE = 0x50,
	CCID_HARDWARE_ERROR = 0x51,
};

struct ccid_notify {
	uint8_t type;		/* enum ccid_notify_type */
	struct view slots;	/* SLOT_CHANGE: two bits a slot, borrowed */
	uint8_t slot, seq, code;	/* HARDWARE_ERROR */
};

/* ERR_SHORT, or ERR_FORMAT for an unknown type. */
enum err	ccid_notify_parse(struct ccid_notify *, struct view) MUST_USE;
/* False when the message is about no such slot. */
bool		ccid_notify_slot(const struct ccid_notify *, unsigned slot,
		    bool *present, bool *changed) MUST_USE;

/* ---- class requests (CCID 1.1 §5.3) ---- */

enum { CCID_RATES_MAX = 256, CCID_RATES_SIZE = 4 * CCID_RATES_MAX };

/* index is the interface number in all three. */
struct usb_setup ccid_abort_request(uint16_t interface, uint8_t slot,
		    uint8_t seq);
/* Both ask for CCID_RATES_SIZE bytes: readers send more than they announce. */
struct usb_setup ccid_clocks_request(uint16_t interface);
struct usb_setup ccid_rates_request(uint16_t interface);

struct ccid_rates {
	size_t n;
	uint32_t rate[CCID_RATES_MAX];	/* bit/s, or kHz for clocks */
};

/*
 * The answer to either request, however many entries the descriptor announced
 * (the Cherry ST-1044U announces 106 and sends 256, padded with zeros). Zeros
 * are left out. ERR_FORMAT where the length is no multiple of 4, ERR_TOO_LONG
 * above CCID_RATES_SIZE; then n is 0.
 */
enum err	ccid_rates_parse(struct ccid_rates *, struct view) MUST_USE;

#endif
