/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/pcsc_part10.h"

enum {
	FEATURE_PROPERTIES = 0x12,
	FEATURE_ESCAPE = 0x13,

	LCD_LAYOUT = 0x01,
	ENTRY_VALIDATION = 0x03,
	PPDU = 0x09,
	MAX_APDU = 0x0a,
	VENDOR = 0x0b,
	PRODUCT = 0x0c,

	EXTENDED = 0x10000,
};

static void
feature(struct wr *w, uint8_t tag, uint32_t code)
{
	wr_u8(w, tag);
	wr_u8(w, 4);
	wr_be32(w, code);
}

void
pcsc_features_write(struct wr *w, bool escape)
{
	feature(w, FEATURE_PROPERTIES, PCSC_CTL_PROPERTIES);
	if (escape)
		feature(w, FEATURE_ESCAPE, PCSC_CTL_ESCAPE);
}

static void
byte(struct wr *w, uint8_t tag, uint8_t x)
{
	wr_u8(w, tag);
	wr_u8(w, 1);
	wr_u8(w, x);
}

static void
number(struct wr *w, uint8_t tag, uint16_t x)
{
	wr_u8(w, tag);
	wr_u8(w, 2);
	wr_le16(w, x);
}

void
pcsc_properties_write(struct wr *w, const struct pcsc_properties *p)
{
	number(w, LCD_LAYOUT, 0);
	byte(w, ENTRY_VALIDATION, 0);
	byte(w, PPDU, 0);
	number(w, VENDOR, p->vid);
	number(w, PRODUCT, p->pid);
	wr_u8(w, MAX_APDU);
	wr_u8(w, 4);
	wr_le32(w, p->extended ? EXTENDED : 0);
}
