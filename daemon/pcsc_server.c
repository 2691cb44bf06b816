/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/pcsc_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/listener.h"
#include "daemon/pcsc_call.h"
#include "daemon/pcsc_client.h"
#include "daemon/reader.h"

enum {
	CLIENTS_MAX = 2000, CLIENTS_PER_UID = 1500,
	HANDLES_MAX = 10000, HANDLES_PER_UID = 2000,
	DIR_MAX = 90,
	SOCKET_MODE = 0666,
};

struct pcsc_server {
	struct pcsc_world world;
	struct registry *registry;
	struct observer observer;
	struct listener *listener;
	struct quota quota;
	uint8_t refusal[12];
	char pid_file[DIR_MAX + 16];
	char many_file[DIR_MAX + 16];
};

static void
on_client_closed(void *arg, struct pcsc_client *c)
{
	struct pcsc_server *s = arg;
	uid_t uid = c->peer.uid;

	pcsc_client_free(c);
	quota_leave(&s->quota, uid);
}

static void
on_connect(void *arg, int fd, const struct peer *peer)
{
	struct pcsc_server *s = arg;

	if (pcsc_client_new(&s->world, fd, peer, on_client_closed, s) == NULL)
		quota_leave(&s->quota, peer->uid);
}

/* A file that exists, and no more. */
static void
note_many(const struct pcsc_server *s)
{
	int fd = open(s->many_file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
	    0644);

	if (fd >= 0)
		close(fd);
	else
		log_at(LOG_LEVEL_NOTICE, s->many_file, "cannot be made: %s",
		    strerror(errno));
}

/* Who looks for a reader in vain shall find out why. */
static void
reader_came(struct pcsc_server *s, const struct reader *reader)
{
	bool few = s->world.state.size == PCSC_PLACES_FEW;
	enum err e = pcsc_state_add(&s->world.state, s->registry,
	    reader);
	unsigned n = pcsc_state_end(&s->world.state, reader);
	struct reader_status st;

	if (few && s->world.state.size != PCSC_PLACES_FEW)
		note_many(s);
	reader_status(reader, &st);
	if (e != ERR_OK)
		log_at(LOG_LEVEL_NOTICE, st.name, "not all slots of reader %u "
		    "are offered to PC/SC programs, which know %d", st.number,
		    PCSC_PLACES_MAX);
	else if (n > s->world.legacy)
		log_at(LOG_LEVEL_NOTICE, st.name, "reader %u is not shown to "
		    "PC/SC programs with a libpcsclite before 2.5, which can "
		    "know %u slots", st.number, s->world.legacy);
}

static void
forget_handles(struct pcsc_server *s, const struct reader *reader)
{
	struct pcsc_client *c;
	struct pcsc_handle *h;

	TAILQ_FOREACH(c, &s->world.clients, entry) {
		TAILQ_FOREACH(h, &c->handles, entry) {
			if (h->reader == reader)
				h->place = NULL;
		}
	}
}

static void
reader_left(struct pcsc_server *s, const struct reader *reader)
{
	if (!pcsc_state_remove(&s->world.state, reader))
		return;
	forget_handles(s, reader);
	pcsc_changed(&s->world);
}

static void
card_changed(struct pcsc_server *s, const struct change *ch)
{
	struct pcsc_place *p = pcsc_state_at(&s->world.state, ch->reader,
	    ch->slot);

	if (p != NULL)
		pcsc_place_fresh(p);
	if (ch->kind != CARD_RESET)
		pcsc_changed(&s->world);
}

static void
on_change(void *arg, const struct change *ch)
{
	struct pcsc_server *s = arg;

	switch (ch->kind) {
	case READER_ADDED:
		reader_came(s, ch->reader);
		pcsc_changed(&s->world);
		break;
	case READER_REMOVED:
	case READER_BROKEN:
		reader_left(s, ch->reader);
		break;
	case CARD_INSERTED:
	case CARD_REMOVED:
	case CARD_RESET:
		card_changed(s, ch);
		break;
	}
}

/* Readers that were ready before the server was there. */
static void
catch_up(struct pcsc_server *s)
{
	const struct reader *reader = NULL;
	struct reader_status st;

	while ((reader = registry_next(s->registry, reader)) != NULL) {
		reader_status(reader, &st);
		if (st.state == READER_READY)
			reader_came(s, reader);
	}
}

/* The decimal pid, a newline and, as pcscd has it, a NUL. */
static enum err
write_pid(const char *path)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid()) + 1;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0644);
	bool ok;

	if (fd < 0)
		return ERR_SYSTEM;
	ok = write(fd, text, (size_t)n) == n;
	close(fd);
	return ok ? ERR_OK : ERR_SYSTEM;
}

/* The directory of a socket that is there may be closed to us. */
static enum err
adopt(struct pcsc_server *s, const char *path, int fd)
{
	enum err e = listener_adopt(&s->listener, s->world.base, fd, path,
	    &s->quota, on_connect, s);

	if (e == ERR_OK && write_pid(s->pid_file) != ERR_OK)
		log_at(LOG_LEVEL_INFO, s->pid_file, "cannot be written");
	return e;
}

/*
 * The answer to VERSION with the number for a server that is too busy, which
 * libpcsclite hands to the program; a CANCEL, which has a connection of its own
 * and a shorter answer, finds it, too.
 */
static void
set_refusal(struct pcsc_server *s)
{
	struct wr w = { .p = s->refusal, .cap = sizeof(s->refusal) };

	pcsc_word_write(&w, PCSC_MAJOR);
	pcsc_word_write(&w, PCSC_RV_SERVER_TOO_BUSY);
	pcsc_word_write(&w, PCSC_RV_SERVER_TOO_BUSY);
	listener_set_refusal(s->listener, wr_done(&w));
}

static enum err
listen_at(struct pcsc_server *s, const struct pcsc_options *o)
{
	char path[DIR_MAX + 16];
	enum err e;

	snprintf(path, sizeof(path), "%s/pcscd.comm", o->dir);
	snprintf(s->pid_file, sizeof(s->pid_file), "%s/pcscd.pid", o->dir);
	if (o->fd >= 0)
		return adopt(s, path, o->fd);
	if (mkdir(o->dir, 0755) != 0 && errno != EEXIST)
		return ERR_SYSTEM;
	e = listener_open(&s->listener, s->world.base, path, SOCKET_MODE,
	    &s->quota, on_connect, s);
	if (e != ERR_OK)
		return e;
	e = write_pid(s->pid_file);
	if (e != ERR_OK)
		listener_close(s->listener);
	return e;
}

enum err
pcsc_server_open(struct pcsc_server **out, struct event_base *base,
    struct registry *registry, const struct pcsc_options *o)
{
	struct pcsc_server *s;
	enum err e;

	if (strlen(o->dir) >= DIR_MAX || strlen(o->own_dir) >= DIR_MAX)
		return ERR_TOO_LONG;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_MEMORY;
	s->world = (struct pcsc_world){ .base = base, .registry = registry,
		.legacy = o->legacy };
	s->registry = registry;
	snprintf(s->many_file, sizeof(s->many_file), "%s/pcsc-many",
	    o->own_dir);
	pcsc_state_init(&s->world.state, access(s->many_file, F_OK) == 0);
	TAILQ_INIT(&s->world.clients);
	quota_init_connections(&s->quota, CLIENTS_MAX, CLIENTS_PER_UID);
	quota_init(&s->world.handle_quota, HANDLES_MAX, HANDLES_PER_UID);
	e = listen_at(s, o);
	if (e != ERR_OK) {
		free(s);
		return e;
	}
	set_refusal(s);
	s->observer = (struct observer){ .changed = on_change, .arg = s };
	registry_observe(registry, &s->observer);
	catch_up(s);
	*out = s;
	return ERR_OK;
}

void
pcsc_server_follow(struct pcsc_server *s, unsigned legacy)
{
	s->world.legacy = legacy;
	pcsc_changed(&s->world);
}

void
pcsc_server_close(struct pcsc_server *s)
{
	struct pcsc_client *c;

	if (s == NULL)
		return;
	registry_unobserve(s->registry, &s->observer);
	listener_close(s->listener);
	unlink(s->pid_file);
	while ((c = TAILQ_FIRST(&s->world.clients)) != NULL)
		on_client_closed(s, c);
	quota_fini(&s->quota);
	quota_fini(&s->world.handle_quota);
	free(s);
}
