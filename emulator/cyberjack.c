/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include <errno.h>
#include <string.h>

#include "emulator/answer.h"
#include "emulator/card_t1.h"
#include "emulator/models.h"
#include "protocols/usbip.h"

/*
 * REINER SCT cyberJack (0c4b:0100): one T=1 for the terminal (NAD 12), which
 * knows some CT-BCS, and for the card (NAD 02); S-blocks of its own when a card
 * comes or goes. Nobody presses its keys.
 */

enum {
	EP_OUT = 0x02,
	EP_IN = 0x82,
	HEADER = 3,
	NAD_CARD = 0x02,
	NAD_TERMINAL = 0x12,
	NAD_READER = 0xe2,
	S_RESYNCH = 0xc0,
	S_RESYNCH_ANSWER = 0xe0,
	S_CARD = 0xe5,
	S_CARD_ANSWER = 0xd5,
	S_KEY_ANSWER = 0xe4,
	FIELD = 254,
	BLOCK_MAX = HEADER + CARD_T1_BLOCK_MAX,
};

struct jack {
	struct answer answer;
	struct card terminal;	/* what T=1 leads to, both addresses */
	struct card_t1 t1;
	uint8_t nad;		/* of the block under way */
	bool powered;
	uint8_t in[BLOCK_MAX];
	size_t n;
};

/* ---- the terminal ---- */

static void
put_atr(struct jack *j, struct card *card, struct wr *rsp)
{
	card_reset(card);
	j->powered = true;
	wr_view(rsp, (struct view){ card->atr, card->atr_len });
	wr_be16(rsp, 0x9001);
}

static void
request_icc(struct usb_device *d, struct wr *rsp)
{
	struct jack *j = d->state;
	struct card *card = d->slot[0].card;

	if (!d->slot[0].in)
		wr_be16(rsp, 0x6200);
	else if (j->powered)
		wr_be16(rsp, 0x6201);
	else if (card->mute)
		wr_be16(rsp, 0x6400);
	else
		put_atr(j, card, rsp);
}

static void
reset_icc(struct usb_device *d, struct wr *rsp)
{
	struct jack *j = d->state;

	if (!d->slot[0].in || d->slot[0].card->mute)
		wr_be16(rsp, 0x64a1);
	else
		put_atr(j, d->slot[0].card, rsp);
}

static void
status(const struct usb_device *d, struct wr *rsp)
{
	wr_u8(rsp, 0x80);
	wr_u8(rsp, 1);
	wr_u8(rsp, d->slot[0].in ? 3 : 0);
	wr_be16(rsp, 0x9000);
}

static void
terminal_command(struct usb_device *d, struct view cmd, struct wr *rsp)
{
	const uint8_t *p = cmd.p;

	if (p[0] != 0x20)
		wr_be16(rsp, 0x6e00);
	else if (p[1] == 0x11 && p[2] == 0)
		wr_be16(rsp, 0x9000);
	else if (p[1] == 0x11 && p[2] == 1)
		reset_icc(d, rsp);
	else if (p[1] == 0x12 && p[2] == 1)
		request_icc(d, rsp);
	else if (p[1] == 0x13 && p[3] == 0x80)
		status(d, rsp);
	else
		wr_be16(rsp, 0x6d00);
}

static void
run(struct card *terminal, struct view cmd, struct wr *rsp)
{
	struct usb_device *d = terminal->state;
	struct jack *j = d->state;

	if (j->nad == NAD_TERMINAL) {
		terminal_command(d, cmd, rsp);
	} else if (!j->powered) {
		wr_be16(rsp, d->slot[0].in ? 0x64a2 : 0x64a1);
	} else {
		card_apdu(d->slot[0].card, cmd, rsp);
		terminal->busy_ms = d->slot[0].card->busy_ms;
	}
}

static const struct card_kind terminal_kind = {
	.name	= "terminal",
	.apdu	= run,
};

/* ---- blocks ---- */

static void
reset_t1(struct jack *j)
{
	const struct card_atr offer = { .protocols = 2, .first = 1,
		.ifsc = FIELD, .bwi_cwi = 0x4d };

	card_t1_reset(&j->t1, &offer);
	j->t1.ifsd = FIELD;
}

static void
reply(struct usb_device *d, struct view block, uint32_t delay_ms)
{
	struct jack *j = d->state;
	uint8_t buf[BLOCK_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };

	wr_u8(&w, 0);
	wr_le16(&w, (uint16_t)block.n);
	wr_view(&w, block);
	answer_send(d, &j->answer, EP_IN, wr_done(&w), delay_ms);
	explicit_bzero(buf, sizeof(buf));
}

/* The reader's own address: only S(RESYNCH) is answered. */
static void
reader_block(struct usb_device *d, uint8_t pcb)
{
	static const uint8_t good[] = { 0x2e, S_RESYNCH_ANSWER, 0, 0xce };

	if (pcb != S_RESYNCH)
		return;
	reset_t1(d->state);
	reply(d, (struct view){ good, sizeof(good) }, 0);
}

static uint8_t
mirror(uint8_t nad)
{
	return (uint8_t)(nad << 4 | nad >> 4);
}

/* The machine of T=1 knows address 0 only; the checksum follows. */
static void
t1_block(struct usb_device *d, uint8_t *block, size_t n)
{
	struct jack *j = d->state;
	uint8_t out[CARD_T1_BLOCK_MAX], nad = block[0];
	struct wr w = { out, sizeof(out), 0, false };

	j->nad = nad;
	block[0] = 0;
	block[n - 1] ^= nad;
	card_t1_block(&j->t1, &j->terminal, &d->fault,
	    (struct view){ block, n }, &w);
	if (w.n < 4)
		return;
	out[0] ^= mirror(nad);
	out[w.n - 1] ^= mirror(nad);
	reply(d, wr_done(&w), j->t1.after_ms);
	explicit_bzero(out, sizeof(out));
}

static bool
is_answer(uint8_t pcb)
{
	return pcb == S_CARD_ANSWER || pcb == S_KEY_ANSWER;
}

static void
on_block(struct usb_device *d, uint8_t *block, size_t n)
{
	if (n < 4 || is_answer(block[1]))
		return;
	if (block[0] == NAD_READER)
		reader_block(d, block[1]);
	else if (block[0] == NAD_CARD || block[0] == NAD_TERMINAL)
		t1_block(d, block, n);
}

static int
out(struct usb_device *d, uint8_t ep, struct view data)
{
	struct jack *j = d->state;
	struct wr w = { j->in, sizeof(j->in), j->n, false };
	size_t want;

	(void)ep;
	wr_view(&w, data);
	j->n = w.n;
	if (w.bad || (j->n != 0 && j->in[0] != 0)) {
		j->n = 0;
		return -EPIPE;
	}
	want = HEADER + (size_t)(j->in[1] | j->in[2] << 8);
	if (j->n < HEADER || j->n < want)
		return 0;
	on_block(d, j->in + HEADER, want - HEADER);
	explicit_bzero(j->in, j->n);
	j->n = 0;
	return 0;
}

/* ---- the device ---- */

static void
reset(struct usb_device *d)
{
	struct jack *j = d->state;

	answer_reset(&j->answer);
	j->terminal.kind = &terminal_kind;
	j->terminal.state = d;
	j->powered = false;
	j->n = 0;
	reset_t1(j);
}

static void
card_changed(struct usb_device *d, unsigned slot)
{
	static const uint8_t event[] = { 0, 4, 0, 0x21, S_CARD, 0, 0xc4 };

	(void)slot;
	((struct jack *)d->state)->powered = false;
	if (d->configuration != 0)
		usb_push(d, EP_IN, (struct view){ event, sizeof(event) }, true);
}

static const struct usb_family family = {
	.state_size	= sizeof(struct jack),
	.reset		= reset,
	.out		= out,
	.deadline	= answer_deadline,
	.tick		= answer_tick,
	.card_changed	= card_changed,
};

static const uint8_t device[] = {
	18, 1, LE16(0x0110), 0, 0, 0, 8,
	LE16(0x0c4b), LE16(0x0100), LE16(0x0100), 0, 0, 0, 1,
};

static const uint8_t config[] = {
	9, 2, LE16(9 + 9 + 14), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 2, 0xff, 0, 0, 0,
	7, 5, EP_OUT, 2, LE16(64), 0,
	7, 5, EP_IN, 2, LE16(64), 0,
};

const struct usb_model model_cyberjack = {
	.name		= "cyberjack",
	.about		= "REINER SCT cyberJack: T=1 to a terminal, its card",
	.family		= &family,
	.device		= VIEW(device),
	.config		= VIEW(config),
	.speed		= USBIP_SPEED_FULL,
	.slots		= 1,
};
