/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/ctbcs.h"
#include "tests/fuzz/fuzz.h"

static bool
inside(struct view v, const uint8_t *data, size_t n)
{
	return v.n == 0 || (v.p >= data && v.n <= (size_t)(data + n - v.p));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t buf[CTBCS_ANSWER_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct view in = { data, n };
	struct ctbcs c;

	if (ctbcs_parse(&c, in) != CTBCS_SW_OK)
		return 0;
	FUZZ_ASSERT(c.slot <= CTBCS_SLOTS_MAX || c.command == CTBCS_INPUT ||
	    c.command == CTBCS_OUTPUT);
	FUZZ_ASSERT(c.texts <= CTBCS_TEXTS_MAX);
	for (size_t i = 0; i < c.texts; i++)
		FUZZ_ASSERT(inside(c.text[i], data, n));
	FUZZ_ASSERT(inside(c.perform.apdu, data, n));
	FUZZ_ASSERT((c.command != CTBCS_VERIFY && c.command != CTBCS_MODIFY) ||
	    c.perform.apdu.n >= 4);
	FUZZ_ASSERT(!c.has_le || (c.le >= 1 && c.le <= 256));
	ctbcs_answer_atr(&w, c.p2, view_first(in, 33));
	ctbcs_fit(&w, &c);
	FUZZ_ASSERT(!w.bad && w.n >= 2 && (!c.has_le || w.n <= c.le + 2u));
	return 0;
}
