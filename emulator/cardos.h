/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EMULATOR_CARDOS_H
#define EMULATOR_CARDOS_H

/*
 * A CardOS M4 card: what OpenSC's cardos driver asks of it and what is publicly
 * known of the real one. Where nothing is known a comment says what is
 * assumed. cardos.c dispatches and answers GET DATA, cardos_file.c has the
 * file system, cardos_object.c PINs and security environments, cardos_key.c RSA
 * keys, cardos_sm.c the commands that come encrypted, cardos_load.c the lines
 * of a card file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "emulator/card.h"
#include "emulator/card_chain.h"
#include "emulator/card_cmd.h"

enum {
	COS_FILES_MAX = 160,
	COS_OBJECTS_MAX = 64,
	COS_SE_MAX = 16,
	COS_NONE = -1,
	COS_AC_MAX = 10,
	COS_NAME_MAX = 16,
	COS_VALUE_MAX = 136,	/* the longest: half a key of 2048 bits */
	COS_FILE_SIZE_MAX = 32767,
	COS_PROM = 32,
	COS_CHAIN_MAX = 1024,
	COS_STARTKEY = 16,
	COS_STARTKEY_TRIES = 10,
	/* AC bytes: 01 to 7f is the number of a PIN */
	COS_ALWAYS = 0x00,
	COS_NEVER = 0xff,
};

/* Life cycle phases, as GET DATA 83 tells them. */
enum cos_phase {
	COS_OPERATIONAL = 0x10,
	COS_ADMINISTRATION = 0x20,
	COS_MANUFACTURING = 0x34,
};

/* What the AC bytes of an EF and of a DF are for, by position. */
enum { EF_READ, EF_UPDATE, EF_APPEND, EF_DEACTIVATE, EF_ACTIVATE, EF_DELETE };
enum {
	DF_LIFE_CYCLE, DF_UPDATE, DF_APPEND, DF_DEACTIVATE, DF_ACTIVATE,
	DF_DELETE, DF_ADMIN, DF_CREATE
};

/* The low bits of the file descriptor byte. */
enum cos_type {
	COS_TRANSPARENT = 1,
	COS_FIXED = 2,
	COS_VARIABLE_TLV = 5,
	COS_CYCLIC = 6,
	COS_DF = 0x38,
};

struct cos_file {
	bool used, deactivated;
	uint16_t fid;
	enum cos_type type;
	int parent;		/* index of its DF, COS_NONE for the MF */
	uint8_t descriptor[5], property[3];
	size_t n_descriptor, n_property;
	uint8_t ac[COS_AC_MAX];
	size_t n_ac;
	uint8_t name[COS_NAME_MAX];
	size_t n_name;
	size_t size;		/* of an EF's data, or what a DF was promised */
	uint8_t *data;		/* owned; NULL for DFs */
	size_t n;		/* bytes in use of a record file */
	size_t record;		/* length of a fixed record */
};

/* A basic security object: a PIN, or a component of a private key. */
struct cos_object {
	bool used;
	int df;
	uint8_t class;		/* high nibble: what it is for */
	uint8_t id;
	uint8_t options, flags, algorithm, min_length;
	uint8_t tries, tries_max;
	uint8_t ac[COS_AC_MAX];
	size_t n_ac;
	uint8_t value[COS_VALUE_MAX];
	size_t n;
	bool verified;
};

enum {
	COS_CLASS_TEST = 0x00,	/* PINs */
	COS_CLASS_PSO = 0x20,	/* private keys; low nibble: component */
	COS_OPTION_MORE = 0x20,	/* another component follows this one */
	COS_USE = 0, COS_CHANGE = 1, COS_UNBLOCK = 2, COS_GENKEY = 6,
};

/* A security environment; key 0: none. */
struct cos_se {
	bool used;
	int df;
	uint8_t id;
	uint8_t key[6];
};

struct cos {
	/* from the card file */
	uint8_t info[64], version[2], prom[COS_PROM], chip[6];
	uint8_t packages[64];
	size_t n_info, n_packages;
	unsigned long memory, data_field, rsa_max;
	/* what is on the card */
	enum cos_phase phase;
	struct cos_file file[COS_FILES_MAX];	/* [0] is the MF */
	struct cos_object object[COS_OBJECTS_MAX];
	struct cos_se se[COS_SE_MAX];
	uint8_t startkey[COS_STARTKEY];
	uint8_t startkey_version, startkey_tries;
	/* what a reset forgets */
	int df, ef;		/* selected; ef may be COS_NONE */
	bool se_active;
	uint8_t sign_key, decipher_key;
	uint32_t work_ms;	/* for the command under way, beside delay */
	uint32_t keygen_ms;
	struct card_chain chain;
};

extern const struct card_kind cardos_card;

/* Each command writes its data, if any, and returns the status word. */
typedef uint16_t cos_run(struct cos *, const struct card_cmd *, struct wr *);

/* cardos_file.c */
cos_run	cos_select, cos_create, cos_delete, cos_directory, cos_activate,
	cos_deactivate, cos_read_binary, cos_update_binary, cos_read_record,
	cos_update_record, cos_append_record;

/* Writes the FIDs from below the MF down to the current DF. */
void	cos_put_path(const struct cos *, struct wr *);

/* Bytes of EEPROM not in use. */
size_t	cos_free_memory(const struct cos *);

/*
 * The parts of a file control template. The data are checked and copied.
 * Returns SW_OK, or why it is refused.
 */
uint16_t	cos_read_template(struct cos_file *, struct view);

/* Makes file i an EF or DF, empty. False: no memory. */
bool	cos_file_make(struct cos *, size_t i, const struct cos_file *like);

/* Frees one file, or all of them and the objects with them. */
void	cos_file_drop(struct cos *, size_t i);
void	cos_wipe(struct cos *);

/* cardos_object.c */
cos_run	cos_verify, cos_change_reference, cos_reset_retry, cos_logout,
	cos_put_data;

/* Does the AC byte allow it, for something that is in this DF? */
uint16_t	cos_access(const struct cos *, int df, uint8_t ac);
/* A missing AC byte is "never". */
uint8_t		cos_ac(const uint8_t *ac, size_t n, size_t which);

/*
 * The object with this class and number in the DF or above, NULL: none.
 * Components of keys have their own class each.
 */
struct cos_object	*cos_object_find(struct cos *, int df, uint8_t class,
			    uint8_t id);

/* Leaves the DFs that are not above the current one, and their PINs. */
void	cos_leave(struct cos *);
void	cos_logout_all(struct cos *);

/* Writes the numbers of the PINs that are verified. */
void	cos_put_security(const struct cos *, struct wr *);

/* cardos_key.c */
cos_run	cos_manage_environment, cos_perform, cos_generate_key;

/* Is this an algorithm that a key object may have on this card? */
bool	cos_key_algorithm(uint8_t algorithm);

/* The DF's default environment is in force from now on, if it has one. */
void	cos_default_environment(struct cos *);

/* cardos_sm.c: only encrypted and signed with the start key */
cos_run	cos_erase, cos_format;

/* cardos_load.c */
bool	cos_line(struct card *, size_t n, char *const *words, char *why);
bool	cos_ready(struct card *, char *why);

#endif
