/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_PCSC_PART10_H
#define PROTOCOLS_PCSC_PART10_H

/*
 * What PC/SC part 10 lets programs ask a reader through SCardControl: the list
 * of its features and its properties, as libccid answers them.
 */

#include <stdbool.h>

#include "base/bytes.h"

enum {
	PCSC_CTL_FEATURES = 0x42000d48,	/* CM_IOCTL_GET_FEATURE_REQUEST */
	PCSC_CTL_FEATURES_WINDOWS = 0x00313520,	/* the same, from RDP clients */
	PCSC_CTL_PROPERTIES = 0x42330012,	/* GET_TLV_PROPERTIES */
	PCSC_CTL_ESCAPE = 0x42000001,	/* PC_to_RDR_Escape, CCID 1.1 §6.1.8 */
};

struct pcsc_properties {
	uint16_t vid, pid;
	bool extended;			/* takes extended APDUs */
};

/* The features: records of tag, length 4 and code, big-endian. escape: the
   program may send any command to the reader. */
void		pcsc_features_write(struct wr *, bool escape);

/* The properties: records of tag, length and value, little-endian. */
void		pcsc_properties_write(struct wr *,
		    const struct pcsc_properties *);

#endif
