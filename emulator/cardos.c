/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/cardos.h"

#include <string.h>

#include <openssl/rand.h>

static uint16_t
get_challenge(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	uint8_t *p;

	(void)s;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (!c->has_le || c->data.n != 0)
		return SW_WRONG_LENGTH;
	p = wr_room(rsp, c->le);
	return p != NULL && RAND_bytes(p, (int)c->le) == 1 ?
	    SW_OK : SW_CONDITIONS;
}

/* PHASE CONTROL: administration and operation take turns. */
static uint16_t
phase_control(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	const struct cos_file *mf = &s->file[0];
	uint16_t sw;

	(void)rsp;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	/* assumed: the MF's rule stands for the whole card */
	sw = cos_access(s, 0, cos_ac(mf->ac, mf->n_ac, DF_LIFE_CYCLE));
	if (sw != SW_OK)
		return sw;
	s->phase = s->phase == COS_OPERATIONAL ?
	    COS_ADMINISTRATION : COS_OPERATIONAL;
	return SW_OK;
}

/* GET DATA with P1 = 01 tells about the card: one writer for each P2. */

static void
put_info(const struct cos *s, struct wr *w)
{
	wr_view(w, (struct view){ s->info, s->n_info });
	wr_u8(w, 0);		/* cardos-tool prints it as it is */
}

static void
put_prom(const struct cos *s, struct wr *w)
{
	wr_view(w, (struct view){ s->prom, sizeof(s->prom) });
}

static void
put_version(const struct cos *s, struct wr *w)
{
	wr_view(w, (struct view){ s->version, sizeof(s->version) });
}

static void
put_phase(const struct cos *s, struct wr *w)
{
	wr_u8(w, (uint8_t)s->phase);
}

static void
put_free_in_df(const struct cos *s, struct wr *w)
{
	const struct cos_file *df = &s->file[s->df];
	size_t left = cos_free_memory(s), used = 0;

	for (size_t i = 0; i < COS_FILES_MAX; i++)
		if (s->file[i].used && s->file[i].parent == s->df)
			used += s->file[i].size;
	if (df->size > used && df->size - used < left)
		left = df->size - used;
	wr_be16(w, (uint16_t)left);
}

static void
put_atr_status(const struct cos *s, struct wr *w)
{
	(void)s;
	wr_u8(w, 0);		/* the ATR in ROM */
}

static void
put_packages(const struct cos *s, struct wr *w)
{
	wr_view(w, (struct view){ s->packages, s->n_packages });
}

static void
put_chip(const struct cos *s, struct wr *w)
{
	wr_view(w, (struct view){ s->chip, sizeof(s->chip) });
}

static void
put_free(const struct cos *s, struct wr *w)
{
	wr_be16(w, (uint16_t)cos_free_memory(s));
}

static void
put_data_field(const struct cos *s, struct wr *w)
{
	wr_be16(w, (uint16_t)s->data_field);
}

/* PackageLoadKey, then StartKey: version and tries; two bytes unknown */
static void
put_system_keys(const struct cos *s, struct wr *w)
{
	const uint8_t keys[] = { 0x00, 10, s->startkey_version,
	    s->startkey_tries, 0, 0 };

	wr_view(w, (struct view){ keys, sizeof(keys) });
}

static const struct {
	uint8_t p2;
	bool raw;		/* answered in manufacturing phase, too */
	void (*put)(const struct cos *, struct wr *);
} facts[] = {
	{ 0x80, true, put_info },
	{ 0x81, true, put_prom },
	{ 0x82, true, put_version },
	{ 0x83, true, put_phase },
	{ 0x84, true, cos_put_security },
	{ 0x85, true, put_free_in_df },
	{ 0x86, true, put_atr_status },
	{ 0x87, false, cos_put_path },
	{ 0x88, true, put_packages },
	{ 0x89, true, put_chip },
	{ 0x8a, true, put_free },
	{ 0x8d, true, put_data_field },
	{ 0x96, true, put_system_keys },
};

static uint16_t
get_data(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	if (c->data.n != 0)
		return SW_WRONG_LENGTH;
	if (c->p1 != 0x01)
		return SW_P1P2;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (facts[i].p2 != c->p2)
			continue;
		if (s->phase == COS_MANUFACTURING && !facts[i].raw)
			return SW_INS;	/* as seen on a new M4.2B */
		facts[i].put(s, rsp);
		return SW_OK;
	}
	return SW_NOT_FOUND;
}

enum { INS_PERFORM = 0x2a };

enum { RAW = COS_MANUFACTURING, USED = 0, ADMIN = COS_ADMINISTRATION };

static const struct {
	uint8_t cla, ins;
	bool takes_data;
	int phase;	/* RAW: always; USED: once formatted; or this one only */
	cos_run *run;
} commands[] = {
	{ 0x00, 0x04, false, USED, cos_deactivate },
	{ 0x84, 0x06, true, ADMIN, cos_erase },
	{ 0x80, 0x10, false, USED, phase_control },
	{ 0x80, 0x16, false, USED, cos_directory },
	{ 0x00, 0x20, true, USED, cos_verify },
	{ 0x00, 0x22, true, USED, cos_manage_environment },
	{ 0x00, 0x24, true, USED, cos_change_reference },
	{ 0x00, INS_PERFORM, true, USED, cos_perform },
	{ 0x00, 0x2c, true, USED, cos_reset_retry },
	{ 0x84, 0x40, true, RAW, cos_format },
	{ 0x00, 0x44, false, USED, cos_activate },
	{ 0x00, 0x46, true, ADMIN, cos_generate_key },
	{ 0x00, 0x84, false, USED, get_challenge },
	{ 0x00, 0xa4, true, USED, cos_select },
	{ 0x00, 0xb0, false, USED, cos_read_binary },
	{ 0x00, 0xb2, false, USED, cos_read_record },
	{ 0x00, 0xca, false, RAW, get_data },
	{ 0x00, 0xd6, true, USED, cos_update_binary },
	{ 0x00, 0xda, true, ADMIN, cos_put_data },
	{ 0x00, 0xdc, true, USED, cos_update_record },
	{ 0x00, 0xe0, true, USED, cos_create },
	{ 0x00, 0xe2, true, USED, cos_append_record },
	{ 0x00, 0xe4, true, USED, cos_delete },
	{ 0x80, 0xea, false, USED, cos_logout },
};

static bool
cardos_takes_data(uint8_t ins)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].ins == ins)
			return commands[i].takes_data;
	return false;
}

/* The real card knows fewer commands in some phases than in others. */
static uint16_t
run(struct cos *s, const struct card_cmd *c, struct wr *rsp)
{
	uint16_t sw = SW_INS;

	if ((c->cla & 0x7b) != 0)
		return SW_CLA;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].ins != c->ins)
			continue;
		if (commands[i].cla != c->cla) {
			sw = SW_CLA;
			continue;
		}
		if (s->phase == COS_MANUFACTURING && commands[i].phase != RAW)
			return SW_INS;
		if (commands[i].phase == ADMIN && s->phase != COS_ADMINISTRATION)
			return SW_CONDITIONS;
		return commands[i].run(s, c, rsp);
	}
	return sw;
}

/*
 * The data of an answer against Le: none without Le (T=1 has no GET RESPONSE
 * here), 6Cxx when Le is too small. The reading commands obey Le themselves.
 */
static uint16_t
fit(const struct card_cmd *c, struct wr *rsp, uint16_t sw)
{
	if (!c->has_le || sw != SW_OK) {
		rsp->n = 0;
	} else if (rsp->n > c->le) {
		sw = (uint16_t)(SW_EXACT_LENGTH | (rsp->n & 0xff));
		rsp->n = 0;
	}
	return sw;
}

/* OpenSC signs with keys of 2048 bits in parts; only that command takes them. */
static uint16_t
run_part(struct cos *s, struct card_cmd *c, struct wr *rsp)
{
	bool may = c->ins == INS_PERFORM && s->phase != COS_MANUFACTURING;
	uint16_t sw;

	if (!card_chain_take(&s->chain, c, may, COS_CHAIN_MAX, &sw))
		return sw;
	sw = run(s, c, rsp);
	card_chain_forget(&s->chain);
	return sw;
}

static void
cardos_apdu(struct card *card, struct view cmd, struct wr *rsp)
{
	struct cos *s = card->state;
	struct card_cmd c;
	uint16_t sw = SW_WRONG_LENGTH;

	s->work_ms = 0;
	s->keygen_ms = card->keygen_ms;
	if (card_cmd_parse(&c, cmd))
		sw = fit(&c, rsp, run_part(s, &c, rsp));
	card->busy_ms += s->work_ms;
	wr_be16(rsp, sw);
}

static void
cardos_reset(struct card *card)
{
	struct cos *s = card->state;

	s->df = 0;
	s->ef = COS_NONE;
	card_chain_forget(&s->chain);
	cos_logout_all(s);
	cos_default_environment(s);
}

static void
cardos_fini(struct card *card)
{
	cos_wipe(card->state);
}

const struct card_kind cardos_card = {
	.name		= "cardos",
	.line		= cos_line,
	.ready		= cos_ready,
	.reset		= cardos_reset,
	.apdu		= cardos_apdu,
	.takes_data	= cardos_takes_data,
	.state_size	= sizeof(struct cos),
	.fini		= cardos_fini,
};
