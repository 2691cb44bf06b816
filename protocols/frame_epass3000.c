/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/frame.h"

enum { MARK = 0x5236 };		/* "R6" */

static void
write_command(struct wr *w, uint8_t command, struct view data)
{
	w->bad = w->bad || data.n > FRAME_DATA_MAX;
	wr_be16(w, MARK);
	wr_be16(w, command);
	wr_be16(w, (uint16_t)data.n);
	wr_view(w, data);
}

static enum err
parse(struct frame_answer *a, struct view in, uint8_t *room)
{
	struct rd r = { .in = in };
	uint16_t mark = rd_be16(&r);
	size_t n;

	(void)room;
	if (in.n >= 1 && in.p[0] != MARK >> 8)
		return ERR_FORMAT;
	if (!r.bad && mark != MARK)
		return ERR_FORMAT;
	a->status = rd_be16(&r);
	n = rd_be16(&r);
	if (n > FRAME_DATA_MAX)
		return ERR_TOO_LONG;
	a->data = rd_take(&r, n);
	if (r.bad)
		return ERR_SHORT;
	return frame_only_zeros(r.in) ? ERR_OK : ERR_FORMAT;
}

static enum err
judge(uint16_t status)
{
	return status == 0 ? ERR_OK : ERR_READER;
}

const struct frame_codec frame_epass3000 = {
	.write = write_command,
	.parse = parse,
	.judge = judge,
};
