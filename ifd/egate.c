/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token_t0.h"

/*
 * Schlumberger e-gate (0973:0001), a Cryptoflex card with USB contacts. The
 * pauses around its reset are OpenCT's; so is asking whether it is ready before
 * each command. A card that is not is not reset behind the program's back, as
 * OpenCT did: the command fails and everybody learns that a reset is needed.
 */

enum {
	RESET_MS = 2000,
	IN_MS = 1000,
	PAUSE_MS = 100,
	ATR_ROOM = 35,
};

static const struct script_row reset[] = {
	{ .pause_ms = PAUSE_MS },
	{ .type = 0x40, .request = 0x90, .timeout_ms = RESET_MS,
	  .pause_ms = PAUSE_MS },
	{ .type = 0xc0, .request = 0xa0, .length = 1, .min = 1, .max = 1,
	  .timeout_ms = IN_MS, .pause_ms = PAUSE_MS },
	{ .type = 0xc0, .request = 0x83, .length = ATR_ROOM, .min = 1,
	  .max = ATR_ROOM, .keep = true, .timeout_ms = IN_MS },
};

static const struct token_t0_model model = {
	.plan = "e-gate, reset with three transfers",
	.reset = reset,
	.n_reset = sizeof(reset) / sizeof(reset[0]),
	.out_type = 0x40,
	.in_type = 0xc0,
	.header = 0x80,
	.write = 0x82,
	.read = 0x81,
	.status = 0xa0,
	.asks_first = true,
	.exact = true,
	.poll_ms = 1,
};

static enum err
open_reader(struct ifd_reader *r)
{
	return token_t0_open(r, &model);
}

const struct ifd_driver ifd_egate = {
	.name = "egate",
	.text = "Schlumberger E-Gate",
	TOKEN_T0_DRIVER,
	.open = open_reader,
};
