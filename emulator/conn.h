/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CONN_H
#define EMULATOR_CONN_H

/*
 * One connection to the USB/IP server, for the server's own files: server.c has
 * the sockets, server_op.c what comes before the import, server_urb.c the URBs.
 */

#include "base/bytes.h"
#include "emulator/server.h"
#include "protocols/usbip.h"

enum {
	IN_CAP = 160 * 1024,	/* a header and the largest OUT transfer */
	OUT_DATA_MAX = IN_CAP - USBIP_URB_SIZE,
	OUT_CAP_MAX = 4 * 1024 * 1024,	/* a client that does not read */
	TRANSFER_MAX = 128 * 1024,
	PENDING_MAX = 256,
};

enum { SHORT_NOT_OK = 1 };	/* transfer_flags of the kernel's URBs */

struct pending {
	uint32_t seq, length, flags;
	uint8_t ep;
	/* a control transfer */
	bool begun;		/* the device knows of it */
	uint8_t setup[8];
	uint8_t *out;		/* owned; out_n bytes, NULL: none */
	size_t out_n;
};

struct conn {
	struct server *server;
	int fd, handle;
	struct port *port;	/* NULL before the import */
	bool dead;		/* to be freed by the next server_pump */
	struct pending pending[PENDING_MAX];
	size_t n_pending;
	uint8_t in[IN_CAP];
	size_t in_len;
	uint8_t *out;		/* out_at .. out_len is to be sent */
	size_t out_at, out_len, out_cap;
	uint8_t transfer[TRANSFER_MAX];
};

/* Sends what is queued, as far as the socket takes it now. */
void	conn_flush(struct conn *);

/* Queues bytes; a client that lets too many pile up is dead then. */
void	conn_queue(struct conn *, struct view);

/*
 * One operation, or one URB message after the import, from the start of v.
 * Returns the bytes used, 0 when more must come first; what makes no sense
 * leaves the connection dead.
 */
size_t	conn_on_op(struct conn *, struct view) MUST_USE;
size_t	conn_on_urb(struct conn *, struct view) MUST_USE;

/*
 * Completes pending transfers, in order; the first of an endpoint that has to
 * wait blocks those behind it.
 */
void	conn_complete(struct conn *);

/* The connection ends: nothing is pending any more. */
void	conn_forget(struct conn *);

#endif
