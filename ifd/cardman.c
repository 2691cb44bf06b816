/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/driver.h"

#include "base/log.h"
#include "ifd/pipes.h"
#include "protocols/atr.h"
#include "protocols/usb_setup.h"

/*
 * OMNIKEY CardMan 2020 and 6020: vendor requests to an endpoint, answers on the
 * interrupt pipe. What is known of them ends with the ATR. OpenCT knew no more,
 * so APDUs are refused.
 */

enum {
	RESET = 0x10,		/* wValue 1: the ATR comes */
	OFF = 0x11,
	GET_STATUS = 0x20,	/* one byte comes */
	SET_PARAMETERS = 0x30,	/* wValue: speed, wIndex: 2 */
	SPEED_9600 = 0x0100,	/* 8 bits, even parity, 2 stop bits */
	HAS_CARD = 0x42,
	WAIT_MS = 2000,		/* as OpenCT waited */
};

struct cardman {
	enum ifd_op op;
	bool asking;		/* the control request is under way */
	bool second;		/* of the requests of POWER_ON: the reset */
	uint8_t setup[USB_SETUP_SIZE];
	uint8_t in[IFD_ATR_MAX];
	size_t in_n;
};

static enum err
open_reader(struct ifd_reader *r)
{
	r->info.slots = 1;
	r->info.protocols = CHANNEL_T0 | CHANNEL_T1;
	r->info.max_apdu = 261;
	r->info.polls = true;
	return pipes_choose(r, 0, 0, 0x81);
}

static struct step
ask(struct cardman *c, uint8_t request, uint16_t value, uint16_t index)
{
	const struct usb_setup setup = { USB_TYPE_VENDOR | USB_TO_ENDPOINT,
		request, value, index, 0 };
	struct wr w = { .p = c->setup, .cap = sizeof(c->setup) };

	c->asking = true;
	c->in_n = 0;
	usb_setup_write(&w, &setup);
	return step_control(wr_done(&w), WAIT_MS);
}

static struct step
done(void)
{
	return step_done((struct view){ NULL, 0 });
}

static struct step
start(struct ifd_slot *slot, const struct ifd_request *r)
{
	struct cardman *c = slot->state;

	c->op = r->op;
	c->second = false;
	switch (r->op) {
	case IFD_OPEN:
		return ask(c, SET_PARAMETERS, SPEED_9600, 2);
	case IFD_STATUS:
	case IFD_POWER_ON:
		return ask(c, GET_STATUS, 0, 0);
	case IFD_POWER_OFF:
		return ask(c, OFF, 0, 0);
	case IFD_TRANSMIT:
		return ifd_fail(slot, ERR_UNSUPPORTED, "how this reader "
		    "carries APDUs is not known; it can tell the ATR only");
	case IFD_PROTOCOL:
	case IFD_CONTROL:
		break;
	}
	return step_fail(ERR_UNSUPPORTED);
}

static struct step
on_status(struct ifd_slot *slot)
{
	struct cardman *c = slot->state;

	if (c->in_n == 0)
		return step_wait(WAIT_MS);
	if ((c->in[0] & HAS_CARD) != 0) {
		slot->card |= CHANNEL_PRESENT;
	} else {
		slot->card = 0;
		slot->atr_n = 0;
	}
	if (c->op == IFD_STATUS)
		return done();
	if (slot->card == 0)
		return step_fail(ERR_NO_CARD);
	c->second = true;
	return ask(c, RESET, 1, 0);
}

static struct step
on_atr(struct ifd_slot *slot)
{
	const struct cardman *c = slot->state;
	struct view in = { c->in, c->in_n };
	struct atr a;
	size_t n;
	enum err e = in.n == 0 ? ERR_OK : atr_length(&n, in);

	if (e != ERR_OK)
		return ifd_fail(slot, ERR_CARD, "what came is no ATR");
	if (in.n == 0 || n > in.n)
		return step_wait(WAIT_MS);
	memcpy(slot->atr, in.p, n);
	slot->atr_n = n;
	if (atr_parse(&a, view_first(in, n)) != ERR_OK)
		log_at(LOG_LEVEL_WARN, NULL, "the ATR is odd: %s",
		    atr_flaw_text(a.flaw));
	slot->card = CHANNEL_PRESENT | CHANNEL_POWERED;
	slot->result = a.protocol == 1 ? CHANNEL_T1 : CHANNEL_T0;
	return step_done(view_first(in, n));
}

static struct step
look_for_answer(struct ifd_slot *slot)
{
	const struct cardman *c = slot->state;

	return c->second ? on_atr(slot) : on_status(slot);
}

/* The request was taken; its answer may be here. */
static struct step
taken(struct ifd_slot *slot)
{
	struct cardman *c = slot->state;

	c->asking = false;
	if (c->op == IFD_OPEN)
		return done();
	if (c->op == IFD_POWER_OFF) {
		slot->card &= ~(uint32_t)CHANNEL_POWERED;
		slot->atr_n = 0;
		return done();
	}
	return look_for_answer(slot);
}

/* What does not fit is behind the longest ATR. */
static void
keep(struct cardman *c, struct view in)
{
	struct wr w = { .p = c->in, .cap = sizeof(c->in), .n = c->in_n };

	wr_view(&w, view_first(in, sizeof(c->in) - c->in_n));
	c->in_n = w.n;
}

static struct step
input(struct ifd_slot *slot, struct view in)
{
	struct cardman *c = slot->state;

	if (c->asking)
		return taken(slot);
	keep(c, in);
	return look_for_answer(slot);
}

static struct step
failed(struct ifd_slot *slot, enum err e)
{
	const struct cardman *c = slot->state;

	if (c->op == IFD_POWER_ON) {
		slot->card &= ~(uint32_t)CHANNEL_POWERED;
		slot->atr_n = 0;
	}
	if (e == ERR_TIMEOUT && c->second)
		return ifd_fail(slot, ERR_MUTE, "no ATR came");
	return step_fail(e);
}

static struct step
timeout(struct ifd_slot *slot)
{
	return failed(slot, ERR_TIMEOUT);
}

static int
interrupt(struct ifd_reader *r, struct view in)
{
	struct cardman *c = r->slots[0].state;

	if (c->asking) {	/* before the request was seen to end */
		keep(c, in);
		return -1;
	}
	return 0;
}

static void
ended(struct ifd_slot *slot)
{
	struct cardman *c = slot->state;

	c->asking = false;
}

const struct ifd_driver ifd_cardman = {
	.name = "cardman",
	.text = "OMNIKEY CardMan 2020 and 6020, as far as the ATR",
	.slot_size = sizeof(struct cardman),
	.open = open_reader,
	.start = start,
	.input = input,
	.timeout = timeout,
	.failed = failed,
	.interrupt = interrupt,
	.ended = ended,
};
