/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_SETTINGS_KEYS_H
#define PROTOCOLS_SETTINGS_KEYS_H

/*
 * The names of openct.conf: what is read and what is shown come from the same
 * rows. For the files settings*.c alone.
 */

#include <stddef.h>

#include "protocols/settings.h"

enum key_kind {
	KEY_SWITCH,		/* bool */
	KEY_NUMBER,		/* uint32_t from min to max */
	KEY_TIME,		/* uint32_t, milliseconds; "never" is min */
	KEY_WORD,		/* char[max + 1] */
	KEY_CHOICE,		/* uint32_t, index of a word */
	KEY_WORDS,		/* const struct conf_node *, a list */
	KEY_GROUP,		/* names that belong together */
	KEY_BLOCK,		/* the same, many of it, and each has a check */
	KEY_UNUSED,		/* OpenCT's; note says why it does nothing */
};

struct settings_reading;

struct key {
	const char *name;
	enum key_kind kind;
	size_t at;		/* in the struct that the group fills */
	uint32_t min, max;
	const char *const *words;	/* KEY_CHOICE; NULL ends them */
	const struct key *keys;		/* KEY_GROUP, KEY_BLOCK */
	/* what there is to see to beyond the kind */
	void (*check)(struct settings_reading *, const struct conf_node *);
	bool (*is_word)(struct view);	/* KEY_WORDS: others are left out */
	const char *note;
};

/* The last row of each has no name. */
extern const struct key settings_keys[], settings_reader_keys[],
    settings_driver_keys[], settings_access_keys[], settings_rule_keys[];

/* The names of rules, by enum rule_for; of dialects, by bit. */
extern const char *const settings_rule_words[], *const settings_dialect_words[];

/* ---- settings.c ---- */

struct settings_reading {
	const struct settings *s;
	settings_tell_fn tell;		/* NULL: all was told before */
	void *arg;
	unsigned problems, errors;	/* warnings and errors, errors */
	bool has_access, access_is_bad;
};

void		settings_tell(struct settings_reading *, enum settings_weight,
		    struct conf_pos, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* "NAME: expected WHAT, found 'VALUE'; it is left out", at the value. */
void		settings_expected(struct settings_reading *,
		    const struct conf_node *, const char *what);

/* Where the value stands, or else the name. */
struct conf_pos	settings_place(const struct conf_node *);

/* Reads all names of a group into the struct its rows are about. */
void		settings_group(struct settings_reading *,
		    const struct conf_node *, const struct key *keys,
		    void *target);

/* ---- settings_near.c ---- */

/* The row of that name, or NULL. */
const struct key *settings_key(const struct key *keys, struct view name);

/* Tells of a name that is in no row: what may be meant, where it belongs. */
void		settings_unknown(struct settings_reading *,
		    const struct key *keys, const struct conf_node *);

/* ---- settings_blocks.c: the checks of rows ---- */

void		settings_check_driver(struct settings_reading *,
		    const struct conf_node *);
void		settings_check_ids(struct settings_reading *,
		    const struct conf_node *);
void		settings_check_reader(struct settings_reading *,
		    const struct conf_node *);
void		settings_check_access(struct settings_reading *,
		    const struct conf_node *);
void		settings_check_rule(struct settings_reading *,
		    const struct conf_node *);
void		settings_check_readers(struct settings_reading *,
		    const struct conf_node *);
void		settings_check_dialects(struct settings_reading *,
		    const struct conf_node *);
bool		settings_is_id(struct view);
bool		settings_is_dialect(struct view);

#endif
