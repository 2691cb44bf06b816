/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/apdu.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char text[APDU_DESCRIBE_MAX];
	struct apdu a;

	apdu_describe(text, sizeof(text), (struct view){ data, n });
	if (apdu_parse(&a, (struct view){ data, n }) != ERR_OK)
		return 0;
	FUZZ_ASSERT(n <= APDU_MAX && a.data.n + APDU_HEADER <= n);
	FUZZ_ASSERT(a.extended || n <= APDU_SHORT_MAX);
	FUZZ_ASSERT(apdu_response_max(&a) <= APDU_RESPONSE_MAX);
	FUZZ_ASSERT((a.data.n != 0) == (a.kind >= APDU_CASE_3));
	FUZZ_ASSERT((a.ne != 0) == (a.kind == APDU_CASE_2 ||
	    a.kind == APDU_CASE_4));
	return 0;
}
