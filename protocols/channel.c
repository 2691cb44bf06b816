/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/channel.h"

static const char *const names[] = {
	[CHANNEL_NONE] = "NONE",
#define X(name) [CHANNEL_##name] = #name,
	CHANNEL_LIST(X)
#undef X
};

const char *
channel_type_name(enum channel_type type)
{
	return (unsigned)type < CHANNEL_TYPE_COUNT ? names[type] : "UNKNOWN";
}

size_t
channel_encode(uint8_t *buf, const struct channel_msg *m)
{
	struct wr w = { .p = buf, .cap = CHANNEL_MAX };

	wr_u8(&w, (uint8_t)m->type);
	wr_u8(&w, m->slot);
	wr_u8(&w, (uint8_t)m->err);
	wr_u8(&w, 0);
	wr_le32(&w, m->xid);
	wr_le32(&w, m->arg);
	wr_view(&w, m->data);
	return wr_done(&w).n;
}

enum err
channel_decode(struct channel_msg *m, struct view in)
{
	struct rd r = { .in = in };
	uint8_t type, err;

	type = rd_u8(&r);
	m->slot = rd_u8(&r);
	err = rd_u8(&r);
	rd_u8(&r);
	m->xid = rd_le32(&r);
	m->arg = rd_le32(&r);
	m->data = r.in;
	if (r.bad)
		return ERR_SHORT;
	if (type == CHANNEL_NONE || type >= CHANNEL_TYPE_COUNT ||
	    err >= ERR_COUNT || m->data.n > CHANNEL_DATA_MAX)
		return ERR_FORMAT;
	m->type = (enum channel_type)type;
	m->err = (enum err)err;
	return ERR_OK;
}

static void
wr_text(struct wr *w, const char *s)
{
	size_t n = strlen(s);

	wr_le16(w, (uint16_t)n);
	wr_view(w, (struct view){ (const uint8_t *)s, n });
}

static void
rd_text(struct rd *r, char *dst, size_t cap)
{
	struct view v = rd_take(r, rd_le16(r));

	if (v.n >= cap || (v.n != 0 && memchr(v.p, '\0', v.n) != NULL)) {
		r->bad = true;
		v.n = 0;
	}
	if (v.n != 0)
		memcpy(dst, v.p, v.n);
	dst[v.n] = '\0';
}

enum {
	FLAG_DISPLAY = 1u << 0,
	FLAG_KEYPAD = 1u << 1,
	FLAG_ALWAYS_PRESENT = 1u << 2,
	FLAG_POLLS = 1u << 3,
	FLAG_KEEPS_POWER = 1u << 4,
};

struct view
channel_info_encode(uint8_t *buf, size_t cap, const struct channel_info *info)
{
	struct wr w = { .p = buf, .cap = cap };

	wr_u8(&w, info->slots);
	wr_u8(&w, (uint8_t)((info->has_display ? FLAG_DISPLAY : 0) |
	    (info->has_keypad ? FLAG_KEYPAD : 0) |
	    (info->always_present ? FLAG_ALWAYS_PRESENT : 0) |
	    (info->polls ? FLAG_POLLS : 0) |
	    (info->keeps_power ? FLAG_KEEPS_POWER : 0)));
	wr_le16(&w, info->vid);
	wr_le16(&w, info->pid);
	wr_le16(&w, info->bcd_device);
	wr_le32(&w, info->max_apdu);
	wr_le32(&w, info->max_message);
	wr_le32(&w, info->features);
	wr_le32(&w, info->protocols);
	wr_text(&w, info->driver);
	wr_text(&w, info->vendor);
	wr_text(&w, info->product);
	wr_text(&w, info->serial);
	wr_text(&w, info->interface);
	wr_text(&w, info->plan);
	return wr_done(&w);
}

enum err
channel_info_decode(struct channel_info *info, struct view in)
{
	struct rd r = { .in = in };
	uint8_t flags;

	info->slots = rd_u8(&r);
	flags = rd_u8(&r);
	info->has_display = (flags & FLAG_DISPLAY) != 0;
	info->has_keypad = (flags & FLAG_KEYPAD) != 0;
	info->always_present = (flags & FLAG_ALWAYS_PRESENT) != 0;
	info->polls = (flags & FLAG_POLLS) != 0;
	info->keeps_power = (flags & FLAG_KEEPS_POWER) != 0;
	info->vid = rd_le16(&r);
	info->pid = rd_le16(&r);
	info->bcd_device = rd_le16(&r);
	info->max_apdu = rd_le32(&r);
	info->max_message = rd_le32(&r);
	info->features = rd_le32(&r);
	info->protocols = rd_le32(&r);
	rd_text(&r, info->driver, sizeof(info->driver));
	rd_text(&r, info->vendor, sizeof(info->vendor));
	rd_text(&r, info->product, sizeof(info->product));
	rd_text(&r, info->serial, sizeof(info->serial));
	rd_text(&r, info->interface, sizeof(info->interface));
	rd_text(&r, info->plan, sizeof(info->plan));
	if (r.bad)
		return ERR_SHORT;
	if (info->slots < 1 || info->slots > CHANNEL_SLOTS_MAX || r.in.n != 0)
		return ERR_FORMAT;
	return ERR_OK;
}
