/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/card_t1.h"

#include <string.h>

/* PCB, ISO 7816-3:2006 §11.3.2.2 */
enum {
	I_NS = 0x40,
	I_MORE = 0x20,
	R_BLOCK = 0x80,
	R_NR = 0x10,
	R_EDC = 0x01,
	R_OTHER = 0x02,
	S_BLOCK = 0xc0,
	S_RESPONSE = 0x20,
	S_RESYNCH = 0xc0,
	S_IFS = 0xc1,
	S_ABORT = 0xc2,
	S_WTX = 0xc3,
	IFSD_DEFAULT = 32,
	/* 960 * 372 clocks at 3.57 MHz: BWT is 2^BWI of them, §11.4.3 */
	BWT_UNIT_MS = 100,
};

void
card_t1_reset(struct card_t1 *t, const struct card_atr *a)
{
	uint32_t violations = t->violations;

	explicit_bzero(t->cmd, t->cmd_n);
	explicit_bzero(t->rsp, t->rsp_n);
	t->cmd_n = t->rsp_n = t->rsp_at = t->sent_n = 0;
	t->ns = t->nr = 0;
	t->last_n = t->after_n = 0;
	t->asked = false;
	t->violations = violations;
	t->crc = a->crc;
	t->ifsc = a->ifsc;
	t->ifsd = IFSD_DEFAULT;
	t->work_ms = t->after_ms = 0;
	t->wtx_ms = BWT_UNIT_MS / 2u << (a->bwi_cwi >> 4);
}

/*
 * ISO/IEC 13239's x^16 + x^12 + x^5 + 1, least significant bit first; but as
 * readers and cards do it, not inverted and high byte first.
 */
static uint16_t
crc16(struct view v)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < v.n; i++) {
		crc ^= v.p[i];
		for (int k = 0; k < 8; k++)
			crc = (uint16_t)(crc >> 1 ^ ((crc & 1) ? 0x8408 : 0));
	}
	return crc;
}

static void
put_check(const struct card_t1 *t, struct wr *w)
{
	struct view v = { w->p, w->n };
	uint8_t x = 0;

	if (t->crc) {
		uint16_t crc = crc16(v);

		wr_u8(w, (uint8_t)(crc >> 8));
		wr_u8(w, (uint8_t)crc);
		return;
	}
	for (size_t i = 0; i < v.n; i++)
		x ^= v.p[i];
	wr_u8(w, x);
}

static bool
check_good(const struct card_t1 *t, struct view block)
{
	uint8_t buf[CARD_T1_BLOCK_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };
	size_t edc = t->crc ? 2 : 1;

	if (block.n < 3 + edc || block.n > CARD_T1_BLOCK_MAX)
		return false;
	wr_view(&w, view_first(block, block.n - edc));
	put_check(t, &w);
	return view_eq(wr_done(&w), block);
}

/* Makes a block and remembers it, for when it is asked for again. */
static void
make(struct card_t1 *t, uint8_t pcb, struct view inf)
{
	struct wr w = { t->last, sizeof(t->last), 0, false };

	wr_u8(&w, 0);
	wr_u8(&w, pcb);
	wr_u8(&w, (uint8_t)inf.n);
	wr_view(&w, inf);
	put_check(t, &w);
	t->last_n = w.n;
}

static void
make_r(struct card_t1 *t, uint8_t error)
{
	make(t, (uint8_t)(R_BLOCK | (t->nr ? R_NR : 0) | error),
	    (struct view){ NULL, 0 });
}

/* What came was no good: the card's own request again, or what is missing. */
static void
object(struct card_t1 *t, uint8_t error)
{
	if (!t->asked)
		make_r(t, error);
}

static void
make_i(struct card_t1 *t)
{
	struct view left = view_skip((struct view){ t->rsp, t->rsp_n },
	    t->rsp_at);
	struct view inf = view_first(left, t->ifsd);

	t->sent_n = inf.n;
	make(t, (uint8_t)((t->ns ? I_NS : 0) | (inf.n < left.n ? I_MORE : 0)),
	    inf);
}

static void
run(struct card_t1 *t, struct card *c)
{
	struct wr w = { t->rsp, sizeof(t->rsp), 0, false };

	card_apdu(c, (struct view){ t->cmd, t->cmd_n }, &w);
	t->work_ms = c->busy_ms;
	explicit_bzero(t->cmd, t->cmd_n);
	t->cmd_n = 0;
	t->rsp_n = w.n;
	t->rsp_at = 0;
	make_i(t);
}

/* An I-block also says that the card's last one arrived (rule 2.1). */
static void
acknowledge(struct card_t1 *t)
{
	if (t->sent_n == 0)
		return;
	t->rsp_at += t->sent_n;
	t->sent_n = 0;
	t->ns ^= 1;
}

static void
on_i(struct card_t1 *t, struct card *c, uint8_t pcb, struct view inf)
{
	bool chained = t->sent_n != 0 && t->rsp_at + t->sent_n < t->rsp_n;

	if ((pcb & 0x1f) != 0 || ((pcb & I_NS) != 0) != t->nr || chained ||
	    t->asked || inf.n > t->ifsc || inf.n > sizeof(t->cmd) - t->cmd_n) {
		t->violations++;
		object(t, R_OTHER);
		return;
	}
	acknowledge(t);
	t->nr ^= 1;
	if (inf.n != 0)
		memcpy(t->cmd + t->cmd_n, inf.p, inf.n);
	t->cmd_n += inf.n;
	if ((pcb & I_MORE) != 0)
		make_r(t, 0);
	else
		run(t, c);
}

/*
 * N(R) asks for the next block of a chain, or for the last one again; or it
 * waits for an answer to a command that never came.
 */
static void
on_r(struct card_t1 *t, uint8_t pcb)
{
	bool next = ((pcb & R_NR) != 0) != t->ns;

	if (t->asked)
		return;			/* t->last is sent again */
	if (t->sent_n == 0 || (next && t->rsp_at + t->sent_n == t->rsp_n)) {
		make_r(t, R_OTHER);
		return;
	}
	if (next)
		acknowledge(t);
	make_i(t);
}

/* The reader answers what the card asked; then comes what had to wait. */
static void
on_s_response(struct card_t1 *t, uint8_t pcb, struct view inf)
{
	if (!t->asked || pcb != (t->asked_pcb | S_RESPONSE)) {
		t->violations++;
		object(t, R_OTHER);
		return;
	}
	t->asked = false;
	/* less is not held against the other end: it may repeat what it sent */
	if (t->asked_pcb == S_IFS && inf.n == 1 && inf.p[0] > t->ifsc)
		t->ifsc = inf.p[0];
	memcpy(t->last, t->after, t->after_n);
	t->last_n = t->after_n;
}

static void
on_s(struct card_t1 *t, uint8_t pcb, struct view inf)
{
	switch (pcb) {
	case S_RESYNCH:
		t->ns = t->nr = 0;
		t->work_ms = 0;
		t->sent_n = t->cmd_n = 0;
		t->asked = false;
		break;
	case S_IFS:
		if (inf.n != 1 || inf.p[0] == 0 || inf.p[0] == 0xff) {
			t->violations++;
			make_r(t, R_OTHER);
			return;
		}
		t->ifsd = inf.p[0];
		break;
	case S_ABORT:
		t->sent_n = t->cmd_n = 0;
		t->work_ms = 0;
		break;
	default:
		if ((pcb & S_RESPONSE) != 0) {
			on_s_response(t, pcb, inf);
			return;
		}
		t->violations++;
		make_r(t, R_OTHER);
		return;
	}
	make(t, pcb | S_RESPONSE, inf);
}

static void
on_block(struct card_t1 *t, struct card *c, struct view in)
{
	struct view inf = view_skip(in, 3);
	uint8_t pcb;

	if (!check_good(t, in)) {
		object(t, R_EDC);
		return;
	}
	inf = view_first(inf, inf.n - (t->crc ? 2 : 1));
	pcb = in.p[1];
	if (in.p[0] != 0 || in.p[2] != inf.n) {
		t->violations++;
		object(t, R_OTHER);
	} else if ((pcb & 0x80) == 0) {
		on_i(t, c, pcb, inf);
	} else if ((pcb & 0xc0) == R_BLOCK) {
		on_r(t, pcb);
	} else {
		on_s(t, pcb, inf);
	}
}

/* The card asks first; its block waits for the reader's answer. */
static void
ask(struct card_t1 *t, uint8_t pcb, struct view inf)
{
	memcpy(t->after, t->last, t->last_n);
	t->after_n = t->last_n;
	t->asked = true;
	t->asked_pcb = pcb;
	make(t, pcb, inf);
}

/* Half of BWT before it would be over, a card that works on asks for more. */
static void
take_time(struct card_t1 *t)
{
	static const uint8_t one = 1;

	t->after_ms = 0;
	if (t->asked)
		return;
	if (t->work_ms > t->wtx_ms) {
		ask(t, S_WTX, (struct view){ &one, 1 });
		t->after_ms = t->wtx_ms;
	} else {
		t->after_ms = t->work_ms;
	}
	t->work_ms -= t->after_ms;
}

/* What goes wrong on the line with the block in w. */
static void
spoil(const struct card_t1 *t, enum fault_kind kind, struct wr *w)
{
	size_t edc = t->crc ? 2 : 1;

	switch (kind) {
	case FAULT_CARD_MUTE:
		w->n = 0;
		return;
	case FAULT_CARD_EDC:
		w->p[w->n - 1] ^= 0x5a;
		return;
	case FAULT_CARD_NAD:
		w->p[0] = 0x12;
		break;
	case FAULT_CARD_PCB:
		w->p[1] = 0xff;
		break;
	case FAULT_CARD_SEQ:
		w->p[1] ^= (w->p[1] & 0x80) == 0 ? I_NS : R_NR;
		break;
	case FAULT_CARD_LEN:
		w->p[2]++;
		break;
	default:
		return;
	}
	w->n -= edc;
	put_check(t, w);
}

void
card_t1_block(struct card_t1 *t, struct card *c, struct fault_plan *plan,
    struct view in, struct wr *out)
{
	struct fault f = fault_next(plan, FAULT_ON_BLOCK);
	const uint8_t value = (uint8_t)f.value;

	on_block(t, c, in);
	if (f.kind == FAULT_CARD_WTX && !t->asked)
		ask(t, S_WTX, (struct view){ &value, 1 });
	else if (f.kind == FAULT_CARD_IFS && !t->asked)
		ask(t, S_IFS, (struct view){ &value, 1 });
	else if (f.kind == FAULT_CARD_ABORT && !t->asked)
		ask(t, S_ABORT, (struct view){ NULL, 0 });
	else if (f.kind == FAULT_CARD_RESYNCH && !t->asked)
		ask(t, S_RESYNCH, (struct view){ NULL, 0 });
	take_time(t);
	wr_view(out, (struct view){ t->last, t->last_n });
	if (!out->bad && out->n != 0)
		spoil(t, f.kind, out);
}
