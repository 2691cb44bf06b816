/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/slow_cards.h"

static struct slow_card *
row_of(struct slow_cards *s, struct view atr)
{
	struct slow_card *row;

	for (size_t i = 0; i < SLOW_CARDS_MAX; i++)
		if (view_eq((struct view){ s->row[i].atr, s->row[i].n }, atr))
			return &s->row[i];
	row = &s->row[s->next];
	s->next = (s->next + 1) % SLOW_CARDS_MAX;
	return row;
}

bool
slow_cards_add(struct slow_cards *s, struct view atr, uint32_t bps)
{
	struct slow_card *row;

	if (atr.n == 0 || atr.n > SLOW_CARDS_ATR_MAX)
		return false;
	row = row_of(s, atr);
	memcpy(row->atr, atr.p, atr.n);
	row->n = atr.n;
	row->bps = bps;
	return true;
}
