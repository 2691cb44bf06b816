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
#include "emulator/card_cmd.h"

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

extern const struct card_kind iso_card;

/* Each writes its data, if any, and returns the status word. */
uint16_t	iso_read_binary(struct iso *, const struct card_cmd *,
		    struct wr *);
uint16_t	iso_update_binary(struct iso *, const struct card_cmd *,
		    struct wr *);
uint16_t	iso_read_record(struct iso *, const struct card_cmd *,
		    struct wr *);
uint16_t	iso_update_record(struct iso *, const struct card_cmd *,
		    struct wr *);
uint16_t	iso_append_record(struct iso *, const struct card_cmd *,
		    struct wr *);
uint16_t	iso_verify(struct iso *, const struct card_cmd *, struct wr *);
uint16_t	iso_change_reference(struct iso *, const struct card_cmd *,
		    struct wr *);
uint16_t	iso_reset_retry(struct iso *, const struct card_cmd *,
		    struct wr *);

/* May this be done now? SW_OK or SW_SECURITY. */
uint16_t	iso_access(const struct iso *, uint8_t rule);

/* All PINs are unverified again. */
void		iso_forget_pins(struct iso *);

bool		iso_line(struct card *, size_t n, char *const *words, char *why);
bool		iso_ready(struct card *, char *why);
void		iso_fini(struct card *);

#endif
