/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_TLV_H
#define PROTOCOLS_TLV_H

/*
 * BER-TLV as ISO 7816-4 narrows it: tags of one to three bytes, definite
 * lengths of up to four bytes after the 8x byte. Zero bytes between objects are
 * passed over. Nothing here recurses: read a constructed value with a reader of
 * its own.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct tlv {
	uint32_t tag;		/* its bytes, the first one highest: 0x5f2d */
	bool constructed;
	struct view value;	/* borrowed */
};

/*
 * The next object. False at the end of the input, and when what comes is no
 * object or is cut short: then r->bad is set.
 */
bool	tlv_next(struct rd *r, struct tlv *);

/*
 * The value of the first object with that tag at this level; what is behind it
 * is not looked at. False when there is none before the end or before nonsense.
 */
bool	tlv_find(struct view *value, struct view in, uint32_t tag);

#endif
