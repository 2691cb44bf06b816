/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/card.h"

#include "base/secret.h"

enum { T0_WAIT_MS = 180000 };	/* NULL bytes may prolong it without end */

enum err
card_reset(struct card *c, uint8_t protocol, const struct atr *atr,
    uint32_t clock_khz, uint32_t slack_ms, uint8_t *rsp, size_t cap)
{
	struct t1_params p = { .crc = atr->crc, .ifsc = atr->ifsc, .ifsd = 32,
		.bwt_ms = atr_bwt_ms(atr, clock_khz) + slack_ms };

	c->protocol = protocol;
	c->wait_ms = T0_WAIT_MS;
	if (protocol == 0)
		return ERR_OK;
	return protocol == 1 ? t1_init(&c->t1, &p, rsp, cap) : ERR_ARG;
}

struct step
card_start(struct card *c, struct view apdu)
{
	return c->protocol == 1 ? t1_start(&c->t1, apdu) :
	    t0_start(&c->t0, T0_TPDU, c->wait_ms, apdu);
}

struct step
card_input(struct card *c, struct view in)
{
	return c->protocol == 1 ? t1_input(&c->t1, in) : t0_input(&c->t0, in);
}

struct step
card_timeout(struct card *c)
{
	return c->protocol == 1 ? t1_timeout(&c->t1) : t0_timeout(&c->t0);
}

/* A T=0 command cannot be recovered: whether it was carried out is unknown. */
struct step
card_failed(struct card *c, enum err err)
{
	if (c->protocol == 1)
		return t1_failed(&c->t1, err);
	t0_wipe(&c->t0);
	return step_fail(err);
}

uint8_t
card_bwi(const struct card *c, const struct step *s)
{
	uint32_t n = c->protocol == 1 ? s->wait_ms / c->t1.params.bwt_ms : 0;

	return (uint8_t)(n <= 1 ? 0 : n > 255 ? 255 : n);
}

void
card_wipe(struct card *c)
{
	if (c->protocol == 0) {
		t0_wipe(&c->t0);
		return;
	}
	secret_wipe(c->t1.rsp, c->t1.n);
	secret_wipe(c->t1.out, sizeof(c->t1.out));
}
