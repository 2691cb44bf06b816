/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ccid.h"
#include "emulator/iccd.h"
#include "emulator/models.h"
#include "protocols/usbip.h"

/*
 * One reader for each way that the CCID specification leaves open, nobody's
 * product; 1209 is pid.codes, whose first ids are for tests. Only the AU9540
 * is a real one, as its users know it.
 */

enum { OUR_VENDOR = 0x1209 };

#define DEVICE(vid, pid, bcd) {						\
	18, 1, LE16(0x0200), 0, 0, 0, 64,				\
	LE16(vid), LE16(pid), LE16(bcd), 1, 2, 0, 1,			\
}

#define CLASS(slots, clock, rate, max_rate, features, max, busy)	\
	54, 0x21, LE16(0x0110), (slots) - 1, 7, LE32(3),		\
	LE32(clock), LE32(clock), 0, LE32(rate), LE32(max_rate), 0,	\
	LE32(254), LE32(0), LE32(0), LE32(features), LE32(max),		\
	0xff, 0xff, LE16(0), 0, (busy)

#define CONFIG_2(...) {							\
	9, 2, LE16(9 + 9 + 54 + 14), 1, 1, 0, 0x80, 50,			\
	9, 4, 0, 0, 2, 0x0b, 0, 0, 0,					\
	CLASS(__VA_ARGS__),						\
	7, 5, 0x02, 2, LE16(64), 0,					\
	7, 5, 0x82, 2, LE16(64), 0,					\
}

#define CONFIG_3(...) {							\
	9, 2, LE16(9 + 9 + 54 + 21), 1, 1, 0, 0x80, 50,			\
	9, 4, 0, 0, 3, 0x0b, 0, 0, 0,					\
	CLASS(__VA_ARGS__),						\
	7, 5, 0x02, 2, LE16(64), 0,					\
	7, 5, 0x82, 2, LE16(64), 0,					\
	7, 5, 0x83, 3, LE16(8), 16,					\
}

enum {
	CLOCK = 4000,
	RATE = 10753,
	MAX_RATE = 344086,
	/* what the card's side sees to by itself */
	TPDU_FEATURES = 0x00010030,	/* clock and rate only */
	CHAR_FEATURES = 0x00000030,
	SHORT_FEATURES = 0x000204ba,	/* voltage, PPS, IFSD too */
	EXTENDED_FEATURES = 0x000404ba,
};

#define TRAITS(f, max, busy, interrupt)					\
	.features = (f), .max_message = (max), .voltages = 7,		\
	.busy_slots = (busy), .ep_out = 0x02, .ep_in = 0x82,		\
	.ep_interrupt = (interrupt), .clock_khz = CLOCK

static const char *const au9540_strings[] = {
	"Generic", "EMV Smartcard Reader",
};

static const char *const tpdu_strings[] = { "slotemu", "TPDU Reader" };
static const char *const char_strings[] = { "slotemu", "Character Reader" };
static const char *const extended_strings[] = {
	"slotemu", "Extended APDU Reader",
};
static const char *const eight_strings[] = { "slotemu", "Eight Slots" };
static const char *const two_strings[] = { "slotemu", "Two Endpoints" };

static const uint8_t au9540_device[] = DEVICE(0x058f, 0x9540, 0x0120);
static const uint8_t tpdu_device[] = DEVICE(OUR_VENDOR, 0x0001, 0x0100);
static const uint8_t char_device[] = DEVICE(OUR_VENDOR, 0x0002, 0x0100);
static const uint8_t extended_device[] = DEVICE(OUR_VENDOR, 0x0003, 0x0100);
static const uint8_t eight_device[] = DEVICE(OUR_VENDOR, 0x0004, 0x0100);
static const uint8_t two_device[] = DEVICE(OUR_VENDOR, 0x0005, 0x0100);

static const uint8_t au9540_config[] =
    CONFIG_3(1, 3700, 9946, 318280, 0x000404be, 272, 1);
static const uint8_t tpdu_config[] =
    CONFIG_3(1, CLOCK, RATE, MAX_RATE, TPDU_FEATURES, 271, 1);
static const uint8_t char_config[] =
    CONFIG_3(1, CLOCK, RATE, MAX_RATE, CHAR_FEATURES, 271, 1);
static const uint8_t extended_config[] =
    CONFIG_3(1, CLOCK, RATE, MAX_RATE, EXTENDED_FEATURES, 271, 1);
static const uint8_t eight_config[] =
    CONFIG_3(8, CLOCK, RATE, MAX_RATE, SHORT_FEATURES, 271, 8);
static const uint8_t two_config[] =
    CONFIG_2(1, CLOCK, RATE, MAX_RATE, SHORT_FEATURES, 271, 1);

/* It claims 318280 bit/s and fails above 200 kbit/s. */
static const struct ccid_traits au9540_traits = {
	.features	= 0x000404be,
	.max_message	= 272,
	.voltages	= 7,
	.busy_slots	= 1,
	.ep_out		= 0x02,
	.ep_in		= 0x82,
	.ep_interrupt	= 0x83,
	.clock_khz	= 3700,
	.limit_bps	= 200000,
};

static const struct ccid_traits tpdu_traits = {
	TRAITS(TPDU_FEATURES, 271, 1, 0x83), .names_itself = true,
};
static const struct ccid_traits char_traits = {
	TRAITS(CHAR_FEATURES, 271, 1, 0x83)
};
static const struct ccid_traits extended_traits = {
	TRAITS(EXTENDED_FEATURES, 271, 1, 0x83)
};
static const struct ccid_traits eight_traits = {
	TRAITS(SHORT_FEATURES, 271, 8, 0x83)
};
static const struct ccid_traits two_traits = {
	TRAITS(SHORT_FEATURES, 271, 1, 0)
};

/* ICCD: no bulk endpoints; short APDU level, and 800: "ICCD". */
static const uint8_t iccd_device[] = DEVICE(OUR_VENDOR, 0x0006, 0x0100);
static const char *const iccd_strings[] = { "slotemu", "ICCD Token" };
static const uint8_t iccd_config[] = {
	9, 2, LE16(9 + 9 + 54), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 0, 0x0b, 0, 2, 0,
	CLASS(1, CLOCK, 9600, 9600, 0x00020840, 280, 1),
};

#define MODEL(word, text, prefix, n)					\
	.name = (word), .about = (text), .family = &ccid_family,	\
	.traits = &prefix##_traits, .device = VIEW(prefix##_device),	\
	.config = VIEW(prefix##_config), .strings = prefix##_strings,	\
	.n_strings = COUNT(prefix##_strings),				\
	.speed = USBIP_SPEED_FULL, .slots = (n)

const struct usb_model model_au9540 = {
	MODEL("au9540", "Alcor AU9540, extended APDU level, fails above "
	    "200 kbit/s", au9540, 1)
};
const struct usb_model model_char_reader = {
	MODEL("char-reader", "character level, T=0 and T=1", char, 1)
};
const struct usb_model model_eight_slots = {
	MODEL("eight-slots", "short APDU level, 8 slots at the same time",
	    eight, 8)
};
const struct usb_model model_extended_apdu_reader = {
	MODEL("extended-apdu-reader", "extended APDU level, messages of 271 "
	    "bytes in chains", extended, 1)
};
const struct usb_model model_iccd_b = {
	.name		= "iccd-b",
	.about		= "ICCD version B: a token of control transfers",
	.family		= &iccd_b_family,
	.device		= VIEW(iccd_device),
	.config		= VIEW(iccd_config),
	.strings	= iccd_strings,
	.n_strings	= COUNT(iccd_strings),
	.speed		= USBIP_SPEED_FULL,
	.slots		= 1,
};
const struct usb_model model_tpdu_reader = {
	MODEL("tpdu-reader", "TPDU level, T=0 and T=1, PPS by the host", tpdu,
	    1)
};
const struct usb_model model_two_endpoints = {
	MODEL("two-endpoints", "short APDU level, no interrupt endpoint", two,
	    1)
};
