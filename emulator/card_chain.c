/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card_chain.h"

#include <string.h>

void
card_chain_forget(struct card_chain *ch)
{
	explicit_bzero(ch->data, ch->n);
	ch->n = 0;
	ch->open = false;
}

bool
card_chain_take(struct card_chain *ch, struct card_cmd *c, bool may,
    size_t max, uint16_t *sw)
{
	const uint8_t header[] = { c->ins, c->p1, c->p2 };
	bool more = (c->cla & CARD_CLA_CHAIN) != 0;

	if (ch->open && memcmp(header, ch->header, sizeof(header)) != 0)
		card_chain_forget(ch);
	if (!more && !ch->open)
		return true;
	c->cla &= (uint8_t)~CARD_CLA_CHAIN;
	*sw = SW_NO_CHAINING;
	if (c->cla != 0 || !may)
		return false;
	if (c->data.n > max - ch->n || max > sizeof(ch->data)) {
		card_chain_forget(ch);
		*sw = SW_WRONG_LENGTH;
		return false;
	}
	if (c->data.n != 0)
		memcpy(ch->data + ch->n, c->data.p, c->data.n);
	ch->n += c->data.n;
	ch->open = more;
	memcpy(ch->header, header, sizeof(header));
	c->data = (struct view){ ch->data, ch->n };
	*sw = SW_OK;
	return !more;
}
