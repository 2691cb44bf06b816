/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ccid_msg.h"

static const struct {
	uint8_t type, answer;
	const char *name;
} commands[] = {
#define X(name, type, answer) { type, answer, #name },
	CCID_CMD_LIST(X)
#undef X
};

static const struct {
	uint8_t code;
	enum err err;
	const char *text;
} errors[] = {
#define X(code, name, err, text) { code, ERR_##err, text },
	CCID_ERROR_LIST(X)
#undef X
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- commands ---- */

static struct ccid_cmd
command(enum ccid_cmd_type type)
{
	return (struct ccid_cmd){ .type = (uint8_t)type };
}

struct ccid_cmd
ccid_power_on(enum ccid_power power)
{
	struct ccid_cmd c = command(CCID_POWER_ON);

	c.arg[0] = (uint8_t)power;
	return c;
}

struct ccid_cmd
ccid_power_off(void)
{
	return command(CCID_POWER_OFF);
}

struct ccid_cmd
ccid_slot_status(void)
{
	return command(CCID_SLOT_STATUS);
}

/* XfrBlock and Secure have the same three bytes. */
static struct ccid_cmd
block(enum ccid_cmd_type type, uint8_t bwi, uint16_t level, struct view data)
{
	struct ccid_cmd c = command(type);

	c.arg[0] = bwi;
	c.arg[1] = (uint8_t)level;
	c.arg[2] = (uint8_t)(level >> 8);
	c.data = data;
	return c;
}

struct ccid_cmd
ccid_xfr_block(uint8_t bwi, uint16_t level, struct view data)
{
	return block(CCID_XFR_BLOCK, bwi, level, data);
}

struct ccid_cmd
ccid_secure(uint8_t bwi, uint16_t level, struct view data)
{
	return block(CCID_SECURE, bwi, level, data);
}

struct ccid_cmd
ccid_get_parameters(void)
{
	return command(CCID_GET_PARAMETERS);
}

struct ccid_cmd
ccid_reset_parameters(void)
{
	return command(CCID_RESET_PARAMETERS);
}

struct ccid_cmd
ccid_set_parameters(uint8_t protocol, struct view data)
{
	struct ccid_cmd c = command(CCID_SET_PARAMETERS);

	c.arg[0] = protocol;
	c.data = data;
	return c;
}

struct ccid_cmd
ccid_escape(struct view data)
{
	struct ccid_cmd c = command(CCID_ESCAPE);

	c.data = data;
	return c;
}

struct ccid_cmd
ccid_clock(bool stop)
{
	struct ccid_cmd c = command(CCID_CLOCK);

	c.arg[0] = stop;
	return c;
}

struct ccid_cmd
ccid_t0_apdu(int get_response, int envelope)
{
	struct ccid_cmd c = command(CCID_T0_APDU);

	c.arg[0] = (uint8_t)((get_response >= 0) | (envelope >= 0) << 1);
	c.arg[1] = get_response >= 0 ? (uint8_t)get_response : 0;
	c.arg[2] = envelope >= 0 ? (uint8_t)envelope : 0;
	return c;
}

struct ccid_cmd
ccid_mechanical(uint8_t function)
{
	struct ccid_cmd c = command(CCID_MECHANICAL);

	c.arg[0] = function;
	return c;
}

struct ccid_cmd
ccid_abort(void)
{
	return command(CCID_ABORT);
}

struct ccid_cmd
ccid_set_rate(uint8_t clock_rate[8], uint32_t clock_khz, uint32_t rate)
{
	struct ccid_cmd c = command(CCID_SET_RATE);
	struct wr w = { .p = clock_rate, .cap = 8 };

	wr_le32(&w, clock_khz);
	wr_le32(&w, rate);
	c.data = wr_done(&w);
	return c;
}

void
ccid_cmd_write(struct wr *w, const struct ccid_cmd *c)
{
	if (c->data.n > UINT32_MAX) {
		w->bad = true;
		return;
	}
	wr_u8(w, c->type);
	wr_le32(w, (uint32_t)c->data.n);
	wr_u8(w, c->slot);
	wr_u8(w, c->seq);
	wr_view(w, (struct view){ c->arg, sizeof(c->arg) });
	wr_view(w, c->data);
}

/* The data, which must be exactly what is left. */
static enum err
read_data(struct rd *r, uint32_t len, struct view *data)
{
	*data = rd_take(r, len);	/* believed only if it is there */
	if (r->bad)
		return ERR_SHORT;
	return r->in.n == 0 ? ERR_OK : ERR_FORMAT;
}

enum err
ccid_cmd_parse(struct ccid_cmd *c, struct view in)
{
	struct rd r = { .in = in };
	uint32_t len;

	c->type = rd_u8(&r);
	len = rd_le32(&r);
	c->slot = rd_u8(&r);
	c->seq = rd_u8(&r);
	for (size_t i = 0; i < sizeof(c->arg); i++)
		c->arg[i] = rd_u8(&r);
	return read_data(&r, len, &c->data);
}

uint8_t
ccid_answer_type(uint8_t cmd_type)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (commands[i].type == cmd_type)
			return commands[i].answer;
	return 0;
}

const char *
ccid_cmd_name(uint8_t cmd_type)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (commands[i].type == cmd_type)
			return commands[i].name;
	return "unknown command";
}

/* ---- answers ---- */

void
ccid_rsp_write(struct wr *w, const struct ccid_rsp *rsp)
{
	if (rsp->data.n > UINT32_MAX) {
		w->bad = true;
		return;
	}
	wr_u8(w, rsp->type);
	wr_le32(w, (uint32_t)rsp->data.n);
	wr_u8(w, rsp->slot);
	wr_u8(w, rsp->seq);
	wr_u8(w, (uint8_t)((uint8_t)rsp->icc | (uint8_t)rsp->outcome << 6));
	wr_u8(w, rsp->error);
	wr_u8(w, rsp->arg);
	wr_view(w, rsp->data);
}

enum err
ccid_rsp_parse(struct ccid_rsp *rsp, struct view in)
{
	struct rd r = { .in = in };
	uint8_t status;
	uint32_t len;
	enum err e;

	rsp->type = rd_u8(&r);
	len = rd_le32(&r);
	rsp->slot = rd_u8(&r);
	rsp->seq = rd_u8(&r);
	status = rd_u8(&r);
	rsp->icc = (enum ccid_icc)(status & 3);
	rsp->outcome = (enum ccid_outcome)(status >> 6);
	rsp->error = rd_u8(&r);
	rsp->arg = rd_u8(&r);
	e = read_data(&r, len, &rsp->data);
	if (e != ERR_OK)
		return e;
	if (rsp->type < CCID_R_DATA || rsp->type > CCID_R_RATE)
		return ERR_FORMAT;
	return ERR_OK;
}

const char *
ccid_error_text(uint8_t error)
{
	for (size_t i = 0; i < COUNT(errors); i++)
		if (errors[i].code == error)
			return errors[i].text;
	return error < 0x80 ? "bad parameter" : "the reader's own error";
}

static enum err
error_of(uint8_t code)
{
	for (size_t i = 0; i < COUNT(errors); i++)
		if (errors[i].code == code)
			return errors[i].err;
	return code < 0x80 ? ERR_ARG : ERR_READER;
}

/* The slot failed (CCID 1.1 table 6.2-2), not the command's form. */
static bool
is_about_card(enum err e)
{
	return e == ERR_MUTE || e == ERR_CARD || e == ERR_PROTOCOL ||
	    e == ERR_READER;
}

enum err
ccid_rsp_err(uint8_t cmd_type, const struct ccid_rsp *rsp)
{
	enum err e = error_of(rsp->error);

	if (rsp->outcome != CCID_FAILED)
		return ERR_OK;
	if (rsp->icc == CCID_ICC_ABSENT && is_about_card(e))
		return ERR_NO_CARD;
	if (e == ERR_MUTE && rsp->icc == CCID_ICC_INACTIVE &&
	    cmd_type != CCID_POWER_ON)
		return ERR_UNPOWERED;
	return e;
}

/* ---- interrupt endpoint ---- */

enum err
ccid_notify_parse(struct ccid_notify *n, struct view in)
{
	struct rd r = { .in = in };

	*n = (struct ccid_notify){ .type = rd_u8(&r) };
	switch (n->type) {
	case CCID_SLOT_CHANGE:
		n->slots = r.in;
		return n->slots.n != 0 ? ERR_OK : ERR_SHORT;
	case CCID_HARDWARE_ERROR:
		n->slot = rd_u8(&r);
		n->seq = rd_u8(&r);
		n->code = rd_u8(&r);
		return r.bad ? ERR_SHORT : ERR_OK;
	}
	return r.bad ? ERR_SHORT : ERR_FORMAT;
}

bool
ccid_notify_slot(const struct ccid_notify *n, unsigned slot, bool *present,
    bool *changed)
{
	unsigned bits;

	if (n->type != CCID_SLOT_CHANGE || slot / 4 >= n->slots.n)
		return false;
	bits = (unsigned)n->slots.p[slot / 4] >> (slot % 4 * 2);
	*present = (bits & 1) != 0;
	*changed = (bits & 2) != 0;
	return true;
}

/* ---- class requests ---- */

struct usb_setup
ccid_abort_request(uint16_t interface, uint8_t slot, uint8_t seq)
{
	return (struct usb_setup){
		.type = USB_TYPE_CLASS | USB_TO_INTERFACE,
		.request = 0x01,
		.value = (uint16_t)(seq << 8 | slot),
		.index = interface,
	};
}

static struct usb_setup
table_request(uint8_t request, uint16_t interface)
{
	return (struct usb_setup){
		.type = USB_DIR_IN | USB_TYPE_CLASS | USB_TO_INTERFACE,
		.request = request,
		.index = interface,
		.length = CCID_RATES_SIZE,
	};
}

struct usb_setup
ccid_clocks_request(uint16_t interface)
{
	return table_request(0x02, interface);
}

struct usb_setup
ccid_rates_request(uint16_t interface)
{
	return table_request(0x03, interface);
}

enum err
ccid_rates_parse(struct ccid_rates *rates, struct view in)
{
	struct rd r = { .in = in };

	rates->n = 0;
	if (in.n > CCID_RATES_SIZE)
		return ERR_TOO_LONG;
	if (in.n % 4 != 0)
		return ERR_FORMAT;
	while (r.in.n != 0) {
		uint32_t rate = rd_le32(&r);

		if (rate != 0)
			rates->rate[rates->n++] = rate;
	}
	return ERR_OK;
}
