/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/openpgp.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "emulator/card_text.h"

enum {
	SW_TERMINATED = 0x6285,
	/* card capabilities in the historical bytes */
	CAPABILITIES_TAG = 0x73,
	EXTENDED_LENGTHS = 0x40,
};

static const uint8_t rid_and_application[] = {
	0xd2, 0x76, 0x00, 0x01, 0x24, 0x01
};

static uint16_t
get_challenge(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	uint8_t *p;

	(void)s;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (!c->has_le || c->le > PGP_CHALLENGE_MAX || c->data.n != 0)
		return SW_WRONG_LENGTH;
	p = wr_room(rsp, c->le);
	return p != NULL && RAND_bytes(p, (int)c->le) == 1 ?
	    SW_OK : SW_CONDITIONS;
}

static void
log_out(struct pgp *s)
{
	s->verified = 0;
	s->at_cert = 0;
	pgp_default_environment(s);
}

/* By the whole name or its beginning, the application's number included. */
static uint16_t
select_application(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	const uint8_t *mine = rid_and_application;
	size_t n = sizeof(rid_and_application);

	(void)rsp;
	if (c->p1 != 0x04 || c->data.n < n || c->data.n > 16 ||
	    memcmp(c->data.p, mine, n) != 0)
		return SW_FILE_NOT_FOUND;
	if (c->p2 != 0)
		return SW_P1P2;
	log_out(s);
	s->selected = true;
	return s->terminated ? SW_TERMINATED : SW_OK;
}

/* As after production. */
static void
personalize(struct pgp *s)
{
	pgp_key_reset(s);
	pgp_pin_reset(s);
	pgp_data_wipe(s);
	s->signatures = 0;
	s->terminated = false;
	log_out(s);
}

/* With PW3, or when nobody can get in any more. */
static uint16_t
terminate(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	bool blocked = s->pin[PGP_PW1].tries == 0 && s->pin[PGP_PW3].tries == 0;

	(void)rsp;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (!blocked && pgp_need(s, PGP_PW3_OK) != SW_OK)
		return SW_SECURITY;
	s->terminated = true;
	log_out(s);
	return SW_OK;
}

/* Nothing to do for a card that is active. */
static uint16_t
activate(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	(void)rsp;
	if (c->p1 != 0 || c->p2 != 0)
		return SW_P1P2;
	if (s->terminated)
		personalize(s);
	return SW_OK;
}

uint16_t
pgp_need(const struct pgp *s, unsigned verified)
{
	return (s->verified & verified) != 0 ? SW_OK : SW_SECURITY;
}

enum { INS_ACTIVATE = 0x44, INS_SELECT = 0xa4, INS_GET_RESPONSE = 0xc0 };

static const struct {
	uint8_t ins;
	bool takes_data;
	pgp_run *run;
} commands[] = {
	{ 0x20, true, pgp_verify },
	{ 0x22, true, pgp_manage_environment },
	{ 0x24, true, pgp_change_reference },
	{ 0x2a, true, pgp_perform },
	{ 0x2c, true, pgp_reset_retry },
	{ INS_ACTIVATE, false, activate },
	{ 0x47, true, pgp_generate },
	{ 0x84, false, get_challenge },
	{ 0x88, true, pgp_internal_authenticate },
	{ INS_SELECT, true, select_application },
	{ 0xa5, true, pgp_select_data },
	{ 0xca, false, pgp_get_data },
	{ 0xcc, false, pgp_get_next_data },
	{ 0xda, true, pgp_put_data },
	{ 0xdb, true, pgp_put_data },
	{ 0xe6, false, terminate },
};

static bool
openpgp_takes_data(uint8_t ins)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].ins == ins)
			return commands[i].takes_data;
	return false;
}

static uint16_t
run(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	if (c->ins != INS_SELECT && !s->selected)
		return SW_CONDITIONS;
	if (c->ins != INS_SELECT && c->ins != INS_ACTIVATE && s->terminated)
		return SW_TERMINATED;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].ins == c->ins)
			return commands[i].run(s, c, rsp);
	return SW_INS;
}

static void
forget_answer(struct pgp *s)
{
	explicit_bzero(s->answer, s->answer_n);
	s->answer_n = s->answer_at = 0;
}

/* Into the answer. */
static uint16_t
run_whole(struct pgp *s, const struct card_cmd *c)
{
	struct wr w = { s->answer, sizeof(s->answer), 0, false };
	uint16_t sw = run(s, c, &w);

	s->answer_n = w.n;
	if (w.bad && sw == SW_OK)
		sw = SW_WRONG_LENGTH;
	if (sw != SW_OK)
		forget_answer(s);
	return sw;
}

static uint16_t
run_part(struct pgp *s, struct card_cmd *c)
{
	uint16_t sw;

	if (!card_chain_take(&s->chain, c, openpgp_takes_data(c->ins),
	    CARD_CHAIN_MAX, &sw))
		return sw;
	sw = run_whole(s, c);
	card_chain_forget(&s->chain);
	return sw;
}

/* As much of the answer as Le allows; the rest waits for GET RESPONSE. */
static uint16_t
send_answer(struct pgp *s, const struct card_cmd *c, struct wr *rsp)
{
	size_t left = s->answer_n - s->answer_at;
	size_t n = !c->has_le ? 0 : c->le < left ? c->le : left;

	if (n != 0)
		wr_view(rsp, (struct view){ s->answer + s->answer_at, n });
	s->answer_at += n;
	left -= n;
	if (left == 0) {
		forget_answer(s);
		return SW_OK;
	}
	return (uint16_t)(SW_MORE | (left > 0xff ? 0 : left));
}

static uint16_t
serve(struct pgp *s, struct card_cmd *c, struct wr *rsp)
{
	uint16_t sw = SW_OK;

	if ((c->cla & (uint8_t)~CARD_CLA_CHAIN) != 0)
		return SW_CLA;
	if (c->extended && !s->extended)
		return SW_WRONG_LENGTH;
	if (c->ins == INS_GET_RESPONSE) {
		if (s->answer_n == 0 || c->cla != 0)
			return SW_CONDITIONS;
	} else {
		forget_answer(s);
		sw = run_part(s, c);
	}
	return sw == SW_OK && s->answer_n != 0 ? send_answer(s, c, rsp) : sw;
}

static void
openpgp_apdu(struct card *card, struct view cmd, struct wr *rsp)
{
	struct pgp *s = card->state;
	struct card_cmd c;
	uint16_t sw = SW_WRONG_LENGTH;

	s->work_ms = 0;
	s->keygen_ms = card->keygen_ms;
	if (card_cmd_parse(&c, cmd))
		sw = serve(s, &c, rsp);
	card->busy_ms += s->work_ms;
	wr_be16(rsp, sw);
}

static void
openpgp_reset(struct card *card)
{
	struct pgp *s = card->state;

	s->selected = false;
	log_out(s);
	card_chain_forget(&s->chain);
	forget_answer(s);
}

static bool
openpgp_line(struct card *card, size_t n, char *const *words, char *why)
{
	struct pgp *s = card->state;
	bool serial = strcmp(words[0], "serial") == 0;
	struct wr w = { serial ? s->serial : s->manufacturer,
	    serial ? sizeof(s->serial) : sizeof(s->manufacturer), 0, false };

	if (!serial && strcmp(words[0], "manufacturer") != 0) {
		snprintf(why, CARD_WHY_MAX, "unknown line '%.50s'", words[0]);
		return false;
	}
	if (!card_text_bytes(&w, n - 1, words + 1, why))
		return false;
	if (w.n != w.cap)
		snprintf(why, CARD_WHY_MAX, "%zu bytes are expected after "
		    "'%.50s'", w.cap, words[0]);
	return w.n == w.cap;
}

/* The last bytes of the ATR before TCK, ISO 7816-3:2006 §8.2.4. */
static struct view
historical_bytes(const struct card *c)
{
	size_t n = c->atr[1] & 0x0f, tck = c->offer.protocols != 1;

	if (n + tck + 2 > c->atr_len)
		return (struct view){ NULL, 0 };
	return (struct view){ c->atr + c->atr_len - tck - n, n };
}

/* The third byte of the card capabilities, ISO 7816-4:2005 §8.1.1.2.7. */
static bool
takes_extended(struct view historical)
{
	struct rd r = { .in = view_skip(historical, 1) };

	while (r.in.n != 0 && !r.bad) {
		uint8_t tag = rd_u8(&r);
		struct view v = rd_take(&r, tag & 0x0f);

		if (tag == CAPABILITIES_TAG && v.n == 3)
			return (v.p[2] & EXTENDED_LENGTHS) != 0;
	}
	return false;
}

static bool
openpgp_ready(struct card *card, char *why)
{
	struct pgp *s = card->state;

	s->historical = historical_bytes(card);
	if (s->historical.n == 0) {
		snprintf(why, CARD_WHY_MAX, "no historical bytes in the ATR");
		return false;
	}
	s->extended = takes_extended(s->historical);
	personalize(s);
	return true;
}

static void
openpgp_fini(struct card *card)
{
	struct pgp *s = card->state;

	pgp_key_reset(s);
	pgp_data_wipe(s);
}

const struct card_kind openpgp_card = {
	.name		= "openpgp",
	.line		= openpgp_line,
	.ready		= openpgp_ready,
	.reset		= openpgp_reset,
	.apdu		= openpgp_apdu,
	.takes_data	= openpgp_takes_data,
	.state_size	= sizeof(struct pgp),
	.fini		= openpgp_fini,
};
