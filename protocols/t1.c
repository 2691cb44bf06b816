/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/t1.h"

#include "base/secret.h"

/*
 * The rules of error handling are those of ISO 7816-3:2006 §11.6.3: an invalid
 * block or none is answered by an R-block that names the card's I-block we wait
 * for, or by our own S request again; three of these in a row in vain lead to
 * S(RESYNCH request), and three of those in vain mean the card is lost.
 */

static bool
is_ifs(uint8_t n)
{
	return n >= 1 && n <= T1_INF_MAX;
}

enum err
t1_init(struct t1 *t, const struct t1_params *params, uint8_t *rsp, size_t cap)
{
	*t = (struct t1){ .params = *params, .rsp = rsp, .cap = cap };
	if (!is_ifs(params->ifsc) || !is_ifs(params->ifsd) ||
	    params->bwt_ms == 0)
		return ERR_ARG;
	t1_reset(t);
	return ERR_OK;
}

void
t1_reset(struct t1 *t)
{
	t->state = T1_IDLE;
	t->command = (struct view){ NULL, 0 };
	t->ns = t->nr = 0;
	t->ifsc = t->params.ifsc;
	t->ifsd = t->params.ifsd;
	t->in_sync = true;
}

void
t1_wipe(struct t1 *t)
{
	secret_wipe(t->rsp, t->cap);
	secret_wipe(t->out, sizeof(t->out));
	t->n = 0;
	t1_reset(t);
}

bool
t1_is_lost(const struct t1 *t)
{
	return t->state == T1_IDLE && !t->in_sync;
}

size_t
t1_receive_len(const struct t1 *t)
{
	return 3u + t->ifsd + (t->params.crc ? 2 : 1) + 1;
}

static struct step
emit(struct t1 *t, struct t1_block b, uint32_t wait_ms)
{
	struct wr w = { .p = t->out, .cap = sizeof(t->out) };

	b.nad = t->params.nad;
	t1_block_write(&w, &b, t->params.crc);
	return step_send(wr_done(&w), wait_ms);
}

static struct step
send_i(struct t1 *t)
{
	struct view chunk = view_first(t->command, t->ifsc);

	t->chunk = chunk.n;
	t->unacknowledged = true;
	return emit(t, (struct t1_block){ .kind = T1_I, .seq = t->ns,
		.more = chunk.n < t->command.n, .inf = chunk },
	    t->params.bwt_ms);
}

static struct step
send_r(struct t1 *t, enum t1_r_error error)
{
	return emit(t, (struct t1_block){ .kind = T1_R, .seq = t->nr,
		.error = error }, t->params.bwt_ms);
}

static struct step
send_s_request(struct t1 *t, enum t1_s s, struct view inf)
{
	return emit(t, (struct t1_block){ .kind = T1_S, .s = s, .inf = inf },
	    t->params.bwt_ms);
}

static struct step
send_s_response(struct t1 *t, const struct t1_block *request, uint32_t wait_ms)
{
	return emit(t, (struct t1_block){ .kind = T1_S, .s = request->s,
		.is_response = true, .inf = request->inf }, wait_ms);
}

static struct step
send_resynch(struct t1 *t)
{
	return send_s_request(t, T1_S_RESYNCH, (struct view){ NULL, 0 });
}

static struct step
send_ifs(struct t1 *t)
{
	return send_s_request(t, T1_S_IFS, (struct view){ &t->ifsd_asked, 1 });
}

/* Both ends of an exchange come by here: nothing of the command stays. */
static void
finish(struct t1 *t)
{
	t->state = T1_IDLE;
	t->command = (struct view){ NULL, 0 };
	secret_wipe(t->out, sizeof(t->out));
}

static struct step
fail(struct t1 *t, enum err why)
{
	finish(t);
	secret_wipe(t->rsp, t->n);
	t->n = 0;
	return step_fail(why);
}

static struct step
done(struct t1 *t)
{
	finish(t);
	return step_done((struct view){ t->rsp, t->n });
}

static struct step
begin_resynch(struct t1 *t, enum t1_state after)
{
	t->state = T1_RESYNCHING;
	t->after_resynch = after;
	t->resynchs = 1;
	return send_resynch(t);
}

/* The exchange has failed; what is left is to be of one mind with the card. */
static struct step
give_up(struct t1 *t, enum err why)
{
	t->why = why;
	t->in_sync = false;
	t->command = (struct view){ NULL, 0 };
	secret_wipe(t->rsp, t->n);
	t->n = 0;
	return begin_resynch(t, T1_IDLE);
}

/* The answer was damaged, unfit or missing. */
static struct step
retry(struct t1 *t, enum err why, enum t1_r_error error)
{
	if (t->state == T1_RESYNCHING) {
		/* the first cause is what the caller should hear of */
		if (t->after_resynch != T1_IDLE)
			t->why = why;
		if (++t->resynchs > T1_RESYNCHS_MAX)
			return fail(t, t->why);
		return send_resynch(t);
	}
	if (++t->retries > T1_RETRIES_MAX)
		return give_up(t, why);
	return t->state == T1_ASKING_IFS ? send_ifs(t) : send_r(t, error);
}

static struct step
unexpected(struct t1 *t)
{
	return retry(t, ERR_CARD, T1_R_OTHER);
}

/* Counts a block that brings nothing forward; false when it is one too many. */
static bool
may_idle(struct t1 *t)
{
	t->retries = 0;
	return ++t->idle <= T1_IDLE_MAX;
}

static void
acknowledge(struct t1 *t)
{
	if (!t->unacknowledged)
		return;
	t->unacknowledged = false;
	t->retries = 0;
	t->ns ^= 1;
	t->command = view_skip(t->command, t->chunk);
}

/* May an I-block come now? Not before the card has the whole command. */
static bool
response_is_due(const struct t1 *t)
{
	return t->state == T1_RECEIVING || t->state == T1_ABORTED ||
	    (t->state == T1_SENDING && t->chunk == t->command.n);
}

static struct step
on_i(struct t1 *t, const struct t1_block *b)
{
	if (t->state == T1_BROKEN_OFF)	/* a response of two halves is none */
		return give_up(t, ERR_CARD);
	if (!response_is_due(t) || b->seq != t->nr)
		return unexpected(t);
	if (b->inf.n > t->cap - t->n)
		return give_up(t, ERR_TOO_LONG);
	if (b->inf.n == 0 && b->more && !may_idle(t))
		return give_up(t, ERR_CARD);
	acknowledge(t);
	if (b->inf.n != 0)
		memcpy(t->rsp + t->n, b->inf.p, b->inf.n);
	t->n += b->inf.n;
	t->nr ^= 1;
	t->retries = 0;
	t->state = T1_RECEIVING;
	if (b->more)
		return send_r(t, T1_R_OK);
	/* less than a status word; the two are of one mind all the same */
	return t->n < 2 ? fail(t, ERR_CARD) : done(t);
}

static struct step
on_r(struct t1 *t, const struct t1_block *b)
{
	if (t->state == T1_ABORTED || t->state == T1_BROKEN_OFF)
		return give_up(t, ERR_CARD);
	if (t->state != T1_SENDING)
		return unexpected(t);
	if (b->seq == t->ns) {		/* it wants this block (again) */
		if (++t->retries > T1_RETRIES_MAX)
			return give_up(t, ERR_CARD);
		return send_i(t);
	}
	if (t->chunk == t->command.n)	/* it has all, and owes an answer */
		return unexpected(t);
	acknowledge(t);
	return send_i(t);
}

static struct step
on_wtx(struct t1 *t, const struct t1_block *b)
{
	uint64_t wait = (uint64_t)t->params.bwt_ms * b->inf.p[0];

	if (wait < t->params.bwt_ms)	/* times zero is no time to answer in */
		wait = t->params.bwt_ms;
	if (wait > T1_WTX_WAIT_MAX_MS)
		wait = T1_WTX_WAIT_MAX_MS;
	if (wait > T1_WTX_TOTAL_MAX_MS - t->wtx_total_ms)
		return give_up(t, ERR_TIMEOUT);
	t->wtx_total_ms += (uint32_t)wait;
	return send_s_response(t, b, (uint32_t)wait);
}

static struct step
on_abort(struct t1 *t, const struct t1_block *b)
{
	if (t->state == T1_SENDING)
		t->state = T1_ABORTED;
	if (t->state == T1_RECEIVING)
		t->state = T1_BROKEN_OFF;
	return send_s_response(t, b, t->params.bwt_ms);
}

static struct step
on_s_request(struct t1 *t, const struct t1_block *b)
{
	if (t->state == T1_RESYNCHING || t->state == T1_ASKING_IFS ||
	    b->s == T1_S_RESYNCH)	/* which only we may ask for */
		return unexpected(t);
	if (b->s == T1_S_IFS && !is_ifs(b->inf.p[0]))
		return unexpected(t);
	if (!may_idle(t))
		return give_up(t, ERR_CARD);
	if (b->s == T1_S_WTX)
		return on_wtx(t, b);
	if (b->s == T1_S_ABORT)
		return on_abort(t, b);
	t->ifsc = b->inf.p[0];
	return send_s_response(t, b, t->params.bwt_ms);
}

static struct step
on_resynched(struct t1 *t)
{
	t->state = T1_DRAINING;
	t->stale = 0;
	return step_wait(T1_QUIET_MS);
}

static struct step
on_stale(struct t1 *t)
{
	if (++t->stale > T1_STALE_MAX)
		return fail(t, ERR_CARD);
	return step_wait(T1_QUIET_MS);
}

static struct step
on_quiet(struct t1 *t)
{
	t->ns = t->nr = 0;
	t->in_sync = true;
	if (t->ifsc > t->params.ifsc)	/* the smaller one is always right */
		t->ifsc = t->params.ifsc;
	t->state = t->after_resynch;
	if (t->state == T1_SENDING)
		return send_i(t);
	if (t->state == T1_ASKING_IFS)
		return send_ifs(t);
	return fail(t, t->why);
}

static struct step
on_s_response(struct t1 *t, const struct t1_block *b)
{
	if (t->state == T1_RESYNCHING && b->s == T1_S_RESYNCH)
		return on_resynched(t);
	if (t->state == T1_ASKING_IFS && b->s == T1_S_IFS &&
	    b->inf.p[0] == t->ifsd_asked) {
		t->ifsd = t->ifsd_asked;
		return done(t);
	}
	return unexpected(t);
}

static struct step
begin(struct t1 *t, enum t1_state state)
{
	if (t->state != T1_IDLE)
		t->in_sync = false;
	secret_wipe(t->rsp, t->n);
	t->n = 0;
	t->retries = t->idle = 0;
	t->wtx_total_ms = 0;
	t->unacknowledged = false;
	t->state = state;
	if (!t->in_sync)
		return begin_resynch(t, state);
	return state == T1_SENDING ? send_i(t) : send_ifs(t);
}

struct step
t1_start(struct t1 *t, struct view apdu)
{
	if (apdu.n == 0)
		return step_fail(ERR_ARG);
	if (apdu.n > T1_COMMAND_MAX)
		return step_fail(ERR_TOO_LONG);
	t->command = apdu;
	return begin(t, T1_SENDING);
}

struct step
t1_announce_ifsd(struct t1 *t, uint8_t ifsd)
{
	if (!is_ifs(ifsd))
		return step_fail(ERR_ARG);
	t->ifsd_asked = ifsd;
	return begin(t, T1_ASKING_IFS);
}

/* Source and destination change places in the card's blocks. */
static bool
nad_fits(uint8_t ours, uint8_t cards)
{
	return cards == (uint8_t)(ours << 4 | ours >> 4);
}

struct step
t1_input(struct t1 *t, struct view in)
{
	struct t1_block b;
	enum err e = t1_block_parse(&b, in, t->params.crc);

	if (t->state == T1_IDLE)
		return step_fail(ERR_ARG);
	if (t->state == T1_DRAINING)
		return on_stale(t);
	if (e != ERR_OK)
		return retry(t, ERR_CARD,
		    e == ERR_FORMAT ? T1_R_OTHER : T1_R_EDC);
	if (!nad_fits(t->params.nad, b.nad))
		return unexpected(t);
	switch (b.kind) {
	case T1_I:
		return on_i(t, &b);
	case T1_R:
		return on_r(t, &b);
	case T1_S:
		break;
	}
	return b.is_response ? on_s_response(t, &b) : on_s_request(t, &b);
}

struct step
t1_timeout(struct t1 *t)
{
	return t1_failed(t, ERR_TIMEOUT);
}

static bool
may_pass(enum err why)
{
	switch (why) {
	case ERR_TIMEOUT:
	case ERR_STALL:
	case ERR_IO:
	case ERR_SHORT:
	case ERR_FORMAT:
	case ERR_READER:	/* as a parity error is reported over CCID */
	case ERR_MUTE:		/* as the end of BWT is */
	case ERR_CARD:
		return true;
	default:
		return false;
	}
}

struct step
t1_failed(struct t1 *t, enum err why)
{
	if (t->state == T1_IDLE)
		return step_fail(ERR_ARG);
	if (may_pass(why) && t->state == T1_DRAINING)
		return on_quiet(t);
	if (may_pass(why))
		return retry(t, why, T1_R_OTHER);
	t->in_sync = false;
	return fail(t, why);
}
