/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token.h"

/*
 * Aladdin eToken PRO 64k (0529:0600, 0529:0700): as the eToken PRO, with other
 * transfers after the ATR. As OpenCT did it, which called it untested.
 */

enum {
	ATR_MS = 1000,
	RITE_MS = 10000,
};

static const uint8_t well[] = { 0 };

static const struct script_row reset[] = {
	{ .type = 0x40, .request = 0x01, .timeout_ms = ATR_MS },
	{ .type = 0xc0, .request = 0x81, .length = 35, .min = 1, .max = 35,
	  .keep = true, .timeout_ms = ATR_MS },
	{ .type = 0x40, .request = 0x08, .timeout_ms = RITE_MS },
	{ .type = 0xc0, .request = 0x88, .length = 2, .min = 2, .max = 2,
	  .timeout_ms = RITE_MS },
	{ .type = 0x40, .request = 0x03, .timeout_ms = RITE_MS },
	{ .type = 0xc0, .request = 0x83, .length = 1, .min = 1, .max = 1,
	  .expect = { well, sizeof(well) }, .timeout_ms = RITE_MS },
};

static const struct token_model model = {
	.reset = reset,
	.n_reset = sizeof(reset) / sizeof(reset[0]),
	.plan = "eToken PRO 64k, reset with six transfers",
};

static enum err
open_reader(struct ifd_reader *r)
{
	return token_open(r, &model);
}

const struct ifd_driver ifd_etoken64 = {
	.name = "etoken64",
	.text = "Aladdin eToken PRO 64k",
	TOKEN_DRIVER,
	.open = open_reader,
};
