/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IFD_TOKEN_REQUEST_H
#define IFD_TOKEN_REQUEST_H

/*
 * What the requests to a token come to, whatever it is made of: its card is
 * always in, has power as long as the token is plugged in, and speaks one
 * protocol.
 */

#include "ifd/driver.h"

struct token_requests {
	uint32_t protocol;	/* CHANNEL_T0 or CHANNEL_T1 */
	struct step	(*power_on)(struct ifd_slot *);
	struct step	(*transmit)(struct ifd_slot *, struct view apdu);
};

/* A driver's start. After powering off, which is kept though the card keeps its
   power, there is no command before the next reset. */
struct step	token_request(struct ifd_slot *, const struct ifd_request *,
		    const struct token_requests *);

#endif
