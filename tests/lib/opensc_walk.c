/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What OpenSC's reader driver for OpenCT does with libopenct, call by call and
 * in its order. Run by opensc_walk.py, which has slotd running and pulls and
 * plugs the reader when a line "do ..." asks for it; TAP otherwise.
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/openct/error.h"
#include "lib/openct/logging.h"
#include "lib/openct/openct.h"

enum { ATR_ROOM = 33, READER = 0, SLOT = 0, GROUP = 30 };

static unsigned count;
static ct_handle *h;

static void
ok(int claim, const char *what)
{
	printf("%sok %u - %s\n", claim ? "" : "not ", ++count, what);
	fflush(stdout);
}

/* Has the script do something and waits until it is done. */
static void
have(const char *what)
{
	char line[64];

	printf("do %s\n", what);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		exit(1);
}

/* 1. All sixteen are asked for, always. */
static void
find_readers(void)
{
	ct_info_t info = { .ct_slots = 0 };
	unsigned found = 0;

	for (unsigned i = 0; i < OPENCT_MAX_READERS; i++)
		found += ct_reader_info(i, &info) >= 0;
	ok(found == 1, "one reader among sixteen");
	ok(ct_reader_info(READER, &info) >= 0 && info.ct_name[0] != '\0',
	    "it has a name");
	ok(info.ct_slots == 1 && !info.ct_display && !info.ct_keypad,
	    "one slot, no display, no PIN pad");
}

/* 2. The handle is kept from then on. */
static int
card_is_there(void)
{
	int st = 0;

	if (h == NULL)
		h = ct_reader_connect(READER);
	if (h == NULL || ct_card_status(h, SLOT, &st) < 0)
		return 0;
	return (st & IFD_CARD_PRESENT) != 0;
}

/* 3. The old handle goes, a new one asks for the card. */
static int
connect_card(void)
{
	unsigned char atr[ATR_ROOM];

	if (h != NULL)
		ct_reader_disconnect(h);
	h = ct_reader_connect(READER);
	if (h == NULL)
		return -1;
	return ct_card_request(h, SLOT, 0, NULL, atr, sizeof(atr));
}

static int
select_mf(void)
{
	unsigned char answer[2 + 256];

	return ct_card_transact(h, SLOT, "\x00\xa4\x00\x00\x02\x3f\x00\x00", 8,
	    answer, sizeof(answer));
}

/* 4. Groups of APDUs under a lock; the buffer has the expected data and SW. */
static void
work(void)
{
	unsigned char answer[2 + 8];
	ct_lock_handle lock;
	int done = 0;

	ok(ct_card_lock(h, SLOT, IFD_LOCK_EXCLUSIVE, &lock) == 0, "lock");
	for (int i = 0; i < GROUP; i++)
		done += ct_card_transact(h, SLOT, "\x00\x84\x00\x00\x08", 5,
		    answer, sizeof(answer)) == sizeof(answer);
	ok(done == GROUP, "30 challenges of 8 bytes into 10");
	ok(ct_card_transact(h, SLOT, "\x00\x84\x00\x00\x09", 5, answer,
	    sizeof(answer)) == IFD_ERROR_BUFFER_TOO_SMALL,
	    "9 bytes into 10 are an error, not an overrun");
	ok(ct_card_transact(h, SLOT, "\x00\xa4\x00\x0c\x02\x3f\x00", 7, answer,
	    2) == 2, "2 bytes for a status word alone");
	ok(ct_card_unlock(h, SLOT, lock) == 0, "unlock");
}

/* 5. Asked only of readers with a PIN pad; this one has none. */
static void
verify(void)
{
	unsigned char buf[] = "\x00\x20\x00\x00\x08"
	    "\xff\xff\xff\xff\xff\xff\xff\xff";

	ok(ct_card_verify(h, SLOT, 0, "Please enter PIN",
	    IFD_PIN_ENCODING_ASCII, 0, 5, buf, 13, buf, sizeof(buf)) ==
	    IFD_ERROR_NOT_SUPPORTED, "no PIN pad");
}

/* 6. A handle whose reader has gone says so, and a new one works. */
static void
unplug(void)
{
	int rc;

	have("unplug");
	ok(!card_is_there(), "no reader, no card in it");
	rc = select_mf();
	ok(rc == IFD_ERROR_NOT_CONNECTED, "the handle is of no more use");
	ct_reader_disconnect(h);
	h = NULL;
	ok(!card_is_there(), "nor can a new one be had");
	have("plug");
	ok(card_is_there(), "plugged in again: the card is there");
	ok(connect_card() > 0, "and answers to reset");
	ok(select_mf() > 2, "and works");
}

static void
take_card(void)
{
	have("remove");
	ok(!card_is_there(), "the card is taken out");
	ok(select_mf() == IFD_ERROR_NO_CARD, "an APDU without a card");
	ok(connect_card() == IFD_ERROR_NO_CARD, "a request without a card");
	have("insert");
	ok(card_is_there(), "the card is back");
	ok(connect_card() > 0, "and answers to reset");
}

int
main(void)
{
	int n;

	find_readers();
	ok(card_is_there(), "a card is there");
	n = connect_card();
	ok(n > 0 && n <= ATR_ROOM, "the request returns the ATR's length");
	ok(select_mf() > 2, "SELECT MF");
	work();
	verify();
	take_card();
	unplug();
	ok(strcmp(ct_strerror(IFD_ERROR_NO_CARD), "") != 0, "errors have texts");
	ct_reader_disconnect(h);
	return 0;
}
