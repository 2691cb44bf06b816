/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tools/conf_text.h"

#include <stdlib.h>

#include "base/file.h"

enum err
conf_text_read(struct conf_text *c, const char *file, settings_tell_fn fn,
    void *arg)
{
	size_t n;
	enum err e;

	*c = (struct conf_text){ .text = NULL };
	e = file_read(file, CONF_TEXT_MAX, &c->text, &n);
	if (e != ERR_OK)
		return e;
	c->nodes = calloc(conf_nodes_max(n), sizeof(*c->nodes));
	if (c->nodes == NULL)
		return ERR_MEMORY;
	e = conf_parse(c->nodes, conf_nodes_max(n), (struct view){ c->text, n },
	    &c->error);
	if (e != ERR_OK)
		return ERR_FORMAT;
	settings_read(&c->settings, c->nodes, fn, arg);
	return ERR_OK;
}

void
conf_text_fini(struct conf_text *c)
{
	free(c->text);
	free(c->nodes);
}
