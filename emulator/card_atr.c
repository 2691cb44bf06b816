/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card_atr.h"

/* The interface bytes TAi TBi TCi after a Y nibble; absent ones are -1. */
struct group {
	int ta, tb, tc, td;
};

static int
byte_if(struct rd *r, bool there)
{
	int x = there ? rd_u8(r) : -1;

	return r->bad ? -1 : x;
}

static struct group
next_group(struct rd *r, unsigned y)
{
	struct group g;

	g.ta = byte_if(r, (y & 1) != 0);
	g.tb = byte_if(r, (y & 2) != 0);
	g.tc = byte_if(r, (y & 4) != 0);
	g.td = byte_if(r, (y & 8) != 0);
	return g;
}

static uint8_t
or_default(int x, uint8_t otherwise)
{
	return x < 0 ? otherwise : (uint8_t)x;
}

static void
second_group(struct card_atr *a, const struct group *g)
{
	a->wi = or_default(g->tc, 10);
	if (g->ta >= 0) {
		a->specific = true;
		a->first = (uint8_t)(g->ta & 15);
	}
}

/* The first group after a TD that names T=1, from the third on. */
static void
t1_group(struct card_atr *a, const struct group *g)
{
	a->ifsc = or_default(g->ta, a->ifsc);
	a->bwi_cwi = or_default(g->tb, a->bwi_cwi);
	if (g->tc >= 0)
		a->crc = (g->tc & 1) != 0;
}

void
card_atr_read(struct card_atr *a, struct view atr)
{
	struct rd r = { .in = view_skip(atr, 1) };
	struct group g;
	bool t1_seen = false;
	int t = -1;

	*a = (struct card_atr){ .wi = 10, .ifsc = 32, .bwi_cwi = 0x4d };
	g = next_group(&r, rd_u8(&r) >> 4);
	a->ta1 = or_default(g.ta, 0x11);
	a->tc1 = or_default(g.tc, 0);
	a->first = g.td < 0 ? 0 : (uint8_t)(g.td & 15);
	for (unsigned i = 2; g.td >= 0 && i < 16; i++) {
		t = g.td & 15;
		a->protocols |= t < 15 ? 1u << t : 0;
		g = next_group(&r, (unsigned)g.td >> 4);
		if (i == 2) {
			second_group(a, &g);
		} else if (t == 1 && !t1_seen) {
			t1_seen = true;
			t1_group(a, &g);
		}
	}
	if (a->protocols == 0)
		a->protocols = 1;
}
