/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_CCID_PLAN_H
#define PROTOCOLS_CCID_PLAN_H

/*
 * How a CCID is to be driven, decided once, from its descriptors and quirks.
 * Drivers follow the plan and look at neither again.
 */

#include "base/bytes.h"
#include "base/err.h"
#include "base/must_use.h"
#include "protocols/ccid_desc.h"
#include "protocols/ccid_msg.h"
#include "protocols/ccid_quirks.h"
#include "protocols/usb_desc.h"

enum { CCID_PLAN_TEXT = 512 };	/* room for ccid_plan_text and a reason */

enum ccid_level {	/* what one XfrBlock carries */
	CCID_CHARACTER,	/* any bytes, and how many are expected back */
	CCID_TPDU,	/* a T=0 TPDU or a T=1 block */
	CCID_SHORT,	/* a short APDU */
	CCID_EXTENDED,	/* an APDU, in parts where it is long (ccid_chain) */
};

enum ccid_transport {
	CCID_BULK,
	CCID_ICCD_A,	/* control pipe: bInterfaceProtocol 1 */
	CCID_ICCD_B,	/* control pipe: bInterfaceProtocol 2 */
};

enum {	/* protocols */
	CCID_T0 = 1u << 0,
	CCID_T1 = 1u << 1,
};

struct ccid_device {
	uint16_t vid, pid, bcd_device;
	bool allow_old_firmware;	/* do not refuse it */
};

struct ccid_plan {
	enum ccid_level level;
	enum ccid_transport transport;
	uint8_t interface;		/* number, for class requests */
	uint8_t bulk_out, bulk_in, interrupt;	/* addresses, 0: none */
	uint16_t out_packet, interrupt_packet;	/* their wMaxPacketSize */
	uint8_t slots;			/* 1 .. CCID_SLOTS_MAX */
	uint8_t busy_slots;		/* slots that may work at once, >= 1 */
	uint32_t protocols;		/* CCID_T0, CCID_T1 */
	/* power: bPowerSelect values to try, in this order */
	enum ccid_power power[3];
	uint8_t n_power;		/* >= 1 */
	/* speed and parameters */
	bool host_pps;			/* we send PPS */
	bool host_params;		/* we send SetParameters */
	bool stays_slow;		/* nobody can leave the default speed */
	bool asks_rates;		/* GET_DATA_RATES is worth asking */
	uint32_t default_clock_khz;
	uint32_t data_rate, max_data_rate;	/* bit/s */
	bool host_ifs;			/* we send S(IFS request) */
	uint8_t ifsd;			/* 1 .. 254, what it should announce */
	/* sizes, bytes */
	uint32_t max_message;		/* of a CCID message, clamped */
	uint32_t max_data;		/* of the data in one: 10 fewer */
	uint32_t max_apdu;		/* of a command APDU */
	/* PIN pad */
	bool pin_verify, pin_modify;
	uint8_t lcd_lines, lcd_columns;	/* 0: no display */
	uint64_t quirks;		/* ccid_has_quirk */
};

enum {
	CCID_SLOTS_MAX = 64,
	CCID_MESSAGE_MAX = CCID_HEADER + 65544,	/* larger claims are cut */
	CCID_SHORT_APDU_MAX = 261,
	CCID_APDU_MAX = 65544,
};

/*
 * Makes the plan for an interface. raw is its class descriptor
 * (ccid_desc_find). On ERR_OK why is empty; else it says in words what stands
 * against driving it: no class descriptor or a bad one, no bulk endpoints, no
 * protocol we speak, a firmware known to fail. why has room for
 * CCID_PLAN_TEXT bytes.
 */
enum err	ccid_plan_make(struct ccid_plan *, const struct usb_interface *,
		    struct view raw, const struct ccid_device *, char *why)
		    MUST_USE;

/*
 * The plan in words, for people: "short APDUs (at most 261 bytes) on bulk
 * pipes, ...". NUL-terminated, cut at cap. Returns dst.
 */
char		*ccid_plan_text(char *dst, size_t cap,
		    const struct ccid_plan *);

/* "short APDU". Never NULL. */
const char	*ccid_level_name(enum ccid_level);

#endif
