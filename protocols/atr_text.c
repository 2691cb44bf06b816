/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/atr_text.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/must_use.h"
#include "protocols/atr.h"

enum { CLOCK_KHZ = 4000 };

struct table {
	struct atr_row *rows;
	size_t n;
	struct rd rd;		/* what is not in a row yet */
	size_t offset;
	struct atr atr;
};

/* The next row, of n bytes or what is left; its text is still empty. */
static struct atr_row *
add(struct table *t, size_t n, const char *name)
{
	struct atr_row *row = &t->rows[t->n++];
	struct view v = rd_take(&t->rd, n < t->rd.in.n ? n : t->rd.in.n);

	*row = (struct atr_row){ .offset = t->offset, .n = v.n };
	snprintf(row->name, sizeof(row->name), "%s", name);
	t->offset += v.n;
	return row;
}

/* Adds to the text of a row; what does not fit is cut off. */
static void PRINTF_LIKE(2, 3)
say(struct atr_row *row, const char *fmt, ...)
{
	size_t n = strlen(row->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(row->text + n, sizeof(row->text) - n, fmt, ap);
	va_end(ap);
}

/* "TA1 TC1 TD1 follow", "TD2 follows" */
static void
say_present(struct atr_row *row, uint8_t y, unsigned index)
{
	for (unsigned i = 0; i < 4; i++)
		if ((y & 1u << i) != 0)
			say(row, "T%c%u ", (char)('A' + i), index);
	say(row, "%s", y == 0 ? "no interface bytes follow" :
	    (y & (y - 1)) == 0 ? "follows" : "follow");
}

/* Printable ASCII as "text", other bytes in hex. */
static void
say_bytes(struct atr_row *row, struct view v)
{
	bool printable = v.n != 0;

	for (size_t i = 0; i < v.n; i++)
		printable = printable && v.p[i] >= 0x20 && v.p[i] < 0x7f;
	for (size_t i = 0; i < v.n; i++) {
		const char *sep = i == 0 ? "" : " ";

		if (printable)
			say(row, "%s%c", i == 0 ? "\"" : "", (char)v.p[i]);
		else
			say(row, "%s%02x", sep, v.p[i]);
	}
	if (printable)
		say(row, "\"");
}

static void
say_speed(struct atr_row *row, uint8_t ta1)
{
	uint16_t fi;
	uint8_t di;

	if (!atr_speed(ta1, &fi, &di))
		say(row, "reserved value, counts as ");
	say(row, "Fi=%u Di=%u, %u bit/s at 4 MHz, clock up to %u.%u MHz", fi,
	    di, CLOCK_KHZ * 1000u * di / fi, atr_fmax_khz(ta1) / 1000,
	    atr_fmax_khz(ta1) % 1000 / 100);
}

static void
say_guard(struct atr_row *row, uint8_t n)
{
	if (n == 0)
		say(row, "no extra guard time");
	else if (n == 255)
		say(row, "least guard time: 12 etu in T=0, 11 etu in T=1");
	else
		say(row, "extra guard time of %u etu", n);
}

static void
say_specific(struct atr_row *row, uint8_t ta2)
{
	say(row, "specific mode: T=%u without PPS, %s, %s", ta2 & 15,
	    (ta2 & 0x10) != 0 ? "at a speed the card implies" :
	    "at the speed of TA1",
	    (ta2 & 0x80) != 0 ? "for good" : "may change after a warm reset");
}

static void
say_clock_class(struct atr_row *row, uint8_t x)
{
	static const char *const stop[] = {
		"clock must not stop", "clock may stop low",
		"clock may stop high", "clock may stop low or high",
	};

	say(row, "%s; supply", stop[x >> 6]);
	if ((x & 1) != 0)
		say(row, " A (5 V)");
	if ((x & 2) != 0)
		say(row, " B (3 V)");
	if ((x & 4) != 0)
		say(row, " C (1.8 V)");
	if ((x & 0x38) != 0 || (x & 0x3f) == 0)
		say(row, " reserved");
}

static void
say_next(struct atr_row *row, uint8_t td, unsigned index)
{
	if ((td & 15) == ATR_T15)
		say(row, "T=15, global values: ");
	else
		say(row, "T=%u: ", td & 15);
	say_present(row, td >> 4, index);
}

static void
say_item(struct atr_row *row, const struct atr *a, const struct atr_item *it)
{
	uint8_t x = it->value;

	switch (it->role) {
	case ATR_ROLE_SPEED:
		say_speed(row, x);
		break;
	case ATR_ROLE_VPP:
		say(row, "programming voltage, no longer used");
		break;
	case ATR_ROLE_GUARD:
		say_guard(row, x);
		break;
	case ATR_ROLE_SPECIFIC:
		say_specific(row, x);
		break;
	case ATR_ROLE_WI:
		say(row, "T=0: WI=%u%s, waits up to %u ms at 4 MHz", x,
		    x == 0 ? " (reserved, counts as 10)" : "",
		    atr_wwt_ms(a, CLOCK_KHZ));
		break;
	case ATR_ROLE_IFSC:
		say(row, "T=1: the card takes %u bytes a block (IFSC)%s",
		    a->ifsc, a->ifsc != x ? ", reserved value" : "");
		break;
	case ATR_ROLE_WAITS:
		say(row, "T=1: BWI=%u CWI=%u%s, waits up to %u ms for a block"
		    " and %u ms for a character at 4 MHz", x >> 4, x & 15,
		    x >> 4 > 9 ? " (BWI reserved, counts as 4)" : "",
		    atr_bwt_ms(a, CLOCK_KHZ), atr_cwt_ms(a, CLOCK_KHZ));
		break;
	case ATR_ROLE_EDC:
		say(row, "T=1: blocks end with %s", (x & 1) != 0 ?
		    "a CRC of two bytes" : "an LRC of one byte");
		break;
	case ATR_ROLE_CLOCK_CLASS:
		say_clock_class(row, x);
		break;
	case ATR_ROLE_SPU:
		say(row, "contact C6 (SPU) %s", x == 0 ? "not used" :
		    (x & 0x80) != 0 ? "used in the maker's own way" :
		    "used as standardised");
		break;
	case ATR_ROLE_NEXT:
		say_next(row, x, it->index + 1u);
		break;
	case ATR_ROLE_RESERVED:
		say(row, "reserved, for T=%u", it->group);
		break;
	}
}

/* The objects of COMPACT-TLV, by the high half of their first byte. */
static const char *const compact_names[16] = {
	[0x1] = "country code", [0x2] = "issuer number",
	[0x3] = "card services", [0x4] = "initial access data",
	[0x5] = "issuer's data", [0x6] = "pre-issuing data",
	[0x7] = "card capabilities", [0x8] = "status",
	[0xf] = "application identifier",
};

static void
say_services(struct atr_row *row, struct view v)
{
	uint8_t x = v.p[0];

	say(row, "%s%s%s%s", (x & 0x80) != 0 ? "SELECT by AID, " : "",
	    (x & 0x40) != 0 ? "by part of it, " : "",
	    (x & 0x20) != 0 ? "EF.DIR, " : "",
	    (x & 0x10) != 0 ? "EF.ATR, " : "");
	say(row, (x & 1) != 0 ? "no MF" : "MF");
}

static void
say_capabilities(struct atr_row *row, struct view v)
{
	uint8_t x = v.n >= 3 ? v.p[2] : 0;

	say_bytes(row, v);
	if ((x & 0x80) != 0)
		say(row, ", command chaining");
	if ((x & 0x40) != 0)
		say(row, ", extended length");
	if ((x & 0x18) != 0)
		say(row, ", %u%s logical channels", (x & 7u) + 1,
		    (x & 7) == 7 ? " or more" : "");
}

/* Life cycle, SW1 SW2, or all three. */
static void
say_status(struct atr_row *row, struct view v)
{
	struct rd r = { .in = v };

	if (v.n == 1 || v.n == 3)
		say(row, "life cycle %02x%s", rd_u8(&r), v.n == 3 ? ", " : "");
	if (v.n >= 2)
		say(row, "SW %04x", rd_be16(&r));
}

static void
say_compact(struct atr_row *row, uint8_t tag, struct view v)
{
	const char *name = compact_names[tag >> 4];

	say(row, "%s: ", name != NULL ? name : "reserved object");
	if (tag >> 4 == 0x3 && v.n == 1)
		say_services(row, v);
	else if (tag >> 4 == 0x7)
		say_capabilities(row, v);
	else if (tag >> 4 == 0x8 && v.n <= 3)
		say_status(row, v);
	else
		say_bytes(row, v);
}

static void
add_compact(struct table *t, struct view objects)
{
	struct rd r = { .in = objects };

	while (r.in.n != 0) {
		uint8_t tag = rd_u8(&r);
		size_t n = tag & 15;
		struct atr_row *row = add(t, n < r.in.n ? 1 + n : 1 + r.in.n,
		    "historical");

		if (n > r.in.n) {
			say(row, "an object of %zu bytes, cut short", n);
			return;
		}
		say_compact(row, tag, rd_take(&r, n));
	}
}

static const char *
memory_card(uint16_t name)
{
	switch (name) {
	case 0x0001:
		return "MIFARE Classic 1K";
	case 0x0002:
		return "MIFARE Classic 4K";
	case 0x0003:
		return "MIFARE Ultralight";
	case 0x0026:
		return "MIFARE Mini";
	case 0x003a:
		return "MIFARE Ultralight C";
	case 0x003b:
		return "FeliCa";
	default:
		return "memory card not in the list";
	}
}

/* What a reader makes up for a card without an ATR: PC/SC part 3. */
static const struct view pcsc_storage = {
	(const uint8_t *)"\x80\x4f\x0c\xa0\x00\x00\x03\x06", 8,
};

static void
add_storage(struct table *t, struct view h)
{
	struct rd r = { .in = view_skip(h, pcsc_storage.n) };
	struct atr_row *row;

	say(add(t, 1, "historical"), "objects in COMPACT-TLV");
	say(add(t, 2, "historical"), "application identifier, 12 bytes");
	say(add(t, 5, "historical"), "PC/SC workgroup: a storage card");
	say(add(t, 1, "historical"), "standard %02x", rd_u8(&r));
	row = add(t, 2, "historical");
	say(row, "%s", memory_card(rd_be16(&r)));
	if (r.in.n != 0)
		say(add(t, r.in.n, "historical"), "for future use");
}

/* ISO 7816-4, historical bytes: the first one says what the others are. */
static void
add_historical(struct table *t, struct view h)
{
	size_t status = h.n >= 4 ? 3 : h.n - 1;
	struct atr_row *row;

	if (h.n >= pcsc_storage.n + 3 &&
	    view_eq(view_first(h, pcsc_storage.n), pcsc_storage)) {
		add_storage(t, h);
		return;
	}
	if (h.p[0] == 0x80) {
		say(add(t, 1, "historical"), "objects in COMPACT-TLV");
		add_compact(t, view_skip(h, 1));
		return;
	}
	if (h.p[0] == 0x00) {
		say(add(t, 1, "historical"),
		    "objects in COMPACT-TLV, then a status");
		add_compact(t, view_first(view_skip(h, 1), h.n - 1 - status));
		if (status != 0)
			say_status(add(t, status, "historical"),
			    view_skip(h, h.n - status));
		return;
	}
	row = add(t, h.n, "historical");
	say_bytes(row, h);
}

static uint8_t
tck_of(struct view atr, size_t at)
{
	uint8_t x = 0;

	for (size_t i = 1; i < at; i++)
		x ^= atr.p[i];
	return x;
}

static void
add_tck(struct table *t, struct view atr)
{
	uint8_t want = tck_of(atr, t->offset);
	bool right = t->rd.in.p[0] == want;
	struct atr_row *row = add(t, 1, "TCK");

	if (right)
		say(row, "check byte, right");
	else
		say(row, "check byte, wrong: %02x would be right", want);
}

static void
add_interface(struct table *t, struct atr_cursor *c)
{
	struct atr_item it;
	char name[ATR_ROW_NAME_MAX + 1];

	while (atr_next(c, &it)) {
		snprintf(name, sizeof(name), "T%c%u", it.letter, it.index);
		say_item(add(t, 1, name), &t->atr, &it);
	}
}

static void
add_ts_t0(struct table *t, struct view atr)
{
	struct atr_row *row = add(t, 1, "TS");

	say(row, t->atr.flaw == ATR_FLAW_TS ? "neither 3b nor 3f: not an ATR" :
	    t->atr.inverse ? "inverse convention" : "direct convention");
	if (atr.n < 2 || t->atr.flaw == ATR_FLAW_TS)
		return;
	row = add(t, 1, "T0");
	say_present(row, atr.p[1] >> 4, 1);
	say(row, ", %u historical bytes", atr.p[1] & 15);
}

size_t
atr_explain(struct atr_row rows[ATR_ROWS_MAX], struct view atr)
{
	struct table t = { .rows = rows, .rd.in = atr };
	enum err e = atr_parse(&t.atr, atr);
	struct atr_cursor c = atr_walk(atr);

	if (atr.n != 0)
		add_ts_t0(&t, atr);
	if (t.atr.flaw != ATR_FLAW_TS) {
		add_interface(&t, &c);
		if (t.atr.historical_n != 0)
			add_historical(&t, atr_historical(&t.atr));
		if (c.needs_tck && t.atr.flaw != ATR_FLAW_SHORT &&
		    t.rd.in.n != 0)
			add_tck(&t, atr);
	}
	if (t.rd.in.n != 0)
		say(add(&t, t.rd.in.n, "-"), "not part of an ATR");
	else if (e == ERR_SHORT)
		say(add(&t, 0, "-"), "%s", atr_flaw_text(t.atr.flaw));
	return t.n;
}
