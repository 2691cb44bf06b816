/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/log.h"
#include "ifd/driver.h"
#include "protocols/ccid_msg.h"
#include "protocols/ccid_plan.h"
#include "tests/fuzz/fuzz.h"

/* The whole CCID driver without its engine: a reader of any level, requests,
   and whatever the reader answers. */

enum {
	REQUESTS_MAX = 12,
	ALONE_MAX = 200,	/* steps when nobody answers any more */
	CONFIG_MAX = 128,
};

static const struct {
	uint8_t protocol;	/* bInterfaceProtocol; has pipes when 0 */
	uint32_t features;
} models[] = {
	{ 0, 0x30 }, { 0, 0x10030 }, { 0, 0x10430 }, { 0, 0x20042 },
	{ 0, 0x404be }, { 1, 0x840 }, { 2, 0x20840 }, { 2, 0x840 },
};
enum { MODELS = sizeof(models) / sizeof(models[0]) };

static struct view
write_config(struct wr *w, size_t model)
{
	bool pipes = models[model].protocol == 0;
	struct ccid_desc d = {
		.bcd_ccid = 0x110, .voltages = 7, .protocols = 3,
		.default_clock_khz = 4000, .max_clock_khz = 4000,
		.data_rate = 10752, .max_data_rate = 344086, .max_ifsd = 254,
		.features = models[model].features, .max_message = 271,
		.max_busy_slots = 1,
	};
	const uint8_t head[] = {
		9, 2, pipes ? 86 : 72, 0, 1, 1, 0, 0x80, 50,
		9, 4, 0, 0, pipes ? 2 : 0, 0x0b, 0, models[model].protocol, 0,
	};
	static const uint8_t tail[] = {
		7, 5, 0x02, 2, 64, 0, 0, 7, 5, 0x82, 2, 64, 0, 0,
	};

	wr_view(w, (struct view){ head, sizeof(head) });
	ccid_desc_write(w, &d);
	if (pipes)
		wr_view(w, (struct view){ tail, sizeof(tail) });
	return wr_done(w);
}

static void
open_reader(struct ifd_reader *r, struct ifd_slot *slot, struct view config)
{
	FUZZ_ASSERT(usb_config_parse(&r->config, config) == ERR_OK);
	FUZZ_ASSERT(usb_interface_next(&r->config.body, &r->interface));
	r->state = calloc(1, ifd_ccid.reader_size);
	slot->state = calloc(1, ifd_ccid.slot_size);
	if (r->state == NULL || slot->state == NULL)
		abort();
	slot->reader = r;
	FUZZ_ASSERT(ifd_ccid.open(r) == ERR_OK);
	r->slots = slot;
	FUZZ_ASSERT(ifd_ccid.slot_open(slot) == ERR_OK);
}

/* An answer of the right type, slot and sequence to what was sent last; for a
   control transfer just its data. */
static struct view
make_answer(struct wr *w, struct rd *r, struct view sent)
{
	struct ccid_cmd cmd;

	if (ccid_cmd_parse(&cmd, sent) == ERR_OK) {
		struct ccid_rsp rsp = {
			.type = ccid_answer_type(cmd.type), .seq = cmd.seq,
			.icc = rd_u8(r) & 3, .outcome = rd_u8(r) & 3,
			.error = rd_u8(r), .arg = rd_u8(r),
		};

		rsp.data = fuzz_chunk(r);
		ccid_rsp_write(w, &rsp);
		return wr_done(w);
	}
	return fuzz_chunk(r);
}

static struct step
event(struct ifd_slot *slot, struct rd *r, struct view sent)
{
	uint8_t kind = rd_u8(r), *copy;
	uint8_t buf[CCID_HEADER + 256];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct view v;
	struct step s;

	if (kind == 0)
		return ifd_ccid.timeout(slot);
	if (kind == 1)
		return ifd_ccid.failed(slot, ERR_STALL);
	if (kind == 2)
		return ifd_ccid.cancel(slot);
	v = kind == 3 ? fuzz_chunk(r) : make_answer(&w, r, sent);
	copy = fuzz_copy(v);
	s = ifd_ccid.input(slot, (struct view){ copy, v.n });
	free(copy);
	return s;
}

static void
run(struct ifd_slot *slot, struct rd *r, const struct ifd_request *q)
{
	struct step s = ifd_ccid.start(slot, q);
	uint8_t sent[CCID_MESSAGE_MAX > 600 ? 600 : CCID_MESSAGE_MAX];
	unsigned alone = 0;
	size_t n = 0;

	while (fuzz_step(s)) {
		if (s.kind == STEP_SEND || s.kind == STEP_ABORT ||
		    s.kind == STEP_CONTROL) {
			FUZZ_ASSERT(s.out.n <= 271 + 8);
			n = s.out.n;
			memcpy(sent, s.out.p, n);
		}
		alone += r->in.n == 0;
		FUZZ_ASSERT(alone < ALONE_MAX);
		s = event(slot, r, (struct view){ sent, n });
	}
	ifd_ccid.ended(slot);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum ifd_op ops[] = {
		IFD_POWER_ON, IFD_POWER_ON, IFD_TRANSMIT, IFD_TRANSMIT,
		IFD_PROTOCOL, IFD_STATUS, IFD_POWER_OFF, IFD_OPEN,
	};
	struct rd r = { .in = { data, n } };
	uint8_t buf[CONFIG_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct ifd_reader reader = { .busy_slots = 0 };
	struct ifd_slot slot = { .number = 0 };

	log_set_level(LOG_LEVEL_ERROR);
	open_reader(&reader, &slot, write_config(&w, rd_u8(&r) % MODELS));
	for (unsigned i = 0; i < REQUESTS_MAX && r.in.n != 0; i++) {
		uint8_t op = rd_u8(&r), *copy;
		struct ifd_request q = { .op = ops[op & 7], .arg = op >> 3 & 3 };
		struct view v = { NULL, 0 };

		if (q.op == IFD_TRANSMIT)
			v = fuzz_chunk(&r);
		copy = fuzz_copy(v);
		q.data = (struct view){ copy, v.n };
		run(&slot, &r, &q);
		free(copy);
	}
	ifd_ccid.close(&reader);
	free(reader.state);
	free(slot.state);
	return 0;
}
