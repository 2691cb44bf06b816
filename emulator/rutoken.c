/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/rutoken.h"

#include <string.h>

enum {
	INS_SELECT = 0xa4,
	INS_DELETE = 0xe4,
	INS_GET_RESPONSE = 0xc0,
	SW1_MORE = 0x61,
};

/* The value of a tag within a list of short TLVs. */
static struct view
find(struct view list, uint8_t tag)
{
	struct rd r = { .in = list };

	while (r.in.n >= 2) {
		uint8_t t = rd_u8(&r), n = rd_u8(&r);
		struct view v = rd_take(&r, n);

		if (!r.bad && t == tag)
			return v;
	}
	return (struct view){ NULL, 0 };
}

/* Two bytes, the lower one first. */
static void
put_turned(uint8_t *at, struct view v)
{
	if (v.n != 2)
		return;
	at[0] = v.p[1];
	at[1] = v.p[0];
}

/* What is in an FCI, as the token has it. */
static void
make_header(struct rutoken *s, struct view fci)
{
	struct view list = find(fci, 0x6f), type;

	memset(s->waiting, 0, sizeof(s->waiting));
	put_turned(s->waiting + 0, find(list, 0x81));
	put_turned(s->waiting + 2, find(list, 0x80));
	put_turned(s->waiting + 6, find(list, 0x83));
	type = find(list, 0x82);
	if (type.n != 0)
		s->waiting[4] = type.p[0];
	s->waits = true;
}

/* The answer to SELECT is fetched at once, and kept in the token's form. */
static void
keep_header(struct rutoken *s, struct card_t0 *t, struct card *c,
    struct wr *out)
{
	uint8_t buf[CARD_T0_OUT_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };
	const uint8_t get[] = { 0, INS_GET_RESPONSE, 0, 0, out->p[1] };

	card_t0_bytes(t, c, (struct view){ get, sizeof(get) }, &w);
	make_header(s, view_skip(view_first(wr_done(&w), w.n - 2), 1));
	out->n = 0;
	wr_be16(out, 0x9000);
}

static void
select_file(struct rutoken *s, struct card_t0 *t, struct card *c,
    struct view ids, struct wr *out)
{
	uint8_t turned[255];

	memcpy(turned, ids.p, ids.n);
	for (size_t i = 0; i + 1 < ids.n; i += 2) {
		turned[i] = ids.p[i + 1];
		turned[i + 1] = ids.p[i];
	}
	card_t0_bytes(t, c, (struct view){ turned, ids.n }, out);
	if (out->n == 2 && out->p[0] == SW1_MORE)
		keep_header(s, t, c, out);
}

static void
give_header(struct rutoken *s, uint8_t le, struct wr *out)
{
	if (le != RUTOKEN_HEADER) {
		wr_be16(out, 0x6c00 | RUTOKEN_HEADER);
		return;
	}
	wr_u8(out, INS_GET_RESPONSE);
	wr_view(out, (struct view){ s->waiting, RUTOKEN_HEADER });
	wr_be16(out, 0x9000);
	s->waits = false;
}

void
rutoken_say(struct rutoken *s, struct card_t0 *t, struct card *c,
    const uint8_t header[CARD_T0_HEADER], struct view bytes, struct wr *out)
{
	bool is_header = t->n == 0;
	bool names_file = header[0] == 0 &&
	    (header[1] == INS_SELECT || header[1] == INS_DELETE);

	if (is_header && s->waits && header[1] == INS_GET_RESPONSE) {
		give_header(s, header[4], out);
		return;
	}
	if (is_header)
		s->waits = false;
	if (names_file && !is_header)
		select_file(s, t, c, bytes, out);
	else
		card_t0_bytes(t, c, bytes, out);
}
