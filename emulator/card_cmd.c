/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card_cmd.h"

bool
card_cmd_parse(struct card_cmd *c, struct view v)
{
	struct rd r = { .in = v };
	size_t lc, zero;

	*c = (struct card_cmd){ .cla = rd_u8(&r), .ins = 0 };
	c->ins = rd_u8(&r);
	c->p1 = rd_u8(&r);
	c->p2 = rd_u8(&r);
	if (r.bad || r.in.n == 0)
		return !r.bad;
	lc = rd_u8(&r);
	if (lc == 0 && r.in.n >= 2) {
		c->extended = true;
		lc = rd_be16(&r);
	}
	zero = c->extended ? 65536 : 256;
	if (r.in.n == 0) {
		c->has_le = true;
		c->le = lc == 0 ? zero : lc;
		return true;
	}
	if (lc == 0)
		return false;
	c->data = rd_take(&r, lc);
	if (r.bad || r.in.n == 0)
		return !r.bad;
	c->has_le = true;
	c->le = c->extended ? rd_be16(&r) : rd_u8(&r);
	if (c->le == 0)
		c->le = zero;
	return !r.bad && r.in.n == 0;
}
