/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_T1_BLOCK_H
#define PROTOCOLS_T1_BLOCK_H

/*
 * The blocks of the card protocol T=1 (ISO 7816-3:2006 §11.3): NAD, PCB, LEN,
 * up to 254 bytes of information and a checksum of one byte (LRC) or two (CRC).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	T1_INF_MAX = 254,	/* LEN 255 is reserved */
	T1_BLOCK_MAX = 3 + T1_INF_MAX + 2,
	T1_IFS_DEFAULT = 32,	/* bytes, where nobody said otherwise */
};

enum t1_kind {
	T1_I,		/* information */
	T1_R,		/* receive-ready: seq is the N(S) that is waited for */
	T1_S,		/* supervisory */
};

enum t1_r_error {
	T1_R_OK,
	T1_R_EDC,	/* checksum or parity */
	T1_R_OTHER,
};

enum t1_s {
	T1_S_RESYNCH,
	T1_S_IFS,	/* information field size: a byte follows */
	T1_S_ABORT,	/* of a chain */
	T1_S_WTX,	/* waiting time extension: a byte follows */
};

struct t1_block {
	enum t1_kind kind;
	uint8_t nad;
	uint8_t seq;		/* 0 or 1: I: N(S), R: N(R) */
	bool more;		/* I: the chain goes on */
	enum t1_r_error error;	/* R */
	enum t1_s s;		/* S */
	bool is_response;	/* S */
	struct view inf;	/* borrowed */
};

/*
 * Reads one block. Zeros may follow it, as where a token fills its answer up.
 * ERR_SHORT: fewer bytes than LEN announces; ERR_CARD: the checksum is wrong;
 * ERR_FORMAT: LEN 255, other bytes after the block, a PCB with reserved bits,
 * an R-block with information or an S-block with too much or too little of it.
 */
enum err	t1_block_parse(struct t1_block *, struct view in, bool crc)
		    MUST_USE;

/* Writes one block; at most T1_BLOCK_MAX bytes, inf at most T1_INF_MAX. */
void		t1_block_write(struct wr *, const struct t1_block *, bool crc);

#endif
