/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/t1_card.h"

enum { WTX_MULTIPLIER = 1 };

void
t1_card_reset(struct t1_card *c)
{
	c->ns = c->nr = 0;
	c->ifsd = T1_IFS_DEFAULT;
	c->n = 0;
	c->rsp = (struct view){ NULL, 0 };
	c->has_i_out = c->is_asking = c->has_asked_ifsc = false;
	c->wtx_left = 0;
}

static struct view
emit(struct t1_card *c, struct t1_block b)
{
	struct wr w = { .p = c->out, .cap = sizeof(c->out) };

	b.nad = c->nad;
	t1_block_write(&w, &b, c->crc);
	return wr_done(&w);
}

static struct view
send_i(struct t1_card *c)
{
	struct view chunk = view_first(c->rsp, c->ifsd);

	c->chunk = chunk.n;
	c->has_i_out = true;
	return emit(c, (struct t1_block){ .kind = T1_I, .seq = c->ns,
		.more = chunk.n < c->rsp.n, .inf = chunk });
}

static struct view
send_r(struct t1_card *c, enum t1_r_error error)
{
	return emit(c, (struct t1_block){ .kind = T1_R, .seq = c->nr,
		.error = error });
}

static struct view
send_s(struct t1_card *c, enum t1_s s, bool is_response)
{
	struct view inf = { &c->value, s == T1_S_IFS || s == T1_S_WTX };

	return emit(c, (struct t1_block){ .kind = T1_S, .s = s,
		.is_response = is_response, .inf = inf });
}

static struct view
ask(struct t1_card *c, enum t1_s s, uint8_t value)
{
	c->is_asking = true;
	c->asked = s;
	c->value = value;
	return send_s(c, s, false);
}

/* Something is wrong with what came: ask again, or for what is missing. */
static struct view
object(struct t1_card *c, enum t1_r_error error)
{
	return c->is_asking ? send_s(c, c->asked, false) : send_r(c, error);
}

/* The command is run; what stands between it and the answer? */
static struct view
answer(struct t1_card *c)
{
	if (c->ask_ifsc != 0 && !c->has_asked_ifsc) {
		c->has_asked_ifsc = true;
		return ask(c, T1_S_IFS, c->ask_ifsc);
	}
	if (c->wtx_left != 0) {
		c->wtx_left--;
		return ask(c, T1_S_WTX, WTX_MULTIPLIER);
	}
	return send_i(c);
}

static void
acknowledged(struct t1_card *c)
{
	if (!c->has_i_out)
		return;
	c->has_i_out = false;
	c->ns ^= 1;
	c->rsp = view_skip(c->rsp, c->chunk);
}

static struct view
on_i(struct t1_card *c, const struct t1_block *b)
{
	if (c->is_asking || b->seq != c->nr)
		return object(c, T1_R_OTHER);
	acknowledged(c);
	c->nr ^= 1;
	if (b->inf.n > sizeof(c->command) - c->n) {
		c->n = 0;
		return ask(c, T1_S_ABORT, 0);
	}
	if (b->inf.n != 0)
		memcpy(c->command + c->n, b->inf.p, b->inf.n);
	c->n += b->inf.n;
	if (b->more)
		return send_r(c, T1_R_OK);
	c->rsp = c->run(c->arg, (struct view){ c->command, c->n });
	c->n = 0;
	c->wtx_left = c->wtx;
	return answer(c);
}

static struct view
on_r(struct t1_card *c, const struct t1_block *b)
{
	if (c->is_asking || !c->has_i_out)
		return object(c, T1_R_OTHER);
	if (b->seq == c->ns)
		return send_i(c);
	if (c->chunk == c->rsp.n)	/* nothing is left that it could want */
		return send_r(c, T1_R_OTHER);
	acknowledged(c);
	return send_i(c);
}

static struct view
on_s_request(struct t1_card *c, const struct t1_block *b)
{
	switch (b->s) {
	case T1_S_RESYNCH:
		t1_card_reset(c);
		break;
	case T1_S_IFS:
		c->ifsd = c->value = b->inf.p[0];
		break;
	case T1_S_ABORT:
		c->n = 0;
		c->rsp = (struct view){ NULL, 0 };
		break;
	case T1_S_WTX:		/* the interface device may not */
		return object(c, T1_R_OTHER);
	}
	return send_s(c, b->s, true);
}

static struct view
on_s_response(struct t1_card *c, const struct t1_block *b)
{
	if (!c->is_asking || b->s != c->asked ||
	    (b->inf.n != 0 && b->inf.p[0] != c->value))
		return object(c, T1_R_OTHER);
	c->is_asking = false;
	return b->s == T1_S_ABORT ? send_r(c, T1_R_OK) : answer(c);
}

struct view
t1_card_input(struct t1_card *c, struct view in)
{
	struct t1_block b;
	enum err e = t1_block_parse(&b, in, c->crc);

	if (e != ERR_OK)
		return object(c, e == ERR_FORMAT ? T1_R_OTHER : T1_R_EDC);
	c->nad = (uint8_t)(b.nad << 4 | b.nad >> 4);
	switch (b.kind) {
	case T1_I:
		return on_i(c, &b);
	case T1_R:
		return on_r(c, &b);
	case T1_S:
		break;
	}
	return b.is_response ? on_s_response(c, &b) : on_s_request(c, &b);
}
