/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/control_commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "daemon/attach.h"
#include "daemon/control_find.h"
#include "daemon/control_json.h"
#include "daemon/reader.h"
#include "daemon/registry_life.h"
#include "daemon/slot.h"
#include "protocols/channel.h"

/* One connection's use of one slot. */
struct control_use {
	SLIST_ENTRY(control_use) entry;
	struct session *session;
	const struct reader *reader;
	unsigned slot;
};

static void
answer(struct control_caller *c, bool ok, json_t *owned_members)
{
	json_t *o = json_object();

	if (c->id != NULL)
		json_object_set_new(o, "id", c->id);
	c->id = NULL;
	json_object_set_new(o, "ok", json_boolean(ok));
	json_object_update(o, owned_members);
	json_decref(owned_members);
	c->answer(c->arg, o);
}

static void
answer_error(struct control_caller *c, enum err e, const char *text)
{
	json_t *o = json_object();

	json_object_set_new(o, "error", json_string(err_name(e)));
	json_object_set_new(o, "text", control_json_text(text));
	answer(c, false, o);
}

/* An answer with one member, or with none when key is NULL. */
static void
answer_member(struct control_caller *c, const char *key, json_t *owned)
{
	json_t *o = json_object();

	if (key != NULL)
		json_object_set_new(o, key, owned);
	answer(c, true, o);
}

/* The texts of handlers are for people; they may be anything. */
static void
on_result(void *arg, const struct result *r)
{
	struct control_caller *c = arg;
	char text[256];

	if (r->err == ERR_OK) {
		answer_member(c, c->result,
		    c->result != NULL ? control_json_hex(r->data) : NULL);
		return;
	}
	snprintf(text, sizeof(text), "%.*s", (int)view_first(r->data, 200).n,
	    r->data.n != 0 ? (const char *)r->data.p : "");
	answer_error(c, r->err, text[0] != '\0' ? text : err_text(r->err));
}

static struct control_use *
find_use(struct control_caller *c, const struct control_target *t)
{
	struct control_use *u;

	SLIST_FOREACH(u, &c->uses, entry) {
		if (u->reader == t->reader && u->slot == t->index)
			return u;
	}
	return NULL;
}

static void
end_use(struct control_caller *c, struct control_use *u)
{
	SLIST_REMOVE(&c->uses, u, control_use, entry);
	session_close(u->session);
	free(u);
}

/* The session for the slot that is there now. NULL: memory. */
static struct session *
use_slot(struct control_caller *c, const struct control_target *t)
{
	static const struct session_rules rules = { .dialect = "slotctl" };
	struct control_use *u = find_use(c, t);

	if (u != NULL && session_slot(u->session) == t->slot)
		return u->session;
	if (u != NULL)
		end_use(c, u);		/* of a reader that had left */
	u = calloc(1, sizeof(*u));
	if (u == NULL)
		return NULL;
	u->session = session_open(t->slot, &c->peer, &rules);
	if (u->session == NULL) {
		free(u);
		return NULL;
	}
	u->reader = t->reader;
	u->slot = t->index;
	SLIST_INSERT_HEAD(&c->uses, u, entry);
	return u->session;
}

/* wait_ms of a request, 0 where there is none. */
static bool
wait_of(struct control_caller *c, const json_t *request, uint32_t *wait_ms)
{
	const json_t *wait = json_object_get(request, "wait_ms");
	json_int_t ms = json_integer_value(wait);

	*wait_ms = WAIT_NOT;
	if (wait == NULL)
		return true;
	if (!json_is_integer(wait) || ms < 0) {
		answer_error(c, ERR_ARG, "wait_ms: a number of milliseconds "
		    "is expected");
		return false;
	}
	*wait_ms = ms < WAIT_FOREVER ? (uint32_t)ms : WAIT_FOREVER;
	return true;
}

/* Puts a request in line; its result becomes the named member. */
static void
ask(struct control_caller *c, const json_t *request, enum request_kind kind,
    uint32_t arg, struct view data, const char *result)
{
	struct request_spec spec = { .kind = kind, .arg = arg, .data = data,
		.done = on_result, .done_arg = c };
	struct control_target t;
	struct session *s;
	enum err e;

	if (!wait_of(c, request, &spec.wait_ms))
		return;
	e = control_find_slot(&t, c->scene->registry, &c->peer,
	    request);
	if (e != ERR_OK) {
		answer_error(c, e, t.text);
		return;
	}
	s = use_slot(c, &t);
	e = s != NULL ? session_request(s, &spec) : ERR_MEMORY;
	c->result = result;
	if (e != ERR_OK)
		answer_error(c, e, e == ERR_DENIED ? "you may not use this "
		    "reader (access in openct.conf)" : err_text(e));
}

static void
hello(struct control_caller *c, const json_t *request)
{
	json_t *o = json_object();

	(void)request;
	json_object_set_new(o, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(o, "pid", json_integer(getpid()));
	json_object_set_new(o, "socket_dir", control_json_text(c->scene->dir));
	json_object_set_new(o, "uptime_ms", json_integer(
	    (json_int_t)(clock_now_ms() - c->scene->started_ms)));
	answer(c, true, o);
}

static void
list(struct control_caller *c, const json_t *request)
{
	(void)request;
	answer_member(c, "readers", control_json_readers(c->scene->registry,
	    &c->peer));
}

static void
who(struct control_caller *c, const json_t *request)
{
	(void)request;
	answer_member(c, "slots", control_json_users(c->scene->registry,
	    &c->peer));
}

static void
watch(struct control_caller *c, const json_t *request)
{
	c->watching = true;
	list(c, request);
}

static void
info(struct control_caller *c, const json_t *request)
{
	struct control_target t;
	enum err e = control_find_reader(&t, c->scene->registry, &c->peer,
	    request);

	if (e != ERR_OK)
		answer_error(c, e, t.text);
	else
		answer_member(c, "reader", control_json_reader(t.reader, true));
}

static void
atr(struct control_caller *c, const json_t *request)
{
	ask(c, request, REQUEST_ATR, 0, (struct view){ NULL, 0 }, "atr");
}

static void
reset(struct control_caller *c, const json_t *request)
{
	const json_t *how = json_object_get(request, "how");
	const char *word = how == NULL ? "warm" : json_string_value(how);

	if (word != NULL && strcmp(word, "warm") == 0)
		ask(c, request, REQUEST_RESET_WARM, 0, (struct view){ NULL, 0 },
		    "atr");
	else if (word != NULL && strcmp(word, "cold") == 0)
		ask(c, request, REQUEST_RESET_COLD, 0, (struct view){ NULL, 0 },
		    "atr");
	else
		answer_error(c, ERR_ARG, "how: \"warm\" or \"cold\" is expected");
}

static void
transmit(struct control_caller *c, const json_t *request)
{
	const char *hex = json_string_value(json_object_get(request, "apdu"));
	size_t cap = hex != NULL ? strlen(hex) / 2 + 1 : 0, n = 0;
	uint8_t *apdu = hex != NULL ? malloc(cap) : NULL;

	if (hex == NULL)
		answer_error(c, ERR_ARG, "apdu: a string of hex digits is "
		    "expected");
	else if (apdu == NULL)
		answer_error(c, ERR_MEMORY, err_text(ERR_MEMORY));
	else if (hex_to_bytes(apdu, cap, &n, hex) != ERR_OK)
		answer_error(c, ERR_ARG, "apdu: not hex digits in pairs");
	else if (n < 4)
		answer_error(c, ERR_ARG, "apdu: shorter than 4 bytes");
	else
		ask(c, request, REQUEST_TRANSMIT, 0, (struct view){ apdu, n },
		    "response");
	secret_free(&apdu, cap);
}

/* The session of a lock or unlock, or NULL when an error was answered. */
static struct session *
lock_session(struct control_caller *c, const json_t *request)
{
	struct control_target t;
	enum err e = control_find_slot(&t, c->scene->registry, &c->peer,
	    request);
	struct control_use *u;

	if (e != ERR_OK) {
		answer_error(c, e, t.text);
		return NULL;
	}
	u = find_use(c, &t);
	if (u != NULL && session_slot(u->session) == t.slot)
		return u->session;
	answer_error(c, ERR_NO_LOCK, err_text(ERR_NO_LOCK));
	return NULL;
}

static bool
holds_already(struct control_caller *c, const json_t *request)
{
	struct control_target t;
	struct control_use *u;

	if (control_find_slot(&t, c->scene->registry, &c->peer,
	    request) != ERR_OK)
		return false;
	u = find_use(c, &t);
	return u != NULL && session_locks(u->session, LOCK_EXCLUSIVE) != 0;
}

static void
lock(struct control_caller *c, const json_t *request)
{
	if (holds_already(c, request))
		answer_member(c, NULL, NULL);
	else
		ask(c, request, REQUEST_LOCK, LOCK_EXCLUSIVE,
		    (struct view){ NULL, 0 }, NULL);
}

static void
unlock(struct control_caller *c, const json_t *request)
{
	struct session *s = lock_session(c, request);
	enum err e;

	if (s == NULL)
		return;
	e = session_unlock(s, LOCK_EXCLUSIVE);
	if (e == ERR_OK)
		answer_member(c, NULL, NULL);
	else
		answer_error(c, e, err_text(e));
}

/* For the administrator: root, and the user slotd runs as. */
static bool
may_manage(struct control_caller *c)
{
	if (c->peer.uid == 0 || c->peer.uid == geteuid())
		return true;
	answer_error(c, ERR_DENIED, "only root and the user slotd runs as may "
	    "do this");
	return false;
}

static void
attach(struct control_caller *c, const json_t *request)
{
	const json_t *driver = json_object_get(request, "driver");
	const char *device =
	    json_string_value(json_object_get(request, "device"));
	struct attach_result res;
	enum err e;

	if (!may_manage(c))
		return;
	if (device == NULL || (driver != NULL && !json_is_string(driver))) {
		answer_error(c, ERR_ARG, "device, and driver if it is there: "
		    "strings are expected");
		return;
	}
	e = attach_reader(&res, c->scene->registry, json_string_value(driver),
	    device);
	if (e == ERR_OK)
		answer_member(c, "reader", json_integer(res.reader));
	else
		answer_error(c, e, res.text);
}

/* As SIGTERM, once the answer has gone out. */
static void
leave(struct control_caller *c, const json_t *request)
{
	const struct reader *r = NULL;
	struct reader_status st;
	json_int_t n = 0;

	(void)request;
	if (!may_manage(c))
		return;
	while ((r = registry_next(c->scene->registry, r)) != NULL) {
		reader_status(r, &st);
		n += st.handler_pid != 0;
	}
	answer_member(c, "handlers", json_integer(n));
	kill(getpid(), SIGTERM);
}

static void
add_line(void *arg, const char *line)
{
	json_array_append_new(arg, control_json_text(line));
}

static void
config(struct control_caller *c, const json_t *request)
{
	json_t *lines;

	(void)request;
	if (!may_manage(c))
		return;
	lines = json_array();
	settings_show(registry_settings(c->scene->registry), add_line, lines);
	answer_member(c, "config", lines);
}

static void
reload(struct control_caller *c, const json_t *request)
{
	char text[CONTROL_RELOAD_TEXT] = "";
	enum err e = ERR_UNSUPPORTED;

	(void)request;
	if (!may_manage(c))
		return;
	if (c->scene->reload != NULL)
		e = c->scene->reload(c->scene->reload_arg, text);
	if (e == ERR_OK)
		answer_member(c, NULL, NULL);
	else
		answer_error(c, e, text[0] != '\0' ? text : err_text(e));
}

static const struct command {
	const char *name;
	void (*run)(struct control_caller *, const json_t *request);
} commands[] = {
	{ "atr", atr },
	{ "attach", attach },
	{ "config", config },
	{ "hello", hello },
	{ "info", info },
	{ "list", list },
	{ "lock", lock },
	{ "reload", reload },
	{ "reset", reset },
	{ "shutdown", leave },
	{ "transmit", transmit },
	{ "unlock", unlock },
	{ "watch", watch },
	{ "who", who },
};

static void
run(struct control_caller *c, const json_t *request)
{
	const json_t *cmd = json_object_get(request, "cmd");
	char text[128];

	if (!json_is_string(cmd)) {
		answer_error(c, ERR_FORMAT, "cmd: a command is expected");
		return;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(json_string_value(cmd), commands[i].name) == 0) {
			commands[i].run(c, request);
			return;
		}
	}
	snprintf(text, sizeof(text), "there is no command \"%.40s\"",
	    json_string_value(cmd));
	answer_error(c, ERR_UNSUPPORTED, text);
}

void
control_command(struct control_caller *c, struct view line)
{
	char text[JSON_ERROR_TEXT_LENGTH + 40];
	json_error_t error;
	json_t *request = json_loadb((const char *)line.p, line.n,
	    JSON_REJECT_DUPLICATES, &error);

	if (request == NULL) {
		snprintf(text, sizeof(text), "column %d: %s", error.column,
		    error.text);
		answer_error(c, ERR_FORMAT, text);
		return;
	}
	c->id = json_incref(json_object_get(request, "id"));
	if (json_is_object(request))
		run(c, request);
	else
		answer_error(c, ERR_FORMAT, "an object is expected");
	json_decref(request);
}

void
control_caller_init(struct control_caller *c, const struct control_scene *scene,
    const struct peer *peer, control_answer_fn fn, void *arg)
{
	*c = (struct control_caller){ .scene = scene, .peer = *peer,
		.answer = fn, .arg = arg };
	SLIST_INIT(&c->uses);
}

void
control_caller_fini(struct control_caller *c)
{
	while (!SLIST_EMPTY(&c->uses))
		end_use(c, SLIST_FIRST(&c->uses));
	json_decref(c->id);
	c->id = NULL;
}
