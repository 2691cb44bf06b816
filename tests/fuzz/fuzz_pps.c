/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/pps.h"
#include "tests/fuzz/fuzz.h"

/* Protocol, TA1, then chunks of the card's answer; an empty one is a time-out. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = { .in = { data, n } };
	uint8_t protocol = rd_u8(&r), ta1 = rd_u8(&r);
	struct pps p;
	struct step s = pps_start(&p, protocol, ta1, 900);

	for (unsigned turns = 0; fuzz_step(s); turns++) {
		struct view in = fuzz_chunk(&r);

		FUZZ_ASSERT(turns <= PPS_MAX);
		s = in.n == 0 ? pps_timeout(&p) : pps_input(&p, in);
	}
	if (s.kind == STEP_DONE)
		FUZZ_ASSERT(p.protocol < 15 &&
		    (p.ta1 == ta1 || p.ta1 == 0x11));
	return 0;
}
