/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ctbcs.h"

#include <string.h>

#include "protocols/apdu.h"
#include "protocols/atr.h"

const char *
ctbcs_sw_text(uint16_t sw)
{
	switch (sw) {
#define X(name, number, text) case number: return text;
	CTBCS_SW_LIST(X)
#undef X
	}
	return NULL;
}

enum {
	TAG_INTERFACE = 0x22,
	TAG_TEXT = 0x50,
	TAG_PERFORM = 0x52,
	TAG_TIMEOUT = 0x80,
	P1_DISPLAY = 0x40,
	P1_KEYPAD = 0x50,
	KIND_MASK = 0x0f,
	KIND_ATR = 1,
	KIND_HISTORICAL = 2,
};

static bool
p2_zero(uint8_t p2)
{
	return p2 == 0;
}

static bool
p2_kind(uint8_t p2)
{
	return p2 <= KIND_HISTORICAL;
}

/* A high nibble F asks for no message on the display. */
static bool
p2_request(uint8_t p2)
{
	return p2_kind(p2 & KIND_MASK) && (p2 >> 4 == 0 || p2 >> 4 == 0xf);
}

static bool
p2_object(uint8_t p2)
{
	return p2 == CTBCS_MAKER || p2 == CTBCS_CARDS || p2 == CTBCS_UNITS;
}

/* Bits 0 to 2: beep, blink, keep. */
static bool
p2_eject(uint8_t p2)
{
	return (p2 & 0x0f) <= 7 && (p2 >> 4 == 0 || p2 >> 4 == 0xf);
}

/* Echo: none, characters, stars; the high nibble 1 is for keys as such. */
static bool
p2_input(uint8_t p2)
{
	return (p2 & 0x0f) <= 2 && p2 >> 4 <= 1;
}

static bool
p2_verify(uint8_t p2)
{
	return p2 <= 1;		/* keypad, biometry */
}

enum data_rule { DATA_NONE, DATA_TIME, DATA_OBJECTS };
enum le_rule { LE_NO, LE_MAY, LE_MUST };

static const struct form {
	uint8_t cla, ins;
	enum ctbcs_command command;
	uint8_t p1_min, p1_max;
	bool (*p2)(uint8_t);
	enum data_rule data;
	uint8_t tag;		/* of the object that must be there, or 0 */
	enum le_rule le;
} forms[] = {
	/* 10 is RESET in the oldest terminals */
	{ 0x20, 0x10, CTBCS_RESET, 0, CTBCS_SLOTS_MAX, p2_kind, DATA_NONE, 0,
	    LE_MAY },
	{ 0x20, 0x11, CTBCS_RESET, 0, CTBCS_SLOTS_MAX, p2_kind, DATA_NONE, 0,
	    LE_MAY },
	{ 0x20, 0x12, CTBCS_REQUEST, 1, CTBCS_SLOTS_MAX, p2_request, DATA_TIME,
	    0, LE_MAY },
	{ 0x20, 0x13, CTBCS_STATUS, 0, 0, p2_object, DATA_NONE, 0, LE_MUST },
	{ 0x20, 0x14, CTBCS_DEACTIVATE, 1, CTBCS_SLOTS_MAX, p2_zero, DATA_NONE,
	    0, LE_MAY },
	{ 0x20, 0x15, CTBCS_EJECT, 1, CTBCS_SLOTS_MAX, p2_eject, DATA_TIME, 0,
	    LE_NO },
	{ 0x20, 0x16, CTBCS_INPUT, P1_KEYPAD, P1_KEYPAD, p2_input,
	    DATA_OBJECTS, 0, LE_MUST },
	{ 0x20, 0x17, CTBCS_OUTPUT, P1_DISPLAY, P1_DISPLAY, p2_zero,
	    DATA_OBJECTS, TAG_TEXT, LE_NO },
	{ 0x20, 0x18, CTBCS_VERIFY, 1, CTBCS_SLOTS_MAX, p2_verify,
	    DATA_OBJECTS, TAG_PERFORM, LE_NO },
	{ 0x20, 0x19, CTBCS_MODIFY, 1, CTBCS_SLOTS_MAX, p2_zero, DATA_OBJECTS,
	    TAG_PERFORM, LE_NO },
	{ 0x80, 0x60, CTBCS_INTERFACE, 1, CTBCS_SLOTS_MAX, p2_zero,
	    DATA_OBJECTS, TAG_INTERFACE, LE_NO },
};

static uint16_t
find_form(const struct form **form, uint8_t cla, uint8_t ins)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		*form = &forms[i];
		if (forms[i].cla == cla && forms[i].ins == ins)
			return CTBCS_SW_OK;
	}
	return cla == 0x20 ? CTBCS_SW_INS : CTBCS_SW_CLA;
}

static bool
read_perform(struct ctbcs *c, struct view v)
{
	struct rd r = { .in = v };
	struct ctbcs_perform *p = &c->perform;
	uint8_t control = rd_u8(&r);

	p->pin_length = control >> 4;
	p->encoding = control & 0x03;
	p->position = rd_u8(&r);
	if (c->command == CTBCS_MODIFY)
		p->new_position = rd_u8(&r);
	p->apdu = r.in;
	return !r.bad && p->apdu.n >= APDU_HEADER;
}

/* Objects that are not known are passed over. */
static bool
read_object(struct ctbcs *c, uint8_t tag, struct view v)
{
	switch (tag) {
	case TAG_TIMEOUT:
		c->has_timeout = true;
		c->timeout_s = v.n == 1 ? v.p[0] : 0;
		return v.n == 1;
	case TAG_TEXT:
		if (c->texts == CTBCS_TEXTS_MAX)
			return false;
		c->text[c->texts++] = v;
		return true;
	case TAG_PERFORM:
		return read_perform(c, v);
	case TAG_INTERFACE:
		c->interface = v.n >= 1 ? v.p[0] : 0;
		return v.n >= 1;
	}
	return true;
}

static uint16_t
read_objects(struct ctbcs *c, struct view data, uint8_t must)
{
	struct rd r = { .in = data };
	bool seen = must == 0;

	while (r.in.n != 0) {
		uint8_t tag = rd_u8(&r);
		struct view v = rd_take(&r, rd_u8(&r));

		if (r.bad || !read_object(c, tag, v))
			return CTBCS_SW_DATA;
		seen |= tag == must;
	}
	return seen ? CTBCS_SW_OK : CTBCS_SW_DATA;
}

static uint16_t
read_data(struct ctbcs *c, const struct form *f, struct view data)
{
	if (f->data == DATA_NONE)
		return data.n == 0 ? CTBCS_SW_OK : CTBCS_SW_LENGTH;
	if (f->data == DATA_TIME && data.n == 1) {
		c->has_timeout = true;
		c->timeout_s = data.p[0];
		return CTBCS_SW_OK;
	}
	return read_objects(c, data, f->tag);
}

uint16_t
ctbcs_parse(struct ctbcs *c, struct view command)
{
	const struct form *f;
	struct apdu a;
	uint16_t sw;

	*c = (struct ctbcs){ .command = CTBCS_RESET };
	if (command.n < APDU_HEADER)
		return CTBCS_SW_LENGTH;
	sw = find_form(&f, command.p[0], command.p[1]);
	if (sw != CTBCS_SW_OK)
		return sw;
	if (apdu_parse(&a, command) != ERR_OK || a.extended)
		return CTBCS_SW_LENGTH;
	c->command = f->command;
	c->slot = a.p1;
	c->p2 = a.p2;
	c->has_le = a.ne != 0;
	c->le = (uint16_t)a.ne;
	if ((f->le == LE_NO && c->has_le) || (f->le == LE_MUST && !c->has_le))
		return CTBCS_SW_LENGTH;
	if (a.p1 < f->p1_min || a.p1 > f->p1_max || !f->p2(a.p2))
		return CTBCS_SW_P1P2;
	if (c->command == CTBCS_RESET && c->slot == 0 && c->p2 != 0)
		return CTBCS_SW_P1P2;
	return read_data(c, f, a.data);
}

void
ctbcs_answer(struct wr *w, enum ctbcs_sw sw)
{
	wr_be16(w, (uint16_t)sw);
}

void
ctbcs_answer_atr(struct wr *w, uint8_t p2, struct view bytes)
{
	struct atr atr;

	if ((p2 & KIND_MASK) == KIND_ATR)
		wr_view(w, bytes);
	if ((p2 & KIND_MASK) == KIND_HISTORICAL &&
	    (atr_parse(&atr, bytes) == ERR_OK || atr_is_usable(&atr)))
		wr_view(w, atr_historical(&atr));
	ctbcs_answer(w, CTBCS_SW_ASYNC);
}

void
ctbcs_answer_cards(struct wr *w, struct view states)
{
	wr_view(w, states);
	ctbcs_answer(w, CTBCS_SW_OK);
}

void
ctbcs_answer_units(struct wr *w, struct view units)
{
	wr_u8(w, CTBCS_UNITS);
	wr_u8(w, (uint8_t)units.n);
	wr_view(w, units);
	ctbcs_answer(w, CTBCS_SW_OK);
}

static void
put_text(struct wr *w, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wr_u8(w, s[i] >= ' ' && s[i] <= '~' ? (uint8_t)s[i] : '?');
}

static void
put_name(struct wr *w, const char *s)
{
	size_t n = strnlen(s, CTBCS_NAME);

	put_text(w, s, n);
	wr_fill(w, ' ', CTBCS_NAME - n);
}

enum { TEXT_MAX = CTBCS_ANSWER_MAX - 4 - 3 * CTBCS_NAME };

void
ctbcs_answer_maker(struct wr *w, const char *maker, const char *type,
    const char *version, const char *text)
{
	size_t n = strnlen(text, TEXT_MAX);

	wr_u8(w, CTBCS_MAKER);
	wr_u8(w, (uint8_t)(3 * CTBCS_NAME + n));
	put_name(w, maker);
	put_name(w, type);
	put_name(w, version);
	put_text(w, text, n);
	ctbcs_answer(w, CTBCS_SW_OK);
}

void
ctbcs_fit(struct wr *w, const struct ctbcs *c)
{
	if (!c->has_le || w->bad || w->n <= 2 + (size_t)c->le)
		return;
	w->n = 0;
	ctbcs_answer(w, CTBCS_SW_LE);
}
