/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOOLS_SLOTCTL_H
#define TOOLS_SLOTCTL_H

/*
 * slotctl: one file a command (cmd_NAME.c), each one const struct command; what
 * they share is here.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "tools/control_client.h"

/* How slotctl ends; slotctl(1) lists these. */
enum status {
	STATUS_OK,
	STATUS_OTHER,
	STATUS_USAGE,
	STATUS_NO_DAEMON,
	STATUS_NO_READER,
	STATUS_NO_CARD,
	STATUS_CARD,
};

/* The options that not every command takes; bits of struct command's options. */
enum {
	OPTION_READER = 1u << 0,
	OPTION_SLOT = 1u << 1,
	OPTION_JSON = 1u << 2,
	OPTION_DECODE = 1u << 3,
	OPTION_COLD = 1u << 4,
	OPTION_TIMEOUT = 1u << 5,
	OPTION_REMOVAL = 1u << 6,
	OPTION_PORT = 1u << 7,
	/* for a command that talks to one card */
	OPTIONS_CARD = OPTION_READER | OPTION_SLOT | OPTION_JSON,
};

enum { WHY_MAX = 256 };
enum { SLOT_ANY = -1, TIMEOUT_NONE = -1, PORT_NONE = -1 };

/* One run of the program: what the command line said. */
struct ctl {
	const char *dir;	/* where the sockets are */
	const char *reader;	/* --reader, NULL: choose */
	int slot;		/* --slot, SLOT_ANY: not said */
	int64_t timeout_ms;	/* --timeout, TIMEOUT_NONE: not said */
	int32_t port;		/* --port, PORT_NONE: not said */
	bool json;
	bool decode;
	bool cold;
	bool removal;
	int argc;		/* what follows the command's name */
	char **argv;
	struct control *control;
};

struct command {
	const char *name;
	const char *args;	/* for the usage line, "" when none */
	const char *summary;	/* half a line */
	const char *help;	/* sentences, each line with its newline */
	uint32_t options;	/* what it takes of OPTION_x */
	int min_args, max_args;
	enum status (*run)(struct ctl *);
};

extern const struct command cmd_atr, cmd_config, cmd_ctapi_test, cmd_help,
    cmd_info, cmd_list, cmd_mf, cmd_reload, cmd_reset, cmd_send, cmd_wait, cmd_watch, cmd_who;

/* All of them, in the order of the help text; NULL ends the list. */
extern const struct command *const commands[];

/* The command of that name, or NULL. */
const struct command	*command_find(const char *name);

/* A card to talk to, and the reader object it was found in. */
struct target {
	json_t *reader;		/* owned; target_fini drops it */
	int number;
	int slot;
};

/* "slotctl: " and the text, on standard error. Returns the status it is given. */
enum status	ctl_complain(enum status, const char *fmt, ...)
		    PRINTF_LIKE(2, 3);

/* Says what went wrong with a request, and what may help. */
enum status	ctl_refused(const struct ctl *, enum err);

/* Connects; on failure it has been said why. */
enum status	ctl_connect(struct ctl *) MUST_USE;

/* control_ask; on failure it has been said why. */
enum status	ctl_ask(struct ctl *, json_t *owned_request,
		    json_t **answer) MUST_USE;

/* The array of reader objects; the caller drops *answer that holds it. */
enum status	ctl_list(struct ctl *, json_t **answer, json_t **readers) MUST_USE;

/*
 * Connects and chooses reader and slot: what the options say, or the only
 * reader, or the only one with a card. On failure it has been said why.
 */
enum status	ctl_target(struct ctl *, struct target *) MUST_USE;
void		target_fini(struct target *);

/*
 * A request about a target's card, {"cmd": cmd, "reader": .., "slot": ..}, for
 * the caller to add to and to hand to ctl_ask. NULL: no memory.
 */
json_t		*target_request(const struct target *, const char *cmd);

/* Whether a reader object is the one that pattern (--reader) means or may mean:
   its number, or a part of its name, upper and lower case being the same. */
bool		reader_matches(const json_t *reader, const char *pattern);

/* Members of objects that slotd sent: "", 0 or false where there are none. */
const char	*get_string(const json_t *object, const char *key);
json_int_t	get_int(const json_t *object, const char *key);
bool		get_true(const json_t *object, const char *key);

/* What a reader object is called: by its device before it was ever ready. */
const char	*reader_title(const json_t *reader);

/*
 * Why a reader does not work, "" when that is not said. room is for the case
 * that we may see which program has the device, and slotd may not.
 */
const char	*reader_why(const json_t *reader, char room[WHY_MAX]);

/* Whether a slot object has a card in it, powered or not. */
bool		slot_has_card(const json_t *slot);

/* One object on one line of standard output. */
void		print_json(const json_t *object);

#endif
