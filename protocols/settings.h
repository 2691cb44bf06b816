/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_SETTINGS_H
#define PROTOCOLS_SETTINGS_H

/*
 * What openct.conf says: the meaning of the names in a tree of conf.h. slotd
 * reads it, slotctl explains it, and both with these functions.
 *
 * Settings borrow their tree. What there is one of is a member; what there may
 * be many of (readers, drivers, rules) is read from the tree when it is asked
 * for, one after another.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "protocols/conf.h"
#include "protocols/device.h"

enum {
	SETTINGS_NAME_MAX = 63,
	SETTINGS_PATH_MAX = CONF_WORD_MAX,
	SETTINGS_PCSC_READERS_MAX = 256,
	SETTINGS_LINE_MAX = 1023,	/* bytes of a text that is told */
};

#define SETTINGS_NEVER UINT32_MAX

/* The ways to slotd that a rule or a switch speaks of. */
enum {
	DIALECT_OPENCT = 1u << 0,
	DIALECT_PCSC = 1u << 1,
	DIALECT_CONTROL = 1u << 2,
	DIALECTS_ALL = DIALECT_OPENCT | DIALECT_PCSC | DIALECT_CONTROL,
};

/* What a user may do with a reader; each includes those before it. */
enum right {
	RIGHT_NOTHING,
	RIGHT_SEE,		/* that it is there, and its cards */
	RIGHT_USE,		/* its cards */
	RIGHT_ESCAPE,		/* send commands to the reader itself */
};

struct settings {
	const struct conf_node *root;	/* NULL: an empty file */
	uint32_t debug;			/* 1: cards and clients, 2: exchanges */
	bool hotplug;
	uint32_t power_off_ms;		/* or SETTINGS_NEVER */
	uint32_t lock_ms;		/* 0: never */
	uint32_t start_ms;		/* that the first programs wait */
	bool openct, pcsc, control;	/* the dialects that are spoken */
	uint32_t pcsc_readers;		/* how many older programs expect */
	bool escape;
	/* ifdhandler */
	char handler[SETTINGS_PATH_MAX + 1];
	bool force_poll;
	char user[SETTINGS_NAME_MAX + 1];	/* "": as slotd */
	const struct conf_node *groups;		/* for settings_word, or NULL */
	/* access */
	bool has_access;		/* else all may do everything */
	bool access_is_bad;		/* an error is in it: nobody may */
	unsigned errors;		/* told while it was read */
};

/* ---- reading ---- */

enum settings_weight {
	SETTINGS_NOTE,		/* it has no effect, and need have none */
	SETTINGS_WARNING,	/* it is not known, or said twice: left out */
	SETTINGS_ERROR,		/* it makes no sense: left out */
};

struct settings_problem {
	enum settings_weight weight;
	struct conf_pos at;
	const char *text;	/* a sentence: what is wrong and what follows */
};

typedef void	(*settings_tell_fn)(void *arg, const struct settings_problem *);

/*
 * Reads a whole tree, which must outlive the settings, and tells of each
 * problem in it once, in the order of the file. A NULL root is an empty file.
 */
void		settings_read(struct settings *, const struct conf_node *root,
		    settings_tell_fn, void *arg);

/* The values of an empty file. */
void		settings_init(struct settings *);

/* ---- what there may be many of ---- */

/* A reader that the file names. Its own values, or else those for all. */
struct settings_reader {
	uint32_t line;
	char label[SETTINGS_NAME_MAX + 1];	/* "front-desk", or "" */
	char driver[SETTINGS_NAME_MAX + 1];	/* "": the one of the device */
	char device[SETTINGS_PATH_MAX + 1];
	struct device where;			/* the same, read */
	/* DEVICE_USB_ID only: which of several, or "" */
	char serial[SETTINGS_NAME_MAX + 1];
	char port[SETTINGS_NAME_MAX + 1];
	char name[SETTINGS_NAME_MAX + 1];	/* for people, or "": its own */
	uint32_t power_off_ms;
	uint32_t max_speed;			/* bit/s of a card, 0: any */
	bool escape;
};

/* The next one after *at, which is NULL before the first. Those that cannot be
   used were told of when the file was read and do not come. */
bool		settings_next_reader(const struct settings *,
		    const struct conf_node **at, struct settings_reader *);

/* The values for a reader that the file does not name. */
void		settings_reader_init(struct settings_reader *,
		    const struct settings *);

struct settings_driver {
	uint32_t line;
	char name[SETTINGS_NAME_MAX + 1];
	const struct conf_node *ids;	/* for settings_word, or NULL */
	uint32_t block_size;		/* T=1 blocks of a token, 0: not said */
};

bool		settings_next_driver(const struct settings *,
		    const struct conf_node **at, struct settings_driver *);

/* Who a rule is for. */
enum rule_for { RULE_USER, RULE_GROUP, RULE_OTHER };

struct settings_rule {
	uint32_t line;
	enum rule_for who;
	char name[SETTINGS_NAME_MAX + 1];	/* of the user or group */
	uint32_t right;				/* enum right */
	uint32_t dialects;			/* DIALECT_ */
	const struct conf_node *dialect_list;	/* the same in words, or NULL */
	const struct conf_node *readers;	/* settings_word; NULL: all */
};

bool		settings_next_rule(const struct settings *,
		    const struct conf_node **at, struct settings_rule *);

/* The next word of a list (`x = { a, b, };` or `x = a;`). */
bool		settings_word(const struct conf_node *list,
		    const struct conf_node **at, struct view *word);

/* ---- questions ---- */

/* The driver that the file names for a device; false, and driver is left alone,
   when there is none. */
bool		settings_driver_of(const struct settings *, uint16_t vid,
		    uint16_t pid, char driver[SETTINGS_NAME_MAX + 1]);

/* What block_size says for a driver, or 0. */
uint8_t		settings_block_size(const struct settings *,
		    const char *driver);

/*
 * Does a list of a rule's readers name this one? By the label of its reader
 * block, by its device string, or by usb:VVVV/PPPP.
 */
bool		settings_names_reader(const struct conf_node *list,
		    const char *label, const char *device, uint16_t vid,
		    uint16_t pid);

/* ---- for people (settings_text.c) ---- */

typedef void	(*settings_line_fn)(void *arg, const char *line);

/* A file that says the same, all defaults filled in; line by line. */
void		settings_show(const struct settings *, settings_line_fn,
		    void *arg);

/* What each reader and driver block and the rules do, in sentences. */
void		settings_explain(const struct settings *, settings_line_fn,
		    void *arg);

#endif
