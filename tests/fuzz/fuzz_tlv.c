/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/tlv.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = { .in = { data, n } };
	struct view v;
	struct tlv t;
	size_t objects = 0;

	while (tlv_next(&r, &t)) {
		objects++;
		FUZZ_ASSERT(t.tag != 0 && t.tag <= 0xffffff);
		FUZZ_ASSERT(t.value.n == 0 || (t.value.p >= data &&
		    t.value.n <= (size_t)(data + n - t.value.p)));
		FUZZ_ASSERT(tlv_find(&v, (struct view){ data, n }, t.tag));
	}
	FUZZ_ASSERT(r.bad || r.in.n == 0);
	FUZZ_ASSERT(objects * 2 <= n);
	return 0;
}
