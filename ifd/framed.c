/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/framed.h"

#include "base/secret.h"
#include "ifd/pipes.h"

/*
 * Frames have no numbers, so an answer that comes late, or twice, looks like
 * the one to the next command. After a transfer has failed, and before a card
 * is reset, the next command therefore waits until the reader has been silent
 * for a moment.
 */

enum {
	DRAIN_MS = 50,
	DRAIN_MAX = 64,		/* late answers, or parts of them */
	PART_MS = 500,		/* from one part of an answer to the next */
	EMPTY_MAX = 16,		/* transfers without a byte in one answer */
	CONTROL_MS = 5000,
};

/* ---- opening ---- */

enum err
framed_open(struct ifd_reader *r, const struct framed_traits *t)
{
	struct framed *f = r->state;

	f->traits = t;
	r->info.slots = 1;
	r->info.protocols = t->protocols;
	r->info.always_present = t->has_card == NULL;
	r->info.polls = t->has_card != NULL && t->notice == NULL;
	r->info.max_apdu = (t->protocols & CHANNEL_T1) != 0 ?
	    APDU_MAX : APDU_SHORT_MAX;
	r->out_cap = r->in_cap = FRAME_MAX;
	r->control_cap = FRAME_MAX;
	return pipes_choose(r, t->bulk_out, t->bulk_in, t->interrupt);
}

/* ---- frames ---- */

static struct step
send_now(struct ifd_slot *slot)
{
	struct framed_slot *s = slot->state;
	struct view out = { s->out, s->out_n };

	s->in_n = 0;
	s->empties = 0;
	if (framed_traits_of(slot)->bulk_out != 0) {
		s->phase = FRAMED_ANSWER;
		return step_send(out, s->wait_ms);
	}
	s->phase = FRAMED_ASKING;
	return step_control(out, CONTROL_MS);
}

struct step
framed_send(struct ifd_slot *slot, uint8_t code, struct view data,
    uint32_t wait_ms)
{
	const struct framed_traits *t = framed_traits_of(slot);
	struct framed_slot *s = slot->state;
	struct wr w = { .p = s->out, .cap = sizeof(s->out) }, length;
	struct usb_setup setup = { .type = t->control_type,
		.request = t->control_request };

	s->answered = false;
	if (t->bulk_out == 0)
		usb_setup_write(&w, &setup);
	t->codec->write(&w, code, data);
	s->out_n = wr_done(&w).n;
	if (s->out_n == 0)
		return step_fail(ERR_TOO_LONG);
	if (t->bulk_out == 0) {
		length = (struct wr){ s->out + 6, 2, 0, false };
		wr_le16(&length, (uint16_t)(s->out_n - USB_SETUP_SIZE));
	}
	s->wait_ms = wait_ms;
	if (!s->stale)
		return send_now(slot);
	s->phase = FRAMED_DRAINING;
	s->drained = 0;
	return step_wait(DRAIN_MS);
}

/* ---- events ---- */

struct step
framed_start(struct ifd_slot *slot, const struct ifd_request *r)
{
	struct framed_slot *s = slot->state;

	switch (r->op) {
	case IFD_OPEN:
	case IFD_STATUS:
	case IFD_POWER_OFF:
		return framed_rite_begin(slot, r->op);
	case IFD_POWER_ON:	/* always cold: only that is known to work */
		s->type = 0;
		return framed_rite_begin(slot, r->op);
	case IFD_TRANSMIT:
		return framed_transmit(slot, r->data);
	case IFD_PROTOCOL:
		return framed_choose_protocol(slot, r->arg);
	case IFD_CONTROL:
		break;
	}
	return step_fail(ERR_UNSUPPORTED);
}

static struct step
frame_ended(struct ifd_slot *slot, enum err e, struct view data)
{
	struct framed_slot *s = slot->state;

	s->phase = FRAMED_IDLE;
	return s->op == IFD_TRANSMIT ? framed_block_answered(slot, e, data) :
	    framed_rite_next(slot, e, data);
}

/* The transfer went wrong, or what came was nonsense. */
static struct step
frame_failed(struct ifd_slot *slot, enum err e)
{
	struct framed_slot *s = slot->state;

	s->stale = true;
	s->answered = false;
	return frame_ended(slot, e, (struct view){ NULL, 0 });
}

static struct step
look_for_answer(struct ifd_slot *slot)
{
	const struct framed_traits *t = framed_traits_of(slot);
	struct framed_slot *s = slot->state;
	struct frame_answer a;
	enum err e = t->codec->parse(&a, (struct view){ s->in, s->in_n },
	    s->room);

	if (e == ERR_SHORT)
		return step_wait(s->in_n == 0 ? s->wait_ms : PART_MS);
	if (e != ERR_OK)
		return frame_failed(slot, e);
	s->answered = true;
	s->status = a.status;
	e = t->codec->judge(a.status);
	if (e != ERR_OK && t->trusts_data && a.data.n >= 2)
		e = ERR_OK;
	return frame_ended(slot, e, a.data);
}

static bool
keep(struct framed_slot *s, struct view in)
{
	struct wr w = { .p = s->in, .cap = sizeof(s->in), .n = s->in_n };

	wr_view(&w, in);
	s->in_n = w.n;
	return !w.bad && (in.n != 0 || ++s->empties <= EMPTY_MAX);
}

struct step
framed_input(struct ifd_slot *slot, struct view in)
{
	struct framed_slot *s = slot->state;

	switch (s->phase) {
	case FRAMED_DRAINING:
		if (++s->drained > DRAIN_MAX)
			return ifd_fail(slot, ERR_READER, "the reader does not "
			    "stop talking");
		return step_wait(DRAIN_MS);
	case FRAMED_ASKING:	/* taken; parts of the answer may be here */
		s->phase = FRAMED_ANSWER;
		return look_for_answer(slot);
	case FRAMED_ANSWER:
		if (!keep(s, in))
			return frame_failed(slot, ERR_FORMAT);
		return look_for_answer(slot);
	case FRAMED_IDLE:
	case FRAMED_QUIET:
		break;
	}
	return step_fail(ERR_ARG);
}

struct step
framed_timeout(struct ifd_slot *slot)
{
	struct framed_slot *s = slot->state;

	if (s->phase == FRAMED_DRAINING) {
		s->stale = false;
		return send_now(slot);
	}
	if (s->phase == FRAMED_QUIET)
		return framed_carry(slot, t1_timeout(&s->t1));
	return frame_failed(slot, ERR_TIMEOUT);
}

struct step
framed_failed(struct ifd_slot *slot, enum err e)
{
	return frame_failed(slot, e);
}

void
framed_ended(struct ifd_slot *slot)
{
	struct framed_slot *s = slot->state;

	s->phase = FRAMED_IDLE;
	secret_wipe(s->out, sizeof(s->out));
	secret_wipe(s->in, sizeof(s->in));
	secret_wipe(s->room, sizeof(s->room));
	if (s->op != IFD_TRANSMIT)
		return;
	t0_wipe(&s->t0);
	secret_wipe(s->t1.out, sizeof(s->t1.out));
	secret_wipe(s->rsp, s->t1.n);
}

static void
notice_card(struct ifd_slot *slot, int in)
{
	if (in < 0)
		return;
	slot->swapped = true;
	framed_card_left(slot);
	if (in == 1)
		slot->card = CHANNEL_PRESENT;
}

int
framed_interrupt(struct ifd_reader *r, struct view in)
{
	struct ifd_slot *slot = &r->slots[0];
	const struct framed_traits *t = framed_traits_of(slot);
	struct framed_slot *s = slot->state;

	if (t->notice != NULL) {
		notice_card(slot, t->notice(in));
		return -1;
	}
	if (s->phase == FRAMED_ASKING)	/* before the request was seen to end */
		(void)keep(s, in);
	return s->phase == FRAMED_ANSWER || s->phase == FRAMED_DRAINING ?
	    0 : -1;
}
