/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/atr.h"
#include "protocols/atr_text.h"
#include "tests/fuzz/fuzz.h"

/* The rows tile the input. */
static void
explain(struct view in)
{
	struct atr_row rows[ATR_ROWS_MAX];
	size_t count = atr_explain(rows, in), at = 0;

	FUZZ_ASSERT(count <= ATR_ROWS_MAX);
	for (size_t i = 0; i < count; i++) {
		FUZZ_ASSERT(rows[i].offset == at);
		at += rows[i].n;
	}
	FUZZ_ASSERT(at == in.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view in = { data, n };
	struct atr a;
	size_t need;

	if (atr_parse(&a, in) == ERR_OK) {
		FUZZ_ASSERT(a.flaw == ATR_FLAW_NONE && n <= ATR_MAX);
		FUZZ_ASSERT(atr_length(&need, in) == ERR_OK && need == n);
	}
	FUZZ_ASSERT(a.protocols != 0 && a.fi >= ATR_FD && a.di >= 1);
	FUZZ_ASSERT(a.ifsc >= 1 && a.ifsc <= 254 && a.wi >= 1);
	FUZZ_ASSERT(atr_historical(&a).n <= ATR_HISTORICAL_MAX);
	FUZZ_ASSERT(a.historical_at + a.historical_n <= a.n);
	FUZZ_ASSERT(atr_bwt_ms(&a, 4000) != 0 && atr_cwt_ms(&a, 4000) != 0);
	if (atr_length(&need, in) == ERR_OK)
		FUZZ_ASSERT(need >= 2 && need <= ATR_MAX);
	explain(in);
	return 0;
}
