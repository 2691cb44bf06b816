/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ccid_state.h"

#include <string.h>

enum {
	APDU_SHORT_MAX = 261,
	/* wLevelParameter and bChainParameter, CCID 1.1 §6.1.4, §6.2.1 */
	CHAIN_WHOLE = 0,
	CHAIN_BEGIN = 1,
	CHAIN_END = 2,
	CHAIN_MIDDLE = 3,
	CHAIN_MORE = 0x10,
	PPS_MIN = 3,
	SW1_MORE = 0x61,
	SW1_EXACT = 0x6c,
	INS_GET_RESPONSE = 0xc0,
	PROCEDURE_NULL = 0x60,
	RESPONSE_SHORT_MAX = 256,
	ROUNDS_MAX = 260,	/* GET RESPONSE for one command */
};

/* Clock and divider of ISO 7816-3 in bits per second, 0 for RFU. */
static uint32_t
bits_per_second(uint32_t clock_khz, uint8_t fidi)
{
	static const uint16_t f[16] = {
		372, 372, 558, 744, 1116, 1488, 1860, 0,
		0, 512, 768, 1024, 1536, 2048, 0, 0
	};
	static const uint8_t di[16] = {
		0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0
	};

	return f[fidi >> 4] == 0 ? 0 :
	    clock_khz * 1000 / f[fidi >> 4] * di[fidi & 15];
}

/* Both ends at one speed, and not above what the reader really can do. */
static bool
line_works(const struct usb_device *d, const struct ccid_slot *s)
{
	const struct ccid_traits *t = ccid_traits(d);
	uint32_t limit = d->limit_bps != 0 ? d->limit_bps : t->limit_bps;

	return s->params[0] == s->card_fidi && (limit == 0 ||
	    bits_per_second(t->clock_khz, s->params[0]) <= limit);
}

/* Time for what the card did just now. */
static uint32_t
time_taken(const struct card *card, uint64_t executed_before)
{
	return card->executed == executed_before ? 0 : card->busy_ms;
}

/* A card that cannot be understood is a mute one. */
static bool
refused_speed(struct usb_device *d, const struct ccid_msg *m)
{
	if (line_works(d, ccid_slot(d, m->slot)))
		return false;
	ccid_refuse(d, RDR_DATA_BLOCK, m, E_MUTE);
	return true;
}

static uint8_t
sw1(const struct wr *rsp)
{
	return rsp->n < 2 ? 0 : rsp->p[rsp->n - 2];
}

/* What may be asked for of what SW2 announces: an answer has 256 bytes. */
static uint8_t
fits(const struct wr *rsp, uint8_t sw2)
{
	size_t left = RESPONSE_SHORT_MAX - (rsp->n - 2);
	size_t more = sw2 == 0 ? 256 : sw2;

	return (uint8_t)(more < left ? more : left);
}

/*
 * A short APDU over T=0, as a reader at APDU level does it: 6Cxx and 61xx are
 * followed, with the class of the command (bClassGetResponse FF). What is behind
 * 256 bytes is left for the host to ask for.
 */
static void
t0_apdu(struct ccid_slot *s, struct card *card, struct view apdu,
    struct wr *rsp)
{
	uint8_t tpdu[CARD_T0_HEADER + 255] = { 0 };
	size_t n = apdu.n < 5 ? 5 : apdu.n;

	memcpy(tpdu, apdu.p, apdu.n < sizeof(tpdu) ? apdu.n : sizeof(tpdu));
	if (apdu.n > 5)
		n = 5 + (size_t)apdu.p[4];	/* case 4 goes without its Le */
	card_t0_tpdu(&s->t0, card, (struct view){ tpdu, n }, rsp);
	for (int i = 0; i < ROUNDS_MAX; i++) {
		uint8_t sw2 = rsp->n < 2 ? 0 : rsp->p[rsp->n - 1];

		if (sw1(rsp) == SW1_EXACT && n == 5)
			tpdu[4] = sw2;
		else if (sw1(rsp) == SW1_MORE && apdu.n != 4 &&
		    rsp->n - 2 < RESPONSE_SHORT_MAX)
			memcpy(tpdu, (uint8_t[]){ apdu.p[0], INS_GET_RESPONSE,
			    0, 0, fits(rsp, sw2) }, 5);
		else
			break;
		rsp->n -= 2;
		n = 5;
		card_t0_tpdu(&s->t0, card, (struct view){ tpdu, n }, rsp);
	}
	explicit_bzero(tpdu, sizeof(tpdu));
}

/* Is this a whole short APDU? ISO 7816-3:2006 §12.1.3 */
static bool
is_short_apdu(struct view v)
{
	size_t lc;

	if (v.n < 4 || v.n > APDU_SHORT_MAX)
		return false;
	if (v.n <= 5)
		return true;
	lc = v.p[4];
	return lc != 0 && (v.n == 5 + lc || v.n == 6 + lc);
}

static void
run_apdu(struct usb_device *d, unsigned slot, struct view apdu, struct wr *rsp)
{
	struct ccid_slot *s = ccid_slot(d, slot);
	struct card *card = d->slot[slot].card;

	s->fresh = false;
	if (s->protocol == 0)
		t0_apdu(s, card, apdu, rsp);
	else
		card_apdu(card, apdu, rsp);
}

static void
xfr_short(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid_slot *s = ccid_slot(d, m->slot);
	struct card *card = d->slot[m->slot].card;
	struct wr rsp = { s->rsp, sizeof(s->rsp), 0, false };
	uint64_t before = card->executed;

	if (m->arg[1] != 0 || m->arg[2] != 0) {
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_LEVEL_PARAMETER);
		return;
	}
	if (!is_short_apdu(m->data)) {
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_LENGTH);
		return;
	}
	if (refused_speed(d, m))
		return;
	run_apdu(d, m->slot, m->data, &rsp);
	ccid_answer_later(d, m, wr_done(&rsp), 0, time_taken(card, before));
	explicit_bzero(s->rsp, rsp.n);
}

/* Extended level: commands and responses in parts. */

/* The next part of the response that is held in s->rsp. */
static void
answer_part(struct usb_device *d, const struct ccid_msg *m, uint32_t delay_ms)
{
	struct ccid_slot *s = ccid_slot(d, m->slot);
	size_t room = ccid_traits(d)->max_message - CCID_HEADER;
	struct view left = view_skip((struct view){ s->rsp, s->rsp_n },
	    s->rsp_at);
	struct view part = view_first(left, room);
	bool first = s->rsp_at == 0, last = part.n == left.n;

	s->rsp_at += part.n;
	ccid_answer_later(d, m, part,
	    first ? (last ? CHAIN_WHOLE : CHAIN_BEGIN) :
	    (last ? CHAIN_END : CHAIN_MIDDLE), delay_ms);
	if (last) {
		explicit_bzero(s->rsp, s->rsp_n);
		s->rsp_n = s->rsp_at = 0;
	}
}

static void
run_chained(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid_slot *s = ccid_slot(d, m->slot);
	struct card *card = d->slot[m->slot].card;
	struct wr rsp = { s->rsp, sizeof(s->rsp), 0, false };
	struct view apdu = { s->cmd, s->cmd_n };
	uint64_t before = card->executed;

	s->cmd_open = false;
	if (apdu.n < 4 || (s->protocol == 0 && !is_short_apdu(apdu))) {
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_LENGTH);
		return;
	}
	if (refused_speed(d, m))
		return;
	run_apdu(d, m->slot, apdu, &rsp);
	explicit_bzero(s->cmd, s->cmd_n);
	s->rsp_n = rsp.n;
	s->rsp_at = 0;
	answer_part(d, m, time_taken(card, before));
}

/* Does the part fit to what came before it? */
static bool
level_fits(const struct ccid_slot *s, const struct ccid_msg *m)
{
	bool rest_waits = s->rsp_at != 0;

	if (m->arg[2] != 0)
		return false;
	switch (m->arg[1]) {
	case CHAIN_WHOLE:
	case CHAIN_BEGIN:
		return !s->cmd_open && !rest_waits;
	case CHAIN_MIDDLE:
	case CHAIN_END:
		return s->cmd_open;
	case CHAIN_MORE:
		return rest_waits && m->length == 0;
	default:
		return false;
	}
}

static void
xfr_extended(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid_slot *s = ccid_slot(d, m->slot);
	uint8_t level = m->arg[1];

	if (!level_fits(s, m)) {
		s->cmd_open = false;
		s->rsp_n = s->rsp_at = 0;
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_LEVEL_PARAMETER);
		return;
	}
	if (level == CHAIN_MORE) {
		answer_part(d, m, 0);
		return;
	}
	if (level == CHAIN_WHOLE || level == CHAIN_BEGIN)
		s->cmd_n = 0;
	if (m->data.n > sizeof(s->cmd) - s->cmd_n) {
		s->cmd_open = false;
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_LENGTH);
		return;
	}
	if (m->data.n != 0)
		memcpy(s->cmd + s->cmd_n, m->data.p, m->data.n);
	s->cmd_n += m->data.n;
	s->cmd_open = true;
	if (level == CHAIN_WHOLE || level == CHAIN_END)
		run_chained(d, m);
	else
		ccid_answer_later(d, m, (struct view){ NULL, 0 }, CHAIN_MORE,
		    0);
}

/* TPDU and character level */

/* PPS, ISO 7816-3:2006 §9: accepted as asked when the card can do it. */
static bool
pps(struct ccid_slot *s, const struct card *card, struct view v,
    struct wr *rsp)
{
	uint8_t x = 0, fidi;
	bool has_fidi;

	if (!s->fresh || card->offer.specific || v.n < PPS_MIN ||
	    v.p[0] != 0xff)
		return false;
	for (size_t i = 0; i < v.n; i++)
		x ^= v.p[i];
	has_fidi = (v.p[1] & 0x10) != 0;
	fidi = has_fidi ? v.p[2] : FIDI_DEFAULT;
	if (x != 0 || v.n != PPS_MIN + (size_t)has_fidi ||
	    (v.p[1] & 0xe0) != 0 ||
	    (card->offer.protocols & 1u << (v.p[1] & 15)) == 0 ||
	    bits_per_second(1000, fidi) >
	    bits_per_second(1000, card->offer.ta1))
		return true;		/* not understood: silence */
	s->card_fidi = fidi;
	wr_view(rsp, v);
	return true;
}

/* T=0 byte by byte; faults: NULL bytes first, or silence. */
static void
t0_bytes(struct usb_device *d, unsigned slot, struct view v, struct wr *rsp)
{
	struct fault f = fault_next(&d->fault, FAULT_ON_BLOCK);

	if (f.kind == FAULT_CARD_WTX)
		wr_fill(rsp, PROCEDURE_NULL, f.value & 0xff);
	card_t0_bytes(&ccid_slot(d, slot)->t0, d->slot[slot].card, v, rsp);
	if (f.kind == FAULT_CARD_MUTE)
		rsp->n = 0;
}

static void
run_tpdu(struct usb_device *d, unsigned slot, struct view v, struct wr *rsp)
{
	struct ccid_slot *s = ccid_slot(d, slot);
	struct card *card = d->slot[slot].card;
	bool was_pps = pps(s, card, v, rsp);

	s->fresh = false;
	if (was_pps || !line_works(d, s))
		return;
	if (s->protocol == 1)
		card_t1_block(&s->t1, card, &d->fault, v, rsp);
	else if (ccid_level(d) == CCID_LEVEL_CHARACTER)
		t0_bytes(d, slot, v, rsp);
	else if (v.n >= CARD_T0_HEADER)
		card_t0_tpdu(&s->t0, card, v, rsp);
}

static void
xfr_tpdu(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid_slot *s = ccid_slot(d, m->slot);
	struct card *card = d->slot[m->slot].card;
	struct wr rsp = { s->rsp, sizeof(s->rsp), 0, false };
	uint64_t before = card->executed;
	uint32_t after_ms;

	if (m->arg[1] != 0 || m->arg[2] != 0) {
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_LEVEL_PARAMETER);
		return;
	}
	run_tpdu(d, m->slot, m->data, &rsp);
	after_ms = s->protocol == 1 ? s->t1.after_ms : time_taken(card, before);
	if (rsp.n == 0)
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_MUTE);
	else
		ccid_answer_later(d, m, wr_done(&rsp), 0, after_ms);
	explicit_bzero(s->rsp, rsp.n);
}

/*
 * Character level: the bytes go to the card as they are, and wLevelParameter
 * says how many are wanted back; what the card sent beyond them waits.
 */
static void
xfr_character(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid_slot *s = ccid_slot(d, m->slot);
	struct card *card = d->slot[m->slot].card;
	struct wr rsp = { s->rsp, sizeof(s->rsp), s->rsp_n, false };
	size_t want = (size_t)m->arg[1] | (size_t)m->arg[2] << 8;
	uint64_t before = card->executed;

	if (m->data.n != 0) {
		rsp.n = 0;
		run_tpdu(d, m->slot, m->data, &rsp);
	}
	s->rsp_n = rsp.n;
	if (want > s->rsp_n) {
		s->rsp_n = 0;
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_MUTE);
		return;
	}
	ccid_answer_later(d, m, (struct view){ s->rsp, want }, 0,
	    time_taken(card, before));
	s->rsp_n -= want;
	memmove(s->rsp, s->rsp + want, s->rsp_n);
}

void
ccid_xfr_block(struct usb_device *d, const struct ccid_msg *m)
{
	if (ccid_unpowered(d, RDR_DATA_BLOCK, m))
		return;
	switch (ccid_level(d)) {
	case CCID_LEVEL_SHORT:
		xfr_short(d, m);
		return;
	case CCID_LEVEL_EXTENDED:
		xfr_extended(d, m);
		return;
	case CCID_LEVEL_TPDU:
		xfr_tpdu(d, m);
		return;
	default:
		xfr_character(d, m);
	}
}
