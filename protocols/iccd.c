/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/iccd.h"

#include "base/secret.h"

enum {	/* bRequest */
	POWER_ON = 0x62,
	POWER_OFF = 0x63,
	XFR_BLOCK = 0x65,
	DATA_BLOCK = 0x6f,
	SLOT_STATUS_A = 0xa0,
	SLOT_STATUS_B = 0x81,
};

enum {
	TYPE_OUT = 0x21,	/* class request to the interface */
	TYPE_IN = 0xa1,
	/* A: the status byte */
	A_DATA = 0x10,		/* data is to be sent or read */
	A_SW = 0x20,		/* SW1 SW2 are there */
	A_BUSY = 0x40,
	A_MUTE = 0x80,
	/* B: bResponseType */
	B_STATUS = 0x40,	/* then bStatus, bError */
	B_POLL = 0x80,		/* then a delay in units of 10 ms, 2 bytes */
	B_VOLTAGE = 1,		/* as all devices are powered */
	B_HEAD = 1,
	T0_HEADER = 5,
	SW_SIZE = 2,
};

void
iccd_init(struct iccd *c, enum iccd_version version, uint8_t interface,
    uint8_t *buf, size_t cap)
{
	*c = (struct iccd){ .version = version, .interface = interface,
		.buf = buf, .cap = cap };
}

static struct step
fail(struct iccd *c, enum err e)
{
	secret_wipe(c->buf, c->cap);
	c->state = ICCD_IDLE;
	c->polling = false;
	return step_fail(e);
}

/* ---- the answer, as a reader gives it ---- */

static struct step
answer(struct iccd *c, uint8_t outcome, uint8_t error, uint8_t arg,
    struct view data)
{
	struct wr w = { .p = c->buf, .cap = c->cap };
	struct ccid_rsp rsp = {
		.type = ccid_answer_type(c->cmd.type),
		.slot = c->cmd.slot, .seq = c->cmd.seq,
		.icc = c->active ? CCID_ICC_ACTIVE : CCID_ICC_INACTIVE,
		.outcome = outcome, .error = error, .arg = arg, .data = data,
	};

	if (data.n > c->cap - CCID_HEADER)
		return fail(c, ERR_TOO_LONG);
	/* the data may lie in buf already, where the message will have it */
	if (data.n != 0)
		memmove(c->buf + CCID_HEADER, data.p, data.n);
	rsp.data = (struct view){ c->buf + CCID_HEADER, data.n };
	c->state = ICCD_IDLE;
	c->polling = false;
	w.cap = CCID_HEADER;
	rsp.data.n = 0;
	ccid_rsp_write(&w, &rsp);
	w = (struct wr){ .p = c->buf + 1, .cap = 4 };
	wr_le32(&w, (uint32_t)data.n);
	return step_done((struct view){ c->buf, CCID_HEADER + data.n });
}

static struct step
done(struct iccd *c)
{
	return answer(c, CCID_PROCESSED, 0, 0, (struct view){ NULL, 0 });
}

static struct step
refuse(struct iccd *c, uint8_t error)
{
	return answer(c, CCID_FAILED, error, 0, (struct view){ NULL, 0 });
}

/* ---- requests ---- */

/* A request is written behind the place of the answer's data so far. */
static struct step
request(struct iccd *c, enum iccd_state state, uint8_t type, uint8_t number,
    uint16_t value, struct view out, size_t in)
{
	size_t at = CCID_HEADER + c->n;
	struct wr w = { .p = c->buf + at, .cap = c->cap - at };
	struct usb_setup s = { type, number, value, c->interface,
		(uint16_t)(type == TYPE_IN ? in : out.n) };

	usb_setup_write(&w, &s);
	wr_view(&w, out);
	if (w.bad || out.n > UINT16_MAX)
		return fail(c, ERR_TOO_LONG);
	c->state = state;
	c->polling = false;
	return step_control(wr_done(&w), ICCD_CONTROL_MS);
}

static struct step
order(struct iccd *c, enum iccd_state state, uint8_t number, uint16_t value)
{
	return request(c, state, TYPE_OUT, number, value,
	    (struct view){ NULL, 0 }, 0);
}

static struct step
ask(struct iccd *c, enum iccd_state state, uint8_t number, size_t n)
{
	return request(c, state, TYPE_IN, number, 0,
	    (struct view){ NULL, 0 }, n < ICCD_READ_MAX ? n : ICCD_READ_MAX);
}

static struct step
ask_status(struct iccd *c, enum iccd_state state)
{
	if (c->version == ICCD_VERSION_A)
		return ask(c, state, SLOT_STATUS_A, 1);
	return ask(c, state, SLOT_STATUS_B, 3);
}

static struct step
ask_data(struct iccd *c, enum iccd_state state)
{
	return ask(c, state, DATA_BLOCK, c->cap - CCID_HEADER -
	    USB_SETUP_SIZE + B_HEAD);
}

/* How much data a T=0 command without data may bring: P3. */
static size_t
awaited(const struct iccd *c)
{
	return c->cmd.data.p[T0_HEADER - 1] == 0 ? 256 :
	    c->cmd.data.p[T0_HEADER - 1];
}

static struct step
send_block(struct iccd *c)
{
	struct view data = c->cmd.data;

	if (c->version == ICCD_VERSION_A && data.n < T0_HEADER)
		return refuse(c, CCID_E_BAD_LENGTH);
	if (c->version == ICCD_VERSION_A)
		return request(c, ICCD_SENDING, TYPE_OUT, XFR_BLOCK, 0,
		    view_first(data, T0_HEADER), 0);
	return request(c, ICCD_SENDING, TYPE_OUT, XFR_BLOCK,
	    (uint16_t)(c->cmd.arg[1] << 8), data, 0);
}

struct step
iccd_send(struct iccd *c, struct view message, uint32_t wait_ms)
{
	enum err e = ccid_cmd_parse(&c->cmd, message);

	c->n = 0;
	c->left_ms = wait_ms;
	if (e != ERR_OK)
		return fail(c, e);
	switch (c->cmd.type) {
	case CCID_POWER_ON:
		return order(c, ICCD_OFF_FIRST, POWER_OFF, 0);
	case CCID_POWER_OFF:
	case CCID_ABORT:
		return order(c, ICCD_POWERING_OFF, POWER_OFF, 0);
	case CCID_SLOT_STATUS:
		return ask_status(c, ICCD_STATUS);
	case CCID_XFR_BLOCK:
		return send_block(c);
	default:
		return refuse(c, CCID_E_UNSUPPORTED);
	}
}

/* ---- answers to them ---- */

static struct step
poll_later(struct iccd *c, uint32_t units)
{
	uint32_t wait_ms = (units == 0 ? 1 : units) * ICCD_POLL_MS;

	if (wait_ms > c->left_ms)
		return fail(c, ERR_TIMEOUT);
	c->left_ms -= wait_ms;
	c->polling = true;
	return step_pause(wait_ms);
}

static struct step
power_on(struct iccd *c)
{
	if (c->version == ICCD_VERSION_A)
		return ask(c, ICCD_POWERING_ON, POWER_ON, c->cap -
		    CCID_HEADER - USB_SETUP_SIZE);
	return order(c, ICCD_POWERING_ON, POWER_ON, B_VOLTAGE);
}

static struct step
on_off(struct iccd *c)
{
	c->active = false;
	if (c->state == ICCD_POWERING_OFF)
		return done(c);
	return c->version == ICCD_VERSION_A ? ask_status(c, ICCD_SETTLING) :
	    power_on(c);
}

static struct step
on_block_b(struct iccd *c, struct view in)
{
	struct rd r = { .in = in };
	uint8_t type = rd_u8(&r);

	if (r.bad)
		return fail(c, ERR_SHORT);
	if (type == B_POLL)
		return poll_later(c, rd_le16(&r));
	if (type == B_STATUS) {
		c->active = (rd_u8(&r) & 3) == CCID_ICC_ACTIVE;
		return refuse(c, rd_u8(&r));
	}
	if (c->cmd.type == CCID_POWER_ON)
		c->active = true;
	return answer(c, CCID_PROCESSED, 0, type, r.in);
}

/* B only: A has no error codes. */
static struct step
on_status_b(struct iccd *c, struct view in)
{
	if (in.n < 2)
		return fail(c, ERR_SHORT);
	c->active = (in.p[1] & 3) == CCID_ICC_ACTIVE;
	return done(c);
}

/* A: after the header, and after the data. */
static struct step
on_turn_a(struct iccd *c, uint8_t status)
{
	bool after_header = c->state == ICCD_AFTER_HEADER;
	bool sends = c->cmd.data.n > T0_HEADER;

	if ((status & A_MUTE) != 0)
		return refuse(c, CCID_E_MUTE);
	if (status == A_SW)
		return ask(c, ICCD_READING_SW, DATA_BLOCK, SW_SIZE);
	if (status != A_DATA || !after_header)
		return refuse(c, CCID_E_PROCEDURE_BYTE);
	if (sends)
		return request(c, ICCD_SENDING_DATA, TYPE_OUT, XFR_BLOCK, 0,
		    view_skip(c->cmd.data, T0_HEADER), 0);
	return ask(c, ICCD_READING_DATA, DATA_BLOCK, awaited(c));
}

static struct step
on_status_a(struct iccd *c, struct view in)
{
	if (in.n != 1)
		return fail(c, ERR_FORMAT);
	if ((in.p[0] & A_BUSY) != 0)
		return poll_later(c, 1);
	if (c->state == ICCD_SETTLING)
		return power_on(c);
	if (c->state == ICCD_STATUS)
		return done(c);
	return on_turn_a(c, in.p[0]);
}

/* A: data and SW1 SW2 gather where the answer has its data. */
static struct step
on_data_a(struct iccd *c, struct view in)
{
	struct wr w = { .p = c->buf + CCID_HEADER,
		.cap = c->cap - CCID_HEADER, .n = c->n };
	bool is_sw = c->state == ICCD_READING_SW;

	wr_view(&w, in);
	c->n = w.n;
	if (w.bad)
		return fail(c, ERR_TOO_LONG);
	if (is_sw && in.n != SW_SIZE)
		return fail(c, ERR_FORMAT);
	if (!is_sw)
		return ask_status(c, ICCD_AFTER_DATA);
	return answer(c, CCID_PROCESSED, 0, 0, wr_done(&w));
}

static struct step
on_powered(struct iccd *c, struct view in)
{
	if (c->version == ICCD_VERSION_B)
		return ask_data(c, ICCD_READING);
	c->active = in.n != 0;
	return in.n != 0 ? answer(c, CCID_PROCESSED, 0, 0, in) :
	    refuse(c, CCID_E_MUTE);
}

struct step
iccd_input(struct iccd *c, struct view in)
{
	bool is_a = c->version == ICCD_VERSION_A;

	switch (c->state) {
	case ICCD_POWERING_OFF:
	case ICCD_OFF_FIRST:
		return on_off(c);
	case ICCD_POWERING_ON:
		return on_powered(c, in);
	case ICCD_SETTLING:
	case ICCD_AFTER_HEADER:
	case ICCD_AFTER_DATA:
		return on_status_a(c, in);
	case ICCD_STATUS:
		return is_a ? on_status_a(c, in) : on_status_b(c, in);
	case ICCD_SENDING:
		return is_a ? ask_status(c, ICCD_AFTER_HEADER) :
		    ask_data(c, ICCD_READING);
	case ICCD_SENDING_DATA:
		return ask_status(c, ICCD_AFTER_DATA);
	case ICCD_READING:
		return on_block_b(c, in);
	case ICCD_READING_DATA:
	case ICCD_READING_SW:
		return on_data_a(c, in);
	case ICCD_IDLE:
		break;
	}
	return step_fail(ERR_ARG);
}

struct step
iccd_timeout(struct iccd *c)
{
	if (!c->polling)
		return fail(c, ERR_TIMEOUT);
	return c->state == ICCD_READING ? ask_data(c, ICCD_READING) :
	    ask_status(c, c->state);
}

struct step
iccd_failed(struct iccd *c, enum err e)
{
	return fail(c, e);
}
