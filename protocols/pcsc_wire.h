/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_PCSC_WIRE_H
#define PROTOCOLS_PCSC_WIRE_H

/*
 * What libpcsclite and its daemon say to each other over the stream socket
 * pcscd.comm, protocol 4.3 to 4.6. There is no standard but pcsc-lite's own
 * behaviour.
 *
 * A request is a header of two words (bytes of the body, command), a body of
 * fixed size, and for TRANSMIT and CONTROL the bytes to send, which the header
 * does not count. The answer is the same body with its results filled in, with
 * no header; for TRANSMIT and CONTROL the received bytes follow if all is well.
 * The last word of a body is the result, as the programs get it. All words are
 * 32 bits in the byte order of this computer.
 *
 * So a body is kept as the bytes it is, and its words are reached by their
 * places, which are listed here.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	PCSC_MAJOR = 4,
	PCSC_MINOR_MIN = 3,
	PCSC_MINOR_MAX = 6,

	PCSC_HEADER = 8,
	PCSC_BODY_MAX = 280,
	PCSC_NAME_MAX = 127,		/* of a reader; a NUL follows */
	PCSC_ATTR_MAX = 264,
	PCSC_ATR_MAX = 33,
	PCSC_DATA_MAX = 65548,		/* after TRANSMIT and CONTROL */
	PCSC_REQUEST_MAX = PCSC_HEADER + 32 + PCSC_DATA_MAX,
	PCSC_SIGNAL = 8,		/* the end of a wait: value, result */
	PCSC_STATE = 184,		/* one reader's state */
};

/*	X(name, number, bytes of the body, first minor that has it) */
#define PCSC_CMD_LIST(X)						\
	X(ESTABLISH_CONTEXT,	0x01,	12,	3)			\
	X(RELEASE_CONTEXT,	0x02,	8,	3)			\
	X(CONNECT,		0x04,	152,	3)			\
	X(RECONNECT,		0x05,	24,	3)			\
	X(DISCONNECT,		0x06,	12,	3)			\
	X(BEGIN_TRANSACTION,	0x07,	8,	3)			\
	X(END_TRANSACTION,	0x08,	12,	3)			\
	X(TRANSMIT,		0x09,	32,	3)			\
	X(CONTROL,		0x0a,	24,	3)			\
	X(STATUS,		0x0b,	8,	3)			\
	X(CANCEL,		0x0d,	8,	0)			\
	X(GET_ATTRIB,		0x0f,	280,	3)			\
	X(SET_ATTRIB,		0x10,	280,	3)			\
	X(VERSION,		0x11,	12,	0)			\
	X(READERS_STATE,	0x12,	0,	3)			\
	X(WAIT,			0x13,	0,	3) /* 8 bytes in 4.3 */	\
	X(STOP_WAITING,		0x14,	0,	3) /* 8 bytes in 4.3 */	\
	X(READER_EVENTS,	0x15,	0,	5)			\
	X(STATES_SIZE,		0x16,	0,	6)			\
	X(STATES,		0x17,	0,	6)

enum pcsc_cmd {
#define X(name, number, size, minor) PCSC_##name = number,
	PCSC_CMD_LIST(X)
#undef X
};

/*
 * The words of the bodies, by their offset. The result is not listed: it is the
 * last word of each.
 *	X(command, bytes of the body, word, offset)
 */
#define PCSC_WORD_LIST(X)						\
	X(ESTABLISH_CONTEXT,	12,	SCOPE,		0)		\
	X(ESTABLISH_CONTEXT,	12,	CONTEXT,	4)		\
	X(RELEASE_CONTEXT,	8,	CONTEXT,	0)		\
	X(CONNECT,		152,	CONTEXT,	0)		\
	X(CONNECT,		152,	NAME,		4)		\
	X(CONNECT,		152,	MODE,		132)		\
	X(CONNECT,		152,	PREFERRED,	136)		\
	X(CONNECT,		152,	CARD,		140)		\
	X(CONNECT,		152,	PROTOCOL,	144)		\
	X(RECONNECT,		24,	CARD,		0)		\
	X(RECONNECT,		24,	MODE,		4)		\
	X(RECONNECT,		24,	PREFERRED,	8)		\
	X(RECONNECT,		24,	INIT,		12)		\
	X(RECONNECT,		24,	PROTOCOL,	16)		\
	X(DISCONNECT,		12,	CARD,		0)		\
	X(DISCONNECT,		12,	DISPOSITION,	4)		\
	X(BEGIN_TRANSACTION,	8,	CARD,		0)		\
	X(END_TRANSACTION,	12,	CARD,		0)		\
	X(END_TRANSACTION,	12,	DISPOSITION,	4)		\
	X(TRANSMIT,		32,	CARD,		0)		\
	X(TRANSMIT,		32,	PCI,		4)		\
	X(TRANSMIT,		32,	PCI_LEN,	8)		\
	X(TRANSMIT,		32,	SEND_LEN,	12)		\
	X(TRANSMIT,		32,	RECV_PCI,	16)		\
	X(TRANSMIT,		32,	RECV_PCI_LEN,	20)		\
	X(TRANSMIT,		32,	RECV_LEN,	24)		\
	X(CONTROL,		24,	CARD,		0)		\
	X(CONTROL,		24,	CODE,		4)		\
	X(CONTROL,		24,	SEND_LEN,	8)		\
	X(CONTROL,		24,	RECV_MAX,	12)		\
	X(CONTROL,		24,	RECV_LEN,	16)		\
	X(STATUS,		8,	CARD,		0)		\
	X(CANCEL,		8,	CONTEXT,	0)		\
	X(GET_ATTRIB,		280,	CARD,		0)		\
	X(GET_ATTRIB,		280,	ID,		4)		\
	X(GET_ATTRIB,		280,	VALUE,		8)		\
	X(GET_ATTRIB,		280,	LEN,		272)		\
	X(SET_ATTRIB,		280,	CARD,		0)		\
	X(VERSION,		12,	MAJOR,		0)		\
	X(VERSION,		12,	MINOR,		4)

enum pcsc_word {
#define X(cmd, size, word, offset) PCSC_##cmd##_##word = offset,
	PCSC_WORD_LIST(X)
#undef X
};

/* One reader's state, by offset; READERS_STATE and STATES are arrays of it. */
enum {
	PCSC_STATE_NAME = 0,
	PCSC_STATE_EVENTS = 128,
	PCSC_STATE_STATE = 132,
	PCSC_STATE_SHARING = 136,
	PCSC_STATE_ATR = 140,
	PCSC_STATE_ATR_LEN = 176,	/* three bytes of nothing before it */
	PCSC_STATE_PROTOCOL = 180,
};

enum {
	/* the bits of a reader's state */
	PCSC_UNKNOWN = 0x01,
	PCSC_ABSENT = 0x02,
	PCSC_PRESENT = 0x04,
	PCSC_SWALLOWED = 0x08,		/* mute */
	PCSC_POWERED = 0x10,
	PCSC_NEGOTIABLE = 0x20,
	/* sharing: else the number of handles */
	PCSC_SHARING_EXCLUSIVE = -1,
	/* protocols */
	PCSC_T0 = 1,
	PCSC_T1 = 2,
	PCSC_RAW = 4,
	PCSC_ANY_OLD = 0x1000,
	/* scopes of a context: 0 to this one */
	PCSC_SCOPE_GLOBAL = 3,
	/* share modes */
	PCSC_EXCLUSIVE = 1,
	PCSC_SHARED = 2,
	PCSC_DIRECT = 3,
	/* dispositions */
	PCSC_LEAVE = 0,
	PCSC_RESET = 1,
	PCSC_UNPOWER = 2,
	PCSC_EJECT = 3,
};

/*	X(name, number) */
#define PCSC_RV_LIST(X)							\
	X(SUCCESS,		0)					\
	X(F_INTERNAL,		0x80100001)				\
	X(CANCELLED,		0x80100002)				\
	X(INVALID_HANDLE,	0x80100003)				\
	X(INVALID_PARAMETER,	0x80100004)				\
	X(NO_MEMORY,		0x80100006)				\
	X(INSUFFICIENT_BUFFER,	0x80100008)				\
	X(UNKNOWN_READER,	0x80100009)				\
	X(TIMEOUT,		0x8010000a)				\
	X(SHARING_VIOLATION,	0x8010000b)				\
	X(NO_SMARTCARD,		0x8010000c)				\
	X(PROTO_MISMATCH,	0x8010000f)				\
	X(INVALID_VALUE,	0x80100011)				\
	X(NOT_TRANSACTED,	0x80100016)				\
	X(READER_UNAVAILABLE,	0x80100017)				\
	X(SERVICE_STOPPED,	0x8010001e)				\
	X(UNSUPPORTED_FEATURE,	0x8010001f) /* not Windows' number */	\
	X(SERVER_TOO_BUSY,	0x80100031)				\
	X(UNRESPONSIVE_CARD,	0x80100066)				\
	X(UNPOWERED_CARD,	0x80100067)				\
	X(RESET_CARD,		0x80100068)				\
	X(REMOVED_CARD,		0x80100069)				\
	X(SECURITY_VIOLATION,	0x8010006a)

enum pcsc_rv {
#define X(name, number) PCSC_RV_##name = number,
	PCSC_RV_LIST(X)
#undef X
};

/* The result a program gets for an error of ours. Defined for all of them. */
enum pcsc_rv	pcsc_rv_from(enum err);

/* "SHARING_VIOLATION", for the log and tests; NULL for others. */
const char	*pcsc_rv_name(uint32_t rv);

/* "TRANSMIT"; NULL when there is no such command. */
const char	*pcsc_cmd_name(uint32_t cmd);

struct pcsc_request {
	enum pcsc_cmd cmd;
	size_t n;			/* bytes of the body */
	uint8_t body[PCSC_BODY_MAX];
	struct view data;	/* after TRANSMIT and CONTROL; borrowed */
};

/*
 * Reads one request of a client of that minor, 0 when it has not said yet.
 * *used is what it took. ERR_SHORT: more must come; anything else can only be closed:
 * ERR_UNSUPPORTED (no such command, or not in this minor), ERR_FORMAT (wrong
 * size), ERR_TOO_LONG (more than PCSC_DATA_MAX).
 */
enum err	pcsc_request_parse(struct pcsc_request *, size_t *used,
		    struct view in, unsigned minor) MUST_USE;

/* A word of the body; 0, and nothing done, when it lies behind its end. */
uint32_t	pcsc_get(const struct pcsc_request *, enum pcsc_word);
void		pcsc_set(struct pcsc_request *, enum pcsc_word, uint32_t);

/* The last word of a body that has one. */
void		pcsc_set_rv(struct pcsc_request *, enum pcsc_rv);

/* n bytes of the body from there; empty when they are not all in it. */
struct view	pcsc_bytes(const struct pcsc_request *, enum pcsc_word,
		    size_t n);

/* Writes a value into GET_ATTRIB: zeros behind it, its length. ERR_BUFFER. */
enum err	pcsc_set_attrib(struct pcsc_request *, struct view) MUST_USE;

/* A word as such: counts, and the halves of a signal. */
void		pcsc_word_write(struct wr *, uint32_t);

struct pcsc_reader_state {
	const char *name;		/* NULL: no reader in this place */
	uint32_t events;		/* insertions and removals, 16 bits */
	uint32_t state;			/* PCSC_UNKNOWN ... */
	int32_t sharing;
	struct view atr;		/* at most PCSC_ATR_MAX */
	uint32_t protocol;		/* 0, PCSC_T0, PCSC_T1 */
};

/* PCSC_STATE bytes, all of them defined; bad when name or ATR are too long. */
void		pcsc_state_write(struct wr *, const struct pcsc_reader_state *);

#endif
