/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/tlv.h"

/* ISO 7816-4: 1f in the low bits announces more, bit 8 of those yet more. */
static uint32_t
read_tag(struct rd *r, uint8_t first)
{
	uint32_t tag = first;
	uint8_t x;

	if ((first & 0x1f) != 0x1f)
		return tag;
	x = rd_u8(r);
	tag = tag << 8 | x;
	if ((x & 0x80) == 0)
		return tag;
	x = rd_u8(r);
	if ((x & 0x80) != 0)
		r->bad = true;
	return tag << 8 | x;
}

static uint32_t
read_length(struct rd *r)
{
	uint8_t first = rd_u8(r);
	uint32_t n = 0;

	if (first < 0x80)
		return first;
	if (first == 0x80 || first > 0x84)
		r->bad = true;
	for (unsigned i = 0x80; i < first && !r->bad; i++)
		n = n << 8 | rd_u8(r);
	return n;
}

bool
tlv_next(struct rd *r, struct tlv *t)
{
	uint8_t first = 0;

	*t = (struct tlv){ .tag = 0 };
	while (first == 0) {
		if (r->bad || r->in.n == 0)
			return false;
		first = rd_u8(r);
	}
	t->constructed = (first & 0x20) != 0;
	t->tag = read_tag(r, first);
	t->value = rd_take(r, read_length(r));
	return !r->bad;
}

bool
tlv_find(struct view *value, struct view in, uint32_t tag)
{
	struct rd r = { .in = in };
	struct tlv t;

	while (tlv_next(&r, &t)) {
		if (t.tag == tag) {
			*value = t.value;
			return true;
		}
	}
	return false;
}
