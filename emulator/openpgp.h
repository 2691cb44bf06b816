/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_OPENPGP_H
#define EMULATOR_OPENPGP_H

/*
 * An OpenPGP card, after the functional specification of the OpenPGP
 * application on ISO smart card operating systems, version 3.4 ("the
 * specification" in these files): three keys, a PIN for their use (PW1), one
 * for the administrator (PW3), data about the holder. openpgp.c dispatches and
 * has the life cycle, openpgp_data.c the data objects, openpgp_pin.c the PINs,
 * openpgp_key.c algorithms and keys, openpgp_use.c what the keys are for.
 *
 * Not there: secure messaging, AES, key derivation (KDF-DO) and attestation; its
 * extended capabilities say so.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/bytes.h"
#include "emulator/card.h"
#include "emulator/card_chain.h"
#include "emulator/card_cmd.h"

enum {
	PGP_FINGERPRINT = 20,
	PGP_TIME = 4,
	PGP_ATTR_MAX = 12,
	PGP_CERTS = 3,
	PGP_CERT_MAX = 2048,
	PGP_TEXT_MAX = 254,
	PGP_STORED_MAX = 16,	/* data objects that are kept as they come */
	PGP_PIN_MAX = 127,
	PGP_TRIES = 3,
	PGP_ANSWER_MAX = 2560,
	PGP_CHALLENGE_MAX = 256,
};

/* The keys in the order in which the specification lists them. */
enum pgp_use { PGP_SIGN, PGP_DECIPHER, PGP_AUTHENTICATE, PGP_USES };

enum pgp_origin { PGP_NO_KEY, PGP_GENERATED, PGP_IMPORTED };

struct pgp_key {
	uint8_t attr[PGP_ATTR_MAX];	/* algorithm attributes */
	size_t n_attr;
	EVP_PKEY *pair;			/* owned; NULL: no key */
	enum pgp_origin origin;
	uint8_t fingerprint[PGP_FINGERPRINT], ca[PGP_FINGERPRINT];
	uint8_t made[PGP_TIME];
};

enum pgp_pin_id { PGP_PW1, PGP_RESETTING_CODE, PGP_PW3, PGP_PINS };

struct pgp_pin {
	uint8_t value[PGP_PIN_MAX];
	size_t n;		/* 0: none */
	uint8_t tries;
};

/* What has been verified; PW1 separately for signing and for the rest. */
enum { PGP_PW1_SIGN = 1, PGP_PW1_OTHER = 2, PGP_PW3_OK = 4 };

struct pgp_stored {
	uint8_t *p;		/* owned */
	size_t n;
};

struct pgp {
	/* from the card file */
	uint8_t manufacturer[2], serial[4];
	struct view historical;	/* in the card's ATR */
	bool extended;		/* they say that it takes extended lengths */
	/* what is on the card */
	bool terminated;
	struct pgp_key key[PGP_USES];
	struct pgp_pin pin[PGP_PINS];
	bool sign_once;		/* PW1 is good for one signature only */
	uint32_t signatures;
	struct pgp_stored stored[PGP_STORED_MAX], cert[PGP_CERTS];
	/* what a reset forgets */
	bool selected;
	unsigned verified;	/* mask of PGP_PW1_SIGN, ... */
	size_t at_cert;
	enum pgp_use decipher_with, authenticate_with;
	uint32_t work_ms;	/* for the command under way, beside delay */
	uint32_t keygen_ms;
	struct card_chain chain;
	/* an answer, and where what is not sent yet begins */
	uint8_t answer[PGP_ANSWER_MAX];
	size_t answer_n, answer_at;
};

extern const struct card_kind openpgp_card;

/* Each command writes its data, if any, and returns the status word. */
typedef uint16_t pgp_run(struct pgp *, const struct card_cmd *, struct wr *);

/* SW_OK when one of these was verified. */
uint16_t	pgp_need(const struct pgp *, unsigned verified);

/* openpgp_data.c */
pgp_run	pgp_get_data, pgp_get_next_data, pgp_select_data, pgp_put_data;

/* Appends tag and length, in the shortest form. */
void	pgp_put_head(struct wr *, uint32_t tag, size_t n);

/* Forgets the data objects. */
void	pgp_data_wipe(struct pgp *);

/* openpgp_pin.c */
pgp_run	pgp_verify, pgp_change_reference, pgp_reset_retry;

/* The PINs and the counters of a new card. */
void	pgp_pin_reset(struct pgp *);

/* Sets the resetting code; no data: there is none any more. */
uint16_t	pgp_put_resetting_code(struct pgp *, struct view);

/* The seven PW status bytes; PUT DATA sets the first one. */
void		pgp_put_pin_status(const struct pgp *, struct wr *);
uint16_t	pgp_set_pin_status(struct pgp *, struct view);

/* openpgp_key.c */
pgp_run	pgp_generate;

/* An algorithm as attributes name it. */
struct pgp_algorithm {
	uint8_t id;		/* of RFC 4880 and its extensions */
	unsigned bits;
	const char *type;	/* OpenSSL's words */
	const char *curve;	/* NULL where the type is all */
	struct view oid;	/* empty for RSA */
};

enum { PGP_RSA = 0x01, PGP_ECDH = 0x12, PGP_ECDSA = 0x13, PGP_EDDSA = 0x16 };

/* The algorithm that the key has or is to have. */
const struct pgp_algorithm	*pgp_algorithm(const struct pgp_key *);

/* A private key from an extended header list (the inside of 4D). */
uint16_t	pgp_import(struct pgp *, struct view);

/* Another algorithm: the key is gone. Refused when the card lacks it. */
uint16_t	pgp_set_algorithm(struct pgp *, enum pgp_use, struct view);

/* Algorithm information: all attributes that can be set. */
void	pgp_put_algorithms(struct wr *);

/* No keys; RSA with 2048 bits for all three. */
void	pgp_key_reset(struct pgp *);

/* openpgp_use.c */
pgp_run	pgp_perform, pgp_internal_authenticate, pgp_manage_environment;

/* The keys that commands use are those that they are named for. */
void	pgp_default_environment(struct pgp *);

#endif
