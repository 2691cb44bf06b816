/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/script.h"
#include "tests/fuzz/fuzz.h"

enum { TRIES = 3 };

static const uint8_t zero[] = { 0 }, high_bits[] = { 0xf0 };
static const uint8_t setting[] = { 0x00, 0x00, 0x01, 0x00, 0x88, 0x13 };

/* A bit of each maker's rite. */
static const struct script_row rows[] = {
	{ .type = 0x40, .request = 0x01, .timeout_ms = 1000 },
	{ .type = 0xc0, .request = 0x81, .length = 35, .min = 3, .max = 35,
	    .keep = true, .timeout_ms = 1000 },
	{ .pause_ms = 100 },
	{ .type = 0xc2, .request = 0x02, .length = 164, .tries = TRIES,
	    .timeout_ms = 1000 },
	{ .type = 0xc0, .request = 0xa0, .length = 1, .min = 1, .max = 1,
	    .expect = { zero, 1 }, .mask = { high_bits, 1 }, .tries = TRIES,
	    .timeout_ms = 1000, .pause_ms = 10 },
	{ .type = 0x40, .request = 0x02,
	    .out = { setting, sizeof(setting) }, .timeout_ms = 1000 },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Events: 0 time-out or end of a pause, 1 stall, else an answer as a chunk. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = { .in = { data, n } };
	struct script s;
	struct step step = script_start(&s, rows, ROWS);
	uint8_t event, *copy;
	struct view v;

	for (unsigned i = 0; fuzz_step(step); i++) {
		FUZZ_ASSERT(i <= 2 * TRIES * ROWS && s.at < ROWS);
		event = rd_u8(&r);
		if (event == 0) {
			step = script_timeout(&s);
		} else if (event == 1) {
			step = script_failed(&s, ERR_STALL);
		} else {
			v = fuzz_chunk(&r);
			copy = fuzz_copy(v);
			step = script_input(&s, (struct view){ copy, v.n });
			free(copy);
		}
	}
	FUZZ_ASSERT(step.kind != STEP_DONE ||
	    (step.out.n >= 3 && step.out.n <= 35));
	return 0;
}
