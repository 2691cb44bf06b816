/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/pps.h"

#include "protocols/atr.h"

enum {
	PPSS = 0xff,
	PPS1_SENT = 0x10,
	TA1_DEFAULT = 0x11,
};

static uint8_t
xor_of(struct view v)
{
	uint8_t x = 0;

	for (size_t i = 0; i < v.n; i++)
		x ^= v.p[i];
	return x;
}

struct step
pps_start(struct pps *p, uint8_t protocol, uint8_t ta1, uint32_t wait_ms)
{
	struct wr w = { .p = p->request, .cap = sizeof(p->request) };

	if (protocol >= ATR_T15)
		return step_fail(ERR_ARG);
	p->protocol = protocol;
	p->ta1 = ta1;
	p->wait_ms = wait_ms != 0 ? wait_ms : 1;
	p->response_n = 0;
	wr_u8(&w, PPSS);
	wr_u8(&w, PPS1_SENT | protocol);
	wr_u8(&w, ta1);
	wr_u8(&w, xor_of(wr_done(&w)));
	p->request_n = (uint8_t)w.n;
	return step_send(wr_done(&w), p->wait_ms);
}

/* PPSS PPS0, a byte for each of bits 5 to 7, PCK. */
static uint8_t
length_by(uint8_t pps0)
{
	return (uint8_t)(3 + (pps0 >> 4 & 1) + (pps0 >> 5 & 1) +
	    (pps0 >> 6 & 1));
}

size_t
pps_expects(const struct pps *p)
{
	size_t n = p->response_n < 2 ? 2 : length_by(p->response[1]);

	return n > p->response_n ? n - p->response_n : 0;
}

/* ISO 7816-3:2006 §9.3: the card may leave out PPS1 but not change it. */
static struct step
judge(struct pps *p)
{
	struct view v = { p->response, p->response_n };
	uint8_t pps0 = p->response[1];

	if (p->response[0] != PPSS || xor_of(v) != 0)
		return step_fail(ERR_CARD);
	if ((pps0 & ~PPS1_SENT) != p->protocol)	/* no PPS2, PPS3 was asked */
		return step_fail(ERR_CARD);
	if ((pps0 & PPS1_SENT) == 0)
		p->ta1 = TA1_DEFAULT;
	else if (p->response[2] != p->ta1)
		return step_fail(ERR_CARD);
	return step_done((struct view){ NULL, 0 });
}

struct step
pps_input(struct pps *p, struct view in)
{
	struct wr w = { .p = p->response, .cap = sizeof(p->response),
		.n = p->response_n };

	wr_view(&w, in);
	if (w.bad)
		return step_fail(ERR_CARD);
	p->response_n = (uint8_t)w.n;
	if (w.n < 2 || w.n < length_by(p->response[1]))
		return in.n == 0 ? step_fail(ERR_CARD) : step_wait(p->wait_ms);
	if (w.n > length_by(p->response[1]))
		return step_fail(ERR_CARD);
	return judge(p);
}

struct step
pps_timeout(struct pps *p)
{
	p->response_n = 0;
	return step_fail(ERR_TIMEOUT);
}
