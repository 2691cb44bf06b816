/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_FRAME_H
#define PROTOCOLS_FRAME_H

/*
 * Readers older than the CCID specification wrap commands and answers in frames
 * of their makers: a code and data there, a status and data back. What the
 * codes mean is their drivers' business.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"

enum {
	FRAME_DATA_MAX = 512,	/* bytes in one frame, either way */
	/* The longest frame: all in two digits, with header and check byte. */
	FRAME_MAX = 2 + 2 * (6 + FRAME_DATA_MAX + 1),
	FRAME_ROOM = 6 + FRAME_DATA_MAX + 1,
};

struct frame_answer {
	uint16_t status;
	struct view data;	/* borrowed from the input or from room */
};

struct frame_codec {
	/* One command, at most FRAME_MAX bytes; w->bad for too much data. */
	void		(*write)(struct wr *, uint8_t command,
			    struct view data);

	/*
	 * One answer, from what has come so far. room holds FRAME_ROOM bytes,
	 * for what has to be decoded. ERR_SHORT: more has to come; ERR_FORMAT:
	 * this is no answer, nor will it become one; ERR_TOO_LONG: more data
	 * than FRAME_DATA_MAX. Zeros may follow.
	 */
	enum err	(*parse)(struct frame_answer *, struct view in,
			    uint8_t *room);

	/* What a status means: ERR_OK for success. */
	enum err	(*judge)(uint16_t status);
};

/*
 * FEITIAN ePass3000: 52 36, two bytes of command or status, two of length, the
 * data; all big-endian.
 */
extern const struct frame_codec frame_epass3000;

/*
 * ACS AC1030: 02, then in hexadecimal digits 01, the command or two bytes of
 * status, the length (FF and two bytes more from 255 on), the data and the
 * exclusive or of all that; then 03. What comes after the 03 is ignored.
 */
extern const struct frame_codec frame_ac1030;

/*
 * ACS AC1038: 01, command or status, two bytes of length, big-endian, the data;
 * commands are filled up with zeros to whole packets of 64 bytes.
 */
extern const struct frame_codec frame_ac1038;

/* What is behind an answer in the same transfer: only zeros may be. */
bool	frame_only_zeros(struct view);

#endif
