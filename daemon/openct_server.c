/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/openct_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/listener.h"
#include "daemon/openct_client.h"
#include "daemon/reader.h"
#include "daemon/slot.h"
#include "daemon/status_file.h"
#include "protocols/openct_wire.h"

enum { CLIENTS_MAX = 1000, CLIENTS_PER_UID = 300, DIR_MAX = 100 };

/* One place of the status file. */
struct place {
	struct openct_server *server;
	const struct reader *reader;
	struct listener *listener;	/* NULL: no reader here */
};

struct member {
	TAILQ_ENTRY(member) entry;
	struct openct_server *server;
	struct openct_client *client;
	const struct reader *reader;
	uid_t uid;
};

struct openct_server {
	struct event_base *base;
	struct registry *registry;
	struct observer observer;
	char dir[DIR_MAX];
	mode_t mode;
	struct status_file *status;
	struct quota quota;
	struct place places[OPENCT_READERS_MAX];
	TAILQ_HEAD(, member) members;
};

/* The bytes of s that fit, without half a character at the end (UTF-8). */
static size_t
fit(const char *s, size_t max)
{
	size_t n = strnlen(s, max + 1);

	if (n <= max)
		return n;
	for (n = max; n != 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

static void
publish(struct openct_server *s, const struct reader *reader)
{
	struct openct_record record = { .pid = getpid() };
	struct reader_status st;
	struct slot_status card;

	reader_status(reader, &st);
	if (!reader_may(reader, NULL, RIGHT_SEE)) {
		status_file_set(s->status, st.number, NULL);
		return;		/* everybody can read the file */
	}
	memcpy(record.name, st.name, fit(st.name, OPENCT_NAME_MAX));
	record.slots = st.slots < OPENCT_SLOTS_MAX ? st.slots : OPENCT_SLOTS_MAX;
	if (st.info != NULL) {
		record.display = st.info->has_display;
		record.keypad = st.info->has_keypad;
	}
	for (unsigned i = 0; i < record.slots; i++) {
		slot_status(reader_slot(reader, i), &card);
		record.card[i] = card.sequence;
	}
	status_file_set(s->status, st.number, &record);
}

static void
on_client_closed(void *arg, struct openct_client *client)
{
	struct member *m = arg;

	TAILQ_REMOVE(&m->server->members, m, entry);
	quota_leave(&m->server->quota, m->uid);
	openct_client_free(client);
	free(m);
}

static void
on_connect(void *arg, int fd, const struct peer *peer)
{
	struct place *p = arg;
	struct openct_server *s = p->server;
	struct peer by_openct = *peer;
	struct member *m = NULL;

	by_openct.dialect = DIALECT_OPENCT;
	if (reader_may(p->reader, &by_openct, RIGHT_SEE))
		m = calloc(1, sizeof(*m));
	if (m == NULL) {
		close(fd);
		quota_leave(&s->quota, peer->uid);
		return;
	}
	*m = (struct member){ .server = s, .reader = p->reader,
		.uid = peer->uid };
	TAILQ_INSERT_TAIL(&s->members, m, entry);
	m->client = openct_client_new(s->base, fd, &by_openct, s->registry,
	    p->reader, on_client_closed, m);
	if (m->client == NULL)
		on_client_closed(m, NULL);
}

/* The socket is there before the reader is seen in the status file. */
static void
reader_came(struct openct_server *s, const struct reader *reader)
{
	struct reader_status st;
	char path[DIR_MAX + 16];
	struct place *p;
	enum err e;

	reader_status(reader, &st);
	if (st.number >= OPENCT_READERS_MAX) {
		log_at(LOG_LEVEL_NOTICE, st.name,
		    "reader %u is not offered to OpenCT programs, which know %d",
		    st.number, OPENCT_READERS_MAX);
		return;
	}
	p = &s->places[st.number];
	p->server = s;
	p->reader = reader;
	snprintf(path, sizeof(path), "%s/%u", s->dir, st.number);
	e = p->listener != NULL ? ERR_OK : listener_open(&p->listener, s->base,
	    path, s->mode, &s->quota, on_connect, p);
	if (e == ERR_OK)
		publish(s, reader);
	else
		log_at(LOG_LEVEL_ERROR, path, "cannot listen: %s", err_text(e));
}

static void
reader_left(struct openct_server *s, const struct reader *reader)
{
	struct reader_status st;
	struct member *m;

	reader_status(reader, &st);
	if (st.number >= OPENCT_READERS_MAX)
		return;
	status_file_set(s->status, st.number, NULL);
	listener_close(s->places[st.number].listener);
	s->places[st.number].listener = NULL;
	TAILQ_FOREACH(m, &s->members, entry) {
		if (m->reader == reader)
			openct_client_finish(m->client);
	}
}

static void
card_changed(struct openct_server *s, const struct reader *reader)
{
	struct reader_status st;

	reader_status(reader, &st);
	if (st.number < OPENCT_READERS_MAX &&
	    s->places[st.number].listener != NULL)
		publish(s, reader);
}

static void
on_change(void *arg, const struct change *ch)
{
	struct openct_server *s = arg;

	switch (ch->kind) {
	case READER_ADDED:
		reader_came(s, ch->reader);
		break;
	case READER_REMOVED:
	case READER_BROKEN:
		reader_left(s, ch->reader);
		break;
	case CARD_INSERTED:
	case CARD_REMOVED:
		card_changed(s, ch->reader);
		break;
	case CARD_RESET:
		break;		/* the same card: no new number */
	}
}

/* Readers that were ready before the server was there. */
static void
catch_up(struct openct_server *s)
{
	const struct reader *reader = NULL;
	struct reader_status st;

	while ((reader = registry_next(s->registry, reader)) != NULL) {
		reader_status(reader, &st);
		if (st.state == READER_READY)
			reader_came(s, reader);
	}
}

void
openct_server_publish(struct openct_server *s)
{
	for (unsigned i = 0; i < OPENCT_READERS_MAX; i++) {
		if (s->places[i].listener != NULL)
			publish(s, s->places[i].reader);
	}
}

enum err
openct_server_open(struct openct_server **out, struct event_base *base,
    struct registry *registry, const char *dir, mode_t mode)
{
	struct openct_server *s;
	char path[DIR_MAX + 16];
	enum err e;

	if (strlen(dir) >= DIR_MAX)
		return ERR_TOO_LONG;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_MEMORY;
	snprintf(path, sizeof(path), "%s/status", dir);
	e = status_file_open(&s->status, path);
	if (e != ERR_OK) {
		free(s);
		return e;
	}
	s->base = base;
	s->registry = registry;
	s->mode = mode;
	snprintf(s->dir, sizeof(s->dir), "%s", dir);
	quota_init_connections(&s->quota, CLIENTS_MAX, CLIENTS_PER_UID);
	TAILQ_INIT(&s->members);
	s->observer = (struct observer){ .changed = on_change, .arg = s };
	registry_observe(registry, &s->observer);
	catch_up(s);
	*out = s;
	return ERR_OK;
}

void
openct_server_close(struct openct_server *s)
{
	struct member *m;

	if (s == NULL)
		return;
	registry_unobserve(s->registry, &s->observer);
	status_file_close(s->status);
	for (unsigned i = 0; i < OPENCT_READERS_MAX; i++)
		listener_close(s->places[i].listener);
	while ((m = TAILQ_FIRST(&s->members)) != NULL)
		on_client_closed(m, m->client);
	quota_fini(&s->quota);
	free(s);
}
