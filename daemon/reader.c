/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/reader.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/reader_life.h"
#include "protocols/ids.h"

enum {
	RETRY_ABSENT_MS = 500,		/* a static reader's server */
	BACKOFF_FIRST_MS = 250,
	BACKOFF_MAX_MS = 30000,
	GOOD_MS = 60000,		/* ready this long: no backoff any more */
	START_MS = 30000,		/* to tell of every slot and ATR */
};

static void	reader_start(struct reader *);
static void	on_timer(evutil_socket_t, short, void *);

struct reader *
reader_new(struct registry *registry, unsigned number)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->registry = registry;
	r->number = number;
	snprintf(r->subject, sizeof(r->subject), "reader %u", number);
	r->timer = evtimer_new(registry_base(registry), on_timer, r);
	if (r->timer == NULL) {
		free(r);
		return NULL;
	}
	return r;
}

void
reader_status(const struct reader *r, struct reader_status *st)
{
	bool ready = r->state == READER_READY;

	*st = (struct reader_status){ .number = r->number, .state = r->state,
		.name = r->name, .driver = r->driver, .device = r->device,
		.text = r->text, .info = ready ? &r->info : NULL,
		.handler_pid = r->handler != NULL ? handler_pid(r->handler) : 0,
		.slots = ready ? r->n_slots : 0 };
}

struct slot *
reader_slot(const struct reader *r, unsigned index)
{
	if (r->state != READER_READY || index >= r->n_slots)
		return NULL;
	return r->slots[index];
}

static void
tell(struct reader *r, enum change_kind kind, unsigned slot)
{
	registry_tell(r->registry, &(struct change){ kind, r, slot });
}

static void
set_timer(struct reader *r, uint32_t ms)
{
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	if (evtimer_add(r->timer, &tv) != 0)
		log_at(LOG_LEVEL_ERROR, r->subject, "cannot set a timer");
}

/* --- the slots' way out: struct slot_ops --- */

static uint64_t
ops_now_ms(void *arg)
{
	(void)arg;
	return clock_now_ms();
}

static void
ops_wake_at(void *arg, unsigned index, uint64_t when_ms)
{
	struct reader *r = arg;
	uint64_t now_ms = clock_now_ms(), ms;
	struct timeval tv;

	if (when_ms == SLOT_NEVER) {
		evtimer_del(r->alarms[index]);
		return;
	}
	ms = when_ms > now_ms ? when_ms - now_ms : 0;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	if (evtimer_add(r->alarms[index], &tv) != 0)
		log_at(LOG_LEVEL_ERROR, r->subject, "cannot set a timer");
}

static enum err
ops_send(void *arg, const struct channel_msg *m)
{
	struct reader *r = arg;

	return r->handler == NULL ? ERR_HANDLER : handler_send(r->handler, m);
}

static void
publish_when_known(struct reader *r)
{
	struct slot_status st;

	for (unsigned i = 0; i < r->n_slots; i++) {
		slot_status(r->slots[i], &st);
		if (st.card == SLOT_UNKNOWN)
			return;
	}
	evtimer_del(r->timer);
	r->state = READER_READY;
	r->was_ready = true;
	r->ready_since_ms = clock_now_ms();
	r->text[0] = '\0';
	log_at(LOG_LEVEL_NOTICE, r->subject, "%s at %s is ready (%s, %u slot%s)",
	    r->name, r->device, r->driver, r->n_slots,
	    r->n_slots == 1 ? "" : "s");
	tell(r, READER_ADDED, 0);
}

static void
ops_event(void *arg, unsigned index, enum slot_event e)
{
	static const enum change_kind kinds[] = {
		[SLOT_INSERTED] = CARD_INSERTED,
		[SLOT_REMOVED] = CARD_REMOVED,
		[SLOT_RESET] = CARD_RESET,
	};
	static const char *const words[] = {
		[SLOT_INSERTED] = "inserted",
		[SLOT_REMOVED] = "removed",
		[SLOT_RESET] = "reset",
	};
	struct reader *r = arg;

	if (e == SLOT_KNOWN) {
		publish_when_known(r);
	} else if (r->state == READER_READY) {
		log_at(LOG_LEVEL_INFO, r->subject, "slot %u: card %s", index,
		    words[e]);
		tell(r, kinds[e], index);
	}
}

static const struct slot_ops ops = {
	.now_ms = ops_now_ms,
	.wake_at = ops_wake_at,
	.send = ops_send,
	.event = ops_event,
};

static void
on_alarm(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	slot_tick(arg);
}

/* --- slots come and go with the handler --- */

static struct slot_times
times_of(const struct reader *r)
{
	const struct settings *s = registry_settings(r->registry);

	return (struct slot_times){ s->power_off_ms, s->lock_ms };
}

void
reader_set_times(struct reader *r)
{
	struct slot_times times = times_of(r);

	for (unsigned i = 0; i < r->n_slots; i++)
		slot_set_times(r->slots[i], &times);
}

static void
free_slots(struct reader *r)
{
	for (unsigned i = 0; i < r->n_slots; i++) {
		event_free(r->alarms[i]);
		slot_free(r->slots[i]);
	}
	r->n_slots = 0;
}

static bool
make_slots(struct reader *r)
{
	struct slot_times times = times_of(r);
	char subject[48];

	for (unsigned i = 0; i < r->info.slots; i++) {
		snprintf(subject, sizeof(subject), "%s slot %u", r->subject, i);
		r->slots[i] = slot_new(i, subject, &ops, r, &times);
		if (r->slots[i] == NULL)
			return false;
		r->alarms[i] = evtimer_new(registry_base(r->registry), on_alarm,
		    r->slots[i]);
		if (r->alarms[i] == NULL) {
			slot_free(r->slots[i]);
			return false;
		}
		r->n_slots++;
		slot_set_last_sequence(r->slots[i], r->sequences[i]);
	}
	return true;
}

/*
 * Takes the reader out of use: every request ends with e, observers are told.
 * The slots stay in memory until the next start, as we may be in their calls.
 */
static void
withdraw(struct reader *r, enum reader_state state, enum err e)
{
	bool was_ready = r->was_ready, was_failed = r->state == READER_FAILED;

	r->state = state;
	r->was_ready = false;
	for (unsigned i = 0; i < r->n_slots; i++) {
		r->sequences[i] = slot_last_sequence(r->slots[i]);
		slot_down(r->slots[i], e);
	}
	if (state == READER_FAILED && !was_failed)
		tell(r, READER_BROKEN, 0);
	else if (state == READER_ABSENT && was_ready)
		tell(r, READER_REMOVED, 0);
}

static void
set_text(struct reader *r, enum log_level level, const char *text)
{
	if (strcmp(r->text, text) == 0)
		return;
	snprintf(r->text, sizeof(r->text), "%s", text);
	log_at(level, r->subject, "%s: %s",
	    r->name[0] != '\0' ? r->name : r->device, r->text);
}

/* --- starting, failing, starting again --- */

static void
retry_later(struct reader *r)
{
	if (r->ready_since_ms != 0 &&
	    clock_now_ms() - r->ready_since_ms >= GOOD_MS)
		r->backoff_ms = 0;
	r->ready_since_ms = 0;
	set_timer(r, r->backoff_ms);
	r->backoff_ms = r->backoff_ms == 0 ? BACKOFF_FIRST_MS :
	    r->backoff_ms * 2;
	if (r->backoff_ms > BACKOFF_MAX_MS)
		r->backoff_ms = BACKOFF_MAX_MS;
}

static void
fail(struct reader *r, enum err e, const char *text)
{
	set_text(r, LOG_LEVEL_WARN, text);
	withdraw(r, READER_FAILED, e);
	if (r->handler == NULL)		/* else when it has ended */
		retry_later(r);
}

/* The device is not there, or not any more. */
static void
absent(struct reader *r, const char *text)
{
	set_text(r, LOG_LEVEL_NOTICE, text);
	withdraw(r, READER_ABSENT, ERR_GONE);
	if (r->is_static && r->handler == NULL)
		set_timer(r, RETRY_ABSENT_MS);
}

static void
name_reader(struct reader *r)
{
	const struct channel_info *i = &r->info;
	const struct id_row *row = ids_find(i->vid, i->pid);

	if (i->product[0] != '\0' && i->vendor[0] != '\0')
		snprintf(r->name, sizeof(r->name), "%s %s", i->vendor,
		    i->product);
	else if (row != NULL)
		snprintf(r->name, sizeof(r->name), "%s", row->device);
	else if (i->product[0] != '\0')
		snprintf(r->name, sizeof(r->name), "%s", i->product);
	else
		snprintf(r->name, sizeof(r->name), "%s %04x:%04x", r->driver,
		    i->vid, i->pid);
}

static void
on_ready(struct reader *r, const struct channel_msg *m)
{
	struct channel_msg watch = { .type = CHANNEL_WATCH, .arg = 1 };

	if (r->n_slots != 0 || r->state != READER_STARTING ||
	    channel_info_decode(&r->info, m->data) != ERR_OK) {
		handler_kill(r->handler, "it sent a READY that makes no sense");
		return;
	}
	name_reader(r);
	if (!make_slots(r))
		handler_kill(r->handler, "out of memory");
	else if (r->info.polls && handler_send(r->handler, &watch) != ERR_OK)
		handler_kill(r->handler, "out of memory");
}

static void
on_failed(struct reader *r, const struct channel_msg *m)
{
	char text[READER_TEXT_MAX + 1];

	snprintf(text, sizeof(text), "%.*s",
	    (int)view_first(m->data, READER_TEXT_MAX).n,
	    (const char *)m->data.p);
	if (m->err == ERR_GONE)
		absent(r, "unplugged");
	else
		fail(r, m->err == ERR_OK ? ERR_HANDLER : m->err,
		    text[0] != '\0' ? text : err_text(m->err));
}

static void
on_message(void *arg, const struct channel_msg *m)
{
	struct reader *r = arg;

	if (m->type == CHANNEL_READY)
		on_ready(r, m);
	else if (m->type == CHANNEL_FAILED)
		on_failed(r, m);
	else if (m->slot >= r->n_slots)
		handler_kill(r->handler, "it spoke of a slot it has not");
	else if (r->state != READER_READY && r->state != READER_STARTING)
		return;			/* withdrawn: nobody listens */
	else if (m->type == CHANNEL_CARD)
		slot_card(r->slots[m->slot], m);
	else
		slot_result(r->slots[m->slot], m);
}

static void
on_ended(void *arg, const char *why)
{
	struct reader *r = arg;

	handler_free(r->handler);
	r->handler = NULL;
	evtimer_del(r->timer);
	if (!r->present)
		withdraw(r, READER_ABSENT, ERR_GONE);
	else if (r->state == READER_ABSENT && r->is_static)
		set_timer(r, RETRY_ABSENT_MS);
	else if (r->state == READER_ABSENT || r->state == READER_FAILED)
		retry_later(r);
	else
		fail(r, ERR_HANDLER, why);
}

static const struct handler_events handler_events = { on_message, on_ended };

static void
start_handler(struct reader *r, int fd, const struct usbip_device *d)
{
	const struct settings *s = registry_settings(r->registry);
	struct handler_spec spec = { .program = s->handler,
		.driver = r->driver,
		.kind = d != NULL ? "usbip" : "usb",
		.interface = r->usb.interface, .debug = s->debug,
		.subject = r->subject };
	char text[READER_TEXT_MAX + 1];

	if (d != NULL) {
		spec.devid = usbip_devid(d);
		spec.speed = d->speed;
	}
	r->handler = handler_start(registry_base(r->registry), &spec, fd,
	    &handler_events, r);
	if (r->handler == NULL) {
		snprintf(text, sizeof(text), "cannot start %.150s: %s",
		    s->handler, strerror(errno));
		fail(r, ERR_HANDLER, text);
		return;
	}
	set_timer(r, START_MS);
}

static void
on_import(void *arg, const struct import_result *res)
{
	struct reader *r = arg;
	struct usbip_device device = res->device;
	char text[READER_TEXT_MAX + 1];
	enum err e = res->err;
	int fd = res->owned_fd;

	snprintf(text, sizeof(text), "%s", res->text);
	import_free(r->import);
	r->import = NULL;
	if (e == ERR_OK) {
		r->state = READER_STARTING;
		start_handler(r, fd, &device);
		close(fd);
	} else if (e == ERR_GONE || e == ERR_TIMEOUT) {
		absent(r, text);
	} else {
		set_text(r, LOG_LEVEL_WARN, text);
		withdraw(r, READER_FAILED, e);
		set_timer(r, RETRY_ABSENT_MS);
	}
}

static void
start_usb(struct reader *r)
{
	char text[READER_TEXT_MAX + 1];
	int fd = open(r->usb.node, O_RDWR | O_CLOEXEC), error = errno;

	if (fd >= 0) {
		start_handler(r, fd, NULL);
		close(fd);
		return;
	}
	if (error == ENOENT || error == ENODEV || error == ENXIO) {
		absent(r, "unplugged");
		return;
	}
	snprintf(text, sizeof(text), "cannot open %s: %s%s", r->usb.node,
	    strerror(error), error == EACCES ?
	    " (a udev rule must give slotd's user write access)" : "");
	fail(r, ERR_DENIED, text);
}

static void
reader_start(struct reader *r)
{
	free_slots(r);
	if (!r->is_static) {
		r->state = READER_STARTING;
		start_usb(r);
		return;
	}
	r->import = import_start(registry_base(r->registry), r->device,
	    on_import, r);
	if (r->import == NULL)
		fail(r, ERR_ARG, "the device must be "
		    "usbip:HOST:PORT/BUSID or usbip:unix:PATH/BUSID");
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct reader *r = arg;

	(void)fd;
	(void)what;
	if (r->handler != NULL)
		handler_kill(r->handler, "it did not get ready in time");
	else if (r->present && r->import == NULL)
		reader_start(r);
}

void
reader_arrive(struct reader *r)
{
	r->present = true;
	r->backoff_ms = 0;
	r->text[0] = '\0';
	r->name[0] = '\0';
	if (r->handler == NULL)
		set_timer(r, 0);	/* else when the old one has ended */
}

void
reader_leave(struct reader *r)
{
	r->present = false;
	evtimer_del(r->timer);
	import_free(r->import);
	r->import = NULL;
	if (r->state != READER_ABSENT)
		set_text(r, LOG_LEVEL_NOTICE, "unplugged");
	withdraw(r, READER_ABSENT, ERR_GONE);
	if (r->handler != NULL)
		handler_kill(r->handler, "unplugged");
}

void
reader_quit(struct reader *r)
{
	struct channel_msg quit = { .type = CHANNEL_QUIT };

	r->present = false;
	evtimer_del(r->timer);
	import_free(r->import);
	r->import = NULL;
	withdraw(r, READER_ABSENT, ERR_GONE);
	if (r->handler != NULL && handler_send(r->handler, &quit) != ERR_OK)
		handler_kill(r->handler, "it cannot be told to end");
}

bool
reader_is_over(const struct reader *r)
{
	return r->handler == NULL;
}

void
reader_reap(struct reader *r)
{
	if (r->handler != NULL)
		handler_reap(r->handler);
}

void
reader_free(struct reader *r)
{
	import_free(r->import);
	handler_free(r->handler);
	r->handler = NULL;
	withdraw(r, READER_ABSENT, ERR_GONE);
	free_slots(r);
	event_free(r->timer);
	free(r);
}
