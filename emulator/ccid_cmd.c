/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ccid_state.h"

#include <string.h>

uint8_t
ccid_answer_type(uint8_t command)
{
	switch (command) {
	case PC_ICC_POWER_ON:
	case PC_XFR_BLOCK:
	case PC_SECURE:
		return RDR_DATA_BLOCK;
	case PC_GET_PARAMETERS:
	case PC_RESET_PARAMETERS:
	case PC_SET_PARAMETERS:
		return RDR_PARAMETERS;
	case PC_ESCAPE:
		return RDR_ESCAPE;
	case PC_SET_RATE:
		return RDR_RATE;
	default:
		return RDR_SLOT_STATUS;
	}
}

bool
ccid_unpowered(struct usb_device *d, uint8_t type, const struct ccid_msg *m)
{
	if (ccid_slot(d, m->slot)->powered)
		return false;
	ccid_refuse(d, type, m, E_MUTE);
	return true;
}

/* Power, CCID 1.1 §6.1.1 and §6.1.2 */

static bool
voltage_offered(const struct usb_device *d, uint8_t select)
{
	static const uint8_t bits[] = { 0, CARD_5V, CARD_3V, CARD_1V8 };

	if (select == 0)
		return (ccid_traits(d)->features & CCID_AUTO_VOLTAGE) != 0;
	return select <= 3 && (ccid_traits(d)->voltages & bits[select]) != 0;
}

/* Does the card answer to reset at this voltage? */
static bool
voltage_works(const struct card *card, uint8_t select)
{
	static const unsigned bits[] = { 7, CARD_5V, CARD_3V, CARD_1V8 };

	return !card->mute && (card->voltages & bits[select]) != 0;
}

/*
 * The parameters after a reset. A reader with "automatic parameter
 * configuration based on ATR data" has read them there.
 */
static void
params_reset(const struct usb_device *d, unsigned slot)
{
	struct ccid_slot *s = ccid_slot(d, slot);
	const struct card_atr *a = &d->slot[slot].card->offer;
	bool automatic = (ccid_traits(d)->features & CCID_AUTO_PARAMS) != 0;
	uint8_t fidi = automatic && (a->specific ||
	    (ccid_traits(d)->features & CCID_AUTO_PPS) != 0) ?
	    a->ta1 : FIDI_DEFAULT;
	const uint8_t t0[PARAMS_T1] = { fidi, 0, a->tc1, a->wi, 0, 0, 0 };
	const uint8_t t1[PARAMS_T1] = {
		fidi, (uint8_t)(0x10 | a->crc), a->tc1, a->bwi_cwi, 0, a->ifsc,
		0
	};
	const uint8_t plain[PARAMS_T1] = { FIDI_DEFAULT, 0, 0, 10 };

	s->protocol = automatic && a->first == 1;
	memcpy(s->params, !automatic ? plain : s->protocol == 1 ? t1 : t0,
	    sizeof(s->params));
	s->card_fidi = a->specific || (automatic &&
	    (ccid_traits(d)->features & CCID_AUTO_PPS) != 0) ?
	    a->ta1 : FIDI_DEFAULT;
}

static void
power_on(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid_slot *s = ccid_slot(d, m->slot);
	struct card *card = d->slot[m->slot].card;
	uint8_t select = m->arg[0];

	if (m->length != 0) {
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_LENGTH);
		return;
	}
	if (!voltage_offered(d, select)) {
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_PARAM_7);
		return;
	}
	ccid_slot_off(s);
	if (!d->slot[m->slot].in || !voltage_works(card, select)) {
		ccid_refuse(d, RDR_DATA_BLOCK, m, E_MUTE);
		return;
	}
	card_reset(card);
	card_t0_reset(&s->t0);
	card_t1_reset(&s->t1, &card->offer);
	s->powered = s->fresh = true;
	params_reset(d, m->slot);
	ccid_answer(d, RDR_DATA_BLOCK, m,
	    (struct view){ card->atr, card->atr_len }, 0);
}

static void
power_off(struct usb_device *d, const struct ccid_msg *m)
{
	if (m->length != 0) {
		ccid_refuse(d, RDR_SLOT_STATUS, m, E_LENGTH);
		return;
	}
	ccid_slot_off(ccid_slot(d, m->slot));
	ccid_answer(d, RDR_SLOT_STATUS, m, (struct view){ NULL, 0 }, 0);
}

static void
slot_status(struct usb_device *d, const struct ccid_msg *m)
{
	if (m->length != 0)
		ccid_refuse(d, RDR_SLOT_STATUS, m, E_LENGTH);
	else
		ccid_answer(d, RDR_SLOT_STATUS, m, (struct view){ NULL, 0 },
		    ccid_slot(d, m->slot)->clock);
}

static void
icc_clock(struct usb_device *d, const struct ccid_msg *m)
{
	if (m->length != 0) {
		ccid_refuse(d, RDR_SLOT_STATUS, m, E_LENGTH);
		return;
	}
	if (m->arg[0] > 1) {
		ccid_refuse(d, RDR_SLOT_STATUS, m, E_PARAM_7);
		return;
	}
	if (ccid_unpowered(d, RDR_SLOT_STATUS, m))
		return;
	ccid_slot(d, m->slot)->clock = m->arg[0] == 1 ? CLOCK_STOPPED_LOW : 0;
	slot_status(d, m);
}

/* Parameters, CCID 1.1 §6.1.5 to §6.1.7 */

static void
answer_params(struct usb_device *d, const struct ccid_msg *m)
{
	const struct ccid_slot *s = ccid_slot(d, m->slot);
	size_t n = s->protocol == 0 ? PARAMS_T0 : PARAMS_T1;

	ccid_answer(d, RDR_PARAMETERS, m, (struct view){ s->params, n },
	    s->protocol);
}

static void
get_parameters(struct usb_device *d, const struct ccid_msg *m)
{
	if (m->length != 0)
		ccid_refuse(d, RDR_PARAMETERS, m, E_LENGTH);
	else if (!ccid_unpowered(d, RDR_PARAMETERS, m))
		answer_params(d, m);
}

static void
reset_parameters(struct usb_device *d, const struct ccid_msg *m)
{
	if (m->length != 0) {
		ccid_refuse(d, RDR_PARAMETERS, m, E_LENGTH);
		return;
	}
	if (ccid_unpowered(d, RDR_PARAMETERS, m))
		return;
	params_reset(d, m->slot);
	answer_params(d, m);
}

/* Fi and Di of ISO 7816-3:2006 §8.3, tables 7 and 8; RFU is 0. */
static bool
fidi_defined(uint8_t fidi)
{
	static const uint16_t f[16] = {
		372, 372, 558, 744, 1116, 1488, 1860, 0,
		0, 512, 768, 1024, 1536, 2048, 0, 0
	};
	static const uint8_t di[16] = {
		0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0
	};

	return f[fidi >> 4] != 0 && di[fidi & 15] != 0;
}

/* 0, or the bError for what is wrong with the parameters. */
static uint8_t
check_params(const struct usb_device *d, const struct ccid_msg *m)
{
	uint8_t protocol = m->arg[0];

	if (protocol > 1 || (d->slot[m->slot].card->offer.protocols &
	    1u << protocol) == 0)
		return E_PARAM_7;
	if (m->length != (protocol == 0 ? PARAMS_T0 : PARAMS_T1))
		return E_LENGTH;
	return fidi_defined(m->data.p[0]) ? 0 : E_FIDI;
}

static void
set_parameters(struct usb_device *d, const struct ccid_msg *m)
{
	struct ccid_slot *s = ccid_slot(d, m->slot);
	uint8_t error;

	if (ccid_unpowered(d, RDR_PARAMETERS, m))
		return;
	error = check_params(d, m);
	if (error != 0) {
		ccid_refuse(d, RDR_PARAMETERS, m, error);
		return;
	}
	s->protocol = m->arg[0];
	memcpy(s->params, m->data.p, m->data.n);
	if ((ccid_traits(d)->features & CCID_AUTO_PPS) != 0)
		s->card_fidi = s->params[0];	/* the reader tells the card */
	answer_params(d, m);
}

/*
 * T0APDU, CCID 1.1 §6.1.9: classes of GET RESPONSE and ENVELOPE. Ours echoes
 * the class of the command and has nothing to change.
 */
static void
t0_apdu(struct usb_device *d, const struct ccid_msg *m)
{
	if (m->length != 0)
		ccid_refuse(d, RDR_SLOT_STATUS, m, E_LENGTH);
	else if (m->arg[0] != 0)
		ccid_refuse(d, RDR_SLOT_STATUS, m, E_PARAM_7);
	else
		slot_status(d, m);
}

/* Escape, CCID 1.1 §6.1.8: nobody's but for the one that most vendors have, to
   ask a reader what it is. */
static void
escape(struct usb_device *d, const struct ccid_msg *m)
{
	static const uint8_t what_are_you = 0x02;
	const char *name = d->model->name;

	if (!ccid_traits(d)->names_itself || m->data.n != 1 ||
	    m->data.p[0] != what_are_you)
		ccid_refuse(d, RDR_ESCAPE, m, E_UNSUPPORTED);
	else
		ccid_answer(d, RDR_ESCAPE, m, (struct view){
		    (const uint8_t *)name, strlen(name) }, 0);
}

static const struct {
	uint8_t type;
	void (*run)(struct usb_device *, const struct ccid_msg *);
} commands[] = {
	{ PC_SET_PARAMETERS,	set_parameters },
	{ PC_ICC_POWER_ON,	power_on },
	{ PC_ICC_POWER_OFF,	power_off },
	{ PC_GET_SLOT_STATUS,	slot_status },
	{ PC_T0_APDU,		t0_apdu },
	{ PC_GET_PARAMETERS,	get_parameters },
	{ PC_RESET_PARAMETERS,	reset_parameters },
	{ PC_ICC_CLOCK,		icc_clock },
	{ PC_ESCAPE,		escape },
};

void
ccid_command(struct usb_device *d, const struct ccid_msg *m)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].type != m->type)
			continue;
		commands[i].run(d, m);
		return;
	}
	ccid_refuse(d, ccid_answer_type(m->type), m, E_UNSUPPORTED);
}
