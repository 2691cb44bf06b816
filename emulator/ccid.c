/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ccid.h"

#include <errno.h>
#include <string.h>

/* CCID 1.1 §6.1, §6.2 */
enum {
	PC_SET_PARAMETERS = 0x61,
	PC_ICC_POWER_ON = 0x62,
	PC_ICC_POWER_OFF = 0x63,
	PC_GET_SLOT_STATUS = 0x65,
	PC_GET_PARAMETERS = 0x6c,
	PC_RESET_PARAMETERS = 0x6d,
	PC_ICC_CLOCK = 0x6e,
	PC_XFR_BLOCK = 0x6f,
	PC_ABORT = 0x72,
	RDR_DATA_BLOCK = 0x80,
	RDR_SLOT_STATUS = 0x81,
	RDR_PARAMETERS = 0x82,
	RDR_ESCAPE = 0x83,
	RDR_RATE = 0x84,
	RDR_NOTIFY_SLOT_CHANGE = 0x50,
	PC_ESCAPE = 0x6b,
	PC_SECURE = 0x69,
	PC_SET_RATE = 0x73,
};

/* bStatus and bError, CCID 1.1 §6.2.6; small bError values are offsets */
enum {
	CMD_FAILED = 0x40,
	CMD_TIME_EXTENSION = 0x80,
	ICC_ACTIVE = 0,
	ICC_INACTIVE = 1,
	ICC_ABSENT = 2,
	E_ABORTED = 0xff,
	E_MUTE = 0xfe,
	E_BUSY = 0xe0,
	E_UNSUPPORTED = 0,
	E_LENGTH = 1,		/* offset of dwLength */
	E_SLOT = 5,
	E_PARAM_7 = 7,		/* bPowerSelect, bProtocolNum, bClockCommand */
	E_LEVEL_PARAMETER = 8,
};

/* Class requests, CCID 1.1 §5.3 */
enum {
	REQ_ABORT = 1,
	REQ_GET_CLOCKS = 2,
	REQ_GET_RATES = 3,
	CLASS_OUT = 0x21,
	CLASS_IN = 0xa1,
};

enum {
	APDU_SHORT_MAX = 261,
	PARAMS_T0 = 5,
	PARAMS_T1 = 7,
	CLOCK_STOPPED_LOW = 1,
	MESSAGE_MAX = CCID_HEADER + CARD_RESPONSE_MAX,
};

struct ccid_slot {
	bool powered;
	uint8_t clock;		/* bClockStatus */
	uint8_t protocol;	/* 0: T=0, 1: T=1 */
	uint8_t params[PARAMS_T1];
	/* the command under way: its finished answer waits until due_ms */
	bool busy;
	uint8_t seq;
	uint64_t due_ms, wtx_due_ms;
	uint8_t answer[MESSAGE_MAX];
	size_t answer_len;
	/* abort: both the request and the message must come, CCID 1.1 §5.3.1 */
	bool abort_request, abort_message;
	uint8_t abort_seq;
};

struct ccid {
	struct ccid_slot slot[USB_SLOTS_MAX];
	uint8_t changed;	/* slots whose change was not reported yet */
	uint8_t in[MESSAGE_MAX];	/* the message being received */
	size_t in_len;
};

/* A command from the host. */
struct ccid_msg {
	uint8_t type, slot, seq;
	uint8_t arg[3];
	uint32_t length;
	struct view data;
};

static const struct ccid_traits *
traits(const struct usb_device *d)
{
	return d->model->traits;
}

static uint8_t
icc_status(const struct usb_device *d, unsigned slot)
{
	const struct ccid *c = d->state;

	if (slot >= d->model->slots || !d->slot[slot].in)
		return ICC_ABSENT;
	return c->slot[slot].powered ? ICC_ACTIVE : ICC_INACTIVE;
}

/* The ten bytes of an answer; last is bChainParameter or its like. */
static void
put_header(struct wr *w, uint8_t type, size_t length, const struct ccid_msg *m,
    uint8_t status, uint8_t error, uint8_t last)
{
	wr_u8(w, type);
	wr_le32(w, (uint32_t)length);
	wr_u8(w, m->slot);
	wr_u8(w, m->seq);
	wr_u8(w, status);
	wr_u8(w, error);
	wr_u8(w, last);
}

static void
answer(struct usb_device *d, uint8_t type, const struct ccid_msg *m,
    struct view data, uint8_t last)
{
	uint8_t buf[CCID_HEADER + CARD_ATR_MAX];
	struct wr w = { buf, sizeof(buf), 0, false };

	put_header(&w, type, data.n, m, icc_status(d, m->slot), 0, last);
	wr_view(&w, data);
	usb_push(d, traits(d)->ep_in, wr_done(&w), false);
}

static void
refuse(struct usb_device *d, uint8_t type, const struct ccid_msg *m,
    uint8_t error)
{
	uint8_t buf[CCID_HEADER];
	struct wr w = { buf, sizeof(buf), 0, false };

	put_header(&w, type, 0, m, CMD_FAILED | icc_status(d, m->slot), error,
	    0);
	usb_push(d, traits(d)->ep_in, wr_done(&w), false);
}

static void
slot_off(struct ccid_slot *s)
{
	s->powered = false;
	s->clock = 0;
	s->busy = false;
	explicit_bzero(s->answer, sizeof(s->answer));
	s->answer_len = 0;
}

static void
ccid_reset(struct usb_device *d)
{
	struct ccid *c = d->state;

	for (unsigned i = 0; i < USB_SLOTS_MAX; i++) {
		slot_off(&c->slot[i]);
		c->slot[i].abort_request = false;
		c->slot[i].abort_message = false;
	}
	c->changed = 0;
	c->in_len = 0;
}

/* Power */

static bool
voltage_fits(const struct usb_device *d, const struct card *card, uint8_t select)
{
	static const unsigned volts[] = { 0, CARD_5V, CARD_3V, CARD_1V8 };

	if (select == 0)
		return (traits(d)->features & CCID_AUTO_VOLTAGE) != 0;
	return (card->voltages & volts[select]) != 0;
}

/*
 * The parameters a reader with "automatic parameter configuration based on ATR"
 * has after the reset; ISO 7816-3:2006 §8.2, CCID 1.1 §6.1.7.
 */
static void
params_from_atr(struct ccid_slot *s, const struct card *card)
{
	static const uint8_t t0[PARAMS_T0] = { 0x11, 0x00, 0x00, 0x0a, 0x00 };
	static const uint8_t t1[PARAMS_T1] = {
		0x11, 0x10, 0x00, 0x4d, 0x00, 0x20, 0x00
	};

	memset(s->params, 0, sizeof(s->params));
	s->protocol = (card->protocols & 1) == 0;
	if (s->protocol == 0)
		memcpy(s->params, t0, sizeof(t0));
	else
		memcpy(s->params, t1, sizeof(t1));
}

static void
power_on(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid *c = d->state;
	struct ccid_slot *s = &c->slot[m->slot];
	struct card *card = d->slot[m->slot].card;
	uint8_t select = m->arg[0];

	if (m->length != 0) {
		refuse(d, RDR_DATA_BLOCK, m, E_LENGTH);
		return;
	}
	if (select > 3 || (select == 0 &&
	    (traits(d)->features & CCID_AUTO_VOLTAGE) == 0)) {
		refuse(d, RDR_DATA_BLOCK, m, E_PARAM_7);
		return;
	}
	slot_off(s);
	if (!d->slot[m->slot].in || card->mute ||
	    !voltage_fits(d, card, select)) {
		refuse(d, RDR_DATA_BLOCK, m, E_MUTE);
		return;
	}
	card_reset(card);
	s->powered = true;
	params_from_atr(s, card);
	answer(d, RDR_DATA_BLOCK, m,
	    (struct view){ card->atr, card->atr_len }, 0);
}

static void
power_off(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid *c = d->state;

	if (m->length != 0) {
		refuse(d, RDR_SLOT_STATUS, m, E_LENGTH);
		return;
	}
	slot_off(&c->slot[m->slot]);
	answer(d, RDR_SLOT_STATUS, m, (struct view){ NULL, 0 }, 0);
}

static void
slot_status(struct usb_device *d, const struct ccid_msg *m)
{
	const struct ccid *c = d->state;

	if (m->length != 0) {
		refuse(d, RDR_SLOT_STATUS, m, E_LENGTH);
		return;
	}
	answer(d, RDR_SLOT_STATUS, m, (struct view){ NULL, 0 },
	    c->slot[m->slot].clock);
}

/* Parameters */

static bool
refused_unpowered(struct usb_device *d, uint8_t type, const struct ccid_msg *m)
{
	const struct ccid *c = d->state;

	if (c->slot[m->slot].powered)
		return false;
	refuse(d, type, m, E_MUTE);
	return true;
}

static void
answer_params(struct usb_device *d, const struct ccid_msg *m)
{
	const struct ccid *c = d->state;
	const struct ccid_slot *s = &c->slot[m->slot];
	size_t n = s->protocol == 0 ? PARAMS_T0 : PARAMS_T1;

	answer(d, RDR_PARAMETERS, m, (struct view){ s->params, n }, s->protocol);
}

static void
get_parameters(struct usb_device *d, const struct ccid_msg *m)
{
	if (m->length != 0)
		refuse(d, RDR_PARAMETERS, m, E_LENGTH);
	else if (!refused_unpowered(d, RDR_PARAMETERS, m))
		answer_params(d, m);
}

static void
reset_parameters(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid *c = d->state;

	if (m->length != 0) {
		refuse(d, RDR_PARAMETERS, m, E_LENGTH);
		return;
	}
	if (refused_unpowered(d, RDR_PARAMETERS, m))
		return;
	params_from_atr(&c->slot[m->slot], d->slot[m->slot].card);
	answer_params(d, m);
}

static void
set_parameters(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid *c = d->state;
	struct ccid_slot *s = &c->slot[m->slot];
	uint8_t protocol = m->arg[0];

	if (refused_unpowered(d, RDR_PARAMETERS, m))
		return;
	if (protocol > 1 ||
	    (d->slot[m->slot].card->protocols & 1u << protocol) == 0) {
		refuse(d, RDR_PARAMETERS, m, E_PARAM_7);
		return;
	}
	if (m->length != (protocol == 0 ? PARAMS_T0 : PARAMS_T1)) {
		refuse(d, RDR_PARAMETERS, m, E_LENGTH);
		return;
	}
	s->protocol = protocol;
	memcpy(s->params, m->data.p, m->data.n);
	answer_params(d, m);
}

static void
icc_clock(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid *c = d->state;

	if (m->length != 0) {
		refuse(d, RDR_SLOT_STATUS, m, E_LENGTH);
		return;
	}
	if (m->arg[0] > 1) {
		refuse(d, RDR_SLOT_STATUS, m, E_PARAM_7);
		return;
	}
	if (refused_unpowered(d, RDR_SLOT_STATUS, m))
		return;
	c->slot[m->slot].clock = m->arg[0] == 1 ? CLOCK_STOPPED_LOW : 0;
	slot_status(d, m);
}

/* APDUs */

/* Is this a whole short APDU? ISO 7816-3:2006 §12.1.3 */
static bool
is_short_apdu(struct view v)
{
	size_t lc;

	if (v.n < 4 || v.n > APDU_SHORT_MAX)
		return false;
	if (v.n <= 5)
		return true;
	lc = v.p[4];
	return lc != 0 && (v.n == 5 + lc || v.n == 6 + lc);
}

static void
run_card(struct usb_device *d, const struct ccid_msg *m, uint64_t now_ms)
{
	struct ccid *c = d->state;
	struct ccid_slot *s = &c->slot[m->slot];
	struct card *card = d->slot[m->slot].card;
	struct wr w = { s->answer, sizeof(s->answer), 0, false };
	struct wr rsp = { s->answer + CCID_HEADER, CARD_RESPONSE_MAX, 0, false };

	card_apdu(card, m->data, &rsp);
	put_header(&w, RDR_DATA_BLOCK, rsp.n, m, ICC_ACTIVE, 0, 0);
	s->answer_len = w.n + rsp.n;
	s->busy = true;
	s->seq = m->seq;
	s->due_ms = now_ms + card->delay_ms;
	s->wtx_due_ms = d->wtx_ms == 0 ? USB_NEVER : now_ms + d->wtx_ms;
}

static void	ccid_tick(struct usb_device *, uint64_t now_ms);

static void
xfr_block(struct usb_device *d, const struct ccid_msg *m, uint64_t now_ms)
{
	if (m->arg[1] != 0 || m->arg[2] != 0) {
		refuse(d, RDR_DATA_BLOCK, m, E_LEVEL_PARAMETER);
		return;
	}
	if (!is_short_apdu(m->data)) {
		refuse(d, RDR_DATA_BLOCK, m, E_LENGTH);
		return;
	}
	if (refused_unpowered(d, RDR_DATA_BLOCK, m))
		return;
	run_card(d, m, now_ms);
	ccid_tick(d, now_ms);
}

/* Abort, CCID 1.1 §5.3.1 and §6.1.13 */

static void
abort_done(struct usb_device *d, unsigned slot)
{
	struct ccid *c = d->state;
	struct ccid_slot *s = &c->slot[slot];
	struct ccid_msg m = { .slot = (uint8_t)slot, .seq = s->abort_seq };

	s->abort_request = s->abort_message = false;
	s->busy = false;
	answer(d, RDR_SLOT_STATUS, &m, (struct view){ NULL, 0 }, 0);
}

static void
abort_half(struct usb_device *d, unsigned slot, uint8_t seq, bool request)
{
	struct ccid *c = d->state;
	struct ccid_slot *s = &c->slot[slot];

	if (s->abort_seq != seq)
		s->abort_request = s->abort_message = false;
	s->abort_seq = seq;
	if (request)
		s->abort_request = true;
	else
		s->abort_message = true;
	if (s->abort_request && s->abort_message)
		abort_done(d, slot);
}

/* Dispatch */

/* The answer's type when a command is refused before it is understood. */
static uint8_t
answer_type(uint8_t command)
{
	switch (command) {
	case PC_ICC_POWER_ON:
	case PC_XFR_BLOCK:
	case PC_SECURE:
		return RDR_DATA_BLOCK;
	case PC_GET_PARAMETERS:
	case PC_RESET_PARAMETERS:
	case PC_SET_PARAMETERS:
		return RDR_PARAMETERS;
	case PC_ESCAPE:
		return RDR_ESCAPE;
	case PC_SET_RATE:
		return RDR_RATE;
	default:
		return RDR_SLOT_STATUS;
	}
}

static void
command(struct usb_device *d, const struct ccid_msg *m, uint64_t now_ms)
{
	switch (m->type) {
	case PC_ICC_POWER_ON:
		power_on(d, m);
		return;
	case PC_ICC_POWER_OFF:
		power_off(d, m);
		return;
	case PC_GET_SLOT_STATUS:
		slot_status(d, m);
		return;
	case PC_GET_PARAMETERS:
		get_parameters(d, m);
		return;
	case PC_RESET_PARAMETERS:
		reset_parameters(d, m);
		return;
	case PC_SET_PARAMETERS:
		set_parameters(d, m);
		return;
	case PC_ICC_CLOCK:
		icc_clock(d, m);
		return;
	case PC_XFR_BLOCK:
		xfr_block(d, m, now_ms);
		return;
	default:
		refuse(d, answer_type(m->type), m, E_UNSUPPORTED);
	}
}

static void
message(struct usb_device *d, struct view in, uint64_t now_ms)
{
	struct ccid *c = d->state;
	struct rd r = { .in = in };
	struct ccid_msg m;

	m.type = rd_u8(&r);
	m.length = rd_le32(&r);
	m.slot = rd_u8(&r);
	m.seq = rd_u8(&r);
	for (size_t i = 0; i < sizeof(m.arg); i++)
		m.arg[i] = rd_u8(&r);
	m.data = r.in;
	if (r.bad)
		return;		/* not even a header: nothing to answer to */
	if (m.slot >= d->model->slots) {
		refuse(d, answer_type(m.type), &m, E_SLOT);
	} else if (m.length != m.data.n ||
	    in.n > traits(d)->max_message) {
		refuse(d, answer_type(m.type), &m, E_LENGTH);
	} else if (m.type == PC_ABORT) {
		abort_half(d, m.slot, m.seq, false);
	} else if (c->slot[m.slot].abort_request) {
		refuse(d, answer_type(m.type), &m, E_ABORTED);
	} else if (c->slot[m.slot].busy) {
		refuse(d, answer_type(m.type), &m, E_BUSY);
	} else {
		command(d, &m, now_ms);
	}
}

/*
 * Bulk-OUT data. A message ends when as many bytes came as its header says, or
 * with a short packet, whichever is first.
 */
static int
ccid_out(struct usb_device *d, uint8_t ep, struct view data, uint64_t now_ms)
{
	struct ccid *c = d->state;
	const struct usb_endpoint *e = usb_endpoint(d, ep);
	size_t want;

	if (data.n == 0 && c->in_len == 0)
		return 0;	/* the empty packet after a full one */
	if (data.n > sizeof(c->in) - c->in_len) {
		c->in_len = 0;
		return -EPIPE;
	}
	if (data.n != 0)
		memcpy(c->in + c->in_len, data.p, data.n);
	c->in_len += data.n;
	want = CCID_HEADER;
	if (c->in_len >= CCID_HEADER)
		want += (size_t)c->in[1] | (size_t)c->in[2] << 8 |
		    (size_t)c->in[3] << 16 | (size_t)c->in[4] << 24;
	if (c->in_len < want && data.n != 0 && data.n % e->packet == 0)
		return 0;
	message(d, (struct view){ c->in, c->in_len }, now_ms);
	explicit_bzero(c->in, c->in_len);
	c->in_len = 0;
	return 0;
}

static void
put_table(struct wr *in, const uint32_t *table, size_t n, size_t entries)
{
	for (size_t i = 0; i < entries; i++)
		wr_le32(in, i < n ? table[i] : 0);
}

static int
ccid_control(struct usb_device *d, const struct usb_setup *s, struct view out,
    struct wr *in, uint64_t now_ms)
{
	const struct ccid_traits *t = traits(d);

	(void)out;
	(void)now_ms;
	if (d->configuration == 0 || s->index != 0)
		return -EPIPE;
	if (s->type == CLASS_OUT && s->request == REQ_ABORT) {
		if ((s->value & 0xff) >= d->model->slots)
			return -EPIPE;
		abort_half(d, s->value & 0xff, (uint8_t)(s->value >> 8), true);
		return 0;
	}
	if (s->type == CLASS_IN && s->request == REQ_GET_CLOCKS &&
	    t->clock_entries != 0) {
		put_table(in, t->clocks_khz, t->n_clocks, t->clock_entries);
		return 0;
	}
	if (s->type == CLASS_IN && s->request == REQ_GET_RATES &&
	    t->rate_entries != 0) {
		put_table(in, t->rates_bps, t->n_rates, t->rate_entries);
		return 0;
	}
	return -EPIPE;
}

/* RDR_to_PC_NotifySlotChange, CCID 1.1 §6.3.1 */
static void
ccid_poll(struct usb_device *d, uint8_t ep)
{
	struct ccid *c = d->state;
	uint8_t buf[1 + USB_SLOTS_MAX / 4] = { RDR_NOTIFY_SLOT_CHANGE };

	if (c->changed == 0 || ep != traits(d)->ep_interrupt)
		return;
	for (unsigned i = 0; i < d->model->slots; i++) {
		unsigned bits = d->slot[i].in ? 1u : 0u;

		if ((c->changed & 1u << i) != 0)
			bits |= 2u;
		buf[1 + i / 4] |= (uint8_t)(bits << (i % 4 * 2));
	}
	c->changed = 0;
	usb_push(d, ep,
	    (struct view){ buf, 1 + (d->model->slots + 3) / 4 }, false);
}

static void
ccid_card_changed(struct usb_device *d, unsigned slot)
{
	struct ccid *c = d->state;
	struct ccid_slot *s = &c->slot[slot];

	c->changed |= (uint8_t)(1u << slot);
	if (s->busy) {
		struct ccid_msg m = { .slot = (uint8_t)slot, .seq = s->seq };

		refuse(d, RDR_DATA_BLOCK, &m, E_MUTE);
	}
	slot_off(s);
}

static uint64_t
ccid_deadline(const struct usb_device *d)
{
	const struct ccid *c = d->state;
	uint64_t first = USB_NEVER;

	for (unsigned i = 0; i < d->model->slots; i++) {
		const struct ccid_slot *s = &c->slot[i];

		if (s->busy && s->due_ms < first)
			first = s->due_ms;
		if (s->busy && s->wtx_due_ms < first)
			first = s->wtx_due_ms;
	}
	return first;
}

/* RDR_to_PC_DataBlock "time extension": bError is a multiplier of BWT or WWT. */
static void
time_extension(struct usb_device *d, const struct ccid_slot *s)
{
	uint8_t buf[CCID_HEADER];
	struct wr w = { buf, sizeof(buf), 0, false };
	struct ccid_msg m = { .slot = s->answer[5], .seq = s->seq };

	put_header(&w, RDR_DATA_BLOCK, 0, &m, CMD_TIME_EXTENSION, 1, 0);
	usb_push(d, traits(d)->ep_in, wr_done(&w), false);
}

static void
ccid_tick(struct usb_device *d, uint64_t now_ms)
{
	struct ccid *c = d->state;

	for (unsigned i = 0; i < d->model->slots; i++) {
		struct ccid_slot *s = &c->slot[i];

		if (s->busy && s->due_ms <= now_ms) {
			s->busy = false;
			usb_push(d, traits(d)->ep_in,
			    (struct view){ s->answer, s->answer_len }, false);
			explicit_bzero(s->answer, s->answer_len);
		} else if (s->busy && s->wtx_due_ms <= now_ms) {
			s->wtx_due_ms = now_ms + d->wtx_ms;
			time_extension(d, s);
		}
	}
}

const struct usb_family ccid_family = {
	.state_size	= sizeof(struct ccid),
	.reset		= ccid_reset,
	.control	= ccid_control,
	.out		= ccid_out,
	.poll		= ccid_poll,
	.deadline	= ccid_deadline,
	.tick		= ccid_tick,
	.card_changed	= ccid_card_changed,
	.fini		= NULL,
};
