/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/framed.h"

/*
 * PertoSmart readers, made around two chips of ACS that know the same commands
 * but frame them differently. Both choose protocol and speed by themselves when
 * a card is reset. The options are those that OpenCT set.
 */

enum {
	GET_STATUS = 0x01,
	SELECT_TYPE = 0x02,
	SET_NOTIFICATION = 0x06,
	SET_OPTION = 0x07,
	RESET = 0x80,
	POWER_OFF = 0x81,
	EXCHANGE_T0 = 0xa0,
	EXCHANGE_T1 = 0xa1,
	TYPE_AUTO = 0x00,
	TYPE_T0 = 0x0c,
	TYPE_T1 = 0x0d,
	NOTIFY_NOT = 2,
	SPEEDS_TO_96000 = 0x00,
	EMV_MODE = 0x10,
	STATUS_SIZE = 16,	/* the last byte is not 0 with a card in */
	SHORT_MS = 5000,
	RESET_MS = 10000,
	APDU_MS = 30000,	/* as OpenCT waited */
};

static bool
status_has_card(struct view answer)
{
	return answer.n >= STATUS_SIZE && answer.p[STATUS_SIZE - 1] != 0;
}

#define STATUS_RITE							\
	{ 1, { { .code = GET_STATUS, .wait_ms = SHORT_MS } } }
#define OFF_RITE							\
	{ 1, { { .code = POWER_OFF, .wait_ms = SHORT_MS } } }
/* A card that has no power may not be switched off again. */
#define RESET_RITE {							\
	3, {								\
		{ .code = POWER_OFF, .may_fail = true,			\
		    .wait_ms = SHORT_MS },				\
		{ .code = SELECT_TYPE, .n = 1, .picks_type = true,	\
		    .wait_ms = SHORT_MS },				\
		{ .code = RESET, .wait_ms = RESET_MS },			\
	}								\
}
#define BOTH								\
	.protocols = CHANNEL_T0 | CHANNEL_T1,				\
	.status = STATUS_RITE,						\
	.reset = RESET_RITE,						\
	.off = OFF_RITE,						\
	.types = { TYPE_AUTO, TYPE_T0, TYPE_T1 },			\
	.code = { EXCHANGE_T0, EXCHANGE_T1 },				\
	.level = T0_TPDU,						\
	.t0_wait_ms = APDU_MS,						\
	.has_card = status_has_card

/* ---- AC1030 ---- */

/*
 * This chip wants Lc and Le both: 00 for the one that a TPDU does not have. So
 * a command without data and one with Le of 256 look the same to it.
 */
static void
put_tpdu(struct wr *w, struct view tpdu)
{
	struct rd r = { .in = tpdu };
	struct view header = rd_take(&r, 4);
	uint8_t p3 = rd_u8(&r);

	wr_view(w, header);
	if (r.in.n == 0) {
		wr_u8(w, 0);
		wr_u8(w, p3);
	} else {
		wr_u8(w, p3);
		wr_view(w, r.in);
		wr_u8(w, 0);
	}
}

/* Notifications are off, as they would come between the parts of answers. */
static const struct framed_traits ac1030 = {
	.codec = &frame_ac1030,
	.interrupt = 0x81,
	.control_type = USB_TYPE_VENDOR,
	.control_request = 0x00,
	.open = { 2, {
		{ .code = SET_NOTIFICATION, .n = 1, .data = NOTIFY_NOT,
		    .may_fail = true, .wait_ms = SHORT_MS },
		{ .code = SET_OPTION, .n = 1, .data = SPEEDS_TO_96000,
		    .wait_ms = SHORT_MS },
	} },
	.put_tpdu = put_tpdu,
	BOTH,
};

static enum err
open_ac1030(struct ifd_reader *r)
{
	return framed_open(r, &ac1030);
}

const struct ifd_driver ifd_pertosmart1030 = {
	.name = "pertosmart1030",
	.text = "PertoSmart readers with an AC1030",
	.open = open_ac1030,
	FRAMED_DRIVER,
};

/* ---- AC1038 ---- */

static int
notice(struct view in)
{
	if (in.n < 4 || in.p[0] != 0x01 || in.p[2] != 0 || in.p[3] != 0)
		return -1;
	return in.p[1] == 0xc1 ? 1 : in.p[1] == 0xc0 ? 0 : -1;
}

static const struct framed_traits ac1038 = {
	.codec = &frame_ac1038,
	.bulk_out = 0x02,
	.bulk_in = 0x82,
	.interrupt = 0x81,
	.open = { 1, {
		{ .code = SET_OPTION, .n = 1, .data = EMV_MODE,
		    .wait_ms = SHORT_MS },
	} },
	.notice = notice,
	BOTH,
};

static enum err
open_ac1038(struct ifd_reader *r)
{
	return framed_open(r, &ac1038);
}

const struct ifd_driver ifd_pertosmart1038 = {
	.name = "pertosmart1038",
	.text = "PertoSmart EMV readers with an AC1038",
	.open = open_ac1038,
	FRAMED_DRIVER,
};
