/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CCID_QUIRKS_H
#define PROTOCOLS_CCID_QUIRKS_H

/*
 * What single readers do differently from what their descriptor says. Code asks
 * for a quirk, never for a product. The rows collect what the CCID project
 * learnt about these readers (libccid 1.5.2 to 1.8.2: its sources, udev rules
 * and list of readers); none of it was seen on hardware here. Which commands to
 * the reader itself are free for all is in protocols/escape.h.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*	X(NAME, what the reader does, or what has to be done for it) */
#define CCID_QUIRK_LIST(X)						\
	CCID_QUIRK_ASKED_LIST(X)					\
	CCID_QUIRK_PIN_LIST(X)

#define CCID_QUIRK_ASKED_LIST(X)					\
	X(OLD_FIRMWARE,	"this firmware corrupts exchanges; a later one works") \
	X(IFSD_254,	"dwMaxIFSD is wrong: it takes 254")		\
	X(NO_IFSD,	"breaks on S(IFS request): leave the IFSD at 32") \
	X(SLOW_OPEN,	"needs a second after opening, a minute to answer") \
	X(SLOW_STATUS,	"the first GetSlotStatus takes seconds")	\
	X(EMPTY_PACKETS, "sends empty packets between its messages")	\
	X(SPLIT_64,	"sends its messages in odd packets of 64 bytes") \
	X(RATE_9600,	"fails above 9600 bit/s and at any PPS")	\
	X(RATE_200K,	"claims more, but fails above 200 kbit/s")	\
	X(RESET_TWICE,	"needs two resets of the card when parameters fail") \
	X(LONG_T1,	"generates keys without a time extension: 5 minutes") \
	X(EXTENDED,	"takes extended APDUs by chaining, not as it says") \
	X(SHORT,	"takes short APDUs, not TPDUs as it says")	\
	X(GEMPC_ISO,	"escape 1F 02 after opening puts it into ISO mode") \
	X(GEMPC_POWER,	"escape 1F 01 is needed when power-on fails with BB") \
	X(OFF_BEFORE_ON, "needs IccPowerOff before each IccPowerOn")	\
	X(PSEUDO_APDUS,	"programs ask for its name by FF 9A APDUs, of the driver") \
	X(CLAIMS_CARD,	"says that a card is in where none is: it is mute") \
	X(NO_SUSPEND,	"does not wake up from USB autosuspend")	\
	X(NO_PIN,	"its PIN entry fails or leaks the PIN: hidden")

/* Nobody asks for these before PINs can be entered at readers. */
#define CCID_QUIRK_PIN_LIST(X)						\
	X(DISPLAY_TEXTS, "its display shows nothing until texts are loaded") \
	X(PIN_FEATURES,	"escape 6A tells what its PIN entry is capable of") \
	X(PIN_NO_TEXT,	"bNumberMessage must be 0, and 250 ms must pass") \
	X(PIN_ONE_TEXT,	"bNumberMessage must be 1")			\
	X(PIN_THREE_TEXTS, "bNumberMessage must be 3")			\
	X(PIN_MANY_TEXTS, "bNumberMessage 0 must be FF in a PIN change") \
	X(PIN_ALL_INDEXES, "all three message indexes in each PIN change") \
	X(PIN_SWAPPED,	"the bytes of wPINMaxExtraDigit are swapped")	\
	X(PIN_VALIDATE,	"bEntryValidationCondition must be 2")		\
	X(PIN_CASE1,	"escape 80 02 00 before a PIN entry of case 1")	\
	X(PIN_0_25,	"takes PINs of 0 to 25 digits only")		\
	X(PIN_0_32,	"takes PINs of 0 to 32 digits only")		\
	X(PIN_1_31,	"takes PINs of 1 to 31 digits only")

enum ccid_quirk {
#define X(name, text) CCID_QUIRK_##name,
	CCID_QUIRK_LIST(X)
#undef X
	CCID_QUIRK_COUNT	/* at most 64 */
};

struct ccid_quirk_row {
	uint16_t vid, pid;
	uint16_t from, below;	/* bcdDevice, below excluded; 0: no bound */
	uint64_t quirks;
};

/* All rows, sorted by vid, pid, from; *n is their number. */
const struct ccid_quirk_row *ccid_quirk_rows(size_t *n);

/* The set of quirks of a device, for ccid_has_quirk. */
uint64_t	ccid_quirks(uint16_t vid, uint16_t pid, uint16_t bcd_device);

/* The firmware that mended CCID_QUIRK_OLD_FIRMWARE, as bcdDevice; 0: none. */
uint16_t	ccid_firmware_needed(uint16_t vid, uint16_t pid);

bool		ccid_has_quirk(uint64_t quirks, enum ccid_quirk);

/* Its sentence. Never NULL. */
const char	*ccid_quirk_text(enum ccid_quirk);

#endif
