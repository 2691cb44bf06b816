/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/framed.h"

/*
 * FEITIAN ePass3000: a T=0 card behind frames of its own. What the status bytes
 * of an answer hold is not known, nor what the five bytes around the ATR mean:
 * OpenCT looked at neither.
 */

enum {
	GET_ATR = 0x01,
	TRANSMIT = 0x02,
	ATR_AT = 2,
	ATR_EXTRA = 5,
	ATR_MS = 10000,
	/* Keys are made in the token, which says nothing meanwhile. */
	TPDU_MS = 200000,
};

static struct view
find_atr(struct view answer)
{
	if (answer.n <= ATR_EXTRA)
		return (struct view){ NULL, 0 };
	return view_first(view_skip(answer, ATR_AT), answer.n - ATR_EXTRA);
}

/* Newer tokens answer a command with data and Le with the data at once. */
static const struct framed_traits traits = {
	.codec = &frame_epass3000,
	.bulk_out = 0x02,
	.bulk_in = 0x81,
	.protocols = CHANNEL_T0,
	.reset = { 1, { { .code = GET_ATR, .wait_ms = ATR_MS } } },
	.code = { TRANSMIT, TRANSMIT },
	.level = T0_DIRECT,
	.t0_wait_ms = TPDU_MS,
	.atr = find_atr,
	.trusts_data = true,
};

static enum err
open_reader(struct ifd_reader *r)
{
	return framed_open(r, &traits);
}

const struct ifd_driver ifd_epass3000 = {
	.name = "ePass3000",
	.text = "FEITIAN ePass3000",
	.open = open_reader,
	FRAMED_DRIVER,
};
