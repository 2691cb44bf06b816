/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OPENCT_OPENCT_H
#define OPENCT_OPENCT_H

/*
 * libopenct: the cards in the readers that slotd drives, for C programs. The
 * interface is OpenCT's, name by name; programs built for it run unchanged.
 *
 * Functions that return int return a number >= 0 or a negative error of
 * <openct/error.h>, but where noted. All may be called from several threads;
 * calls on one handle wait for each other. No call prints, touches a signal
 * handler, or lets a descriptor survive exec. The directory of the sockets is
 * that of slotd, or $OPENCT_SOCKETDIR but in set-user-ID programs.
 */

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define OPENCT_MAX_READERS	16
#define OPENCT_MAX_SLOTS	8

/* One reader. Slots from OPENCT_MAX_SLOTS on cannot be reached from here. */
typedef struct ct_info {
	char ct_name[64];	/* NUL at the end, always */
	unsigned int ct_slots;
	unsigned int ct_card[OPENCT_MAX_SLOTS];	/* 0: no card. Another number
						   for each insertion */
	unsigned int ct_display : 1, ct_keypad : 1;
	pid_t ct_pid;
} ct_info_t;

typedef struct ct_handle ct_handle;
typedef unsigned int ct_lock_handle;

/* ct_card_status */
#define IFD_CARD_PRESENT	0x0001
#define IFD_CARD_STATUS_CHANGED	0x0002

enum {	/* ct_card_lock */
	IFD_LOCK_SHARED,	/* no use by other users, no exclusive locks */
	IFD_LOCK_EXCLUSIVE	/* no use by anybody else */
};

enum {	/* ct_card_verify */
	IFD_PIN_ENCODING_BCD,
	IFD_PIN_ENCODING_ASCII
};

/*
 * All readers: *info is an array that changes as readers and cards come and go,
 * valid until the program ends. Returns the number of its records, -1 without
 * slotd. A record counts only while ct_pid is that of a living process.
 */
int ct_status(const ct_info_t **info);

/* Copies the record of a reader; 0, or -1 when there is no such reader. */
int ct_reader_info(unsigned int reader, ct_info_t *);

/* NULL when there is no such reader (errno says more). */
ct_handle *ct_reader_connect(unsigned int reader);

/* Gives back all locks. NULL is fine. */
void ct_reader_disconnect(ct_handle *);

/* Copies the record of the handle's reader; 0, or an error when it has left. */
int ct_reader_status(ct_handle *, ct_info_t *);

/*
 * *status: IFD_CARD_PRESENT, and IFD_CARD_STATUS_CHANGED when this card was not
 * there at the last call on this handle. A reader that has left has no card.
 * Reads memory only: nothing is sent to the reader.
 */
int ct_card_status(ct_handle *, unsigned int slot, int *status);

/* protocol: 0 for T=0, 1 for T=1. */
int ct_card_set_protocol(ct_handle *, unsigned int slot, unsigned int protocol);

/*
 * Resets the card. Returns the length of its answer to reset, 0 for a card that
 * gives none. One that does not fit is IFD_ERROR_BUFFER_TOO_SMALL.
 */
int ct_card_reset(ct_handle *, unsigned int slot, void *atr, size_t atr_len);

/*
 * The same, but where no card is in it waits up to timeout seconds (an hour at
 * most) for one; IFD_ERROR_NO_CARD then. message is for readers with a display.
 */
int ct_card_request(ct_handle *, unsigned int slot, unsigned int timeout,
    const char *message, void *atr, size_t atr_len);

/* Does not wait: IFD_ERROR_LOCKED while somebody else holds the card. */
int ct_card_lock(ct_handle *, unsigned int slot, int type, ct_lock_handle *);
int ct_card_unlock(ct_handle *, unsigned int slot, ct_lock_handle);

/*
 * Sends an APDU of up to 65544 bytes. Returns the length of the response with
 * SW1 SW2. A response that does not fit is IFD_ERROR_BUFFER_TOO_SMALL: the card
 * has done the command, and nothing is stored.
 */
int ct_card_transact(ct_handle *, unsigned int slot, const void *apdu,
    size_t apdu_len, void *recv_buf, size_t recv_len);

/*
 * Lets the reader ask for the PIN and put it at pin_offset (from 1) of the APDU.
 * pin_length 0: the user decides. recv_buf may be send_buf.
 */
int ct_card_verify(ct_handle *, unsigned int slot, unsigned int timeout,
    const char *prompt, unsigned int pin_encoding, unsigned int pin_length,
    unsigned int pin_offset, const void *send_buf, size_t send_len,
    void *recv_buf, size_t recv_len);

/* Memory cards. Reading returns the number of bytes, fewer at the card's end. */
int ct_card_read_memory(ct_handle *, unsigned int slot, unsigned short address,
    void *recv_buf, size_t recv_len);
int ct_card_write_memory(ct_handle *, unsigned int slot, unsigned short address,
    const void *send_buf, size_t send_len);

/*
 * For OpenCT's own daemons. Only slotd writes the status file now: these answer
 * IFD_ERROR_NOT_SUPPORTED, and NULL.
 */
int ct_status_destroy(void);
int ct_status_clear(unsigned int count, const char *owner);
ct_info_t *ct_status_alloc_slot(int *num);
int ct_status_update(ct_info_t *);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
