/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_ENGINE_STATE_H
#define IFD_ENGINE_STATE_H

/*
 * What engine.c (the reader's life and its requests) and engine_pipes.c (the
 * bulk pipe that all slots share, and the interrupt pipe) have in common;
 * nobody else includes it.
 */

#include "ifd/engine.h"
#include "ifd/exchange.h"
#include "ifd/identify.h"

enum phase {
	PHASE_IDENTIFY,
	PHASE_OPEN,		/* IFD_OPEN runs */
	PHASE_STATUS,		/* IFD_STATUS runs, of slot status_slot */
	PHASE_READY,
	PHASE_LOST,
};

struct engine {
	const struct ifd_driver *driver;
	struct usb *usb;
	const struct engine_events *events;
	void *arg;
	uint64_t now_ms;
	enum phase phase;
	bool step_ended;	/* the request of this phase is over */
	enum err step_err;
	unsigned status_slot;
	bool opened;		/* the driver's close is due */
	bool doubt;		/* as engine_takes_doubt tells */
	struct ifd_reader reader;
	struct exchange *exchanges;	/* one a slot */
	uint32_t *reported;		/* the card that was told, by slot */
	void *slot_states;
	struct usb_xfer *in, *interrupt;
	bool held;		/* a message in `in` came before its command
				   was seen to leave */
	struct view held_data;
	unsigned interrupt_errors;
	unsigned faults;
	/* for PHASE_IDENTIFY */
	struct identify identify;
	struct ifd_slot identify_slot;
	struct exchange identify_exchange;
};

static inline size_t
engine_slots(const struct engine *e)
{
	return e->exchanges != NULL ? e->reader.info.slots : 0;
}

/* ---- engine_pipes.c ---- */

/* The transfers of the pipes the driver has named. */
enum err	engine_open_pipes(struct engine *) MUST_USE;

/* The bulk pipe is read while somebody waits for a message and no longer. */
void		engine_keep_in(struct engine *);

#endif
