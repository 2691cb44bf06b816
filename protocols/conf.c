/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/conf.h"

#include <stdio.h>

enum { QUOTE_MAX = CONF_QUOTE_MAX - 5 };	/* bytes of a word that are shown */

enum token_kind {
	TOKEN_WORD,
	TOKEN_END,		/* of the text */
	/* the single characters stand for themselves */
	TOKEN_EQUALS = '=',
	TOKEN_OPEN = '{',
	TOKEN_CLOSE = '}',
	TOKEN_SEMICOLON = ';',
	TOKEN_COMMA = ',',
};

struct parser {
	struct rd in;
	struct conf_pos at;		/* of the next byte */
	/* the token that is looked at */
	enum token_kind kind;
	struct view word;
	struct conf_pos token_at;
	struct conf_pos last_end;	/* just after the token before it */
	/* the tree */
	struct conf_node *nodes;
	size_t n, cap;
	struct conf_node *group;	/* the innermost that is open */
	struct conf_node **link;	/* where the next node of it goes */
	unsigned depth;
	struct conf_error *error;
};

size_t
conf_nodes_max(size_t text_len)
{
	/* the root, and a node for each name and the byte after it */
	return 1 + text_len / 2 + text_len % 2;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_single(uint8_t c)
{
	return c == '=' || c == '{' || c == '}' || c == ';' || c == ',';
}

static bool
is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

void
conf_quote(char *dst, size_t cap, struct view word)
{
	struct view v = view_first(word, QUOTE_MAX);
	char clean[QUOTE_MAX + 1];

	for (size_t i = 0; i < v.n; i++)
		clean[i] = v.p[i] >= 0x20 && v.p[i] < 0x7f ? (char)v.p[i] : '?';
	clean[v.n] = '\0';
	snprintf(dst, cap, "'%s%s'", clean, v.n < word.n ? "..." : "");
}

static void
describe_token(char *dst, size_t cap, const struct parser *p)
{
	if (p->kind == TOKEN_END)
		snprintf(dst, cap, "the end of the file");
	else if (p->kind == TOKEN_WORD)
		conf_quote(dst, cap, p->word);
	else
		snprintf(dst, cap, "'%c'", (char)p->kind);
}

/* Sets the error "expected WHAT, found" the token that is looked at. */
static enum err
expected(struct parser *p, struct conf_pos at, const char *what)
{
	char found[QUOTE_MAX + 8];

	describe_token(found, sizeof(found), p);
	p->error->at = at;
	snprintf(p->error->text, sizeof(p->error->text),
	    "expected %s, found %s", what, found);
	return ERR_FORMAT;
}

static uint8_t
peek(const struct parser *p)
{
	return p->in.in.n != 0 ? p->in.in.p[0] : '\0';
}

static void
advance(struct parser *p)
{
	if (rd_u8(&p->in) != '\n') {
		p->at.column++;
		return;
	}
	p->at.line++;
	p->at.column = 1;
}

static void
skip_blanks(struct parser *p)
{
	bool in_comment = false;

	while (p->in.in.n != 0) {
		if (peek(p) == '\n')
			in_comment = false;
		else if (peek(p) == '#')
			in_comment = true;
		else if (!in_comment && !is_space(peek(p)))
			return;
		advance(p);
	}
}

static enum err
lex_word(struct parser *p)
{
	struct view start = p->in.in;

	while (p->in.in.n != 0 && !is_space(peek(p)) && !is_single(peek(p))) {
		if (is_control(peek(p))) {
			p->error->at = p->at;
			snprintf(p->error->text, sizeof(p->error->text),
			    "expected text, found a byte %02x", peek(p));
			return ERR_FORMAT;
		}
		advance(p);
	}
	p->kind = TOKEN_WORD;
	p->word = view_first(start, start.n - p->in.in.n);
	if (p->word.n <= CONF_WORD_MAX)
		return ERR_OK;
	p->error->at = p->token_at;
	snprintf(p->error->text, sizeof(p->error->text),
	    "expected a word of at most %d bytes, found %zu", CONF_WORD_MAX,
	    p->word.n);
	return ERR_TOO_LONG;
}

/* Looks at the next token. */
static enum err
next_token(struct parser *p)
{
	p->last_end = p->at;
	skip_blanks(p);
	p->token_at = p->at;
	if (p->in.in.n == 0) {
		p->kind = TOKEN_END;
		return ERR_OK;
	}
	if (!is_single(peek(p)))
		return lex_word(p);
	p->kind = (enum token_kind)peek(p);
	advance(p);
	return ERR_OK;
}

/* The ';' or ',' that ends what stands before it. */
static enum err
terminator(struct parser *p, struct view before)
{
	char quoted[QUOTE_MAX + 8], what[QUOTE_MAX + 32];

	if (p->kind == TOKEN_SEMICOLON || p->kind == TOKEN_COMMA)
		return next_token(p);
	conf_quote(quoted, sizeof(quoted), before);
	snprintf(what, sizeof(what), "';' or ',' after %s", quoted);
	return expected(p, p->last_end, what);
}

static struct conf_node *
add_node(struct parser *p)
{
	struct conf_node *node;

	if (p->n == p->cap)
		return NULL;
	node = &p->nodes[p->n++];
	*node = (struct conf_node){ .name = p->word, .name_at = p->token_at,
		.parent = p->group };
	*p->link = node;
	p->link = &node->next;
	return node;
}

static enum err
open_group(struct parser *p, struct conf_node *node)
{
	if (p->depth == CONF_DEPTH_MAX) {
		p->error->at = p->token_at;
		snprintf(p->error->text, sizeof(p->error->text),
		    "expected at most %d groups in one another",
		    CONF_DEPTH_MAX);
		return ERR_TOO_LONG;
	}
	p->depth++;
	node->is_group = true;
	p->group = node;
	p->link = &node->child;
	return next_token(p);
}

static enum err
close_group(struct parser *p)
{
	struct conf_node *node = p->group;
	enum err e = next_token(p);

	p->depth--;
	p->group = node->parent;
	p->link = &node->next;
	if (e != ERR_OK)
		return e;
	return terminator(p, (struct view){ (const uint8_t *)"}", 1 });
}

/* What may follow "name" or "name =": a value, a group, or nothing. */
static enum err
statement_tail(struct parser *p, struct conf_node *node, bool has_equals)
{
	enum err e;

	if (p->kind == TOKEN_WORD) {
		node->value = p->word;
		node->value_at = p->token_at;
		e = next_token(p);
		if (e != ERR_OK)
			return e;
		if (has_equals || p->kind != TOKEN_OPEN)
			return terminator(p, node->value);
	}
	if (p->kind == TOKEN_OPEN)
		return open_group(p, node);
	if (has_equals)
		return expected(p, p->token_at, "a value or '{' after '='");
	return terminator(p, node->name);
}

static enum err
no_room(struct parser *p)
{
	p->error->at = p->token_at;
	snprintf(p->error->text, sizeof(p->error->text),
	    "expected at most %zu names", p->cap - 1);
	return ERR_TOO_LONG;
}

static enum err
no_name(struct parser *p)
{
	char open[QUOTE_MAX + 8], what[QUOTE_MAX + 64];

	if (p->group->parent == NULL)
		return expected(p, p->token_at, "a name");
	if (p->kind != TOKEN_END)
		return expected(p, p->token_at, "a name or '}'");
	conf_quote(open, sizeof(open), p->group->name);
	snprintf(what, sizeof(what), "'}' for %s of line %u", open,
	    (unsigned)p->group->name_at.line);
	return expected(p, p->token_at, what);
}

static enum err
statement(struct parser *p)
{
	struct conf_node *node;
	bool has_equals;
	enum err e;

	if (p->kind == TOKEN_CLOSE && p->group->parent != NULL)
		return close_group(p);
	if (p->kind != TOKEN_WORD)
		return no_name(p);
	node = add_node(p);
	if (node == NULL)
		return no_room(p);
	e = next_token(p);
	if (e != ERR_OK)
		return e;
	has_equals = p->kind == TOKEN_EQUALS;
	if (has_equals) {
		e = next_token(p);
		if (e != ERR_OK)
			return e;
	}
	return statement_tail(p, node, has_equals);
}

enum err
conf_parse(struct conf_node *nodes, size_t cap, struct view text,
    struct conf_error *error)
{
	struct parser p = { .in.in = text, .at = { 1, 1 }, .nodes = nodes,
		.n = 1, .cap = cap, .error = error };
	enum err e;

	*error = (struct conf_error){ .at = { 1, 1 } };
	if (cap == 0 || text.n > CONF_TEXT_MAX) {
		snprintf(error->text, sizeof(error->text),
		    "expected at most %d bytes", CONF_TEXT_MAX);
		return ERR_TOO_LONG;
	}
	nodes[0] = (struct conf_node){ .name_at = { 1, 1 }, .is_group = true };
	p.group = &nodes[0];
	p.link = &nodes[0].child;
	e = next_token(&p);
	while (e == ERR_OK && (p.kind != TOKEN_END || p.depth != 0))
		e = statement(&p);
	return e;
}

bool
conf_is(struct view word, const char *text)
{
	return view_eq(word,
	    (struct view){ (const uint8_t *)text, strlen(text) });
}

const struct conf_node *
conf_next(const struct conf_node *group, const struct conf_node *after,
    const char *name)
{
	const struct conf_node *n = after == NULL ? group->child : after->next;

	while (n != NULL && name != NULL && !conf_is(n->name, name))
		n = n->next;
	return n;
}

const struct conf_node *
conf_find(const struct conf_node *from, const char *path)
{
	size_t len = strcspn(path, ".");
	struct view first = { (const uint8_t *)path, len };

	for (const struct conf_node *n = from->child; n != NULL; n = n->next) {
		const struct conf_node *found = n;

		if (!view_eq(n->name, first))
			continue;
		if (path[len] == '.')
			found = conf_find(n, path + len + 1);
		if (found != NULL)
			return found;
	}
	return NULL;
}

static unsigned
digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A' + 10);
	return 16;
}

enum err
conf_number(const struct conf_node *node, uint32_t *out)
{
	struct view v = node->value;
	uint64_t x = 0;
	unsigned base = 10;

	if (v.n > 1 && v.p[0] == '0') {
		base = v.p[1] == 'x' || v.p[1] == 'X' ? 16 : 8;
		v = view_skip(v, base == 16 ? 2 : 1);
	}
	if (v.n == 0)
		return ERR_ARG;
	for (size_t i = 0; i < v.n; i++) {
		unsigned digit = digit_value(v.p[i]);

		x = x * base + digit;
		if (digit >= base || x > UINT32_MAX)
			return ERR_ARG;
	}
	*out = (uint32_t)x;
	return ERR_OK;
}

enum err
conf_switch(const struct conf_node *node, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "0", false }, { "off", false }, { "no", false },
		{ "1", true }, { "on", true }, { "yes", true },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (conf_is(node->value, words[i].word)) {
			*out = words[i].value;
			return ERR_OK;
		}
	}
	return ERR_ARG;
}

enum err
conf_string(struct view word, char *dst, size_t cap)
{
	if (word.n >= cap)
		return ERR_BUFFER;
	if (word.n != 0)
		memcpy(dst, word.p, word.n);
	dst[word.n] = '\0';
	return ERR_OK;
}
