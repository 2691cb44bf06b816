/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token.h"

/*
 * Aladdin eToken PRO (0529:050c, 0529:0514), a CardOS card in a USB plug. The
 * meaning of the four transfers after the ATR is not known; without them
 * the token takes no command. All of it is as OpenCT did it.
 */

enum {
	ATR_MS = 1000,
	RITE_MS = 10000,
};

static const uint8_t settings[] = { 0, 0, 1, 0, 0x88, 0x13 };	/* 5000 ms? */
static const uint8_t well[] = { 0 };

static const struct script_row reset[] = {
	{ .type = 0x40, .request = 0x01, .timeout_ms = ATR_MS },
	{ .type = 0xc0, .request = 0x81, .length = 35, .min = 1, .max = 35,
	  .keep = true, .timeout_ms = ATR_MS },
	{ .type = 0x40, .request = 0x03, .timeout_ms = RITE_MS },
	{ .type = 0xc0, .request = 0x83, .length = 13, .min = 13, .max = 13,
	  .timeout_ms = RITE_MS },
	{ .type = 0x40, .request = 0x02,
	  .out = { settings, sizeof(settings) }, .timeout_ms = RITE_MS },
	{ .type = 0xc0, .request = 0x82, .length = 1, .min = 1, .max = 1,
	  .expect = { well, sizeof(well) }, .timeout_ms = RITE_MS },
};

static const struct token_model model = {
	.reset = reset,
	.n_reset = sizeof(reset) / sizeof(reset[0]),
	.plan = "eToken PRO, reset with six transfers",
};

static enum err
open_reader(struct ifd_reader *r)
{
	return token_open(r, &model);
}

const struct ifd_driver ifd_etoken = {
	.name = "etoken",
	.text = "Aladdin eToken PRO",
	TOKEN_DRIVER,
	.open = open_reader,
};
