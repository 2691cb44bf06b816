/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_OPENCT_WIRE_H
#define PROTOCOLS_OPENCT_WIRE_H

/*
 * What OpenCT's programs and their daemon say to each other over the stream
 * socket DIR/N, and the status file DIR/status. There is no standard but
 * OpenCT's own behaviour.
 *
 * A message is a header in the byte order of this computer, then a body. The
 * body of a request is a command, a unit (a slot, or one of enum openct_unit)
 * and items of tag, length, value; that of an answer is items only, and empty
 * when the header carries an error. The body of TRANSACT_RAW is the APDU itself,
 * that of its answer the response itself.
 *
 * Two things are added. A body is at most 65535 bytes, too little for the longest
 * extended APDU, so a message may be continued: all parts carry the same xid,
 * all but the last the mark OPENCT_MORE in `dest`. A server continues an answer
 * only for a client that set OPENCT_LONG in its request. Only TRANSACT_RAW is
 * ever continued.
 *
 * OPENCT_LOCK_TERMINAL is an exclusive lock for a session with one card. When a
 * connection ends with it the card is reset, so that no login is left. When the
 * card was taken out, whether another one is in or not, or has lost its power,
 * APDUs and SET_PROTOCOL fail with -6 or -15 until the connection's next RESET.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	OPENCT_HEADER = 12,
	OPENCT_BODY_MAX = 65535,
	OPENCT_APDU_MAX = 65544,	/* 4 + 3 + 65535 + 2 */
	OPENCT_WAIT_MAX_S = 60 * 60,	/* for a user; longer ones are cut */
	OPENCT_RESPONSE_MAX = 65538,	/* 65536 + 2 */
	OPENCT_READERS_MAX = 16,
	OPENCT_SLOTS_MAX = 8,
	OPENCT_NAME_MAX = 63,
	OPENCT_MEMORY_MAX = 4096,	/* one MEMORY_READ */
};

enum {
	OPENCT_MORE = 1u << 30,		/* in dest: the next message goes on */
	OPENCT_LONG = 1u << 29,		/* in dest: an answer may be continued */
};

/*	X(name, number) */
#define OPENCT_CMD_LIST(X)						\
	X(STATUS,	0x00)						\
	X(LOCK,		0x01)						\
	X(UNLOCK,	0x02)						\
	X(RESET,	0x10)						\
	X(REQUEST,	0x11)	/* does what RESET does */		\
	X(EJECT,	0x12)						\
	X(OUTPUT,	0x13)						\
	X(VERIFY,	0x14)						\
	X(MEMORY_READ,	0x16)						\
	X(MEMORY_WRITE,	0x17)						\
	X(TRANSACT_RAW,	0x20)						\
	X(TRANSACT,	0x21)						\
	X(SET_PROTOCOL,	0x22)

enum openct_cmd {
#define X(name, number) OPENCT_CMD_##name = number,
	OPENCT_CMD_LIST(X)
#undef X
};

/* Units below 0x10 are slots. */
enum openct_unit {
	OPENCT_UNIT_READER = 0x10,
	OPENCT_UNIT_DISPLAY = 0x11,
	OPENCT_UNIT_KEYPAD = 0x12,
};

/*	X(name, number) */
#define OPENCT_TAG_LIST(X)						\
	X(NAME,		0x00)						\
	X(UNITS,	0x01)						\
	X(CARD,		0x02)	/* card status */			\
	X(ATR,		0x03)						\
	X(LOCK,		0x04)	/* lock handle */			\
	X(RESPONSE,	0x05)						\
	X(TIMEOUT,	0x80)	/* seconds */				\
	X(MESSAGE,	0x81)	/* for the display */			\
	X(LOCK_TYPE,	0x82)						\
	X(PIN,		0x83)	/* struct openct_pin */			\
	X(REQUEST,	0x84)	/* the APDU */				\
	X(ADDRESS,	0x85)						\
	X(DATA,		0x86)						\
	X(COUNT,	0x87)						\
	X(PROTOCOL,	0x88)

enum openct_tag {
#define X(name, number) OPENCT_TAG_##name = number,
	OPENCT_TAG_LIST(X)
#undef X
};

/* A place in struct openct_args for each tag. */
enum openct_arg {
#define X(name, number) OPENCT_ARG_##name,
	OPENCT_TAG_LIST(X)
#undef X
	OPENCT_ARGS
};

enum {
	OPENCT_CARD_PRESENT = 1u << 0,
	OPENCT_CARD_CHANGED = 1u << 1,
	OPENCT_LOCK_SHARED = 0,
	OPENCT_LOCK_EXCLUSIVE = 1,
	OPENCT_LOCK_TERMINAL = 2,
};

/*	X(name, number, text, the enum err that stands for it here) */
#define OPENCT_ERROR_LIST(X)						\
	X(OK,		0,	"success",			OK)	\
	X(GENERIC,	-1,	"something went wrong",		SYSTEM)	\
	X(TIMEOUT,	-2,	"no answer in time",		TIMEOUT) \
	X(SLOT,		-3,	"the reader has no such slot",	NO_SLOT) \
	X(UNSUPPORTED,	-4,	"not supported",		UNSUPPORTED) \
	X(COMM,		-5,	"communication with the card failed", IO) \
	X(NO_CARD,	-6,	"no card in the reader",	NO_CARD) \
	X(LOCKED,	-7,	"the card is locked by another program", \
								LOCKED)	\
	X(NO_LOCK,	-8,	"no such lock",			NO_LOCK) \
	X(ARG,		-9,	"invalid argument",		ARG)	\
	X(MEMORY,	-10,	"out of memory",		MEMORY)	\
	X(BUFFER,	-11,	"buffer too small",		BUFFER)	\
	X(USER_TIMEOUT,	-12,	"no input from the user in time", \
								PIN_TIMEOUT) \
	X(USER_ABORT,	-13,	"cancelled by the user",	PIN_CANCELLED) \
	X(PIN_MISMATCH,	-14,	"the two PINs differ",		PIN_MISMATCH) \
	X(NO_ATR,	-15,	"the card gave no answer to reset", MUTE) \
	X(INCOMPATIBLE,	-16,	"incompatible card or reader",	PROTOCOL) \
	X(GONE,		-17,	"reader unplugged",		GONE)	\
	X(BAD_ATR,	-18,	"invalid answer to reset",	CARD)	\
	X(BAD_MESSAGE,	-100,	"malformed message",		FORMAT)	\
	X(BAD_COMMAND,	-101,	"unknown command",		UNSUPPORTED) \
	X(MISSING,	-102,	"argument missing",		ARG)	\
	X(DISCONNECTED,	-103,	"not connected to the reader",	CLOSED)	\
	X(CLAIMED,	-200,	"already claimed by another program", BUSY) \
	X(BUSY,		-201,	"device in use",		BUSY)	\
	X(NO_DEVICE,	-202,	"no such device",		NO_READER)

enum openct_error {
#define X(name, number, text, err) OPENCT_E_##name = number,
	OPENCT_ERROR_LIST(X)
#undef X
};

/* The number a client gets for an error of ours. Defined for all of them. */
enum openct_error	openct_error_from(enum err);

/* The error of ours for a number; ERR_SYSTEM for one that is not known. */
enum err	openct_error_to(int number);

/* The text of a number, for people. Never NULL; numbers >= 0 are success. */
const char	*openct_error_text(int number);

/* "TRANSACT", for the log; NULL when there is no such command. */
const char	*openct_cmd_name(unsigned cmd);

struct openct_header {
	uint32_t xid;		/* the client's choice, echoed */
	uint32_t dest;		/* 0, or OPENCT_MORE and OPENCT_LONG */
	int16_t error;		/* enum openct_error; 0 in a request */
	uint16_t len;		/* of the body */
};

void		openct_header_write(struct wr *, const struct openct_header *);

/* ERR_SHORT below OPENCT_HEADER bytes; what follows them is not looked at. */
enum err	openct_header_parse(struct openct_header *,
		    struct view in) MUST_USE;

/* The items of one body. An absent one is empty; no item can be. */
struct openct_args {
	struct view item[OPENCT_ARGS];	/* borrowed from the body */
	bool large;		/* an item was in the large form */
};

/*
 * Reads the items of a body. ERR_SHORT when one is cut, ERR_FORMAT when one is
 * empty. Unknown tags are passed over; of a repeated one the last counts.
 */
enum err	openct_args_parse(struct openct_args *, struct view in) MUST_USE;

/* The bytes of an item as a big-endian number. ERR_FORMAT when it is absent or
   needs more than 32 bits. */
enum err	openct_number(uint32_t *, struct view item) MUST_USE;

/*
 * Writes one item. A small one has 1 byte of length, a large one 2 (and 0x40
 * set in its tag). Bad when the value is empty, longer than the form allows, or
 * does not fit.
 */
void		openct_item_write(struct wr *, enum openct_tag, struct view value,
		    bool large);

/* Writes a number as an item, in as few bytes as it needs, but one. */
void		openct_number_write(struct wr *, enum openct_tag, uint32_t,
		    bool large);

/* The value of OPENCT_TAG_PIN: an APDU in which the reader puts the PIN. */
struct openct_pin {
	bool ascii;		/* else BCD */
	uint8_t length;		/* of the PIN, 0 .. 15; 0: the user decides */
	uint8_t offset;		/* of the PIN in the APDU, counted from 1 */
	struct view apdu;	/* borrowed */
};

void		openct_pin_write(struct wr *, const struct openct_pin *);

/* ERR_SHORT below three bytes: control, offset, and some APDU. */
enum err	openct_pin_parse(struct openct_pin *, struct view in) MUST_USE;

/*
 * One record of the status file, which is an array of OPENCT_READERS_MAX of
 * them. Programs map the file, so here, and only here, a C struct is the format.
 */
struct openct_record {
	char name[OPENCT_NAME_MAX + 1];	/* NUL-padded */
	uint32_t slots;
	uint32_t card[OPENCT_SLOTS_MAX];	/* sequence number; 0: no card */
	uint32_t display : 1, keypad : 1;
	int32_t pid;		/* 0, or of a process that is gone: no reader */
};

_Static_assert(sizeof(struct openct_record) == 108, "OpenCT's record");
_Static_assert(offsetof(struct openct_record, slots) == 64, "OpenCT's record");
_Static_assert(offsetof(struct openct_record, card) == 68, "OpenCT's record");
_Static_assert(offsetof(struct openct_record, pid) == 104, "OpenCT's record");

#endif
