/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/activation.h"
#include "daemon/background.h"
#include "daemon/conf_file.h"
#include "daemon/dialects.h"
#include "daemon/hotplug.h"
#include "daemon/options.h"
#include "daemon/registry_life.h"
#include "daemon/rundir.h"
#include "daemon/watch.h"

enum {
	QUIT_MS = 700,		/* for handlers to power their cards off */
	SIGNALS = 4,
};

struct daemon {
	struct options options;
	struct conf_file conf;
	struct activation activation;
	int parent_fd;			/* waits for us in the background */
	int claim_fd;			/* on the socket directory */
	struct event_base *base;
	struct event *signals[SIGNALS];
	struct event *quit_timer;
	struct registry *registry;
	struct hotplug *hotplug;
	struct dialects dialects;
	struct event *new_conf;		/* to be followed by the dialects */
	bool quitting;
};

/* An APDU may hold a PIN: no core, and no look at our memory by others. */
static void
disable_core_dumps(void)
{
	const struct rlimit none = { 0, 0 };

	/* the limit does not stop a core that is piped to a program */
	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0)
		log_at(LOG_LEVEL_WARN, NULL, "cannot disable core dumps");
}

/* Every client and every reader costs descriptors. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_at(LOG_LEVEL_INFO, NULL, "few descriptors: few clients");
}

/* The command line goes before the file. */
static void
apply_options(const struct options *o, struct settings *s)
{
	if (o->debug > s->debug)
		s->debug = o->debug;
	if (o->handler != NULL)
		snprintf(s->handler, sizeof(s->handler), "%s", o->handler);
}

static enum err
load_conf(const struct daemon *d, struct conf_file *f, char *error)
{
	enum err e;

	if (d->options.config_named && access(d->options.config, F_OK) != 0) {
		snprintf(error, CONF_FILE_ERROR_MAX + 1, "%s: %s",
		    d->options.config, strerror(errno));
		e = ERR_SYSTEM;
	} else {
		e = conf_file_load(f, d->options.config, error);
	}
	if (e != ERR_OK) {
		log_at(LOG_LEVEL_ERROR, NULL, "%s", error);
		return e;
	}
	apply_options(&d->options, &f->settings);
	return ERR_OK;
}

/* A process in the background stands in "/". */
static enum err
absolute(const char **path)
{
	char *full;

	if (*path == NULL || (*path)[0] == '/')
		return ERR_OK;
	full = realpath(*path, NULL);
	if (full == NULL && errno == ENOENT)
		return ERR_OK;		/* told of when it is used */
	if (full == NULL)
		return ERR_SYSTEM;
	*path = full;			/* for as long as we live */
	return ERR_OK;
}

static enum err
go_to_background(struct daemon *d)
{
	if (d->options.foreground)
		return ERR_OK;
	if (absolute(&d->options.config) != ERR_OK ||
	    absolute(&d->options.socket_dir) != ERR_OK ||
	    absolute(&d->options.handler) != ERR_OK)
		return ERR_SYSTEM;
	d->parent_fd = background_enter();
	if (d->parent_fd >= 0)
		return ERR_OK;
	log_at(LOG_LEVEL_ERROR, NULL, "cannot go to the background");
	return ERR_SYSTEM;
}

static enum err
claim_directory(struct daemon *d)
{
	char text[PATH_MAX + 128];
	enum err e = rundir_claim(&d->claim_fd, d->options.socket_dir, text,
	    sizeof(text));

	if (e == ERR_OK && rundir_write_pid(d->claim_fd, getpid()) == ERR_OK)
		return ERR_OK;
	log_at(LOG_LEVEL_ERROR, NULL, "%s",
	    e != ERR_OK ? text : "cannot write the pid file");
	return ERR_SYSTEM;
}

/* What openct.conf wants to know of USB, and what it wanted no longer. */
static void
follow_hotplug(struct daemon *d)
{
	bool want = registry_wants_hotplug(d->registry);

	if (want && d->options.no_udev) {
		if (!d->conf.settings.hotplug)
			log_at(LOG_LEVEL_WARN, NULL, "--no-udev: readers that "
			    "are named by vendor and product are not found");
	} else if (!want) {
		hotplug_close(d->hotplug);
		d->hotplug = NULL;
		registry_unplug_all(d->registry);
	} else if (d->hotplug != NULL) {
		if (!hotplug_look_around(d->hotplug))
			log_at(LOG_LEVEL_WARN, NULL, "udev does not answer");
	} else {
		d->hotplug = hotplug_open(d->base, d->registry);
		if (d->hotplug == NULL)
			log_at(LOG_LEVEL_WARN, NULL, "no udev: readers that "
			    "are plugged in are not seen");
	}
}

_Static_assert((int)CONTROL_RELOAD_TEXT >= CONF_FILE_ERROR_MAX + 1,
    "what is wrong with a file is told whole");

static enum err
load_conf_again(const struct daemon *d, struct conf_file *f, char *error)
{
	enum err e = load_conf(d, f, error);

	if (e != ERR_OK || f->settings.errors == 0)
		return e;
	conf_file_fini(f);
	return ERR_FORMAT;
}

/*
 * SIGHUP, or a program asks for it, and hears what is wrong in error. A file
 * with errors changes nothing.
 */
static enum err
reload(void *arg, char *error)
{
	static const struct timeval soon = { 0, 0 };
	struct daemon *d = arg;
	struct conf_file f, old = d->conf;
	enum err e = load_conf_again(d, &f, error);

	if (e != ERR_OK) {
		log_at(LOG_LEVEL_ERROR, NULL, "the old configuration stays; "
		    "slotctl config check %s explains it", d->options.config);
		return e;
	}
	d->conf = f;
	log_set_level(conf_file_log_level(&d->conf.settings));
	registry_configure(d->registry, &d->conf.settings);
	follow_hotplug(d);
	conf_file_fini(&old);
	return evtimer_add(d->new_conf, &soon) == 0 ? ERR_OK : ERR_MEMORY;
}

/* Later, as we may have been asked by one of them. */
static void
on_new_conf(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	if (!d->quitting && dialects_follow(&d->dialects, &d->conf.settings) !=
	    ERR_OK)
		log_at(LOG_LEVEL_WARN, NULL, "some programs are not served");
	log_at(LOG_LEVEL_NOTICE, NULL, "read %s again", d->options.config);
}

static void
leave_when_over(struct daemon *d)
{
	if (d->quitting && registry_is_over(d->registry))
		event_base_loopbreak(d->base);
}

/* SIGTERM: nobody comes in any more, cards are powered off, and out. */
static void
quit(struct daemon *d)
{
	static const struct timeval limit = { 0, QUIT_MS * 1000 };

	if (d->quitting)
		return;
	d->quitting = true;
	background_notify("STOPPING=1");
	log_at(LOG_LEVEL_NOTICE, NULL, "leaving");
	hotplug_close(d->hotplug);
	d->hotplug = NULL;
	dialects_close(&d->dialects);
	registry_quit(d->registry);
	if (evtimer_add(d->quit_timer, &limit) != 0)
		event_base_loopbreak(d->base);
	leave_when_over(d);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct daemon *d = arg;
	char error[CONF_FILE_ERROR_MAX + 1];

	(void)what;
	if (number == SIGCHLD) {
		registry_reap(d->registry);
		leave_when_over(d);
	} else if (number == SIGHUP) {
		if (reload(d, error) != ERR_OK)
			return;		/* it was logged */
	} else {
		quit(d);
	}
}

static void
on_quit_timer(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(d->base);
}

static enum err
open_loop(struct daemon *d)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };

	signal(SIGPIPE, SIG_IGN);
	d->base = event_base_new();
	if (d->base == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		d->signals[i] = evsignal_new(d->base, numbers[i], on_signal, d);
		if (d->signals[i] == NULL ||
		    event_add(d->signals[i], NULL) != 0)
			return ERR_MEMORY;
	}
	d->quit_timer = evtimer_new(d->base, on_quit_timer, d);
	d->new_conf = evtimer_new(d->base, on_new_conf, d);
	d->registry = registry_new(d->base, &d->conf.settings);
	d->dialects = (struct dialects){ .base = d->base,
		.registry = d->registry, .activation = &d->activation,
		.dir = d->options.socket_dir, .reload = reload,
		.reload_arg = d };
	return d->quit_timer != NULL && d->new_conf != NULL &&
	    d->registry != NULL ? ERR_OK : ERR_MEMORY;
}

/* Who starts us may let others come that want to see the readers. */
static void
on_readers_known(void *arg)
{
	struct daemon *d = arg;

	if (d->quitting)
		return;
	if (d->parent_fd >= 0)
		background_ready(d->parent_fd);
	d->parent_fd = -1;
	background_notify("READY=1");
}

static enum err
run(struct daemon *d)
{
	activation_warn_unused(&d->activation);
	registry_configure(d->registry, &d->conf.settings);
	follow_hotplug(d);
	log_at(LOG_LEVEL_NOTICE, NULL, PACKAGE_STRING " runs in %s",
	    d->options.socket_dir);
	watch_await(registry_watch(d->registry), d->conf.settings.start_ms,
	    on_readers_known, d);
	return event_base_dispatch(d->base) < 0 ? ERR_SYSTEM : ERR_OK;
}

static void
close_all(struct daemon *d)
{
	hotplug_close(d->hotplug);
	dialects_close(&d->dialects);
	activation_fini(&d->activation);
	registry_free(d->registry);
	if (d->quit_timer != NULL)
		event_free(d->quit_timer);
	if (d->new_conf != NULL)
		event_free(d->new_conf);
	for (size_t i = 0; i < SIGNALS; i++) {
		if (d->signals[i] != NULL)
			event_free(d->signals[i]);
	}
	if (d->base != NULL)
		event_base_free(d->base);
	rundir_release(d->claim_fd, d->options.socket_dir);
	conf_file_fini(&d->conf);
}

int
main(int argc, char **argv)
{
	struct daemon d = { .parent_fd = -1, .claim_fd = -1 };
	char error[CONF_FILE_ERROR_MAX + 1];
	enum options_next next;
	enum err e;

	disable_core_dumps();
	umask(022);		/* others read the directory and its files */
	background_log_to_journal();
	activation_init(&d.activation);
	raise_descriptor_limit();
	next = options_parse(&d.options, argc, argv);
	if (next != OPTIONS_RUN)
		return next == OPTIONS_EXIT_OK ? EXIT_SUCCESS : 2;
	if (load_conf(&d, &d.conf, error) != ERR_OK)
		return EXIT_FAILURE;
	log_set_level(conf_file_log_level(&d.conf.settings));
	e = go_to_background(&d);
	if (e == ERR_OK)
		e = claim_directory(&d);
	if (e == ERR_OK)
		e = open_loop(&d);
	if (e == ERR_OK)
		e = dialects_follow(&d.dialects, &d.conf.settings);
	if (e == ERR_OK)
		e = run(&d);
	close_all(&d);
	return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
