/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/vpcd.h"

#include <stdio.h>

#include "base/log.h"
#include "base/secret.h"
#include "ifd/driver.h"
#include "protocols/atr.h"
#include "protocols/usb_setup.h"

/*
 * Virtual readers, after vsmartcard's vpcd: an emulated card is in the slot
 * while its connection stands. Whatever the protocol, APDUs and responses go
 * through as they are.
 */

enum {
	ATR_MS = 10000,
	APDU_MS = 5 * 60 * 1000,	/* a phone asks its owner, a key is made */
	ORDER_MS = 1000,
	OUT_MAX = 1 + 3 * (VPCD_HEADER + 1) + VPCD_FRAME_MAX,
};

struct vpcd {
	enum ifd_op op;
	bool hanging_up;		/* then the request fails with err */
	enum err err;
	uint16_t protocols;		/* the ATR's, mask 1u << T */
	size_t out_n;
	uint8_t out[OUT_MAX];
};

static enum err
open_reader(struct ifd_reader *r)
{
	if (r->info.slots == 0) {
		snprintf(r->why, sizeof(r->why), "the driver is for virtual "
		    "readers, vpcd:PORT, only");
		return ERR_UNSUPPORTED;
	}
	r->info.protocols = CHANNEL_T0 | CHANNEL_T1;
	r->info.max_apdu = VPCD_MESSAGE_MAX;
	snprintf(r->info.plan, sizeof(r->info.plan),
	    "vsmartcard's protocol, a connection for each card");
	r->bulk_out = VPCD_BULK_OUT;
	r->bulk_in = VPCD_BULK_IN;
	r->interrupt = VPCD_INTERRUPT_IN;
	r->out_cap = OUT_MAX;
	r->in_cap = 1 + VPCD_MESSAGE_MAX;
	r->interrupt_cap = VPCD_NEWS_SIZE;
	r->busy_slots = r->info.slots;
	r->never_reset = true;
	return ERR_OK;
}

static struct step
done(void)
{
	return step_done((struct view){ NULL, 0 });
}

static struct wr
begin(struct ifd_slot *slot)
{
	struct vpcd *v = slot->state;
	struct wr w = { .p = v->out, .cap = sizeof(v->out) };

	wr_u8(&w, slot->number);
	return w;
}

static struct step
send_out(struct ifd_slot *slot, const struct wr *w, uint32_t wait_ms)
{
	struct vpcd *v = slot->state;

	v->out_n = w->n;
	return step_send(wr_done(w), wait_ms);
}

static struct step
request(struct ifd_slot *slot, uint8_t what)
{
	struct vpcd *v = slot->state;
	struct wr w = { .p = v->out, .cap = sizeof(v->out) };
	const struct usb_setup setup = { USB_TYPE_VENDOR, what, 0,
		slot->number, 0 };

	usb_setup_write(&w, &setup);
	v->out_n = w.n;
	return step_control(wr_done(&w), ORDER_MS);
}

static void
no_card(struct ifd_slot *slot)
{
	slot->card = 0;
	slot->atr_n = 0;
}

/* What is wrong is in slot->why. The card is gone for us. */
static struct step
hang_up(struct ifd_slot *slot, enum err err)
{
	struct vpcd *v = slot->state;

	log_at(LOG_LEVEL_WARN, NULL, "slot %u: %s: its connection is closed",
	    slot->number, slot->why);
	v->hanging_up = true;
	v->err = err;
	no_card(slot);
	return request(slot, VPCD_HANG_UP);
}

static struct step
power_on(struct ifd_slot *slot, bool warm)
{
	struct wr w = begin(slot);

	if ((slot->card & CHANNEL_PRESENT) == 0)
		return step_fail(ERR_NO_CARD);
	if (!warm && (slot->card & CHANNEL_POWERED) != 0)
		vpcd_write_order(&w, VPCD_OFF);
	vpcd_write_order(&w, warm ? VPCD_RESET : VPCD_ON);
	vpcd_write_order(&w, VPCD_GET_ATR);
	return send_out(slot, &w, ATR_MS);
}

static struct step
transmit(struct ifd_slot *slot, struct view apdu)
{
	struct wr w = begin(slot);

	if ((slot->card & CHANNEL_PRESENT) == 0)
		return step_fail(ERR_NO_CARD);
	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if (apdu.n < VPCD_APDU_MIN)	/* a single byte would be an order */
		return step_fail(ERR_ARG);
	vpcd_write(&w, apdu);
	return send_out(slot, &w, APDU_MS);
}

static struct step
choose_protocol(struct ifd_slot *slot, uint32_t wanted)
{
	const struct vpcd *v = slot->state;
	uint32_t both = v->protocols & wanted & slot->reader->info.protocols;

	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if ((slot->result & wanted) != 0)
		return done();
	if (both == 0)
		return step_fail(ERR_PROTOCOL);
	slot->result = (both & CHANNEL_T1) != 0 ? CHANNEL_T1 : CHANNEL_T0;
	return done();
}

static struct step
start(struct ifd_slot *slot, const struct ifd_request *r)
{
	struct vpcd *v = slot->state;

	v->op = r->op;
	v->hanging_up = false;
	switch (r->op) {
	case IFD_OPEN:
	case IFD_STATUS:
		return done();
	case IFD_POWER_ON:
		return power_on(slot, r->arg == 1);
	case IFD_POWER_OFF:
		slot->card &= ~(uint32_t)CHANNEL_POWERED;
		slot->atr_n = 0;
		return slot->card != 0 ? request(slot, VPCD_OFF) : done();
	case IFD_TRANSMIT:
		return transmit(slot, r->data);
	case IFD_PROTOCOL:
		return choose_protocol(slot, r->arg);
	case IFD_CONTROL:
		break;
	}
	return step_fail(ERR_UNSUPPORTED);
}

static struct step
on_atr(struct ifd_slot *slot, struct view in)
{
	struct vpcd *v = slot->state;
	struct atr a;

	if (atr_parse(&a, in) != ERR_OK && !atr_is_usable(&a)) {
		slot->card = CHANNEL_PRESENT | CHANNEL_MUTED;
		slot->atr_n = 0;
		return ifd_fail(slot, ERR_MUTE, "the card emulator's ATR of "
		    "%zu bytes cannot be used: %s", in.n,
		    atr_flaw_text(a.flaw));
	}
	in = view_first(in, sizeof(slot->atr));
	memcpy(slot->atr, in.p, in.n);
	slot->atr_n = in.n;
	slot->card = CHANNEL_PRESENT | CHANNEL_POWERED;
	slot->result = a.protocol == 1 ? CHANNEL_T1 : CHANNEL_T0;
	v->protocols = (uint16_t)(a.specific ? 1u << a.protocol : a.protocols);
	return step_done(in);
}

static struct step
on_response(struct ifd_slot *slot, struct view in)
{
	if (in.n >= 2)
		return step_done(in);
	snprintf(slot->why, sizeof(slot->why), "the card emulator answered an "
	    "APDU with %zu bytes, two are the least", in.n);
	return hang_up(slot, ERR_CARD);
}

static struct step
input(struct ifd_slot *slot, struct view in)
{
	const struct vpcd *v = slot->state;

	if (v->hanging_up)
		return step_fail(v->err);
	if (v->op == IFD_POWER_OFF)
		return done();
	if ((slot->card & CHANNEL_PRESENT) == 0)
		return step_fail(ERR_NO_CARD);	/* it left meanwhile */
	in = view_skip(in, 1);
	return v->op == IFD_POWER_ON ? on_atr(slot, in) :
	    on_response(slot, in);
}

static struct step
timeout(struct ifd_slot *slot)
{
	const struct vpcd *v = slot->state;

	if (v->hanging_up)
		return step_fail(v->err);
	snprintf(slot->why, sizeof(slot->why),
	    "the card emulator does not answer");
	return hang_up(slot, ERR_MUTE);
}

/* The connection is broken; the news of it follow. */
static struct step
failed(struct ifd_slot *slot, enum err e)
{
	const struct vpcd *v = slot->state;

	(void)e;
	return step_fail(v->hanging_up ? v->err : ERR_NO_CARD);
}

static int
route(const struct ifd_reader *r, struct view in)
{
	(void)r;
	return in.n != 0 ? in.p[0] : -1;
}

static int
interrupt(struct ifd_reader *r, struct view in)
{
	struct ifd_slot *slot;

	if (in.n != VPCD_NEWS_SIZE || in.p[0] >= r->info.slots)
		return -1;
	slot = &r->slots[in.p[0]];
	if (in.p[1] == VPCD_CAME) {
		slot->card = CHANNEL_PRESENT;
		return -1;
	}
	no_card(slot);
	slot->swapped = true;
	return slot->number;
}

static void
ended(struct ifd_slot *slot)
{
	struct vpcd *v = slot->state;

	secret_wipe(v->out, v->out_n);
	v->out_n = 0;
}

const struct ifd_driver ifd_vpcd = {
	.name = "vpcd",
	.text = "virtual readers, for emulated cards (vsmartcard)",
	.slot_size = sizeof(struct vpcd),
	.open = open_reader,
	.start = start,
	.input = input,
	.timeout = timeout,
	.failed = failed,
	.route = route,
	.interrupt = interrupt,
	.ended = ended,
};
