/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/ifd/etoken_talk.h"

const struct device etoken = {
	.device = V(DEVICE("\x29\x05", "\x14\x05")), .config = V(CONFIG),
};
const struct device etoken64 = {
	.device = V(DEVICE("\x29\x05", "\x00\x06")), .config = V(CONFIG),
};
const struct device starkey = {
	.device = V(DEVICE("\x6e\x09", "\x05\x00")), .config = V(CONFIG_INT),
};

static const struct turn opened[] = {
	{ .kind = QUIET }, { .kind = READY }, TELLS(THERE), { .kind = QUIET },
};

static const struct turn powered[] = {
	ASKS(IFD_POWER_ON),
	TAKES("\x01"), GIVES("\x81", "\x23", "\x0d" ATR42), RITE,
	TELLS(ON_NOW), ENDS(ATR42), { .kind = QUIET },
};

void
token_world(struct world *w, const struct ifd_driver *driver,
    const struct device *device, uint8_t block_size)
{
	world_open(w, driver);
	engine_set_wishes(w->engine,
	    &(struct ifd_wishes){ .block_size = block_size });
	world_identify(w, device);
	PLAY(w, opened);
}

void
token_power(struct world *w)
{
	PLAY(w, powered);
}

void
token_rows(const struct row *row, size_t n, bool power, uint8_t block_size)
{
	for (; n-- != 0; row++) {
		struct world w;

		token_world(&w, &ifd_etoken, &etoken, block_size);
		if (power)
			token_power(&w);
		world_play(&w, row->name, row->turns, row->n);
		world_is_quiet(&w);
		world_close(&w);
	}
}
