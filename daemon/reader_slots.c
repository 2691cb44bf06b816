/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/reader_life.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/watch.h"

void
reader_tell(struct reader *r, enum change_kind kind, unsigned slot)
{
	registry_tell(r->registry, &(struct change){ kind, r, slot });
}

static uint64_t
ops_now_ms(void *arg)
{
	(void)arg;
	return clock_now_ms();
}

/*
 * What is due now runs behind the callback that asks for it: whoever has waited
 * for the card is told before anything else is read.
 */
static void
ops_wake_at(void *arg, unsigned index, uint64_t when_ms)
{
	struct reader *r = arg;
	uint64_t now_ms, ms;
	struct timeval tv;

	evtimer_del(r->alarms[index]);
	if (when_ms == SLOT_NEVER)
		return;
	now_ms = when_ms != 0 ? clock_now_ms() : 0;
	if (when_ms <= now_ms) {
		event_active(r->alarms[index], EV_TIMEOUT, 0);
		return;
	}
	ms = when_ms - now_ms;
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
	watch_reader_ready(registry_watch(r->registry), r);
	reader_tell(r, READER_ADDED, 0);
	log_at(LOG_LEVEL_NOTICE, r->subject, "%s at %s is ready (%s, %u slot%s)",
	    r->name, r->device, r->driver, r->n_slots,
	    r->n_slots == 1 ? "" : "s");
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
		reader_tell(r, kinds[e], index);
		log_at(LOG_LEVEL_INFO, r->subject, "slot %u: card %s", index,
		    words[e]);
	}
}

static void
ops_doubt(void *arg)
{
	struct reader *r = arg;

	if (r->handler != NULL)
		handler_doubt(r->handler);
}

static bool
ops_may(void *arg, const struct peer *peer, enum right right)
{
	return reader_may(arg, peer, right);
}

static const struct slot_ops ops = {
	.now_ms = ops_now_ms,
	.wake_at = ops_wake_at,
	.send = ops_send,
	.event = ops_event,
	.doubt = ops_doubt,
	.may = ops_may,
};

static void
on_alarm(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	slot_tick(arg);
}

static struct slot_times
times_of(const struct reader *r)
{
	const struct settings *s = registry_settings(r->registry);

	return (struct slot_times){ r->own.power_off_ms, s->lock_ms };
}

void
reader_set_times(struct reader *r)
{
	struct slot_times times = times_of(r);

	for (unsigned i = 0; i < r->n_slots; i++)
		slot_set_times(r->slots[i], &times);
}

void
reader_slots_free(struct reader *r)
{
	for (unsigned i = 0; i < r->n_slots; i++) {
		event_free(r->alarms[i]);
		slot_free(r->slots[i]);
	}
	r->n_slots = 0;
}

bool
reader_slots_make(struct reader *r)
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
		if (r->info.keeps_power)
			slot_keep_power(r->slots[i]);
		slot_set_last_sequence(r->slots[i], r->sequences[i]);
	}
	return true;
}

void
reader_slots_down(struct reader *r, enum err e)
{
	for (unsigned i = 0; i < r->n_slots; i++) {
		r->sequences[i] = slot_last_sequence(r->slots[i]);
		slot_down(r->slots[i], e);
	}
}
