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
#include "base/usb_holder.h"
#include "daemon/access.h"
#include "daemon/conf_file.h"
#include "daemon/reader_life.h"
#include "daemon/watch.h"
#include "protocols/ids.h"

enum {
	RETRY_ABSENT_MS = 500,		/* a static reader's server */
	BACKOFF_FIRST_MS = 250,
	BACKOFF_MAX_MS = 30000,
	GOOD_MS = 60000,		/* ready this long: no backoff any more */
	START_MS = 30000,		/* to tell of every slot and ATR */
	END_MS = 1000,			/* to end after FAILED */
};

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
		.text = r->text, .label = r->own.label,
		.is_named = r->own.name[0] != '\0', .info = ready ? &r->info : NULL,
		.is_expected = r->present,
		.handler_pid = r->handler != NULL ? handler_pid(r->handler) : 0,
		.slots = ready ? r->n_slots : 0 };
}

bool
reader_may(const struct reader *r, const struct peer *peer, enum right right)
{
	bool known = r->info.vid != 0 || r->info.pid != 0;
	struct access_reader names = { r->own.label, r->device,
		known ? r->info.vid : r->usb.vid,
		known ? r->info.pid : r->usb.pid };

	if (right == RIGHT_ESCAPE && !r->own.escape)
		return false;
	return access_right(registry_access(r->registry), peer, &names) >=
	    right;
}

struct slot *
reader_slot(const struct reader *r, unsigned index)
{
	if (r->state != READER_READY || index >= r->n_slots)
		return NULL;
	return r->slots[index];
}

static void
set_timer(struct reader *r, uint32_t ms)
{
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	if (evtimer_add(r->timer, &tv) != 0)
		log_at(LOG_LEVEL_ERROR, r->subject, "cannot set a timer");
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
	reader_slots_down(r, e);
	watch_reader_changed(registry_watch(r->registry), r);
	if (state == READER_FAILED && !was_failed)
		reader_tell(r, READER_BROKEN, 0);
	else if (state == READER_ABSENT && was_ready)
		reader_tell(r, READER_REMOVED, 0);
}

/* Out of use, and why; said once until it changes, after observers know. */
static void
go_down(struct reader *r, enum reader_state state, enum err e,
    const char *text)
{
	bool news = strcmp(r->text, text) != 0;

	if (news)
		snprintf(r->text, sizeof(r->text), "%s", text);
	withdraw(r, state, e);
	if (news)
		log_at(state == READER_FAILED ? LOG_LEVEL_WARN :
		    LOG_LEVEL_NOTICE, r->subject, "%s: %s",
		    r->name[0] != '\0' ? r->name : r->device, r->text);
}

static void
retry_later(struct reader *r)
{
	if (r->ready_since_ms != 0 &&
	    clock_now_ms() - r->ready_since_ms >= GOOD_MS)
		r->backoff_ms = 0;
	r->ready_since_ms = 0;
	if (r->lost && r->backoff_ms == 0)	/* udev may know more soon */
		r->backoff_ms = BACKOFF_FIRST_MS;
	set_timer(r, r->backoff_ms);
	r->backoff_ms = r->backoff_ms == 0 ? BACKOFF_FIRST_MS :
	    r->backoff_ms * 2;
	if (r->backoff_ms > BACKOFF_MAX_MS)
		r->backoff_ms = BACKOFF_MAX_MS;
}

static void
fail(struct reader *r, enum err e, const char *text)
{
	go_down(r, READER_FAILED, e, text);
	if (r->handler == NULL)		/* else when it has ended */
		retry_later(r);
}

/* The device is not there, or not any more. */
static void
absent(struct reader *r, const char *text)
{
	go_down(r, READER_ABSENT, ERR_GONE, text);
	if (r->is_static && r->handler == NULL)
		set_timer(r, RETRY_ABSENT_MS);
}

static void
name_reader(struct reader *r)
{
	const struct channel_info *i = &r->info;
	const struct id_row *row = ids_find(i->vid, i->pid);

	if (r->own.name[0] != '\0')
		snprintf(r->name, sizeof(r->name), "%s", r->own.name);
	else if (i->product[0] != '\0' && i->vendor[0] != '\0')
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

/* What earlier handlers have learnt. */
static void
tell_slow_cards(struct reader *r)
{
	for (size_t i = 0; i < SLOW_CARDS_MAX; i++) {
		const struct slow_card *c = &r->slow_cards.row[i];
		struct channel_msg m = { .type = CHANNEL_SLOW_CARD,
			.arg = c->bps, .data = { c->atr, c->n } };

		if (c->n != 0 && handler_send(r->handler, &m) != ERR_OK)
			return;		/* it finds out for itself */
	}
}

static void
on_ready(struct reader *r, const struct channel_msg *m)
{
	uint16_t vid = r->info.vid, pid = r->info.pid;

	if (r->n_slots != 0 || r->state != READER_STARTING ||
	    channel_info_decode(&r->info, m->data) != ERR_OK) {
		handler_kill(r->handler, "it sent a READY that makes no sense");
		return;
	}
	if (r->info.vid != vid || r->info.pid != pid)
		r->slow_cards = (struct slow_cards){ .next = 0 };
	tell_slow_cards(r);
	name_reader(r);
	if (!reader_slots_make(r))
		handler_kill(r->handler, "out of memory");
}

static bool
is_usb(const struct reader *r)
{
	return !r->is_static || (r->own.where.kind != DEVICE_USBIP &&
	    r->own.where.kind != DEVICE_VPCD);
}

/*
 * The kernel has taken the device from us. Either it was unplugged, which udev
 * says or the next start shows, or it was reset by another program or slept
 * with its bus: then it is there, with nothing that we told it.
 */
static void
lose(struct reader *r)
{
	r->lost = true;
	withdraw(r, READER_ABSENT, ERR_GONE);
}

/* Who has it: the handler, in its cage, could only see that somebody does. */
static void
name_holder(char text[READER_TEXT_MAX + 1], const struct reader *r)
{
	char who[USB_HOLDER_MAX + 1];

	if (usb_holder_find(who, r->usb.node, getpid()) == USB_HOLDER_NOBODY)
		snprintf(who, sizeof(who), "another program");
	snprintf(text, READER_TEXT_MAX + 1, "in use by %s", who);
}

static void
on_failed(struct reader *r, const struct channel_msg *m)
{
	char text[READER_TEXT_MAX + 1];

	snprintf(text, sizeof(text), "%.*s",
	    (int)view_first(m->data, READER_TEXT_MAX).n,
	    (const char *)m->data.p);
	if (m->err == ERR_BUSY && is_usb(r))
		name_holder(text, r);
	if (m->err == ERR_GONE && is_usb(r))
		lose(r);
	else if (m->err == ERR_GONE)
		absent(r, "unplugged");
	else
		fail(r, m->err == ERR_OK ? ERR_HANDLER : m->err,
		    text[0] != '\0' ? text : err_text(m->err));
	set_timer(r, END_MS);
}

static void
slot_message(struct reader *r, const struct channel_msg *m)
{
	if (m->type == CHANNEL_CARD)
		slot_card(r->slots[m->slot], m);
	else if (m->type == CHANNEL_SLOW_CARD &&
	    !slow_cards_add(&r->slow_cards, m->data, m->arg))
		handler_kill(r->handler, "it spoke of a card without an ATR");
	else if (m->type == CHANNEL_RESULT)
		slot_result(r->slots[m->slot], m);
	watch_reader_changed(registry_watch(r->registry), r);
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
	else
		slot_message(r, m);
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

/* spec says what is particular to the kind of device. */
static void
start_handler(struct reader *r, int fd, struct handler_spec spec)
{
	const struct settings *s = registry_settings(r->registry);
	char text[READER_TEXT_MAX + 1];

	spec.program = s->handler;
	spec.driver = r->driver;
	spec.interface = r->usb.interface;
	spec.block_size = settings_block_size(s, r->driver);
	spec.debug = conf_file_log_level(s);
	spec.subject = r->subject;
	spec.max_speed = r->own.max_speed;
	spec.force_poll = s->force_poll;
	spec.identity = registry_identity(r->registry);
	r->force_poll = s->force_poll;
	r->block_size = spec.block_size;
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
		start_handler(r, fd, (struct handler_spec){ .kind = "usbip",
			.devid = usbip_devid(&device), .speed = device.speed });
		close(fd);
	} else if (e == ERR_GONE || e == ERR_TIMEOUT) {
		absent(r, text);
	} else {
		fail(r, e, text);
	}
}

static void
start_usb(struct reader *r)
{
	char text[READER_TEXT_MAX + 1];
	int fd = open(r->usb.node, O_RDWR | O_CLOEXEC), error = errno;

	if (fd >= 0) {
		if (r->lost)
			log_at(LOG_LEVEL_NOTICE, r->subject, "%s: it was reset, "
			    "or its bus slept: it is opened anew", r->name);
		r->lost = false;
		start_handler(r, fd, (struct handler_spec){ .kind = "usb" });
		close(fd);
		return;
	}
	if (error == ENOENT || error == ENODEV || error == ENXIO) {
		absent(r, r->is_static ? "not there" : "unplugged");
		return;
	}
	snprintf(text, sizeof(text), "cannot open %s: %s%s", r->usb.node,
	    strerror(error), error == EACCES ?
	    " (a udev rule must give slotd's user write access)" : "");
	fail(r, ERR_DENIED, text);
}

static void
start_vpcd(struct reader *r)
{
	char why[VPCD_WHY_MAX + 1];
	enum err e = ERR_OK;
	int fd = -1;

	if (r->vpcd == NULL)
		e = vpcd_open(&r->vpcd, registry_base(r->registry), &r->own.where,
		    r->subject, why);
	if (e == ERR_OK)
		fd = vpcd_feed(r->vpcd);
	if (fd < 0) {
		fail(r, e == ERR_OK ? ERR_SYSTEM : e,
		    e == ERR_OK ? strerror(errno) : why);
		return;
	}
	start_handler(r, fd, (struct handler_spec){ .kind = "vpcd",
		.slots = r->own.where.slots });
	close(fd);
}

static void
start_usbip(struct reader *r)
{
	r->import = import_start(registry_base(r->registry), &r->own.where,
	    &r->address, on_import, r);
	if (r->import == NULL)
		fail(r, ERR_MEMORY, err_text(ERR_MEMORY));
}

static void
reader_start(struct reader *r)
{
	reader_slots_free(r);
	if (r->is_static && r->own.where.kind == DEVICE_USBIP) {
		start_usbip(r);
		return;
	}
	r->state = READER_STARTING;
	if (r->is_static && r->own.where.kind == DEVICE_VPCD)
		start_vpcd(r);
	else
		start_usb(r);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct reader *r = arg;

	(void)fd;
	(void)what;
	if (r->handler != NULL)
		handler_kill(r->handler, "it took too long");
	else if (r->present && r->import == NULL)
		reader_start(r);
}

void
reader_arrive(struct reader *r)
{
	r->present = true;
	r->lost = false;
	r->backoff_ms = 0;
	r->address = (struct import_cache){ .until_ms = 0 };
	r->text[0] = '\0';
	r->name[0] = '\0';
	memset(&r->info, 0, sizeof(r->info));	/* of what was here before */
	if (r->handler == NULL)
		set_timer(r, 0);	/* else when the old one has ended */
}

void
reader_leave(struct reader *r, const char *why)
{
	r->present = r->lost = false;
	evtimer_del(r->timer);
	import_free(r->import);
	r->import = NULL;
	vpcd_close(r->vpcd);
	r->vpcd = NULL;
	go_down(r, READER_ABSENT, ERR_GONE, why);
	if (r->handler != NULL)
		handler_kill(r->handler, why);
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
	vpcd_close(r->vpcd);
	handler_free(r->handler);
	r->handler = NULL;
	withdraw(r, READER_ABSENT, ERR_GONE);
	reader_slots_free(r);
	event_free(r->timer);
	free(r);
}
