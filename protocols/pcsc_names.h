/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_PCSC_NAMES_H
#define PROTOCOLS_PCSC_NAMES_H

/*
 * The names by which PC/SC programs know readers, and which they write into
 * their configurations: those of libccid's list. Nearly all are what the device says
 * of its maker and itself; here are the others.
 */

#include <stddef.h>
#include <stdint.h>

struct pcsc_name_row {
	uint16_t vid, pid;
	const char *name;
};

/* All rows, in order of vid and pid; *n is their number. */
const struct pcsc_name_row *pcsc_names_all(size_t *n);

/* NULL: the name is made of the device's own strings. */
const char	*pcsc_friendly_name(uint16_t vid, uint16_t pid);

#endif
