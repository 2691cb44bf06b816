/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token.h"

/*
 * G&D Starkey 100 (096e:0005): blocks as with the eToken PRO, but nobody asks
 * for the ATR: it arrives on the interrupt endpoint, in at most 32 bytes. There
 * is no request that resets the card. After OpenCT, which was not seen to work.
 */

enum {
	INTERRUPT_IN = 0x81,
	MESSAGE_MAX = 32,
};

static const struct token_model model = {
	.plan = "Starkey, its card cannot be reset",
};

static enum err
open_reader(struct ifd_reader *r)
{
	r->interrupt = INTERRUPT_IN;
	r->interrupt_cap = MESSAGE_MAX;
	return token_open(r, &model);
}

const struct ifd_driver ifd_starkey = {
	.name = "starkey",
	.text = "G&D Starkey 100",
	TOKEN_DRIVER,
	.open = open_reader,
};
