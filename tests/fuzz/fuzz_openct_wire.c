/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/openct_wire.h"
#include "tests/fuzz/fuzz.h"

static const enum openct_tag tags[] = {
#define X(name, number) OPENCT_TAG_##name,
	OPENCT_TAG_LIST(X)
#undef X
};

/* What was read can be written, and is read again as the same. */
static void
write_again(const struct openct_args *a)
{
	static uint8_t buf[1 << 20];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct openct_args again;
	uint32_t x;

	for (unsigned i = 0; i < OPENCT_ARGS; i++) {
		if (a->item[i].n == 0)
			continue;
		openct_item_write(&w, tags[i], a->item[i], true);
		if (openct_number(&x, a->item[i]) == ERR_OK)
			FUZZ_ASSERT(a->item[i].n <= 4 || a->item[i].p[0] == 0);
	}
	FUZZ_ASSERT(!w.bad);
	FUZZ_ASSERT(openct_args_parse(&again, wr_done(&w)) == ERR_OK);
	for (unsigned i = 0; i < OPENCT_ARGS; i++)
		FUZZ_ASSERT(view_eq(again.item[i], a->item[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view in = { data, n };
	struct openct_header h = { 0 };
	struct openct_args a;
	struct openct_pin pin;

	if (openct_header_parse(&h, in) != ERR_OK)
		FUZZ_ASSERT(n < OPENCT_HEADER);
	if (n <= OPENCT_BODY_MAX && openct_args_parse(&a, in) == ERR_OK)
		write_again(&a);
	if (openct_pin_parse(&pin, in) == ERR_OK)
		FUZZ_ASSERT(pin.apdu.n == n - 2 && pin.length <= 15);
	FUZZ_ASSERT(openct_error_text(h.error) != NULL);
	return 0;
}
