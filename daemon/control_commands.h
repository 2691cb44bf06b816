/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_CONTROL_COMMANDS_H
#define DAEMON_CONTROL_COMMANDS_H

/* What the commands of doc/control.md do, without any socket. */

#include <jansson.h>
#include <sys/queue.h>

#include "daemon/control.h"
#include "daemon/peer.h"
#include "daemon/registry.h"
#include "daemon/session.h"

/* What all connections share. */
struct control_scene {
	struct registry *registry;
	const char *dir;
	uint64_t started_ms;
	control_reload_fn reload;	/* or NULL */
	void *reload_arg;
};

/* One line is the answer; it is the callee's to free. */
typedef void	(*control_answer_fn)(void *arg, json_t *owned_answer);

struct control_caller {
	const struct control_scene *scene;
	struct peer peer;
	control_answer_fn answer;
	void *arg;
	bool watching;
	json_t *id;		/* of the request under way, or NULL */
	const char *result;	/* the member its result becomes, or NULL */
	SLIST_HEAD(, control_use) uses;	/* sessions, one a slot */
};

void		control_caller_init(struct control_caller *,
		    const struct control_scene *, const struct peer *,
		    control_answer_fn, void *arg);

/* Gives back its locks; a command under way is dropped. */
void		control_caller_fini(struct control_caller *);

/*
 * Does what one line asks for. answer is called once: from inside, or later from
 * the loop. Only then may the next line come.
 */
void		control_command(struct control_caller *, struct view line);

#endif
