/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CONF_H
#define PROTOCOLS_CONF_H

/*
 * The grammar of openct.conf, as OpenCT reads it: bytes in, a tree out. No file
 * is opened here, no key has a meaning here.
 *
 *	name = value;		name value;		name;
 *	name = { ... };		name { ... };		name value { ... };
 *
 * Every statement ends in ';' or ',', also the last one and one that ends in a
 * group, so that a list is a group of bare names: `ids = { a, b, };`. A word is
 * anything up to white space or one of = { } ; , and has no quotes or escapes.
 * '#' starts a comment, to the end of the line, only where a word could start.
 *
 * The nodes lie in the caller's array and their words point into the text: both
 * must outlive the tree, and there is nothing to free but them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	CONF_WORD_MAX = 511,	/* bytes, as in OpenCT */
	CONF_DEPTH_MAX = 32,	/* groups open at the same time */
	CONF_ERROR_MAX = 159,	/* bytes of an error's text */
	CONF_TEXT_MAX = 1 << 20, /* bytes of a file */
	CONF_QUOTE_MAX = 37,	/* bytes of conf_quote */
};

/* A place in the text, counted from 1; columns are bytes, a tab is one. */
struct conf_pos {
	uint32_t line, column;
};

struct conf_node {
	struct view name;	/* empty only in the root */
	struct view value;	/* empty when there is none */
	struct conf_pos name_at, value_at;
	bool is_group;		/* has { }, maybe with nothing in it */
	struct conf_node *parent;	/* NULL in the root */
	struct conf_node *child;	/* first one, or NULL */
	struct conf_node *next;		/* next in the same group, or NULL */
};

struct conf_error {
	struct conf_pos at;
	char text[CONF_ERROR_MAX + 1];	/* "expected ...", printable ASCII */
};

/* How many nodes any text of this length can need: a size for the array. */
size_t		conf_nodes_max(size_t text_len);

/*
 * Builds the tree; nodes[0] is its root, whose children are the statements.
 * ERR_FORMAT, or ERR_TOO_LONG for what exceeds a maximum above or the array,
 * with place and text in *error; the nodes then mean nothing.
 */
enum err	conf_parse(struct conf_node *nodes, size_t cap,
		    struct view text, struct conf_error *error) MUST_USE;

/*
 * The first node in the file whose path below `from` is this one, names with
 * dots between them ("ifdhandler.program"), or NULL.
 */
const struct conf_node	*conf_find(const struct conf_node *from,
			    const char *path);

/*
 * The nodes of one name in one group: the first when `after` is NULL, then the
 * next after it, then NULL. A NULL name means any.
 */
const struct conf_node	*conf_next(const struct conf_node *group,
			    const struct conf_node *after, const char *name);

/* Is the word exactly this one? */
bool		conf_is(struct view word, const char *text);

/*
 * The value of a node. ERR_ARG when there is none or it is not of that kind:
 * a number is decimal, 0x hexadecimal or 0 octal and fits 32 bits; a switch is
 * 0, off, no, 1, on or yes. *out is left alone on errors.
 */
enum err	conf_number(const struct conf_node *, uint32_t *out) MUST_USE;
enum err	conf_switch(const struct conf_node *, bool *out) MUST_USE;

/* "'WORD'", cut to CONF_QUOTE_MAX, without what could disturb a terminal. */
void		conf_quote(char *dst, size_t cap, struct view word);

/*
 * A word as a C string; it never holds a NUL. ERR_BUFFER when cap is too small,
 * which CONF_WORD_MAX + 1 never is.
 */
enum err	conf_string(struct view word, char *dst, size_t cap) MUST_USE;

#endif
