/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/ifdh_channel.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/secret.h"
#include "lib/handle.h"
#include "lib/ifdh_bell.h"
#include "lib/ifdh_log.h"
#include "lib/ifdh_name.h"

enum {
	WHICH_MAX = 128,
	ATR_MAX = 33,
	SLOW_MS = 1000,		/* between looks, where no bell will ring */
	LOCK_PATIENCE_MS = 2000,
	LOCK_NAP_MS = 50,
	FAREWELL = 2,		/* calls of channel_await */
};

/* A card, from one insertion or loss of its state to the next. */
struct card {
	int32_t daemon;
	unsigned reader;
	uint32_t sequence;	/* 0: no card */
	unsigned life;
};

struct channel {
	pthread_mutex_t mutex;
	unsigned slot;
	char which[WHICH_MAX];
	struct bell bell;
	enum err trouble;	/* what was last said about the reader */
	struct openct_record record;	/* pid 0: it is away */
	struct ct_handle handle;	/* its reader is that of the record */
	bool connected;
	struct card now, shown;
	unsigned life;
	unsigned farewell;	/* calls of channel_await to come */
	bool watched;
	pthread_t watcher;	/* it calls channel_await */
	bool busy;		/* another program has locked the card */
	bool locked, used;
	ct_lock_handle lock;
	uint8_t atr[ATR_MAX];
	size_t atr_n;		/* 0: not powered */
};

static bool
same(const struct card *a, const struct card *b)
{
	if (a->sequence == 0 || b->sequence == 0)
		return a->sequence == b->sequence;
	return a->daemon == b->daemon && a->reader == b->reader &&
	    a->sequence == b->sequence && a->life == b->life;
}

/* The connection and what came with it. */
static void
disconnect(struct channel *c)
{
	if (c->connected)
		conn_close(&c->handle.conn);
	c->connected = c->locked = c->used = false;
	c->atr_n = 0;
}

/* Says once that the reader cannot be used, and why. */
static void
tell_trouble(struct channel *c, enum err e)
{
	if (e == c->trouble)
		return;
	c->trouble = e;
	if (e == ERR_OK)
		ifdh_log(IFDH_LOG_INFO, "slotd:%s is reader %u, %s", c->which,
		    c->handle.reader, c->record.name);
	else if (e == ERR_ARG)
		ifdh_log(IFDH_LOG_ERROR, "slotd:%s: several readers have this "
		    "in their names: give a number", c->which);
	else
		ifdh_log(IFDH_LOG_INFO, "slotd:%s: %s", c->which, err_text(e));
}

/* Reads the reader's record anew; it is looked for when it is not the same. */
static void
find(struct channel *c)
{
	struct openct_record r;
	unsigned reader = c->handle.reader;
	enum err e = ERR_NO_READER;

	if (c->record.pid != 0)
		e = record_read(&r, reader);
	if (e != ERR_OK || r.pid != c->record.pid ||
	    strcmp(r.name, c->record.name) != 0) {
		disconnect(c);
		e = ifdh_name_find(c->which, &reader, &r);
	}
	if (e != ERR_OK)
		memset(&r, 0, sizeof(r));
	c->handle.reader = reader;
	c->record = r;
	tell_trouble(c, e);
}

static void
give_lock(struct channel *c)
{
	if (c->locked)
		(void)ct_card_unlock(&c->handle, c->slot, c->lock);
	c->locked = false;
}

/* The card that was powered is not there any more. */
static void
forget_card(struct channel *c)
{
	give_lock(c);
	c->used = false;
	c->atr_n = 0;
}

static void
look(struct channel *c)
{
	find(c);
	c->now = (struct card){ .daemon = c->record.pid,
		.reader = c->handle.reader, .life = c->life };
	if (c->record.pid != 0 && !c->busy && c->slot < c->record.slots)
		c->now.sequence = c->record.card[c->slot];
	if (!same(&c->now, &c->shown))	/* pcscd powers down no absent card */
		forget_card(c);
}

/* The card's state is lost, or the way to it: for pcscd it leaves now. */
static void
lose(struct channel *c)
{
	c->life++;
	c->locked = c->used = false;
	c->atr_n = 0;
	bell_ring(&c->bell);
}

/* Passes on what slotd answered; sees to what it means for the card. */
static int
judge(struct channel *c, int rc)
{
	switch (rc) {
	case OPENCT_E_DISCONNECTED:
		disconnect(c);
		lose(c);
		break;
	case OPENCT_E_GONE:
	case OPENCT_E_LOCKED:
	case OPENCT_E_NO_LOCK:
		lose(c);
		break;
	}
	return rc;
}

static int
connect_reader(struct channel *c)
{
	if (c->connected && c->handle.conn.fd >= 0)
		return 0;
	disconnect(c);
	if (conn_open(&c->handle.conn, c->handle.reader) != ERR_OK)
		return OPENCT_E_DISCONNECTED;
	c->connected = true;
	return 0;
}

static int
try_lock(struct channel *c)
{
	int rc = connect_reader(c);

	if (rc == 0 && !c->locked) {
		rc = ct_card_lock(&c->handle, c->slot, IFD_LOCK_EXCLUSIVE,
		    &c->lock);
		c->locked = rc == 0;
	}
	return rc;
}

/* Does not wait for other programs. That slotd hung up while the connection was
   not used shows only now. */
static int
take_lock(struct channel *c)
{
	int rc = try_lock(c);

	return rc == OPENCT_E_DISCONNECTED && c->connected ? try_lock(c) : rc;
}

/* Others' locks are mostly short. */
static int
wait_for_lock(struct channel *c)
{
	const struct timespec nap = { .tv_nsec = LOCK_NAP_MS * 1000000L };
	uint64_t deadline = clock_now_ms() + LOCK_PATIENCE_MS;
	int rc = take_lock(c);

	while (rc == OPENCT_E_LOCKED && clock_now_ms() < deadline) {
		(void)nanosleep(&nap, NULL);
		rc = take_lock(c);
	}
	if (rc == OPENCT_E_LOCKED) {
		ifdh_log(IFDH_LOG_ERROR, "slotd:%s: another program of slotd's "
		    "has locked the card", c->which);
		c->busy = true;
		bell_ring(&c->bell);
	}
	return rc;
}

/* Whether the program that locked the card has let it go. */
static void
probe(struct channel *c)
{
	if (!c->busy || take_lock(c) == OPENCT_E_LOCKED)
		return;
	give_lock(c);
	c->busy = false;
	look(c);
}

enum err
channel_open(struct channel **out, const char *device, unsigned slot)
{
	char which[WHICH_MAX];
	struct channel *c;

	if (ifdh_name_which(which, sizeof(which), device) != ERR_OK ||
	    slot >= OPENCT_SLOTS_MAX)
		return ERR_ARG;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return ERR_MEMORY;
	if (bell_open(&c->bell) != ERR_OK) {
		free(c);
		return ERR_SYSTEM;
	}
	c->slot = slot;
	memcpy(c->which, which, sizeof(which));
	pthread_mutex_init(&c->mutex, NULL);
	daemon_await();
	find(c);
	*out = c;
	return ERR_OK;
}

void
channel_close(struct channel *c)
{
	if (c == NULL)
		return;
	channel_power_down(c);
	disconnect(c);
	bell_close(&c->bell);
	pthread_mutex_destroy(&c->mutex);
	secret_free(&c, sizeof(*c));
}

unsigned
channel_slots(struct channel *c)
{
	unsigned n;

	pthread_mutex_lock(&c->mutex);
	look(c);
	n = c->record.slots;
	pthread_mutex_unlock(&c->mutex);
	if (n > OPENCT_SLOTS_MAX)
		n = OPENCT_SLOTS_MAX;
	return n != 0 ? n : 1;
}

bool
channel_present(struct channel *c)
{
	bool there;

	pthread_mutex_lock(&c->mutex);
	look(c);
	if (c->farewell == 0 && !same(&c->now, &c->shown) &&
	    (!c->watched || pthread_equal(c->watcher, pthread_self()))) {
		if (c->shown.sequence != 0)
			c->farewell = FAREWELL;
		else
			c->shown = c->now;
	}
	there = c->farewell == 0 && c->shown.sequence != 0 &&
	    same(&c->now, &c->shown);
	pthread_mutex_unlock(&c->mutex);
	return there;
}

/* Whether channel_present has news. Counts this call of channel_await. */
static bool
begin_await(struct channel *c)
{
	c->watcher = pthread_self();
	c->watched = true;
	if (c->farewell == 0)
		return false;
	if (--c->farewell != 0)
		return true;
	c->shown = (struct card){ .sequence = 0 };
	return false;
}

static bool
has_news(struct channel *c)
{
	look(c);
	probe(c);
	return !same(&c->now, &c->shown);
}

void
channel_await(struct channel *c, int timeout_ms)
{
	uint64_t deadline = clock_now_ms() + (unsigned)timeout_ms;
	enum bell_event event = BELL_QUIET;
	bool news, hears;

	pthread_mutex_lock(&c->mutex);
	news = begin_await(c);
	while (!news) {
		uint64_t now = clock_now_ms();
		int left = deadline > now ? (int)(deadline - now) : 0;

		hears = bell_hears(&c->bell) && !c->busy;
		news = has_news(c);
		pthread_mutex_unlock(&c->mutex);
		if (news || left == 0 || event == BELL_RUNG)
			return;
		/* after the last write of a slotd that ends, its process is
		   there a moment longer: one more look */
		if ((!hears || event == BELL_WRITTEN) && left > SLOW_MS)
			left = SLOW_MS;
		event = bell_wait(&c->bell, left);
		pthread_mutex_lock(&c->mutex);
	}
	pthread_mutex_unlock(&c->mutex);
}

void
channel_stop(struct channel *c)
{
	bell_ring(&c->bell);
}

static int
reset(struct channel *c)
{
	int rc = judge(c, ct_card_reset(&c->handle, c->slot, c->atr,
	    sizeof(c->atr)));

	c->used = false;
	c->atr_n = rc > 0 ? (size_t)rc : 0;
	return rc;
}

int
channel_power_up(struct channel *c, uint8_t *atr, size_t cap)
{
	int rc = OPENCT_E_NO_CARD;

	pthread_mutex_lock(&c->mutex);
	look(c);
	if (c->farewell == 0 && c->now.sequence != 0 &&
	    same(&c->now, &c->shown))
		rc = wait_for_lock(c);
	if (rc == 0)
		rc = reset(c);
	if (rc > (int)cap)
		rc = OPENCT_E_BUFFER;
	if (rc > 0)
		memcpy(atr, c->atr, (size_t)rc);
	pthread_mutex_unlock(&c->mutex);
	return rc;
}

void
channel_power_down(struct channel *c)
{
	pthread_mutex_lock(&c->mutex);
	if (c->used)
		(void)reset(c);
	give_lock(c);
	c->atr_n = 0;
	pthread_mutex_unlock(&c->mutex);
}

size_t
channel_atr(struct channel *c, uint8_t *atr, size_t cap)
{
	size_t n;

	pthread_mutex_lock(&c->mutex);
	n = c->atr_n <= cap ? c->atr_n : 0;
	memcpy(atr, c->atr, n);
	pthread_mutex_unlock(&c->mutex);
	return n;
}

/* The card that pcscd powered is in, and is pcscd's: 0, or why not. */
static int
ready(struct channel *c)
{
	look(c);
	if (!same(&c->now, &c->shown) || c->now.sequence == 0)
		return OPENCT_E_NO_CARD;
	return c->locked ? 0 : OPENCT_E_COMM;
}

int
channel_protocol(struct channel *c, unsigned protocol)
{
	int rc;

	pthread_mutex_lock(&c->mutex);
	rc = ready(c);
	if (rc == 0)
		rc = judge(c, ct_card_set_protocol(&c->handle, c->slot,
		    protocol));
	pthread_mutex_unlock(&c->mutex);
	return rc;
}

int
channel_transmit(struct channel *c, struct view apdu, void *response,
    size_t cap)
{
	int rc;

	pthread_mutex_lock(&c->mutex);
	rc = ready(c);
	if (rc == 0) {
		c->used = true;
		rc = judge(c, ct_card_transact(&c->handle, c->slot, apdu.p,
		    apdu.n, response, cap));
	}
	pthread_mutex_unlock(&c->mutex);
	return rc;
}
