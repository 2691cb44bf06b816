/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include <errno.h>
#include <string.h>

#include "emulator/answer.h"
#include "emulator/card_t0.h"
#include "emulator/models.h"
#include "protocols/usbip.h"

/*
 * FEITIAN ePass3000: 52 36, command or status, length and data over bulk
 * pipes; command 1 resets the card, 2 carries a TPDU. What the bytes around the
 * ATR and a status other than 0 mean is not known; these are ours.
 */

enum {
	EP_OUT = 0x02,
	EP_IN = 0x81,
	HEADER = 6,
	MARK = 0x5236,
	GET_ATR = 1,
	TRANSMIT = 2,
	STATUS_FAILED = 0x0001,
	IN_MAX = HEADER + CARD_T0_HEADER + 255,
};

struct epass {
	struct answer answer;
	struct card_t0 t0;
	bool powered;
	uint8_t in[IN_MAX];
	size_t n;
};

static void
reset(struct usb_device *d)
{
	struct epass *e = d->state;

	answer_reset(&e->answer);
	e->powered = false;
	e->n = 0;
}

static void
reply(struct usb_device *d, uint16_t status, struct view v, uint32_t delay_ms)
{
	struct epass *e = d->state;
	uint8_t buf[HEADER + CARD_T0_OUT_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };

	wr_be16(&w, MARK);
	wr_be16(&w, status);
	wr_be16(&w, (uint16_t)v.n);
	wr_view(&w, v);
	answer_send(d, &e->answer, EP_IN, wr_done(&w), delay_ms);
	explicit_bzero(buf, sizeof(buf));
}

static void
refuse(struct usb_device *d)
{
	reply(d, STATUS_FAILED, (struct view){ NULL, 0 }, 0);
}

static void
get_atr(struct usb_device *d)
{
	struct epass *e = d->state;
	struct card *card = d->slot[0].card;
	uint8_t buf[2 + CARD_ATR_MAX + 3];
	struct wr w = { buf, sizeof(buf), 0, false };

	if (!d->slot[0].in || card->mute || (card->offer.protocols & 1) == 0) {
		refuse(d);
		return;
	}
	card_reset(card);
	card_t0_reset(&e->t0);
	e->powered = true;
	wr_be16(&w, (uint16_t)card->atr_len);
	wr_view(&w, (struct view){ card->atr, card->atr_len });
	wr_fill(&w, 0, 3);
	reply(d, 0, wr_done(&w), 0);
}

static void
transmit(struct usb_device *d, struct view tpdu)
{
	struct epass *e = d->state;
	struct card *card = d->slot[0].card;
	uint8_t buf[CARD_T0_OUT_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };
	uint64_t before;

	if (!e->powered || tpdu.n < CARD_T0_HEADER) {
		refuse(d);
		return;
	}
	before = card->executed;
	card_t0_tpdu(&e->t0, card, tpdu, &w);
	reply(d, w.n < 2 ? STATUS_FAILED : 0, wr_done(&w),
	    card->executed == before ? 0 : card->busy_ms);
	explicit_bzero(buf, sizeof(buf));
}

/* A whole command, or one that a short packet has cut. */
static void
command(struct usb_device *d, struct view in)
{
	struct rd r = { .in = in };
	uint16_t mark = rd_be16(&r), code = rd_be16(&r), n = rd_be16(&r);
	struct view data = rd_take(&r, n);

	if (r.bad || r.in.n != 0 || mark != MARK)
		refuse(d);
	else if (code == GET_ATR && n == 0)
		get_atr(d);
	else if (code == TRANSMIT)
		transmit(d, data);
	else
		refuse(d);
}

static int
out(struct usb_device *d, uint8_t ep, struct view data)
{
	struct epass *e = d->state;
	struct wr w = { e->in, sizeof(e->in), e->n, false };

	if (data.n == 0 && e->n == 0)
		return 0;
	wr_view(&w, data);
	e->n = w.n;
	if (w.bad) {
		e->n = 0;
		return -EPIPE;
	}
	if ((e->n < HEADER || e->n < HEADER + (size_t)(e->in[4] << 8 |
	    e->in[5])) && data.n != 0 &&
	    data.n % usb_endpoint(d, ep)->packet == 0)
		return 0;
	command(d, (struct view){ e->in, e->n });
	explicit_bzero(e->in, e->n);
	e->n = 0;
	return 0;
}

static const struct usb_family family = {
	.state_size	= sizeof(struct epass),
	.reset		= reset,
	.out		= out,
	.deadline	= answer_deadline,
	.tick		= answer_tick,
};

static const uint8_t device[] = {
	18, 1, LE16(0x0110), 0, 0, 0, 8,
	LE16(0x096e), LE16(0x0401), LE16(0x0100), 0, 0, 0, 1,
};

static const uint8_t config[] = {
	9, 2, LE16(9 + 9 + 14), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 2, 0xff, 0, 0, 0,
	7, 5, EP_OUT, 2, LE16(64), 0,
	7, 5, EP_IN, 2, LE16(64), 0,
};

const struct usb_model model_epass3000 = {
	.name		= "epass3000",
	.about		= "FEITIAN ePass3000: T=0 in frames of its own",
	.family		= &family,
	.device		= VIEW(device),
	.config		= VIEW(config),
	.speed		= USBIP_SPEED_FULL,
	.slots		= 1,
	.card		= "t0",
};
