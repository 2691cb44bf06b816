/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token.h"

/*
 * Rainbow iKey 2032 (04b9:1200, 04b9:1202) and iKey 3000 (04b9:1300). Request
 * 16 says in wValue what request 01 is to fetch. Transfers, lengths and what the
 * answers must be are OpenCT's, the meaning of most is not known.
 *
 * OpenCT sent blocks of up to 255 bytes, whatever the ATR offered; here the ATR
 * decides, 254 at most. 255 bytes are asked for each time, so the card may send
 * blocks with 251 bytes of data; nothing tells it so, as with OpenCT.
 */

enum {	/* milliseconds */
	FIRST_MS = 10000,
	RITE_MS = 1000,
	SIGNATURE_ROOM = 0x40,
	BLOCK_ROOM = 255,
	BLOCK_OVERHEAD = 4,
};

#define TELL(words, ms)							\
	{ .type = 0x41, .request = 0x16, .value = (words), .timeout_ms = (ms) }
/* All of the answer, which is as long as the array. */
#define FETCH(room, bytes, ms)						\
	{ .type = 0xc1, .request = 0x01, .length = (room),		\
	  .min = sizeof(bytes), .max = sizeof(bytes),			\
	  .expect = { bytes, sizeof(bytes) }, .timeout_ms = (ms) }
#define SIGNATURE(bytes, bits)						\
	{ .type = 0xc1, .request = 0x00, .length = SIGNATURE_ROOM,	\
	  .min = sizeof(bytes), .max = sizeof(bytes),			\
	  .expect = { bytes, sizeof(bytes) },				\
	  .mask = { bits, sizeof(bits) }, .timeout_ms = FIRST_MS }

static const uint8_t well[] = { 0 };

static const struct token_pipe pipe = {
	.send_type = 0x41,
	.send = 0x17,
	.head_in_setup = true,
	.receive_type = 0xc1,
	.receive = 0x01,
	.receive_length = BLOCK_ROOM,
	.ifsc = T1_INF_MAX,
	.ifsd = BLOCK_ROOM - BLOCK_OVERHEAD,
};

/* Its fourth byte was seen as 03, 05 and 06. */
static const uint8_t signature_2k[] = { 0x0d, 0x63, 0x00, 0x00, 0x2d, 0x2d,
	0xc0, 0x80, 0x80, 0x60, 0x80, 0x01, 0x19 };
static const uint8_t signature_2k_mask[] = { 0xff, 0xff, 0xff, 0xf0, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

enum { TELL_ATR_2K = 0x1901, ATR_SIZE_2K = 0x19 };

#define FETCH_ATR_2K							\
	{ .type = 0xc1, .request = 0x01, .length = ATR_SIZE_2K,		\
	  .min = ATR_SIZE_2K, .max = ATR_SIZE_2K, .keep = true,		\
	  .timeout_ms = RITE_MS }

static const struct script_row reset_2k[] = {
	SIGNATURE(signature_2k, signature_2k_mask),
	TELL(0, FIRST_MS),
	FETCH(2, well, FIRST_MS),
	TELL(TELL_ATR_2K, RITE_MS),
	FETCH_ATR_2K,
	TELL(0, RITE_MS),
	FETCH(2, well, RITE_MS),
	TELL(0, RITE_MS),
	FETCH(0x20, well, RITE_MS),
	TELL(TELL_ATR_2K, RITE_MS),
	FETCH_ATR_2K,
};

static const uint8_t signature_3k[] = { 0x0a, 0x61, 0x00, 0x07, 0x2d, 0x2d,
	0xc0, 0x80, 0x80, 0x60 };
static const uint8_t signature_3k_mask[] = { 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff };
/* It looks like the answer to a PPS for T=1. */
static const uint8_t pps_3k[] = { 0xff, 0x11, 0x11, 0xff };

enum { TELL_ATR_3K = 0x2005, ATR_ROOM_3K = 0x20, TELL_PPS_3K = 0x0002 };

static const struct script_row reset_3k[] = {
	SIGNATURE(signature_3k, signature_3k_mask),
	TELL(0, FIRST_MS),
	FETCH(2, well, FIRST_MS),
	TELL(TELL_ATR_3K, RITE_MS),
	{ .type = 0xc1, .request = 0x01, .length = ATR_ROOM_3K, .min = 1,
	  .max = ATR_ROOM_3K, .keep = true, .timeout_ms = RITE_MS },
	TELL(TELL_PPS_3K, FIRST_MS),
	FETCH(4, pps_3k, FIRST_MS),
};

static const struct token_model model_2k = {
	.reset = reset_2k,
	.n_reset = sizeof(reset_2k) / sizeof(reset_2k[0]),
	.plain_atr = true,
	.pipe = &pipe,
	.plan = "iKey 2032, reset with eleven transfers",
};

static const struct token_model model_3k = {
	.reset = reset_3k,
	.n_reset = sizeof(reset_3k) / sizeof(reset_3k[0]),
	.pipe = &pipe,
	.plan = "iKey 3000, reset with seven transfers",
};

static enum err
open_2k(struct ifd_reader *r)
{
	return token_open(r, &model_2k);
}

static enum err
open_3k(struct ifd_reader *r)
{
	return token_open(r, &model_3k);
}

const struct ifd_driver ifd_ikey2k = {
	.name = "ikey2k",
	.text = "Rainbow iKey 2032",
	TOKEN_DRIVER,
	.open = open_2k,
};

const struct ifd_driver ifd_ikey3k = {
	.name = "ikey3k",
	.text = "Rainbow iKey 3000",
	TOKEN_DRIVER,
	.open = open_3k,
};
