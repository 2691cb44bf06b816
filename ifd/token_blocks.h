/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_TOKEN_BLOCKS_H
#define IFD_TOKEN_BLOCKS_H

/* How the blocks of ifd/token.h travel, for token.c only. */

#include "ifd/token.h"

const struct token_pipe *token_pipe_of(const struct ifd_reader *);

/* What T=1 wants becomes control transfers; at its end the request's. */
struct step	token_carry(struct ifd_slot *, struct step);

/* The block has gone out: fetches the answer. */
struct step	token_receive(struct ifd_slot *);

/* The token takes no block: no more of them, each would take as long. */
struct step	token_stuck(struct ifd_slot *);

/* Looks for late answers; nothing came of it. */
struct step	token_listen(struct ifd_slot *);
struct step	token_quiet(struct ifd_slot *);

/* What came, or nothing, with the response in hand. */
struct step	token_drain(struct ifd_slot *, struct view);

/* The end of IFD_POWER_ON: the card can be used. */
struct step	token_is_on(struct ifd_slot *);

#endif
