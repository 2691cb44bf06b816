/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

/* What openct.conf says, as values. The grammar is protocols/conf.h's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/log.h"
#include "base/must_use.h"

enum {
	SETTINGS_NAME_MAX = 63,
	SETTINGS_PATH_MAX = 511,	/* CONF_WORD_MAX */
	SETTINGS_ERROR_MAX = 1023,	/* file name, place and text */
	SETTINGS_PCSC_READERS_MAX = 256,
};

struct driver_id {
	uint16_t vid, pid;
	char driver[SETTINGS_NAME_MAX + 1];
};

struct driver_options {
	char driver[SETTINGS_NAME_MAX + 1];
	uint8_t block_size;		/* T=1 blocks of a token, 0: not said */
};

struct static_reader {
	char driver[SETTINGS_NAME_MAX + 1];
	char device[SETTINGS_PATH_MAX + 1];	/* "usbip:..." */
};

struct settings {
	uint32_t debug;			/* 0, 1: cards and clients, 2: exchanges */
	bool hotplug;
	bool force_poll;		/* asked for; accepted and not needed */
	uint32_t power_off_ms;		/* UINT32_MAX: never */
	uint32_t lock_ms;		/* 0: never */
	bool pcsc;			/* serve PC/SC programs */
	uint32_t pcsc_readers;		/* how many older ones expect */
	char handler[SETTINGS_PATH_MAX + 1];
	struct driver_id *ids;
	size_t n_ids;
	struct driver_options *options;	/* those that say something */
	size_t n_options;
	struct static_reader *readers;
	size_t n_readers;
};

/* The values of an empty file. */
void		settings_init(struct settings *);
void		settings_fini(struct settings *);

/*
 * Reads text into *s, which is initialised here. ERR_FORMAT: error holds
 * "FILE:LINE:COLUMN: what was expected" and *s needs no settings_fini. Keys and
 * devices that slotd does not know are logged with their place and left out.
 */
enum err	settings_parse(struct settings *, struct view text,
		    const char *file, char error[SETTINGS_ERROR_MAX + 1])
		    MUST_USE;

/* The same for a file; one that is not there is an empty one. */
enum err	settings_load(struct settings *, const char *file,
		    char error[SETTINGS_ERROR_MAX + 1]) MUST_USE;

/* How much is logged, by slotd and by its handlers. */
enum log_level	settings_log_level(const struct settings *);

/* The driver the file names for a device, or NULL. */
const char	*settings_driver(const struct settings *, uint16_t vid,
		    uint16_t pid);

/* What block_size says for a driver, or 0. */
uint8_t		settings_block_size(const struct settings *,
		    const char *driver);

#endif
