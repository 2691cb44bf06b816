/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/t1.h"
#include "tests/fuzz/fuzz.h"

enum {
	COMMAND_N = 40,
	RESPONSE_N = 64,
	/* each event that counts for something, and the retries between them */
	EVENTS_MAX = (T1_IDLE_MAX + COMMAND_N + 2 * RESPONSE_N + 2) *
	    (T1_RETRIES_MAX + 1) + T1_RESYNCHS_MAX + T1_STALE_MAX + 8,
};

static bool crc;

/* A block of the card: PCB and information as fuzzed, the rest put right. */
static struct step
good_block(struct t1 *t, struct view pcb_and_inf)
{
	uint8_t buf[T1_BLOCK_MAX + 2];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct rd r = { .in = pcb_and_inf };
	struct t1_block b = { .kind = T1_I };
	uint8_t pcb = rd_u8(&r);

	b.seq = (pcb & 0x40) != 0;
	b.more = (pcb & 0x20) != 0;
	b.inf = view_first(r.in, T1_INF_MAX);
	if ((pcb & 0xc0) == 0x80) {
		b.kind = T1_R;
		b.seq = (pcb & 0x10) != 0;
		b.error = (enum t1_r_error)((pcb & 3) % 3);
		b.inf.n = 0;
	}
	if ((pcb & 0xc0) == 0xc0) {
		b.kind = T1_S;
		b.seq = 0;
		b.s = (enum t1_s)(pcb & 3);
		b.is_response = (pcb & 0x20) != 0;
		b.inf.n = b.s == T1_S_IFS || b.s == T1_S_WTX ?
		    view_first(b.inf, 1).n : 0;
	}
	t1_block_write(&w, &b, crc);
	return t1_input(t, wr_done(&w));
}

static struct step
event(struct t1 *t, struct rd *r)
{
	static const enum err errs[] = { ERR_STALL, ERR_IO, ERR_GONE,
		ERR_CANCELLED };
	uint8_t kind = rd_u8(r);
	struct view v;
	uint8_t *copy;
	struct step s;

	if (kind % 8 == 0)
		return t1_timeout(t);
	if (kind % 8 == 1)
		return t1_failed(t, errs[kind / 8 % 4]);
	v = fuzz_chunk(r);
	if (kind % 8 != 2)
		return good_block(t, v);
	copy = fuzz_copy(v);
	s = t1_input(t, (struct view){ copy, v.n });
	free(copy);
	return s;
}

/* No I-block is empty, and none follows a resynchronisation. */
static void
watch(struct step s, bool *resynched)
{
	struct t1_block b;

	if (s.kind != STEP_SEND)
		return;
	FUZZ_ASSERT(t1_block_parse(&b, s.out, crc) == ERR_OK);
	if (b.kind == T1_S && b.s == T1_S_RESYNCH && !b.is_response)
		*resynched = true;
	if (b.kind == T1_I)
		FUZZ_ASSERT(b.inf.n != 0 && !*resynched);
}

/* Whatever was before, a card that behaves is understood. */
static void
still_usable(struct t1 *t, struct view command)
{
	struct step s = t1_start(t, command);
	struct t1_block b;

	for (unsigned i = 0; fuzz_step(s); i++) {
		FUZZ_ASSERT(i <= COMMAND_N + 4);
		if (s.kind == STEP_WAIT) {
			s = t1_timeout(t);
			continue;
		}
		FUZZ_ASSERT(t1_block_parse(&b, s.out, crc) == ERR_OK);
		if (b.kind == T1_S)
			s = good_block(t, (struct view){ (const uint8_t *)
			    "\xe0", 1 });
		else if (b.more)
			s = good_block(t, (struct view){ (const uint8_t *)
			    (b.seq == 0 ? "\x90" : "\x80"), 1 });
		else
			s = good_block(t, (struct view){ (const uint8_t *)
			    (t->nr == 0 ? "\0\x90\0" : "\x40\x90\0"), 3 });
	}
	FUZZ_ASSERT(s.kind == STEP_DONE && s.out.n == 2);
}

/* Checksum and IFSC, then events for one exchange, over and over. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t apdu[COMMAND_N];
	struct view command = { apdu, sizeof(apdu) };
	struct rd r = { .in = { data, n } }, events;
	uint8_t rsp[RESPONSE_N], first = rd_u8(&r);
	struct t1_params p = { .crc = (first & 1) != 0,
		.ifsc = (uint8_t)(first / 2 + 1), .ifsd = 32, .bwt_ms = 100 };
	bool resynched = false;
	struct t1 t;
	struct step s;

	crc = p.crc;
	FUZZ_ASSERT(t1_init(&t, &p, rsp, sizeof(rsp)) == ERR_OK);
	s = t1_start(&t, command);
	events = r;
	for (unsigned i = 0; fuzz_step(s); i++) {
		FUZZ_ASSERT(i <= EVENTS_MAX);
		watch(s, &resynched);
		if (r.in.n == 0)
			r = events;
		s = event(&t, &r);
	}
	FUZZ_ASSERT(s.kind != STEP_DONE || (s.out.n >= 2 && s.out.p == rsp));
	still_usable(&t, command);
	t1_wipe(&t);
	return 0;
}
