/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_OPENCT_CLIENT_H
#define DAEMON_OPENCT_CLIENT_H

/*
 * One connection of OpenCT's dialect to one reader: its requests are answered
 * one after the other, in order, with what the reader's slots say.
 */

#include <event2/event.h>

#include "base/must_use.h"
#include "daemon/peer.h"
#include "daemon/reader.h"
#include "daemon/registry.h"

struct openct_client;

/* closed is called once, from the loop, when the client has gone or was put an
   end to; openct_client_free must follow. NULL: memory; fd is closed then. */
struct openct_client *openct_client_new(struct event_base *, int owned_fd,
		    const struct peer *, const struct registry *,
		    const struct reader *,
		    void (*closed)(void *arg, struct openct_client *),
		    void *arg) MUST_USE;

/* The reader has left: what was answered is still sent, then closed is called. */
void		openct_client_finish(struct openct_client *);

/* Gives back its locks at once. NULL is fine. */
void		openct_client_free(struct openct_client *);

#endif
