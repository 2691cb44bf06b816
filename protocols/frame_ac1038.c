/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/frame.h"

enum { MARK = 0x01, HEADER = 4, PACKET = 64 };

bool
frame_only_zeros(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != 0)
			return false;
	return true;
}

static void
write_command(struct wr *w, uint8_t command, struct view data)
{
	size_t start = w->n;

	w->bad = w->bad || data.n > FRAME_DATA_MAX;
	wr_u8(w, MARK);
	wr_u8(w, command);
	wr_be16(w, (uint16_t)data.n);
	wr_view(w, data);
	wr_fill(w, 0, (PACKET - (w->n - start) % PACKET) % PACKET);
}

static enum err
parse(struct frame_answer *a, struct view in, uint8_t *room)
{
	struct rd r = { .in = in };
	uint8_t mark = rd_u8(&r);
	size_t n;

	(void)room;
	if (!r.bad && mark != MARK)
		return ERR_FORMAT;
	a->status = rd_u8(&r);
	n = rd_be16(&r);
	if (n > FRAME_DATA_MAX)
		return ERR_TOO_LONG;
	a->data = rd_take(&r, n);
	if (r.bad)
		return ERR_SHORT;
	return frame_only_zeros(r.in) ? ERR_OK : ERR_FORMAT;
}

static const struct {
	uint8_t status;
	enum err err;
} judgements[] = {
	{ 0x00, ERR_OK },
	{ 0xf4, ERR_CARD },	/* a procedure byte that cannot be */
	{ 0xf6, ERR_ARG },	/* bad length */
	{ 0xf7, ERR_CARD },	/* Fi and Di */
	{ 0xf8, ERR_CARD },	/* TS of the ATR */
	{ 0xf9, ERR_UNPOWERED },
	{ 0xfa, ERR_NO_CARD },
	{ 0xfb, ERR_READER },	/* hardware */
	{ 0xfc, ERR_CARD },	/* overrun */
	{ 0xfd, ERR_CARD },	/* parity */
	{ 0xfe, ERR_MUTE },
	{ 0xff, ERR_READER },	/* aborted */
};

static enum err
judge(uint16_t status)
{
	for (size_t i = 0; i < sizeof(judgements) / sizeof(judgements[0]); i++)
		if (judgements[i].status == status)
			return judgements[i].err;
	return ERR_READER;
}

const struct frame_codec frame_ac1038 = {
	.write = write_command,
	.parse = parse,
	.judge = judge,
};
