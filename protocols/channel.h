/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CHANNEL_H
#define PROTOCOLS_CHANNEL_H

/*
 * The channel: what slotd and an ifdhandler say to each other over a
 * SOCK_SEQPACKET pair. One message is one packet: 12 bytes of header, then the
 * data. Both ends are of one build, so the format may change with it.
 *
 * slotd asks, the handler answers each request with one RESULT of the same xid
 * and slot, in any order between slots. READY (or FAILED) is the handler's first
 * message; a CARD for every slot follows READY, and one whenever the state of a
 * slot changes.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	CHANNEL_HEADER = 12,
	CHANNEL_DATA_MAX = 65548,	/* 4 + 3 + 65536 + 3 + 2: any APDU */
	CHANNEL_MAX = CHANNEL_HEADER + CHANNEL_DATA_MAX,
	CHANNEL_SLOTS_MAX = 64,
	/* the descriptors an ifdhandler is born with */
	CHANNEL_FD = 3,
	CHANNEL_DEVICE_FD = 4,
};

/*	X(name, who sends it, arg, data) */
#define CHANNEL_LIST(X)							\
	/* slotd -> ifdhandler */					\
	X(POWER_ON)	/* arg: 0 cold, 1 warm. RESULT: arg protocol, data ATR */ \
	X(POWER_OFF)							\
	X(TRANSMIT)	/* data: APDU. RESULT: data: response with SW1 SW2 */ \
	X(PROTOCOL)	/* arg: mask of CHANNEL_T0, _T1. RESULT: arg: chosen */ \
	X(CONTROL)	/* arg: code, data. RESULT: data */		\
	X(STATUS)	/* looks at the card: CARD if it changed, then RESULT */ \
	X(WATCH)	/* arg: 1 somebody waits for cards, 0 nobody; no RESULT */ \
	X(CANCEL)	/* xid: of the request to give up, which then ends
			   with ERR_CANCELLED or its own result; no RESULT */ \
	X(PING)		/* answered with PONG at once, whatever is under way */ \
	X(QUIT)		/* power the cards off, release the device, exit 0 */ \
	/* ifdhandler -> slotd */					\
	X(READY)	/* data: struct channel_info */			\
	X(FAILED)	/* err, data: text. The handler then exits */	\
	X(RESULT)	/* err; when not ERR_OK, data is a text for people */ \
	X(CARD)		/* arg: CHANNEL_PRESENT ..., data: ATR when powered */ \
	X(PONG)								\
	X(LOG)		/* arg: enum log_level, data: one line */	\
	/* ifdhandler -> slotd, which says it to the reader's next handler */ \
	X(SLOW_CARD)	/* data: ATR of a card that is not understood at arg
			   bit/s or more, whatever it offers */

enum channel_type {
	CHANNEL_NONE,
#define X(name) CHANNEL_##name,
	CHANNEL_LIST(X)
#undef X
	CHANNEL_TYPE_COUNT
};

enum {
	/* CARD */
	CHANNEL_PRESENT = 1u << 0,
	CHANNEL_POWERED = 1u << 1,
	CHANNEL_MUTED = 1u << 2,	/* present, but did not answer to reset */
	/* protocols */
	CHANNEL_T0 = 1u << 0,
	CHANNEL_T1 = 1u << 1,
	/* CONTROL: the data is a command to the reader itself; openct.conf says
	   who may send one */
	CHANNEL_ESCAPE = 1,
	/* the same, where whoever may use cards may (protocols/escape.h) */
	CHANNEL_ESCAPE_HARMLESS = 2,
};

struct channel_msg {
	enum channel_type type;
	uint8_t slot;		/* 0 where it means nothing */
	enum err err;		/* ERR_OK where it means nothing */
	uint32_t xid;
	uint32_t arg;
	struct view data;	/* borrowed */
};

/* What a handler found out about its reader. The strings are UTF-8 or empty. */
enum { CHANNEL_TEXT_MAX = 127, CHANNEL_PLAN_MAX = 511 };

struct channel_info {
	uint8_t slots;		/* 1 .. CHANNEL_SLOTS_MAX */
	bool has_display;
	bool has_keypad;
	bool always_present;	/* a token: its card leaves with the reader */
	bool keeps_power;	/* the card cannot be powered off */
	bool polls;		/* no interrupt pipe: CARD comes only while watched */
	uint16_t vid, pid, bcd_device;
	uint32_t max_apdu;	/* longest command APDU it can carry, bytes */
	uint32_t max_message;	/* dwMaxCCIDMessageLength, 0 if not CCID */
	uint32_t features;	/* dwFeatures, 0 if not CCID */
	uint32_t protocols;	/* mask of CHANNEL_T0, CHANNEL_T1 */
	char driver[CHANNEL_TEXT_MAX + 1];	/* "ccid" */
	char vendor[CHANNEL_TEXT_MAX + 1];	/* iManufacturer */
	char product[CHANNEL_TEXT_MAX + 1];	/* iProduct */
	char serial[CHANNEL_TEXT_MAX + 1];	/* iSerialNumber */
	char interface[CHANNEL_TEXT_MAX + 1];	/* iInterface */
	char plan[CHANNEL_PLAN_MAX + 1];	/* how it is driven, in words */
};

/*
 * Writes the message into buf, which holds CHANNEL_MAX bytes.
 * Returns its length, 0 when the data is longer than CHANNEL_DATA_MAX.
 */
size_t		channel_encode(uint8_t *buf, const struct channel_msg *) MUST_USE;

/* ERR_SHORT or ERR_FORMAT; on success msg->data points into `in`. */
enum err	channel_decode(struct channel_msg *, struct view in) MUST_USE;

/* Writes info into buf; returns the bytes written. */
struct view	channel_info_encode(uint8_t *buf, size_t cap,
		    const struct channel_info *) MUST_USE;
enum err	channel_info_decode(struct channel_info *, struct view in) MUST_USE;

/* "TRANSMIT", for the log. Never NULL. */
const char	*channel_type_name(enum channel_type);

#endif
