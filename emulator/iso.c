/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/iso.h"

#include <string.h>

#include <openssl/rand.h>

/* SELECT */

static int
find_child(const struct iso *s, int df, uint16_t fid)
{
	for (size_t i = 0; i < s->n_files; i++)
		if (s->file[i].parent == df && s->file[i].fid == fid)
			return (int)i;
	return ISO_NO_FILE;
}

/* P1 = 00: the MF, a child of the current DF, its parent, or itself. */
static int
find_fid(const struct iso *s, uint16_t fid)
{
	int parent = s->file[s->df].parent, i;

	if (fid == s->file[0].fid)
		return 0;
	i = find_child(s, s->df, fid);
	if (i != ISO_NO_FILE)
		return i;
	if (s->file[s->df].fid == fid)
		return s->df;
	if (parent == ISO_NO_FILE)
		return ISO_NO_FILE;
	if (s->file[parent].fid == fid)
		return parent;
	i = find_child(s, parent, fid);		/* a sister DF */
	return i != ISO_NO_FILE && s->file[i].kind == ISO_DF ? i : ISO_NO_FILE;
}

static int
find_path(const struct iso *s, int from, struct view path)
{
	struct rd r = { .in = path };

	while (r.in.n >= 2 && from != ISO_NO_FILE)
		from = find_child(s, from, rd_be16(&r));
	return from;
}

static int
find_aid(const struct iso *s, struct view aid)
{
	for (size_t i = 0; i < s->n_files; i++) {
		const struct iso_file *f = &s->file[i];

		if (f->kind == ISO_DF && f->aid_len >= aid.n && aid.n != 0 &&
		    memcmp(f->aid, aid.p, aid.n) == 0)
			return (int)i;
	}
	return ISO_NO_FILE;
}

/* The file that SELECT names, or ISO_NO_FILE and a status word. */
static int
find_selected(const struct iso *s, const struct card_cmd *c, uint16_t *sw)
{
	uint16_t fid = c->data.n != 2 ? 0 :
	    (uint16_t)((unsigned)c->data.p[0] << 8 | c->data.p[1]);
	int i;

	*sw = SW_FILE_NOT_FOUND;
	switch (c->p1) {
	case 0x00:
		if (c->data.n == 0)
			return 0;
		break;
	case 0x01:
	case 0x02:
		if (c->data.n != 2)
			break;
		i = find_child(s, s->df, fid);
		return i == ISO_NO_FILE ||
		    (s->file[i].kind == ISO_DF) == (c->p1 == 0x01) ?
		    i : ISO_NO_FILE;
	case 0x03:
		return s->file[s->df].parent;
	case 0x04:
		return find_aid(s, c->data);
	case 0x08:
	case 0x09:
		if (c->data.n == 0 || c->data.n % 2 != 0)
			break;
		return find_path(s, c->p1 == 8 ? 0 : s->df, c->data);
	default:
		*sw = SW_P1P2;
		return ISO_NO_FILE;
	}
	if (c->p1 == 0 && c->data.n == 2)
		return find_fid(s, fid);
	*sw = SW_WRONG_LENGTH;
	return ISO_NO_FILE;
}

static void
put_tlv(struct wr *w, uint8_t tag, struct view v)
{
	wr_u8(w, tag);
	wr_u8(w, (uint8_t)v.n);
	wr_view(w, v);
}

static void
put_descriptor(struct wr *w, const struct iso_file *f)
{
	uint8_t buf[6];
	struct wr d = { buf, sizeof(buf), 0, false };

	wr_u8(&d, (uint8_t)f->kind);
	if (f->max_records != 0) {
		wr_u8(&d, 0x21);	/* data coding: one byte units */
		wr_be16(&d, (uint16_t)f->size);
		wr_be16(&d, (uint16_t)f->max_records);
	}
	put_tlv(w, 0x82, wr_done(&d));
}

/* File control parameters, ISO 7816-4:2005 §5.3.3, table 12 */
static void
put_fcp(struct wr *w, const struct iso_file *f)
{
	const uint8_t size[] = { (uint8_t)(f->size >> 8), (uint8_t)f->size };
	const uint8_t fid[] = { (uint8_t)(f->fid >> 8), (uint8_t)f->fid };
	const uint8_t sfi[] = { (uint8_t)(f->sfi << 3) };
	const uint8_t life[] = { 0x05 };	/* activated */

	if (f->kind == ISO_TRANSPARENT)
		put_tlv(w, 0x80, (struct view){ size, sizeof(size) });
	put_descriptor(w, f);
	put_tlv(w, 0x83, (struct view){ fid, sizeof(fid) });
	if (f->aid_len != 0)
		put_tlv(w, 0x84, (struct view){ f->aid, f->aid_len });
	if (f->sfi != 0)
		put_tlv(w, 0x88, (struct view){ sfi, sizeof(sfi) });
	put_tlv(w, 0x8a, (struct view){ life, sizeof(life) });
}

/* File management data: the label, if there is one. */
static void
put_fmd(struct wr *w, const struct iso_file *f)
{
	if (f->label[0] != 0)
		put_tlv(w, 0x50, (struct view){ (const uint8_t *)f->label,
		    strlen(f->label) });
}

static uint16_t
put_control(struct wr *rsp, const struct iso_file *f, uint8_t p2)
{
	uint8_t buf[128];
	struct wr w = { buf, sizeof(buf), 0, false };

	switch (p2 & 0x0c) {
	case 0x00:
		put_fcp(&w, f);
		put_fmd(&w, f);
		put_tlv(rsp, 0x6f, wr_done(&w));
		break;
	case 0x04:
		put_fcp(&w, f);
		put_tlv(rsp, 0x62, wr_done(&w));
		break;
	case 0x08:
		put_fmd(&w, f);
		put_tlv(rsp, 0x64, wr_done(&w));
		break;
	}
	return SW_OK;
}

static uint16_t
iso_select(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	uint16_t sw;
	int i;

	if ((c->p2 & 0xf3) != 0)	/* only "first or only occurrence" */
		return SW_P1P2;
	i = find_selected(s, c, &sw);
	if (i == ISO_NO_FILE)
		return sw;
	s->record = 0;
	if (s->file[i].kind == ISO_DF) {
		s->df = i;
		s->ef = ISO_NO_FILE;
	} else {
		s->df = s->file[i].parent;
		s->ef = i;
	}
	return put_control(rsp, &s->file[i], c->p2);
}

/* GET DATA, ISO 7816-4:2005 §7.4.2: the value of object P1 P2 */
static uint16_t
get_data(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	uint16_t tag = (uint16_t)(c->p1 << 8 | c->p2);

	if (c->data.n != 0)
		return SW_WRONG_LENGTH;
	for (size_t i = 0; i < s->n_objects; i++) {
		if (s->object[i].tag != tag)
			continue;
		wr_view(rsp, (struct view){ s->object[i].value,
		    s->object[i].n });
		return SW_OK;
	}
	return SW_NOT_FOUND;
}

static uint16_t
get_challenge(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	size_t n = c->le == 65536 ? 256 : c->le;
	uint8_t *p;

	(void)s;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (c->data.n != 0 || !c->has_le)
		return SW_WRONG_LENGTH;
	p = wr_room(rsp, n == 256 ? 8 : n);
	if (p == NULL || RAND_bytes(p, n == 256 ? 8 : (int)n) != 1)
		return SW_CONDITIONS;
	return SW_OK;
}

static uint16_t
get_response(struct iso *s, const struct card_cmd *c, struct wr *rsp)
{
	size_t n;

	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (!c->has_le || c->data.n != 0)
		return SW_WRONG_LENGTH;
	if (s->n_pending == 0)
		return SW_CONDITIONS;
	if (c->le < 256 && c->le > s->n_pending)
		return (uint16_t)(SW_EXACT_LENGTH | s->n_pending);
	n = c->le < s->n_pending ? c->le : s->n_pending;
	wr_view(rsp, (struct view){ s->pending, n });
	s->n_pending -= n;
	memmove(s->pending, s->pending + n, s->n_pending);
	return s->n_pending == 0 ? SW_OK :
	    (uint16_t)(SW_MORE | (s->n_pending & 0xff));
}

enum { INS_GET_RESPONSE = 0xc0 };

static const struct {
	uint8_t ins;
	bool takes_data;
	uint16_t (*run)(struct iso *, const struct card_cmd *, struct wr *);
} commands[] = {
	{ 0x20, true, iso_verify },
	{ 0x24, true, iso_change_reference },
	{ 0x2c, true, iso_reset_retry },
	{ 0x84, false, get_challenge },
	{ 0xa4, true, iso_select },
	{ 0xb0, false, iso_read_binary },
	{ 0xb2, false, iso_read_record },
	{ INS_GET_RESPONSE, false, get_response },
	{ 0xca, false, get_data },
	{ 0xd6, true, iso_update_binary },
	{ 0xdc, true, iso_update_record },
	{ 0xe2, true, iso_append_record },
};

static bool
iso_takes_data(uint8_t ins)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].ins == ins)
			return commands[i].takes_data;
	return false;
}

/* ISO 7816-4:2005 §5.1.1: plain interindustry commands on channel 0 only. */
static uint16_t
check_class(uint8_t cla)
{
	if ((cla & 0xe0) != 0)
		return SW_CLA;
	if ((cla & 0x10) != 0)
		return SW_NO_CHAINING;
	if ((cla & 0x0c) != 0)
		return SW_NO_SECURE_MESSAGING;
	return (cla & 0x03) != 0 ? SW_NO_CHANNEL : SW_OK;
}

/*
 * The data of an answer against Le. Without Le it waits for GET RESPONSE; a
 * smaller Le gets 6Cxx. READ BINARY never answers with more than was asked.
 */
static uint16_t
fit(struct iso *s, const struct card_cmd *c, struct wr *rsp, uint16_t sw)
{
	if (sw != SW_OK || rsp->n == 0)
		return sw;
	if (!c->has_le) {
		s->n_pending = rsp->n < 256 ? rsp->n : 256;
		memcpy(s->pending, rsp->p, s->n_pending);
		rsp->n = 0;
		return (uint16_t)(SW_MORE | (s->n_pending & 0xff));
	}
	if (rsp->n > c->le) {
		sw = (uint16_t)(SW_EXACT_LENGTH | (rsp->n & 0xff));
		rsp->n = 0;
	}
	return sw;
}

static uint16_t
run(struct iso *s, struct view cmd, struct wr *rsp)
{
	struct card_cmd c;
	uint16_t sw;

	if (!card_cmd_parse(&c, cmd))
		return SW_WRONG_LENGTH;
	if (c.ins != INS_GET_RESPONSE)
		s->n_pending = 0;
	sw = check_class(c.cla);
	if (sw != SW_OK)
		return sw;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].ins != c.ins)
			continue;
		sw = commands[i].run(s, &c, rsp);
		return c.ins == INS_GET_RESPONSE ? sw : fit(s, &c, rsp, sw);
	}
	return SW_INS;
}

static void
iso_apdu(struct card *card, struct view cmd, struct wr *rsp)
{
	uint16_t sw = run(card->state, cmd, rsp);

	wr_be16(rsp, sw);
}

static void
iso_reset(struct card *card)
{
	struct iso *s = card->state;

	s->df = 0;
	s->ef = ISO_NO_FILE;
	s->record = 0;
	s->n_pending = 0;
	iso_forget_pins(s);
}

const struct card_kind iso_card = {
	.name		= "iso",
	.line		= iso_line,
	.ready		= iso_ready,
	.reset		= iso_reset,
	.apdu		= iso_apdu,
	.takes_data	= iso_takes_data,
	.state_size	= sizeof(struct iso),
	.fini		= iso_fini,
};
