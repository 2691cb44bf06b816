/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token_t0.h"

/*
 * Rutoken S (0a89:0012, 0a89:0020). After power off it says that data (its ATR)
 * are waiting; power on fetches them. While its card works, the status counts
 * up; OpenCT waited as long as it did. It may give less data than Le. What the
 * card says in its own way is translated, see protocols/rutoken.h.
 */

enum {
	OFF_MS = 10000,
	IN_MS = 1000,
	POLL_MS = 10,
	POLLS = 200,
	ATR_SIZE = 19,
};

static const uint8_t atr_waits[] = { 0x10 };

static const struct script_row reset[] = {
	{ .type = 0x41, .request = 0x63, .timeout_ms = OFF_MS },
	{ .type = 0xc1, .request = 0xa0, .length = 1, .min = 1, .max = 1,
	  .expect = { atr_waits, sizeof(atr_waits) }, .tries = POLLS,
	  .timeout_ms = IN_MS, .pause_ms = POLL_MS },
	{ .type = 0xc1, .request = 0x62, .length = ATR_SIZE, .min = 1,
	  .max = ATR_SIZE, .keep = true, .timeout_ms = IN_MS },
};

static const struct token_t0_model model = {
	.plan = "Rutoken S, reset with three transfers, file ids and headers "
	    "translated",
	.reset = reset,
	.n_reset = sizeof(reset) / sizeof(reset[0]),
	.out_type = 0x41,
	.in_type = 0xc1,
	.header = 0x65,
	.write = 0x65,
	.read = 0x6f,
	.status = 0xa0,
	.counts = true,
	.poll_ms = POLL_MS,
	.command = rutoken_command,
	.response = rutoken_response,
};

static enum err
open_reader(struct ifd_reader *r)
{
	return token_t0_open(r, &model);
}

const struct ifd_driver ifd_rutoken = {
	.name = "rutoken",
	.text = "Rutoken S",
	TOKEN_T0_DRIVER,
	.open = open_reader,
};
