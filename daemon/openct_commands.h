/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_OPENCT_COMMANDS_H
#define DAEMON_OPENCT_COMMANDS_H

/* What OpenCT's commands do with a reader's slots, without any socket. */

#include "daemon/peer.h"
#include "daemon/reader.h"
#include "daemon/session.h"
#include "protocols/openct_wire.h"

enum {
	OPENCT_CALLER_SLOTS = 16,	/* units below 0x10 */
	OPENCT_CALLER_LOCKS = 64,	/* one connection may stack */
};

/*
 * error is a number of enum openct_error, the body empty then; borrowed until
 * the callback returns.
 */
typedef void	(*openct_answer_fn)(void *arg, int error, struct view body);

/* One connection, as the commands see it. */
struct openct_caller {
	struct peer peer;
	const struct reader *reader;
	openct_answer_fn answer;
	void *arg;
	bool large;		/* it has sent an item in the large form */
	uint8_t cmd, unit;	/* of the command under way */
	struct {
		struct session *session;	/* from the first use on */
		uint32_t seen;	/* sequence number at the last STATUS */
	} slots[OPENCT_CALLER_SLOTS];
	struct {
		bool held;
		uint8_t slot;
		enum lock_kind kind;
		uint32_t handle;
	} locks[OPENCT_CALLER_LOCKS];
	uint32_t next_handle;
};

void		openct_caller_init(struct openct_caller *, const struct peer *,
		    const struct reader *, openct_answer_fn, void *arg);

/* Closes its sessions: locks are given back, a command under way is dropped. */
void		openct_caller_fini(struct openct_caller *);

/*
 * Does one command; body is that of the request. answer is called once: from
 * inside, or later from the loop. Only then may the next command come.
 */
void		openct_command(struct openct_caller *, struct view body);

#endif
