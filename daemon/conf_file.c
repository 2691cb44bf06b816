/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/conf_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

struct telling {
	const char *file;
	char *error;
};

static void
on_problem(void *arg, const struct settings_problem *p)
{
	static const enum log_level levels[] = {
		[SETTINGS_NOTE] = LOG_LEVEL_INFO,
		[SETTINGS_WARNING] = LOG_LEVEL_WARN,
		[SETTINGS_ERROR] = LOG_LEVEL_ERROR,
	};
	const struct telling *t = arg;
	char place[CONF_FILE_ERROR_MAX - SETTINGS_LINE_MAX];

	snprintf(place, sizeof(place), "%s:%u:%u", t->file, p->at.line,
	    p->at.column);
	log_at(levels[p->weight], place, "%s", p->text);
	if (p->weight == SETTINGS_ERROR && t->error[0] == '\0')
		snprintf(t->error, CONF_FILE_ERROR_MAX + 1, "%s: %s", place,
		    p->text);
}

void
conf_file_init(struct conf_file *f)
{
	*f = (struct conf_file){ .text = NULL };
	settings_init(&f->settings);
}

void
conf_file_fini(struct conf_file *f)
{
	free(f->text);
	free(f->nodes);
	conf_file_init(f);
}

/* text is f's from here on. */
static enum err
read_text(struct conf_file *f, uint8_t *owned_text, size_t n, const char *file,
    char *error)
{
	struct telling t = { file, error };
	struct conf_error ce;
	enum err e;

	f->text = owned_text;
	f->nodes = calloc(conf_nodes_max(n), sizeof(*f->nodes));
	if (f->nodes == NULL) {
		snprintf(error, CONF_FILE_ERROR_MAX + 1, "%s: %s", file,
		    err_text(ERR_MEMORY));
		conf_file_fini(f);
		return ERR_MEMORY;
	}
	e = conf_parse(f->nodes, conf_nodes_max(n), (struct view){ f->text, n },
	    &ce);
	if (e != ERR_OK) {
		snprintf(error, CONF_FILE_ERROR_MAX + 1, "%s:%u:%u: %s", file,
		    ce.at.line, ce.at.column, ce.text);
		conf_file_fini(f);
		return ERR_FORMAT;
	}
	settings_read(&f->settings, f->nodes, on_problem, &t);
	return ERR_OK;
}

enum err
conf_file_parse(struct conf_file *f, struct view text, const char *file,
    char error[CONF_FILE_ERROR_MAX + 1])
{
	uint8_t *copy = malloc(text.n + (text.n == 0));

	conf_file_init(f);
	error[0] = '\0';
	if (copy == NULL) {
		snprintf(error, CONF_FILE_ERROR_MAX + 1, "%s: %s", file,
		    err_text(ERR_MEMORY));
		return ERR_MEMORY;
	}
	if (text.n != 0)
		memcpy(copy, text.p, text.n);
	return read_text(f, copy, text.n, file, error);
}

enum err
conf_file_load(struct conf_file *f, const char *file,
    char error[CONF_FILE_ERROR_MAX + 1])
{
	uint8_t *text;
	size_t n;
	enum err e = file_read(file, CONF_TEXT_MAX, &text, &n);

	conf_file_init(f);
	error[0] = '\0';
	if (e == ERR_OK)
		return read_text(f, text, n, file, error);
	if (e == ERR_SYSTEM && errno == ENOENT)
		return ERR_OK;
	snprintf(error, CONF_FILE_ERROR_MAX + 1, "%s: %s", file,
	    e == ERR_SYSTEM ? strerror(errno) : err_text(e));
	return e;
}

enum log_level
conf_file_log_level(const struct settings *s)
{
	enum { ROOM = LOG_LEVEL_DEBUG - LOG_LEVEL_NOTICE };

	return (enum log_level)(LOG_LEVEL_NOTICE +
	    (s->debug < ROOM ? s->debug : ROOM));
}
