/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_TOKEN_H
#define IFD_TOKEN_H

/*
 * USB tokens whose card speaks T=1 over vendor control transfers: a block goes
 * out with one request, the answer is fetched with another. What differs from
 * family to family is how the card is reset, and by which requests a block is
 * carried (the eToken's, where nothing else is said). The card is always there
 * and has power for as long as the token is plugged in; nothing is asked of an
 * idle token.
 *
 * What a token is known to take is what OpenCT sent for years: blocks of 32
 * bytes, and 37 bytes asked for each; longer reads are refused with a stall.
 * Larger blocks are an experiment that openct.conf may ask for (block_size).
 */

#include "ifd/driver.h"
#include "protocols/atr.h"
#include "protocols/script.h"
#include "protocols/t1.h"

struct token_pipe {
	uint8_t send_type, send;	/* bmRequestType, bRequest */
	/* The first four bytes of a block travel as wValue and wIndex. */
	bool head_in_setup;
	uint8_t receive_type, receive;
	uint16_t receive_length; /* 0: the longest block and one byte */
	uint8_t ifsc;		/* at most, whatever the ATR offers */
	uint8_t ifsd;		/* the card's blocks may be as large */
	/* What the ATR offers is offered to the card in return. */
	bool announces;
};

struct token_model {
	/* Resets the card. The ATR is the answer that the script keeps, with
	   its length in front. NULL: the card is never reset, and its ATR comes
	   by itself on the interrupt endpoint, without a length. */
	const struct script_row *reset;
	size_t n_reset;
	bool plain_atr;		/* kept without a length */
	const struct token_pipe *pipe;	/* NULL: the eToken's */
	const char *plan;	/* how it is driven, for people */
};

enum token_stage {
	TOKEN_IDLE,
	TOKEN_RESET,		/* the script runs */
	TOKEN_RESET_AGAIN,	/* the pause before another try */
	TOKEN_ATR,		/* awaited from the interrupt endpoint */
	TOKEN_SEND,		/* a block is going out */
	TOKEN_RECEIVE,		/* its answer is awaited */
	TOKEN_QUIET,		/* is there an answer nobody waits for? */
	TOKEN_QUIET_PAUSE,	/* none now; later? */
	TOKEN_DRAIN,		/* the same, with the response in hand */
};

/* A driver's reader_size and slot_size are those of these two. */
struct token {
	const struct token_model *model;
};

struct token_slot {
	struct script script;
	unsigned tries;		/* of the script */
	struct atr atr;
	struct view unasked;	/* the ATR that came by itself */
	uint8_t unasked_bytes[ATR_MAX];
	bool has_t1;		/* t1 is of one mind with the card */
	struct t1 t1;
	bool announcing;	/* the larger blocks of block_size */
	uint8_t *rsp;		/* T1_RESPONSE_MAX bytes */
	enum token_stage stage;
	uint32_t wait_ms;	/* for the answer to the block going out */
	bool paused;		/* while looking for late answers */
	bool complained;	/* of an answer: there may be another one */
	unsigned stale;		/* such answers, thrown away */
	struct view response;	/* in rsp, until they are gone */
	uint8_t out[USB_SETUP_SIZE + T1_BLOCK_MAX];
};

/* A driver's open is a call of this with its model, which must outlive it. */
enum err	token_open(struct ifd_reader *, const struct token_model *)
		    MUST_USE;

/* Members of struct ifd_driver, of the same names. */
enum err	token_slot_open(struct ifd_slot *) MUST_USE;
struct step	token_start(struct ifd_slot *, const struct ifd_request *);
struct step	token_input(struct ifd_slot *, struct view);
struct step	token_timeout(struct ifd_slot *);
struct step	token_failed(struct ifd_slot *, enum err);
void		token_ended(struct ifd_slot *);
int		token_interrupt(struct ifd_reader *, struct view);
void		token_close(struct ifd_reader *);

/* For a driver that resets the card itself: the rest of IFD_POWER_ON, with the
   ATR in s->atr and as bytes. */
struct step	token_powered(struct ifd_slot *, struct view atr);
/* ... and its end when it failed. */
struct step	token_mute(struct ifd_slot *, struct step failure);

/* The members that are the same for all. */
#define TOKEN_DRIVER							\
	.reader_size = sizeof(struct token),				\
	.slot_size = sizeof(struct token_slot),				\
	.slot_open = token_slot_open,					\
	.start = token_start,						\
	.input = token_input,						\
	.timeout = token_timeout,					\
	.failed = token_failed,						\
	.ended = token_ended,						\
	.interrupt = token_interrupt,					\
	.close = token_close

#endif
