/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/secret.h"
#include "ifd/engine_state.h"

/* The one way out of a working reader. */
static void
lose(struct engine *e, enum err err, const char *text)
{
	if (e->phase == PHASE_LOST)
		return;
	for (size_t i = 0; i < engine_slots(e); i++)
		exchange_abandon(&e->exchanges[i], err);
	e->phase = PHASE_LOST;
	if ((err == ERR_READER || err == ERR_IO || err == ERR_TIMEOUT) &&
	    !e->reader.never_reset && usb_reset_on_close(e->usb))
		log_at(LOG_LEVEL_NOTICE, NULL, "%s: the device is reset, and "
		    "opened anew", text);
	e->events->lost(e->arg, err, text);
}

static void
tell_card(struct engine *e, struct ifd_slot *s, uint32_t card)
{
	struct view atr = { s->atr,
		(card & CHANNEL_POWERED) != 0 ? s->atr_n : 0 };

	e->reported[s->number] = card;
	e->events->card(e->arg, s, card, atr);
}

/* Tells what has changed: at once that a card left, the rest when no request
   that may change it again is under way. */
static void
tell_cards(struct engine *e)
{
	for (size_t i = 0; i < engine_slots(e) && e->phase == PHASE_READY; i++) {
		struct ifd_slot *s = &e->reader.slots[i];
		bool was = (e->reported[i] & CHANNEL_PRESENT) != 0;
		bool is = (s->card & CHANNEL_PRESENT) != 0;

		if (was && (!is || s->swapped))
			tell_card(e, s, 0);
		s->swapped = false;
		if (s->slow != 0)
			e->events->slow_card(e->arg, s, s->slow);
		s->slow = 0;
		if (s->card != e->reported[i] &&
		    !exchange_is_running(&e->exchanges[i]))
			tell_card(e, s, s->card);
	}
}

/* Errors that say something about the reader, not about card or request. */
static bool
is_fault(enum err err)
{
	return err == ERR_IO || err == ERR_STALL || err == ERR_TIMEOUT ||
	    err == ERR_SHORT || err == ERR_FORMAT;
}

static void
ended(void *arg, struct ifd_slot *slot, enum err err, struct view data)
{
	struct engine *e = arg;
	const char *text = slot->why[0] != '\0' ? slot->why : err_text(err);

	e->faults = is_fault(err) ? e->faults + 1 : 0;
	e->doubt = e->doubt || e->faults != 0;
	if (e->phase == PHASE_READY) {
		tell_cards(e);
		e->events->ended(e->arg, slot, err, data, text);
		return;
	}
	e->step_ended = true;
	e->step_err = err;
	if (err != ERR_OK)
		snprintf(e->reader.why, sizeof(e->reader.why), "%s", text);
}

/* ---- opening ---- */

static enum err
open_slot(struct engine *e, size_t i)
{
	struct ifd_slot *s = &e->reader.slots[i];
	struct exchange *x = &e->exchanges[i];
	enum err err;

	s->reader = &e->reader;
	s->number = (uint8_t)i;
	s->state = (uint8_t *)e->slot_states + i * e->driver->slot_size;
	err = exchange_open(x, e->usb, e->driver, s);
	x->ended = ended;
	x->arg = e;
	x->now_ms = &e->now_ms;
	if (err == ERR_OK && e->driver->slot_open != NULL)
		err = e->driver->slot_open(s);
	return err;
}

static enum err
open_slots(struct engine *e)
{
	size_t n = e->reader.info.slots;
	enum err err = ERR_OK;

	if (n == 0 || n > CHANNEL_SLOTS_MAX)
		return ERR_NO_SLOT;
	e->reader.slots = calloc(n, sizeof(*e->reader.slots));
	e->slot_states = calloc(n, e->driver->slot_size + 1);
	e->reported = calloc(n, sizeof(*e->reported));
	e->exchanges = calloc(n, sizeof(*e->exchanges));
	if (e->reader.slots == NULL || e->slot_states == NULL ||
	    e->reported == NULL || e->exchanges == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < n && err == ERR_OK; i++)
		err = open_slot(e, i);
	return err;
}

static enum err
open_reader(struct engine *e)
{
	struct ifd_reader *r = &e->reader;
	enum err err = e->driver->open(r);

	if (err != ERR_OK)
		return err;
	e->opened = true;
	err = usb_claim(e->usb, r->interface.number);
	if (err != ERR_OK) {
		snprintf(r->why, sizeof(r->why), "its interface cannot be "
		    "claimed: %s", err_text(err));
		return err;
	}
	err = open_slots(e);
	if (err == ERR_OK)
		err = engine_open_pipes(e);
	return err;
}

static void
start_op(struct engine *e, unsigned slot, enum ifd_op op)
{
	struct ifd_request r = { .op = op };

	e->step_ended = false;
	e->step_err = ERR_OK;
	exchange_start(&e->exchanges[slot], &r);
}

static void
become_ready(struct engine *e)
{
	e->phase = PHASE_READY;
	e->faults = 0;
	e->reader.why[0] = '\0';
	e->events->ready(e->arg, &e->reader.info);
	for (size_t i = 0; i < engine_slots(e); i++) {
		e->reader.slots[i].swapped = false;
		tell_card(e, &e->reader.slots[i], e->reader.slots[i].card);
	}
}

static const char *
why(const struct engine *e)
{
	return e->reader.why[0] != '\0' ? e->reader.why : err_text(e->step_err);
}

/* What comes after the phase whose request is over. */
static void
next_phase(struct engine *e)
{
	switch (e->phase) {
	case PHASE_IDENTIFY:
		if (e->step_err == ERR_OK)
			e->step_err = open_reader(e);
		e->phase = PHASE_OPEN;
		if (e->step_err == ERR_OK)
			start_op(e, 0, IFD_OPEN);
		else
			lose(e, e->step_err, why(e));
		break;
	case PHASE_OPEN:
		e->phase = PHASE_STATUS;
		if (e->step_err == ERR_OK)
			start_op(e, 0, IFD_STATUS);
		else
			lose(e, e->step_err, why(e));
		break;
	case PHASE_STATUS:
		if (is_fault(e->step_err))
			lose(e, e->step_err, why(e));
		else if (++e->status_slot < e->reader.info.slots)
			start_op(e, e->status_slot, IFD_STATUS);
		else
			become_ready(e);
		break;
	case PHASE_READY:
	case PHASE_LOST:
		break;
	}
}

/* The exchange whose end the phase waits for may have transfers in flight. */
static bool
phase_is_over(const struct engine *e)
{
	if (!e->step_ended)
		return false;
	switch (e->phase) {
	case PHASE_IDENTIFY:
		return exchange_is_idle(&e->identify_exchange);
	case PHASE_OPEN:
		return exchange_is_idle(&e->exchanges[0]);
	case PHASE_STATUS:
		return exchange_is_idle(&e->exchanges[e->status_slot]);
	case PHASE_READY:
	case PHASE_LOST:
		break;
	}
	return false;
}

static void
look_for_trouble(struct engine *e)
{
	bool stuck = e->identify_exchange.stuck;

	for (size_t i = 0; i < engine_slots(e); i++)
		stuck = stuck || e->exchanges[i].stuck;
	if (e->usb->gone)
		lose(e, ERR_GONE, err_text(ERR_GONE));
	else if (stuck)
		lose(e, ERR_IO, "a cancelled transfer did not come back");
	else if (e->reader.lost)
		lose(e, ERR_READER, e->reader.why);
	else if (e->faults >= ENGINE_FAULTS_MAX)
		lose(e, ERR_READER, "several requests in a row had no proper "
		    "answer");
}

void
engine_set_wishes(struct engine *e, const struct ifd_wishes *wishes)
{
	e->reader.wishes = *wishes;
}

void
engine_set_time(struct engine *e, uint64_t now_ms)
{
	e->now_ms = now_ms;
}

void
engine_run(struct engine *e, uint64_t now_ms)
{
	e->now_ms = now_ms;
	exchange_tick(&e->identify_exchange);
	for (size_t i = 0; i < engine_slots(e); i++)
		exchange_tick(&e->exchanges[i]);
	look_for_trouble(e);
	while (phase_is_over(e))
		next_phase(e);
	if (e->phase == PHASE_LOST)
		return;
	engine_keep_in(e);
	tell_cards(e);
}

uint64_t
engine_deadline_ms(const struct engine *e)
{
	uint64_t min = e->identify_exchange.deadline_ms;

	for (size_t i = 0; i < engine_slots(e); i++)
		if (e->exchanges[i].deadline_ms < min)
			min = e->exchanges[i].deadline_ms;
	return e->phase == PHASE_LOST ? UINT64_MAX : min;
}

bool
engine_takes_doubt(struct engine *e)
{
	bool doubt = e->doubt && e->phase == PHASE_READY;

	if (e->phase == PHASE_READY)
		e->doubt = false;
	return doubt;
}

void
engine_slow_card(struct engine *e, struct view atr, uint32_t bps)
{
	if (e->phase == PHASE_READY && e->driver->slow_card != NULL)
		e->driver->slow_card(&e->reader, atr, bps);
}

bool
engine_is_ready(const struct engine *e)
{
	return e->phase == PHASE_READY;
}

const struct ifd_reader *
engine_reader(const struct engine *e)
{
	return &e->reader;
}

bool
engine_may_start(const struct engine *e, unsigned slot)
{
	unsigned most = e->reader.busy_slots, busy = 0;

	if (e->phase != PHASE_READY || slot >= engine_slots(e))
		return false;
	for (size_t i = 0; i < engine_slots(e); i++)
		busy += !exchange_is_idle(&e->exchanges[i]);
	return busy < (most == 0 ? 1 : most) &&
	    exchange_is_idle(&e->exchanges[slot]);
}

void
engine_start(struct engine *e, unsigned slot, const struct ifd_request *r)
{
	exchange_start(&e->exchanges[slot], r);
	engine_keep_in(e);
}

void
engine_cancel(struct engine *e, unsigned slot)
{
	if (e->phase == PHASE_READY && slot < engine_slots(e))
		exchange_cancel(&e->exchanges[slot]);
}

enum err
engine_new(struct engine **out, struct usb *usb, const struct ifd_driver *d,
    int interface, const struct engine_events *events, void *arg,
    uint64_t now_ms)
{
	struct engine *e = calloc(1, sizeof(*e));
	struct ifd_request r = { .op = IFD_OPEN };
	struct exchange *x;

	*out = e;
	if (e == NULL)
		return ERR_MEMORY;
	e->driver = d;
	e->usb = usb;
	e->events = events;
	e->arg = arg;
	e->now_ms = now_ms;
	e->reader.control_cap = IDENTIFY_CONFIG_MAX;
	e->reader.state = calloc(1, d->reader_size + 1);
	e->identify.interface = interface;
	e->identify.configure = usb->unconfigured;
	e->identify_slot.reader = &e->reader;
	e->identify_slot.state = &e->identify;
	x = &e->identify_exchange;
	if (e->reader.state == NULL || exchange_open(x, usb, &ifd_identify,
	    &e->identify_slot) != ERR_OK) {
		free(e->reader.state);
		free(e);
		*out = NULL;
		return ERR_MEMORY;
	}
	e->reader.control_cap = 0;	/* the driver says what it needs */
	x->ended = ended;
	x->arg = e;
	x->now_ms = &e->now_ms;
	snprintf(e->reader.info.driver, sizeof(e->reader.info.driver), "%s",
	    d->name);
	if (usb->ops->describe == NULL) {
		exchange_start(x, &r);
	} else {
		usb->ops->describe(usb, &e->reader.info);
		e->step_ended = true;
	}
	return ERR_OK;
}

void
engine_free(struct engine **at)
{
	struct engine *e = *at;

	*at = NULL;
	if (e == NULL)
		return;
	if (e->opened && e->driver->close != NULL)
		e->driver->close(&e->reader);
	free(e->reader.slots);
	free(e->reader.state);
	free(e->slot_states);
	free(e->reported);
	free(e->exchanges);
	secret_wipe(e, sizeof(*e));
	free(e);
}
