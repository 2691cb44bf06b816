/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/conf.h"
#include "protocols/settings.h"
#include "tests/fuzz/fuzz.h"

/* Each node once, in its group, its words and places inside the text. */
static size_t
walk(const struct conf_node *group, struct view text, unsigned depth)
{
	const struct conf_node *n = NULL;
	size_t count = 0;

	FUZZ_ASSERT(depth <= CONF_DEPTH_MAX);
	while ((n = conf_next(group, n, NULL)) != NULL) {
		FUZZ_ASSERT(n->parent == group && n->name_at.line >= 1);
		FUZZ_ASSERT(n->name.n >= 1 && n->name.n <= CONF_WORD_MAX);
		FUZZ_ASSERT(n->value.n <= CONF_WORD_MAX);
		FUZZ_ASSERT(n->name.p >= text.p &&
		    n->name.p + n->name.n < text.p + text.n);
		FUZZ_ASSERT(n->is_group || n->child == NULL);
		count += 1 + walk(n, text, depth + 1);
	}
	return count;
}

/* A file as settings_show writes it. */
struct shown {
	char *text;
	size_t n;
};

static void
add_line(void *arg, const char *line)
{
	struct shown *f = arg;
	size_t n = strlen(line);

	FUZZ_ASSERT(n < SETTINGS_LINE_MAX);
	f->text = realloc(f->text, f->n + n + 1);
	if (f->text == NULL)
		abort();
	memcpy(f->text + f->n, line, n);
	f->text[f->n + n] = '\n';
	f->n += n + 1;
}

static void
on_problem(void *arg, const struct settings_problem *p)
{
	FUZZ_ASSERT(p->at.line >= 1 && p->at.column >= 1);
	FUZZ_ASSERT(p->text[0] != '\0');
	(*(unsigned *)arg)++;
}

/* What is shown is a file without errors, which shows itself. */
static void
show(const struct settings *s, unsigned depth)
{
	struct shown f = { NULL, 0 };
	struct conf_node *nodes;
	struct conf_error error;
	struct settings again;
	unsigned told = 0;

	settings_show(s, add_line, &f);
	nodes = calloc(conf_nodes_max(f.n), sizeof(*nodes));
	if (nodes == NULL)
		abort();
	FUZZ_ASSERT(conf_parse(nodes, conf_nodes_max(f.n),
	    (struct view){ (const uint8_t *)f.text, f.n }, &error) == ERR_OK);
	settings_read(&again, nodes, on_problem, &told);
	FUZZ_ASSERT(again.errors == 0);
	FUZZ_ASSERT(s->has_access == again.has_access);
	FUZZ_ASSERT(s->lock_ms == again.lock_ms);
	if (depth == 0)
		show(&again, 1);
	free(nodes);
	free(f.text);
}

static void
explained(void *arg, const char *line)
{
	(void)arg;
	FUZZ_ASSERT(line[0] != '\0');
}

static void
read_settings(const struct conf_node *root)
{
	struct settings s;
	unsigned told = 0;

	settings_read(&s, root, on_problem, &told);
	FUZZ_ASSERT(s.errors <= told);
	settings_explain(&s, explained, NULL);
	show(&s, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct view text = { data, n };
	size_t cap = conf_nodes_max(n);
	struct conf_node *nodes = calloc(cap, sizeof(*nodes));
	struct conf_error error;
	uint32_t number;
	bool on;
	enum err e;

	if (nodes == NULL)
		abort();
	e = conf_parse(nodes, cap, text, &error);
	if (e == ERR_OK) {
		FUZZ_ASSERT(walk(&nodes[0], text, 0) < cap);
		for (size_t i = 1; i < cap && nodes[i].name.n != 0; i++) {
			e = conf_number(&nodes[i], &number);
			e = conf_switch(&nodes[i], &on);
		}
		read_settings(&nodes[0]);
	} else {
		FUZZ_ASSERT(strncmp(error.text, "expected ", 9) == 0);
		FUZZ_ASSERT(strlen(error.text) < CONF_ERROR_MAX);
		FUZZ_ASSERT(error.at.line >= 1 && error.at.column >= 1);
		FUZZ_ASSERT(error.at.line <= n + 1);
	}
	free(nodes);
	return 0;
}
