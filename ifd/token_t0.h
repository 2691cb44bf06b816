/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_TOKEN_T0_H
#define IFD_TOKEN_T0_H

/*
 * USB tokens whose card speaks T=0 over vendor control transfers, the token
 * doing the procedure bytes: a header goes out, a status byte says what is next
 * (the data of the command, those of the response, SW1 SW2, or that the card
 * works), and each has its request. What differs from family to family is a
 * table. The card is always there and has power for as long as the token is
 * plugged in; nothing is asked of an idle token.
 */

#include "ifd/driver.h"
#include "protocols/atr.h"
#include "protocols/rutoken.h"
#include "protocols/script.h"
#include "protocols/t0.h"

struct token_t0_model {
	const char *plan;	/* how it is driven, for people */
	/* Resets the card; the answer that the script keeps is the ATR. */
	const struct script_row *reset;
	size_t n_reset;
	uint8_t out_type, in_type;	/* bmRequestType */
	uint8_t header, write, read, status;	/* bRequest */
	bool asks_first;	/* its status must be "ready" before a header */
	bool counts;		/* its busy status counts while it works */
	/* Its card gives as much data as was asked for, or none. */
	bool exact;
	uint32_t poll_ms;	/* between the first 64 times it is asked */
	/* What its card says in words of its own; NULL: nothing is. */
	struct view	(*command)(uint8_t buf[APDU_SHORT_MAX], struct view);
	struct view	(*response)(uint8_t buf[RUTOKEN_RESPONSE_MAX],
			    struct view apdu, struct view rsp);
};

enum token_t0_stage {
	TOKEN_T0_RESET,		/* the script runs */
	TOKEN_T0_STATUS,	/* the status was asked for */
	TOKEN_T0_BUSY,		/* a pause, then the status again */
	TOKEN_T0_HEADER,	/* going out */
	TOKEN_T0_WRITE,		/* data going out */
	TOKEN_T0_READ,		/* data or SW1 SW2 coming in */
};

struct token_t0 {
	const struct token_t0_model *model;
};

struct token_t0_slot {
	struct script script;
	struct atr atr;
	struct t0 t0;
	enum token_t0_stage stage;
	struct view apdu;	/* of the program */
	/* the TPDU under way */
	struct view tpdu;
	bool sent_header, sent_data, reading_sw;
	uint8_t rsp[T0_RESPONSE_MAX];
	size_t n;
	/* while it is busy */
	uint8_t count;
	unsigned stalls;
	uint32_t waited_ms;
	uint8_t command[APDU_SHORT_MAX];
	uint8_t response[RUTOKEN_RESPONSE_MAX];
	uint8_t out[USB_SETUP_SIZE + T0_TPDU_MAX];
};

enum {	/* of one wait for the card */
	TOKEN_T0_WORK_MAX_MS = 180000,
	TOKEN_T0_STALLS_MAX = 200,	/* of a status that counts */
	TOKEN_T0_POLL_SLOW_MS = 10,	/* after these */
};

/* A driver's open is a call of this with its model, which must outlive it. */
enum err	token_t0_open(struct ifd_reader *,
		    const struct token_t0_model *) MUST_USE;

/* Members of struct ifd_driver, of the same names. */
enum err	token_t0_slot_open(struct ifd_slot *) MUST_USE;
struct step	token_t0_start(struct ifd_slot *, const struct ifd_request *);
struct step	token_t0_input(struct ifd_slot *, struct view);
struct step	token_t0_timeout(struct ifd_slot *);
struct step	token_t0_failed(struct ifd_slot *, enum err);
struct step	token_t0_cancel(struct ifd_slot *);
void		token_t0_ended(struct ifd_slot *);

/* The members that are the same for all. */
#define TOKEN_T0_DRIVER							\
	.reader_size = sizeof(struct token_t0),				\
	.slot_size = sizeof(struct token_t0_slot),			\
	.slot_open = token_t0_slot_open,				\
	.start = token_t0_start,					\
	.input = token_t0_input,					\
	.timeout = token_t0_timeout,					\
	.failed = token_t0_failed,					\
	.cancel = token_t0_cancel,					\
	.ended = token_t0_ended

#endif
