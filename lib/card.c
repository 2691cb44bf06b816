/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "lib/openct/openct.h"

#include "base/secret.h"
#include "lib/handle.h"

/*
 * How long to wait for slotd. It has its own, shorter limits for what a card may
 * take, so these only end the wait for a daemon that is stopped or stuck.
 */
enum {
	QUICK_MS = 10 * 1000,		/* no card is asked */
	RESET_MS = 60 * 1000,
	CARD_MS = 15 * 60 * 1000,	/* a card may make a key for minutes */
	USER_MS = 2 * 60 * 1000,	/* a PIN is typed, no time-out given */
};

/* The handle and the slot can be used: 0, or why not. */
static int
check(const ct_handle *h, unsigned slot)
{
	if (h == NULL)
		return OPENCT_E_DISCONNECTED;
	return slot < OPENCT_SLOTS_MAX ? 0 : OPENCT_E_SLOT;
}

/* Copies an answer into the caller's buffer, all of it or nothing. */
static int
give(void *dst, size_t cap, struct view v)
{
	if (v.n > cap)
		return OPENCT_E_BUFFER;
	if (v.n != 0)
		memcpy(dst, v.p, v.n);
	return (int)v.n;
}

/* How long a user may take, then the card. otherwise: no time-out was given. */
static uint32_t
user_ms(unsigned timeout_s, uint32_t otherwise)
{
	if (timeout_s == 0)
		return otherwise;
	if (timeout_s > OPENCT_WAIT_MAX_S)
		timeout_s = OPENCT_WAIT_MAX_S;
	return timeout_s * 1000 + RESET_MS;
}

/* A program's buffer: nothing where there is no buffer. */
static struct view
view_of(const void *p, size_t n)
{
	return (struct view){ p, p != NULL ? n : 0 };
}

int
ct_card_status(ct_handle *h, unsigned slot, int *card)
{
	struct openct_record r;
	int rc = check(h, slot);
	enum err e;

	if (rc != 0)
		return rc;
	*card = 0;
	e = record_read(&r, h->reader);
	if (e == ERR_NO_READER)
		return 0;		/* no reader, no card in it */
	if (e != ERR_OK)
		return openct_error_from(e);
	if (slot >= r.slots)
		return OPENCT_E_SLOT;
	pthread_mutex_lock(&h->conn.mutex);
	if (r.card[slot] != 0) {
		*card = IFD_CARD_PRESENT;
		if (r.card[slot] != h->seen[slot])
			*card |= IFD_CARD_STATUS_CHANGED;
	}
	h->seen[slot] = r.card[slot];
	pthread_mutex_unlock(&h->conn.mutex);
	return 0;
}

int
ct_card_set_protocol(ct_handle *h, unsigned slot, unsigned protocol)
{
	struct openct_args a;
	struct wr w;
	int rc = check(h, slot);

	if (rc != 0)
		return rc;
	conn_begin(&h->conn, &w, OPENCT_CMD_SET_PROTOCOL, slot);
	openct_number_write(&w, OPENCT_TAG_PROTOCOL, protocol, true);
	return conn_end(&h->conn, conn_call_args(&h->conn, &w, RESET_MS, &a));
}

int
ct_card_reset(ct_handle *h, unsigned slot, void *atr, size_t atr_len)
{
	return ct_card_request(h, slot, 0, NULL, atr, atr_len);
}

int
ct_card_request(ct_handle *h, unsigned slot, unsigned timeout,
    const char *message, void *atr, size_t atr_len)
{
	struct openct_args a;
	struct wr w;
	int rc = check(h, slot);

	if (rc != 0)
		return rc;
	conn_begin(&h->conn, &w, OPENCT_CMD_RESET, slot);
	if (timeout != 0)
		openct_number_write(&w, OPENCT_TAG_TIMEOUT, timeout, true);
	if (message != NULL && message[0] != '\0')
		openct_item_write(&w, OPENCT_TAG_MESSAGE,
		    view_of(message, strlen(message)), true);
	rc = conn_call_args(&h->conn, &w, user_ms(timeout, RESET_MS), &a);
	if (rc == 0)
		rc = give(atr, atr_len, a.item[OPENCT_ARG_ATR]);
	return conn_end(&h->conn, rc);
}

int
ct_card_lock(ct_handle *h, unsigned slot, int type, ct_lock_handle *lock)
{
	struct openct_args a;
	struct wr w;
	int rc = check(h, slot);

	if (rc != 0)
		return rc;
	conn_begin(&h->conn, &w, OPENCT_CMD_LOCK, slot);
	openct_number_write(&w, OPENCT_TAG_LOCK_TYPE, (uint32_t)type, true);
	rc = conn_call_args(&h->conn, &w, QUICK_MS, &a);
	if (rc == 0)
		rc = openct_error_from(
		    openct_number(lock, a.item[OPENCT_ARG_LOCK]));
	return conn_end(&h->conn, rc);
}

int
ct_card_unlock(ct_handle *h, unsigned slot, ct_lock_handle lock)
{
	struct openct_args a;
	struct wr w;
	int rc = check(h, slot);

	if (rc != 0)
		return rc;
	conn_begin(&h->conn, &w, OPENCT_CMD_UNLOCK, slot);
	openct_number_write(&w, OPENCT_TAG_LOCK, lock, true);
	return conn_end(&h->conn, conn_call_args(&h->conn, &w, QUICK_MS, &a));
}

/* One item carries the APDU, and one the response, when both surely fit. */
static int
transact_items(struct conn *c, unsigned slot, struct view apdu,
    struct view *response)
{
	struct openct_args a;
	struct wr w;
	int rc;

	conn_begin(c, &w, OPENCT_CMD_TRANSACT, slot);
	openct_item_write(&w, OPENCT_TAG_REQUEST, apdu, true);
	rc = conn_call_args(c, &w, CARD_MS, &a);
	*response = rc == 0 ? a.item[OPENCT_ARG_RESPONSE] :
	    (struct view){ NULL, 0 };
	return rc;
}

static int
transact_raw(struct conn *c, unsigned slot, struct view apdu,
    struct view *response)
{
	struct wr w;

	conn_begin(c, &w, OPENCT_CMD_TRANSACT_RAW, slot);
	wr_view(&w, apdu);
	return conn_call(c, &w, CARD_MS, response);
}

enum { ITEM_MAX = OPENCT_BODY_MAX - 3 };	/* in an answer; 2 less in a request */

int
ct_card_transact(ct_handle *h, unsigned slot, const void *apdu,
    size_t apdu_len, void *recv_buf, size_t recv_len)
{
	struct view response, command = view_of(apdu, apdu_len);
	int rc = check(h, slot);

	if (rc != 0)
		return rc;
	if (command.n == 0)
		return OPENCT_E_ARG;
	if (command.n > OPENCT_APDU_MAX)
		return OPENCT_E_BUFFER;
	if (command.n > ITEM_MAX - 2 || recv_len > ITEM_MAX)
		rc = transact_raw(&h->conn, slot, command, &response);
	else
		rc = transact_items(&h->conn, slot, command, &response);
	if (rc == 0 && response.n < 2)
		rc = OPENCT_E_BAD_MESSAGE;	/* no status word */
	if (rc == 0)
		rc = give(recv_buf, recv_len, response);
	return conn_end(&h->conn, rc);
}

int
ct_card_verify(ct_handle *h, unsigned slot, unsigned timeout,
    const char *prompt, unsigned encoding, unsigned length, unsigned offset,
    const void *send_buf, size_t send_len, void *recv_buf, size_t recv_len)
{
	uint8_t template[2 + 255 + 5];
	struct openct_pin pin = { encoding == IFD_PIN_ENCODING_ASCII,
		(uint8_t)length, (uint8_t)offset, view_of(send_buf, send_len) };
	struct wr t = { .p = template, .cap = sizeof(template) }, w;
	struct openct_args a;
	int rc = check(h, slot);

	if (rc != 0)
		return rc;
	if (encoding > IFD_PIN_ENCODING_ASCII || length > 15 || offset > 255)
		return OPENCT_E_ARG;
	openct_pin_write(&t, &pin);
	conn_begin(&h->conn, &w, OPENCT_CMD_VERIFY, slot);
	if (timeout != 0)
		openct_number_write(&w, OPENCT_TAG_TIMEOUT, timeout, true);
	if (prompt != NULL && prompt[0] != '\0')
		openct_item_write(&w, OPENCT_TAG_MESSAGE,
		    view_of(prompt, strlen(prompt)), true);
	openct_item_write(&w, OPENCT_TAG_PIN, wr_done(&t), true);
	secret_wipe(template, sizeof(template));
	rc = conn_call_args(&h->conn, &w, user_ms(timeout, USER_MS), &a);
	if (rc == 0 && a.item[OPENCT_ARG_RESPONSE].n < 2)
		rc = OPENCT_E_BAD_MESSAGE;
	if (rc == 0)
		rc = give(recv_buf, recv_len, a.item[OPENCT_ARG_RESPONSE]);
	return conn_end(&h->conn, rc);
}

/* One piece of a memory card: the bytes read, at most want. */
static int
read_piece(struct conn *c, unsigned slot, uint32_t address, uint8_t *dst,
    size_t want)
{
	struct openct_args a;
	struct wr w;
	int rc;

	conn_begin(c, &w, OPENCT_CMD_MEMORY_READ, slot);
	openct_number_write(&w, OPENCT_TAG_ADDRESS, address, true);
	openct_number_write(&w, OPENCT_TAG_COUNT, (uint32_t)want, true);
	rc = conn_call_args(c, &w, CARD_MS, &a);
	if (rc == 0)
		rc = give(dst, want, a.item[OPENCT_ARG_DATA]);
	return conn_end(c, rc);
}

int
ct_card_read_memory(ct_handle *h, unsigned slot, unsigned short address,
    void *recv_buf, size_t recv_len)
{
	size_t done = 0;
	int rc = check(h, slot);

	if (rc != 0)
		return rc;
	while (done < recv_len) {
		size_t left = recv_len - done;
		size_t want = left < OPENCT_MEMORY_MAX ? left : OPENCT_MEMORY_MAX;

		rc = read_piece(&h->conn, slot, (uint32_t)(address + done),
		    (uint8_t *)recv_buf + done, want);
		if (rc < 0)
			return rc;
		done += (size_t)rc;
		if ((size_t)rc < want)
			break;
	}
	return (int)done;
}

int
ct_card_write_memory(ct_handle *h, unsigned slot, unsigned short address,
    const void *send_buf, size_t send_len)
{
	struct openct_args a;
	struct wr w;
	int rc = check(h, slot);

	if (rc != 0)
		return rc;
	conn_begin(&h->conn, &w, OPENCT_CMD_MEMORY_WRITE, slot);
	openct_number_write(&w, OPENCT_TAG_ADDRESS, address, true);
	openct_item_write(&w, OPENCT_TAG_DATA, view_of(send_buf, send_len), true);
	return conn_end(&h->conn, conn_call_args(&h->conn, &w, CARD_MS, &a));
}
