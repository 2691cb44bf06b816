/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ccid_params.h"

enum {
	DEFAULT_TA1 = 0x11,
	/* bmTCCKS (CCID 1.1 §6.1.7) */
	TCCKS_CRC = 0x01,
	TCCKS_INVERSE = 0x02,
	TCCKS_T1 = 0x10,
};

struct ccid_params
ccid_params_of(const struct atr *a, uint8_t protocol, uint8_t ta1)
{
	return (struct ccid_params){
		.protocol = protocol,
		.ta1 = ta1,
		.inverse = a->inverse,
		.crc = protocol == 1 && a->crc,
		.guard = a->guard,
		.wi = a->wi,
		.bwi = a->bwi,
		.cwi = a->cwi,
		.ifsc = a->ifsc,
	};
}

void
ccid_params_write(struct wr *w, const struct ccid_params *p)
{
	unsigned tccks = p->inverse ? TCCKS_INVERSE : 0;

	if (p->protocol == 1)
		tccks |= TCCKS_T1 | (p->crc ? TCCKS_CRC : 0);
	wr_u8(w, p->ta1);
	wr_u8(w, (uint8_t)tccks);
	wr_u8(w, p->guard);
	wr_u8(w, p->protocol == 1 ? (uint8_t)((unsigned)p->bwi << 4 | (p->cwi & 0xfu)) :
	    p->wi);
	wr_u8(w, p->clock_stop);
	if (p->protocol == 1) {
		wr_u8(w, p->ifsc);
		wr_u8(w, p->nad);
	}
}

enum err
ccid_params_parse(struct ccid_params *p, uint8_t protocol, struct view in)
{
	struct rd r = { .in = in };
	uint8_t tccks, wi;

	if (protocol > 1)
		return ERR_PROTOCOL;
	*p = (struct ccid_params){ .protocol = protocol };
	p->ta1 = rd_u8(&r);
	tccks = rd_u8(&r);
	p->inverse = (tccks & TCCKS_INVERSE) != 0;
	p->guard = rd_u8(&r);
	wi = rd_u8(&r);
	p->clock_stop = rd_u8(&r);
	if (protocol == 1) {
		p->crc = (tccks & TCCKS_CRC) != 0;
		p->bwi = wi >> 4;
		p->cwi = wi & 0xf;
		p->ifsc = rd_u8(&r);
		p->nad = rd_u8(&r);
	} else {
		p->wi = wi;
	}
	if (r.bad)
		return ERR_SHORT;
	return r.in.n == 0 ? ERR_OK : ERR_FORMAT;
}

/* ---- speed ---- */

static struct ccid_speed
speed_at(uint8_t ta1, uint32_t clock_khz)
{
	uint16_t fi;
	uint8_t di;

	if (!atr_speed(ta1, &fi, &di))
		ta1 = DEFAULT_TA1;
	return (struct ccid_speed){ ta1,
		(uint32_t)((uint64_t)clock_khz * 1000 * di / fi) };
}

/* Readers round their tables in their own ways: 1 % is the same rate. */
static bool
is_same_rate(uint32_t a, uint32_t b)
{
	return (a > b ? a - b : b - a) <= b / 100;
}

static bool
reader_can(const struct ccid_plan *p, const struct ccid_rates *rates,
    uint32_t rate)
{
	if (rate > p->max_data_rate && !is_same_rate(rate, p->max_data_rate))
		return false;
	if (rates == NULL || rates->n == 0)
		return true;
	for (size_t i = 0; i < rates->n; i++)
		if (is_same_rate(rate, rates->rate[i]))
			return true;
	return false;
}

struct ccid_speed
ccid_speed_choose(const struct atr *a, const struct ccid_plan *p,
    const struct ccid_rates *rates, uint32_t below)
{
	/* codes of D, fastest first: 64, 32, 20, 16, 12, 8, 4, 2 */
	static const uint8_t codes[] = { 7, 6, 9, 5, 8, 4, 3, 2 };
	uint32_t clock_khz = p->default_clock_khz;
	struct ccid_speed slowest = speed_at(DEFAULT_TA1, clock_khz);
	struct ccid_speed fastest = speed_at(a->ta1, clock_khz);

	if (a->specific)
		return a->implicit ? slowest : fastest;
	for (size_t i = 0; i < sizeof(codes); i++) {
		struct ccid_speed s = speed_at((uint8_t)((a->ta1 & 0xf0) |
		    codes[i]), clock_khz);

		if (s.rate > fastest.rate || s.rate <= slowest.rate ||
		    (below != 0 && s.rate >= below))
			continue;
		if (reader_can(p, rates, s.rate))
			return s;
	}
	return slowest;
}
