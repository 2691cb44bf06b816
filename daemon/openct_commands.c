/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/openct_commands.h"

#include <string.h>

#include "base/secret.h"
#include "daemon/slot.h"
#include "protocols/channel.h"

/* Where and with what a command is called. */
struct call {
	uint8_t unit;
	struct slot *slot;	/* NULL for STATUS of the reader */
	struct openct_args args;
	struct view raw;	/* TRANSACT_RAW: the APDU */
};

enum { LATER = 1 };	/* no answer yet: a request is in line */

/* Returns LATER, or the error to answer; 0 where the body is empty. */
typedef int	(*command_fn)(struct openct_caller *, const struct call *);

static void
answer(struct openct_caller *c, int error, struct view body)
{
	c->answer(c->arg, error, body);
}

static void
answer_error(struct openct_caller *c, int error)
{
	answer(c, error, (struct view){ NULL, 0 });
}

/* An item's form is that of the connection's requests. */
static void
answer_item(struct openct_caller *c, enum openct_tag tag, struct view value)
{
	static const size_t item_head = 3;
	uint8_t *buf = malloc(item_head + value.n);
	struct wr w = { .p = buf, .cap = buf != NULL ? item_head + value.n : 0 };

	openct_item_write(&w, tag, value, c->large);
	answer(c, w.bad ? OPENCT_E_BUFFER : OPENCT_E_OK, wr_done(&w));
	secret_free(&buf, item_head + value.n);
}

static void
answer_lock(struct openct_caller *c, enum lock_kind kind)
{
	uint8_t buf[8];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	for (unsigned i = 0; i < OPENCT_CALLER_LOCKS; i++) {
		if (c->locks[i].held)
			continue;
		c->locks[i].held = true;
		c->locks[i].slot = c->unit;
		c->locks[i].kind = kind;
		c->locks[i].handle = c->next_handle++;
		openct_number_write(&w, OPENCT_TAG_LOCK, c->locks[i].handle,
		    c->large);
		break;
	}
	answer(c, OPENCT_E_OK, wr_done(&w));	/* lock() saw to a free place */
}

static void
forget_locks(struct openct_caller *c, uint8_t slot)
{
	for (unsigned i = 0; i < OPENCT_CALLER_LOCKS; i++) {
		if (c->locks[i].slot == slot)
			c->locks[i].held = false;
	}
}

/* The request of the command under way has ended. */
static void
on_result(void *arg, const struct result *r)
{
	struct openct_caller *c = arg;

	if (r->err == ERR_WAS_RESET)	/* it kept the others waiting too long */
		forget_locks(c, c->unit);
	if (r->err != ERR_OK)
		answer_error(c, openct_error_from(r->err));
	else if (c->cmd == OPENCT_CMD_TRANSACT_RAW)
		answer(c, OPENCT_E_OK, r->data);
	else if (c->cmd == OPENCT_CMD_TRANSACT)
		answer_item(c, OPENCT_TAG_RESPONSE, r->data);
	else if (c->cmd == OPENCT_CMD_LOCK)
		answer_lock(c, (enum lock_kind)r->arg);
	else if (r->data.n != 0 && c->cmd != OPENCT_CMD_SET_PROTOCOL)
		answer_item(c, OPENCT_TAG_ATR, r->data);
	else
		answer_error(c, OPENCT_E_OK);
}

/* The session at the call's slot; NULL when memory is short. */
static struct session *
session(struct openct_caller *c, const struct call *call)
{
	static const struct session_rules rules = { .dialect = "OpenCT" };
	struct session **s = &c->slots[call->unit].session;

	if (*s == NULL)
		*s = session_open(call->slot, &c->peer, &rules);
	return *s;
}

/* Puts a request in line at the call's slot. */
static int
request_spec(struct openct_caller *c, const struct call *call,
    struct request_spec spec)
{
	struct session *s = session(c, call);
	enum err e;

	if (s == NULL)
		return OPENCT_E_MEMORY;
	spec.done = on_result;
	spec.done_arg = c;
	e = session_request(s, &spec);
	return e == ERR_OK ? LATER : (int)openct_error_from(e);
}

/* The same, for one that never waits for a lock or a card. */
static int
request(struct openct_caller *c, const struct call *call,
    enum request_kind kind, uint32_t arg, struct view data)
{
	return request_spec(c, call, (struct request_spec){ .kind = kind,
	    .arg = arg, .data = data });
}

/* A number among the items. */
static int
number(uint32_t *x, const struct call *call, enum openct_arg at)
{
	if (call->args.item[at].n == 0)
		return OPENCT_E_MISSING;
	return openct_number(x, call->args.item[at]) == ERR_OK ? 0 :
	    OPENCT_E_BAD_MESSAGE;
}

static int
status_of_slot(struct openct_caller *c, const struct call *call)
{
	struct slot_status st;
	uint32_t flags = 0;
	uint8_t buf[8];
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	slot_status(call->slot, &st);
	if (st.sequence != 0)
		flags |= OPENCT_CARD_PRESENT;
	if (st.sequence != c->slots[call->unit].seen)
		flags |= OPENCT_CARD_CHANGED;
	c->slots[call->unit].seen = st.sequence;
	openct_number_write(&w, OPENCT_TAG_CARD, flags, c->large);
	answer(c, OPENCT_E_OK, wr_done(&w));
	return LATER;
}

static int
status(struct openct_caller *c, const struct call *call)
{
	uint8_t units[OPENCT_CALLER_SLOTS + 2], buf[128];
	struct wr u = { .p = units, .cap = sizeof(units) };
	struct wr w = { .p = buf, .cap = sizeof(buf) };
	struct reader_status st;
	struct view name;

	if (call->slot != NULL)
		return status_of_slot(c, call);
	reader_status(c->reader, &st);
	for (unsigned i = 0; i < st.slots && i < OPENCT_CALLER_SLOTS; i++)
		wr_u8(&u, (uint8_t)i);
	if (st.info != NULL && st.info->has_display)
		wr_u8(&u, OPENCT_UNIT_DISPLAY);
	if (st.info != NULL && st.info->has_keypad)
		wr_u8(&u, OPENCT_UNIT_KEYPAD);
	name = (struct view){ (const uint8_t *)st.name,
		strnlen(st.name, OPENCT_NAME_MAX) };
	openct_item_write(&w, OPENCT_TAG_NAME, name, c->large);
	openct_item_write(&w, OPENCT_TAG_UNITS, wr_done(&u), c->large);
	answer(c, w.bad ? OPENCT_E_GONE : OPENCT_E_OK, wr_done(&w));
	return LATER;
}

static int
lock(struct openct_caller *c, const struct call *call)
{
	static const struct session_rules terminal = { .dialect = "CT-API",
		.reset_on_close = true, .one_card = true };
	uint32_t kind;
	int rc = number(&kind, call, OPENCT_ARG_LOCK_TYPE);
	bool full = true;

	if (rc != 0)
		return rc;
	if (kind > OPENCT_LOCK_TERMINAL)
		return OPENCT_E_ARG;
	for (unsigned i = 0; i < OPENCT_CALLER_LOCKS; i++)
		full = full && c->locks[i].held;
	if (full)
		return OPENCT_E_MEMORY;
	if (session(c, call) != NULL && kind == OPENCT_LOCK_TERMINAL)
		session_set_rules(session(c, call), &terminal);
	return request(c, call, REQUEST_LOCK,
	    kind == OPENCT_LOCK_SHARED ? LOCK_SHARED : LOCK_EXCLUSIVE,
	    (struct view){ NULL, 0 });
}

static int
unlock(struct openct_caller *c, const struct call *call)
{
	struct session *s = c->slots[call->unit].session;
	uint32_t handle;
	int rc = number(&handle, call, OPENCT_ARG_LOCK);

	if (rc != 0)
		return rc;
	for (unsigned i = 0; i < OPENCT_CALLER_LOCKS; i++) {
		if (!c->locks[i].held || c->locks[i].handle != handle ||
		    c->locks[i].slot != call->unit)
			continue;
		c->locks[i].held = false;
		return openct_error_from(session_unlock(s, c->locks[i].kind));
	}
	return OPENCT_E_NO_LOCK;
}

/* With a time-out in seconds it waits that long for a card to be put in. */
static int
reset(struct openct_caller *c, const struct call *call)
{
	uint32_t seconds = 0;
	int rc = number(&seconds, call, OPENCT_ARG_TIMEOUT);

	if (rc != 0 && rc != OPENCT_E_MISSING)
		return rc;
	if (seconds > OPENCT_WAIT_MAX_S)
		seconds = OPENCT_WAIT_MAX_S;
	return request_spec(c, call, (struct request_spec){
	    .kind = REQUEST_RESET_WARM, .card_ms = seconds * 1000 });
}

/* No reader that we drive holds its card fast. */
static int
eject(struct openct_caller *c, const struct call *call)
{
	(void)c;
	(void)call;
	return 0;
}

/* No reader that we drive has a display, a PIN pad or memory cards, yet. */
static int
unsupported(struct openct_caller *c, const struct call *call)
{
	(void)c;
	(void)call;
	return OPENCT_E_UNSUPPORTED;
}

static int
transact(struct openct_caller *c, const struct call *call)
{
	struct view apdu = call->raw;

	if (c->cmd == OPENCT_CMD_TRANSACT)
		apdu = call->args.item[OPENCT_ARG_REQUEST];
	if (apdu.n == 0)
		return OPENCT_E_MISSING;
	if (apdu.n > OPENCT_APDU_MAX)
		return OPENCT_E_BUFFER;
	return request(c, call, REQUEST_TRANSMIT, 0, apdu);
}

static int
set_protocol(struct openct_caller *c, const struct call *call)
{
	static const uint32_t masks[] = { CHANNEL_T0, CHANNEL_T1 };
	uint32_t protocol;
	int rc = number(&protocol, call, OPENCT_ARG_PROTOCOL);

	if (rc != 0)
		return rc;
	if (protocol >= sizeof(masks) / sizeof(masks[0]))
		return OPENCT_E_UNSUPPORTED;
	return request(c, call, REQUEST_PROTOCOL, masks[protocol],
	    (struct view){ NULL, 0 });
}

static const struct command {
	uint8_t cmd;
	bool raw;		/* the body holds no items */
	bool reader;		/* may be asked of the reader as a whole */
	bool any_unit;		/* or of any unit there could be */
	command_fn run;
} commands[] = {
	{ .cmd = OPENCT_CMD_STATUS, .reader = true, .run = status },
	{ .cmd = OPENCT_CMD_LOCK, .run = lock },
	{ .cmd = OPENCT_CMD_UNLOCK, .run = unlock },
	{ .cmd = OPENCT_CMD_RESET, .run = reset },
	{ .cmd = OPENCT_CMD_REQUEST, .run = reset },
	{ .cmd = OPENCT_CMD_EJECT, .run = eject },
	{ .cmd = OPENCT_CMD_OUTPUT, .any_unit = true, .run = unsupported },
	{ .cmd = OPENCT_CMD_VERIFY, .run = unsupported },
	{ .cmd = OPENCT_CMD_MEMORY_READ, .run = unsupported },
	{ .cmd = OPENCT_CMD_MEMORY_WRITE, .run = unsupported },
	{ .cmd = OPENCT_CMD_TRANSACT_RAW, .raw = true, .run = transact },
	{ .cmd = OPENCT_CMD_TRANSACT, .run = transact },
	{ .cmd = OPENCT_CMD_SET_PROTOCOL, .run = set_protocol },
};

static const struct command *
find(uint8_t cmd)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].cmd == cmd)
			return &commands[i];
	}
	return NULL;
}

/* Puts the slot into the call, if the command may be asked of that unit. */
static int
find_unit(struct openct_caller *c, const struct command *cmd, struct call *call)
{
	if (call->unit < OPENCT_CALLER_SLOTS)
		call->slot = reader_slot(c->reader, call->unit);
	if (call->slot != NULL || cmd->any_unit ||
	    (cmd->reader && call->unit == OPENCT_UNIT_READER))
		return 0;
	return OPENCT_E_SLOT;
}

static int
read_items(struct openct_caller *c, struct call *call)
{
	enum err e = openct_args_parse(&call->args, call->raw);

	c->large |= call->args.large;
	return openct_error_from(e);
}

static int
run(struct openct_caller *c, struct view body)
{
	struct rd r = { .in = body };
	const struct command *cmd;
	struct call call = { .slot = NULL };
	int rc;

	c->cmd = rd_u8(&r);
	c->unit = call.unit = rd_u8(&r);
	call.raw = r.in;
	if (r.bad)
		return OPENCT_E_BAD_MESSAGE;
	cmd = find(c->cmd);
	if (cmd == NULL)
		return OPENCT_E_BAD_COMMAND;
	if (!reader_may(c->reader, &c->peer, RIGHT_SEE))
		return OPENCT_E_GENERIC;
	rc = cmd->raw ? 0 : read_items(c, &call);
	if (rc == 0)
		rc = find_unit(c, cmd, &call);
	return rc != 0 ? rc : cmd->run(c, &call);
}

void
openct_command(struct openct_caller *c, struct view body)
{
	int rc = run(c, body);

	if (rc != LATER)
		answer_error(c, rc);
}

void
openct_caller_init(struct openct_caller *c, const struct peer *peer,
    const struct reader *reader, openct_answer_fn fn, void *arg)
{
	*c = (struct openct_caller){ .peer = *peer, .reader = reader,
		.answer = fn, .arg = arg };
}

void
openct_caller_fini(struct openct_caller *c)
{
	for (unsigned i = 0; i < OPENCT_CALLER_SLOTS; i++) {
		session_close(c->slots[i].session);
		c->slots[i].session = NULL;
	}
}
