/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_LIB_FAKE_SERVER_H
#define TESTS_LIB_FAKE_SERVER_H

/*
 * A server that plays a script over a reader's socket: it knows which requests
 * must come and what to answer, and nothing else. It shares no code with slotd.
 */

#include "base/bytes.h"

enum fake_quirk {
	FAKE_PLAIN,
	FAKE_DRIBBLE,		/* the answer comes byte by byte */
	FAKE_CLOSE,		/* no answer: the connection is closed */
	FAKE_LEAVES,		/* an answer, then the connection is closed */
	FAKE_CUT,		/* closed in the middle of the answer */
	FAKE_OTHER_XID,		/* the answer to another request */
	FAKE_EXTRA,		/* one byte more than the header says */
	FAKE_SILENT,		/* no answer; waits for the client to close */
	FAKE_CONTINUED,		/* an answer in two parts */
	FAKE_ENDLESS,		/* an answer that is continued for ever */
};

struct fake_turn {
	struct view want;	/* body of the request; {NULL, n}: any n bytes */
	int error;		/* of the answer */
	struct view answer;	/* {NULL, n}: n zero bytes and 90 00 */
	enum fake_quirk quirk;
};

/* A new directory, named in OPENCT_SOCKETDIR from now on. Borrowed. */
const char	*fake_dir(void);

/* Removes it and what is in it. */
void		fake_cleanup(void);

/*
 * Serves DIR/reader in a process of its own: one connection, the turns in order,
 * then waits for the client to close. The socket is bound when this returns.
 */
void	fake_start(unsigned reader, const struct fake_turn *, size_t n);

/* Waits for it to end and fails the test if a request was not as scripted. */
void	fake_finish(void);

/* Writes DIR/status anew (a new file) with these bytes. */
void	fake_status(const void *, size_t n);

#endif
