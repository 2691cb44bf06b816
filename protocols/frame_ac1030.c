/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/frame.h"

enum {
	STX = 0x02,
	ETX = 0x03,
	MARK = 0x01,
	LONG = 0xff,		/* the length is in the next two bytes */
	STATUS_NO_CARD = 0x6002,
};

static void
put_digits(struct wr *w, struct view v, uint8_t *check)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < v.n; i++) {
		wr_u8(w, (uint8_t)digits[v.p[i] >> 4]);
		wr_u8(w, (uint8_t)digits[v.p[i] & 15]);
		*check ^= v.p[i];
	}
}

static void
write_command(struct wr *w, uint8_t command, struct view data)
{
	uint8_t header[5], check = 0, ignored = 0;
	struct wr h = { .p = header, .cap = sizeof(header) };

	w->bad = w->bad || data.n > FRAME_DATA_MAX;
	wr_u8(&h, MARK);
	wr_u8(&h, command);
	wr_u8(&h, data.n < LONG ? (uint8_t)data.n : LONG);
	if (data.n >= LONG)
		wr_be16(&h, (uint16_t)data.n);
	wr_u8(w, STX);
	put_digits(w, wr_done(&h), &check);
	put_digits(w, data, &check);
	put_digits(w, (struct view){ &check, 1 }, &ignored);
	wr_u8(w, ETX);
}

/* 0 to 15, or 16 for what is no digit. */
static unsigned
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10u;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
}

/* All up to the ETX; the check byte comes out with the rest. */
static enum err
get_digits(struct wr *w, struct view in)
{
	struct rd r = { .in = in };

	for (;;) {
		uint8_t c = rd_u8(&r);
		unsigned high = digit(c), low;

		if (r.bad)
			return ERR_SHORT;
		if (c == ETX)
			return w->bad ? ERR_TOO_LONG : ERR_OK;
		c = rd_u8(&r);
		low = digit(c);
		if (high > 15 || (!r.bad && low > 15))
			return ERR_FORMAT;
		if (r.bad)
			return ERR_SHORT;
		wr_u8(w, (uint8_t)(high << 4 | low));
	}
}

static bool
check_is_good(struct view v)
{
	uint8_t x = 0;

	for (size_t i = 0; i < v.n; i++)
		x ^= v.p[i];
	return v.n != 0 && x == 0;
}

static enum err
parse(struct frame_answer *a, struct view in, uint8_t *room)
{
	struct wr w = { .p = room, .cap = FRAME_ROOM };
	struct rd r;
	enum err e;
	size_t n;

	if (in.n != 0 && in.p[0] != STX)
		return ERR_FORMAT;
	e = get_digits(&w, view_skip(in, 1));
	if (e != ERR_OK)
		return e == ERR_SHORT && in.n >= FRAME_MAX ? ERR_TOO_LONG : e;
	r = (struct rd){ .in = wr_done(&w) };
	if (!check_is_good(r.in) || rd_u8(&r) != MARK)
		return ERR_FORMAT;
	a->status = rd_be16(&r);
	n = rd_u8(&r);
	if (n == LONG)
		n = rd_be16(&r);
	a->data = rd_take(&r, n);
	return r.bad || r.in.n != 1 ? ERR_FORMAT : ERR_OK;
}

/* 9000, and 9001 of a card that speaks T=1. */
static enum err
judge(uint16_t status)
{
	if (status >> 8 == 0x90)
		return ERR_OK;
	return status == STATUS_NO_CARD ? ERR_NO_CARD : ERR_READER;
}

const struct frame_codec frame_ac1030 = {
	.write = write_command,
	.parse = parse,
	.judge = judge,
};
