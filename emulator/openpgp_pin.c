/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/openpgp.h"

#include <string.h>

/* What P2 means; the specification, VERIFY. */
static const struct reference {
	uint8_t p2;
	enum pgp_pin_id pin;
	unsigned grants;
} references[] = {
	{ 0x81, PGP_PW1, PGP_PW1_SIGN },
	{ 0x82, PGP_PW1, PGP_PW1_OTHER },
	{ 0x83, PGP_PW3, PGP_PW3_OK },
};

static const size_t shortest[PGP_PINS] = {
	[PGP_PW1]		= 6,
	[PGP_RESETTING_CODE]	= 8,
	[PGP_PW3]		= 8,
};

static const struct reference *
find_reference(uint8_t p2)
{
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
		if (references[i].p2 == p2)
			return &references[i];
	return NULL;
}

static uint16_t
set_pin(struct pgp *s, enum pgp_pin_id id, struct view v)
{
	struct pgp_pin *pin = &s->pin[id];

	if (v.n < shortest[id] || v.n > sizeof(pin->value))
		return SW_WRONG_DATA;
	explicit_bzero(pin->value, sizeof(pin->value));
	memcpy(pin->value, v.p, v.n);
	pin->n = v.n;
	pin->tries = PGP_TRIES;
	return SW_OK;
}

/* Compares and counts. */
static uint16_t
check_pin(struct pgp_pin *pin, struct view v)
{
	if (pin->tries == 0)
		return SW_BLOCKED;
	if (!view_eq(v, (struct view){ pin->value, pin->n })) {
		pin->tries--;
		return SW_SECURITY;	/* not 63Cx: the specification's word */
	}
	pin->tries = PGP_TRIES;
	return SW_OK;
}

uint16_t
pgp_verify(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	const struct reference *r = find_reference(c->p2);
	uint16_t sw;

	(void)rsp;
	if (r == NULL || (c->p1 != 0 && c->p1 != 0xff))
		return SW_P1P2;
	if (c->p1 == 0xff && c->data.n != 0)
		return SW_WRONG_LENGTH;
	if (c->p1 == 0xff) {
		s->verified &= ~r->grants;
		return SW_OK;
	}
	if (c->data.n == 0)
		return (s->verified & r->grants) != 0 ? SW_OK :
		    (uint16_t)(SW_PIN_TRIES | s->pin[r->pin].tries);
	sw = check_pin(&s->pin[r->pin], c->data);
	s->verified &= ~r->grants;
	if (sw == SW_OK)
		s->verified |= r->grants;
	return sw;
}

/* The old PIN, then the new one; where the one ends the card knows. */
uint16_t
pgp_change_reference(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	const struct reference *r = find_reference(c->p2);
	size_t old;
	uint16_t sw;

	(void)rsp;
	if (r == NULL || c->p1 != 0 || r->grants == PGP_PW1_OTHER)
		return SW_P1P2;
	old = s->pin[r->pin].n;
	sw = check_pin(&s->pin[r->pin], view_first(c->data, old));
	if (sw != SW_OK)
		return sw;
	sw = set_pin(s, r->pin, view_skip(c->data, old));
	if (sw == SW_OK)
		s->verified &= ~(r->pin == PGP_PW3 ? (unsigned)PGP_PW3_OK :
		    (unsigned)(PGP_PW1_SIGN | PGP_PW1_OTHER));
	return sw;
}

/* A new PW1, after PW3 or with the resetting code in front. */
uint16_t
pgp_reset_retry(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	struct pgp_pin *code = &s->pin[PGP_RESETTING_CODE];
	size_t n = c->p1 == 0 ? code->n : 0;
	uint16_t sw;

	(void)rsp;
	if (c->p2 != 0x81 || (c->p1 != 0 && c->p1 != 2))
		return SW_P1P2;
	if (c->p1 == 0)
		sw = check_pin(code, view_first(c->data, n));
	else
		sw = pgp_need(s, PGP_PW3_OK);
	return sw == SW_OK ? set_pin(s, PGP_PW1, view_skip(c->data, n)) : sw;
}

uint16_t
pgp_put_resetting_code(struct pgp *s, struct view v)
{
	if (v.n != 0)
		return set_pin(s, PGP_RESETTING_CODE, v);
	explicit_bzero(&s->pin[PGP_RESETTING_CODE], sizeof(struct pgp_pin));
	return SW_OK;
}

void
pgp_put_pin_status(const struct pgp *s, struct wr *w)
{
	wr_u8(w, !s->sign_once);
	wr_fill(w, PGP_PIN_MAX, PGP_PINS);
	for (size_t i = 0; i < PGP_PINS; i++)
		wr_u8(w, s->pin[i].tries);
}

/* The first byte; the lengths may follow but are as they are. */
uint16_t
pgp_set_pin_status(struct pgp *s, struct view v)
{
	if (v.n != 1 && v.n != 4)
		return SW_WRONG_LENGTH;
	if (v.p[0] > 1)
		return SW_WRONG_DATA;
	s->sign_once = v.p[0] == 0;
	return SW_OK;
}

void
pgp_pin_reset(struct pgp *s)
{
	static const char user[] = "123456", admin[] = "12345678";

	explicit_bzero(s->pin, sizeof(s->pin));
	(void)set_pin(s, PGP_PW1, (struct view){ (const uint8_t *)user,
	    sizeof(user) - 1 });
	(void)set_pin(s, PGP_PW3, (struct view){ (const uint8_t *)admin,
	    sizeof(admin) - 1 });
	s->sign_once = true;
}
