/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/atr.h"

enum { TS_DIRECT = 0x3b, TS_INVERSE = 0x3f };

static const char *const flaws[] = {
#define X(name, text) [ATR_FLAW_##name] = text,
	ATR_FLAW_LIST(X)
#undef X
};

/* ISO 7816-3:2006 §8.3, TA1; 0 is reserved. */
static const struct {
	uint16_t fi;
	uint16_t fmax_khz;
} clock_rates[16] = {
	{ 372, 4000 }, { 372, 5000 }, { 558, 6000 }, { 744, 8000 },
	{ 1116, 12000 }, { 1488, 16000 }, { 1860, 20000 }, { 0, 0 },
	{ 0, 0 }, { 512, 5000 }, { 768, 7500 }, { 1024, 10000 },
	{ 1536, 15000 }, { 2048, 20000 }, { 0, 0 }, { 0, 0 },
};

static const uint8_t baud_rates[16] = {
	0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0,
};

const char *
atr_flaw_text(enum atr_flaw flaw)
{
	return (unsigned)flaw < ATR_FLAW_COUNT ? flaws[flaw] : "unknown";
}

bool
atr_speed(uint8_t ta1, uint16_t *fi, uint8_t *di)
{
	*fi = clock_rates[ta1 >> 4].fi;
	*di = baud_rates[ta1 & 15];
	if (*fi != 0 && *di != 0)
		return true;
	*fi = ATR_FD;
	*di = ATR_DD;
	return false;
}

uint16_t
atr_fmax_khz(uint8_t ta1)
{
	uint16_t khz = clock_rates[ta1 >> 4].fmax_khz;

	return khz != 0 ? khz : 5000;
}

struct atr_cursor
atr_walk(struct view atr)
{
	struct atr_cursor c = { .rd.in = view_first(atr, ATR_MAX), .index = 1 };
	uint8_t t0;

	rd_u8(&c.rd);		/* TS */
	t0 = rd_u8(&c.rd);	/* 0 when it is not there */
	c.offset = atr.n < 2 ? atr.n : 2;
	c.present = t0 >> 4;
	c.historical_n = t0 & 15;
	return c;
}

/* ISO 7816-3:2006 §8.2.3: the first two levels by place, the rest by group. */
static enum atr_role
role_by_place(const struct atr_item *it)
{
	static const enum atr_role global[2][3] = {
		{ ATR_ROLE_SPEED, ATR_ROLE_VPP, ATR_ROLE_GUARD },
		{ ATR_ROLE_SPECIFIC, ATR_ROLE_VPP, ATR_ROLE_WI },
	};
	static const enum atr_role t1[3] = {
		ATR_ROLE_IFSC, ATR_ROLE_WAITS, ATR_ROLE_EDC,
	};
	static const enum atr_role t15[3] = {
		ATR_ROLE_CLOCK_CLASS, ATR_ROLE_SPU, ATR_ROLE_RESERVED,
	};
	unsigned column = (unsigned)(it->letter - 'A');

	if (it->letter == 'D')
		return ATR_ROLE_NEXT;
	if (it->index <= 2)
		return global[it->index - 1][column];
	if (it->group == 1)
		return t1[column];
	if (it->group == ATR_T15)
		return t15[column];
	return ATR_ROLE_RESERVED;
}

static enum atr_role
role_of(struct atr_cursor *c, const struct atr_item *it)
{
	enum atr_role role = role_by_place(it);
	uint32_t bit = 1u << role;

	/* only the first of a group counts */
	if ((c->seen & bit) != 0 && it->index > 2 && role != ATR_ROLE_NEXT)
		return ATR_ROLE_RESERVED;
	c->seen |= bit;
	return role;
}

bool
atr_next(struct atr_cursor *c, struct atr_item *it)
{
	unsigned column = 0;

	if (c->present == 0 || c->rd.in.n == 0)
		return false;
	while ((c->present & 1u << column) == 0)
		column++;
	c->present &= (uint8_t)~(1u << column);
	it->letter = (char)('A' + column);
	it->index = c->index;
	it->group = c->group;
	it->offset = c->offset++;
	it->value = rd_u8(&c->rd);
	it->role = role_of(c, it);
	if (it->role == ATR_ROLE_NEXT) {
		c->index++;
		c->group = it->value & 15;
		c->present = it->value >> 4;
		if (c->group != 0)	/* §8.2.5 */
			c->needs_tck = true;
	}
	return true;
}

/* The least length, once the walk has gone as far as the input does. */
static size_t
announced(const struct atr_cursor *c)
{
	size_t n = c->offset < 2 ? 2 : c->offset;

	for (unsigned y = c->present; y != 0; y >>= 1)
		n += y & 1;
	return n + c->historical_n + (c->needs_tck ? 1 : 0);
}

enum err
atr_length(size_t *n, struct view prefix)
{
	struct atr_cursor c = atr_walk(prefix);
	struct atr_item it;

	*n = 2;
	if (prefix.n >= 1 && prefix.p[0] != TS_DIRECT &&
	    prefix.p[0] != TS_INVERSE)
		return ERR_FORMAT;
	while (atr_next(&c, &it))
		continue;
	*n = announced(&c);
	return *n <= ATR_MAX ? ERR_OK : ERR_TOO_LONG;
}

static void
apply_speed(struct atr *a, uint8_t ta1)
{
	if (atr_speed(ta1, &a->fi, &a->di))
		a->ta1 = ta1;
	a->fmax_khz = atr_fmax_khz(ta1);
}

static void
apply_specific(struct atr *a, uint8_t ta2)
{
	a->specific = true;
	a->protocol = ta2 & 15;
	a->implicit = (ta2 & 0x10) != 0;
	a->can_change = (ta2 & 0x80) == 0;
}

static void
apply_next(struct atr *a, const struct atr_item *it)
{
	uint8_t t = it->value & 15;

	if (t == ATR_T15)
		return;
	if (a->protocols == 0 && !a->specific)
		a->protocol = t;
	a->protocols |= (uint16_t)(1u << t);
}

static void
apply(struct atr *a, const struct atr_item *it)
{
	uint8_t x = it->value;

	switch (it->role) {
	case ATR_ROLE_SPEED:
		apply_speed(a, x);
		break;
	case ATR_ROLE_GUARD:
		a->guard = x;
		break;
	case ATR_ROLE_SPECIFIC:
		apply_specific(a, x);
		break;
	case ATR_ROLE_WI:
		a->wi = x != 0 ? x : a->wi;
		break;
	case ATR_ROLE_IFSC:
		a->ifsc = x != 0 && x != 255 ? x : a->ifsc;
		break;
	case ATR_ROLE_WAITS:
		a->bwi = x >> 4 <= 9 ? x >> 4 : a->bwi;
		a->cwi = x & 15;
		break;
	case ATR_ROLE_EDC:
		a->crc = (x & 1) != 0;
		break;
	case ATR_ROLE_CLOCK_CLASS:
		a->clock_stop = x >> 6;
		a->classes = x & 0x3f;
		break;
	case ATR_ROLE_NEXT:
		apply_next(a, it);
		break;
	case ATR_ROLE_VPP:
	case ATR_ROLE_SPU:
	case ATR_ROLE_RESERVED:
		break;
	}
}

/* Over everything but TS, with TCK at the end, exclusive or is 0: §8.2.5. */
static bool
tck_holds(struct view atr)
{
	uint8_t x = 0;

	for (size_t i = 1; i < atr.n; i++)
		x ^= atr.p[i];
	return x == 0;
}

static enum atr_flaw
find_flaw(const struct atr_cursor *c, struct view in)
{
	size_t n = announced(c);

	if (in.n >= 1 && in.p[0] != TS_DIRECT && in.p[0] != TS_INVERSE)
		return ATR_FLAW_TS;
	if (n > ATR_MAX)
		return ATR_FLAW_TOO_LONG;
	if (c->needs_tck && c->present == 0 && in.n == n - 1)
		return ATR_FLAW_TCK_MISSING;
	if (in.n < n)
		return ATR_FLAW_SHORT;
	if (in.n > ATR_MAX)
		return ATR_FLAW_TOO_LONG;
	if (in.n > n)
		return ATR_FLAW_TRAILING;
	if (c->needs_tck && !tck_holds(in))
		return ATR_FLAW_TCK_WRONG;
	return ATR_FLAW_NONE;
}

static enum err
flaw_err(enum atr_flaw flaw)
{
	switch (flaw) {
	case ATR_FLAW_NONE:
		return ERR_OK;
	case ATR_FLAW_SHORT:
	case ATR_FLAW_TCK_MISSING:
		return ERR_SHORT;
	case ATR_FLAW_TOO_LONG:
		return ERR_TOO_LONG;
	default:
		return ERR_FORMAT;
	}
}

static const struct atr defaults = {
	.ta1 = 0x11, .fi = ATR_FD, .di = ATR_DD, .fmax_khz = 5000,
	.wi = 10, .ifsc = 32, .bwi = 4, .cwi = 13, .classes = 1,
};

enum err
atr_parse(struct atr *a, struct view in)
{
	struct view kept = view_first(in, ATR_MAX);
	struct atr_cursor c = atr_walk(in);
	struct atr_item it;

	*a = defaults;
	while (atr_next(&c, &it))
		apply(a, &it);
	if (a->protocols == 0)		/* no TD names one: T=0 */
		a->protocols = 1u << 0;
	if (kept.n != 0) {
		memcpy(a->bytes, kept.p, kept.n);
		a->inverse = kept.p[0] == TS_INVERSE;
	}
	a->n = (uint8_t)kept.n;
	a->historical_at = (uint8_t)c.offset;
	a->historical_n = (uint8_t)view_first(c.rd.in, c.historical_n).n;
	a->flaw = find_flaw(&c, in);
	return flaw_err(a->flaw);
}

bool
atr_is_usable(const struct atr *a)
{
	return a->flaw == ATR_FLAW_NONE || a->flaw == ATR_FLAW_TRAILING ||
	    a->flaw == ATR_FLAW_TCK_MISSING || a->flaw == ATR_FLAW_TCK_WRONG;
}

struct view
atr_historical(const struct atr *a)
{
	return (struct view){ a->bytes + a->historical_at, a->historical_n };
}

/* cycles of the card's clock, in milliseconds, rounded up */
static uint32_t
cycles_ms(uint64_t cycles, uint32_t clock_khz)
{
	uint32_t khz = clock_khz < 1000 ? 1000 : clock_khz;
	uint64_t ms = cycles / khz + (cycles % khz != 0);

	return ms == 0 ? 1 : (uint32_t)ms;	/* at most 501351, WI=255 */
}

/* n etu in clock cycles, at the slower of the default and the offered speed */
static uint64_t
etu_cycles(const struct atr *a, uint32_t n)
{
	uint64_t offered = (uint64_t)n * a->fi / a->di + 1;
	uint64_t initial = (uint64_t)n * ATR_FD / ATR_DD;

	return offered > initial ? offered : initial;
}

uint32_t
atr_wwt_ms(const struct atr *a, uint32_t clock_khz)
{
	return cycles_ms((uint64_t)a->wi * 960 * a->fi, clock_khz);
}

uint32_t
atr_bwt_ms(const struct atr *a, uint32_t clock_khz)
{
	return cycles_ms(etu_cycles(a, 11) +
	    ((uint64_t)960 * ATR_FD << a->bwi), clock_khz);
}

uint32_t
atr_cwt_ms(const struct atr *a, uint32_t clock_khz)
{
	return cycles_ms(etu_cycles(a, 11 + (1u << a->cwi)), clock_khz);
}
