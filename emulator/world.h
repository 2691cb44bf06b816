/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_WORLD_H
#define EMULATOR_WORLD_H

/*
 * What exists: the ports of one emulated bus with a device in each, in the
 * order of the command line. The server (server.c) hands them to hosts, the
 * control socket (control.c) plugs and unplugs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must_use.h"
#include "emulator/usb.h"

enum { WORLD_PORTS_MAX = 64, WORLD_WHY_MAX = 512 };

enum world_log {
	WORLD_LOG_NONE,
	WORLD_LOG_TRANSFERS,	/* endpoint, direction, length, status */
	WORLD_LOG_BYTES,	/* and the bytes */
};

struct port {
	char busid[16];		/* "1-1" */
	uint32_t number;	/* 1, 2, ...: the device number */
	struct usb_device *dev;
	bool plugged;
	bool imported;		/* some host has it */
};

struct world {
	struct port port[WORLD_PORTS_MAX];
	size_t n;
	enum world_log log;
};

/*
 * Adds a device from its description, MODEL[,option...]; see slotemu(1).
 * On failure false and a text in why, WORLD_WHY_MAX bytes.
 */
bool	world_add(struct world *, const char *spec, char *why) MUST_USE;

void	world_fini(struct world *);

/* By bus id, or NULL. */
struct port	*world_port(struct world *, const char *busid, size_t len);

/* The earliest deadline of all plugged devices, USB_NEVER for none. */
uint64_t	world_deadline(const struct world *);
void		world_tick(struct world *, uint64_t now_ms);

/* Gives a slot another card, inserted. The card is owned by the slot then. */
void	world_set_card(struct port *, unsigned slot, struct card *owned_card);

/* One line of JSON about a port's transfers and cards; false when cut. */
bool	world_stats(const struct port *, char *dst, size_t cap) MUST_USE;
void	world_stats_reset(struct port *);

#endif
