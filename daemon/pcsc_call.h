/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_PCSC_CALL_H
#define DAEMON_PCSC_CALL_H

/*
 * What the files of PC/SC's dialect share; nobody else includes it.
 *
 * A client has one request under way. Its command ends with exactly one
 * pcsc_answer, at once or from a callback, and touches nothing after it.
 */

#include <event2/event.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "daemon/peer.h"
#include "daemon/pcsc_state.h"
#include "daemon/quota.h"
#include "daemon/session.h"
#include "daemon/stream.h"
#include "daemon/watch.h"
#include "protocols/pcsc_wire.h"

struct pcsc_client;
struct pcsc_handle;

/*
 * A request that finds the card locked waits in line for so long. Then the
 * client is told SHARING_VIOLATION, as by pcscd: libpcsclite lets go of its
 * mutex, naps for 100 ms and asks again, for most requests.
 */
enum { PCSC_PARK_MS = 1000 };

TAILQ_HEAD(pcsc_clients, pcsc_client);
TAILQ_HEAD(pcsc_handles, pcsc_handle);

/* What all clients have in common: the server's, borrowed by them. */
struct pcsc_world {
	struct event_base *base;
	const struct registry *registry;
	unsigned legacy;		/* places of an array up to 4.5 */
	struct quota handle_quota;	/* card handles */
	struct pcsc_state state;
	struct pcsc_clients clients;
};

/* How far a BEGIN that found the card locked has come. */
enum pcsc_begin {
	PCSC_BEGIN_NONE,
	PCSC_BEGIN_ASKED,	/* in line, the client waits for the answer */
	PCSC_BEGIN_NAPS,	/* in line, the client was told to ask again */
	PCSC_BEGIN_KEPT,	/* its turn came meanwhile, kept for a moment */
};

struct pcsc_handle {
	TAILQ_ENTRY(pcsc_handle) entry;
	struct pcsc_client *client;
	struct pcsc_place *place;	/* NULL: the reader has left */
	const struct reader *reader;
	char name[PCSC_NAME_MAX + 1];
	struct session *session;
	uint32_t number;		/* hCard; 0: not connected yet */
	uint32_t mode;			/* PCSC_EXCLUSIVE ... */
	uint32_t protocol;		/* what the program was told */
	unsigned begun;			/* transactions it knows of */
	uint32_t news;			/* SESSION_WAS_, beside the session's */
	bool named;			/* to others, as who has the reader */
	bool refusal_told;		/* an escape's, in the log */
	enum pcsc_begin begin;
	struct event *timer;		/* of begin */
};

struct pcsc_client {
	TAILQ_ENTRY(pcsc_client) entry;
	struct pcsc_world *world;
	struct stream *stream;
	struct watcher watcher;
	struct peer peer;
	void (*closed)(void *arg, struct pcsc_client *);
	void *arg;

	unsigned minor;			/* 0: it has not said */
	uint32_t context;		/* 0: none */
	struct pcsc_handles handles;
	unsigned n_handles;

	/* Waiting for a change, see pcsc_signal. */
	bool waits;
	bool quiet;			/* the states come first (4.6) */
	bool due;			/* and then this: */
	uint32_t due_rv;
	unsigned size;			/* of the array it was told of (4.6) */
	uint32_t seen;			/* changes, with its states (4.3) */

	/* The request under way. */
	struct pcsc_request q;
	bool again;			/* RECONNECT, not CONNECT */
	bool t1_first;			/* and T=0 if the card refuses */
};

/* ---- pcsc_client.c ---- */

/* Answers with the body of the request, and bytes behind it. */
void		pcsc_answer(struct pcsc_client *, enum pcsc_rv);
void		pcsc_answer_data(struct pcsc_client *, enum pcsc_rv,
		    struct view);
/* Answers with these bytes alone. */
void		pcsc_answer_raw(struct pcsc_client *, struct view);
/* The request makes no sense: closes the connection instead of an answer. */
void		pcsc_refuse(struct pcsc_client *, const char *why);
/* Something that waits are for has changed. */
void		pcsc_changed(struct pcsc_world *);
/* Ends the client's wait, if it waits: now, or after the states it is owed. */
void		pcsc_signal(struct pcsc_client *, uint32_t rv);
/* A number for a context or a card that nobody has, 1 .. 2^31 - 1. */
uint32_t	pcsc_new_number(const struct pcsc_world *);

/* ---- pcsc_handle.c ---- */

/* NULL: memory, or too many of them. The client's, but no hCard yet. */
struct pcsc_handle *pcsc_handle_new(struct pcsc_client *, struct pcsc_place *)
		    MUST_USE;
/* Gives back what it has; a transaction under way costs a reset. */
void		pcsc_handle_free(struct pcsc_handle *);
/* The same without the reset. */
void		pcsc_handle_leave(struct pcsc_handle *);
/* The handle of that number, of this client; NULL. */
struct pcsc_handle *pcsc_handle_find(const struct pcsc_client *,
		    uint32_t number);
/* What it must hear first: PCSC_RV_SUCCESS, RESET_CARD or REMOVED_CARD. */
enum pcsc_rv	pcsc_handle_news(struct pcsc_handle *);
/* Forgets the session's news but remembers them as the handle's. */
void		pcsc_handle_note(struct pcsc_handle *);
/* Has this client a lock in the way of it? Waiting would be for ever. */
bool		pcsc_handle_blocks_itself(const struct pcsc_handle *);
/* How long a request of the handle may wait in line. */
uint32_t	pcsc_handle_patience(const struct pcsc_handle *);
/* The same for one that is refused then, and may be asked again. */
uint32_t	pcsc_handle_moment(const struct pcsc_handle *);
/* Is the place in exclusive use by another handle? */
bool		pcsc_is_taken(const struct pcsc_place *,
		    const struct pcsc_handle *but);
/* Tells waiting programs if the sharing of the place is of another kind. */
void		pcsc_sharing_changed(struct pcsc_world *, struct pcsc_place *);
/* Puts a request in line; the command answers the error, if it is one. */
enum err	pcsc_handle_request(struct pcsc_handle *, enum request_kind,
		    uint32_t arg, struct view data, uint32_t wait_ms, result_fn)
		    MUST_USE;

/* ---- commands; h is the handle the request names, else NULL ---- */

/* Does the client's request tell about cards it has no handle of? */
bool		pcsc_asks_about_cards(const struct pcsc_client *);
/* Runs the request of the client (pcsc_cmds.c). */
void		pcsc_command(struct pcsc_client *);

/* pcsc_connect.c */
void		pcsc_connect(struct pcsc_client *, struct pcsc_handle *h);
void		pcsc_reconnect(struct pcsc_client *, struct pcsc_handle *h);
void		pcsc_disconnect(struct pcsc_client *, struct pcsc_handle *h);

/* pcsc_transaction.c */
void		pcsc_begin(struct pcsc_client *, struct pcsc_handle *h);
void		pcsc_end(struct pcsc_client *, struct pcsc_handle *h);
void		pcsc_begin_timeout(struct pcsc_handle *h);

/* pcsc_control.c */
void		pcsc_control(struct pcsc_client *, struct pcsc_handle *h);
void		pcsc_get_attrib(struct pcsc_client *, struct pcsc_handle *h);
void		pcsc_set_attrib_command(struct pcsc_client *,
		    struct pcsc_handle *h);

#endif
