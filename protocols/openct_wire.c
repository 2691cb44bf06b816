/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/openct_wire.h"

enum { LARGE = 0x40 };	/* in a tag: its length takes two bytes */

static const int16_t error_from[] = {
	[ERR_OK] = OPENCT_E_OK,
	[ERR_SHORT] = OPENCT_E_BAD_MESSAGE,
	[ERR_FORMAT] = OPENCT_E_BAD_MESSAGE,
	[ERR_TOO_LONG] = OPENCT_E_BUFFER,
	[ERR_ARG] = OPENCT_E_ARG,
	[ERR_UNSUPPORTED] = OPENCT_E_UNSUPPORTED,
	[ERR_NO_READER] = OPENCT_E_GONE,
	[ERR_NO_SLOT] = OPENCT_E_SLOT,
	[ERR_GONE] = OPENCT_E_GONE,
	[ERR_IO] = OPENCT_E_COMM,
	[ERR_STALL] = OPENCT_E_COMM,
	[ERR_READER] = OPENCT_E_COMM,
	[ERR_HANDLER] = OPENCT_E_COMM,
	[ERR_NO_CARD] = OPENCT_E_NO_CARD,
	[ERR_MUTE] = OPENCT_E_NO_ATR,
	[ERR_CARD] = OPENCT_E_COMM,
	[ERR_UNPOWERED] = OPENCT_E_NO_ATR,
	[ERR_PROTOCOL] = OPENCT_E_INCOMPATIBLE,
	[ERR_WAS_RESET] = OPENCT_E_NO_LOCK,	/* it was taken away */
	[ERR_REMOVED] = OPENCT_E_NO_CARD,
	[ERR_TIMEOUT] = OPENCT_E_TIMEOUT,
	[ERR_CANCELLED] = OPENCT_E_GENERIC,
	[ERR_PIN_CANCELLED] = OPENCT_E_USER_ABORT,
	[ERR_PIN_TIMEOUT] = OPENCT_E_USER_TIMEOUT,
	[ERR_PIN_MISMATCH] = OPENCT_E_PIN_MISMATCH,
	[ERR_LOCKED] = OPENCT_E_LOCKED,
	[ERR_NO_LOCK] = OPENCT_E_NO_LOCK,
	[ERR_DENIED] = OPENCT_E_GENERIC,
	[ERR_QUOTA] = OPENCT_E_MEMORY,
	[ERR_NO_DAEMON] = OPENCT_E_DISCONNECTED,
	[ERR_CLOSED] = OPENCT_E_DISCONNECTED,
	[ERR_MEMORY] = OPENCT_E_MEMORY,
	[ERR_BUFFER] = OPENCT_E_BUFFER,
	[ERR_BUSY] = OPENCT_E_BUSY,
	[ERR_SYSTEM] = OPENCT_E_GENERIC,
};
_Static_assert(sizeof(error_from) / sizeof(error_from[0]) == ERR_COUNT,
    "an error has no OpenCT number");

enum openct_error
openct_error_from(enum err e)
{
	if ((unsigned)e >= ERR_COUNT)
		return OPENCT_E_GENERIC;
	return (enum openct_error)error_from[e];
}

enum err
openct_error_to(int number)
{
	switch (number) {
#define X(name, n, text, err) case n: return ERR_##err;
	OPENCT_ERROR_LIST(X)
#undef X
	}
	return number > 0 ? ERR_OK : ERR_SYSTEM;
}

const char *
openct_error_text(int number)
{
	switch (number) {
#define X(name, n, text, err) case n: return text;
	OPENCT_ERROR_LIST(X)
#undef X
	}
	return number > 0 ? "success" : "unknown error";
}

const char *
openct_cmd_name(unsigned cmd)
{
	switch (cmd) {
#define X(name, number) case number: return #name;
	OPENCT_CMD_LIST(X)
#undef X
	}
	return NULL;
}

/* The header's integers are in native order: bytes are copied as they are. */
void
openct_header_write(struct wr *w, const struct openct_header *h)
{
	uint8_t *p = wr_room(w, OPENCT_HEADER);

	if (p == NULL)
		return;
	memcpy(p, &h->xid, 4);
	memcpy(p + 4, &h->dest, 4);
	memcpy(p + 8, &h->error, 2);
	memcpy(p + 10, &h->len, 2);
}

enum err
openct_header_parse(struct openct_header *h, struct view in)
{
	struct rd r = { .in = in };
	struct view v = rd_take(&r, OPENCT_HEADER);

	if (r.bad)
		return ERR_SHORT;
	memcpy(&h->xid, v.p, 4);
	memcpy(&h->dest, v.p + 4, 4);
	memcpy(&h->error, v.p + 8, 2);
	memcpy(&h->len, v.p + 10, 2);
	return ERR_OK;
}

/* The place of a tag, OPENCT_ARGS for an unknown one. */
static enum openct_arg
arg_of(unsigned tag)
{
	switch (tag) {
#define X(name, number) case number: return OPENCT_ARG_##name;
	OPENCT_TAG_LIST(X)
#undef X
	}
	return OPENCT_ARGS;
}

enum err
openct_args_parse(struct openct_args *a, struct view in)
{
	struct rd r = { .in = in };

	*a = (struct openct_args){ .large = false };
	while (r.in.n != 0) {
		uint8_t tag = rd_u8(&r);
		bool large = (tag & LARGE) != 0;
		size_t n = large ? rd_be16(&r) : rd_u8(&r);
		struct view value = rd_take(&r, n);
		enum openct_arg at = arg_of(tag & ~(unsigned)LARGE);

		if (r.bad)
			return ERR_SHORT;
		if (value.n == 0)
			return ERR_FORMAT;
		if (at < OPENCT_ARGS)
			a->item[at] = value;
		a->large |= large;
	}
	return ERR_OK;
}

enum err
openct_number(uint32_t *x, struct view item)
{
	*x = 0;
	if (item.n == 0)
		return ERR_FORMAT;
	for (size_t i = 0; i < item.n; i++) {
		if (*x >> 24 != 0)
			return ERR_FORMAT;
		*x = *x << 8 | item.p[i];
	}
	return ERR_OK;
}

void
openct_item_write(struct wr *w, enum openct_tag tag, struct view value, bool large)
{
	if (value.n == 0 || value.n > (large ? 0xffffu : 0xffu)) {
		w->bad = true;
		return;
	}
	wr_u8(w, (uint8_t)((unsigned)tag | (large ? (unsigned)LARGE : 0)));
	if (large)
		wr_be16(w, (uint16_t)value.n);
	else
		wr_u8(w, (uint8_t)value.n);
	wr_view(w, value);
}

void
openct_number_write(struct wr *w, enum openct_tag tag, uint32_t x, bool large)
{
	uint8_t be[4] = { (uint8_t)(x >> 24), (uint8_t)(x >> 16),
		(uint8_t)(x >> 8), (uint8_t)x };
	size_t zeros = 0;

	while (zeros < 3 && be[zeros] == 0)
		zeros++;
	openct_item_write(w, tag, view_skip((struct view){ be, 4 }, zeros), large);
}

void
openct_pin_write(struct wr *w, const struct openct_pin *p)
{
	if (p->length > 15 || p->apdu.n == 0)
		w->bad = true;
	wr_u8(w, (uint8_t)(p->length << 4 | p->ascii));
	wr_u8(w, p->offset);
	wr_view(w, p->apdu);
}

enum err
openct_pin_parse(struct openct_pin *p, struct view in)
{
	struct rd r = { .in = in };
	uint8_t control = rd_u8(&r);

	p->ascii = (control & 1) != 0;
	p->length = control >> 4;
	p->offset = rd_u8(&r);
	p->apdu = r.in;
	return r.bad || r.in.n == 0 ? ERR_SHORT : ERR_OK;
}
