/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/cyberjack.h"
#include "tests/fuzz/fuzz.h"

/* A frame; what its block asks for is a sound block itself. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t *copy = fuzz_copy((struct view){ data, n }), buf[5], x = 0;
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct view block;
	enum err e = cyberjack_unwrap(&block, (struct view){ copy, n });
	enum cyberjack_kind kind = CYBERJACK_T1;

	FUZZ_ASSERT(e == ERR_OK || e == ERR_SHORT || e == ERR_FORMAT ||
	    e == ERR_TOO_LONG);
	if (e == ERR_OK) {
		FUZZ_ASSERT(block.n <= T1_BLOCK_MAX);
		kind = cyberjack_sort(block, &w);
	}
	FUZZ_ASSERT(!w.bad && (w.n >= 4) == (kind == CYBERJACK_ASKS));
	for (size_t i = 0; i < w.n; i++)
		x ^= buf[i];
	FUZZ_ASSERT(x == 0);
	free(copy);
	return 0;
}
