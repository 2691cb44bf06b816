/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/cyberjack.h"

#include "protocols/frame.h"

enum {
	MARK = 0x00,
	BLOCK_MIN = 4,		/* NAD PCB LEN LRC */
	NAD_KEYS = 0xe2,
	PCB_WTX = 0xc3,
	PCB_WTX_ANSWER = 0xe3,
	PCB_KEY = 0xc4,
	PCB_KEY_OK = 0xf4,
	PCB_KEY_ANSWER = 0xe4,
	PCB_CARD = 0xe5,
	PCB_CARD_TOO = 0xf5,
	PCB_CARD_ANSWER = 0xd5,
	PCB_NOTHING = 0xe6,
	PCB_NOTHING_TOO = 0xf6,
};

void
cyberjack_wrap(struct wr *w, struct view block)
{
	w->bad = w->bad || block.n > T1_BLOCK_MAX;
	wr_u8(w, MARK);
	wr_le16(w, (uint16_t)block.n);
	wr_view(w, block);
}

enum err
cyberjack_unwrap(struct view *block, struct view in)
{
	struct rd r = { .in = in };
	uint8_t mark = rd_u8(&r);
	size_t n = rd_le16(&r);

	if (mark != MARK)
		return ERR_FORMAT;
	if (n > T1_BLOCK_MAX)
		return ERR_TOO_LONG;
	*block = rd_take(&r, n);
	if (r.bad)
		return ERR_SHORT;
	return frame_only_zeros(r.in) ? ERR_OK : ERR_FORMAT;
}

static bool
is_sound(struct view block)
{
	uint8_t x = 0;

	for (size_t i = 0; i < block.n; i++)
		x ^= block.p[i];
	return block.n >= BLOCK_MIN && block.p[2] == block.n - BLOCK_MIN &&
	    x == 0;
}

static enum cyberjack_kind
answer(struct wr *w, uint8_t nad, uint8_t pcb, struct view inf)
{
	uint8_t check = nad ^ pcb ^ (uint8_t)inf.n;

	for (size_t i = 0; i < inf.n; i++)
		check ^= inf.p[i];
	wr_u8(w, nad);
	wr_u8(w, pcb);
	wr_u8(w, (uint8_t)inf.n);
	wr_view(w, inf);
	wr_u8(w, check);
	return CYBERJACK_ASKS;
}

enum cyberjack_kind
cyberjack_sort(struct view block, struct wr *w)
{
	const struct view nothing = { NULL, 0 };
	struct view inf;
	uint8_t back;

	if (!is_sound(block))
		return CYBERJACK_T1;
	inf = view_first(view_skip(block, 3), block.p[2]);
	back = (uint8_t)(block.p[0] << 4 | block.p[0] >> 4);
	switch (block.p[1]) {
	case PCB_WTX:		/* with a factor or, unlike T=1, without */
		return inf.n > 1 ? CYBERJACK_T1 :
		    answer(w, back, PCB_WTX_ANSWER, inf);
	case PCB_KEY:
	case PCB_KEY_OK:
		return answer(w, NAD_KEYS, PCB_KEY_ANSWER, nothing);
	case PCB_CARD:
	case PCB_CARD_TOO:
		return answer(w, back, PCB_CARD_ANSWER, nothing);
	case PCB_NOTHING:
	case PCB_NOTHING_TOO:
		return CYBERJACK_TELLS;
	default:
		return CYBERJACK_T1;
	}
}
