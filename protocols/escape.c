/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/escape.h"

enum { ANY_PRODUCT = 0xffff, ANY_LENGTH = 0, HEAD_MAX = 5 };

/* As libccid 1.5.2 to 1.8.2 lets them through without its option for all. */
static const struct {
	uint16_t vid, pid;
	size_t n;		/* bytes of the command, or ANY_LENGTH */
	size_t head_n;
	uint8_t head[HEAD_MAX];	/* what it starts with */
} rows[] = {
	/* HID OMNIKEY 5427 CK: its keyboard wedge is set up by escapes */
	{ 0x076b, 0x5427, ANY_LENGTH, 0, { 0 } },
	/* Gemalto: the version of the firmware */
	{ 0x08e6, ANY_PRODUCT, 1, 1, { 0x02 } },
	/* Gemalto Prox-DU: contacts or antenna, as the last byte says */
	{ 0x08e6, 0x5503, 6, 5, { 0x52, 0xf8, 0x04, 0x01, 0x00 } },
};

bool
escape_is_harmless(uint16_t vid, uint16_t pid, struct view command)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].vid != vid ||
		    (rows[i].pid != pid && rows[i].pid != ANY_PRODUCT))
			continue;
		if ((rows[i].n == command.n || rows[i].n == ANY_LENGTH) &&
		    view_eq(view_first(command, rows[i].head_n),
		    (struct view){ rows[i].head, rows[i].head_n }))
			return true;
	}
	return false;
}
