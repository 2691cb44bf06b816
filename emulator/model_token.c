/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/eutron.h"
#include "emulator/ikey.h"
#include "emulator/models.h"
#include "emulator/token.h"
#include "emulator/token_t0.h"
#include "protocols/usbip.h"

/*
 * Tokens whose requests are known from OpenCT. Nobody has published their
 * descriptors; ids apart, these are ours: low speed, one interface of no class,
 * no endpoint that is not needed.
 */

#define DEVICE(vid, pid) {						\
	18, 1, LE16(0x0110), 0, 0, 0, 8,				\
	LE16(vid), LE16(pid), LE16(0x0100), 1, 2, 0, 1,			\
}

static const uint8_t etoken_050c_device[] = DEVICE(0x0529, 0x050c);
static const uint8_t etoken_0514_device[] = DEVICE(0x0529, 0x0514);
static const uint8_t etoken64_0600_device[] = DEVICE(0x0529, 0x0600);
static const uint8_t etoken64_0700_device[] = DEVICE(0x0529, 0x0700);
static const uint8_t starkey_device[] = DEVICE(0x096e, 0x0005);

static const uint8_t plain_config[] = {
	9, 2, LE16(18), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 0, 0xff, 0, 0, 0,
};

static const uint8_t interrupt_config[] = {
	9, 2, LE16(25), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 1, 0xff, 0, 0, 0,
	7, 5, 0x81, 3, LE16(8), 10,
};

static const char *const etoken_strings[] = { "Aladdin", "eToken PRO" };
static const char *const etoken64_strings[] = { "Aladdin", "eToken PRO 64k" };
static const char *const starkey_strings[] = { "G&D", "Starkey 100" };

/* What the 13 bytes mean is not known. */
static const uint8_t thirteen[13] = { 0 };
static const uint8_t settings[] = { 0, 0, 1, 0, 0x88, 0x13 };
static const uint8_t two[2] = { 0 };
static const uint8_t well[] = { 0 };

static const struct token_step etoken_steps[] = {
	{ 0x40, 0x01, { NULL, 0 } },
	{ 0xc0, 0x81, { NULL, 0 } },
	{ 0x40, 0x03, { NULL, 0 } },
	{ 0xc0, 0x83, VIEW(thirteen) },
	{ 0x40, 0x02, VIEW(settings) },
	{ 0xc0, 0x82, VIEW(well) },
};

static const struct token_step etoken64_steps[] = {
	{ 0x40, 0x01, { NULL, 0 } },
	{ 0xc0, 0x81, { NULL, 0 } },
	{ 0x40, 0x08, { NULL, 0 } },
	{ 0xc0, 0x88, VIEW(two) },
	{ 0x40, 0x03, { NULL, 0 } },
	{ 0xc0, 0x83, VIEW(well) },
};

static const struct token_traits etoken_traits = {
	.steps = etoken_steps, .n = COUNT(etoken_steps),
};
static const struct token_traits etoken64_traits = {
	.steps = etoken64_steps, .n = COUNT(etoken64_steps),
};
static const struct token_traits starkey_traits = { .ep_atr = 0x81 };

#define MODEL(word, text, family_traits, ids, conf, texts)		\
	.name = (word), .about = (text), .family = &token_family,	\
	.traits = &(family_traits), .device = VIEW(ids),		\
	.config = VIEW(conf), .strings = (texts),			\
	.n_strings = COUNT(texts), .speed = USBIP_SPEED_LOW,		\
	.slots = 1, .card = "etoken"

const struct usb_model model_etoken_050c = {
	MODEL("etoken-050c", "Aladdin eToken PRO", etoken_traits,
	    etoken_050c_device, plain_config, etoken_strings)
};
const struct usb_model model_etoken_0514 = {
	MODEL("etoken-0514", "Aladdin eToken PRO", etoken_traits,
	    etoken_0514_device, plain_config, etoken_strings)
};
const struct usb_model model_etoken64_0600 = {
	MODEL("etoken64-0600", "Aladdin eToken PRO 64k", etoken64_traits,
	    etoken64_0600_device, plain_config, etoken64_strings)
};
const struct usb_model model_etoken64_0700 = {
	MODEL("etoken64-0700", "Aladdin eToken PRO 64k", etoken64_traits,
	    etoken64_0700_device, plain_config, etoken64_strings)
};
const struct usb_model model_starkey = {
	MODEL("starkey", "G&D Starkey 100", starkey_traits,
	    starkey_device, interrupt_config, starkey_strings)
};

/* ---- tokens that have no strings ---- */

#define NAMELESS(vid, pid) {						\
	18, 1, LE16(0x0110), 0, 0, 0, 8,				\
	LE16(vid), LE16(pid), LE16(0x0100), 0, 0, 0, 1,			\
}

static const uint8_t egate_device[] = NAMELESS(0x0973, 0x0001);
static const uint8_t rutoken_device[] = NAMELESS(0x0a89, 0x0020);
static const uint8_t ikey2k_device[] = NAMELESS(0x04b9, 0x1202);
static const uint8_t ikey3k_device[] = NAMELESS(0x04b9, 0x1300);
static const uint8_t eutron_device[] = NAMELESS(0x073d, 0x0005);

static const struct token_t0_traits egate_traits = {
	.out_type = 0x40, .in_type = 0xc0,
	.reset = 0x90, .atr = 0x83, .atr_room = 35,
	.header = 0x80, .write = 0x82, .read = 0x81, .status = 0xa0,
	.reset_ms = 100,
};

static const struct token_t0_traits rutoken_traits = {
	.out_type = 0x41, .in_type = 0xc1,
	.reset = 0x63, .atr = 0x62, .atr_room = 19,
	.header = 0x65, .write = 0x65, .read = 0x6f, .status = 0xa0,
	.reset_ms = 15, .atr_is_data = true, .counts = true, .dialect = true,
};

static const uint8_t ikey2k_signature[] = { 0x0d, 0x63, 0x00, 0x05, 0x2d,
	0x2d, 0xc0, 0x80, 0x80, 0x60, 0x80, 0x01, 0x19 };
static const uint8_t ikey3k_signature[] = { 0x0a, 0x61, 0x00, 0x07, 0x2d,
	0x2d, 0xc0, 0x80, 0x80, 0x60 };

static const struct ikey_word ikey2k_words[] = {
	{ 0x0000, IKEY_WELL, 2 },
	{ 0x1901, IKEY_ATR, 25 },
	{ 0x0000, IKEY_WELL, 2 },
	{ 0x0000, IKEY_WELL, 32 },
	{ 0x1901, IKEY_ATR, 25 },
};

static const struct ikey_word ikey3k_words[] = {
	{ 0x0000, IKEY_WELL, 2 },
	{ 0x2005, IKEY_COUNTED_ATR, 32 },
	{ 0x0002, IKEY_PPS, 4 },
};

static const struct ikey_traits ikey2k_traits = {
	.signature = VIEW(ikey2k_signature),
	.words = ikey2k_words, .n = COUNT(ikey2k_words),
};
static const struct ikey_traits ikey3k_traits = {
	.signature = VIEW(ikey3k_signature),
	.words = ikey3k_words, .n = COUNT(ikey3k_words),
};

#define NAMELESS_MODEL(word, text, code, family_traits, ids)		\
	.name = (word), .about = (text), .family = &(code),		\
	.traits = (family_traits), .device = VIEW(ids),			\
	.config = VIEW(plain_config), .speed = USBIP_SPEED_LOW, .slots = 1

const struct usb_model model_egate = {
	NAMELESS_MODEL("egate", "Schlumberger e-gate", token_t0_family,
	    &egate_traits, egate_device), .card = "t0",
};
const struct usb_model model_rutoken_s = {
	NAMELESS_MODEL("rutoken-s", "Rutoken S", token_t0_family,
	    &rutoken_traits, rutoken_device), .card = "rutoken",
};
const struct usb_model model_ikey2k = {
	NAMELESS_MODEL("ikey2k", "Rainbow iKey 2032", ikey_family,
	    &ikey2k_traits, ikey2k_device),
};
const struct usb_model model_ikey3k = {
	NAMELESS_MODEL("ikey3k", "Rainbow iKey 3000", ikey_family,
	    &ikey3k_traits, ikey3k_device),
};
const struct usb_model model_eutron = {
	NAMELESS_MODEL("eutron", "Eutron CryptoIdentity", eutron_family,
	    NULL, eutron_device),
};
