/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/vpcd.h"

void
vpcd_write(struct wr *w, struct view message)
{
	w->bad = w->bad || message.n > VPCD_MESSAGE_MAX;
	wr_be16(w, (uint16_t)message.n);
	wr_view(w, message);
}

void
vpcd_write_order(struct wr *w, enum vpcd_order order)
{
	const uint8_t byte = (uint8_t)order;

	vpcd_write(w, (struct view){ &byte, 1 });
}

enum err
vpcd_parse(struct view *message, struct view in)
{
	struct rd r = { .in = in };

	*message = rd_take(&r, rd_be16(&r));
	if (r.bad)
		return ERR_SHORT;
	return r.in.n == 0 ? ERR_OK : ERR_FORMAT;
}
