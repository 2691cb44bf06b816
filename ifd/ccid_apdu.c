/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/ccid_slot.h"

enum {	/* milliseconds; a reader extends them itself while a card works */
	/* Some readers do not, so an APDU may take as long as a key takes to be
	   made. Waiting costs nothing: whoever is tired of it cancels. */
	APDU_MS = 180000,
	LONG_APDU_MS = 300000,
};

/* A step of the card's protocol, as a command to the reader. */
struct step
ccid_slot_carry(struct ifd_slot *slot, struct step s)
{
	struct ccid_slot *c = slot->state;

	switch (s.kind) {
	case STEP_SEND:
		return ccid_slot_command(slot, STAGE_BLOCK, ccid_xfr_block(
		    card_bwi(&c->card, &s), 0, s.out), s.wait_ms);
	case STEP_WAIT:
	case STEP_PAUSE:
		c->stage = STAGE_QUIET;	/* nothing comes unasked */
		return step_pause(s.wait_ms);
	case STEP_FAIL:
		if (s.err == ERR_TOO_LONG && c->card.protocol == 0)
			return ifd_fail(slot, s.err, "over T=0 this reader "
			    "takes short APDUs only (at most 261 bytes)");
		break;
	case STEP_DONE:
	case STEP_CONTROL:
	case STEP_ABORT:
		break;
	}
	if (!c->announcing)
		return s;
	c->announcing = false;	/* a card that refuses keeps to 32 bytes */
	return ccid_slot_powered(slot);
}

struct step
ccid_slot_on_block(struct ifd_slot *slot, struct step s)
{
	struct ccid_slot *c = slot->state;

	if (s.kind == STEP_DONE)
		return ccid_slot_carry(slot, card_input(&c->card, s.out));
	if (s.err == ERR_MUTE && c->x.rsp.icc == CCID_ICC_ACTIVE)
		return ccid_slot_carry(slot, card_timeout(&c->card));
	s = ccid_slot_carry(slot, card_failed(&c->card, s.err));
	return s.kind == STEP_FAIL ? ccid_slot_explain(slot, s) : s;
}

/* The bytes of a program that are no APDU are not the reader's fault. */
static struct step
start_card(struct ccid_slot *s, struct view bytes)
{
	struct apdu a;

	if (s->card.protocol == 0 && apdu_parse(&a, bytes) != ERR_OK)
		return step_fail(ERR_ARG);
	return card_start(&s->card, bytes);
}

struct step
ccid_slot_transmit(struct ifd_slot *slot, struct view apdu)
{
	struct ccid_slot *s = slot->state;
	const struct ccid_plan *p = &ccid_of(slot)->plan;
	bool slow = ccid_has_quirk(p->quirks, CCID_QUIRK_LONG_T1);

	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail((slot->card & CHANNEL_PRESENT) != 0 ?
		    ERR_UNPOWERED : ERR_NO_CARD);
	if (apdu.n < 4)
		return ifd_fail(slot, ERR_ARG, "an APDU has at least 4 bytes, "
		    "this one has %zu", apdu.n);
	if (p->level == CCID_TPDU)
		return ccid_slot_carry(slot, start_card(s, apdu));
	s->stage = STAGE_APDU;
	return ccid_slot_next(slot, ccid_chain_start(&s->chain, apdu, slow ?
	    LONG_APDU_MS : APDU_MS));
}
