/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/pcsc_wire.h"
#include "tests/fuzz/fuzz.h"

/* The first byte is the client's minor version, the rest what it sends. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view in = view_skip((struct view){ data, n }, 1);
	unsigned minor = n != 0 ? data[0] % (PCSC_MINOR_MAX + 1u) : 0;
	struct pcsc_request q;
	size_t used;

	while (pcsc_request_parse(&q, &used, in, minor) == ERR_OK) {
		FUZZ_ASSERT(used >= PCSC_HEADER && used <= in.n);
		FUZZ_ASSERT(used == PCSC_HEADER + q.n + q.data.n);
		FUZZ_ASSERT(q.n <= PCSC_BODY_MAX && q.data.n <= PCSC_DATA_MAX);
		FUZZ_ASSERT(pcsc_cmd_name(q.cmd) != NULL);
		FUZZ_ASSERT(q.data.n == 0 || (q.data.p > in.p &&
		    q.data.p + q.data.n <= in.p + used));
		pcsc_set_rv(&q, PCSC_RV_SUCCESS);
		in = view_skip(in, used);
	}
	FUZZ_ASSERT(used == 0);
	return 0;
}
