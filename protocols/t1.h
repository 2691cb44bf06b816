/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_T1_H
#define PROTOCOLS_T1_H

/*
 * The interface device's side of the card protocol T=1 (ISO 7816-3:2006 §11)
 * as a step machine: an APDU in, blocks out and in, a response out.
 *
 * What it promises when blocks are damaged, lost, doubled, late or nonsense:
 * the card is asked to repeat its last block up to three times, then card and
 * machine are resynchronised and the exchange fails. A command is never started
 * anew, a part of one never sent alone: whether the card has run it is then
 * unknown, and the caller's to find out. Only a block the card itself asks for
 * by its number is sent again. After a failure the machine takes the next
 * command; where resynchronisation had failed as well, it is tried once more
 * before that command, so no state is dead.
 *
 * Sequence numbers have one bit, so an answer that comes late, after a
 * resynchronisation, could pass for that of another command. Hence the
 * STEP_WAIT at its end: read what there is (or just wait, where nothing can be
 * read without asking), until nothing has come for wait_ms.
 */

#include "protocols/step.h"
#include "protocols/t1_block.h"

enum {
	T1_COMMAND_MAX = 65544,	/* 4 + 3 + 65535 + 2 bytes */
	T1_RESPONSE_MAX = 65538, /* 65536 + 2 bytes */
	T1_RETRIES_MAX = 3,	/* in a row, then resynchronise */
	T1_RESYNCHS_MAX = 3,	/* requests, then the card is lost */
	T1_QUIET_MS = 200,	/* silence that ends a resynchronisation */
	T1_STALE_MAX = 64,	/* late answers thrown away before it */
	/* blocks of one exchange that carry nothing forward: supervisory
	   requests of the card, I-blocks without information */
	T1_IDLE_MAX = 4096,
	T1_WTX_WAIT_MAX_MS = 10 * 60 * 1000,	/* one extension */
	T1_WTX_TOTAL_MAX_MS = 60 * 60 * 1000,	/* all of one exchange */
};

struct t1_params {
	uint8_t nad;	/* of our blocks; the card's have the nibbles swapped */
	bool crc;	/* checksum: CRC, else LRC (TC of the ATR, 1: CRC) */
	uint8_t ifsc;	/* the card's field size, 1 .. 254 (TA of the ATR) */
	uint8_t ifsd;	/* ours, 1 .. 254, as the card believes it to be */
	uint32_t bwt_ms; /* block waiting time, with what the reader adds */
};

enum t1_state {
	T1_IDLE,
	T1_SENDING,	/* an I-block of the command is out */
	T1_RECEIVING,	/* the response has begun */
	T1_ABORTED,	/* the card aborted our chain and has the word */
	T1_BROKEN_OFF,	/* the card aborted its own */
	T1_ASKING_IFS,	/* S(IFS request) is out */
	T1_RESYNCHING,	/* S(RESYNCH request) is out */
	T1_DRAINING,	/* it was answered; late answers are let pass */
};

/* Private to t1.c; it lies here so that it can be embedded. */
struct t1 {
	struct t1_params params;
	uint8_t ifsc, ifsd;	/* in force */
	uint8_t ns;		/* of our I-block that is out, or next */
	uint8_t nr;		/* that the card's next I-block has */
	bool in_sync;
	enum t1_state state;
	enum t1_state after_resynch;	/* T1_IDLE: fail with why */
	bool unacknowledged;	/* our I-block */
	struct view command;	/* what the card has not acknowledged */
	size_t chunk;		/* bytes of it in the block that is out */
	uint8_t ifsd_asked;
	uint8_t *rsp;
	size_t cap, n;
	unsigned retries, resynchs, stale, idle;
	uint32_t wtx_total_ms;
	enum err why;		/* what went wrong last */
	uint8_t out[T1_BLOCK_MAX];
};

/*
 * Borrows rsp (cap bytes for a response, T1_RESPONSE_MAX hold any) for as long
 * as the machine lives. Starts as after a card reset. ERR_ARG for parameters
 * out of range.
 */
enum err	t1_init(struct t1 *, const struct t1_params *, uint8_t *rsp,
		    size_t cap) MUST_USE;

/* The card was reset: sequence numbers and field sizes start again. */
void		t1_reset(struct t1 *);

/* Wipes what is left of commands and responses; then as t1_reset. */
void		t1_wipe(struct t1 *);

/*
 * A new exchange. The APDU is borrowed until STEP_DONE or STEP_FAIL; the
 * response lies in rsp until the next start and is the caller's to wipe, on
 * failure it is wiped here. An exchange still under way is given up.
 *
 * STEP_FAIL: ERR_ARG (empty command), ERR_TOO_LONG (command, or a response
 * that does not fit), ERR_CARD (broke the protocol, or aborted the chain),
 * ERR_TIMEOUT, or what t1_failed was told.
 */
struct step	t1_start(struct t1 *, struct view apdu);

/*
 * Tells the card that blocks of ifsd bytes may come: an exchange of its own,
 * whose STEP_DONE is empty. Only for readers and tokens known to take it.
 */
struct step	t1_announce_ifsd(struct t1 *, uint8_t ifsd);

struct step	t1_input(struct t1 *, struct view block);
struct step	t1_timeout(struct t1 *);

/* Not even resynchronisation helped: only a reset of the card is sure to. */
bool		t1_is_lost(const struct t1 *);

/*
 * The transfer of the last block, or of its answer, failed. What may pass is
 * recovered from as a lost block is; when reader or card are gone or the
 * exchange was cancelled, it fails at once with that error.
 */
struct step	t1_failed(struct t1 *, enum err why);

/*
 * How many bytes to ask for where a block is read by a control transfer: the
 * longest block and one byte more. Tokens refuse (stall) larger reads, and one
 * byte less may lose the checksum.
 */
size_t		t1_receive_len(const struct t1 *);

#endif
