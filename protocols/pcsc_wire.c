/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/pcsc_wire.h"

enum {
	WAIT_BODY_OLD = 8,		/* of WAIT and STOP_WAITING in 4.3 */
	ATR_LEN_NONE = PCSC_ATR_MAX + 1,	/* pcscd's for no reader */
};

/* Every word lies before the result, every body fits, nothing is odd. */
#define X(cmd, size, word, offset)					\
	_Static_assert(offset + 8 <= size && offset % 4 == 0,		\
	    "a word lies outside of its body");
PCSC_WORD_LIST(X)
#undef X
#define X(name, number, size, minor)					\
	_Static_assert(size <= PCSC_BODY_MAX && size % 4 == 0,		\
	    "a body is longer than any");
PCSC_CMD_LIST(X)
#undef X
_Static_assert(PCSC_CONNECT_NAME + PCSC_NAME_MAX + 1 == PCSC_CONNECT_MODE,
    "the reader's name");
_Static_assert(PCSC_GET_ATTRIB_VALUE + PCSC_ATTR_MAX == PCSC_GET_ATTRIB_LEN,
    "the attribute's value");
_Static_assert(PCSC_STATE_NAME + PCSC_NAME_MAX + 1 == PCSC_STATE_EVENTS &&
    PCSC_STATE_ATR + PCSC_ATR_MAX + 3 == PCSC_STATE_ATR_LEN &&
    PCSC_STATE_PROTOCOL + 4 == PCSC_STATE, "a reader's state");

static const enum pcsc_rv rv_from[] = {
	[ERR_OK] = PCSC_RV_SUCCESS,
	[ERR_SHORT] = PCSC_RV_INVALID_PARAMETER,
	[ERR_FORMAT] = PCSC_RV_INVALID_PARAMETER,
	[ERR_TOO_LONG] = PCSC_RV_NOT_TRANSACTED,
	[ERR_ARG] = PCSC_RV_INVALID_PARAMETER,
	[ERR_UNSUPPORTED] = PCSC_RV_UNSUPPORTED_FEATURE,
	[ERR_NO_READER] = PCSC_RV_UNKNOWN_READER,
	[ERR_NO_SLOT] = PCSC_RV_UNKNOWN_READER,
	[ERR_GONE] = PCSC_RV_READER_UNAVAILABLE,
	[ERR_IO] = PCSC_RV_NOT_TRANSACTED,
	[ERR_STALL] = PCSC_RV_NOT_TRANSACTED,
	[ERR_READER] = PCSC_RV_NOT_TRANSACTED,
	[ERR_HANDLER] = PCSC_RV_READER_UNAVAILABLE,
	[ERR_NO_CARD] = PCSC_RV_NO_SMARTCARD,
	[ERR_MUTE] = PCSC_RV_UNRESPONSIVE_CARD,
	[ERR_CARD] = PCSC_RV_NOT_TRANSACTED,
	[ERR_UNPOWERED] = PCSC_RV_UNPOWERED_CARD,
	[ERR_PROTOCOL] = PCSC_RV_PROTO_MISMATCH,
	[ERR_WAS_RESET] = PCSC_RV_RESET_CARD,
	[ERR_REMOVED] = PCSC_RV_REMOVED_CARD,
	[ERR_TIMEOUT] = PCSC_RV_NOT_TRANSACTED,
	[ERR_CANCELLED] = PCSC_RV_NOT_TRANSACTED,
	[ERR_PIN_CANCELLED] = PCSC_RV_NOT_TRANSACTED,
	[ERR_PIN_TIMEOUT] = PCSC_RV_NOT_TRANSACTED,
	[ERR_PIN_MISMATCH] = PCSC_RV_NOT_TRANSACTED,
	[ERR_LOCKED] = PCSC_RV_SHARING_VIOLATION,
	[ERR_NO_LOCK] = PCSC_RV_NOT_TRANSACTED,
	[ERR_DENIED] = PCSC_RV_SECURITY_VIOLATION,
	[ERR_QUOTA] = PCSC_RV_NO_MEMORY,
	[ERR_NO_DAEMON] = PCSC_RV_F_INTERNAL,
	[ERR_CLOSED] = PCSC_RV_F_INTERNAL,
	[ERR_MEMORY] = PCSC_RV_NO_MEMORY,
	[ERR_BUFFER] = PCSC_RV_INSUFFICIENT_BUFFER,
	[ERR_BUSY] = PCSC_RV_READER_UNAVAILABLE,
	[ERR_SYSTEM] = PCSC_RV_F_INTERNAL,
};
_Static_assert(sizeof(rv_from) / sizeof(rv_from[0]) == ERR_COUNT,
    "an error has no number in PC/SC");

enum pcsc_rv
pcsc_rv_from(enum err e)
{
	return (unsigned)e < ERR_COUNT ? rv_from[e] : PCSC_RV_F_INTERNAL;
}

const char *
pcsc_rv_name(uint32_t rv)
{
	switch (rv) {
#define X(name, number) case number: return #name;
	PCSC_RV_LIST(X)
#undef X
	}
	return NULL;
}

static const struct command {
	enum pcsc_cmd cmd;
	uint32_t size;
	unsigned minor;
	const char *name;
} commands[] = {
#define X(name, number, size, minor) { PCSC_##name, size, minor, #name },
	PCSC_CMD_LIST(X)
#undef X
};

static const struct command *
find(uint32_t cmd)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if ((uint32_t)commands[i].cmd == cmd)
			return &commands[i];
	}
	return NULL;
}

const char *
pcsc_cmd_name(uint32_t cmd)
{
	const struct command *c = find(cmd);

	return c != NULL ? c->name : NULL;
}

static uint32_t
rd_word(struct rd *r)
{
	struct view v = rd_take(r, 4);
	uint32_t x = 0;

	if (v.n == 4)
		memcpy(&x, v.p, 4);
	return x;
}

static uint32_t
size_of(const struct command *c, unsigned minor)
{
	if (minor == 3 && (c->cmd == PCSC_WAIT || c->cmd == PCSC_STOP_WAITING))
		return WAIT_BODY_OLD;
	return c->size;
}

/* How many bytes follow the body. */
static uint32_t
data_len(const struct pcsc_request *q)
{
	if (q->cmd == PCSC_TRANSMIT)
		return pcsc_get(q, PCSC_TRANSMIT_SEND_LEN);
	return q->cmd == PCSC_CONTROL ? pcsc_get(q, PCSC_CONTROL_SEND_LEN) : 0;
}

enum err
pcsc_request_parse(struct pcsc_request *q, size_t *used, struct view in,
    unsigned minor)
{
	struct rd r = { .in = in };
	uint32_t size = rd_word(&r), number = rd_word(&r), n;
	const struct command *c = find(number);
	struct view body;

	*used = 0;
	if (r.bad)
		return ERR_SHORT;
	if (c == NULL || c->minor > minor)
		return ERR_UNSUPPORTED;
	if (size != size_of(c, minor))
		return ERR_FORMAT;
	body = rd_take(&r, size);
	if (r.bad)
		return ERR_SHORT;
	q->cmd = c->cmd;
	q->n = size;
	if (size != 0)
		memcpy(q->body, body.p, size);
	n = data_len(q);
	if (n > PCSC_DATA_MAX)
		return ERR_TOO_LONG;
	q->data = rd_take(&r, n);
	if (r.bad)
		return ERR_SHORT;
	*used = in.n - r.in.n;
	return ERR_OK;
}

uint32_t
pcsc_get(const struct pcsc_request *q, enum pcsc_word at)
{
	struct view v = pcsc_bytes(q, at, 4);
	uint32_t x = 0;

	if (v.n == 4)
		memcpy(&x, v.p, 4);
	return x;
}

static void
set_at(struct pcsc_request *q, size_t at, uint32_t x)
{
	if (q->n >= 4 && at <= q->n - 4)
		memcpy(q->body + at, &x, 4);
}

void
pcsc_set(struct pcsc_request *q, enum pcsc_word at, uint32_t x)
{
	set_at(q, at, x);
}

void
pcsc_set_rv(struct pcsc_request *q, enum pcsc_rv rv)
{
	if (q->n >= 4)
		set_at(q, q->n - 4, rv);
}

struct view
pcsc_bytes(const struct pcsc_request *q, enum pcsc_word at, size_t n)
{
	struct view v = view_skip((struct view){ q->body, q->n }, at);

	return v.n < n ? (struct view){ NULL, 0 } : view_first(v, n);
}

enum err
pcsc_set_attrib(struct pcsc_request *q, struct view value)
{
	uint8_t *at = q->body + PCSC_GET_ATTRIB_VALUE;

	if (value.n > PCSC_ATTR_MAX)
		return ERR_BUFFER;
	memset(at, 0, PCSC_ATTR_MAX);
	if (value.n != 0)
		memcpy(at, value.p, value.n);
	pcsc_set(q, PCSC_GET_ATTRIB_LEN, (uint32_t)value.n);
	return ERR_OK;
}

void
pcsc_word_write(struct wr *w, uint32_t x)
{
	uint8_t *p = wr_room(w, 4);

	if (p != NULL)
		memcpy(p, &x, 4);
}

/* n bytes: the value and zeros. */
static void
wr_padded(struct wr *w, struct view v, size_t n)
{
	if (v.n > n) {
		w->bad = true;
		return;
	}
	wr_view(w, v);
	wr_fill(w, 0, n - v.n);
}

void
pcsc_state_write(struct wr *w, const struct pcsc_reader_state *s)
{
	struct view name = { NULL, 0 };
	uint32_t sharing;

	if (s->name != NULL)
		name = (struct view){ (const uint8_t *)s->name,
			strlen(s->name) };
	if (name.n > PCSC_NAME_MAX || s->atr.n > PCSC_ATR_MAX) {
		w->bad = true;
		return;
	}
	memcpy(&sharing, &s->sharing, sizeof(sharing));
	wr_padded(w, name, PCSC_NAME_MAX + 1);
	pcsc_word_write(w, s->events);
	pcsc_word_write(w, s->state);
	pcsc_word_write(w, sharing);
	wr_padded(w, s->atr, PCSC_STATE_ATR_LEN - PCSC_STATE_ATR);
	pcsc_word_write(w, s->name != NULL ? (uint32_t)s->atr.n : ATR_LEN_NONE);
	pcsc_word_write(w, s->protocol);
}
