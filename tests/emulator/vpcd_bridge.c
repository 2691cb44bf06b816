/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offers an emulated card to a virtual reader, of slotd or (vsmartcard's) of
 * pcscd, so that programs written for PC/SC can judge the card:
 *
 *	vpcd_bridge CARD PORT [TALK]
 *
 * TALK gets what was said, as test_cardos.c plays it. Ends when the reader does.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "emulator/card.h"
#include "tests/emulator/vpcd_serve.h"

struct bridge {
	struct card *card;
	FILE *talk;
};

static void
say(FILE *talk, char mark, struct view v)
{
	if (talk == NULL)
		return;
	fprintf(talk, "%c ", mark);
	for (size_t i = 0; i < v.n; i++)
		fprintf(talk, "%02x", v.p[i]);
	fputc('\n', talk);
	fflush(talk);
}

static void
answer(void *bridge, struct view msg, struct wr *w)
{
	const struct bridge *b = bridge;

	if (msg.n != 1) {
		say(b->talk, '>', msg);
		card_apdu(b->card, msg, w);
		say(b->talk, '<', wr_done(w));
		usleep(b->card->busy_ms * 1000);
		return;
	}
	switch (msg.p[0]) {
	case VPCD_GET_ATR:
		wr_view(w, (struct view){ b->card->atr, b->card->atr_len });
		return;
	case VPCD_ON:
	case VPCD_RESET:
		if (b->talk != NULL)
			fputs("reset\n", b->talk);
		card_reset(b->card);
	}
}

int
main(int argc, char **argv)
{
	char why[2 * CARD_WHY_MAX];
	struct bridge b = { .card = NULL };
	bool served;

	if (argc < 3) {
		fputs("usage: vpcd_bridge CARD PORT [TALK]\n", stderr);
		return 2;
	}
	b.card = card_load(argv[1], why, sizeof(why));
	if (b.card == NULL) {
		fprintf(stderr, "vpcd_bridge: %s\n", why);
		return 1;
	}
	if (argc > 3 && (b.talk = fopen(argv[3], "ae")) == NULL) {
		perror(argv[3]);
		card_free(b.card);
		return 1;
	}
	served = vpcd_serve(argv[2], answer, &b);
	if (b.talk != NULL)
		fclose(b.talk);
	card_free(b.card);
	return !served;
}
