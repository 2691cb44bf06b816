/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_PCSC_STATE_H
#define DAEMON_PCSC_STATE_H

/*
 * The readers as PC/SC programs see them: one place for each slot of a ready
 * reader, its name, and its state, all together an array. A reader keeps its
 * place until it leaves.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/must_use.h"
#include "protocols/channel.h"
#include "protocols/pcsc_wire.h"

struct pcsc_handle;
struct peer;
struct reader;
struct registry;

enum {
	PCSC_PLACES_MAX = 256,		/* two hex digits */
	PCSC_PLACES_FEW = 16,		/* an array of the usual size */
};

struct pcsc_place {
	const struct reader *reader;	/* NULL: free */
	unsigned slot;
	unsigned number;		/* NN, of its reader */
	char name[PCSC_NAME_MAX + 1];
	/* What the programs have made of the card since its last reset. */
	uint32_t protocol;		/* agreed on: PCSC_T0, _T1; 0: none */
	bool off;			/* its power was taken on demand */
	unsigned connecting;		/* sessions that are no handle yet */
	struct pcsc_handle *exclusive;	/* the one that has it, or NULL */
	int32_t told;			/* the sharing waiting programs know */
};

struct pcsc_state {
	struct pcsc_place places[PCSC_PLACES_MAX];
	unsigned size;			/* of the array; it only grows */
	uint16_t events;		/* readers came and went: 1 .. 32767 */
	uint32_t changes;		/* of anything that a wait is for */
};

/* many: of the largest size from the start. */
void		pcsc_state_init(struct pcsc_state *, bool many);

/*
 * A reader is ready. Its name has the number that it would have if the readers
 * before it in the registry were ready, too: so the names of two alike do not
 * depend on which of them is faster. ERR_QUOTA when there are too many: some
 * slots are left out.
 */
enum err	pcsc_state_add(struct pcsc_state *, const struct registry *,
		    const struct reader *) MUST_USE;

/* A reader has left; false when it had no place. */
bool		pcsc_state_remove(struct pcsc_state *, const struct reader *);

/* How long an array must be to show all of its slots; 0: it has no place. */
unsigned	pcsc_state_end(const struct pcsc_state *,
		    const struct reader *) MUST_USE;

/* By name (NUL-padded), or by slot; NULL when there is none. */
struct pcsc_place *pcsc_state_find(struct pcsc_state *, struct view name);
struct pcsc_place *pcsc_state_at(struct pcsc_state *, const struct reader *,
		    unsigned slot);

/* The first n places, PCSC_STATE bytes each; those of readers that the peer may
   not see are empty. */
void		pcsc_state_array(const struct pcsc_state *, struct wr *,
		    unsigned n, const struct peer *);

/* -1, or how many use the slot, in whatever dialect. */
int32_t		pcsc_place_sharing(const struct pcsc_place *);

/* The card was reset, or is another one: nothing is agreed on any more. */
void		pcsc_place_fresh(struct pcsc_place *);

/*
 * Writes the name libccid gives a slot: "NAME [INTERFACE] (SERIAL) NN MM", what
 * is before the numbers cut to 121 bytes. NAME is `name`, or libccid's where it
 * has another. The serial number is left out when the interface's string holds
 * it. Without info it is "NAME NN MM": an administrator's word stands alone.
 */
void		pcsc_name(char dst[PCSC_NAME_MAX + 1], const char *name,
		    const struct channel_info *, unsigned number,
		    unsigned slot);

#endif
