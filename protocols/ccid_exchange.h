/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CCID_EXCHANGE_H
#define PROTOCOLS_CCID_EXCHANGE_H

/*
 * One command to one slot of a CCID and its answer, as a step machine.
 *
 * STEP_SEND goes out on the bulk pipe, every message from it comes in through
 * ccid_exchange_input. Answers with another slot or sequence number, and empty
 * packets, are discarded; time extensions are granted; a reader that is busy by
 * itself is asked again after a pause. A command that runs out of time or is
 * cancelled is aborted (STEP_ABORT: class request and PC_to_RDR_Abort, CCID 1.1
 * §5.3.1), and what the reader still says is drained before the machine fails.
 * All of it is counted; the machine always ends.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "protocols/ccid_msg.h"
#include "protocols/step.h"

enum {
	CCID_STALE_MAX = 64,		/* discarded answers to one command */
	CCID_STRAY_MS = 10000,		/* for the right answer after a stray one */
	CCID_EXTENSIONS_MAX = 1000,	/* time extensions of one command */
	CCID_WAIT_MAX_MS = 600000,	/* the longest one is ever granted */
	CCID_BUSY_MAX = 20,		/* times a busy reader is asked again */
	CCID_BUSY_MS = 100,
	CCID_ABORTS_MAX = 2,		/* times an abort is tried */
	CCID_ABORT_MS = 2000,		/* for an abort to be answered */
};

/* bSeq counts per reader, so the exchanges of all its slots share one. */
struct ccid_seq {
	uint8_t next;
};

enum ccid_exchange_state {
	CCID_IDLE,
	CCID_ANSWER,		/* the answer is awaited */
	CCID_PAUSE,		/* the command goes out again */
	CCID_ABORTING,		/* the abort's own SlotStatus is awaited */
};

struct ccid_exchange {
	/* set once */
	struct ccid_seq *seq;
	uint8_t *buf;
	size_t cap;
	uint8_t slot;
	/* the command under way */
	enum ccid_exchange_state state;
	uint8_t cmd_type;
	uint8_t cmd_seq;
	uint8_t abort_seq;
	size_t n;		/* bytes of buf in use: command, then answer */
	uint32_t wait_ms;
	enum err why;		/* it is being aborted */
	unsigned stale, extensions, busy, aborts;
	uint8_t abort_msg[CCID_HEADER];
	/* results */
	struct ccid_rsp rsp;
	bool stuck;
};

/*
 * Prepares an exchange for one slot. seq and buf are borrowed for as long as it
 * lives; buf holds cap bytes (dwMaxCCIDMessageLength: no message in either
 * direction may be longer). Commands are wiped from it when they have ended,
 * answers at the next start.
 */
void		ccid_exchange_init(struct ccid_exchange *, uint8_t slot,
		    struct ccid_seq *, uint8_t *buf, size_t cap);

/*
 * Sends a command (its slot and seq are filled in here; its data may not lie in
 * buf) and waits wait_ms for each answer. Fails at once with ERR_TOO_LONG when
 * it does not fit into cap, with ERR_ARG for an unknown type or while a command
 * is under way.
 *
 * STEP_DONE's out is the answer's data, in buf until the next start; x->rsp has
 * the rest of the answer (rsp.arg is bChainParameter). After STEP_FAIL x->rsp
 * holds the answer if the reader itself reported the failure (rsp.type is 0
 * otherwise). Failures:
 *	ERR_TIMEOUT	no answer; aborted. x->stuck: not even the abort was
 *			answered, so only a reset of the device can help
 *	ERR_CANCELLED	ccid_exchange_cancel; aborted likewise
 *	ERR_SHORT, ERR_FORMAT, ERR_TOO_LONG	a malformed answer
 *	ERR_READER	too many discarded answers, or busy for too long
 *	others		ccid_rsp_err
 */
struct step	ccid_exchange_start(struct ccid_exchange *,
		    const struct ccid_cmd *, uint32_t wait_ms);
struct step	ccid_exchange_input(struct ccid_exchange *, struct view);
struct step	ccid_exchange_timeout(struct ccid_exchange *);

/* Gives the command up: ends with ERR_CANCELLED once the reader is at rest. */
struct step	ccid_exchange_cancel(struct ccid_exchange *);

/*
 * Wipes buf and is idle, at once and without the reader: for an answer that was
 * used, and for a reader that was unplugged. x->rsp keeps all but its data.
 */
void		ccid_exchange_fini(struct ccid_exchange *);

#endif
