/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/settings_keys.h"

enum { BLOCK_MAX = 254 };	/* of T=1, ISO 7816-3 */

#define AT(type, member) \
	.at = offsetof(struct type, member)
#define TEXT(type, member) \
	AT(type, member), .max = sizeof(((struct type *)0)->member) - 1

static const char *const right_words[] = {
	[RIGHT_NOTHING] = "nothing",
	[RIGHT_SEE] = "see",
	[RIGHT_USE] = "use",
	[RIGHT_ESCAPE] = "escape",
	NULL,
};

const char *const settings_rule_words[] = {
	[RULE_USER] = "user",
	[RULE_GROUP] = "group",
	[RULE_OTHER] = "other",
	NULL,
};

const char *const settings_dialect_words[] = {
	"openct", "pcsc", "control", NULL,	/* 1u << index */
};

const struct key settings_rule_keys[] = {
	{ "may", KEY_CHOICE, AT(settings_rule, right), .words = right_words },
	{ "readers", KEY_WORDS, AT(settings_rule, readers),
	    .check = settings_check_readers },
	{ "dialects", KEY_WORDS, AT(settings_rule, dialect_list),
	    .check = settings_check_dialects, .is_word = settings_is_dialect },
	{ .name = NULL },
};

const struct key settings_access_keys[] = {
	{ "user", KEY_BLOCK, 0, .keys = settings_rule_keys,
	    .check = settings_check_rule },
	{ "group", KEY_BLOCK, 0, .keys = settings_rule_keys,
	    .check = settings_check_rule },
	{ "other", KEY_BLOCK, 0, .keys = settings_rule_keys,
	    .check = settings_check_rule },
	{ .name = NULL },
};

const struct key settings_reader_keys[] = {
	{ "driver", KEY_WORD, TEXT(settings_reader, driver) },
	{ "device", KEY_WORD, TEXT(settings_reader, device) },
	{ "serial", KEY_WORD, TEXT(settings_reader, serial) },
	{ "port", KEY_WORD, TEXT(settings_reader, port) },
	{ "name", KEY_WORD, TEXT(settings_reader, name) },
	{ "power_off_delay", KEY_TIME, AT(settings_reader, power_off_ms),
	    .min = SETTINGS_NEVER },
	{ "max_speed", KEY_NUMBER, AT(settings_reader, max_speed), .min = 1,
	    .max = UINT32_MAX },
	{ "escape", KEY_SWITCH, AT(settings_reader, escape) },
	{ .name = NULL },
};

const struct key settings_driver_keys[] = {
	{ "ids", KEY_WORDS, AT(settings_driver, ids),
	    .check = settings_check_ids, .is_word = settings_is_id },
	{ "block_size", KEY_NUMBER, AT(settings_driver, block_size), .min = 1,
	    .max = BLOCK_MAX },
	{ .name = NULL },
};

static const struct key handler_keys[] = {
	{ "program", KEY_WORD, TEXT(settings, handler) },
	{ "force_poll", KEY_SWITCH, AT(settings, force_poll) },
	{ "user", KEY_WORD, TEXT(settings, user) },
	{ "groups", KEY_WORDS, AT(settings, groups) },
	{ .name = NULL },
};

const struct key settings_keys[] = {
	{ "debug", KEY_NUMBER, AT(settings, debug), .max = UINT32_MAX },
	{ "hotplug", KEY_SWITCH, AT(settings, hotplug) },
	{ "power_off_delay", KEY_TIME, AT(settings, power_off_ms),
	    .min = SETTINGS_NEVER },
	{ "lock_timeout", KEY_TIME, AT(settings, lock_ms), .min = 0 },
	{ "start_wait", KEY_TIME, AT(settings, start_ms), .min = 0 },
	{ "openct", KEY_SWITCH, AT(settings, openct) },
	{ "pcsc", KEY_SWITCH, AT(settings, pcsc) },
	{ "pcsc_readers", KEY_NUMBER, AT(settings, pcsc_readers), .min = 1,
	    .max = SETTINGS_PCSC_READERS_MAX },
	{ "control", KEY_SWITCH, AT(settings, control) },
	{ "escape", KEY_SWITCH, AT(settings, escape) },
	{ "ifdhandler", KEY_GROUP, 0, .keys = handler_keys },
	{ "ifdproxy", KEY_UNUSED, 0, .note = "slotd has no ifdproxy; readers "
	    "of other computers come by USB/IP" },
	{ "driver", KEY_BLOCK, 0, .keys = settings_driver_keys,
	    .check = settings_check_driver },
	{ "reader", KEY_BLOCK, 0, .keys = settings_reader_keys,
	    .check = settings_check_reader },
	{ "access", KEY_BLOCK, 0, .keys = settings_access_keys,
	    .check = settings_check_access },
	{ .name = NULL },
};
