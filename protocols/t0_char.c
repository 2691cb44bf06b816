/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/t0_char.h"

enum { NULL_BYTE = 0x60 };

static bool
is_sw1(uint8_t x)
{
	return (x & 0xf0) == 0x60 || (x & 0xf0) == 0x90;
}

size_t
t0_char_expects(const struct t0_char *c)
{
	switch (c->state) {
	case T0_CHAR_PROCEDURE:
		/* an acknowledgement may make us send; else two bytes come */
		return c->sent < c->tpdu.n ? 1 : 2;
	case T0_CHAR_DATA:
		return c->run + 2;
	case T0_CHAR_SW2:
		return 1;
	case T0_CHAR_IDLE:
		break;
	}
	return 0;
}

static struct step
fail(struct t0_char *c, enum err err)
{
	c->state = T0_CHAR_IDLE;
	return step_fail(err);
}

/* The reader counts WWT for each byte; 2 ms a byte is 9600 bit/s and room. */
static uint32_t
wait_ms(const struct t0_char *c)
{
	uint32_t more = 2 * (uint32_t)t0_char_expects(c);

	return c->wwt_ms > UINT32_MAX - more ? UINT32_MAX : c->wwt_ms + more;
}

static struct step
read_on(const struct t0_char *c)
{
	return step_wait(wait_ms(c));
}

struct step
t0_char_start(struct t0_char *c, struct view tpdu, bool receives,
    uint32_t wwt_ms)
{
	struct rd r = { .in = tpdu };
	struct view header = rd_take(&r, T0_HEADER);
	uint8_t p3;

	if (r.bad || is_sw1(header.p[1]))
		return fail(c, ERR_ARG);
	p3 = header.p[4];
	if (r.in.n != (receives ? 0 : p3))
		return fail(c, ERR_ARG);
	c->state = T0_CHAR_PROCEDURE;
	c->wwt_ms = wwt_ms;
	c->tpdu = tpdu;
	c->sent = T0_HEADER;
	c->missing = !receives ? 0 : p3 == 0 ? 256 : p3;
	c->run = 0;
	c->n = 0;
	return step_send(header, wait_ms(c));
}

/* The card is busy: its time starts again, but not for ever. */
static struct step
on_null(struct t0_char *c)
{
	if (++c->nulls > T0_NULLS_MAX)
		return fail(c, ERR_TIMEOUT);
	return read_on(c);
}

/* Acknowledged: up to n more bytes pass, whichever way they go. */
static struct step
transfer(struct t0_char *c, size_t n)
{
	struct view rest = view_first(view_skip(c->tpdu, c->sent), n);

	if (rest.n != 0) {
		c->sent += rest.n;
		return step_send(rest, wait_ms(c));
	}
	if (c->missing == 0)
		return on_null(c);
	c->run = n < c->missing ? n : c->missing;
	c->missing -= c->run;
	c->state = T0_CHAR_DATA;
	return read_on(c);
}

/* Never more than 256 data bytes and SW1 SW2, which fit. */
static void
keep(struct t0_char *c, uint8_t x)
{
	struct wr w = { .p = c->rsp, .cap = sizeof(c->rsp), .n = c->n };

	wr_u8(&w, x);
	c->n = w.n;
}

static struct step
on_procedure(struct t0_char *c, uint8_t x)	/* ISO 7816-3:2006 §10.3.3 */
{
	uint8_t ins = c->tpdu.p[1], one = (uint8_t)~ins;

	if (x == NULL_BYTE)
		return on_null(c);
	if (is_sw1(x)) {
		keep(c, x);
		c->state = T0_CHAR_SW2;
		return read_on(c);
	}
	if (x == ins)
		return transfer(c, SIZE_MAX);
	if (x == one)
		return transfer(c, 1);
	return fail(c, ERR_CARD);
}

static struct step
on_data(struct t0_char *c, uint8_t x)
{
	keep(c, x);
	if (--c->run == 0)
		c->state = T0_CHAR_PROCEDURE;
	return read_on(c);
}

static struct step
on_byte(struct t0_char *c, uint8_t x)
{
	switch (c->state) {
	case T0_CHAR_PROCEDURE:
		return on_procedure(c, x);
	case T0_CHAR_DATA:
		return on_data(c, x);
	case T0_CHAR_SW2:
		keep(c, x);
		c->state = T0_CHAR_IDLE;
		return step_done((struct view){ c->rsp, c->n });
	case T0_CHAR_IDLE:
		break;
	}
	return fail(c, ERR_ARG);
}

struct step
t0_char_input(struct t0_char *c, struct view in)
{
	struct rd r = { .in = in };
	struct step s = step_wait(1);

	if (in.n == 0)
		return fail(c, ERR_CARD);
	while (r.in.n != 0) {
		if (s.kind != STEP_WAIT)	/* it talks out of turn */
			return fail(c, ERR_CARD);
		s = on_byte(c, rd_u8(&r));
	}
	return s;
}
