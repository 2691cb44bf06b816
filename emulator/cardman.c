/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include <errno.h>

#include "emulator/answer.h"
#include "emulator/models.h"
#include "protocols/usbip.h"

/*
 * OMNIKEY CardMan 2020: vendor requests to an endpoint, answers in interrupt
 * packets of 8 bytes. It can tell the ATR; how it carries APDUs is not known.
 */

enum {
	EP_INTERRUPT = 0x81,
	VENDOR_ENDPOINT = 0x42,
	RESET = 0x10,
	OFF = 0x11,
	GET_STATUS = 0x20,
	SET_PARAMETERS = 0x30,
	HAS_CARD = 0x40,
	HAS_POWER = 0x02,
};

struct cardman {
	struct answer answer;
	bool ready;		/* the parameters were set */
	bool powered;
};

static void
reset(struct usb_device *d)
{
	struct cardman *c = d->state;

	answer_reset(&c->answer);
	c->ready = c->powered = false;
}

static void
send_status(struct usb_device *d)
{
	struct cardman *c = d->state;
	uint8_t byte = d->slot[0].in ?
	    HAS_CARD | (c->powered ? HAS_POWER : 0) : 0;

	answer_send(d, &c->answer, EP_INTERRUPT, (struct view){ &byte, 1 }, 0);
}

static void
send_atr(struct usb_device *d)
{
	struct cardman *c = d->state;
	struct card *card = d->slot[0].card;

	c->powered = d->slot[0].in && !card->mute && c->ready;
	if (!c->powered)
		return;		/* silence */
	card_reset(card);
	answer_send(d, &c->answer, EP_INTERRUPT,
	    (struct view){ card->atr, card->atr_len }, 0);
}

static int
control(struct usb_device *d, const struct usb_setup *s, struct view out,
    struct wr *in)
{
	struct cardman *c = d->state;

	(void)out;
	(void)in;
	if (d->configuration == 0 || s->type != VENDOR_ENDPOINT ||
	    s->length != 0)
		return -EPIPE;
	switch (s->request) {
	case RESET:
		send_atr(d);
		return s->value == 1 ? 0 : -EPIPE;
	case OFF:
		c->powered = false;
		return 0;
	case GET_STATUS:
		send_status(d);
		return 0;
	case SET_PARAMETERS:
		c->ready = s->index == 2;
		return 0;
	default:
		return -EPIPE;
	}
}

static void
card_changed(struct usb_device *d, unsigned slot)
{
	(void)slot;
	((struct cardman *)d->state)->powered = false;
}

static const struct usb_family family = {
	.state_size	= sizeof(struct cardman),
	.reset		= reset,
	.control	= control,
	.deadline	= answer_deadline,
	.tick		= answer_tick,
	.card_changed	= card_changed,
};

static const uint8_t device[] = {
	18, 1, LE16(0x0110), 0, 0, 0, 8,
	LE16(0x076b), LE16(0x0596), LE16(0x0100), 0, 0, 0, 1,
};

static const uint8_t config[] = {
	9, 2, LE16(9 + 9 + 7), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 1, 0xff, 0, 0, 0,
	7, 5, EP_INTERRUPT, 3, LE16(8), 10,
};

const struct usb_model model_cardman = {
	.name		= "cardman",
	.about		= "OMNIKEY CardMan 2020: an ATR and no more",
	.family		= &family,
	.device		= VIEW(device),
	.config		= VIEW(config),
	.speed		= USBIP_SPEED_FULL,
	.slots		= 1,
};
