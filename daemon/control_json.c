/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/control_json.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/secret.h"
#include "base/secret_block.h"
#include "daemon/reader.h"
#include "protocols/channel.h"

void
control_json_init(void)
{
	json_set_alloc_funcs(secret_block_new, secret_block_free);
}

json_t *
control_json_text(const char *s)
{
	json_t *text = json_string(s);

	return text != NULL ? text : json_string("?");
}

json_t *
control_json_hex(struct view v)
{
	size_t cap = 2 * v.n + 1;
	char *hex = malloc(cap);
	json_t *text = NULL;

	if (hex != NULL)
		text = json_string(hex_from_bytes(hex, cap, v, 0));
	secret_free(&hex, cap);
	return text;
}

char *
control_json_line(const json_t *object, size_t *n)
{
	char *text = json_dumps(object, JSON_COMPACT), *line = NULL;

	if (text == NULL)
		return NULL;
	*n = strlen(text) + 1;
	line = secret_block_new(*n);
	if (line != NULL) {
		memcpy(line, text, *n - 1);
		line[*n - 1] = '\n';
	}
	secret_block_free(text);
	return line;
}

void
control_json_free(char *line)
{
	secret_block_free(line);
}

static void
set_text(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, control_json_text(s));
}

static void
set_number(json_t *o, const char *key, uint64_t x)
{
	json_object_set_new(o, key, json_integer((json_int_t)x));
}

static json_t *
holder_object(const struct peer *p)
{
	json_t *o = json_object();

	set_number(o, "pid", (uint64_t)p->pid);
	set_number(o, "uid", p->uid);
	set_text(o, "program", p->program);
	return o;
}

static json_t *
user_object(const struct slot_user *u)
{
	json_t *o = holder_object(u->peer);

	set_text(o, "dialect", u->dialect);
	json_object_set_new(o, "holds", json_boolean(u->holds));
	json_object_set_new(o, "waits", json_boolean(u->waits));
	set_number(o, "silent_ms", u->silent_ms);
	json_object_set_new(o, "stopped",
	    json_boolean(peer_is_stopped(u->peer)));
	return o;
}

/* More would make a line nobody reads. */
enum { USERS_MAX = 200 };

/* Who has the card, who waits for it, the others: in this order. */
enum rank { HOLDS, WAITS, USES, RANKS };

struct listing {
	json_t *users;
	enum rank rank;		/* who is to be added now */
};

static enum rank
rank_of(const struct slot_user *u)
{
	if (u->holds)
		return HOLDS;
	return u->waits ? WAITS : USES;
}

static void
add_user(void *arg, const struct slot_user *u)
{
	const struct listing *l = arg;

	if (rank_of(u) == l->rank && json_array_size(l->users) < USERS_MAX)
		json_array_append_new(l->users, user_object(u));
}

static json_t *
users_array(const struct slot *slot)
{
	struct listing l = { .users = json_array() };

	for (l.rank = HOLDS; l.rank < RANKS; l.rank++)
		slot_users(slot, add_user, &l);
	return l.users;
}

static json_t *
slot_object(const struct slot *slot)
{
	static const char *const names[] = {
		[SLOT_UNKNOWN] = "absent",
		[SLOT_ABSENT] = "absent",
		[SLOT_PRESENT] = "present",
		[SLOT_POWERED] = "powered",
		[SLOT_MUTE] = "mute",
	};
	struct slot_status st;
	json_t *o = json_object();

	slot_status(slot, &st);
	set_number(o, "slot", slot_index(slot));
	set_text(o, "card", names[st.card]);
	if (st.atr.n != 0)
		json_object_set_new(o, "atr", control_json_hex(st.atr));
	set_number(o, "sequence", st.sequence);
	if (st.holder != NULL)
		json_object_set_new(o, "holder", holder_object(st.holder));
	if (st.waiting != 0)
		set_number(o, "waiting", st.waiting);
	return o;
}

static json_t *
slots_array(const struct reader *reader, unsigned n)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(a, slot_object(reader_slot(reader, i)));
	return a;
}

static json_t *
protocols_array(uint32_t mask)
{
	json_t *a = json_array();

	if (mask & CHANNEL_T0)
		json_array_append_new(a, json_string("T=0"));
	if (mask & CHANNEL_T1)
		json_array_append_new(a, json_string("T=1"));
	return a;
}

static void
set_info(json_t *o, const struct channel_info *info)
{
	set_number(o, "vid", info->vid);
	set_number(o, "pid", info->pid);
	set_number(o, "bcd_device", info->bcd_device);
	set_text(o, "vendor", info->vendor);
	set_text(o, "product", info->product);
	set_text(o, "serial", info->serial);
	set_text(o, "interface", info->interface);
	set_text(o, "plan", info->plan);
	set_number(o, "max_apdu", info->max_apdu);
	set_number(o, "max_message", info->max_message);
	set_number(o, "features", info->features);
	json_object_set_new(o, "protocols", protocols_array(info->protocols));
}

json_t *
control_json_reader(const struct reader *reader, bool full)
{
	static const char *const states[] = {
		[READER_ABSENT] = "absent",
		[READER_STARTING] = "starting",
		[READER_READY] = "ready",
		[READER_FAILED] = "failed",
	};
	struct reader_status st;
	json_t *o = json_object();

	reader_status(reader, &st);
	set_number(o, "reader", st.number);
	set_text(o, "name", st.name);
	set_text(o, "driver", st.driver);
	set_text(o, "device", st.device);
	set_text(o, "state", states[st.state]);
	if (st.state == READER_FAILED)
		set_text(o, "text", st.text);
	json_object_set_new(o, "display",
	    json_boolean(st.info != NULL && st.info->has_display));
	json_object_set_new(o, "keypad",
	    json_boolean(st.info != NULL && st.info->has_keypad));
	json_object_set_new(o, "slots", slots_array(reader, st.slots));
	if (full && st.info != NULL)
		set_info(o, st.info);
	if (full && st.handler_pid != 0)
		set_number(o, "handler_pid", (uint64_t)st.handler_pid);
	return o;
}

json_t *
control_json_readers(const struct registry *registry, const struct peer *peer)
{
	const struct reader *reader = NULL;
	struct reader_status st;
	json_t *a = json_array();

	while ((reader = registry_next(registry, reader)) != NULL) {
		reader_status(reader, &st);
		if (st.state != READER_ABSENT &&
		    reader_may(reader, peer, RIGHT_SEE))
			json_array_append_new(a,
			    control_json_reader(reader, false));
	}
	return a;
}

static void
add_used_slots(json_t *a, const struct reader_status *st,
    const struct reader *reader)
{
	json_t *users, *o;

	for (unsigned i = 0; i < st->slots; i++) {
		users = users_array(reader_slot(reader, i));
		if (json_array_size(users) == 0) {
			json_decref(users);
			continue;
		}
		o = json_object();
		set_number(o, "reader", st->number);
		set_text(o, "name", st->name);
		set_number(o, "slot", i);
		json_object_set_new(o, "users", users);
		json_array_append_new(a, o);
	}
}

json_t *
control_json_users(const struct registry *registry, const struct peer *peer)
{
	const struct reader *reader = NULL;
	struct reader_status st;
	json_t *a = json_array();

	while ((reader = registry_next(registry, reader)) != NULL) {
		reader_status(reader, &st);
		if (reader_may(reader, peer, RIGHT_SEE))
			add_used_slots(a, &st, reader);
	}
	return a;
}

static void
set_card(json_t *o, const struct change *ch)
{
	const struct slot *slot = reader_slot(ch->reader, ch->slot);
	struct slot_status st;

	set_number(o, "slot", ch->slot);
	if (slot == NULL || ch->kind == CARD_REMOVED)
		return;
	slot_status(slot, &st);
	if (st.atr.n != 0)
		json_object_set_new(o, "atr", control_json_hex(st.atr));
	if (ch->kind == CARD_INSERTED)
		set_number(o, "sequence", st.sequence);
}

json_t *
control_json_event(const struct change *ch)
{
	static const char *const names[] = {
		[READER_ADDED] = "reader-added",
		[READER_REMOVED] = "reader-removed",
		[READER_BROKEN] = "reader-failed",
		[CARD_INSERTED] = "card-inserted",
		[CARD_REMOVED] = "card-removed",
		[CARD_RESET] = "card-reset",
	};
	struct reader_status st;
	json_t *o = json_object();

	reader_status(ch->reader, &st);
	set_text(o, "event", names[ch->kind]);
	set_number(o, "reader", st.number);
	set_text(o, "name", st.name);
	if (ch->kind == READER_BROKEN)
		set_text(o, "text", st.text);
	if (ch->kind >= CARD_INSERTED)
		set_card(o, ch);
	return o;
}
