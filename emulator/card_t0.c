/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card_t0.h"

#include <string.h>

enum { PROCEDURE_NULL = 0x60, INS_GET_RESPONSE = 0xc0 };

void
card_t0_reset(struct card_t0 *t)
{
	explicit_bzero(t, sizeof(*t));
}

/* The card has an answer with data: GET RESPONSE will ask for so many. */
static void
offer(struct card_t0 *t, struct view rsp, struct wr *out)
{
	size_t le = rsp.n - 2;

	memcpy(t->kept_header, (uint8_t[]){ t->in[0], INS_GET_RESPONSE, 0, 0 },
	    sizeof(t->kept_header));
	memcpy(t->kept, rsp.p, rsp.n);
	t->kept_n = rsp.n;
	wr_be16(out, (uint16_t)(0x6100 | (le & 0xff)));
}

/* Data travel to the card: they are there now. No Le at T=0. */
static void
run_incoming(struct card_t0 *t, struct card *c, struct wr *out)
{
	uint8_t rsp[CARD_T0_OUT_MAX];
	struct wr w = { rsp, sizeof(rsp), 0, false };
	struct view cmd = { t->in, t->in[4] == 0 ? 4 : t->n };

	card_apdu(c, cmd, &w);
	if (w.n > 2 && w.n <= sizeof(t->kept))
		offer(t, wr_done(&w), out);
	else
		wr_view(out, wr_done(&w));
	explicit_bzero(rsp, sizeof(rsp));
}

static void
send_kept(struct card_t0 *t, struct wr *out)
{
	wr_u8(out, t->in[1]);		/* the procedure byte: all of it */
	wr_view(out, (struct view){ t->kept, t->kept_n });
	t->kept_n = 0;
}

static bool
is_kept(const struct card_t0 *t, size_t le)
{
	return t->kept_n == le + 2 && t->kept_n != 0 &&
	    memcmp(t->kept_header, t->in, sizeof(t->kept_header)) == 0;
}

static void
run_outgoing(struct card_t0 *t, struct card *c, struct wr *out)
{
	size_t le = t->in[4] == 0 ? 256 : t->in[4];
	struct wr w = { t->kept, sizeof(t->kept), 0, false };

	if (is_kept(t, le)) {
		send_kept(t, out);
		return;
	}
	card_apdu(c, (struct view){ t->in, CARD_T0_HEADER }, &w);
	memcpy(t->kept_header, t->in, sizeof(t->kept_header));
	t->kept_n = w.n;
	if (w.n == 2) {			/* no data: the status only */
		wr_view(out, (struct view){ t->kept, 2 });
		t->kept_n = 0;
	} else if (w.n == le + 2) {
		send_kept(t, out);
	} else {
		wr_be16(out, (uint16_t)(0x6c00 | ((w.n - 2) & 0xff)));
	}
}

static void
run_command(struct card_t0 *t, struct card *c, struct wr *out)
{
	if (card_takes_data(c, t->in[1])) {
		t->kept_n = 0;
		run_incoming(t, c, out);
	} else {
		run_outgoing(t, c, out);
	}
	explicit_bzero(t->in, sizeof(t->in));
	t->n = 0;
}

void
card_t0_bytes(struct card_t0 *t, struct card *c, struct view in,
    struct wr *out)
{
	for (size_t i = 0; i < in.n; i++) {
		size_t want = CARD_T0_HEADER;

		t->in[t->n++] = in.p[i];
		if (t->n < CARD_T0_HEADER)
			continue;
		if (card_takes_data(c, t->in[1]))
			want += t->in[4];
		if (t->n == want)
			run_command(t, c, out);
		else if (t->n == CARD_T0_HEADER)
			wr_u8(out, t->in[1]);	/* send me all of it */
	}
}

void
card_t0_tpdu(struct card_t0 *t, struct card *card, struct view tpdu,
    struct wr *rsp)
{
	uint8_t buf[CARD_T0_OUT_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };
	struct view header = view_first(tpdu, CARD_T0_HEADER);
	struct view data = view_skip(tpdu, CARD_T0_HEADER), got;

	card_t0_bytes(t, card, header, &w);
	got = wr_done(&w);
	while (got.n != 0 && got.p[0] == PROCEDURE_NULL)
		got = view_skip(got, 1);
	if (got.n != 0 && got.p[0] == header.p[1]) {
		got = view_skip(got, 1);
		if (data.n != 0) {
			w.n = 0;
			card_t0_bytes(t, card, data, &w);
			got = wr_done(&w);
		}
	}
	wr_view(rsp, got);
	explicit_bzero(buf, sizeof(buf));
}
