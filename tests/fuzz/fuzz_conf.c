/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "protocols/conf.h"
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
	} else {
		FUZZ_ASSERT(strncmp(error.text, "expected ", 9) == 0);
		FUZZ_ASSERT(strlen(error.text) < CONF_ERROR_MAX);
		FUZZ_ASSERT(error.at.line >= 1 && error.at.column >= 1);
		FUZZ_ASSERT(error.at.line <= n + 1);
	}
	free(nodes);
	return 0;
}
