/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/framed.h"

#include "base/log.h"
#include "base/secret.h"

enum {
	BLOCK_SLACK_MS = 3000,	/* USB and reader, besides the card's time */
	CLOCK_KHZ = 3579,	/* of a card, where nobody says otherwise */
};

/* ---- rites ---- */

static const struct framed_rite *
rite_of(const struct ifd_slot *slot)
{
	const struct framed_traits *t = framed_traits_of(slot);
	const struct framed_slot *s = slot->state;

	switch (s->op) {
	case IFD_OPEN:
		return &t->open;
	case IFD_STATUS:
		return &t->status;
	case IFD_POWER_ON:
	case IFD_PROTOCOL:
		return &t->reset;
	case IFD_POWER_OFF:
	case IFD_TRANSMIT:
	case IFD_CONTROL:
		break;
	}
	return &t->off;
}

void
framed_card_left(struct ifd_slot *slot)
{
	slot->card = 0;
	slot->atr_n = 0;
}

static void
power_lost(struct ifd_slot *slot)
{
	slot->card &= ~(uint32_t)CHANNEL_POWERED;
	slot->atr_n = 0;
}

static struct step
explain(struct ifd_slot *slot, enum err e)
{
	const struct framed_slot *s = slot->state;

	if (!s->answered)
		return step_fail(e);
	return ifd_fail(slot, e, "%s: the reader says %04x", err_text(e),
	    s->status);
}

static struct step
rite_step(struct ifd_slot *slot)
{
	const struct framed_traits *t = framed_traits_of(slot);
	struct framed_slot *s = slot->state;
	const struct framed_command *c = &rite_of(slot)->cmd[s->at];
	uint8_t data = c->picks_type ? t->types[s->type] : c->data;

	return framed_send(slot, c->code, (struct view){ &data, c->n },
	    c->wait_ms);
}

/* The protocol to be spoken with the card, or negative. */
static int
pick_protocol(const struct ifd_slot *slot)
{
	const struct framed_slot *s = slot->state;
	uint32_t can = framed_traits_of(slot)->protocols & s->atr.protocols;

	if (s->type != 0)
		return (can & 1u << (s->type - 1)) != 0 ? s->type - 1 : -1;
	if (s->atr.protocol <= 1 && (can & 1u << s->atr.protocol) != 0)
		return s->atr.protocol;
	if (can == 0 || s->atr.specific)
		return -1;
	return (can & CHANNEL_T0) != 0 ? 0 : 1;
}

static struct step
on_protocol(struct ifd_slot *slot, int protocol)
{
	struct framed_slot *s = slot->state;
	struct t1_params p = { .crc = s->atr.crc, .ifsc = s->atr.ifsc,
		.ifsd = T1_IFS_DEFAULT,
		.bwt_ms = atr_bwt_ms(&s->atr, CLOCK_KHZ) + BLOCK_SLACK_MS };

	if (protocol < 0)
		return ifd_fail(slot, ERR_PROTOCOL, "the card speaks T=%u, "
		    "which this reader does not", s->atr.protocol);
	s->protocol = (uint8_t)protocol;
	if (protocol == 1 && t1_init(&s->t1, &p, s->rsp, sizeof(s->rsp)) !=
	    ERR_OK)
		return ifd_fail(slot, ERR_PROTOCOL, "its parameters for T=1 "
		    "are impossible");
	slot->card = CHANNEL_PRESENT | CHANNEL_POWERED;
	slot->result = 1u << protocol;
	if (s->op == IFD_PROTOCOL)
		return step_done((struct view){ NULL, 0 });
	return step_done((struct view){ slot->atr, slot->atr_n });
}

static struct step
on_atr(struct ifd_slot *slot, struct view answer)
{
	const struct framed_traits *t = framed_traits_of(slot);
	struct framed_slot *s = slot->state;
	struct view atr = t->atr != NULL ? t->atr(answer) : answer;

	if (atr.n < 2 || atr.n > sizeof(slot->atr)) {
		slot->card |= CHANNEL_PRESENT | CHANNEL_MUTED;
		return ifd_fail(slot, ERR_MUTE, "the reader handed over an ATR "
		    "of %zu bytes", atr.n);
	}
	memcpy(slot->atr, atr.p, atr.n);
	slot->atr_n = atr.n;
	if (atr_parse(&s->atr, atr) != ERR_OK)
		log_at(LOG_LEVEL_WARN, NULL, "the ATR is odd: %s",
		    atr_flaw_text(s->atr.flaw));
	return on_protocol(slot, pick_protocol(slot));
}

static struct step
rite_done(struct ifd_slot *slot, struct view answer)
{
	const struct framed_traits *t = framed_traits_of(slot);
	struct framed_slot *s = slot->state;

	if (s->op == IFD_POWER_ON || s->op == IFD_PROTOCOL)
		return on_atr(slot, answer);
	if (s->op == IFD_POWER_OFF)
		power_lost(slot);
	if (s->op == IFD_STATUS && t->has_card != NULL && !t->has_card(answer))
		framed_card_left(slot);
	else if (s->op == IFD_STATUS)
		slot->card |= CHANNEL_PRESENT;
	return step_done((struct view){ NULL, 0 });
}

static struct step
rite_refused(struct ifd_slot *slot, enum err e)
{
	struct framed_slot *s = slot->state;

	if (e == ERR_NO_CARD && s->op == IFD_STATUS)
		return step_done((struct view){ NULL, 0 });
	if (s->op == IFD_POWER_ON && s->answered && e != ERR_NO_CARD) {
		power_lost(slot);
		slot->card |= CHANNEL_MUTED;
	}
	return explain(slot, e);
}

struct step
framed_rite_next(struct ifd_slot *slot, enum err e, struct view answer)
{
	struct framed_slot *s = slot->state;
	const struct framed_rite *rite = rite_of(slot);

	if (e == ERR_NO_CARD)
		framed_card_left(slot);
	if (e != ERR_OK && !(s->answered && rite->cmd[s->at].may_fail))
		return rite_refused(slot, e);
	if (++s->at == rite->n)
		return rite_done(slot, answer);
	return rite_step(slot);
}

struct step
framed_rite_begin(struct ifd_slot *slot, enum ifd_op op)
{
	struct framed_slot *s = slot->state;

	s->op = op;
	s->at = 0;
	s->stale = s->stale || rite_of(slot) == &framed_traits_of(slot)->reset;
	if (rite_of(slot)->n == 0)
		return rite_done(slot, (struct view){ NULL, 0 });
	return rite_step(slot);
}

/* ---- APDUs ---- */

static struct step
send_block(struct ifd_slot *slot, const struct step *from)
{
	const struct framed_traits *t = framed_traits_of(slot);
	const struct framed_slot *s = slot->state;
	uint8_t tpdu[T0_TPDU_MAX + 1];
	struct wr w = { .p = tpdu, .cap = sizeof(tpdu) };
	struct step step;

	if (s->protocol == 1 || t->put_tpdu == NULL)
		return framed_send(slot, t->code[s->protocol], from->out,
		    from->wait_ms);
	t->put_tpdu(&w, from->out);
	step = framed_send(slot, t->code[0], wr_done(&w), from->wait_ms);
	secret_wipe(tpdu, sizeof(tpdu));
	return step;
}

/* A step of the card's protocol. Nothing comes unasked, so waits are pauses. */
struct step
framed_carry(struct ifd_slot *slot, struct step step)
{
	struct framed_slot *s = slot->state;

	switch (step.kind) {
	case STEP_SEND:
		return send_block(slot, &step);
	case STEP_WAIT:
	case STEP_PAUSE:
		s->phase = FRAMED_QUIET;
		return step_pause(step.wait_ms);
	case STEP_FAIL:
		if (step.err == ERR_TOO_LONG && s->protocol == 0)
			return ifd_fail(slot, step.err, "over T=0 this reader "
			    "takes short APDUs only (at most 261 bytes)");
		return explain(slot, step.err);
	case STEP_DONE:
	case STEP_CONTROL:
	case STEP_ABORT:
		break;
	}
	return step;
}

/*
 * Whether a command of T=0 was carried out is unknown when its answer is not
 * there, and whether that will come: the card is to be reset.
 */
static struct step
block_failed(struct ifd_slot *slot, enum err e)
{
	struct framed_slot *s = slot->state;

	if (e == ERR_NO_CARD)
		framed_card_left(slot);
	if (e == ERR_UNPOWERED || (s->protocol == 0 && !s->answered))
		power_lost(slot);
	if (s->protocol == 1)
		return framed_carry(slot, t1_failed(&s->t1, e));
	t0_wipe(&s->t0);
	return explain(slot, e);
}

struct step
framed_block_answered(struct ifd_slot *slot, enum err e, struct view data)
{
	struct framed_slot *s = slot->state;

	if (e != ERR_OK)
		return block_failed(slot, e);
	return framed_carry(slot, s->protocol == 1 ? t1_input(&s->t1, data) :
	    t0_input(&s->t0, data));
}

struct step
framed_transmit(struct ifd_slot *slot, struct view bytes)
{
	const struct framed_traits *t = framed_traits_of(slot);
	struct framed_slot *s = slot->state;
	struct apdu a;

	s->op = IFD_TRANSMIT;
	s->answered = false;
	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail((slot->card & CHANNEL_PRESENT) != 0 ?
		    ERR_UNPOWERED : ERR_NO_CARD);
	if (bytes.n < APDU_HEADER)
		return ifd_fail(slot, ERR_ARG, "an APDU has at least 4 bytes, "
		    "this one has %zu", bytes.n);
	if (s->protocol == 1)
		return framed_carry(slot, t1_start(&s->t1, bytes));
	if (apdu_parse(&a, bytes) != ERR_OK)
		return step_fail(ERR_ARG);
	return framed_carry(slot, t0_start(&s->t0, t->level, t->t0_wait_ms,
	    bytes));
}

/* The reader talks to the card about its protocol in a reset only. */
struct step
framed_choose_protocol(struct ifd_slot *slot, uint32_t wanted)
{
	const struct framed_traits *t = framed_traits_of(slot);
	struct framed_slot *s = slot->state;
	uint32_t can = t->protocols & s->atr.protocols & wanted;

	s->answered = false;
	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if ((slot->result & wanted) != 0)
		return step_done((struct view){ NULL, 0 });
	if (s->atr.specific || can == 0)
		return step_fail(ERR_PROTOCOL);
	s->type = (can & CHANNEL_T1) != 0 ? 2 : 1;
	return framed_rite_begin(slot, IFD_PROTOCOL);
}
