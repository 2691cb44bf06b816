/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/fault.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	enum fault_kind kind;
	uint32_t value;
} kinds[] = {
#define X(name, word, value) { word, FAULT_##name, value },
	FAULT_LIST(X)
#undef X
};

static const struct {
	const char *word;
	enum fault_class class;
} classes[] = {
	{ "class=good", FAULT_CLASS_GOOD },
	{ "class=short", FAULT_CLASS_SHORT },
	{ "class=long", FAULT_CLASS_LONG },
	{ "class=nonsense", FAULT_CLASS_NONSENSE },
	{ "class=none", FAULT_CLASS_NONE },
};

static bool
number(const char **p, uint32_t *x)
{
	char *end;
	unsigned long v;

	if (**p < '0' || **p > '9')
		return false;
	v = strtoul(*p, &end, 10);
	*p = end;
	*x = (uint32_t)v;
	return v <= UINT32_MAX;
}

/* "@N", "@xN", "@cN", "@tN", "@*", "@x*", "@c*" */
static bool
parse_when(const char **p, struct fault_rule *r)
{
	static const struct {
		char letter;
		enum fault_on on;
	} counts[] = {
		{ 'x', FAULT_ON_XFR },
		{ 'c', FAULT_ON_CONTROL },
		{ 't', FAULT_ON_TRANSFER },
	};

	if (**p != '@')
		return true;
	++*p;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (r->on != FAULT_ON_ANSWER || **p != counts[i].letter)
			continue;
		r->on = counts[i].on;
		++*p;
	}
	if (**p == '*') {
		++*p;
		r->at = 0;
		return true;
	}
	return number(p, &r->at) && r->at != 0;
}

/* What can go wrong with what is counted. */
static bool
is_possible(const struct fault_rule *r)
{
	static const uint32_t of_control = 1u << FAULT_STALL |
	    1u << FAULT_SHORT | 1u << FAULT_EMPTY | 1u << FAULT_BABBLE |
	    1u << FAULT_LATE | 1u << FAULT_HANG | 1u << FAULT_LOST |
	    1u << FAULT_UNPLUG;

	if (r->on == FAULT_ON_CONTROL)
		return (of_control & 1u << r->kind) != 0;
	return r->on != FAULT_ON_TRANSFER || r->kind == FAULT_UNPLUG;
}

static bool
parse_rule(struct fault_rule *r, const char *word)
{
	size_t n = strcspn(word, "@:");
	const char *p = word + n;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].word) != n ||
		    strncmp(kinds[i].word, word, n) != 0)
			continue;
		*r = (struct fault_rule){
			.kind = kinds[i].kind,
			.on = kinds[i].kind >= FAULT_CARD_EDC ?
			    FAULT_ON_BLOCK : FAULT_ON_ANSWER,
			.at = 1,
			.value = kinds[i].value,
		};
		if (!parse_when(&p, r))
			return false;
		if (*p == ':') {
			p++;
			if (!number(&p, &r->value))
				return false;
		}
		return *p == 0 && is_possible(r);
	}
	return false;
}

static bool
parse_word(struct fault_plan *plan, const char *word)
{
	const char *p = word + strlen("seed=");

	if (strcmp(word, "none") == 0)
		return true;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strcmp(classes[i].word, word) != 0)
			continue;
		plan->class = classes[i].class;
		return true;
	}
	if (strncmp(word, "seed=", strlen("seed=")) == 0)
		return number(&p, &plan->seed) && *p == 0 && plan->seed != 0;
	if (plan->n == FAULT_RULES_MAX)
		return false;
	return parse_rule(&plan->rule[plan->n++], word);
}

bool
fault_parse(struct fault_plan *plan, const char *script)
{
	struct fault_plan p = { .n = 0 };
	char *copy = strdup(script), *rest = copy, *word;
	bool ok = copy != NULL;

	while (ok && (word = strsep(&rest, "+")) != NULL)
		ok = parse_word(&p, word);
	free(copy);
	if (ok)
		*plan = p;
	return ok;
}

/* Marsaglia's xorshift: the same numbers everywhere. */
static uint32_t
random_next(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

/* What a seed may choose: nothing that ends the device for good. What has no
   meaning for a control transfer does nothing to it. */
static struct fault
random_fault(struct fault_plan *plan)
{
	static const enum fault_kind some[] = {
		FAULT_STALL, FAULT_SHORT, FAULT_EMPTY, FAULT_SEQ, FAULT_SLOT,
		FAULT_LENGTH, FAULT_TYPE, FAULT_TWICE, FAULT_LATE, FAULT_LOST,
	};
	uint32_t x = random_next(&plan->seed);

	if (x % 8 != 0)
		return (struct fault){ FAULT_NONE, 0 };
	x = random_next(&plan->seed);
	return (struct fault){ some[x % (sizeof(some) / sizeof(some[0]))],
	    x >> 8 & 0x7f };
}

struct fault
fault_next(struct fault_plan *plan, enum fault_on on)
{
	uint32_t n = ++plan->counted[on];

	for (size_t i = 0; i < plan->n; i++) {
		const struct fault_rule *r = &plan->rule[i];

		if (r->on == on && (r->at == n || r->at == 0))
			return (struct fault){ r->kind, r->value };
	}
	if (plan->seed != 0 && on == plan->seeded)
		return random_fault(plan);
	return (struct fault){ FAULT_NONE, 0 };
}
