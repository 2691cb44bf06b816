/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CTAPI_H
#define CTAPI_H

/*
 * libctapi: CT-API 1.1 for the card readers that slotd drives. A terminal is
 * one reader with its card slots; while it is open nobody else can use them.
 *
 * All functions may be called from any thread. Calls with different ctn run at
 * the same time, calls with the same ctn one after the other. libctapi(3) says
 * which reader a port number means and what the environment can change.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What all functions return. */
enum {
	CTAPI_OK = 0,		/* CT_data: see SW1 SW2 */
	CTAPI_ERR_INVALID = -1,	/* an argument; ctn is not open */
	CTAPI_ERR_CT = -8,	/* another program has the reader */
	CTAPI_ERR_TRANS = -10,	/* the reader was unplugged */
	CTAPI_ERR_MEMORY = -11,	/* the answer does not fit; no memory */
	CTAPI_ERR_HOST = -127,	/* this user may not use the reader */
	CTAPI_ERR_HTSI = -128,	/* slotd is not running, or has ended */
};

/* The type they return; libctapi itself says int, see there. */
#ifndef CTAPI_RETURN
#define CTAPI_RETURN	int8_t
#endif

/* The names CT-API has for them. */
#ifndef CTAPI_LONG_NAMES
#define OK		CTAPI_OK
#define ERR_INVALID	CTAPI_ERR_INVALID
#define ERR_CT		CTAPI_ERR_CT
#define ERR_TRANS	CTAPI_ERR_TRANS
#define ERR_MEMORY	CTAPI_ERR_MEMORY
#define ERR_HOST	CTAPI_ERR_HOST
#define ERR_HTSI	CTAPI_ERR_HTSI
#endif

/* Addresses: the first and second card, the terminal, the program. */
enum {
	CTAPI_ICC1 = 0x00,
	CTAPI_CT = 0x01,
	CTAPI_ICC2 = 0x02,	/* and so on to ICC14, 0x0e */
	CTAPI_HOST = 0x02,
	CTAPI_REMOTE_HOST = 0x05,
};

/*
 * Opens the reader at port pn under the number ctn, which the caller chooses.
 * A ctn that is open is closed first.
 */
CTAPI_RETURN CT_init(uint16_t ctn, uint16_t pn);

/*
 * Sends a command of lenc bytes from *sad (a host) to *dad (terminal or card).
 * *lenr is the room at response, and then the length of the answer, SW1 SW2
 * included. *dad and *sad are then the way back: the host, and who answered. On
 * every return but CTAPI_OK the three are as they were.
 *
 * After CTAPI_ERR_MEMORY because of *lenr, the same command again returns the
 * answer that is there, or the same error; the card does not see it again.
 */
CTAPI_RETURN CT_data(uint16_t ctn, uint8_t *dad, uint8_t *sad, uint16_t lenc,
    uint8_t *command, uint16_t *lenr, uint8_t *response);

/* Resets the cards that were used and gives the reader back. */
CTAPI_RETURN CT_close(uint16_t ctn);

#ifdef __cplusplus
}
#endif

#endif
