/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/conf_text.h"
#include "tools/print.h"
#include "tools/slotctl.h"

#define DEFAULT_FILE SYSCONFDIR "/openct.conf"

/* A file that is explained. */
struct check {
	const char *file;
	unsigned problems;	/* that are more than a note */
};

static void
on_problem(void *arg, const struct settings_problem *p)
{
	static const char *const weights[] = {
		[SETTINGS_NOTE] = "note",
		[SETTINGS_WARNING] = "warning",
		[SETTINGS_ERROR] = "error",
	};
	struct check *c = arg;

	c->problems += p->weight != SETTINGS_NOTE;
	printf("%s:%u:%u: %s: ", c->file, (unsigned)p->at.line,
	    (unsigned)p->at.column, weights[p->weight]);
	print_text(stdout, p->text, 0);
	putchar('\n');
}

static void
on_line(void *arg, const char *line)
{
	(void)arg;
	for (; *line == '\t'; line++)
		putchar('\t');
	print_text(stdout, line, 0);
	putchar('\n');
}

static bool
is_number(const char *s)
{
	return s[strspn(s, "0123456789")] == '\0';
}

static void
check_name(struct check *c, const char *what, const char *name, bool known)
{
	if (known || is_number(name))
		return;
	c->problems++;
	printf("%s: warning: there is no %s ", c->file, what);
	print_text(stdout, name, 0);
	puts(" on this computer");
}

static void
check_groups(struct check *c, const struct conf_node *groups)
{
	const struct conf_node *at = NULL;
	struct view word;
	char name[CONF_WORD_MAX + 1];

	while (settings_word(groups, &at, &word)) {
		if (conf_string(word, name, sizeof(name)) == ERR_OK)
			check_name(c, "group", name, getgrnam(name) != NULL);
	}
}

/* What the file names must be there, on the computer it is for. */
static void
check_computer(struct check *c, const struct settings *s)
{
	const struct conf_node *at = NULL;
	struct settings_rule r;

	if (conf_find(s->root, "ifdhandler.program") != NULL &&
	    access(s->handler, X_OK) != 0) {
		c->problems++;
		printf("%s: warning: ifdhandler's program ", c->file);
		print_text(stdout, s->handler, 0);
		printf(": %s; no reader can be driven\n", strerror(errno));
	}
	if (s->user[0] != '\0')
		check_name(c, "user", s->user, getpwnam(s->user) != NULL);
	check_groups(c, s->groups);
	while (settings_next_rule(s, &at, &r)) {
		if (r.who == RULE_USER)
			check_name(c, "user", r.name, getpwnam(r.name) != NULL);
		else if (r.who == RULE_GROUP)
			check_name(c, "group", r.name,
			    getgrnam(r.name) != NULL);
	}
}

/* A file that cannot be read at all. */
static enum status
complain(const char *file, const struct conf_text *conf, enum err e)
{
	if (e != ERR_FORMAT)
		return ctl_complain(STATUS_OTHER, "%s: %s", file,
		    e == ERR_SYSTEM ? strerror(errno) : err_text(e));
	printf("%s:%u:%u: error: ", file, (unsigned)conf->error.at.line,
	    (unsigned)conf->error.at.column);
	print_text(stdout, conf->error.text, 0);
	printf("\n%s: refused: slotd does not start with this file\n", file);
	return STATUS_OTHER;
}

static enum status
check(const char *file)
{
	struct check c = { .file = file };
	struct conf_text conf;
	enum err e = conf_text_read(&conf, file, on_problem, &c);
	enum status st = STATUS_OK;

	if (e != ERR_OK) {
		st = complain(file, &conf, e);
	} else {
		check_computer(&c, &conf.settings);
		settings_explain(&conf.settings, on_line, NULL);
		if (c.problems == 0)
			printf("%s: accepted\n", file);
		else
			printf("%s: %u problem%s\n", file, c.problems,
			    c.problems == 1 ? "" : "s");
		st = c.problems == 0 ? STATUS_OK : STATUS_OTHER;
	}
	conf_text_fini(&conf);
	return st;
}

static enum status
check_default(void)
{
	if (access(DEFAULT_FILE, F_OK) == 0 || errno != ENOENT)
		return check(DEFAULT_FILE);
	puts("there is no " DEFAULT_FILE ": the defaults hold");
	return STATUS_OK;
}

static void
ignore(void *arg, const struct settings_problem *p)
{
	(void)arg;
	(void)p;
}

static enum status
show_file(const char *file)
{
	struct conf_text conf;
	enum err e = conf_text_read(&conf, file, ignore, NULL);
	enum status st = STATUS_OK;

	if (e == ERR_OK)
		settings_show(&conf.settings, on_line, NULL);
	else
		st = complain(file, &conf, e);
	conf_text_fini(&conf);
	return st;
}

/* What a slotd that runs goes by, its command line included. */
static enum status
show_running(struct ctl *ctl)
{
	json_t *answer, *line;
	size_t i;
	enum status st = ctl_connect(ctl);

	if (st == STATUS_OK)
		st = ctl_ask(ctl, json_pack("{s:s}", "cmd", "config"), &answer);
	if (st != STATUS_OK)
		return st;
	json_array_foreach(json_object_get(answer, "config"), i, line) {
		on_line(NULL, json_is_string(line) ? json_string_value(line) :
		    "");
	}
	json_decref(answer);
	return STATUS_OK;
}

static enum status
config(struct ctl *ctl)
{
	const char *file = ctl->argc > 1 ? ctl->argv[1] : NULL;

	if (strcmp(ctl->argv[0], "check") == 0)
		return file != NULL ? check(file) : check_default();
	if (strcmp(ctl->argv[0], "show") == 0)
		return file != NULL ? show_file(file) : show_running(ctl);
	return ctl_complain(STATUS_USAGE, "config check or config show, not "
	    "'%s'", ctl->argv[0]);
}

const struct command cmd_config = {
	.name = "config",
	.args = "check|show [FILE]",
	.summary = "what openct.conf says, and what is wrong with it",
	.help = "check explains FILE, or " DEFAULT_FILE ": each problem with "
		"its place and\n"
		"what to do, and what each of its blocks does. slotd need not "
		"run. The exit status\n"
		"is 0 when nothing in it is left out.\n"
		"show prints the configuration of the slotd that runs, for "
		"root; with FILE that\n"
		"of a file. It is a file itself, with all defaults in it.\n",
	.min_args = 1,
	.max_args = 2,
	.run = config,
};
