/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ccid.h"

#include <errno.h>
#include <string.h>

#include "emulator/ccid_state.h"

/* Class requests, CCID 1.1 §5.3 */
enum {
	REQ_ABORT = 1,
	REQ_GET_CLOCKS = 2,
	REQ_GET_RATES = 3,
	CLASS_OUT = 0x21,
	CLASS_IN = 0xa1,
};

void
ccid_slot_off(struct ccid_slot *s)
{
	s->powered = false;
	s->clock = 0;
	s->busy = false;
	s->cmd_open = false;
	explicit_bzero(s->answer, s->answer_n);
	explicit_bzero(s->cmd, s->cmd_n);
	explicit_bzero(s->rsp, s->rsp_n);
	s->answer_n = s->cmd_n = s->rsp_n = s->rsp_at = 0;
}

static void
ccid_reset(struct usb_device *d)
{
	struct ccid *c = d->state;

	for (unsigned i = 0; i < USB_SLOTS_MAX; i++) {
		ccid_slot_off(&c->slot[i]);
		c->slot[i].abort_request = false;
		c->slot[i].abort_message = false;
	}
	c->changed = 0;
	c->dead = false;
	c->in_n = 0;
}

/* Abort, CCID 1.1 §5.3.1 and §6.1.13 */

static void
abort_half(struct usb_device *d, unsigned slot, uint8_t seq, bool request)
{
	struct ccid_slot *s = ccid_slot(d, slot);
	struct ccid_msg m = {
		.type = PC_ABORT, .slot = (uint8_t)slot, .seq = seq
	};

	if (s->abort_seq != seq)
		s->abort_request = s->abort_message = false;
	s->abort_seq = seq;
	if (request)
		s->abort_request = true;
	else
		s->abort_message = true;
	if (!s->abort_request || !s->abort_message)
		return;
	s->abort_request = s->abort_message = false;
	s->cmd_open = false;
	ccid_answer(d, RDR_SLOT_STATUS, &m, (struct view){ NULL, 0 }, 0);
}

/* Messages in */

static unsigned
busy_slots(const struct usb_device *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->model->slots; i++)
		n += ccid_slot(d, i)->busy;
	return n;
}

static void
dispatch(struct usb_device *d, const struct ccid_msg *m, size_t n)
{
	if (m->slot >= d->model->slots)
		ccid_refuse_aside(d, m, E_SLOT);
	else if (m->type == PC_ABORT)
		abort_half(d, m->slot, m->seq, false);
	else if (ccid_slot(d, m->slot)->abort_request)
		ccid_refuse_aside(d, m, E_ABORTED);
	else if (ccid_slot(d, m->slot)->busy ||
	    busy_slots(d) >= ccid_traits(d)->busy_slots)
		ccid_refuse_aside(d, m, E_BUSY);
	else if (m->length != m->data.n || n > ccid_traits(d)->max_message)
		ccid_refuse(d, ccid_answer_type(m->type), m, E_LENGTH);
	else if (m->type == PC_XFR_BLOCK)
		ccid_xfr_block(d, m);
	else
		ccid_command(d, m);
}

static void
message(struct usb_device *d, struct view in)
{
	struct rd r = { .in = in };
	struct ccid_msg m;

	m.type = rd_u8(&r);
	m.length = rd_le32(&r);
	m.slot = rd_u8(&r);
	m.seq = rd_u8(&r);
	for (size_t i = 0; i < sizeof(m.arg); i++)
		m.arg[i] = rd_u8(&r);
	m.data = r.in;
	if (!r.bad)	/* without a header there is nothing to answer to */
		dispatch(d, &m, in.n);
}

/*
 * Bulk-OUT data. A message ends when as many bytes came as its header says, or
 * with a short packet, whichever is first.
 */
static int
ccid_out(struct usb_device *d, uint8_t ep, struct view data)
{
	struct ccid *c = d->state;
	size_t want = CCID_HEADER;

	if (data.n == 0 && c->in_n == 0)
		return 0;	/* the empty packet after a full one */
	if (data.n > sizeof(c->in) - c->in_n) {
		c->in_n = 0;
		return -EPIPE;
	}
	if (data.n != 0)
		memcpy(c->in + c->in_n, data.p, data.n);
	c->in_n += data.n;
	if (c->in_n >= CCID_HEADER)
		want += (size_t)c->in[1] | (size_t)c->in[2] << 8 |
		    (size_t)c->in[3] << 16 | (size_t)c->in[4] << 24;
	if (c->in_n < want && data.n != 0 &&
	    data.n % usb_endpoint(d, ep)->packet == 0)
		return 0;
	message(d, (struct view){ c->in, c->in_n });
	explicit_bzero(c->in, c->in_n);
	c->in_n = 0;
	return 0;
}

/* Class requests */

static void
put_table(struct wr *in, const uint32_t *table, size_t n, size_t entries)
{
	for (size_t i = 0; i < entries; i++)
		wr_le32(in, i < n ? table[i] : 0);
}

static int
abort_request(struct usb_device *d, uint16_t value)
{
	if ((value & 0xff) >= d->model->slots)
		return -EPIPE;
	abort_half(d, value & 0xff, (uint8_t)(value >> 8), true);
	return 0;
}

static int
ccid_control(struct usb_device *d, const struct usb_setup *s, struct view out,
    struct wr *in)
{
	const struct ccid_traits *t = ccid_traits(d);

	(void)out;
	if (d->configuration == 0 || s->index != 0)
		return -EPIPE;
	if (s->type == CLASS_OUT && s->request == REQ_ABORT)
		return abort_request(d, s->value);
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

/* Cards come and go */

/* RDR_to_PC_NotifySlotChange, CCID 1.1 §6.3.1 */
static void
ccid_poll(struct usb_device *d, uint8_t ep)
{
	struct ccid *c = d->state;
	uint8_t buf[1 + USB_SLOTS_MAX / 4] = { RDR_NOTIFY_SLOT_CHANGE };

	if (c->changed == 0 || ep != ccid_traits(d)->ep_interrupt)
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

/* A card that leaves during its command is mute: the reader says so. */
static void
ccid_card_changed(struct usb_device *d, unsigned slot)
{
	struct ccid *c = d->state;
	struct ccid_slot *s = &c->slot[slot];
	struct ccid_msg m = {
		.type = PC_XFR_BLOCK, .slot = (uint8_t)slot, .seq = s->seq
	};
	bool was_busy = s->busy;

	c->changed |= (uint8_t)(1u << slot);
	ccid_slot_off(s);
	if (was_busy)
		ccid_refuse_aside(d, &m, E_MUTE);
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
