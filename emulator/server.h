/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_SERVER_H
#define EMULATOR_SERVER_H

/*
 * The USB/IP server: lists the plugged devices, lets one host at a time import
 * each, and carries its URBs. Works with the kernel's vhci_hcd and with any
 * other client. A malformed client costs its own connection only.
 */

#include "base/must_use.h"
#include "emulator/loop.h"
#include "emulator/world.h"

enum { SERVER_CONNS_MAX = 128, SERVER_LISTEN_MAX = 4 };

struct conn;

struct server {
	struct loop *loop;
	struct world *world;
	struct conn *conn[SERVER_CONNS_MAX];
	int listen_fd[SERVER_LISTEN_MAX];	/* -1 after the last */
	size_t n_listen;
};

void	server_init(struct server *, struct loop *, struct world *);

/* Takes over a listening descriptor. False when there is no room. */
bool	server_listen(struct server *, int owned_fd) MUST_USE;

/* The device is gone: its host's connection is closed at once. */
void	server_unplug(struct server *, struct port *);

/* Completes what can be completed, after anything happened to devices. */
void	server_pump(struct server *);

void	server_fini(struct server *);

#endif
