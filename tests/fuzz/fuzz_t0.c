/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/t0.h"
#include "tests/fuzz/fuzz.h"

/* Level, the APDU as a chunk, then chunks from the card; empty: a time-out. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = { .in = { data, n } };
	static const enum t0_level levels[] = {
		T0_TPDU, T0_CHARACTER, T0_DIRECT, T0_CHARACTER,
	};
	enum t0_level level = levels[rd_u8(&r) & 3];
	struct view apdu = fuzz_chunk(&r), in;
	struct apdu a = { .ne = 0 };
	enum err e = apdu_parse(&a, apdu);
	struct t0 t = { .level = level };
	struct step s = t0_start(&t, level, 900, apdu);

	FUZZ_ASSERT((e == ERR_OK && !a.extended) || s.kind == STEP_FAIL);
	for (unsigned turns = 0; fuzz_step(s); turns++) {
		FUZZ_ASSERT(turns <= T0_NULLS_MAX + 3 * T0_ROUNDS_MAX);
		FUZZ_ASSERT(level != T0_CHARACTER || (t0_expects(&t) >= 1 &&
		    t0_expects(&t) <= T0_RESPONSE_MAX));
		in = fuzz_chunk(&r);
		s = in.n == 0 && r.in.n == 0 ? t0_timeout(&t) :
		    t0_input(&t, in);
	}
	if (s.kind == STEP_DONE)
		FUZZ_ASSERT(s.out.n >= 2 &&
		    s.out.n <= apdu_response_max(&a));
	t0_wipe(&t);
	return 0;
}
