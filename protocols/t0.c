/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/t0.h"

#include "base/secret.h"

enum {
	P3_AT = 4,
	INS_GET_RESPONSE = 0xc0,
	SW1_MORE = 0x61,
	SW1_WRONG_LE = 0x6c,
	SW_SUCCESS_WORD = 0x9000,
};

void
t0_wipe(struct t0 *t)
{
	secret_wipe(t, sizeof(*t));	/* all zeros: T0_IDLE */
}

static struct step
fail(struct t0 *t, enum err err)
{
	t0_wipe(t);
	return step_fail(err);
}

size_t
t0_expects(const struct t0 *t)
{
	if (t->state == T0_IDLE || t->level != T0_CHARACTER)
		return 0;
	return t0_char_expects(&t->ch);
}

static bool
card_sends(const struct t0 *t)
{
	return t->state == T0_FETCHING || t->kind == APDU_CASE_2;
}

static bool
is_direct(const struct t0 *t)
{
	return t->level == T0_DIRECT && t->kind == APDU_CASE_4 &&
	    t->state == T0_COMMAND;
}

/* How much data the command that is out may bring. */
static size_t
asked(const struct t0 *t)
{
	if (is_direct(t))
		return t->ne;
	if (!card_sends(t))
		return 0;
	return t->tpdu[P3_AT] == 0 ? 256 : t->tpdu[P3_AT];
}

static struct step
send(struct t0 *t)
{
	struct view tpdu = { t->tpdu, t->tpdu_n };
	struct step s;

	if (++t->rounds > T0_ROUNDS_MAX)
		return fail(t, ERR_CARD);
	if (t->level != T0_CHARACTER)
		return step_send(tpdu, t->wait_ms);
	s = t0_char_start(&t->ch, tpdu, card_sends(t), t->wait_ms);
	return s.kind == STEP_FAIL ? fail(t, s.err) : s;
}

/*
 * ISO 7816-4, CLA: GET RESPONSE goes to the same logical channel, is no part of
 * a command chain and has no secure messaging of its own. Of the proprietary
 * classes those up to AF are built like the first sixteen.
 */
static uint8_t
cla_for_get_response(uint8_t cla)
{
	if (cla < 0x20)
		return cla & 0x03;
	if (cla >= 0x40 && cla < 0x80)
		return cla & 0x4f;
	if (cla >= 0x80 && cla < 0xb0)
		return cla & 0xf3;
	return cla;
}

static bool
build(struct t0 *t, struct view apdu, const struct apdu *a)
{
	struct wr w = { .p = t->tpdu, .cap = sizeof(t->tpdu) };

	wr_view(&w, view_first(apdu, APDU_HEADER));
	wr_u8(&w, a->data.n != 0 ? (uint8_t)a->data.n : (uint8_t)a->ne);
	wr_view(&w, a->data);
	t->tpdu_n = w.n;
	return !w.bad;
}

struct step
t0_start(struct t0 *t, enum t0_level level, uint32_t wait_ms, struct view apdu)
{
	struct apdu a;
	enum err e;

	t0_wipe(t);
	e = apdu_parse(&a, apdu);
	if (e != ERR_OK)
		return fail(t, e);
	if (a.extended || !build(t, apdu, &a))
		return fail(t, ERR_TOO_LONG);
	t->level = level;
	t->state = T0_COMMAND;
	t->wait_ms = wait_ms != 0 ? wait_ms : 1;
	t->kind = a.kind;
	t->get_cla = cla_for_get_response(a.cla);
	t->ne = (uint16_t)a.ne;
	return send(t);
}

/* What has been collected, and this status. */
static struct step
finish(struct t0 *t, uint16_t sw)
{
	struct wr w = { .p = t->rsp, .cap = sizeof(t->rsp), .n = t->n };

	wr_be16(&w, sw);
	secret_wipe(t->tpdu, sizeof(t->tpdu));
	secret_wipe(&t->ch, sizeof(t->ch));
	t->state = T0_IDLE;
	return step_done(wr_done(&w));
}

/* Ne bytes in all; what a corrected length brings above is dropped, §12.2.3. */
static void
keep(struct t0 *t, struct view data)
{
	struct wr w = { .p = t->rsp, .cap = sizeof(t->rsp), .n = t->n };

	wr_view(&w, view_first(data, t->ne - t->n));
	t->n = w.n;
}

static struct step
fetch(struct t0 *t, size_t n)
{
	struct wr w = { .p = t->tpdu, .cap = sizeof(t->tpdu) };
	size_t room = t->ne - t->n;

	secret_wipe(t->tpdu, sizeof(t->tpdu));
	wr_u8(&w, t->get_cla);
	wr_u8(&w, INS_GET_RESPONSE);
	wr_be16(&w, 0);			/* P1 P2 */
	wr_u8(&w, (uint8_t)(n < room ? n : room));	/* 256 is 00 */
	t->tpdu_n = w.n;
	t->state = T0_FETCHING;
	t->corrected = false;
	return send(t);
}

static size_t
count_of(uint16_t sw)
{
	return (sw & 0xff) == 0 ? 256 : sw & 0xff;
}

/* The card has done nothing yet and named the right Le: §12.2.3, case 2S.3. */
static struct step
correct(struct t0 *t, uint16_t sw)
{
	t->corrected = true;
	t->tpdu[P3_AT] = (uint8_t)sw;
	return send(t);
}

/* §12.2.5: what the first response to a command with data and Le leads to. */
static struct step
after_case_4(struct t0 *t, uint16_t sw)
{
	if (sw >> 8 == SW1_MORE)
		return fetch(t, count_of(sw));
	if (sw == SW_SUCCESS_WORD) {
		t->accepted = true;
		return fetch(t, t->ne);
	}
	return finish(t, sw);
}

static bool
is_error(uint16_t sw)
{
	return sw >= 0x6400 && sw < 0x7000;
}

/* Response data came, in case 2 or to a GET RESPONSE. */
static struct step
after_data(struct t0 *t, struct view data, uint16_t sw)
{
	if (sw >> 8 == SW1_WRONG_LE && data.n == 0 && !t->corrected)
		return correct(t, sw);
	keep(t, data);
	if (sw >> 8 == SW1_MORE && t->n < t->ne)
		return fetch(t, count_of(sw));
	if (t->accepted && t->n == 0 && is_error(sw))
		sw = SW_SUCCESS_WORD;	/* there was only nothing to fetch */
	return finish(t, sw);
}

static struct step
on_response(struct t0 *t, struct view rsp)
{
	struct rd r = { .in = rsp };
	struct view data;
	uint16_t sw;

	if (rsp.n < 2 || rsp.n - 2 > asked(t))
		return fail(t, ERR_CARD);
	data = rd_take(&r, rsp.n - 2);
	sw = rd_be16(&r);
	if ((sw >> 12 != 6 && sw >> 12 != 9) || sw >> 8 == 0x60)
		return fail(t, ERR_CARD);
	if (card_sends(t) || data.n != 0)
		return after_data(t, data, sw);
	if (t->kind == APDU_CASE_4)
		return after_case_4(t, sw);
	return finish(t, sw);
}

struct step
t0_input(struct t0 *t, struct view in)
{
	struct step s;

	if (t->state == T0_IDLE)
		return fail(t, ERR_ARG);
	if (t->level != T0_CHARACTER)
		return on_response(t, in);
	s = t0_char_input(&t->ch, in);
	if (s.kind == STEP_FAIL)
		return fail(t, s.err);
	return s.kind == STEP_DONE ? on_response(t, s.out) : s;
}

struct step
t0_timeout(struct t0 *t)
{
	return fail(t, ERR_TIMEOUT);
}
