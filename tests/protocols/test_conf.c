/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <stdio.h>

#include "protocols/conf.h"

enum { NODES_MAX = 256 };

static struct conf_node nodes[NODES_MAX];
static struct conf_error error;

static enum err
parse(const char *text)
{
	struct view v = { (const uint8_t *)text, strlen(text) };

	return conf_parse(nodes, NODES_MAX, v, &error);
}

static void
add(char **at, const char *end, const char *s, size_t n)
{
	ck_assert_uint_lt(n, (size_t)(end - *at));
	memcpy(*at, s, n);
	*at += n;
	**at = '\0';
}

/* The tree in one line: name=value for each node, groups in brackets. */
static void
draw(char **at, const char *end, const struct conf_node *group)
{
	const struct conf_node *n = NULL;

	while ((n = conf_next(group, n, NULL)) != NULL) {
		if (n != group->child)
			add(at, end, " ", 1);
		ck_assert_ptr_eq(n->parent, group);
		add(at, end, (const char *)n->name.p, n->name.n);
		if (n->value.n != 0) {
			add(at, end, "=", 1);
			add(at, end, (const char *)n->value.p, n->value.n);
		}
		if (!n->is_group)
			continue;
		add(at, end, "[", 1);
		draw(at, end, n);
		add(at, end, "]", 1);
	}
}

static const struct {
	const char *text, *tree;
} good[] = {
	/* every form of a statement */
	{ "debug = 0;", "debug=0" },
	{ "debug 0;", "debug=0" },
	{ "debug;", "debug" },
	{ "driver ccid { ids = { a, }; };", "driver=ccid[ids[a]]" },
	{ "ifdhandler { program = /x; };", "ifdhandler[program=/x]" },
	{ "ids = { a, b, };", "ids[a b]" },
	{ "ids { a, b, };", "ids[a b]" },
	{ "a = 1, b = 2,", "a=1 b=2" },
	{ "x { };", "x[]" },
	{ "x y { };", "x=y[]" },
	{ "x = { },", "x[]" },
	/* nothing */
	{ "", "" },
	{ " \t\r\n\v\f", "" },
	{ "# only this", "" },
	{ "#", "" },
	/* without any blanks, and with too many */
	{ "a=b;c{d=e;f{g,};};", "a=b c[d=e f[g]]" },
	{ "a\n\n=\n\tb\r\n;", "a=b" },
	/* bare values, nested groups, groups after values */
	{ "a { b { c { d { e = f; }; }; }; g; };",
	    "a[b[c[d[e=f]]] g]" },
	{ "l = { a = b, c d, e, };", "l[a=b c=d e]" },
	/* '#' is a comment only where a word could start */
	{ "a = b#c;", "a=b#c" },
	{ "a#b = c;", "a#b=c" },
	{ "a =#b\nc;", "a=c" },
	{ "a #b;\n= c;", "a=c" },
	{ "a = b;#c # d = e;", "a=b" },
	{ "a { # x }\n};#", "a[]" },
	/* no quotes, no escapes, colons are plain */
	{ "a = \"b\";", "a=\"b\"" },
	{ "a = 'b\\;", "a='b\\" },
	{ "device = usbip:[::1]:3240/1-1;", "device=usbip:[::1]:3240/1-1" },
	{ "name = \xc3\xa9tage;", "name=\xc3\xa9tage" },
	/* the bugs of OpenCT's parser */
	{ "a = b;\n# a comment as the last line, without a newline", "a=b" },
};

START_TEST(text_becomes_a_tree)
{
	char tree[512] = "", *at = tree;

	ck_assert_int_eq(parse(good[_i].text), ERR_OK);
	draw(&at, tree + sizeof(tree), &nodes[0]);
	ck_assert_str_eq(tree, good[_i].tree);
}
END_TEST

static const struct {
	const char *text, *error;
} bad[] = {
	/* a terminator is missed where it should stand */
	{ "debug = 1", "1:10: expected ';' or ',' after '1', "
	    "found the end of the file" },
	{ "debug = 1\n\nuser root;", "1:10: expected ';' or ',' after '1', "
	    "found 'user'" },
	{ "a 1\nb 2;", "1:4: expected ';' or ',' after '1', found 'b'" },
	{ "a = b = c;", "1:6: expected ';' or ',' after 'b', found '='" },
	{ "a b = c;", "1:4: expected ';' or ',' after 'b', found '='" },
	{ "a = b { c; };", "1:6: expected ';' or ',' after 'b', found '{'" },
	{ "a", "1:2: expected ';' or ',' after 'a', "
	    "found the end of the file" },
	{ "ids = { a, b };", "1:13: expected ';' or ',' after 'b', found '}'" },
	{ "ids = {\n\ta,\n\tb\n};",
	    "3:3: expected ';' or ',' after 'b', found '}'" },
	{ "a { b; }", "1:9: expected ';' or ',' after '}', "
	    "found the end of the file" },
	{ "a { b; }\nc;", "1:9: expected ';' or ',' after '}', found 'c'" },
	{ "a { b { } };", "1:10: expected ';' or ',' after '}', found '}'" },
	{ "a = b # ;", "1:6: expected ';' or ',' after 'b', "
	    "found the end of the file" },
	/* a name or a value is missed where something else stands */
	{ "= b;", "1:1: expected a name, found '='" },
	{ "a = b;;", "1:7: expected a name, found ';'" },
	{ ",", "1:1: expected a name, found ','" },
	{ "{ a; };", "1:1: expected a name, found '{'" },
	{ "a;\n  };", "2:3: expected a name, found '}'" },
	{ "a { ; };", "1:5: expected a name or '}', found ';'" },
	{ "a { { b; }; };", "1:5: expected a name or '}', found '{'" },
	{ "a = ;", "1:5: expected a value or '{' after '=', found ';'" },
	{ "a = };", "1:5: expected a value or '{' after '=', found '}'" },
	{ "a =\n", "2:1: expected a value or '{' after '=', "
	    "found the end of the file" },
	{ "a = = b;", "1:5: expected a value or '{' after '=', found '='" },
	/* a group stays open */
	{ "\nreader x {\n\ta;\n", "4:1: expected '}' for 'reader' of line 2, "
	    "found the end of the file" },
	{ "a { b {", "1:8: expected '}' for 'b' of line 1, "
	    "found the end of the file" },
	/* bytes that are no text */
	{ "a = \x01;", "1:5: expected text, found a byte 01" },
	{ "a = b\x7f;", "1:6: expected text, found a byte 7f" },
	/* long and odd words are shown cut and clean */
	{ "a = 0123456789012345678901234567890123456789",
	    "1:45: expected ';' or ',' after "
	    "'01234567890123456789012345678901...', "
	    "found the end of the file" },
	{ "a = \xe9", "1:6: expected ';' or ',' after '?', "
	    "found the end of the file" },
};

START_TEST(errors_say_where_and_what)
{
	char got[CONF_ERROR_MAX + 32];

	ck_assert_int_eq(parse(bad[_i].text), ERR_FORMAT);
	snprintf(got, sizeof(got), "%u:%u: %s", (unsigned)error.at.line,
	    (unsigned)error.at.column, error.text);
	ck_assert_str_eq(got, bad[_i].error);
}
END_TEST

/* All that OpenCT's own sample uses, and every key that is read. */
static const char sample[] =
    "# Configuration\n"
    "debug = 0;\n"
    "hotplug = yes;\n"
    "\n"
    "ifdhandler {\n"
    "\tprogram = /usr/sbin/ifdhandler;\n"
    "\tforce_poll = 1;\n"
    "\t# user = openctd;\n"
    "\tgroups = {\n"
    "\t\tusb,\n"
    "\t};\n"
    "};\n"
    "\n"
    "ifdproxy {\n"
    "\tserver-port = :6666;\n"
    "\tdevice-port = /var/run/proxy,\n"
    "};\n"
    "\n"
    "driver ccid {\n"
    "\tids = {\n"
    "\t\tusb:046a/002d,\n"
    "\t\tusb:04e6/e003, # SPR 532\n"
    "\t};\n"
    "};\n"
    "driver\tetoken {\n"
    "\tids = { usb:0529/050c, usb:0529/0514, };\n"
    "};\n"
    "#reader towitoko {\n"
    "#\tdriver = towitoko;\n"
    "#};\n"
    "reader far {\n"
    "\tdriver = ccid;\n"
    "\tdevice = usbip:host:3240/1-1;\n"
    "};";

START_TEST(sample_is_read_whole)
{
	const struct conf_node *root = &nodes[0], *n;
	uint32_t number = 7;
	bool on = false;
	char s[CONF_WORD_MAX + 1];

	ck_assert_int_eq(parse(sample), ERR_OK);
	n = conf_find(root, "debug");
	ck_assert_int_eq(conf_number(n, &number), ERR_OK);
	ck_assert_uint_eq(number, 0);
	ck_assert_int_eq(conf_switch(conf_find(root, "hotplug"), &on), ERR_OK);
	ck_assert(on);
	n = conf_find(root, "ifdhandler.program");
	ck_assert_int_eq(conf_string(n->value, s, sizeof(s)), ERR_OK);
	ck_assert_str_eq(s, "/usr/sbin/ifdhandler");
	ck_assert_uint_eq(n->name_at.line, 6);
	ck_assert_uint_eq(n->name_at.column, 2);
	ck_assert_uint_eq(n->value_at.column, 12);
	ck_assert_ptr_null(conf_find(root, "ifdhandler.user"));
	ck_assert(conf_is(conf_find(root, "ifdhandler.groups")->child->name,
	    "usb"));
	ck_assert(conf_is(conf_find(root, "ifdproxy.server-port")->value,
	    ":6666"));
	ck_assert(conf_is(conf_find(root, "reader.device")->value,
	    "usbip:host:3240/1-1"));

	n = conf_next(root, NULL, "driver");
	ck_assert(conf_is(n->value, "ccid"));
	ck_assert(conf_is(conf_find(n, "ids")->child->next->name,
	    "usb:04e6/e003"));
	n = conf_next(root, n, "driver");
	ck_assert(conf_is(n->value, "etoken"));
	ck_assert_uint_eq(n->name_at.line, 25);
	ck_assert_ptr_null(conf_next(root, n, "driver"));
}
END_TEST

START_TEST(first_match_of_a_path_wins)
{
	ck_assert_int_eq(parse("a { x = 1; }; a { x = 2; y = 3; }; b = 4;"
	    "b { c.d = 5; };"), ERR_OK);
	ck_assert(conf_is(conf_find(nodes, "a.x")->value, "1"));
	ck_assert(conf_is(conf_find(nodes, "a.y")->value, "3"));
	ck_assert(conf_is(conf_find(nodes, "b")->value, "4"));
	ck_assert_ptr_null(conf_find(nodes, "a.x.y"));
	ck_assert_ptr_null(conf_find(nodes, "b.c.d"));
	ck_assert_ptr_null(conf_find(nodes, "c"));
	ck_assert_ptr_null(conf_find(nodes, ""));
	ck_assert_ptr_null(conf_find(nodes, "."));
	ck_assert_ptr_null(conf_find(nodes, "a."));
}
END_TEST

static const struct {
	const char *value;
	enum err err;
	uint32_t number;
} numbers[] = {
	{ "0", ERR_OK, 0 },
	{ "10", ERR_OK, 10 },
	{ "0x1F", ERR_OK, 31 },
	{ "0Xff", ERR_OK, 255 },
	{ "010", ERR_OK, 8 },
	{ "00", ERR_OK, 0 },
	{ "4294967295", ERR_OK, UINT32_MAX },
	{ "0xffffffff", ERR_OK, UINT32_MAX },
	{ "4294967296", ERR_ARG, 0 },
	{ "18446744073709551616", ERR_ARG, 0 },
	{ "0x", ERR_ARG, 0 },
	{ "08", ERR_ARG, 0 },
	{ "1a", ERR_ARG, 0 },
	{ "0xg", ERR_ARG, 0 },
	{ "-1", ERR_ARG, 0 },
	{ "+1", ERR_ARG, 0 },
	{ "yes", ERR_ARG, 0 },
	{ "", ERR_ARG, 0 },
};

START_TEST(numbers_are_read_in_three_bases)
{
	char text[64];
	uint32_t x = 4711;

	snprintf(text, sizeof(text), "a %s;", numbers[_i].value);
	ck_assert_int_eq(parse(text), ERR_OK);
	ck_assert_int_eq(conf_number(nodes[0].child, &x), numbers[_i].err);
	ck_assert_uint_eq(x, numbers[_i].err == ERR_OK ? numbers[_i].number :
	    4711);
}
END_TEST

static const struct {
	const char *value;
	enum err err;
	bool on;
} switches[] = {
	{ "0", ERR_OK, false },
	{ "off", ERR_OK, false },
	{ "no", ERR_OK, false },
	{ "1", ERR_OK, true },
	{ "on", ERR_OK, true },
	{ "yes", ERR_OK, true },
	{ "true", ERR_ARG, false },
	{ "YES", ERR_ARG, false },
	{ "2", ERR_ARG, false },
	{ "00", ERR_ARG, false },
	{ "", ERR_ARG, false },
};

START_TEST(switches_have_six_words)
{
	char text[64];
	bool on = !switches[_i].on, was = on;

	snprintf(text, sizeof(text), "a %s;", switches[_i].value);
	ck_assert_int_eq(parse(text), ERR_OK);
	ck_assert_int_eq(conf_switch(nodes[0].child, &on), switches[_i].err);
	ck_assert_int_eq(on, switches[_i].err == ERR_OK ? switches[_i].on :
	    was);
}
END_TEST

/* OpenCT failed when blanks before '=' ended where its buffer of 512 did. */
START_TEST(no_512_byte_boundary_matters)
{
	static char text[1200];

	for (size_t blanks = 1; blanks < 1100; blanks++) {
		int n = snprintf(text, sizeof(text), "a%*s= b;", (int)blanks,
		    "");

		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(parse(text), ERR_OK);
		ck_assert(conf_is(nodes[0].child->value, "b"));
		ck_assert_uint_eq(nodes[0].child->value_at.column, blanks + 4);
	}
}
END_TEST

START_TEST(word_of_511_bytes_is_the_longest)
{
	char text[600], s[CONF_WORD_MAX + 1];

	snprintf(text, sizeof(text), "a = %0511d;", 0);
	ck_assert_int_eq(parse(text), ERR_OK);
	ck_assert_uint_eq(nodes[0].child->value.n, 511);
	ck_assert_int_eq(conf_string(nodes[0].child->value, s, sizeof(s)),
	    ERR_OK);
	ck_assert_int_eq(conf_string(nodes[0].child->value, s, 511),
	    ERR_BUFFER);
	snprintf(text, sizeof(text), "a = %0512d;", 0);
	ck_assert_int_eq(parse(text), ERR_TOO_LONG);
	ck_assert_uint_eq(error.at.column, 5);
	ck_assert_str_eq(error.text,
	    "expected a word of at most 511 bytes, found 512");
}
END_TEST

START_TEST(maxima_are_errors)
{
	char text[4 * CONF_DEPTH_MAX + 1] = "";
	static const uint8_t big[CONF_TEXT_MAX + 1];

	for (unsigned i = 0; i < CONF_DEPTH_MAX; i++)
		strcat(text, "a{");
	for (unsigned i = 0; i < CONF_DEPTH_MAX; i++)
		strcat(text, "};");
	ck_assert_int_eq(parse(text), ERR_OK);
	text[2 * CONF_DEPTH_MAX] = 'a';
	text[2 * CONF_DEPTH_MAX + 1] = '{';
	text[2 * CONF_DEPTH_MAX + 2] = '\0';
	ck_assert_int_eq(parse(text), ERR_TOO_LONG);
	ck_assert_str_eq(error.text,
	    "expected at most 32 groups in one another");
	ck_assert_uint_eq(error.at.column, 2 * CONF_DEPTH_MAX + 2);

	ck_assert_int_eq(conf_parse(nodes, 3, B("a; b;"), &error), ERR_OK);
	ck_assert_int_eq(conf_parse(nodes, 3, B("a; b; c;"), &error),
	    ERR_TOO_LONG);
	ck_assert_str_eq(error.text, "expected at most 2 names");
	ck_assert_uint_eq(error.at.column, 7);
	ck_assert_int_eq(conf_parse(nodes, 0, B(""), &error), ERR_TOO_LONG);
	ck_assert_int_eq(conf_parse(nodes, NODES_MAX,
	    (struct view){ big, sizeof(big) }, &error), ERR_TOO_LONG);
}
END_TEST

START_TEST(nul_is_refused)
{
	ck_assert_int_eq(conf_parse(nodes, NODES_MAX, B("a = b\0c;"), &error),
	    ERR_FORMAT);
	ck_assert_uint_eq(error.at.column, 6);
	ck_assert_str_eq(error.text, "expected text, found a byte 00");
}
END_TEST

/* In exact-size copies, with an array of exactly the promised size. */
static enum err
parse_exact(struct view text)
{
	size_t cap = conf_nodes_max(text.n);
	struct conf_node *own = calloc(cap, sizeof(*own));
	uint8_t *copy = malloc(text.n + (text.n == 0));
	enum err e;

	if (text.n != 0)
		memcpy(copy, text.p, text.n);
	e = conf_parse(own, cap, (struct view){ copy, text.n }, &error);
	ck_assert_int_ne(e, ERR_TOO_LONG);
	ck_assert(e == ERR_OK || error.text[0] != '\0');
	free(copy);
	free(own);
	return e;
}

START_TEST(sample_is_cut_and_bent_everywhere)
{
	static uint8_t bent[sizeof(sample)];
	struct view v = { bent, sizeof(sample) - 1 };
	unsigned ok = 0;

	memcpy(bent, sample, sizeof(sample));
	for (size_t n = 0; n <= v.n; n++)
		ok += parse_exact(view_first(v, n)) == ERR_OK;
	ck_assert_uint_gt(ok, 1);
	for (size_t i = 0; i < v.n; i++) {
		static const uint8_t with[] = { 0, 0xff, '{', '}', ';', '=' };
		uint8_t was = bent[i];

		for (size_t k = 0; k < sizeof(with); k++) {
			bent[i] = with[k];
			if (parse_exact(v) != ERR_OK)
				ck_assert_uint_ge(error.at.line, 1);
		}
		bent[i] = was;
	}
	for (size_t n = 0; n < 64; n++)
		parse_exact(view_first(B("a,b,c,d,e,f{g{h{i,j,k},l;};};"), n));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("conf");

	tcase_add_loop_test(t, text_becomes_a_tree, 0,
	    (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(t, errors_say_where_and_what, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_loop_test(t, numbers_are_read_in_three_bases, 0,
	    (int)(sizeof(numbers) / sizeof(numbers[0])));
	tcase_add_loop_test(t, switches_have_six_words, 0,
	    (int)(sizeof(switches) / sizeof(switches[0])));
	tcase_add_test(t, sample_is_read_whole);
	tcase_add_test(t, first_match_of_a_path_wins);
	tcase_add_test(t, no_512_byte_boundary_matters);
	tcase_add_test(t, word_of_511_bytes_is_the_longest);
	tcase_add_test(t, maxima_are_errors);
	tcase_add_test(t, nul_is_refused);
	tcase_add_test(t, sample_is_cut_and_bent_everywhere);
	suite_add_tcase(s, t);
	return unit_run(s);
}
