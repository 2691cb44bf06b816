/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/iccd.h"

#include <errno.h>
#include <string.h>

/* Class requests of version B */
enum {
	CLASS_OUT = 0x21,
	CLASS_IN = 0xa1,
	REQ_ICC_POWER_ON = 0x62,	/* wValue: voltage */
	REQ_ICC_POWER_OFF = 0x63,
	REQ_XFR_BLOCK = 0x65,		/* wValue: level parameter << 8 */
	REQ_DATA_BLOCK = 0x6f,
	REQ_SLOT_STATUS = 0x81,
	/* bResponseType of a data block */
	RSP_DATA = 0x00,
	RSP_STATUS = 0x40,		/* bmICCStatus and bError follow */
	RSP_POLL = 0x80,		/* ask again in so many 10 ms */
	ICC_ACTIVE = 0,
	ICC_INACTIVE = 1,
	ICC_ABSENT = 2,
	E_MUTE = 0xfe,
	E_LENGTH = 1,
	APDU_SHORT_MAX = 261,
};

struct iccd {
	bool powered;
	uint8_t block[1 + CARD_RESPONSE_MAX];	/* the next data block */
	size_t n;
	uint64_t due_ms;	/* not before */
};

static uint8_t
icc_status(const struct usb_device *d)
{
	const struct iccd *s = d->state;

	if (!d->slot[0].in)
		return ICC_ABSENT;
	return s->powered ? ICC_ACTIVE : ICC_INACTIVE;
}

static void
hold(struct usb_device *d, uint8_t type, struct view data, uint32_t delay_ms)
{
	struct iccd *s = d->state;
	struct wr w = { s->block, sizeof(s->block), 0, false };

	wr_u8(&w, type);
	wr_view(&w, data);
	s->n = w.n;
	s->due_ms = d->now_ms + delay_ms;
}

static void
hold_status(struct usb_device *d, uint8_t error)
{
	const uint8_t status[] = { icc_status(d), error };

	hold(d, RSP_STATUS, (struct view){ status, sizeof(status) }, 0);
}

static void
power_off(struct usb_device *d)
{
	struct iccd *s = d->state;

	s->powered = false;
	explicit_bzero(s->block, s->n);
	s->n = 0;
}

static void
power_on(struct usb_device *d)
{
	struct iccd *s = d->state;
	struct card *card = d->slot[0].card;

	power_off(d);
	if (!d->slot[0].in || card->mute) {
		hold_status(d, E_MUTE);
		return;
	}
	card_reset(card);
	s->powered = true;
	hold(d, RSP_DATA, (struct view){ card->atr, card->atr_len }, 0);
}

static int
xfr_block(struct usb_device *d, uint16_t value, struct view apdu)
{
	struct iccd *s = d->state;
	struct card *card = d->slot[0].card;
	struct wr w = { s->block + 1, sizeof(s->block) - 1, 0, false };

	if (value != 0)
		return -EPIPE;	/* short APDUs come whole */
	if (!s->powered) {
		hold_status(d, E_MUTE);
		return 0;
	}
	if (apdu.n < 4 || apdu.n > APDU_SHORT_MAX) {
		hold_status(d, E_LENGTH);
		return 0;
	}
	s->block[0] = RSP_DATA;
	card_apdu(card, apdu, &w);
	s->n = 1 + w.n;
	s->due_ms = d->now_ms + card->busy_ms;
	return 0;
}

static int
data_block(struct usb_device *d, struct wr *in)
{
	static const uint8_t poll[] = { RSP_POLL, 1, 0 };
	struct iccd *s = d->state;

	if (s->n == 0)
		return -EPIPE;	/* nothing was asked */
	if (d->now_ms < s->due_ms) {
		wr_view(in, (struct view){ poll, sizeof(poll) });
		return 0;
	}
	wr_view(in, (struct view){ s->block, s->n });
	explicit_bzero(s->block, s->n);
	s->n = 0;
	return 0;
}

static int
slot_status(struct usb_device *d, struct wr *in)
{
	wr_u8(in, RSP_STATUS);
	wr_u8(in, icc_status(d));
	wr_u8(in, 0);
	return 0;
}

static int
iccd_control(struct usb_device *d, const struct usb_setup *q, struct view out,
    struct wr *in)
{
	if (d->configuration == 0 || q->index != 0)
		return -EPIPE;
	switch (q->type << 8 | q->request) {
	case CLASS_OUT << 8 | REQ_ICC_POWER_ON:
		power_on(d);
		return 0;
	case CLASS_OUT << 8 | REQ_ICC_POWER_OFF:
		power_off(d);
		return 0;
	case CLASS_OUT << 8 | REQ_XFR_BLOCK:
		return xfr_block(d, q->value, out);
	case CLASS_IN << 8 | REQ_DATA_BLOCK:
		return data_block(d, in);
	case CLASS_IN << 8 | REQ_SLOT_STATUS:
		return slot_status(d, in);
	default:
		return -EPIPE;
	}
}

static void
iccd_card_changed(struct usb_device *d, unsigned slot)
{
	(void)slot;
	power_off(d);
}

const struct usb_family iccd_b_family = {
	.state_size	= sizeof(struct iccd),
	.reset		= power_off,
	.control	= iccd_control,
	.card_changed	= iccd_card_changed,
};
