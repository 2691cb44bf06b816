/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan for each interface of the CCID project's published reader list. The
 * plans go to the test's log, one a line.
 */
#include "tests/unit.h"

#include <stdio.h>

#include "protocols/ccid_plan.h"
#include "protocols/ids.h"

enum { COLUMNS = 27, LINE = 512 };

/* The columns of ccid_readers.tsv behind the name. */
enum column {
	VID, PID, DEVICE, INTERFACE, CLASS, PROTOCOL, ENDPOINTS, BCD_CCID,
	MAX_SLOT, VOLTAGES, PROTOCOLS, CLOCK, MAX_CLOCK, NUM_CLOCKS, RATE,
	MAX_RATE, NUM_RATES, MAX_IFSD, SYNCH, MECHANICAL, FEATURES,
	MAX_MESSAGE, GET_RESPONSE, ENVELOPE, LCD, PIN, BUSY_SLOTS,
};

struct row {
	char name[128];
	uint32_t v[COLUMNS];
};

static bool
read_row(struct row *r, char *line)
{
	char *save, *field = strtok_r(line, "\t\n", &save);

	if (field == NULL || field[0] == '#' || strcmp(field, "name") == 0)
		return false;
	snprintf(r->name, sizeof(r->name), "%s", field);
	for (size_t i = 0; i < COLUMNS; i++) {
		char *end;

		field = strtok_r(NULL, "\t\n", &save);
		ck_assert_msg(field != NULL, "%s: column %zu", r->name, i);
		r->v[i] = (uint32_t)strtoul(field, &end, 0);
		ck_assert_msg(*end == '\0', "%s: '%s'", r->name, field);
	}
	ck_assert_ptr_null(strtok_r(NULL, "\t\n", &save));
	return true;
}

/* The class descriptor byte by byte, as CCID 1.1 §5.1 lays it out. */
static void
write_desc(struct wr *w, const uint32_t *v)
{
	wr_view(w, B("\x36\x21"));
	wr_le16(w, (uint16_t)v[BCD_CCID]);
	wr_u8(w, (uint8_t)v[MAX_SLOT]);
	wr_u8(w, (uint8_t)v[VOLTAGES]);
	wr_le32(w, v[PROTOCOLS]);
	wr_le32(w, v[CLOCK]);
	wr_le32(w, v[MAX_CLOCK]);
	wr_u8(w, (uint8_t)v[NUM_CLOCKS]);
	wr_le32(w, v[RATE]);
	wr_le32(w, v[MAX_RATE]);
	wr_u8(w, (uint8_t)v[NUM_RATES]);
	wr_le32(w, v[MAX_IFSD]);
	wr_le32(w, v[SYNCH]);
	wr_le32(w, v[MECHANICAL]);
	wr_le32(w, v[FEATURES]);
	wr_le32(w, v[MAX_MESSAGE]);
	wr_u8(w, (uint8_t)v[GET_RESPONSE]);
	wr_u8(w, (uint8_t)v[ENVELOPE]);
	wr_le16(w, (uint16_t)v[LCD]);
	wr_u8(w, (uint8_t)v[PIN]);
	wr_u8(w, (uint8_t)v[BUSY_SLOTS]);
}

/* Interface, class descriptor, endpoints: what a device would send. */
static void
write_config(struct wr *w, const uint32_t *v)
{
	static const char endpoints[][8] = {
		"\x07\x05\x02\x02\x40\x00\x00",
		"\x07\x05\x82\x02\x40\x00\x00",
		"\x07\x05\x81\x03\x08\x00\x0a",
	};
	size_t first = v[ENDPOINTS] == 1 ? 2 : 0, n = v[ENDPOINTS];

	wr_view(w, B("\x09\x02"));
	wr_le16(w, (uint16_t)(9 + 9 + CCID_DESC_SIZE + 7 * n));
	wr_view(w, B("\x01\x01\x00\x80\x32\x09\x04"));
	wr_u8(w, (uint8_t)v[INTERFACE]);
	wr_u8(w, 0);
	wr_u8(w, (uint8_t)n);
	wr_u8(w, (uint8_t)v[CLASS]);
	wr_u8(w, 0);
	wr_u8(w, (uint8_t)v[PROTOCOL]);
	wr_u8(w, 0);
	write_desc(w, v);
	for (size_t i = first; i < first + n; i++)
		wr_view(w, (struct view){ (const uint8_t *)endpoints[i], 7 });
}

static void
check_plan(const struct row *r, const struct ccid_plan *p)
{
	bool has_bulk = r->v[ENDPOINTS] >= 2;

	ck_assert_uint_eq(p->interface, r->v[INTERFACE]);
	ck_assert_uint_ge(p->slots, 1);
	ck_assert_uint_ge(p->n_power, 1);
	ck_assert(p->ifsd >= 1 && p->ifsd <= 254);
	ck_assert_uint_le(p->max_message, CCID_MESSAGE_MAX);
	ck_assert_uint_eq(p->max_data, p->max_message - CCID_HEADER);
	ck_assert_uint_ge(p->max_apdu, 54);
	ck_assert_uint_eq(p->interrupt != 0, r->v[ENDPOINTS] % 2 != 0);
	ck_assert_uint_eq(p->transport == CCID_BULK, has_bulk);
}

struct tally {
	unsigned n, refused, pads, levels[5];
};

static void
plan_row(const struct row *r, struct tally *t)
{
	uint8_t raw[128];
	struct wr w = { .p = raw, .cap = sizeof(raw) };
	struct ccid_device dev = { .vid = (uint16_t)r->v[VID],
		.pid = (uint16_t)r->v[PID],
		.bcd_device = (uint16_t)r->v[DEVICE] };
	struct usb_config c;
	struct usb_interface i;
	struct ccid_plan p;
	struct ccid_desc d;
	char why[CCID_PLAN_TEXT];
	enum err e;

	write_config(&w, r->v);
	ck_assert_int_eq(usb_config_parse(&c, wr_done(&w)), ERR_OK);
	ck_assert(usb_interface_next(&c.body, &i));
	ck_assert_int_eq(ccid_desc_parse(&d, ccid_desc_find(&i), NULL), ERR_OK);
	t->n++;
	t->pads += (d.pin_support & CCID_PIN_VERIFY) != 0;
	ck_assert_uint_le(d.features >> 16, 4);
	t->levels[d.features >> 16]++;
	e = ccid_plan_make(&p, &i, ccid_desc_find(&i), &dev, why);
	if (e == ERR_OK) {
		check_plan(r, &p);
		ccid_plan_text(why, sizeof(why), &p);
	}
	ck_assert_str_ne(why, "");
	t->refused += e != ERR_OK;
	if (r->v[CLASS] == USB_CLASS_VENDOR) {	/* nothing else finds them */
		ck_assert_msg(ids_find(dev.vid, dev.pid) != NULL, "%s",
		    r->name);
		ck_assert_str_eq(ids_find(dev.vid, dev.pid)->driver, "ccid");
	}
	printf("# %s %u (%04x:%04x %04x): %s%s\n", r->name, r->v[INTERFACE],
	    dev.vid, dev.pid, dev.bcd_device, e == ERR_OK ? "" : "REFUSED: ",
	    why);
}

START_TEST(every_published_reader_has_a_plan)
{
	const char *top = getenv("top_srcdir");
	char path[LINE], line[LINE];
	struct tally t = { 0 };
	struct row r;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/protocols/ccid_readers.tsv",
	    top != NULL ? top : ".");
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (read_row(&r, line))
			plan_row(&r, &t);
	fclose(f);
	printf("# %u interfaces: %u extended, %u short, %u TPDU, %u character; "
	    "%u PIN pads; %u refused\n", t.n, t.levels[4], t.levels[2],
	    t.levels[1], t.levels[0], t.pads, t.refused);
	ck_assert_uint_eq(t.n, 773);
	ck_assert_uint_eq(t.levels[4], 295);
	ck_assert_uint_eq(t.levels[2], 194);
	ck_assert_uint_eq(t.levels[1], 278);
	ck_assert_uint_eq(t.levels[0], 6);
	ck_assert_uint_eq(t.pads, 98);
	ck_assert_uint_eq(t.refused, 2);	/* both for their firmware */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ccid_readers");
	TCase *t = tcase_create("ccid_readers");

	tcase_add_test(t, every_published_reader_has_a_plan);
	suite_add_tcase(s, t);
	return unit_run(s);
}
