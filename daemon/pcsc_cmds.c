/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "base/secret.h"
#include "daemon/pcsc_call.h"
#include "daemon/slot.h"

static const struct view nothing = { NULL, 0 };

/* ---- the context ---- */

/* A minor we do not speak gets an offer; a newer client takes it up. */
static void
version(struct pcsc_client *c, struct pcsc_handle *h)
{
	uint32_t major = pcsc_get(&c->q, PCSC_VERSION_MAJOR);
	uint32_t minor = pcsc_get(&c->q, PCSC_VERSION_MINOR);

	(void)h;
	if (major == PCSC_MAJOR && minor >= PCSC_MINOR_MIN &&
	    minor <= PCSC_MINOR_MAX) {
		c->minor = minor;
		pcsc_answer(c, PCSC_RV_SUCCESS);
		return;
	}
	pcsc_set(&c->q, PCSC_VERSION_MAJOR, PCSC_MAJOR);
	pcsc_set(&c->q, PCSC_VERSION_MINOR, PCSC_MINOR_MAX);
	pcsc_answer(c, PCSC_RV_SERVICE_STOPPED);
}

/* Asked again, the new number takes the place of the old one. */
static void
establish(struct pcsc_client *c, struct pcsc_handle *h)
{
	uint32_t context = pcsc_new_number(c->world);

	(void)h;
	if (pcsc_get(&c->q, PCSC_ESTABLISH_CONTEXT_SCOPE) > PCSC_SCOPE_GLOBAL) {
		pcsc_answer(c, PCSC_RV_INVALID_VALUE);
		return;
	}
	if (context == 0) {
		pcsc_answer(c, PCSC_RV_NO_MEMORY);
		return;
	}
	c->context = context;
	pcsc_set(&c->q, PCSC_ESTABLISH_CONTEXT_CONTEXT, context);
	pcsc_answer(c, PCSC_RV_SUCCESS);
}

static void
release(struct pcsc_client *c, struct pcsc_handle *h)
{
	if (c->context == 0 ||
	    pcsc_get(&c->q, PCSC_RELEASE_CONTEXT_CONTEXT) != c->context) {
		pcsc_answer(c, PCSC_RV_INVALID_HANDLE);
		return;
	}
	c->context = 0;
	c->waits = false;
	while ((h = TAILQ_FIRST(&c->handles)) != NULL)
		pcsc_handle_free(h);
	pcsc_answer(c, PCSC_RV_SUCCESS);
}

/* From a connection of its own. Nobody wakes another user's programs. */
static void
cancel(struct pcsc_client *c, struct pcsc_handle *h)
{
	uint32_t context = pcsc_get(&c->q, PCSC_CANCEL_CONTEXT);
	struct pcsc_client *o;

	(void)h;
	TAILQ_FOREACH(o, &c->world->clients, entry) {
		if (context != 0 && o->context == context &&
		    (c->peer.uid == 0 || c->peer.uid == o->peer.uid))
			pcsc_signal(o, PCSC_RV_CANCELLED);
	}
	pcsc_answer(c, PCSC_RV_SUCCESS);
}

/* ---- the readers' states ---- */

static void
send_states(struct pcsc_client *c, unsigned n)
{
	size_t cap = (size_t)n * PCSC_STATE;
	uint8_t *buf = malloc(cap);
	struct wr w = { .p = buf, .cap = buf != NULL ? cap : 0 };

	pcsc_state_array(&c->world->state, &w, n, &c->peer);
	c->seen = c->world->state.changes;
	if (w.bad || n == 0)
		pcsc_refuse(c, "out of memory, or states of no size");
	else
		pcsc_answer_raw(c, wr_done(&w));
	free(buf);
}

static void
send_words(struct pcsc_client *c, unsigned n, uint32_t first)
{
	uint8_t buf[PCSC_SIGNAL];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	pcsc_word_write(&w, first);
	if (n == 2)
		pcsc_word_write(&w, PCSC_RV_SUCCESS);
	pcsc_answer_raw(c, wr_done(&w));
}

static void
readers_state(struct pcsc_client *c, struct pcsc_handle *h)
{
	(void)h;
	send_states(c, c->world->legacy);
}

/* All that follows the size, until the array is out, must be the array. */
static void
states_size(struct pcsc_client *c, struct pcsc_handle *h)
{
	(void)h;
	c->size = c->world->state.size;
	send_words(c, 1, c->size);
}

static void
states(struct pcsc_client *c, struct pcsc_handle *h)
{
	(void)h;
	send_states(c, c->size);
	c->quiet = false;
	if (c->due)
		pcsc_signal(c, c->due_rv);
}

/*
 * 4.4 and 4.5 are answered with the states, which belong to the registration;
 * in 4.6 the client asks for them next, and takes a signal in between for their
 * number. In 4.3 it has asked before, and would miss what happened since.
 */
static void
wait_for_change(struct pcsc_client *c, struct pcsc_handle *h)
{
	(void)h;
	c->waits = true;
	c->due = false;
	c->quiet = c->minor >= 6;
	if (c->minor == 4 || c->minor == 5) {
		send_states(c, c->world->legacy);
		return;
	}
	stream_release(c->stream);
	if (c->minor == 3 && c->seen != c->world->state.changes)
		pcsc_signal(c, PCSC_RV_SUCCESS);
}

/* No answer when the signal is on its way: it is the answer. */
static void
stop_waiting(struct pcsc_client *c, struct pcsc_handle *h)
{
	bool waited = c->waits;

	(void)h;
	c->waits = c->quiet = c->due = false;
	if (waited)
		send_words(c, 2, 0);
	else
		stream_release(c->stream);
}

static void
reader_events(struct pcsc_client *c, struct pcsc_handle *h)
{
	(void)h;
	send_words(c, 2, c->world->state.events);
}

/* ---- the card ---- */

static void
on_status_turn(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;

	pcsc_answer(h->client, pcsc_rv_from(r->err));
}

static void
status(struct pcsc_client *c, struct pcsc_handle *h)
{
	enum err e = pcsc_handle_request(h, REQUEST_TURN, 0, nothing,
	    pcsc_handle_moment(h), on_status_turn);

	if (e != ERR_OK)
		pcsc_answer(c, pcsc_rv_from(e));
}

static void
on_transmitted(void *arg, const struct result *r)
{
	struct pcsc_handle *h = arg;
	struct pcsc_client *c = h->client;
	uint32_t room = pcsc_get(&c->q, PCSC_TRANSMIT_RECV_LEN);
	enum err e = r->err;

	pcsc_set(&c->q, PCSC_TRANSMIT_RECV_LEN,
	    e == ERR_OK ? (uint32_t)r->data.n : 0);
	if (e == ERR_OK && r->data.n > room)
		e = ERR_BUFFER;
	pcsc_answer_data(c, pcsc_rv_from(e), e == ERR_OK ? r->data : nothing);
}

static void
transmit(struct pcsc_client *c, struct pcsc_handle *h)
{
	uint32_t pci = pcsc_get(&c->q, PCSC_TRANSMIT_PCI);
	const struct slot *slot = session_slot(h->session);
	struct slot_status st = { .card = SLOT_UNKNOWN };
	enum err e = ERR_OK;

	if (slot != NULL)
		slot_status(slot, &st);
	if (st.card == SLOT_ABSENT)
		e = ERR_NO_CARD;
	else if (pci != PCSC_RAW && pci != PCSC_ANY_OLD && pci != h->place->protocol)
		e = ERR_PROTOCOL;
	if (e == ERR_OK)
		e = pcsc_handle_request(h, REQUEST_TRANSMIT, 0, c->q.data,
		    pcsc_handle_moment(h), on_transmitted);
	if (e == ERR_OK)
		return;
	pcsc_set(&c->q, PCSC_TRANSMIT_RECV_LEN, 0);
	pcsc_answer(c, pcsc_rv_from(e));
}

/* ---- all of them ---- */

enum need {
	NONE,
	CARDS,			/* as they are now */
	HANDLE,			/* this client's, its reader may have left */
	READER,			/* and the reader is there */
	QUIET,			/* and nothing happened to the card meanwhile */
};

static const struct command {
	enum pcsc_cmd cmd;
	enum need need;
	void (*run)(struct pcsc_client *, struct pcsc_handle *);
} commands[] = {
	{ PCSC_ESTABLISH_CONTEXT, NONE, establish },
	{ PCSC_RELEASE_CONTEXT, NONE, release },
	{ PCSC_CONNECT, CARDS, pcsc_connect },
	{ PCSC_RECONNECT, READER, pcsc_reconnect },
	{ PCSC_DISCONNECT, HANDLE, pcsc_disconnect },
	{ PCSC_BEGIN_TRANSACTION, QUIET, pcsc_begin },
	{ PCSC_END_TRANSACTION, QUIET, pcsc_end },
	{ PCSC_TRANSMIT, QUIET, transmit },
	{ PCSC_CONTROL, READER, pcsc_control },
	{ PCSC_STATUS, QUIET, status },
	{ PCSC_CANCEL, NONE, cancel },
	{ PCSC_GET_ATTRIB, QUIET, pcsc_get_attrib },
	{ PCSC_SET_ATTRIB, QUIET, pcsc_set_attrib_command },
	{ PCSC_VERSION, NONE, version },
	{ PCSC_READERS_STATE, CARDS, readers_state },
	{ PCSC_WAIT, CARDS, wait_for_change },
	{ PCSC_STOP_WAITING, NONE, stop_waiting },
	{ PCSC_READER_EVENTS, NONE, reader_events },
	{ PCSC_STATES_SIZE, CARDS, states_size },
	{ PCSC_STATES, NONE, states },
};

static const struct command *
find(enum pcsc_cmd cmd)
{
	const struct command *row = commands;

	while (row->cmd != cmd)		/* the parser lets no other through */
		row++;
	return row;
}

bool
pcsc_asks_about_cards(const struct pcsc_client *c)
{
	return find(c->q.cmd)->need == CARDS;
}

/* The first word of all of these is hCard. */
static enum pcsc_rv
check(const struct command *row, struct pcsc_handle *h)
{
	if (row->need >= READER && h->place == NULL)
		return PCSC_RV_INVALID_VALUE;
	return row->need == QUIET ? pcsc_handle_news(h) : PCSC_RV_SUCCESS;
}

/* What a program has room for is no length of what it gets. */
static void
refuse(struct pcsc_client *c, enum pcsc_rv rv)
{
	if (c->q.cmd == PCSC_TRANSMIT)
		pcsc_set(&c->q, PCSC_TRANSMIT_RECV_LEN, 0);
	pcsc_answer(c, rv);
}

void
pcsc_command(struct pcsc_client *c)
{
	const struct command *row = find(c->q.cmd);
	struct pcsc_handle *h = NULL;
	enum pcsc_rv rv;

	if (row->need >= HANDLE) {
		h = pcsc_handle_find(c, pcsc_get(&c->q, PCSC_STATUS_CARD));
		if (h == NULL) {
			pcsc_refuse(c, "a card handle that it does not have");
			return;
		}
		rv = check(row, h);
		if (rv != PCSC_RV_SUCCESS) {
			refuse(c, rv);
			return;
		}
	}
	row->run(c, h);
}
