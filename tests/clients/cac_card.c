/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CAC card of libcacard, as in QEMU's virtual machines, in a virtual reader:
 *
 *	cac_card DIRECTORY PORT
 *
 * DIRECTORY is an NSS database with the certificates c1, c2 and c3 and their
 * keys; its password is the card's PIN. Ends when the reader does.
 */
#include "config.h"

#include <glib.h>
#include <libcacard.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/emulator/vpcd_serve.h"

enum { ATR_ROOM = 64, ANSWER_MAX = 65538 };

struct cac {
	VReader *reader;
	uint8_t atr[ATR_ROOM];
	size_t atr_n;
};

/* The reader that the options make, with its card, which tells of itself. */
static VReader *
open_card(const char *directory)
{
	char *options = g_strdup_printf("db=\"sql:%s\" use_hw=no "
	    "soft=(,CAC Reader,CAC,,c1,c2,c3)", directory);
	VCardEmulOptions *o = vcard_emul_options(options);
	VReader *reader = NULL;

	g_free(options);
	if (o == NULL || vcard_emul_init(o) != VCARD_EMUL_OK)
		return NULL;
	while (reader == NULL) {
		VEvent *e = vevent_wait_next_vevent();

		if (e->type == VEVENT_CARD_INSERT)
			reader = vreader_reference(e->reader);
		vevent_delete(e);
	}
	return reader;
}

/* Which resets a card that is on: it forgets who has logged in. */
static void
power_on(struct cac *c)
{
	int n = sizeof(c->atr);

	c->atr_n = vreader_power_on(c->reader, c->atr, &n) == VREADER_OK &&
	    n > 0 ? (size_t)n : 0;
}

static void
write_response(VReader *reader, struct view apdu, struct wr *w)
{
	static uint8_t command[VPCD_MESSAGE_MAX], response[ANSWER_MAX];
	int n = sizeof(response);

	memcpy(command, apdu.p, apdu.n);
	if (vreader_xfr_bytes(reader, command, (int)apdu.n, response, &n) ==
	    VREADER_OK && n >= 2)
		wr_view(w, (struct view){ response, (size_t)n });
	else
		wr_be16(w, 0x6f00);	/* no precise diagnosis */
}

static void
answer(void *card, struct view message, struct wr *w)
{
	struct cac *c = card;

	if (message.n != 1)
		write_response(c->reader, message, w);
	else if (message.p[0] == VPCD_GET_ATR)	/* pcscd asks all the time */
		wr_view(w, (struct view){ c->atr, c->atr_n });
	else if (message.p[0] == VPCD_OFF)
		vreader_power_off(c->reader);
	else
		power_on(c);
}

int
main(int argc, char **argv)
{
	struct cac c = { .atr_n = 0 };

	if (argc != 3) {
		fputs("usage: cac_card DIRECTORY PORT\n", stderr);
		return 2;
	}
	c.reader = open_card(argv[1]);
	if (c.reader == NULL) {
		fputs("cac_card: libcacard finds no card there\n", stderr);
		return EXIT_FAILURE;
	}
	power_on(&c);		/* pcscd asks for the ATR of a card that is off */
	return vpcd_serve(argv[2], answer, &c) ? EXIT_SUCCESS : EXIT_FAILURE;
}
