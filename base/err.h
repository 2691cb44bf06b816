/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * The one list of errors. An error is made where it happens, passed up
 * unchanged, and logged once, by whoever gives up. The numbers travel between
 * slotd and ifdhandler of one build only; names are what programs see.
 */
#define ERR_LIST(X)							\
	X(OK,		"success")					\
	/* messages */							\
	X(SHORT,	"message shorter than its header says")		\
	X(FORMAT,	"malformed message")				\
	X(TOO_LONG,	"too long")					\
	X(ARG,		"invalid argument")				\
	X(UNSUPPORTED,	"not supported")				\
	/* readers */							\
	X(NO_READER,	"no such reader")				\
	X(NO_SLOT,	"the reader has no such slot")			\
	X(GONE,		"reader unplugged")				\
	X(IO,		"USB transfer failed")				\
	X(STALL,	"the reader refused the request")		\
	X(READER,	"the reader reported a failure")		\
	X(HANDLER,	"the reader's handler died")			\
	/* cards */							\
	X(NO_CARD,	"no card in the reader")			\
	X(MUTE,		"the card does not answer")			\
	X(CARD,		"the card broke the protocol")			\
	X(UNPOWERED,	"the card is not powered")			\
	X(PROTOCOL,	"the card does not speak that protocol")	\
	X(WAS_RESET,	"the card was reset by another program")	\
	X(REMOVED,	"the card was removed")				\
	X(TIMEOUT,	"no answer in time")				\
	X(CANCELLED,	"cancelled")					\
	X(PIN_CANCELLED, "PIN entry cancelled at the reader")		\
	X(PIN_TIMEOUT,	"no PIN entered in time")			\
	X(PIN_MISMATCH,	"the two new PINs differ")			\
	/* arbitration */						\
	X(LOCKED,	"the card is locked by another program")	\
	X(NO_LOCK,	"no such lock")					\
	X(DENIED,	"access denied")				\
	X(QUOTA,	"too many connections or requests")		\
	/* this computer */						\
	X(NO_DAEMON,	"slotd is not running")				\
	X(CLOSED,	"the connection to slotd was closed")		\
	X(MEMORY,	"out of memory")				\
	X(BUFFER,	"the caller's buffer is too small")		\
	X(BUSY,		"the device is in use by another program")	\
	X(SYSTEM,	"system call failed")

enum err {
#define X(name, text) ERR_##name,
	ERR_LIST(X)
#undef X
	ERR_COUNT
};

/* The text of an error, for people. Never NULL. */
const char	*err_text(enum err);

/* The name of an error ("NO_CARD"), for programs and tests. Never NULL. */
const char	*err_name(enum err);

#endif
