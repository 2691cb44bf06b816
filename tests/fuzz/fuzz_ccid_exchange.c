/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An APDU in parts over the exchange. The input is the reader: one byte says
 * what happens, a chunk (length, bytes) what comes in.
 */
#include "config.h"

#include "protocols/ccid_chain.h"
#include "tests/fuzz/fuzz.h"

enum {
	MESSAGE = CCID_HEADER + 20,
	RSP = 256,
	SILENCE_MAX = 8,	/* time-outs in a row that end any command */
};

struct fuzz {
	struct ccid_seq seq;
	struct ccid_exchange x;
	struct ccid_chain c;
	uint8_t buf[MESSAGE];
	uint8_t rsp[RSP];
};

/* A message whose length, slot and sequence are as the machine wants them. */
static void
mend(struct fuzz *f, uint8_t *p, size_t n)
{
	if (n < CCID_HEADER)
		return;
	p[0] = (uint8_t)(CCID_R_DATA + p[0] % 5);
	p[1] = (uint8_t)(n - CCID_HEADER);
	p[2] = p[3] = p[4] = 0;
	p[5] = f->x.slot;
	p[6] = f->x.state == CCID_ABORTING ? f->x.abort_seq : f->x.cmd_seq;
}

static struct step
next(struct fuzz *f, struct rd *r)
{
	uint8_t event = r->in.n == 0 ? 0 : rd_u8(r);
	struct view chunk;
	struct step s;
	uint8_t *copy;

	if (event == 0)
		return ccid_chain_timeout(&f->c);
	if (event == 1)
		return ccid_chain_cancel(&f->c);
	chunk = fuzz_chunk(r);
	copy = fuzz_copy(chunk);
	if (event % 4 != 2)
		mend(f, copy, chunk.n);
	s = ccid_chain_input(&f->c, (struct view){ copy, chunk.n });
	free(copy);	/* nothing may point into it any more */
	return s;
}

/* Nothing of the command stays behind in the exchange's buffer. */
static void
check_end(const struct fuzz *f, struct step s)
{
	static const uint8_t zeros[RSP];

	FUZZ_ASSERT(f->x.state == CCID_IDLE);
	FUZZ_ASSERT(memcmp(f->buf, zeros, sizeof(f->buf)) == 0);
	if (s.kind == STEP_FAIL)
		FUZZ_ASSERT(memcmp(f->rsp, zeros, sizeof(f->rsp)) == 0);
	else
		FUZZ_ASSERT(s.out.n <= RSP);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = { .in = { data, n } };
	struct fuzz f = { .seq = { rd_u8(&r) } };
	struct view apdu = fuzz_chunk(&r);
	struct step s;
	size_t events = 0;

	ccid_exchange_init(&f.x, 1, &f.seq, f.buf, sizeof(f.buf));
	ccid_chain_init(&f.c, &f.x, f.rsp, sizeof(f.rsp));
	s = ccid_chain_start(&f.c, apdu, 100);
	while (fuzz_step(s)) {
		if (s.kind == STEP_SEND || s.kind == STEP_ABORT)
			FUZZ_ASSERT(s.out.n <= MESSAGE &&
			    s.out.n >= CCID_HEADER && s.out.p[5] == 1);
		FUZZ_ASSERT(++events <= n + SILENCE_MAX);
		s = next(&f, &r);
	}
	check_end(&f, s);
	return 0;
}
