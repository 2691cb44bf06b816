/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/handler.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "daemon/identity.h"
#include "daemon/spawn.h"

enum {
	SILENCE_MS = 5000,	/* with reason to doubt: time for a PING */
	PONG_MS = 2000,
	QUEUE_MAX = 1024,	/* messages */
	LOG_LINES_MAX = 200,	/* in LOG_WINDOW_MS; the rest is dropped */
	LOG_WINDOW_MS = 10000,
};

struct packet {
	TAILQ_ENTRY(packet) entry;
	size_t n;
	uint8_t bytes[];
};

struct handler {
	pid_t pid;		/* 0 once it is reaped */
	int fd;			/* -1 once the channel is closed */
	const char *subject;
	char why[160];		/* why we killed it, else empty */
	const struct handler_events *events;
	void *arg;
	struct event *readable, *writable, *watchdog;
	TAILQ_HEAD(, packet) queue;
	unsigned queued;
	unsigned outstanding;	/* answers it owes us */
	bool pinged;
	uint64_t heard_ms;
	unsigned log_lines;
	uint64_t log_since_ms;
	bool in_callback, dead;
};

static void
destroy(struct handler *h)
{
	struct packet *p;

	while ((p = TAILQ_FIRST(&h->queue)) != NULL) {
		TAILQ_REMOVE(&h->queue, p, entry);
		secret_free(&p, sizeof(*p) + p->n);
	}
	if (h->readable != NULL)
		event_free(h->readable);
	if (h->writable != NULL)
		event_free(h->writable);
	if (h->watchdog != NULL)
		event_free(h->watchdog);
	if (h->fd >= 0)
		close(h->fd);
	free(h);
}

void
handler_free(struct handler *h)
{
	if (h == NULL)
		return;
	if (h->pid != 0) {
		kill(h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);	/* at once: it was killed */
		h->pid = 0;
	}
	h->dead = true;
	if (!h->in_callback)
		destroy(h);
}

pid_t
handler_pid(const struct handler *h)
{
	return h->pid;
}

static void
watch(struct handler *h, unsigned ms)
{
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	if (evtimer_add(h->watchdog, &tv) != 0)
		log_at(LOG_LEVEL_WARN, h->subject, "cannot set a timer");
}

/* It spoke: whatever it owes us, it is alive. */
static void
heard(struct handler *h)
{
	h->pinged = false;
	h->heard_ms = clock_now_ms();
	if (h->outstanding != 0)
		watch(h, SILENCE_MS);
	else
		evtimer_del(h->watchdog);
}

static void
expect(struct handler *h)
{
	if (h->outstanding++ == 0)
		watch(h, SILENCE_MS);
}

static bool
wants_result(enum channel_type type)
{
	switch (type) {
	case CHANNEL_POWER_ON:
	case CHANNEL_POWER_OFF:
	case CHANNEL_TRANSMIT:
	case CHANNEL_PROTOCOL:
	case CHANNEL_CONTROL:
	case CHANNEL_STATUS:
		return true;
	default:
		return false;
	}
}

static enum err
enqueue(struct handler *h, const uint8_t *bytes, size_t n)
{
	struct packet *p;

	if (h->queued >= QUEUE_MAX)
		return ERR_QUOTA;
	p = malloc(sizeof(*p) + n);
	if (p == NULL)
		return ERR_MEMORY;
	p->n = n;
	memcpy(p->bytes, bytes, n);
	TAILQ_INSERT_TAIL(&h->queue, p, entry);
	h->queued++;
	return event_add(h->writable, NULL) == 0 ? ERR_OK : ERR_SYSTEM;
}

static bool
is_full(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
}

static enum err
transmit(struct handler *h, const uint8_t *bytes, size_t n)
{
	ssize_t sent;

	if (h->queued != 0)
		return enqueue(h, bytes, n);
	do {
		sent = send(h->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return ERR_OK;
	return is_full(errno) ? enqueue(h, bytes, n) : ERR_HANDLER;
}

enum err
handler_send(struct handler *h, const struct channel_msg *m)
{
	uint8_t buf[CHANNEL_MAX];
	size_t n;
	enum err e;

	if (h->fd < 0 || h->dead)
		return ERR_HANDLER;
	n = channel_encode(buf, m);
	if (n == 0)
		return ERR_TOO_LONG;
	e = transmit(h, buf, n);
	secret_wipe(buf, n);
	if (e == ERR_OK && wants_result(m->type))
		expect(h);
	return e;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct handler *h = arg;
	struct packet *p;

	(void)what;
	while ((p = TAILQ_FIRST(&h->queue)) != NULL) {
		if (send(fd, p->bytes, p->n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    (is_full(errno) || errno == EINTR))
			return;		/* other errors: reading tells more */
		TAILQ_REMOVE(&h->queue, p, entry);
		h->queued--;
		secret_free(&p, sizeof(*p) + p->n);
	}
	event_del(h->writable);
}

static void
log_line(struct handler *h, const struct channel_msg *m)
{
	enum log_level level = LOG_LEVEL_DEBUG;
	uint64_t now_ms = clock_now_ms();

	if (now_ms - h->log_since_ms >= LOG_WINDOW_MS) {
		h->log_since_ms = now_ms;
		h->log_lines = 0;
	}
	if (m->arg < LOG_LEVEL_DEBUG)
		level = (enum log_level)m->arg;
	if (level < LOG_LEVEL_DEBUG && ++h->log_lines > LOG_LINES_MAX)
		return;
	log_at(level, h->subject, "%.*s", (int)view_first(m->data, 900).n,
	    (const char *)m->data.p);
}

/* Messages from us, or of no meaning, are a broken handler's. */
static void
dispatch(struct handler *h, const struct channel_msg *m)
{
	switch (m->type) {
	case CHANNEL_RESULT:
	case CHANNEL_READY:
	case CHANNEL_FAILED:
		if (h->outstanding != 0)
			h->outstanding--;
		heard(h);
		h->events->message(h->arg, m);
		return;
	case CHANNEL_CARD:
	case CHANNEL_SLOW_CARD:
		heard(h);
		h->events->message(h->arg, m);
		return;
	case CHANNEL_PONG:
		heard(h);
		return;
	case CHANNEL_LOG:
		heard(h);
		log_line(h, m);
		return;
	default:
		handler_kill(h, "it sent a message of the wrong direction");
	}
}

static void
hang_up(struct handler *h)
{
	if (h->fd < 0)
		return;
	event_del(h->readable);
	event_del(h->writable);
	evtimer_del(h->watchdog);
	close(h->fd);
	h->fd = -1;
}

/* Returns false when there is nothing more to read now, or ever. */
static bool
read_one(struct handler *h)
{
	uint8_t buf[CHANNEL_MAX];
	struct channel_msg m;
	ssize_t n;

	if (h->fd < 0 || h->dead)
		return false;
	n = recv(h->fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (is_full(errno) || errno == EINTR))
		return false;
	if (n <= 0) {
		hang_up(h);
		handler_kill(h, "");	/* if it closed the channel and lives */
		return false;
	}
	if ((size_t)n > sizeof(buf) || channel_decode(&m,
	    (struct view){ buf, (size_t)n }) != ERR_OK) {
		handler_kill(h, "it sent a malformed message");
		hang_up(h);
	} else {
		dispatch(h, &m);
	}
	secret_wipe(buf, (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf));
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct handler *h = arg;

	(void)fd;
	(void)what;
	h->in_callback = true;
	(void)read_one(h);	/* mostly there is one: no call to learn that */
	h->in_callback = false;
	if (h->dead)
		destroy(h);
}

static void
ask_for_a_sign(struct handler *h)
{
	struct channel_msg ping = { .type = CHANNEL_PING };

	if (h->pinged || handler_send(h, &ping) != ERR_OK) {
		handler_kill(h, "it gave no sign of life");
		return;
	}
	h->pinged = true;
	watch(h, PONG_MS);
}

static void
on_silence(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask_for_a_sign(arg);
}

void
handler_doubt(struct handler *h)
{
	if (h->fd >= 0 && !h->pinged &&
	    clock_now_ms() - h->heard_ms >= SILENCE_MS)
		ask_for_a_sign(h);
}

void
handler_kill(struct handler *h, const char *why)
{
	if (h->pid == 0)
		return;
	if (h->why[0] == '\0')
		snprintf(h->why, sizeof(h->why), "%s", why);
	kill(h->pid, SIGKILL);
}

static void
explain(char *dst, size_t cap, const struct handler *h, int status)
{
	if (h->why[0] != '\0')
		snprintf(dst, cap, "its handler was killed: %s", h->why);
	else if (WIFSIGNALED(status))
		snprintf(dst, cap, "its handler was killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) == SPAWN_EXEC_FAILED)
		snprintf(dst, cap, "its handler could not be started");
	else
		snprintf(dst, cap, "its handler ended with status %d",
		    WEXITSTATUS(status));
}

void
handler_reap(struct handler *h)
{
	char why[sizeof(h->why) + 40];
	int status;

	if (h->pid == 0 ||
	    waitpid(h->pid, &status, WNOHANG | WUNTRACED) != h->pid)
		return;
	if (WIFSTOPPED(status)) {	/* it has two seconds to go on */
		if (h->fd >= 0 && !h->pinged)
			ask_for_a_sign(h);
		return;
	}
	h->pid = 0;
	h->in_callback = true;
	while (read_one(h))	/* its last words */
		continue;
	hang_up(h);
	explain(why, sizeof(why), h, status);
	if (!h->dead)
		h->events->ended(h->arg, why);
	h->in_callback = false;
	if (h->dead)
		destroy(h);
}

static bool
set_events(struct handler *h, struct event_base *base)
{
	h->readable = event_new(base, h->fd, EV_READ | EV_PERSIST, on_readable,
	    h);
	h->writable = event_new(base, h->fd, EV_WRITE | EV_PERSIST, on_writable,
	    h);
	h->watchdog = evtimer_new(base, on_silence, h);
	return h->readable != NULL && h->writable != NULL &&
	    h->watchdog != NULL && event_add(h->readable, NULL) == 0;
}

/* The words of a command line, and the numbers among them. */
struct words {
	const char *argv[32];
	size_t n;
	char numbers[8][12];
	size_t n_numbers;
};

static void
add(struct words *w, const char *word)
{
	w->argv[w->n++] = word;
}

static void
add_number(struct words *w, const char *option, uint32_t x)
{
	char *text = w->numbers[w->n_numbers++];

	snprintf(text, sizeof(w->numbers[0]), "%u", (unsigned)x);
	add(w, option);
	add(w, text);
}

static pid_t
spawn(const struct handler_spec *spec, int channel_fd, int device_fd)
{
	struct words w = { .argv = { "ifdhandler", "--driver", spec->driver,
		"--kind", spec->kind }, .n = 5 };

	add_number(&w, "--debug", spec->debug);
	if (spec->interface >= 0)
		add_number(&w, "--interface", (uint32_t)spec->interface);
	if (spec->devid != 0) {
		add_number(&w, "--devid", spec->devid);
		add_number(&w, "--speed", spec->speed);
	}
	if (spec->slots != 0)
		add_number(&w, "--slots", spec->slots);
	if (spec->block_size != 0)
		add_number(&w, "--block-size", spec->block_size);
	if (spec->max_speed != 0)
		add_number(&w, "--max-speed", spec->max_speed);
	if (spec->force_poll)
		add(&w, "--force-poll");
	if (spec->identity != NULL && spec->identity->has_user)
		add_number(&w, "--user", spec->identity->uid);
	if (spec->identity != NULL && spec->identity->groups[0] != '\0') {
		add(&w, "--groups");
		add(&w, spec->identity->groups);
	}
	return spawn_with_fds(spec->program, w.argv, channel_fd, device_fd);
}

struct handler *
handler_start(struct event_base *base, const struct handler_spec *spec,
    int device_fd, const struct handler_events *events, void *arg)
{
	struct handler *h = calloc(1, sizeof(*h));
	int pair[2] = { -1, -1 };

	if (h == NULL)
		return NULL;
	h->fd = -1;
	h->subject = spec->subject;
	h->events = events;
	h->arg = arg;
	TAILQ_INIT(&h->queue);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		goto fail;
	h->fd = pair[0];
	if (!set_events(h, base))
		goto fail;
	h->pid = spawn(spec, pair[1], device_fd);
	if (h->pid <= 0)
		goto fail;
	close(pair[1]);
	expect(h);		/* READY or FAILED */
	return h;
fail:
	if (pair[1] >= 0)
		close(pair[1]);
	if (h->pid < 0)
		h->pid = 0;
	destroy(h);
	return NULL;
}
