/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/iso.h"

#include <string.h>

static struct iso_pin *
find_pin(struct iso *s, uint8_t number)
{
	for (size_t i = 0; i < s->n_pins; i++)
		if (s->pin[i].number == number)
			return &s->pin[i];
	return NULL;
}

uint16_t
iso_access(const struct iso *s, uint8_t rule)
{
	if (rule == ISO_ALWAYS)
		return SW_OK;
	for (size_t i = 0; i < s->n_pins; i++)
		if (s->pin[i].number == rule && s->pin[i].verified)
			return SW_OK;
	return SW_SECURITY;
}

void
iso_forget_pins(struct iso *s)
{
	for (size_t i = 0; i < s->n_pins; i++)
		s->pin[i].verified = false;
}

/* ISO 9564 and many cards pad a PIN with FF or 00 to its longest. */
static size_t
unpadded(struct view v)
{
	size_t n = v.n;

	while (n != 0 && (v.p[n - 1] == 0xff || v.p[n - 1] == 0x00))
		n--;
	return n;
}

static uint16_t
compare(struct iso_secret *k, struct view v)
{
	size_t n = unpadded(v);

	if (k->left == 0)
		return SW_BLOCKED;
	if (n == k->n && memcmp(v.p, k->value, n) == 0) {
		k->left = k->tries;
		return SW_OK;
	}
	k->left--;
	return (uint16_t)(SW_PIN_TRIES | k->left);
}

static uint16_t
set_pin(struct iso_pin *p, struct view v)
{
	size_t n = unpadded(v);

	if (n < p->min || n > p->max)
		return SW_WRONG_DATA;
	explicit_bzero(p->pin.value, sizeof(p->pin.value));
	memcpy(p->pin.value, v.p, n);
	p->pin.n = n;
	p->pin.left = p->pin.tries;
	return SW_OK;
}

/* ISO 7816-4:2005 §7.5.6; without data it tells how things stand. */
uint16_t
iso_verify(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	struct iso_pin *p = find_pin(s, c->p2 & 0x1f);
	uint16_t sw;

	(void)rsp;
	if (c->p1 != 0 || (c->p2 & 0x60) != 0)
		return SW_P1P2;
	if (p == NULL)
		return SW_NOT_FOUND;
	if (c->data.n == 0) {
		if (p->verified)
			return SW_OK;
		return p->pin.left == 0 ? SW_BLOCKED :
		    (uint16_t)(SW_PIN_TRIES | p->pin.left);
	}
	sw = compare(&p->pin, c->data);
	p->verified = sw == SW_OK;
	return sw;
}

/* ISO 7816-4:2005 §7.5.7: P1 = 00, the old PIN followed by the new one. */
uint16_t
iso_change_reference(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	struct iso_pin *p = find_pin(s, c->p2 & 0x1f);
	size_t old;
	uint16_t sw;

	(void)rsp;
	if (c->p1 != 0 || (c->p2 & 0x60) != 0)
		return SW_P1P2;
	if (p == NULL)
		return SW_NOT_FOUND;
	/* padded to the longest each, or the old one as long as it is */
	old = c->data.n == 2 * p->max ? p->max : p->pin.n;
	if (c->data.n <= old)
		return SW_WRONG_LENGTH;
	sw = compare(&p->pin, view_first(c->data, old));
	p->verified = sw == SW_OK;
	return sw == SW_OK ? set_pin(p, view_skip(c->data, old)) : sw;
}

/* ISO 7816-4:2005 §7.5.10; P1: 00 unblock code and new PIN, 01 code only. */
uint16_t
iso_reset_retry(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	struct iso_pin *p = find_pin(s, c->p2 & 0x1f);
	uint16_t sw;

	(void)rsp;
	if (c->p1 > 1 || (c->p2 & 0x60) != 0)
		return SW_P1P2;
	if (p == NULL || p->unblock.n == 0)
		return SW_NOT_FOUND;
	if (c->p1 == 1 ? c->data.n != p->unblock.n :
	    c->data.n <= p->unblock.n)
		return SW_WRONG_LENGTH;
	sw = compare(&p->unblock, view_first(c->data, p->unblock.n));
	if (sw != SW_OK)
		return sw;
	if (c->p1 == 0)
		return set_pin(p, view_skip(c->data, p->unblock.n));
	p->pin.left = p->pin.tries;
	return SW_OK;
}
