/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ccid_exchange.h"

#include "base/secret.h"

enum { SEQ_AT = 6 };	/* bSeq in a message */

void
ccid_exchange_init(struct ccid_exchange *x, uint8_t slot, struct ccid_seq *seq,
    uint8_t *buf, size_t cap)
{
	*x = (struct ccid_exchange){
		.seq = seq, .buf = buf, .cap = cap, .slot = slot,
	};
}

/* All that was ever written into buf since it was last wiped. */
static void
wipe(struct ccid_exchange *x)
{
	secret_wipe(x->buf, x->n);
	x->n = 0;
}

static struct step
fail(struct ccid_exchange *x, enum err e)
{
	wipe(x);
	x->rsp.data = (struct view){ NULL, 0 };
	x->state = CCID_IDLE;
	return step_fail(e);
}

/* Sends what buf holds, under a sequence number of its own. */
static struct step
send(struct ccid_exchange *x)
{
	x->cmd_seq = x->seq->next++;
	x->buf[SEQ_AT] = x->cmd_seq;
	x->state = CCID_ANSWER;
	return step_send((struct view){ x->buf, x->n }, x->wait_ms);
}

struct step
ccid_exchange_start(struct ccid_exchange *x, const struct ccid_cmd *cmd,
    uint32_t wait_ms)
{
	struct wr w = { .p = x->buf, .cap = x->cap };
	struct ccid_cmd c = *cmd;

	if (x->state != CCID_IDLE || ccid_answer_type(c.type) == 0)
		return step_fail(ERR_ARG);
	wipe(x);
	c.slot = x->slot;
	ccid_cmd_write(&w, &c);
	x->rsp = (struct ccid_rsp){ 0 };
	x->stuck = false;
	x->n = w.n;
	x->stale = x->extensions = x->busy = x->aborts = 0;
	if (w.bad)
		return fail(x, ERR_TOO_LONG);
	x->cmd_type = c.type;
	x->wait_ms = wait_ms != 0 ? wait_ms : 1;
	return send(x);
}

/* ---- abort ---- */

static struct step
send_abort(struct ccid_exchange *x)
{
	struct ccid_cmd c = ccid_abort();
	struct wr w = { .p = x->abort_msg, .cap = sizeof(x->abort_msg) };

	x->aborts++;
	x->abort_seq = x->seq->next++;
	c.slot = x->slot;
	c.seq = x->abort_seq;
	ccid_cmd_write(&w, &c);
	x->state = CCID_ABORTING;
	return (struct step){ STEP_ABORT, wr_done(&w), CCID_ABORT_MS, ERR_OK };
}

static struct step
give_up(struct ccid_exchange *x, enum err why)
{
	wipe(x);
	x->why = why;
	return send_abort(x);
}

static struct step
give_up_stuck(struct ccid_exchange *x)
{
	x->stuck = true;
	return fail(x, x->why);
}

/* Whatever the reader says of the abort itself, it is done with the command. */
static struct step
on_abort_answer(struct ccid_exchange *x, struct view in)
{
	struct ccid_rsp rsp;

	if (ccid_rsp_parse(&rsp, in) == ERR_OK && rsp.slot == x->slot &&
	    rsp.seq == x->abort_seq && rsp.type == CCID_R_SLOT_STATUS)
		return fail(x, x->why);
	if (++x->stale > CCID_STALE_MAX)
		return give_up_stuck(x);
	return step_wait(CCID_ABORT_MS);
}

/* ---- answers ---- */

static struct step
discard(struct ccid_exchange *x, uint32_t wait_ms)
{
	if (++x->stale > CCID_STALE_MAX)
		return give_up(x, ERR_READER);
	return step_wait(wait_ms);
}

/*
 * An answer to another command than ours. Ours follows an old one at once, or
 * says that it takes more time; when neither comes the reader counts wrongly,
 * and whoever waits shall hear of it soon.
 */
static struct step
discard_stray(struct ccid_exchange *x)
{
	return discard(x, x->wait_ms < CCID_STRAY_MS ? x->wait_ms :
						       CCID_STRAY_MS);
}

/* bError is the multiplier of the waiting time (CCID 1.1 §6.2.6). */
static struct step
extend(struct ccid_exchange *x, const struct ccid_rsp *rsp)
{
	uint64_t wait_ms = (uint64_t)x->wait_ms * rsp->error;

	if (++x->extensions > CCID_EXTENSIONS_MAX)
		return give_up(x, ERR_TIMEOUT);
	if (wait_ms < x->wait_ms)
		wait_ms = x->wait_ms;
	if (wait_ms > CCID_WAIT_MAX_MS)
		wait_ms = CCID_WAIT_MAX_MS;
	return step_wait((uint32_t)wait_ms);
}

static struct step
on_failure(struct ccid_exchange *x, const struct ccid_rsp *rsp)
{
	bool is_busy = rsp->error == CCID_E_SLOT_BUSY ||
	    rsp->error == CCID_E_AUTO_SEQUENCE;

	if (is_busy && rsp->icc != CCID_ICC_ABSENT &&
	    ++x->busy <= CCID_BUSY_MAX) {
		x->state = CCID_PAUSE;
		return step_pause(CCID_BUSY_MS);
	}
	x->rsp = *rsp;
	return fail(x, ccid_rsp_err(x->cmd_type, rsp));
}

static struct step
on_success(struct ccid_exchange *x, const struct ccid_rsp *rsp)
{
	if (rsp->type != ccid_answer_type(x->cmd_type))
		return fail(x, ERR_FORMAT);
	if (rsp->data.n > x->cap)
		return fail(x, ERR_TOO_LONG);
	wipe(x);
	if (rsp->data.n != 0)
		memcpy(x->buf, rsp->data.p, rsp->data.n);
	x->n = rsp->data.n;
	x->rsp = *rsp;
	x->rsp.data = (struct view){ x->buf, rsp->data.n };
	x->state = CCID_IDLE;
	return step_done(x->rsp.data);
}

static struct step
on_answer(struct ccid_exchange *x, struct view in)
{
	struct ccid_rsp rsp;
	enum err e;

	if (in.n == 0)		/* the empty end of an earlier transfer */
		return discard(x, x->wait_ms);
	e = ccid_rsp_parse(&rsp, in);
	if (in.n >= CCID_HEADER &&
	    (rsp.slot != x->slot || rsp.seq != x->cmd_seq))
		return discard_stray(x);
	if (e != ERR_OK)
		return fail(x, e);
	switch (rsp.outcome) {
	case CCID_PROCESSED:
		return on_success(x, &rsp);
	case CCID_FAILED:
		return on_failure(x, &rsp);
	case CCID_TIME_EXTENSION:
		return extend(x, &rsp);
	case CCID_OUTCOME_RFU:
		break;
	}
	return fail(x, ERR_FORMAT);
}

struct step
ccid_exchange_input(struct ccid_exchange *x, struct view in)
{
	switch (x->state) {
	case CCID_ANSWER:
		return on_answer(x, in);
	case CCID_PAUSE:	/* uncalled for: the pause goes on */
		if (++x->stale > CCID_STALE_MAX)
			return give_up(x, ERR_READER);
		return step_pause(CCID_BUSY_MS);
	case CCID_ABORTING:
		return on_abort_answer(x, in);
	case CCID_IDLE:
		break;
	}
	return step_fail(ERR_ARG);
}

struct step
ccid_exchange_timeout(struct ccid_exchange *x)
{
	switch (x->state) {
	case CCID_ANSWER:
		return give_up(x, ERR_TIMEOUT);
	case CCID_PAUSE:
		return send(x);
	case CCID_ABORTING:
		if (x->aborts < CCID_ABORTS_MAX)
			return send_abort(x);
		return give_up_stuck(x);
	case CCID_IDLE:
		break;
	}
	return step_fail(ERR_ARG);
}

struct step
ccid_exchange_cancel(struct ccid_exchange *x)
{
	switch (x->state) {
	case CCID_ANSWER:
		return give_up(x, ERR_CANCELLED);
	case CCID_PAUSE:	/* the reader has nothing of ours */
		return fail(x, ERR_CANCELLED);
	case CCID_ABORTING:	/* already */
		x->why = ERR_CANCELLED;
		return step_wait(CCID_ABORT_MS);
	case CCID_IDLE:
		break;
	}
	return step_fail(ERR_ARG);
}

void
ccid_exchange_fini(struct ccid_exchange *x)
{
	(void)fail(x, ERR_CANCELLED);
}
