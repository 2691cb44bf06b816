/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/frame.h"
#include "tests/fuzz/fuzz.h"

static const struct frame_codec *const codecs[] = {
	&frame_epass3000, &frame_ac1030, &frame_ac1038, &frame_ac1038,
};

/* Codec, then an answer; its data are sent back as a command. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = { .in = { data, n } };
	const struct frame_codec *c = codecs[rd_u8(&r) & 3];
	uint8_t *copy = fuzz_copy(r.in), room[FRAME_ROOM], buf[FRAME_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct frame_answer a;
	enum err e = c->parse(&a, (struct view){ copy, r.in.n }, room);

	FUZZ_ASSERT(e == ERR_OK || e == ERR_SHORT || e == ERR_FORMAT ||
	    e == ERR_TOO_LONG);
	FUZZ_ASSERT(e != ERR_SHORT || r.in.n < FRAME_MAX);
	if (e == ERR_OK) {
		FUZZ_ASSERT(a.data.n <= FRAME_DATA_MAX);
		FUZZ_ASSERT(c->judge(a.status) < ERR_COUNT);
		c->write(&w, 0x55, a.data);
		FUZZ_ASSERT(!w.bad && w.n > a.data.n);
	}
	free(copy);
	return 0;
}
