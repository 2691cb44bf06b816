/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_IFD_OLD_ROWS_H
#define TESTS_IFD_OLD_ROWS_H

/* Rows that the tests of readers older than the CCID specification share. */

#include "tests/ifd/talk.h"

#define Z4 "\0\0\0\0"
#define Z10 "\0\0\0\0\0\0\0\0\0\0"
#define Z50 Z10 Z10 Z10 Z10 Z10

#define SENDS(ep, bytes) { .kind = OUT, .n = ep, .out = V(bytes) }
#define GIVES(ep, bytes) { .kind = IN, .n = ep, .in = V(bytes) }
#define REQUESTS(bytes) { .kind = CONTROL, .out = V(bytes) }
#define PASSES(ms) { .kind = PASS, .arg = ms }
#define ASKS(what, ...) { .kind = ASK, .arg = what, __VA_ARGS__ }
#define ENDS(bytes) { .kind = ENDED, .in = V(bytes) }
#define FAILS(e, words) { .kind = ENDED, .err = e, .in = V(words) }
#define TELLS(mask) { .kind = CARD, .arg = mask }
#define CANCELS(ep) { .kind = CANCELLED, .n = ep }
#define CLEARS(ep) { .kind = HALT, .n = ep }
#define APDU(bytes) ASKS(IFD_TRANSMIT, .out = V(bytes))

enum { NO_CARD = 0, THERE = CHANNEL_PRESENT,
	ON_NOW = CHANNEL_PRESENT | CHANNEL_POWERED };

struct talk {
	const char *name;
	const struct turn *turns;
	size_t n;
};

#define TALK(rows) { #rows, rows, sizeof(rows) / sizeof((rows)[0]) }

/* A world in which these are played one after the other, then closed. */
static inline void
play_talks(const struct ifd_driver *driver, const struct device *device,
    const struct talk *const *talks, size_t n)
{
	struct world w;

	world_open(&w, driver);
	world_identify(&w, device);
	for (size_t i = 0; i < n; i++)
		world_play(&w, talks[i]->name, talks[i]->turns, talks[i]->n);
	world_is_quiet(&w);
	world_close(&w);
}

/* No device may crash the driver, whatever its descriptors leave out. */
static inline void
sweep_config(const struct ifd_driver *driver, const struct device *device)
{
	for (size_t cut = 0; cut < device->config.n; cut++) {
		struct device d = *device;
		struct world w;

		d.config.n = cut;
		world_open(&w, driver);
		world_identify(&w, &d);
		ck_assert_uint_eq(w.n_told, 1);
		ck_assert_int_eq(w.told[0].kind, LOST);
		world_close(&w);
	}
}

#endif
