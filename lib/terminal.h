/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIB_TERMINAL_H
#define LIB_TERMINAL_H

/*
 * One open terminal of CT-API: a connection to slotd, a lock on each slot of
 * the reader, and which card is being used in each. One call at a time.
 *
 * Functions that return int return CTAPI_OK or another number of ctapi.h, but
 * where noted. What happens to a card is a status word: programs repeat calls
 * that return anything but CTAPI_OK, whatever the command was.
 */

#define CTAPI_LONG_NAMES
#include "lib/ctapi.h"

#include "base/bytes.h"
#include "base/must_use.h"
#include "lib/handle.h"

struct terminal_slot {
	bool locked;
	ct_lock_handle lock;
	uint32_t card;		/* sequence number of the card that was
				   requested; 0: none */
	uint8_t interface;	/* of SET INTERFACE PARAMETER; 0: not said */
};

struct terminal {
	struct ct_handle handle;
	struct openct_record record;	/* as terminal_look found it */
	int32_t daemon;			/* its process */
	unsigned slots;
	struct terminal_slot slot[OPENCT_SLOTS_MAX];
	/*
	 * An answer that the caller had no room for, with its command: a
	 * program that asks again must not make the card do it twice.
	 */
	size_t kept_n, kept_answer_n;
	unsigned kept_slot;
	uint8_t kept[UINT16_MAX];
	uint8_t answer[OPENCT_RESPONSE_MAX];
};

/* Connects and locks all slots. The struct is zeroed; record is the reader's. */
int	terminal_open(struct terminal *, unsigned reader,
	    const struct openct_record *record) MUST_USE;

/* Resets the cards that were used, so that no login is left, and unlocks. */
void	terminal_close(struct terminal *);

/* The same without a word to slotd, which sees it by itself. */
void	terminal_drop(struct terminal *);

/* Reads the status file again; says so when reader or slotd have gone. */
int	terminal_look(struct terminal *) MUST_USE;

/*
 * A command of the terminal itself (CT-BCS). The answer is written to w, which
 * has room for CTBCS_ANSWER_MAX bytes.
 */
int	terminal_command(struct terminal *, struct view command,
	    struct wr *w) MUST_USE;

/*
 * A command for the card in a slot. Where there is none, or not the one that
 * was requested, the terminal answers: then *by_card is false.
 */
int	terminal_transact(struct terminal *, unsigned slot, struct view command,
	    struct wr *w, bool *by_card) MUST_USE;

/*
 * Resets the card, which then is the one in use, waiting so long for one. *n
 * bytes of answer to reset (room: 33), or an openct_error in *error.
 */
int	terminal_request(struct terminal *, unsigned slot, unsigned wait_s,
	    uint8_t *atr, size_t *n, int *error) MUST_USE;

/* No card is in use any more; one that was is reset and forgets its login. */
void	terminal_deactivate(struct terminal *, unsigned slot);

/* Waits until the card that is in the slot is out: *out, or time is up. */
int	terminal_await_removal(struct terminal *, unsigned slot,
	    unsigned wait_s, bool *out) MUST_USE;

/* Chooses T=0 or T=1 (0, 1) with the card in use. An openct_error in *error. */
int	terminal_set_protocol(struct terminal *, unsigned slot,
	    unsigned protocol, int *error) MUST_USE;

#endif
