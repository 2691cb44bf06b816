/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_DDV_H
#define EMULATOR_DDV_H

/*
 * A home-banking card of the German banks, type DDV-0 or DDV-1: symmetric keys,
 * a PIN, five bank records and a counter. ddv.c has files and commands,
 * ddv_key.c the keys, ddv_load.c the lines of the card's file. It does what
 * hbci4java and libchipcard ask for, no more.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "emulator/card.h"
#include "emulator/card_cmd.h"

enum {
	DDV_BANKS = 5,
	DDV_BANK_SIZE = 88,
	DDV_ID_MAX = 24,
	DDV_MAC_SIZE = 12,
	DDV_SEQ_SIZE = 2,
	DDV_BLOCK = 8,
	DDV_KEY_SIZE = 16,
	DDV_PIN_BLOCK = 8,
	DDV_TRIES = 3,
	DDV_RECORD_MAX = DDV_BANK_SIZE,
};

struct ddv_key {
	uint8_t number, version;
	uint8_t value[DDV_KEY_SIZE];
};

struct ddv {
	unsigned type;		/* 0 or 1 */
	uint8_t pin[DDV_PIN_BLOCK];	/* format 2 block */
	unsigned tries;
	struct ddv_key sign, crypt;
	uint8_t id[DDV_ID_MAX];
	size_t id_n;
	uint8_t bank[DDV_BANKS][DDV_BANK_SIZE];
	uint8_t mac[DDV_MAC_SIZE];	/* what is signed: the hash's end */
	uint8_t seq[DDV_SEQ_SIZE];
	uint8_t keyd[5], autd[4];	/* DDV-0: the keys' descriptions */

	/* until the next reset */
	bool in_bank;		/* the application is selected, else the MF */
	uint16_t ef;		/* selected, 0: none */
	bool pin_ok;
	uint8_t icv[DDV_BLOCK];	/* the hash's start, for the next MAC */
};

extern const struct card_kind ddv_card;

bool		ddv_line(struct card *, size_t n, char *const *words, char *why);
bool		ddv_ready(struct card *, char *why);

/* Triple DES with two keys, one block; card_apdu needs no other direction. */
bool		ddv_encrypt(const struct ddv_key *, const uint8_t *in,
		    uint8_t *out) MUST_USE;

/* ISO 9797-1 algorithm 3 over s->mac, zeros behind it, starting with icv. */
bool		ddv_mac(const struct ddv *, const uint8_t *icv,
		    uint8_t *mac) MUST_USE;

#endif
