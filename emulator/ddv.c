/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ddv.h"

#include <string.h>

#include <openssl/rand.h>

enum {
	EF_ID = 0x0003,
	EF_KEYD = 0x0013,
	EF_AUTD = 0x0014,
	EF_BNK = 0x0301,
	EF_MAC = 0x0302,
	EF_SEQ = 0x0303,
	SFI_ID = 0x19,
	SFI_BNK = 0x1a,
	SFI_MAC = 0x1b,
	SFI_SEQ = 0x1c,
	MF = 0x3f00,
	PIN_REFERENCE = 0x81,
};

/* The files; `in` tells where they can be selected. */
static const struct file {
	uint16_t fid;
	uint8_t sfi;		/* 0: none */
	bool in_mf, in_bank;
	bool ddv0_only;
	bool update;		/* with the PIN */
} files[] = {
	{ EF_ID, SFI_ID, true, true, false, false },
	{ EF_KEYD, 0, false, true, true, false },
	{ EF_AUTD, 0, false, true, true, false },
	{ EF_BNK, SFI_BNK, false, true, false, true },
	{ EF_MAC, SFI_MAC, false, true, false, true },
	{ EF_SEQ, SFI_SEQ, false, true, false, true },
};

static bool
is_visible(const struct ddv *s, const struct file *f)
{
	return (s->in_bank ? f->in_bank : f->in_mf) &&
	    (!f->ddv0_only || s->type == 0);
}

static const struct file *
find_file(const struct ddv *s, uint16_t fid, uint8_t sfi)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct file *f = &files[i];

		if (is_visible(s, f) && (sfi != 0 ? f->sfi == sfi :
		    f->fid == fid))
			return f;
	}
	return NULL;
}

/* The bytes of a record; p is NULL when there is none with that number. */
static struct wr
record(struct ddv *s, const struct file *f, uint8_t number)
{
	if (f->fid == EF_BNK && number >= 1 && number <= DDV_BANKS)
		return (struct wr){ .p = s->bank[number - 1],
			.cap = DDV_BANK_SIZE };
	if (number == 1) {
		switch (f->fid) {
		case EF_ID:
			return (struct wr){ .p = s->id, .cap = s->id_n };
		case EF_KEYD:
			return (struct wr){ .p = s->keyd,
				.cap = sizeof(s->keyd) };
		case EF_AUTD:
			return (struct wr){ .p = s->autd,
				.cap = sizeof(s->autd) };
		case EF_MAC:
			return (struct wr){ .p = s->mac,
				.cap = sizeof(s->mac) };
		case EF_SEQ:
			return (struct wr){ .p = s->seq,
				.cap = sizeof(s->seq) };
		}
	}
	return (struct wr){ .p = NULL };
}

/* The record that P1 P2 mean, or a status word. */
static uint16_t
find_record(struct ddv *s, const struct card_cmd *c, const struct file **f,
    struct wr *w)
{
	uint8_t sfi = c->p2 >> 3;

	if ((c->p2 & 7) != 4)
		return SW_P1P2;
	if (sfi == 0 && s->ef == 0)
		return SW_NO_EF;
	*f = find_file(s, s->ef, sfi);
	if (*f == NULL)
		return SW_FILE_NOT_FOUND;
	s->ef = (*f)->fid;
	*w = record(s, *f, c->p1);
	return w->p == NULL ? SW_RECORD_NOT_FOUND : SW_OK;
}

static uint16_t
select_mf(struct ddv *s)
{
	s->in_bank = false;
	s->ef = 0;
	return SW_OK;
}

static uint16_t
select_application(struct ddv *s, struct view aid)
{
	const uint8_t mine[] = { 0xd2, 0x76, 0x00, 0x00, 0x25, 0x48, 0x42,
		(uint8_t)(s->type + 1), 0x00 };

	if (!view_eq(aid, (struct view){ mine, sizeof(mine) }))
		return SW_FILE_NOT_FOUND;
	s->in_bank = true;
	s->ef = 0;
	return SW_OK;
}

static uint16_t
select_file(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	struct rd r = { .in = c->data };
	uint16_t fid = rd_be16(&r);

	(void)rsp;
	if (c->p1 == 0x04)
		return select_application(s, c->data);
	if (c->p1 == 0x00 && (c->data.n == 0 || (c->data.n == 2 && fid == MF)))
		return select_mf(s);
	if (c->p1 != 0x02 || c->data.n != 2)
		return c->p1 > 0x02 ? SW_P1P2 : SW_FILE_NOT_FOUND;
	if (find_file(s, fid, 0) == NULL)
		return SW_FILE_NOT_FOUND;
	s->ef = fid;
	return SW_OK;
}

static uint16_t
read_record(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	const struct file *f;
	struct wr w;
	uint16_t sw = find_record(s, c, &f, &w);

	if (sw == SW_OK)
		wr_view(rsp, (struct view){ w.p, w.cap });
	return sw;
}

static uint16_t
update_record(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	const struct file *f;
	struct wr w;
	uint16_t sw = find_record(s, c, &f, &w);

	(void)rsp;
	if (sw != SW_OK)
		return sw;
	if (!f->update || !s->pin_ok)
		return SW_SECURITY;
	if (c->data.n != w.cap)
		return SW_WRONG_LENGTH;
	wr_view(&w, c->data);
	return SW_OK;
}

static uint16_t
verify(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	(void)rsp;
	if (c->p1 != 0 || c->p2 != PIN_REFERENCE)
		return SW_NOT_FOUND;
	if (c->data.n != DDV_PIN_BLOCK)
		return SW_WRONG_LENGTH;
	if (s->tries == 0)
		return SW_BLOCKED;
	s->pin_ok = memcmp(c->data.p, s->pin, DDV_PIN_BLOCK) == 0;
	s->tries = s->pin_ok ? DDV_TRIES : s->tries - 1;
	return s->pin_ok ? SW_OK : (uint16_t)(SW_PIN_TRIES | s->tries);
}

static uint16_t
get_challenge(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	uint8_t *p = wr_room(rsp, DDV_BLOCK);

	(void)s;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	return p != NULL && RAND_bytes(p, DDV_BLOCK) == 1 ? SW_OK :
	    SW_CONDITIONS;
}

static uint16_t
internal_authenticate(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	uint8_t out[DDV_BLOCK];

	if (c->p1 != 0 || c->p2 != (0x80 | s->crypt.number))
		return SW_NOT_FOUND;
	if (c->data.n != DDV_BLOCK)
		return SW_WRONG_LENGTH;
	if (!s->pin_ok)
		return SW_SECURITY;
	if (!ddv_encrypt(&s->crypt, c->data.p, out))
		return SW_CONDITIONS;
	wr_view(rsp, (struct view){ out, sizeof(out) });
	return SW_OK;
}

/* PUT DATA: what the next MAC starts with. */
static uint16_t
put_icv(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	(void)rsp;
	if (c->p1 != 0x01 || c->p2 != 0x00)
		return SW_NOT_FOUND;
	if (c->data.n != DDV_BLOCK)
		return SW_WRONG_LENGTH;
	if (!s->pin_ok)
		return SW_SECURITY;
	memcpy(s->icv, c->data.p, DDV_BLOCK);
	return SW_OK;
}

/* The record and its MAC; tagged is how DDV-1 writes them. */
static uint16_t
put_signed(struct ddv *s, const struct card_cmd *c, struct wr *rsp,
    const uint8_t *icv, bool tagged)
{
	const struct file *f;
	uint8_t mac[DDV_BLOCK];
	struct wr w;
	uint16_t sw = find_record(s, c, &f, &w);

	if (sw != SW_OK)
		return sw;
	if (f->fid != EF_MAC)
		return SW_CONDITIONS;
	if (!s->pin_ok)
		return SW_SECURITY;
	if (!ddv_mac(s, icv, mac))
		return SW_CONDITIONS;
	if (tagged)
		wr_be16(rsp, 0x8100 | DDV_MAC_SIZE);
	wr_view(rsp, (struct view){ w.p, w.cap });
	if (tagged)
		wr_be16(rsp, 0x8e00 | DDV_BLOCK);
	wr_view(rsp, (struct view){ mac, sizeof(mac) });
	return SW_OK;
}

static uint16_t
read_signed_0(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	return put_signed(s, c, rsp, s->icv, false);
}

/* The response descriptor carries the initial value, and an empty Le object. */
static uint16_t
read_signed_1(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	static const uint8_t head[] = { 0xba, 0x0c, 0xb4, 0x0a, 0x87, 0x08 };
	static const uint8_t tail[] = { 0x96, 0x01, 0x00 };
	struct rd r = { .in = c->data };
	struct view h = rd_take(&r, sizeof(head)), icv = rd_take(&r, DDV_BLOCK);

	if (r.bad || !view_eq(h, (struct view){ head, sizeof(head) }) ||
	    !view_eq(r.in, (struct view){ tail, sizeof(tail) }))
		return SW_SM_WRONG;
	return put_signed(s, c, rsp, icv.p, true);
}

static uint16_t
get_keyinfo(struct ddv *s, const struct card_cmd *c, struct wr *rsp)
{
	const struct ddv_key *k = c->p2 == s->sign.number ? &s->sign :
	    c->p2 == s->crypt.number ? &s->crypt : NULL;

	if (c->p1 != 0x80 || k == NULL)
		return SW_NOT_FOUND;
	wr_u8(rsp, k->version);
	return SW_OK;
}

enum { BOTH = 2 };

static const struct {
	uint8_t cla, ins;
	unsigned type;		/* of the card that has it */
	uint16_t (*run)(struct ddv *, const struct card_cmd *, struct wr *);
} commands[] = {
	{ 0x00, 0x20, BOTH, verify },
	{ 0x00, 0x84, BOTH, get_challenge },
	{ 0x00, 0x88, BOTH, internal_authenticate },
	{ 0x00, 0xa4, BOTH, select_file },
	{ 0x00, 0xb2, BOTH, read_record },
	{ 0x04, 0xb2, 0, read_signed_0 },
	{ 0x08, 0xb2, 1, read_signed_1 },
	{ 0x00, 0xda, 0, put_icv },
	{ 0x00, 0xdc, BOTH, update_record },
	{ 0xb0, 0xee, 1, get_keyinfo },
};

static uint16_t
run(struct ddv *s, struct view cmd, struct wr *rsp)
{
	struct card_cmd c;

	if (!card_cmd_parse(&c, cmd))
		return SW_WRONG_LENGTH;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].cla == c.cla && commands[i].ins == c.ins &&
		    (commands[i].type == BOTH || commands[i].type == s->type))
			return commands[i].run(s, &c, rsp);
	}
	return c.cla == 0 ? SW_INS : SW_CLA;
}

static void
ddv_apdu(struct card *card, struct view cmd, struct wr *rsp)
{
	uint16_t sw = run(card->state, cmd, rsp);

	if (sw != SW_OK)
		rsp->n = 0;
	wr_be16(rsp, sw);
}

static void
ddv_reset(struct card *card)
{
	struct ddv *s = card->state;

	(void)select_mf(s);
	s->pin_ok = false;
	memset(s->icv, 0, sizeof(s->icv));
}

static bool
ddv_takes_data(uint8_t ins)
{
	return ins != 0x84 && ins != 0xb2 && ins != 0xc0 && ins != 0xee;
}

const struct card_kind ddv_card = {
	.name		= "ddv",
	.line		= ddv_line,
	.ready		= ddv_ready,
	.reset		= ddv_reset,
	.apdu		= ddv_apdu,
	.takes_data	= ddv_takes_data,
	.state_size	= sizeof(struct ddv),
};
