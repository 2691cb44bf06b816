/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/ccid_quirks.h"

#define Q(name) (UINT64_C(1) << CCID_QUIRK_##name)

/* One device may have several rows; all that match it add up. */
static const struct ccid_quirk_row rows[] = {
	/* HP USB CCID Smartcard Keyboard */
	{ 0x03f0, 0x0036, 0, 0, Q(NO_PIN) },
	{ 0x03f0, 0x0036, 0, 0x0124, Q(OLD_FIRMWARE) },
	/* HP USB Smart Card Keyboard */
	{ 0x03f0, 0x1024, 0, 0, Q(NO_PIN) },
	/* Cherry SmartBoard XX33 */
	{ 0x046a, 0x0005, 0, 0, Q(GEMPC_POWER) },
	/* Cherry SmartBoard XX44 */
	{ 0x046a, 0x0010, 0, 0, Q(PIN_THREE_TEXTS) },
	/* Cherry SmartTerminal ST-2xxx */
	{ 0x046a, 0x003e, 0, 0, Q(PIN_ALL_INDEXES) | Q(PIN_VALIDATE) |
	    Q(PIN_0_25) },
	/* Cherry KC 1000 SC; firmware 1.00 is not what it says */
	{ 0x046a, 0x00a1, 0, 0, Q(PIN_MANY_TEXTS) | Q(PIN_0_32) },
	{ 0x046a, 0x00a1, 0x0100, 0x0101, Q(EXTENDED) },
	/* Cherry SmartTerminal XX44, ST-1144: announces a PIN pad, has none */
	{ 0x046a, 0x00a7, 0, 0, Q(EXTENDED) | Q(NO_PIN) },
	/* SCM SCR 331-DI */
	{ 0x04e6, 0x5111, 0, 0x0620, Q(OLD_FIRMWARE) },
	/* SCM SCL010 */
	{ 0x04e6, 0x5291, 0, 0x0112, Q(OLD_FIRMWARE) },
	/* SCM SCL01x, Identiv uTrust 4701 F, 3700 F, 3701 F */
	{ 0x04e6, 0x5293, 0, 0, Q(SLOW_STATUS) },
	{ 0x04e6, 0x5724, 0, 0, Q(SLOW_STATUS) },
	{ 0x04e6, 0x5790, 0, 0, Q(SLOW_STATUS) },
	{ 0x04e6, 0x5791, 0, 0, Q(SLOW_STATUS) },
	/* SCM SCR 331 */
	{ 0x04e6, 0xe001, 0, 0x0516, Q(OLD_FIRMWARE) },
	/* SCM SPR 532 */
	{ 0x04e6, 0xe003, 0, 0, Q(PIN_ALL_INDEXES) | Q(PIN_CASE1) },
	{ 0x04e6, 0xe003, 0, 0x0510, Q(OLD_FIRMWARE) },
	/* Chicony HP Skylab Keyboard */
	{ 0x04f2, 0x1469, 0, 0, Q(NO_PIN) },
	/* SafeNet eToken 5100, firmware 0.12 and 0.13 */
	{ 0x0529, 0x0620, 0x0012, 0x0014, Q(NO_IFSD) },
	/* Alcor AU9520 */
	{ 0x058f, 0x9520, 0, 0, Q(NO_SUSPEND) },
	{ 0x058f, 0x9520, 0, 0x0102, Q(OLD_FIRMWARE) },
	/* Alcor AU9540, AU9560: announces 688 kbit/s */
	{ 0x058f, 0x9540, 0, 0, Q(RATE_200K) | Q(RESET_TWICE) },
	/* THRC Smart Card Reader */
	{ 0x062d, 0x0001, 0, 0x0102, Q(OLD_FIRMWARE) },
	/* ACS ACR122U */
	{ 0x072f, 0x2200, 0, 0, Q(SLOW_STATUS) },
	{ 0x072f, 0x2200, 0, 0x0206, Q(OLD_FIRMWARE) },
	/* HID OMNIKEY 3x21, HID Aviator, OMNIKEY 6121 */
	{ 0x076b, 0x3031, 0, 0, Q(EXTENDED) | Q(NO_PIN) },
	/* OMNIKEY CardMan 3821 */
	{ 0x076b, 0x3821, 0, 0, Q(PIN_1_31) },
	{ 0x076b, 0x3a21, 0, 0, Q(EXTENDED) | Q(NO_PIN) },
	{ 0x076b, 0x6632, 0, 0, Q(EXTENDED) | Q(NO_PIN) },
	/* C3PO LTC3x, LTC31 v2 */
	{ 0x0783, 0x0003, 0, 0, Q(NO_SUSPEND) },
	{ 0x0783, 0x0006, 0, 0, Q(NO_PIN) },
	/* Precise Biometrics 250 MC, 200 MC */
	{ 0x08c3, 0x0401, 0, 0x5000, Q(OLD_FIRMWARE) },
	{ 0x08c3, 0x0402, 0, 0x5000, Q(OLD_FIRMWARE) },
	/* Gemalto PC Twin Reader, USB Shell Token V2 */
	{ 0x08e6, 0x3437, 0, 0, Q(GEMPC_ISO) },
	{ 0x08e6, 0x3437, 0x0200, 0x0201, Q(EMPTY_PACKETS) },
	{ 0x08e6, 0x3438, 0, 0, Q(GEMPC_ISO) },
	{ 0x08e6, 0x3438, 0x0200, 0x0201, Q(EMPTY_PACKETS) },
	/* Gemalto GemPC PinPad */
	{ 0x08e6, 0x3478, 0, 0, Q(DISPLAY_TEXTS) | Q(PIN_ONE_TEXT) |
	    Q(PIN_VALIDATE) | Q(PIN_FEATURES) },
	/* Gemalto GemCore SIM Pro Smart Card Reader */
	{ 0x08e6, 0x3480, 0, 0, Q(CLAIMS_CARD) },
	/* Gemalto Ezio Shield, Secure Channel, PinPad, CB+, Branch; Thales Shield
	   M4 */
	{ 0x08e6, 0x34c0, 0, 0, Q(PIN_FEATURES) },
	{ 0x08e6, 0x34c1, 0, 0, Q(PIN_FEATURES) },
	{ 0x08e6, 0x34c2, 0, 0, Q(PIN_FEATURES) },
	{ 0x08e6, 0x34c3, 0, 0, Q(PIN_FEATURES) },
	{ 0x08e6, 0x34c5, 0, 0, Q(PIN_FEATURES) },
	{ 0x08e6, 0x34c7, 0, 0, Q(PIN_FEATURES) },
	/* SafeNet eToken Fusion */
	{ 0x08e6, 0x34d2, 0, 0, Q(LONG_T1) },
	/* Gemplus GemPC433 */
	{ 0x08e6, 0x4433, 0, 0, Q(GEMPC_POWER) },
	/* Covadis Vega-Alpha */
	{ 0x0982, 0x0008, 0, 0, Q(DISPLAY_TEXTS) | Q(PIN_ONE_TEXT) |
	    Q(PIN_VALIDATE) },
	/* MySMART PAD V2.0 */
	{ 0x09be, 0x0002, 0, 0, Q(IFSD_254) },
	/* ActivCard USB Reader V2 */
	{ 0x09c3, 0x0008, 0, 0x0203, Q(OLD_FIRMWARE) },
	/* Elatec TWN4 */
	{ 0x09d8, 0x0427, 0, 0, Q(SLOW_STATUS) },
	{ 0x09d8, 0x0428, 0, 0, Q(SLOW_STATUS) },
	/* Todos Argos Mini II */
	{ 0x0b0c, 0x0050, 0, 0x0101, Q(OLD_FIRMWARE) },
	/* id3 CL1356T */
	{ 0x0b81, 0x0200, 0, 0, Q(SLOW_OPEN) },
	/* O2Micro Oz776 */
	{ 0x0b97, 0x7762, 0, 0, Q(RATE_9600) | Q(SPLIT_64) },
	{ 0x0b97, 0x7772, 0, 0, Q(RATE_9600) | Q(SPLIT_64) },
	/* Fujitsu SmartCase KB SCR eSIG, Smartcard Reader D323 */
	{ 0x0bf8, 0x1017, 0, 0, Q(NO_PIN) },
	{ 0x0bf8, 0x1024, 0, 0, Q(EXTENDED) | Q(NO_PIN) },
	/* KOBIL KAAN Base, KAAN Advanced */
	{ 0x0d46, 0x3001, 0, 0x0037, Q(OLD_FIRMWARE) },
	{ 0x0d46, 0x3002, 0, 0x0037, Q(OLD_FIRMWARE) },
	/* KOBIL EMV CAP, TriBank */
	{ 0x0d46, 0x3010, 0, 0, Q(SHORT) },
	/* KOBIL IDToken */
	{ 0x0d46, 0x301d, 0, 0, Q(OFF_BEFORE_ON) | Q(PSEUDO_APDUS) },
	/* Athena IDProtect Key v2, ASE IIIe, ASEDrive IIIe KB */
	{ 0x0dc3, 0x0900, 0, 0x0200, Q(OLD_FIRMWARE) },
	{ 0x0dc3, 0x1004, 0, 0x0502, Q(OLD_FIRMWARE) },
	{ 0x0dc3, 0x1102, 0, 0x0607, Q(OLD_FIRMWARE) },
	/* bit4id miniLector-EVO */
	{ 0x25dd, 0x3111, 0, 0, Q(NO_PIN) },
	/* Diebold Nixdorf PN7362au */
	{ 0x2f7c, 0x6007, 0, 0, Q(EXTENDED) },
	/* Dell keyboard SK-3106, Smart Card Reader Keyboard */
	{ 0x413c, 0x2100, 0, 0, Q(PIN_NO_TEXT) | Q(PIN_SWAPPED) },
	{ 0x413c, 0x2101, 0, 0, Q(PIN_NO_TEXT) | Q(PIN_SWAPPED) },
	{ 0x413c, 0x2101, 0x0200, 0x0201, Q(EMPTY_PACKETS) },
};

static const char *const texts[] = {
#define X(name, text) text,
	CCID_QUIRK_LIST(X)
#undef X
};

const struct ccid_quirk_row *
ccid_quirk_rows(size_t *n)
{
	*n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

static bool
matches(const struct ccid_quirk_row *r, uint16_t vid, uint16_t pid)
{
	return r->vid == vid && r->pid == pid;
}

uint64_t
ccid_quirks(uint16_t vid, uint16_t pid, uint16_t bcd_device)
{
	uint64_t set = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (matches(&rows[i], vid, pid) && bcd_device >= rows[i].from &&
		    (rows[i].below == 0 || bcd_device < rows[i].below))
			set |= rows[i].quirks;
	return set;
}

uint16_t
ccid_firmware_needed(uint16_t vid, uint16_t pid)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (matches(&rows[i], vid, pid) &&
		    ccid_has_quirk(rows[i].quirks, CCID_QUIRK_OLD_FIRMWARE))
			return rows[i].below;
	return 0;
}

bool
ccid_has_quirk(uint64_t quirks, enum ccid_quirk q)
{
	return (quirks >> q & 1) != 0;
}

const char *
ccid_quirk_text(enum ccid_quirk q)
{
	return q < CCID_QUIRK_COUNT ? texts[q] : "unknown quirk";
}
