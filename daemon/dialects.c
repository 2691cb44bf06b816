/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/dialects.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/openct_server.h"
#include "daemon/pcsc_server.h"

#define PCSC_DIR "/run/pcscd"	/* where libpcsclite looks */

enum { SOCKET_MODE = 0666 };	/* who may do what is openct.conf's to say */

/* A socket that was there before us, or -1. */
static int
activated(struct dialects *d, const char *name, const char *dir,
    const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return activation_find(d->activation, name, path);
}

static enum err
follow_openct(struct dialects *d, bool want)
{
	if (want && d->openct == NULL)
		return openct_server_open(&d->openct, d->base, d->registry,
		    d->dir, SOCKET_MODE);
	if (want) {
		openct_server_publish(d->openct);
		return ERR_OK;
	}
	openct_server_close(d->openct);
	d->openct = NULL;
	return ERR_OK;
}

static enum err
follow_control(struct dialects *d, bool want)
{
	enum err e;

	if (!want) {
		control_close(d->control);
		d->control = NULL;
	}
	if (!want || d->control != NULL)
		return ERR_OK;
	e = control_open(&d->control, d->base, d->registry, d->dir,
	    SOCKET_MODE, activated(d, "control", d->dir, "control"));
	if (e == ERR_OK)
		control_on_reload(d->control, d->reload, d->reload_arg);
	return e;
}

/*
 * Beside a slotd of the system's own directory, where libpcsclite looks; else
 * in slotd's. That it cannot be is told and costs nothing else.
 */
static void
open_pcsc(struct dialects *d, unsigned legacy)
{
	bool usual = strcmp(d->dir, RUNDIR) == 0;
	struct pcsc_options o = { .legacy = legacy, .own_dir = d->dir,
		.dir = usual ? PCSC_DIR : d->dir };
	enum err e;

	o.fd = activated(d, "pcscd", o.dir, "pcscd.comm");
	e = pcsc_server_open(&d->pcsc, d->base, d->registry, &o);
	if (e == ERR_BUSY)
		log_at(LOG_LEVEL_NOTICE, o.dir, "another pcscd serves PC/SC "
		    "programs here, or systemd waits for them to start it; "
		    "slotd(8) tells how to switch");
	else if (e != ERR_OK)
		log_at(LOG_LEVEL_NOTICE, o.dir, "PC/SC programs are not "
		    "served (%s); slotd(8) tells how they can be",
		    e == ERR_SYSTEM ? strerror(errno) : err_text(e));
}

static void
follow_pcsc(struct dialects *d, const struct settings *s)
{
	if (!s->pcsc) {
		pcsc_server_close(d->pcsc);
		d->pcsc = NULL;
	} else if (d->pcsc != NULL) {
		pcsc_server_follow(d->pcsc, s->pcsc_readers);
	} else {
		open_pcsc(d, s->pcsc_readers);
	}
}

static enum err
judge(const struct dialects *d, enum err e)
{
	if (e != ERR_OK)
		log_at(LOG_LEVEL_ERROR, d->dir, "cannot serve programs: %s",
		    e == ERR_SYSTEM ? strerror(errno) : err_text(e));
	return e;
}

/* Control is the last: whoever asked for this sees all the rest done. */
enum err
dialects_follow(struct dialects *d, const struct settings *s)
{
	enum err openct = judge(d, follow_openct(d, s->openct)), control;

	follow_pcsc(d, s);
	control = judge(d, follow_control(d, s->control));
	return openct != ERR_OK ? openct : control;
}

void
dialects_close(struct dialects *d)
{
	control_close(d->control);
	d->control = NULL;
	pcsc_server_close(d->pcsc);
	d->pcsc = NULL;
	openct_server_close(d->openct);
	d->openct = NULL;
}
