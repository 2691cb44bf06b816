/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/ccid.h"

/*
 * Bytes for the card: a machine (T=0, T=1, PPS) speaks with it, and each of its
 * messages becomes an XfrBlock (CCID 1.1 §6.1.4). At TPDU level that carries a
 * command or a block and brings the answer to it; at character level it carries
 * bytes and says how many are awaited, and further empty ones ask for more.
 */

enum {
	PROLOGUE = 3,		/* NAD PCB LEN */
	LEN_AT = 2,
	LEN_RFU = 255,
};

/* ICCD version A is of character level in name only: it takes T=0 commands. */
static bool
by_character(const struct ifd_slot *slot)
{
	const struct ccid_plan *p = &ccid_of(slot)->plan;

	return p->level == CCID_CHARACTER && p->transport != CCID_ICCD_A;
}

/* How many bytes the card will send. */
static size_t
awaited(const struct ccid_slot *s)
{
	size_t whole;

	if (s->machine == CCID_BY_T0)
		return t0_expects(&s->t0);
	if (s->machine == CCID_BY_PPS)
		return pps_expects(&s->pps);
	if (s->block_n < PROLOGUE)
		return PROLOGUE - s->block_n;
	whole = PROLOGUE + s->block[LEN_AT] + (s->t1.params.crc ? 2u : 1u);
	return whole > s->block_n ? whole - s->block_n : 0;
}

/*
 * wLevelParameter: how many bytes to ask the card for, at character level. ICCD
 * has one byte for it, and O2Micro readers lose answers that fill their packets.
 */
static uint16_t
expected(const struct ifd_slot *slot)
{
	const struct ccid_plan *p = &ccid_of(slot)->plan;
	size_t n = by_character(slot) ? awaited(slot->state) : 0;

	if (p->transport == CCID_ICCD_B && n > UINT8_MAX)
		n = UINT8_MAX;
	if (ccid_has_quirk(p->quirks, CCID_QUIRK_SPLIT_64) && n > 1 &&
	    (n + CCID_HEADER) % 64 == 0)
		n--;
	return (uint16_t)n;
}

/* bBWI, the factor of the block waiting time that an S(WTX) has granted. */
static uint8_t
extension(const struct ccid_slot *s, uint32_t wait_ms)
{
	uint32_t factor;

	if (s->machine != CCID_BY_T1 || wait_ms <= s->t1.params.bwt_ms)
		return 0;
	factor = wait_ms / s->t1.params.bwt_ms;
	return factor < UINT8_MAX ? (uint8_t)factor : UINT8_MAX;
}

static struct step
xfr(struct ifd_slot *slot, struct view out, uint32_t wait_ms)
{
	struct ccid_slot *s = slot->state;
	struct ccid_cmd cmd = ccid_xfr_block(extension(s, wait_ms),
	    expected(slot), out);

	return ccid_exchange_start(&s->x, &cmd, wait_ms + CCID_BLOCK_MS);
}

/* What a machine wants, said to the reader. */
static struct step
relay(struct ifd_slot *slot, struct step step)
{
	struct ccid_slot *s = slot->state;

	if (step.kind == STEP_SEND) {
		s->block_n = 0;
		return xfr(slot, step.out, step.wait_ms);
	}
	if (step.kind != STEP_WAIT)
		return step;
	if (s->machine == CCID_BY_T1)	/* nothing comes that is not asked for */
		return step_pause(step.wait_ms);
	if (!by_character(slot))
		return step_fail(ERR_CARD);
	return xfr(slot, (struct view){ NULL, 0 }, step.wait_ms);
}

struct step
ccid_speak(struct ifd_slot *slot, enum ccid_stage stage,
    enum ccid_machine machine, struct step first)
{
	struct ccid_slot *s = slot->state;

	s->stage = stage;
	s->machine = machine;
	s->fresh = false;
	return ccid_next(slot, relay(slot, first));
}

/* Collects a block of T=1; false: its rest is to be asked for. */
static bool
block_is_whole(struct ccid_slot *s, struct view part)
{
	struct wr w = { .p = s->block, .cap = sizeof(s->block),
		.n = s->block_n };

	wr_view(&w, part);
	s->block_n = w.n;
	if (w.bad || part.n == 0 || w.n < PROLOGUE)
		return true;		/* and bad, which T=1 will see */
	return s->block[LEN_AT] == LEN_RFU || awaited(s) == 0;
}

static struct step
t1_heard(struct ifd_slot *slot, struct view in)
{
	struct ccid_slot *s = slot->state;

	if (!by_character(slot))
		return relay(slot, t1_input(&s->t1, in));
	if (!block_is_whole(s, in))
		return xfr(slot, (struct view){ NULL, 0 },
		    s->t1.params.bwt_ms);
	return relay(slot, t1_input(&s->t1,
	    (struct view){ s->block, s->block_n }));
}

static struct step
heard(struct ifd_slot *slot, struct view in)
{
	struct ccid_slot *s = slot->state;

	if (s->machine == CCID_BY_T0)
		return relay(slot, t0_input(&s->t0, in));
	if (s->machine == CCID_BY_PPS)
		return relay(slot, pps_input(&s->pps, in));
	return t1_heard(slot, in);
}

/* T=1 recovers from a lost block; T=0 and PPS do not. Nor is it tried where
   another speed is the better cure. */
static struct step
lost(struct ifd_slot *slot, enum err why)
{
	struct ccid_slot *s = slot->state;

	if (s->machine == CCID_BY_T0)
		t0_wipe(&s->t0);
	if (s->machine != CCID_BY_T1 || s->x.stuck || (s->stage == CCID_STAGE_IFSD &&
	    ccid_speed_may_be_why(slot, why)))
		return step_fail(why);
	return relay(slot, t1_failed(&s->t1, why));
}

struct step
ccid_heard(struct ifd_slot *slot, struct step step)
{
	const struct ccid_slot *s = slot->state;

	if (s->machine == CCID_NO_MACHINE || s->machine == CCID_BY_CHAIN)
		return step;
	if (step.kind == STEP_DONE)
		return heard(slot, step.out);
	return step.kind == STEP_FAIL ? lost(slot, step.err) : step;
}

struct step
ccid_pause_over(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	return relay(slot, t1_timeout(&s->t1));
}

void
ccid_t1_prepare(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;
	const struct ccid_plan *p = &ccid_of(slot)->plan;
	size_t room = p->max_data - PROLOGUE - (s->atr.crc ? 2 : 1);
	struct t1_params params = {
		.crc = s->atr.crc,
		.ifsc = s->atr.ifsc < room ? s->atr.ifsc : (uint8_t)room,
		.ifsd = p->host_ifs ? 32 : p->ifsd,
		.bwt_ms = atr_bwt_ms(&s->atr, p->default_clock_khz),
	};

	s->t1_err = t1_init(&s->t1, &params, s->rsp, s->rsp_cap);
}

/* ---- APDUs ---- */

static struct step
through_chain(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;
	bool slow = ccid_has_quirk(ccid_of(slot)->plan.quirks,
	    CCID_QUIRK_LONG_T1);

	s->stage = CCID_STAGE_APDU;
	s->machine = CCID_BY_CHAIN;
	return ccid_next(slot, ccid_chain_start(&s->chain, s->apdu, slow ?
	    CCID_LONG_APDU_MS : CCID_APDU_MS));
}

static struct step
through_t0(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;
	uint32_t wwt_ms = atr_wwt_ms(&s->atr,
	    ccid_of(slot)->plan.default_clock_khz);
	bool chars = by_character(slot);
	struct step first = t0_start(&s->t0, chars ? T0_CHARACTER : T0_TPDU,
	    chars ? wwt_ms : wwt_ms * T0_RESPONSE_MAX, s->apdu);

	if (first.kind == STEP_FAIL && first.err == ERR_TOO_LONG)
		return ifd_fail(slot, ERR_TOO_LONG, "over T=0 this reader "
		    "takes short APDUs only (at most 261 bytes)");
	if (first.kind == STEP_FAIL)	/* of a program, not of the reader */
		return ifd_fail(slot, ERR_ARG, first.err == ERR_ARG ?
		    "T=0 cannot carry this instruction" :
		    "the bytes are no APDU");
	return ccid_speak(slot, CCID_STAGE_APDU, CCID_BY_T0, first);
}

static struct step
through_t1(struct ifd_slot *slot)
{
	struct ccid_slot *s = slot->state;

	if (s->t1_err != ERR_OK)
		return step_fail(s->t1_err);
	return ccid_speak(slot, CCID_STAGE_APDU, CCID_BY_T1,
	    t1_start(&s->t1, s->apdu));
}

static bool
is_extended(struct view apdu)
{
	struct apdu a;

	return apdu_parse(&a, apdu) == ERR_OK && a.extended;
}

struct step
ccid_transmit(struct ifd_slot *slot)
{
	const struct ccid_slot *s = slot->state;
	const struct ccid_plan *p = &ccid_of(slot)->plan;
	struct view answer;

	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail((slot->card & CHANNEL_PRESENT) != 0 ?
		    ERR_UNPOWERED : ERR_NO_CARD);
	if (ccid_has_quirk(p->quirks, CCID_QUIRK_PSEUDO_APDUS) &&
	    ccid_pseudo_apdu(slot, s->apdu, &answer))
		return step_done(answer);
	if (s->apdu.n < APDU_HEADER)
		return ifd_fail(slot, ERR_ARG, "an APDU has at least 4 bytes, "
		    "this one has %zu", s->apdu.n);
	if (p->level == CCID_SHORT && is_extended(s->apdu))
		return ifd_fail(slot, ERR_TOO_LONG, "this reader takes short "
		    "APDUs only (at most %u bytes)", p->max_apdu);
	if (p->level == CCID_SHORT || p->level == CCID_EXTENDED)
		return through_chain(slot);
	if (s->protocol == 1)
		return through_t1(slot);
	if (s->protocol == 0)
		return through_t0(slot);
	return ifd_fail(slot, ERR_PROTOCOL, "the card speaks T=%u, which "
	    "cannot carry APDUs", s->protocol);
}

/* Commands of ISO 7816-4 that may be sent twice though the first one was
   carried out: they read or select. */
static bool
is_harmless(struct view apdu)
{
	static const uint8_t ins[] = {
		0xa4,			/* SELECT */
		0xb0, 0xb1, 0xb2, 0xb3,	/* READ BINARY, READ RECORD */
		0xca, 0xcb,		/* GET DATA */
		0x84,			/* GET CHALLENGE */
	};

	for (size_t i = 0; i < sizeof(ins); i++)
		if ((apdu.p[0] & 0x80) == 0 && apdu.p[1] == ins[i])
			return true;
	return false;
}

/* A card that does not understand its first command may be too fast. */
struct step
ccid_on_response(struct ifd_slot *slot, struct step step)
{
	struct ccid_slot *s = slot->state;

	if (step.kind == STEP_DONE) {
		ccid_speed_works(slot);
		return step;
	}
	if (!ccid_speed_may_be_why(slot, step.err))
		return ccid_explain(slot, step);
	s->purpose = is_harmless(s->apdu) ? CCID_FOR_APDU : CCID_FOR_NEXT;
	return ccid_slow_down(slot, step.err);
}
