/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include <errno.h>
#include <string.h>

#include "emulator/models.h"
#include "emulator/pertosmart.h"
#include "protocols/usbip.h"

/*
 * PertoSmart EMV (AC1038): commands in whole packets of 64 bytes over bulk
 * pipes, card notifications on the interrupt pipe.
 */

enum {
	EP_OUT = 0x02,
	EP_IN = 0x82,
	EP_INTERRUPT = 0x81,
	MARK = 0x01,
	HEADER = 4,
	PACKET = 64,
	NOTE_REMOVED = 0xc0,
	NOTE_INSERTED = 0xc1,
};

static const uint8_t statuses[PERTO_RESULTS] = {
	[PERTO_OK] = 0x00,
	[PERTO_NO_CARD] = 0xfa,
	[PERTO_MUTE] = 0xfe,
	[PERTO_UNPOWERED] = 0xf9,
	[PERTO_BAD_COMMAND] = 0xff,
	[PERTO_BAD_LENGTH] = 0xf6,
};

static void
run(struct usb_device *d, uint8_t code, struct view data)
{
	struct perto *p = d->state;
	uint8_t rsp[PERTO_DATA_MAX], buf[HEADER + PERTO_DATA_MAX];
	struct wr r = { rsp, sizeof(rsp), 0, false };
	struct wr w = { buf, sizeof(buf), 0, false };
	uint32_t delay_ms;
	enum perto_result result = perto_command(d, code, data, false, &r,
	    &delay_ms);

	wr_u8(&w, MARK);
	wr_u8(&w, statuses[result]);
	wr_be16(&w, (uint16_t)(result == PERTO_OK ? r.n : 0));
	wr_view(&w, view_first(wr_done(&r), result == PERTO_OK ? r.n : 0));
	answer_send(d, &p->answer, EP_IN, wr_done(&w), delay_ms);
	explicit_bzero(rsp, sizeof(rsp));
	explicit_bzero(buf, sizeof(buf));
}

static int
out(struct usb_device *d, uint8_t ep, struct view data)
{
	struct perto *p = d->state;
	struct wr w = { p->in, sizeof(p->in), p->n, false };
	size_t want;

	(void)ep;
	wr_view(&w, data);
	p->n = w.n;
	if (w.bad || data.n % PACKET != 0 || (p->n != 0 && p->in[0] != MARK)) {
		p->n = 0;
		return -EPIPE;
	}
	if (p->n == 0)
		return 0;
	want = HEADER + (size_t)(p->in[2] << 8 | p->in[3]);
	if (p->n < want)
		return 0;
	run(d, p->in[1], (struct view){ p->in + HEADER, want - HEADER });
	explicit_bzero(p->in, p->n);
	p->n = 0;
	return 0;
}

static void
card_changed(struct usb_device *d, unsigned slot)
{
	const uint8_t note[] = { MARK,
		d->slot[slot].in ? NOTE_INSERTED : NOTE_REMOVED, 0, 0 };

	((struct perto *)d->state)->powered = false;
	usb_push(d, EP_INTERRUPT, (struct view){ note, sizeof(note) }, false);
}

static const struct usb_family family = {
	.state_size	= sizeof(struct perto),
	.reset		= perto_reset,
	.out		= out,
	.deadline	= answer_deadline,
	.tick		= answer_tick,
	.card_changed	= card_changed,
};

static const uint8_t device[] = {
	18, 1, LE16(0x0110), 0, 0, 0, 8,
	LE16(0x072f), LE16(0x9000), LE16(0x0100), 0, 0, 0, 1,
};

static const uint8_t config[] = {
	9, 2, LE16(9 + 9 + 21), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 3, 0xff, 0, 0, 0,
	7, 5, EP_INTERRUPT, 3, LE16(8), 10,
	7, 5, EP_OUT, 2, LE16(64), 0,
	7, 5, EP_IN, 2, LE16(64), 0,
};

const struct usb_model model_pertosmart1038 = {
	.name		= "pertosmart1038",
	.about		= "PertoSmart EMV (AC1038): T=0, T=1 in padded frames",
	.family		= &family,
	.device		= VIEW(device),
	.config		= VIEW(config),
	.speed		= USBIP_SPEED_FULL,
	.slots		= 1,
};
