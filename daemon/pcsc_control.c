/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/pcsc_call.h"
#include "daemon/reader.h"
#include "daemon/slot.h"
#include "protocols/escape.h"
#include "protocols/pcsc_part10.h"

enum { APDU_SHORT_MAX = 261 };

static const struct view nothing = { NULL, 0 };

static enum err
run_control(const struct pcsc_handle *h, uint32_t code, struct wr *w)
{
	struct reader_status st;

	reader_status(h->reader, &st);
	if (st.info == NULL)
		return ERR_GONE;
	if (code == PCSC_CTL_FEATURES || code == PCSC_CTL_FEATURES_WINDOWS)
		pcsc_features_write(w, reader_may(h->reader, &h->client->peer,
		    RIGHT_ESCAPE));
	else if (code == PCSC_CTL_PROPERTIES)
		pcsc_properties_write(w, &(struct pcsc_properties){
		    .vid = st.info->vid, .pid = st.info->pid,
		    .extended = st.info->max_apdu > APDU_SHORT_MAX });
	else
		return ERR_UNSUPPORTED;
	return ERR_OK;
}

static void
answer_control(struct pcsc_client *c, enum err e, struct view data)
{
	pcsc_set(&c->q, PCSC_CONTROL_RECV_LEN,
	    e == ERR_OK ? (uint32_t)data.n : 0);
	if (e == ERR_OK && data.n > pcsc_get(&c->q, PCSC_CONTROL_RECV_MAX))
		e = ERR_BUFFER;
	pcsc_answer_data(c, pcsc_rv_from(e), e == ERR_OK ? data : nothing);
}

static void
on_control_turn(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;
	struct pcsc_client *c = h->client;
	uint8_t buf[64];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	enum err e = r->err;

	if (e == ERR_OK)
		e = run_control(h, pcsc_get(&c->q, PCSC_CONTROL_CODE), &w);
	answer_control(c, e, wr_done(&w));
}

static void
on_escaped(void *arg, const struct result *r)
{
	const struct pcsc_handle *h = arg;

	answer_control(h->client, r->err, r->data);
}

/* A command to the reader itself, which openct.conf must allow, but for a few
   that do no harm. */
static void
escape(struct pcsc_client *c, struct pcsc_handle *h)
{
	struct reader_status st;
	uint32_t code = CHANNEL_ESCAPE;
	char who[80];
	enum err e;

	reader_status(h->reader, &st);
	if (st.info != NULL && escape_is_harmless(st.info->vid, st.info->pid,
	    c->q.data))
		code = CHANNEL_ESCAPE_HARMLESS;
	e = pcsc_handle_request(h, REQUEST_CONTROL, code, c->q.data,
	    pcsc_handle_moment(h), on_escaped);
	if (e == ERR_OK)
		return;
	if (e == ERR_DENIED && !h->refusal_told)
		log_at(LOG_LEVEL_NOTICE, h->name, "%s may not send commands to "
		    "the reader itself (openct.conf: escape)",
		    peer_text(who, sizeof(who), &c->peer));
	h->refusal_told = h->refusal_told || e == ERR_DENIED;
	answer_control(c, e, nothing);
}

/* Goes on when no other program's lock is in the way. */
static void
take_turn(struct pcsc_client *c, struct pcsc_handle *h, result_fn next)
{
	enum err e = pcsc_handle_request(h, REQUEST_TURN, 0, nothing,
	    pcsc_handle_moment(h), next);

	if (e != ERR_OK)
		pcsc_answer(c, pcsc_rv_from(e));
}

void
pcsc_control(struct pcsc_client *c, struct pcsc_handle *h)
{
	if (pcsc_get(&c->q, PCSC_CONTROL_CODE) == PCSC_CTL_ESCAPE)
		escape(c, h);
	else
		take_turn(c, h, on_control_turn);
}

/* What attributes are made from. */
struct facts {
	const struct pcsc_handle *h;
	struct reader_status reader;	/* info is there */
	struct slot_status slot;
};

typedef void	(*attrib_fn)(struct wr *, const struct facts *);

/* A text with its NUL; nothing at all when it is empty. */
static void
wr_text(struct wr *w, const char *s)
{
	size_t n = strlen(s);

	if (n != 0)
		wr_view(w, (struct view){ (const uint8_t *)s, n + 1 });
}

static void
atr(struct wr *w, const struct facts *f)
{
	wr_view(w, f->slot.atr);
}

static void
presence(struct wr *w, const struct facts *f)
{
	wr_u8(w, f->slot.card >= SLOT_PRESENT ? 2 : 0);
}

static void
contact(struct wr *w, const struct facts *f)
{
	wr_u8(w, f->slot.card == SLOT_POWERED);
}

static void
vendor(struct wr *w, const struct facts *f)
{
	wr_text(w, f->reader.info->vendor);
}

static void
version(struct wr *w, const struct facts *f)
{
	pcsc_word_write(w, (uint32_t)f->reader.info->bcd_device << 16);
}

static void
serial(struct wr *w, const struct facts *f)
{
	wr_text(w, f->reader.info->serial);
}

/* Kind USB, then bus and address. */
static void
channel(struct wr *w, const struct facts *f)
{
	unsigned bus = 0, address = 0;

	if (sscanf(f->reader.device, "usb:/dev/bus/usb/%3u/%3u", &bus,
	    &address) != 2)
		bus = address = 0;
	pcsc_word_write(w, 0x0020u << 16 | (bus & 0xff) << 8 |
	    (address & 0xff));
}

static void
max_input(struct wr *w, const struct facts *f)
{
	static const uint32_t ccid_header = 10;
	uint32_t n = f->reader.info->max_message;

	pcsc_word_write(w, n > ccid_header ? n - ccid_header :
	    f->reader.info->max_apdu);
}

static void
name(struct wr *w, const struct facts *f)
{
	wr_text(w, f->h->name);
}

/* Nothing else is asked of a driver: pcscd's would give away its addresses. */
static const struct attrib {
	uint32_t id;
	attrib_fn write;
	bool usb;			/* a virtual reader has none */
} attribs[] = {
	{ 0x00010100, vendor, true },
	{ 0x00010102, version, true },
	{ 0x00010103, serial, true },
	{ 0x00020110, channel, true },
	{ 0x0007a007, max_input, false },
	{ 0x00090300, presence, false },
	{ 0x00090301, contact, false },
	{ 0x00090303, atr, false },
	{ 0x7fff0003, name, false },	/* friendly name */
	{ 0x7fff0004, name, false },	/* system name */
};

static enum err
find_attrib(const struct pcsc_handle *h, uint32_t id, struct wr *w)
{
	struct facts f = { .h = h };

	reader_status(h->reader, &f.reader);
	if (f.reader.info == NULL || session_slot(h->session) == NULL)
		return ERR_GONE;
	slot_status(session_slot(h->session), &f.slot);
	for (size_t i = 0; i < sizeof(attribs) / sizeof(attribs[0]); i++) {
		if (attribs[i].id != id ||
		    (attribs[i].usb && f.reader.info->vid == 0))
			continue;
		attribs[i].write(w, &f);
		return w->bad ? ERR_BUFFER : ERR_OK;
	}
	return ERR_UNSUPPORTED;
}

static void
on_attrib_turn(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;
	struct pcsc_client *c = h->client;
	uint8_t buf[PCSC_ATTR_MAX];
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	uint32_t room = pcsc_get(&c->q, PCSC_GET_ATTRIB_LEN);
	enum err e = r->err;

	if (e == ERR_OK)
		e = find_attrib(h, pcsc_get(&c->q, PCSC_GET_ATTRIB_ID), &w);
	if (e == ERR_OK && wr_done(&w).n > room)
		e = ERR_BUFFER;
	if (e == ERR_OK)
		e = pcsc_set_attrib(&c->q, wr_done(&w));
	pcsc_answer(c, pcsc_rv_from(e));
}

void
pcsc_get_attrib(struct pcsc_client *c, struct pcsc_handle *h)
{
	take_turn(c, h, on_attrib_turn);
}

static void
on_set_turn(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;

	pcsc_answer(h->client, pcsc_rv_from(r->err != ERR_OK ? r->err :
	    ERR_UNSUPPORTED));
}

/* There is none that could be set. */
void
pcsc_set_attrib_command(struct pcsc_client *c, struct pcsc_handle *h)
{
	take_turn(c, h, on_set_turn);
}
