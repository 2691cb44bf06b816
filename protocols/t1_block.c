/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/t1_block.h"

enum {	/* the protocol control byte */
	PCB_R = 0x80,
	PCB_S = 0xc0,
	PCB_KIND = 0xc0,
	PCB_I_SEQ = 0x40,
	PCB_I_MORE = 0x20,
	PCB_I_RESERVED = 0x1f,
	PCB_R_SEQ = 0x10,
	PCB_R_RESERVED = 0x2c,
	PCB_R_ERROR = 0x03,
	PCB_S_RESPONSE = 0x20,
	PCB_S_RESERVED = 0x1c,
	PCB_S_TYPE = 0x03,
};

/* How much information each S-block carries, by enum t1_s. */
static const uint8_t s_inf_len[] = {
	[T1_S_RESYNCH] = 0,
	[T1_S_IFS] = 1,
	[T1_S_ABORT] = 0,
	[T1_S_WTX] = 1,
};

static uint16_t
lrc(struct view v)
{
	uint8_t x = 0;

	for (size_t i = 0; i < v.n; i++)
		x ^= v.p[i];
	return x;
}

/*
 * ISO/IEC 13239 as smart card software reads it: x^16 + x^12 + x^5 + 1, low bit
 * first, from FFFF, not inverted, sent high byte first. The standard leaves
 * doubts and a few readers compute something else; this is what libccid and
 * the OsEID card agree on, and what readers of TPDU level carry unchanged.
 */
static uint16_t
crc16(struct view v)
{
	unsigned x = 0xffff;

	for (size_t i = 0; i < v.n; i++) {
		x ^= v.p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			x = (x & 1) != 0 ? x >> 1 ^ 0x8408 : x >> 1;
	}
	return (uint16_t)x;
}

static enum err
parse_i(struct t1_block *b, uint8_t pcb)
{
	b->kind = T1_I;
	b->seq = (pcb & PCB_I_SEQ) != 0;
	b->more = (pcb & PCB_I_MORE) != 0;
	return (pcb & PCB_I_RESERVED) == 0 ? ERR_OK : ERR_FORMAT;
}

static enum err
parse_r(struct t1_block *b, uint8_t pcb)
{
	b->kind = T1_R;
	b->seq = (pcb & PCB_R_SEQ) != 0;
	b->error = (enum t1_r_error)(pcb & PCB_R_ERROR);
	if ((pcb & PCB_R_RESERVED) != 0 || b->error > T1_R_OTHER)
		return ERR_FORMAT;
	return b->inf.n == 0 ? ERR_OK : ERR_FORMAT;
}

static enum err
parse_s(struct t1_block *b, uint8_t pcb)
{
	b->kind = T1_S;
	b->is_response = (pcb & PCB_S_RESPONSE) != 0;
	b->s = (enum t1_s)(pcb & PCB_S_TYPE);
	if ((pcb & PCB_S_RESERVED) != 0)
		return ERR_FORMAT;
	return b->inf.n == s_inf_len[b->s] ? ERR_OK : ERR_FORMAT;
}

static bool
is_zeros(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] != 0)
			return false;
	}
	return true;
}

enum err
t1_block_parse(struct t1_block *b, struct view in, bool crc)
{
	struct rd r = { .in = in };
	uint8_t pcb, len;
	uint16_t edc, want;

	*b = (struct t1_block){ .nad = rd_u8(&r) };
	pcb = rd_u8(&r);
	len = rd_u8(&r);
	if (!r.bad && len > T1_INF_MAX)
		return ERR_FORMAT;
	b->inf = rd_take(&r, len);
	want = crc ? crc16(view_first(in, 3u + len)) :
	    lrc(view_first(in, 3u + len));
	edc = crc ? rd_be16(&r) : rd_u8(&r);
	if (r.bad)
		return ERR_SHORT;
	if (edc != want)
		return ERR_CARD;
	if (!is_zeros(r.in))
		return ERR_FORMAT;
	if ((pcb & PCB_KIND) == PCB_S)
		return parse_s(b, pcb);
	if ((pcb & PCB_KIND) == PCB_R)
		return parse_r(b, pcb);
	return parse_i(b, pcb);
}

static uint8_t
pcb_of(const struct t1_block *b)
{
	unsigned pcb = 0;

	switch (b->kind) {
	case T1_I:
		pcb = (b->seq != 0 ? PCB_I_SEQ : 0u) |
		    (b->more ? PCB_I_MORE : 0u);
		break;
	case T1_R:
		pcb = PCB_R | (b->seq != 0 ? PCB_R_SEQ : 0u) | b->error;
		break;
	case T1_S:
		pcb = PCB_S | (b->is_response ? PCB_S_RESPONSE : 0u) | b->s;
		break;
	}
	return (uint8_t)pcb;
}

void
t1_block_write(struct wr *w, const struct t1_block *b, bool crc)
{
	size_t start = w->n;
	struct view block;

	wr_u8(w, b->nad);
	wr_u8(w, pcb_of(b));
	wr_u8(w, (uint8_t)b->inf.n);
	wr_view(w, b->inf);
	if (b->inf.n > T1_INF_MAX)
		w->bad = true;
	block = view_skip(wr_done(w), start);
	if (crc)
		wr_be16(w, crc16(block));
	else
		wr_u8(w, (uint8_t)lrc(block));
}
