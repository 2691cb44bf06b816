/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ccid_chain.h"

#include "base/secret.h"

void
ccid_chain_init(struct ccid_chain *c, struct ccid_exchange *x, uint8_t *rsp,
    size_t cap)
{
	*c = (struct ccid_chain){ .x = x, .rsp = rsp, .cap = cap };
}

static void
wipe(struct ccid_chain *c)
{
	secret_wipe(c->rsp, c->n);
	c->n = 0;
}

static struct step
fail(struct ccid_chain *c, enum err e)
{
	ccid_exchange_fini(c->x);
	wipe(c);
	c->left = (struct view){ NULL, 0 };
	return step_fail(e);
}

/* An empty block of level `go on` asks for more of the response. */
static struct step
send_part(struct ccid_chain *c, uint16_t level, struct view part)
{
	struct ccid_cmd cmd = ccid_xfr_block(0, level, part);
	struct step s = ccid_exchange_start(c->x, &cmd, c->wait_ms);

	return s.kind == STEP_FAIL ? fail(c, s.err) : s;
}

static struct step
send_next(struct ccid_chain *c, bool is_first)
{
	size_t room = c->x->cap - CCID_HEADER;
	struct view part = view_first(c->left, room);
	bool is_last = part.n == c->left.n;

	c->left = view_skip(c->left, part.n);
	if (is_first)
		return send_part(c,
		    is_last ? CCID_CHAIN_WHOLE : CCID_CHAIN_FIRST, part);
	return send_part(c,
	    is_last ? CCID_CHAIN_LAST : CCID_CHAIN_MIDDLE, part);
}

struct step
ccid_chain_start(struct ccid_chain *c, struct view apdu, uint32_t wait_ms)
{
	wipe(c);
	if (apdu.n > CCID_CHAIN_APDU_MAX || c->x->cap <= CCID_HEADER)
		return step_fail(ERR_TOO_LONG);
	c->left = apdu;
	c->parts = 0;
	c->wait_ms = wait_ms;
	return send_next(c, true);
}

static bool
append(struct ccid_chain *c, struct view part)
{
	struct wr w = { .p = c->rsp, .cap = c->cap, .n = c->n };

	wr_view(&w, part);
	c->n = w.n;
	return !w.bad;
}

/* A part of the response: the first begins it, the others go on with it. */
static struct step
on_part(struct ccid_chain *c, uint8_t param, struct view part)
{
	bool is_first = c->parts == 0;

	if (param == CCID_CHAIN_GO_ON && part.n != 0)
		return fail(c, ERR_FORMAT);
	if (++c->parts > CCID_CHAIN_PARTS_MAX)
		return fail(c, ERR_READER);
	if (!append(c, part))
		return fail(c, ERR_TOO_LONG);
	switch (param) {
	case CCID_CHAIN_WHOLE:
	case CCID_CHAIN_LAST:
		if (is_first != (param == CCID_CHAIN_WHOLE))
			return fail(c, ERR_FORMAT);
		ccid_exchange_fini(c->x);
		return step_done((struct view){ c->rsp, c->n });
	case CCID_CHAIN_FIRST:
	case CCID_CHAIN_MIDDLE:
		if (is_first != (param == CCID_CHAIN_FIRST))
			return fail(c, ERR_FORMAT);
		return send_part(c, CCID_CHAIN_GO_ON, (struct view){ NULL, 0 });
	}
	return fail(c, ERR_FORMAT);
}

/* What the exchange did is passed on, but for its ends. */
static struct step
pass(struct ccid_chain *c, struct step s)
{
	if (s.kind == STEP_FAIL) {
		wipe(c);
		c->left = (struct view){ NULL, 0 };
		return s;
	}
	if (s.kind != STEP_DONE)
		return s;
	/* A response before the command's end is the card's refusal of it. */
	if (c->left.n != 0 && s.out.n == 0)
		return send_next(c, false);
	c->left = (struct view){ NULL, 0 };
	return on_part(c, c->x->rsp.arg, s.out);
}

struct step
ccid_chain_input(struct ccid_chain *c, struct view in)
{
	return pass(c, ccid_exchange_input(c->x, in));
}

struct step
ccid_chain_timeout(struct ccid_chain *c)
{
	return pass(c, ccid_exchange_timeout(c->x));
}

struct step
ccid_chain_cancel(struct ccid_chain *c)
{
	return pass(c, ccid_exchange_cancel(c->x));
}
