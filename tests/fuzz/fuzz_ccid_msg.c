/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/ccid_msg.h"
#include "protocols/ccid_params.h"
#include "tests/fuzz/fuzz.h"

/* What was understood is written again, byte for byte. */
static void
round_trip(struct view in)
{
	struct ccid_cmd c;
	struct ccid_rsp r;
	uint8_t *buf = malloc(in.n + 1);
	struct wr w = { .p = buf, .cap = in.n };

	if (buf == NULL)
		abort();
	if (ccid_cmd_parse(&c, in) == ERR_OK) {
		ccid_cmd_write(&w, &c);
		FUZZ_ASSERT(view_eq(wr_done(&w), in));
	}
	w = (struct wr){ .p = buf, .cap = in.n };
	if (ccid_rsp_parse(&r, in) == ERR_OK) {
		FUZZ_ASSERT(r.data.n == in.n - CCID_HEADER);
		FUZZ_ASSERT(ccid_rsp_err(in.p[0], &r) < ERR_COUNT);
		ccid_rsp_write(&w, &r);
		/* but for the reserved bits of bStatus */
		FUZZ_ASSERT(w.n == in.n && (buf[7] & 0xc3) == (in.p[7] & 0xc3));
	}
	free(buf);
}

static void
notify(struct view in)
{
	struct ccid_notify n;
	bool present, changed;

	if (ccid_notify_parse(&n, in) != ERR_OK)
		return;
	for (unsigned slot = 0; slot < 4 * in.n + 8; slot++)
		if (ccid_notify_slot(&n, slot, &present, &changed))
			FUZZ_ASSERT(slot / 4 + 1 < in.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view in = { data, n };
	struct ccid_rates rates;
	struct ccid_params p;

	round_trip(in);
	notify(in);
	if (ccid_rates_parse(&rates, in) == ERR_OK)
		FUZZ_ASSERT(rates.n <= n / 4 && n <= CCID_RATES_SIZE);
	else
		FUZZ_ASSERT(rates.n == 0);
	for (uint8_t protocol = 0; protocol < 3; protocol++)
		if (ccid_params_parse(&p, protocol, in) == ERR_OK)
			FUZZ_ASSERT(n == (protocol == 0 ?
			    CCID_PARAMS_T0_SIZE : CCID_PARAMS_T1_SIZE));
	return 0;
}
