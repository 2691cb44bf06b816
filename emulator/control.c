/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emulator/listen.h"

enum { ANSWER_MAX = 8192, WORDS_MAX = 4 };

struct control_conn {
	struct control *control;
	size_t place;
	int fd, handle;
	char line[CONTROL_LINE_MAX];
	size_t len;
};

struct request {
	struct control *control;
	struct port *port;
	unsigned slot;
	const char *rest;	/* what follows BUSID[:SLOT], or "" */
	char *text;		/* out: what to say, ANSWER_MAX bytes */
};

struct verb {
	const char *name;
	bool takes_slot, takes_rest;
	bool (*run)(struct request *);
};

static bool
run_plug(struct request *r)
{
	r->port->plugged = true;
	return true;
}

static bool
run_unplug(struct request *r)
{
	r->port->plugged = false;
	server_unplug(r->control->server, r->port);
	return true;
}

static bool
run_insert(struct request *r)
{
	usb_card_insert(r->port->dev, r->slot);
	return true;
}

static bool
run_remove(struct request *r)
{
	usb_card_remove(r->port->dev, r->slot);
	return true;
}

static bool
run_card(struct request *r)
{
	struct card *c = card_load(r->rest, r->text, ANSWER_MAX);

	if (c == NULL)
		return false;
	world_set_card(r->port, r->slot, c);
	return true;
}

static bool
run_stats(struct request *r)
{
	return world_stats(r->port, r->text, ANSWER_MAX);
}

static bool
run_stats_reset(struct request *r)
{
	world_stats_reset(r->port);
	return true;
}

static bool
run_fault(struct request *r)
{
	if (usb_set_fault(r->port->dev, r->rest))
		return true;
	snprintf(r->text, ANSWER_MAX, "unknown fault in '%.100s'", r->rest);
	return false;
}

static const struct verb verbs[] = {
	{ "card",		true,	true,	run_card },
	{ "fault",		false,	true,	run_fault },
	{ "insert",		true,	false,	run_insert },
	{ "plug",		false,	false,	run_plug },
	{ "remove",		true,	false,	run_remove },
	{ "stats",		false,	false,	run_stats },
	{ "stats-reset",	false,	false,	run_stats_reset },
	{ "unplug",		false,	false,	run_unplug },
};

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* BUSID[:SLOT] */
static bool
find_place(struct request *r, const struct verb *v, const char *word)
{
	const char *colon = strchr(word, ':');
	size_t n = colon == NULL ? strlen(word) : (size_t)(colon - word);
	char *end;
	unsigned long slot = 0;

	r->port = world_port(r->control->world, word, n);
	if (r->port == NULL) {
		snprintf(r->text, ANSWER_MAX, "no such bus id '%.100s'", word);
		return false;
	}
	if (colon != NULL) {
		slot = strtoul(colon + 1, &end, 10);
		if (!v->takes_slot || colon[1] < '0' || colon[1] > '9' ||
		    *end != 0 || slot >= r->port->dev->model->slots) {
			snprintf(r->text, ANSWER_MAX, "no such slot '%.100s'",
			    word);
			return false;
		}
	}
	r->slot = (unsigned)slot;
	return true;
}

static bool
run_line(struct request *r, char *line)
{
	char *rest = line, *name = strsep(&rest, " ");
	char *place = strsep(&rest, " ");
	const struct verb *v = find_verb(name);

	if (v == NULL) {
		snprintf(r->text, ANSWER_MAX, "unknown request '%.100s'", name);
		return false;
	}
	if (place == NULL || *place == 0 ||
	    (v->takes_rest && (rest == NULL || *rest == 0)) ||
	    (!v->takes_rest && rest != NULL)) {
		snprintf(r->text, ANSWER_MAX, "%s BUSID%s%s is expected", name,
		    v->takes_slot ? "[:SLOT]" : "",
		    v->takes_rest ? " ARGUMENT" : "");
		return false;
	}
	r->rest = rest == NULL ? "" : rest;
	return find_place(r, v, place) && v->run(r);
}

void
control_run(struct control *c, char *line, char *dst, size_t cap)
{
	char text[ANSWER_MAX] = "";
	struct request r = { .control = c, .text = text };
	bool ok = run_line(&r, line);

	snprintf(dst, cap, "%s%s%s\n", ok ? "ok" : "error",
	    text[0] == 0 ? "" : " ", text);
}

static void
conn_free(struct control_conn *c)
{
	loop_del(c->control->loop, c->handle);
	close(c->fd);
	c->control->conn[c->place] = NULL;
	free(c);
}

/* Answers are short: a client whose socket is full is not reading. */
static bool
answer(struct control_conn *c, char *line)
{
	char text[ANSWER_MAX + 16];
	size_t n;

	control_run(c->control, line, text, sizeof(text));
	server_pump(c->control->server);
	n = strlen(text);
	return send(c->fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool
answer_lines(struct control_conn *c)
{
	char *end;

	while ((end = memchr(c->line, '\n', c->len)) != NULL) {
		size_t used = (size_t)(end - c->line) + 1;

		*end = 0;
		if (!answer(c, c->line))
			return false;
		memmove(c->line, c->line + used, c->len - used);
		c->len -= used;
	}
	return c->len < sizeof(c->line);
}

static void
on_ready(void *arg, short revents)
{
	struct control_conn *c = arg;
	ssize_t n;

	(void)revents;
	n = recv(c->fd, c->line + c->len, sizeof(c->line) - c->len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->len += (size_t)n;
		if (answer_lines(c))
			return;
	}
	conn_free(c);
}

static struct control_conn *
conn_new(struct control *s, size_t place, int fd)
{
	struct control_conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->control = s;
	c->place = place;
	c->fd = fd;
	c->handle = loop_add(s->loop, fd, POLLIN, on_ready, c);
	if (c->handle < 0) {
		free(c);
		return NULL;
	}
	return c;
}

static void
on_accept(void *arg, short revents)
{
	struct control *s = arg;
	int fd = listen_accept(s->listen_fd);

	(void)revents;
	if (fd < 0)
		return;
	for (size_t i = 0; i < CONTROL_CONNS_MAX; i++) {
		if (s->conn[i] != NULL)
			continue;
		s->conn[i] = conn_new(s, i, fd);
		if (s->conn[i] != NULL)
			return;
		break;
	}
	close(fd);
}

bool
control_init(struct control *c, struct loop *loop, struct world *world,
    struct server *server, int owned_fd)
{
	*c = (struct control){
		.loop = loop, .world = world, .server = server,
		.listen_fd = owned_fd,
	};
	return loop_add(loop, owned_fd, POLLIN, on_accept, c) >= 0;
}

void
control_fini(struct control *c)
{
	for (size_t i = 0; i < CONTROL_CONNS_MAX; i++)
		if (c->conn[i] != NULL)
			conn_free(c->conn[i]);
	if (c->listen_fd >= 0)
		close(c->listen_fd);
}
