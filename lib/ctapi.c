/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
/*
 * A function that returns int8_t leaves the upper bytes of the register as they
 * are; some programs declare int or look at more than one byte.
 */
#define CTAPI_RETURN int
#define CTAPI_LONG_NAMES	/* the short ones are those of base/err.h */
#include "lib/ctapi.h"

#include "base/clock.h"
#include "base/secret.h"
#include "lib/ctapi_log.h"
#include "lib/ctapi_port.h"
#include "lib/terminal.h"
#include "protocols/apdu.h"
#include "protocols/ctbcs.h"

#define PUBLIC __attribute__((visibility("default")))

enum { ADDRESS_MAX = 0x0e };

/* An open ctn. Found and counted under the list's mutex, used under its own. */
struct member {
	struct member *next;
	unsigned users;		/* calls that use it or wait for it */
	uint16_t ctn;
	bool closed;		/* not in the list; the last user frees it */
	pthread_mutex_t mutex;
	struct terminal terminal;
};

/* CT-API has no handles but numbers, so what is open must be known here. */
static struct {
	pthread_mutex_t mutex;
	struct member *first;
} list = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* Where the member with that ctn is, or the end. List locked. */
static struct member **
find(uint16_t ctn)
{
	struct member **m = &list.first;

	while (*m != NULL && (*m)->ctn != ctn)
		m = &(*m)->next;
	return m;
}

static void
member_free(struct member *m)
{
	pthread_mutex_destroy(&m->mutex);
	secret_free(&m, sizeof(*m));
}

static void
leave(struct member *m)
{
	bool last;

	pthread_mutex_unlock(&m->mutex);
	pthread_mutex_lock(&list.mutex);
	last = --m->users == 0 && m->closed;
	pthread_mutex_unlock(&list.mutex);
	if (last)
		member_free(m);
}

/* The member, for this thread alone until leave; NULL when it is not open. */
static struct member *
enter(uint16_t ctn)
{
	struct member *m;

	pthread_mutex_lock(&list.mutex);
	m = *find(ctn);
	if (m != NULL)
		m->users++;
	pthread_mutex_unlock(&list.mutex);
	if (m == NULL)
		return NULL;
	pthread_mutex_lock(&m->mutex);
	if (!m->closed)
		return m;
	leave(m);		/* closed while this thread waited */
	return NULL;
}

static int
close_ctn(uint16_t ctn)
{
	struct member *m = enter(ctn);

	if (m == NULL)
		return CTAPI_ERR_INVALID;
	terminal_close(&m->terminal);
	pthread_mutex_lock(&list.mutex);
	*find(ctn) = m->next;
	m->closed = true;
	pthread_mutex_unlock(&list.mutex);
	leave(m);
	return CTAPI_OK;
}

/* Puts a member into the list unless another thread was faster with its ctn. */
static int
add(struct member *m)
{
	struct member **at;
	bool taken;

	pthread_mutex_lock(&list.mutex);
	at = find(m->ctn);
	taken = *at != NULL;
	if (!taken)
		*at = m;
	pthread_mutex_unlock(&list.mutex);
	return taken ? CTAPI_ERR_CT : CTAPI_OK;
}

static int
open_ctn(uint16_t ctn, uint16_t pn)
{
	struct openct_record record;
	struct member *m;
	unsigned reader;
	int rc = port_find(pn, &reader, &record);

	if (rc != CTAPI_OK)
		return rc;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return CTAPI_ERR_MEMORY;
	m->ctn = ctn;
	pthread_mutex_init(&m->mutex, NULL);
	rc = terminal_open(&m->terminal, reader, &record);
	if (rc == CTAPI_OK) {
		rc = add(m);
		if (rc != CTAPI_OK)
			terminal_close(&m->terminal);
	}
	if (rc != CTAPI_OK)
		member_free(m);
	return rc;
}

PUBLIC int
CT_init(uint16_t ctn, uint16_t pn)
{
	uint64_t began = clock_now_ms();
	int rc;

	(void)close_ctn(ctn);	/* programs forget CT_close after an error */
	rc = open_ctn(ctn, pn);
	ctapi_log_init(ctn, pn, rc, clock_now_ms() - began);
	return rc;
}

PUBLIC int
CT_close(uint16_t ctn)
{
	int rc = close_ctn(ctn);

	ctapi_log_close(ctn, rc);
	return rc;
}

/* Gives a command to the terminal or to the card with that address. */
static int
pass(struct terminal *t, uint8_t dad, struct view command, struct wr *w,
    bool *by_card)
{
	uint8_t buf[CTBCS_ANSWER_MAX];
	struct wr answer = { .p = buf, .cap = sizeof(buf) };
	unsigned slot = dad == CTAPI_ICC1 ? 0 : dad - 1u;
	int rc;

	*by_card = false;
	if (dad != CTAPI_CT && slot >= t->slots)
		return CTAPI_ERR_INVALID;
	if (dad != CTAPI_CT)
		return terminal_transact(t, slot, command, w, by_card);
	rc = terminal_command(t, command, &answer);
	if (rc != CTAPI_OK)
		return rc;
	wr_view(w, wr_done(&answer));
	return w->bad ? CTAPI_ERR_MEMORY : CTAPI_OK;
}

static bool
valid(const uint8_t *dad, const uint8_t *sad, struct view command,
    const uint16_t *lenr, const uint8_t *response)
{
	return dad != NULL && sad != NULL && command.p != NULL &&
	    lenr != NULL && response != NULL && *dad <= ADDRESS_MAX &&
	    (*sad == CTAPI_HOST || *sad == CTAPI_REMOTE_HOST) &&
	    command.n >= 4;
}

static int
data(uint16_t ctn, uint8_t dad, struct view command, struct wr *w,
    bool *by_card)
{
	struct member *m;
	int rc;

	if (w->cap < 2)
		return CTAPI_ERR_MEMORY;
	m = enter(ctn);
	if (m == NULL)
		return CTAPI_ERR_INVALID;
	rc = pass(&m->terminal, dad, command, w, by_card);
	leave(m);
	return rc;
}

PUBLIC int
CT_data(uint16_t ctn, uint8_t *dad, uint8_t *sad, uint16_t lenc,
    uint8_t *command, uint16_t *lenr, uint8_t *response)
{
	struct view in = { command, lenc };
	struct wr w = { .p = response };
	uint64_t began = clock_now_ms();
	char what[APDU_DESCRIBE_MAX] = "not a command";
	uint8_t to;
	bool by_card;
	int rc;

	if (!valid(dad, sad, in, lenr, response)) {
		ctapi_log_data(ctn, 0xff, what, CTAPI_ERR_INVALID,
		    wr_done(&w), 0);
		return CTAPI_ERR_INVALID;
	}
	apdu_describe(what, sizeof(what), in);
	w.cap = *lenr;
	to = *dad;
	rc = data(ctn, to, in, &w, &by_card);
	ctapi_log_data(ctn, to, what, rc, wr_done(&w), clock_now_ms() - began);
	if (rc != CTAPI_OK)
		return rc;
	*lenr = (uint16_t)w.n;
	*dad = *sad;		/* the way back */
	*sad = by_card ? to : CTAPI_CT;
	return CTAPI_OK;
}

/*
 * The library leaves without CT_close: frees what no call is using. At the end
 * of the process other threads may be at work; theirs stays.
 */
static void __attribute__((destructor))
leave_all(void)
{
	struct member **m = &list.first;

	if (pthread_mutex_trylock(&list.mutex) != 0)
		return;
	while (*m != NULL) {
		struct member *one = *m;

		if (one->users != 0) {
			m = &one->next;
			continue;
		}
		*m = one->next;
		terminal_drop(&one->terminal);
		member_free(one);
	}
	pthread_mutex_unlock(&list.mutex);
}
