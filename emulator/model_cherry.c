/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "emulator/ccid.h"
#include "emulator/models.h"
#include "protocols/usbip.h"

/*
 * Cherry SmartTerminal ST-1044U, firmware 2.03, after the descriptor published
 * in the CCID project's list of readers. Endpoint addresses and sizes are not
 * in that list; these are ours.
 */
static const uint8_t cherry_device[] = {
	18, 1, LE16(0x0110), 0, 0, 0, 8,
	LE16(0x046a), LE16(0x002d), LE16(0x0203),
	1, 2, 0, 1,
};

static const uint8_t cherry_config[] = {
	9, 2, LE16(93), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 3, 0x0b, 0, 0, 4,	/* string 4 cannot be read */
	54, 0x21, LE16(0x0100), 0, 7, LE32(3),
	LE32(4800), LE32(8000), 4,
	LE32(10752), LE32(412903), 106,
	LE32(254), LE32(7), LE32(0), LE32(0x000207b2), LE32(271),
	0xff, 0xff, LE16(0), 0, 1,
	7, 5, 0x81, 3, LE16(8), 24,
	7, 5, 0x02, 2, LE16(64), 0,
	7, 5, 0x82, 2, LE16(64), 0,
};

static const char *const cherry_strings[] = {
	"Cherry GmbH", "SmartTerminal XX44",
};

static const uint32_t cherry_clocks[] = { 4000, 4800, 6000, 8000 };

static const uint32_t cherry_rates[] = {
	10752, 21505, 43010, 86021, 172043, 344086, 129032, 215053, 12903,
	25806, 51612, 103225, 206451, 412903, 154838, 258064, 7168, 14336,
	28673, 57347, 114695, 229390, 143369, 8602, 17204, 34408, 68817,
	137634, 275268, 5376, 64516, 107526, 6451, 77419, 8064, 16129, 32258,
	96774, 161290, 3584, 71684, 4301, 2688, 53763, 3225, 38709, 4032,
	48387, 80645, 2150, 2580, 5161, 10322, 20645, 41290, 82580, 30967,
	7812, 15625, 31250, 62500, 125000, 250000, 93750, 156250, 9375,
	18750, 37500, 75000, 150000, 300000, 112500, 187500, 5208, 10416,
	20833, 41666, 83333, 166666, 104166, 6250, 12500, 25000, 50000,
	100000, 200000, 3906, 46875, 78125, 4687, 56250, 5859, 11718, 23437,
	70312, 117187, 2604, 52083, 3125, 1953, 39062, 2343, 28125, 2929,
	35156, 58593,
};

/* It announces 4 clocks and 106 rates but sends 256 of each. */
static const struct ccid_traits cherry_traits = {
	.features	= 0x000207b2,
	.max_message	= 271,
	.voltages	= 7,
	.busy_slots	= 1,
	.clock_khz	= 4800,
	.ep_out		= 0x02,
	.ep_in		= 0x82,
	.ep_interrupt	= 0x81,
	.clocks_khz	= cherry_clocks,
	.n_clocks	= COUNT(cherry_clocks),
	.clock_entries	= 256,
	.rates_bps	= cherry_rates,
	.n_rates	= COUNT(cherry_rates),
	.rate_entries	= 256,
};

const struct usb_model model_cherry_st1044u = {
	.name		= "cherry-st1044u",
	.about		= "Cherry SmartTerminal ST-1044U, short APDU level",
	.family		= &ccid_family,
	.traits		= &cherry_traits,
	.device		= VIEW(cherry_device),
	.config		= VIEW(cherry_config),
	.strings	= cherry_strings,
	.n_strings	= COUNT(cherry_strings),
	.speed		= USBIP_SPEED_FULL,
	.slots		= 1,
};
