/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/ccid.h"

#include <stdio.h>

/*
 * KOBIL's IDToken has its card for good. What the software made for it wants to
 * know of the token it asks in APDUs of class FF, which no card knows: its
 * driver for Windows answers them, and libccid does.
 */

enum { ASKS_AT = 3, PSEUDO_APDU = 5, TEXT_MAX = 64 };

static const uint8_t head[] = { 0xff, 0x9a, 0x01 };

/* FALSE where the question is not known. */
static bool
text_for(uint8_t question, const struct ifd_slot *slot, char text[TEXT_MAX])
{
	unsigned bcd = slot->reader->info.bcd_device;

	switch (question) {
	case 1:
		snprintf(text, TEXT_MAX, "KOBIL systems");
		return true;
	case 3:
		snprintf(text, TEXT_MAX, "IDToken");
		return true;
	case 6:
		snprintf(text, TEXT_MAX, "%X.%02X", bcd >> 8, bcd & 0xff);
		return true;
	case 7:
		snprintf(text, TEXT_MAX, "%s", PACKAGE_VERSION);
		return true;
	}
	return false;
}

bool
ccid_pseudo_apdu(struct ifd_slot *slot, struct view apdu, struct view *answer)
{
	struct ccid_slot *s = slot->state;
	struct wr w = { .p = s->rsp, .cap = s->rsp_cap };
	char text[TEXT_MAX];

	if (apdu.n != PSEUDO_APDU || memcmp(apdu.p, head, sizeof(head)) != 0 ||
	    apdu.p[PSEUDO_APDU - 1] != 0 ||
	    !text_for(apdu.p[ASKS_AT], slot, text))
		return false;
	wr_view(&w, (struct view){ (const uint8_t *)text, strlen(text) });
	wr_be16(&w, 0x9000);
	*answer = wr_done(&w);
	return !w.bad;
}
