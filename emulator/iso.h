/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_ISO_H
#define EMULATOR_ISO_H

/*
 * A card after ISO 7816-4: a tree of DFs and EFs, PINs, data objects. iso.c
 * dispatches and selects, iso_data.c reads and writes files, iso_pin.c checks
 * PINs, iso_load.c builds the card from the lines of its file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "emulator/card.h"

enum {
	ISO_FILES_MAX = 128,
	ISO_FILE_SIZE_MAX = 32767,
	ISO_RECORDS_MAX = 254,
	ISO_PINS_MAX = 8,
	ISO_PIN_MAX = 16,
	ISO_OBJECTS_MAX = 32,
	ISO_OBJECT_MAX = 255,
	ISO_AID_MAX = 16,
	ISO_LABEL_MAX = 32,
	ISO_NO_FILE = -1,
	/* who may read or update: ALWAYS, NEVER, or the number of a PIN */
	ISO_ALWAYS = 0,
	ISO_NEVER = 255,
};

/* File descriptor bytes, ISO 7816-4:2005 §5.3.3.2 */
enum iso_kind {
	ISO_TRANSPARENT = 0x01,
	ISO_FIXED = 0x02,
	ISO_VARIABLE = 0x04,
	ISO_CYCLIC = 0x06,
	ISO_DF = 0x38,
};

/* Status words, ISO 7816-4:2005 §5.1.3 */
enum {
	SW_OK = 0x9000,
	SW_MORE = 0x6100,		/* SW2: bytes that wait */
	SW_EOF = 0x6282,
	SW_PIN_TRIES = 0x63c0,		/* low 4 bits: tries left */
	SW_WRONG_LENGTH = 0x6700,
	SW_NO_CHANNEL = 0x6881,
	SW_NO_SECURE_MESSAGING = 0x6882,
	SW_NO_CHAINING = 0x6884,
	SW_FILE_STRUCTURE = 0x6981,
	SW_SECURITY = 0x6982,
	SW_BLOCKED = 0x6983,
	SW_CONDITIONS = 0x6985,
	SW_NO_EF = 0x6986,
	SW_WRONG_DATA = 0x6a80,
	SW_FILE_NOT_FOUND = 0x6a82,
	SW_RECORD_NOT_FOUND = 0x6a83,
	SW_NO_SPACE = 0x6a84,
	SW_P1P2 = 0x6a86,
	SW_NOT_FOUND = 0x6a88,
	SW_OFFSET = 0x6b00,
	SW_EXACT_LENGTH = 0x6c00,	/* SW2: the right Le */
	SW_INS = 0x6d00,
	SW_CLA = 0x6e00,
};

struct iso_file {
	uint16_t fid;
	enum iso_kind kind;
	int parent;		/* index of its DF, ISO_NO_FILE for the MF */
	uint8_t sfi;		/* short identifier 1 .. 30, 0: none */
	uint8_t read, update;	/* ISO_ALWAYS, ISO_NEVER or a PIN */
	uint8_t aid[ISO_AID_MAX];
	size_t aid_len;
	char label[ISO_LABEL_MAX + 1];
	uint8_t *data;		/* owned; records of `size` bytes in a row */
	size_t size;		/* of the file, or of the longest record */
	size_t max_records, records;
	uint16_t *record_len;	/* owned */
};

struct iso_secret {
	uint8_t value[ISO_PIN_MAX];
	size_t n;
	unsigned tries, left;
};

struct iso_pin {
	uint8_t number;		/* the reference in P2 */
	struct iso_secret pin, unblock;
	size_t min, max;
	bool verified;
};

struct iso_object {
	uint16_t tag;
	size_t n;
	uint8_t value[ISO_OBJECT_MAX];
};

struct iso {
	struct iso_file file[ISO_FILES_MAX];	/* [0] is the MF */
	size_t n_files;
	struct iso_pin pin[ISO_PINS_MAX];
	size_t n_pins;
	struct iso_object object[ISO_OBJECTS_MAX];
	size_t n_objects;
	int df, ef;		/* selected; ef may be ISO_NO_FILE */
	size_t record;		/* current record, 0: none */
	uint8_t pending[256];	/* what GET RESPONSE fetches */
	size_t n_pending;
};

/* A command taken apart. */
struct iso_cmd {
	uint8_t cla, ins, p1, p2;
	struct view data;
	bool has_le;
	size_t le;		/* 256 or 65536 for a zero on the wire */
	bool extended;
};

extern const struct card_kind iso_card;

/* Each writes its data, if any, and returns the status word. */
uint16_t	iso_read_binary(struct iso *, const struct iso_cmd *,
		    struct wr *);
uint16_t	iso_update_binary(struct iso *, const struct iso_cmd *,
		    struct wr *);
uint16_t	iso_read_record(struct iso *, const struct iso_cmd *,
		    struct wr *);
uint16_t	iso_update_record(struct iso *, const struct iso_cmd *,
		    struct wr *);
uint16_t	iso_append_record(struct iso *, const struct iso_cmd *,
		    struct wr *);
uint16_t	iso_verify(struct iso *, const struct iso_cmd *, struct wr *);
uint16_t	iso_change_reference(struct iso *, const struct iso_cmd *,
		    struct wr *);
uint16_t	iso_reset_retry(struct iso *, const struct iso_cmd *,
		    struct wr *);

/* May this be done now? SW_OK or SW_SECURITY. */
uint16_t	iso_access(const struct iso *, uint8_t rule);

/* All PINs are unverified again. */
void		iso_forget_pins(struct iso *);

bool		iso_line(struct card *, size_t n, char *const *words, char *why);
bool		iso_ready(struct card *, char *why);
void		iso_fini(struct card *);

#endif
