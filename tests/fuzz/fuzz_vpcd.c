/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/log.h"
#include "ifd/driver.h"
#include "ifd/vpcd.h"
#include "tests/fuzz/fuzz.h"

/* The driver of virtual readers without its engine: requests, and whatever card
   emulators send, as far as the framing lets it through. */

enum { SLOTS = 2, TURNS_MAX = 100, ATR_ROOM = 33 };

static void
silent(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static void
open_reader(struct ifd_reader *r, struct ifd_slot *slots)
{
	r->info.slots = SLOTS;
	FUZZ_ASSERT(ifd_vpcd.open(r) == ERR_OK);
	r->slots = slots;
	for (uint8_t i = 0; i < SLOTS; i++) {
		slots[i].reader = r;
		slots[i].number = i;
		slots[i].state = calloc(1, ifd_vpcd.slot_size);
		if (slots[i].state == NULL)
			abort();
	}
}

/* What is sent is whole messages, with the slot in front. */
static void
check_sent(const struct ifd_slot *slot, struct view out)
{
	struct view m, rest = view_skip(out, 1);

	FUZZ_ASSERT(out.n > 1 && out.p[0] == slot->number);
	while (vpcd_parse(&m, rest) == ERR_FORMAT)
		rest = view_skip(rest, VPCD_HEADER + m.n);
	FUZZ_ASSERT(vpcd_parse(&m, rest) == ERR_OK && m.n != 0);
}

static bool
goes_on(const struct ifd_slot *slot, enum ifd_op op, struct step s)
{
	FUZZ_ASSERT(slot->atr_n <= ATR_ROOM);
	if (s.kind == STEP_SEND)
		check_sent(slot, s.out);
	FUZZ_ASSERT(s.kind != STEP_DONE || op != IFD_TRANSMIT || s.out.n >= 2);
	FUZZ_ASSERT(s.kind != STEP_DONE || op != IFD_POWER_ON ||
	    (slot->card & CHANNEL_POWERED) != 0);
	return fuzz_step(s);
}

static struct step
emulator_says(struct ifd_slot *slot, struct view bytes)
{
	uint8_t room[1 + 255] = { slot->number }, *copy;
	struct view m;
	struct wr w = { .p = room, .cap = sizeof(room), .n = 1 };
	struct step s;

	if (vpcd_parse(&m, bytes) != ERR_OK)
		return ifd_vpcd.timeout(slot);
	wr_view(&w, m);
	copy = fuzz_copy(wr_done(&w));
	FUZZ_ASSERT(ifd_vpcd.route(slot->reader, wr_done(&w)) == slot->number);
	s = ifd_vpcd.input(slot, (struct view){ copy, w.n });
	/* a response is borrowed from its input, as the engine's from the pipe */
	if (s.kind == STEP_DONE)
		s.out.p = m.p;
	free(copy);
	return s;
}

static struct step
next(struct ifd_slot *slot, struct rd *r, struct step last)
{
	static const uint8_t gone = VPCD_GONE;
	uint8_t what = rd_u8(r) % 8;
	uint8_t news[] = { slot->number, gone };

	if (last.kind == STEP_CONTROL)
		return what == 0 ? ifd_vpcd.failed(slot, ERR_IO) :
		    ifd_vpcd.input(slot, (struct view){ NULL, 0 });
	if (what == 0)
		return ifd_vpcd.timeout(slot);
	if (what == 1)
		return ifd_vpcd.failed(slot, ERR_IO);
	if (what == 2) {
		FUZZ_ASSERT(ifd_vpcd.interrupt(slot->reader,
		    (struct view){ news, 2 }) == slot->number);
		return ifd_vpcd.input(slot, (struct view){ news, 2 });
	}
	return emulator_says(slot, fuzz_chunk(r));
}

/* A request from its start to its end, which must come. */
static void
request(struct ifd_slot *slot, struct rd *r)
{
	enum ifd_op op = (enum ifd_op)(rd_u8(r) % (IFD_CONTROL + 1));
	struct ifd_request q = { op, rd_u8(r), fuzz_chunk(r) };
	struct step s = ifd_vpcd.start(slot, &q);

	for (unsigned i = 0; goes_on(slot, op, s); i++) {
		FUZZ_ASSERT(i < 3);
		s = next(slot, r, s);
	}
	ifd_vpcd.ended(slot);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = { .in = { data, n } };
	struct ifd_slot slots[SLOTS] = { { .number = 0 } };
	struct ifd_reader reader = { .bulk_in = 0 };

	log_set_sink(silent, NULL);
	open_reader(&reader, slots);
	for (unsigned i = 0; i < TURNS_MAX && r.in.n != 0; i++) {
		uint8_t what = rd_u8(&r);
		uint8_t news[] = { what >> 1, rd_u8(&r) };

		if ((what & 1) != 0)
			request(&slots[what >> 1 & 1], &r);
		else
			(void)ifd_vpcd.interrupt(&reader,
			    (struct view){ news, 2 });
	}
	for (unsigned i = 0; i < SLOTS; i++)
		free(slots[i].state);
	return 0;
}
