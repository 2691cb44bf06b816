/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/pertosmart.h"

#include <string.h>

enum {
	GET_STATUS = 0x01,
	SELECT_TYPE = 0x02,
	SET_NOTIFICATION = 0x06,
	SET_OPTION = 0x07,
	RESET = 0x80,
	POWER_OFF = 0x81,
	EXCHANGE_T0 = 0xa0,
	EXCHANGE_T1 = 0xa1,
	TYPE_AUTO = 0x00,
	TYPE_T0 = 0x0c,
	TYPE_T1 = 0x0d,
	STATUS_SIZE = 16,
	HAS_CARD = 1,
	HAS_POWER = 3,
};

void
perto_reset(struct usb_device *d)
{
	struct perto *p = d->state;

	answer_reset(&p->answer);
	p->powered = false;
	p->type = TYPE_AUTO;
	p->n = 0;
}

static enum perto_result
get_status(struct usb_device *d, struct wr *rsp)
{
	const struct perto *p = d->state;

	wr_fill(rsp, 0, STATUS_SIZE - 2);
	wr_u8(rsp, p->type);
	wr_u8(rsp, !d->slot[0].in ? 0 : p->powered ? HAS_POWER : HAS_CARD);
	return PERTO_OK;
}

static bool
type_fits(const struct card *card, uint8_t type)
{
	unsigned offered = card->offer.protocols;

	return type == TYPE_AUTO || (type == TYPE_T0 && (offered & 1) != 0) ||
	    (type == TYPE_T1 && (offered & 2) != 0);
}

/* Power, ATR and, as the chip does that too, PPS. */
static enum perto_result
reset_card(struct usb_device *d, struct wr *rsp)
{
	struct perto *p = d->state;
	struct card *card = d->slot[0].card;

	p->powered = false;
	if (!d->slot[0].in)
		return PERTO_NO_CARD;
	if (card->mute || !type_fits(card, p->type))
		return PERTO_MUTE;
	card_reset(card);
	card_t0_reset(&p->t0);
	card_t1_reset(&p->t1, &card->offer);
	p->powered = true;
	p->protocol = p->type == TYPE_AUTO ? card->offer.first :
	    p->type == TYPE_T1;
	wr_view(rsp, (struct view){ card->atr, card->atr_len });
	return PERTO_OK;
}

static enum perto_result
unpowered(const struct usb_device *d)
{
	return d->slot[0].in ? PERTO_UNPOWERED : PERTO_NO_CARD;
}

/* CLA INS P1 P2 Lc data Le, of which the card sees one length. */
static bool
one_length(struct view in, uint8_t *tpdu, size_t *n)
{
	struct rd r = { .in = in };
	struct wr w = { tpdu, CARD_T0_HEADER + 255, 0, false };
	struct view header = rd_take(&r, 4);
	uint8_t lc = rd_u8(&r);
	struct view data = rd_take(&r, lc);
	uint8_t le = rd_u8(&r);

	wr_view(&w, header);
	wr_u8(&w, lc != 0 ? lc : le);
	wr_view(&w, data);
	*n = w.n;
	return !r.bad && r.in.n == 0;
}

static enum perto_result
exchange_t0(struct usb_device *d, struct view data, bool lc_and_le,
    struct wr *rsp, uint32_t *delay_ms)
{
	struct perto *p = d->state;
	struct card *card = d->slot[0].card;
	uint8_t tpdu[CARD_T0_HEADER + 255];
	uint64_t before;

	if (!p->powered)
		return unpowered(d);
	if (p->protocol != 0)
		return PERTO_BAD_COMMAND;
	if (lc_and_le && !one_length(data, tpdu, &data.n))
		return PERTO_BAD_LENGTH;
	if (lc_and_le)
		data.p = tpdu;
	if (data.n < CARD_T0_HEADER || data.n > CARD_T0_HEADER + 255)
		return PERTO_BAD_LENGTH;
	before = card->executed;
	card_t0_tpdu(&p->t0, card, data, rsp);
	if (card->executed != before)
		*delay_ms = card->busy_ms;
	explicit_bzero(tpdu, sizeof(tpdu));
	return rsp->n == 0 ? PERTO_MUTE : PERTO_OK;
}

static enum perto_result
exchange_t1(struct usb_device *d, struct view block, struct wr *rsp,
    uint32_t *delay_ms)
{
	struct perto *p = d->state;

	if (!p->powered)
		return unpowered(d);
	if (p->protocol != 1)
		return PERTO_BAD_COMMAND;
	card_t1_block(&p->t1, d->slot[0].card, &d->fault, block, rsp);
	*delay_ms = p->t1.after_ms;
	return rsp->n == 0 ? PERTO_MUTE : PERTO_OK;
}

enum perto_result
perto_command(struct usb_device *d, uint8_t code, struct view data,
    bool lc_and_le, struct wr *rsp, uint32_t *delay_ms)
{
	struct perto *p = d->state;

	*delay_ms = 0;
	switch (code) {
	case GET_STATUS:
		return get_status(d, rsp);
	case SELECT_TYPE:
		if (data.n != 1)
			return PERTO_BAD_LENGTH;
		p->type = data.p[0];
		return PERTO_OK;
	case SET_NOTIFICATION:
	case SET_OPTION:
		return data.n == 1 ? PERTO_OK : PERTO_BAD_LENGTH;
	case RESET:
		return reset_card(d, rsp);
	case POWER_OFF:
		p->powered = false;
		return PERTO_OK;
	case EXCHANGE_T0:
		return exchange_t0(d, data, lc_and_le, rsp, delay_ms);
	case EXCHANGE_T1:
		return exchange_t1(d, data, rsp, delay_ms);
	default:
		return PERTO_BAD_COMMAND;
	}
}
