/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_SESSION_H
#define DAEMON_SESSION_H

/*
 * A session is one client's use of one card slot: what an OpenCT connection has
 * per slot, and what PC/SC calls a card handle. While a slot has a session its
 * card stays powered. All three dialects reach cards through here only.
 *
 * Everything runs in one thread, and no callback is ever called from inside a
 * session_ function: results come later, from the loop.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "daemon/peer.h"

struct session;
struct slot;

/* What differs between the dialects. All false is OpenCT. */
struct session_rules {
	const char *dialect;	/* its name, for people; not copied, not NULL */
	bool reset_on_close;	/* closing while holding an exclusive lock resets
				   the card, so that no login is inherited */
	bool report_reset;	/* after a reset or removal by others, requests
				   fail with ERR_WAS_RESET or ERR_REMOVED until
				   session_acknowledge */
	bool unlock_on_removal;	/* the locks end when the card is taken out */
	bool one_card;		/* after a removal, or a reset by others, TRANSMIT
				   and PROTOCOL fail with ERR_REMOVED or
				   ERR_UNPOWERED until the session has reset the
				   card: it never takes another one for it */
};

enum request_kind {
	REQUEST_TRANSMIT,	/* data: APDU. Result: response, SW1 SW2 last */
	REQUEST_ATR,		/* powers the card on if it is not; no reset.
				   Result: ATR, arg: protocol in use */
	REQUEST_RESET_WARM,	/* Result: ATR, arg: protocol in use */
	REQUEST_RESET_COLD,	/* the same, with the power taken away */
	REQUEST_POWER_OFF,
	REQUEST_PROTOCOL,	/* arg: mask of CHANNEL_T0, _T1. Result: arg */
	REQUEST_CONTROL,	/* arg: code, data. Result: data. Needs no card */
	REQUEST_LOCK,		/* arg: enum lock_kind */
	REQUEST_TURN,		/* nothing: it ends when no other session's
				   lock is in its way */
	REQUEST_KINDS
};

/*
 * A lock of one session conflicts with another session that wants
 *   exclusive: always;  shared: when a lock is exclusive or the uids differ.
 * Requests that reach the card or the reader (all but LOCK) want what a shared
 * lock wants. A session never conflicts with itself, and may stack locks.
 */
enum lock_kind {
	LOCK_SHARED,
	LOCK_EXCLUSIVE,
};

enum { WAIT_NOT = 0, WAIT_FOREVER = UINT32_MAX };

struct result {
	enum err err;
	uint32_t arg;
	struct view data;	/* borrowed until the callback returns; when err is
				   not ERR_OK a text for people, or empty */
};

typedef void	(*result_fn)(void *arg, const struct result *);

struct request_spec {
	enum request_kind kind;
	uint32_t arg;
	struct view data;	/* copied; the copy is wiped after use */
	uint32_t wait_ms;	/* how long it may wait in line while another
				   session's lock is in its way; WAIT_NOT:
				   it ends with ERR_LOCKED at once */
	result_fn done;
	void *done_arg;
	uint32_t card_ms;	/* how long it may wait in line for a card to be
				   put in, letting others go before it;
				   WAIT_NOT: it ends with ERR_NO_CARD at once */
};

/* Never NULL but when memory is short. peer and rules are copied. */
struct session	*session_open(struct slot *, const struct peer *,
		    const struct session_rules *) MUST_USE;

/* Other rules from now on, for what is in line, too. */
void		session_set_rules(struct session *,
		    const struct session_rules *);

/*
 * Gives back the session's locks and drops its requests: no callback of it is
 * called any more. What the card is working on is finished and thrown away.
 * May be called from any callback, its own included. NULL is fine.
 */
void		session_close(struct session *);

/*
 * Puts a request in line. ERR_OK: done is called exactly once, later, unless
 * the session is closed before; one session's results come in order, but for
 * requests that wait for a lock. Anything else: done is never called.
 * ERR_QUOTA (SESSION_REQUESTS_MAX outstanding), ERR_TOO_LONG, ERR_ARG,
 * ERR_MEMORY, ERR_DENIED (openct.conf does not allow it to this user, or escape
 * commands to nobody); when the reader has left: ERR_GONE (unplugged) or ERR_HANDLER
 * (it failed), for ever; the client must find the reader anew.
 */
enum { SESSION_REQUESTS_MAX = 64 };
enum err	session_request(struct session *,
		    const struct request_spec *) MUST_USE;

/* Gives back one lock of that kind, at once. ERR_NO_LOCK if there is none. */
enum err	session_unlock(struct session *, enum lock_kind) MUST_USE;

/* Locks of that kind the session holds. */
unsigned	session_locks(const struct session *, enum lock_kind);

/* What happened to the card since session_open or session_acknowledge. */
enum {
	SESSION_WAS_RESET = 1u << 0,	/* by somebody else, or by losing a lock */
	SESSION_WAS_REMOVED = 1u << 1,
};
uint32_t	session_flags(const struct session *);
void		session_acknowledge(struct session *);

/* The slot, or NULL when the reader has left. */
struct slot	*session_slot(const struct session *);
const struct peer *session_peer(const struct session *);

#endif
