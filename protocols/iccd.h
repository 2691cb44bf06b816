/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROTOCOLS_ICCD_H
#define PROTOCOLS_ICCD_H

/*
 * Cards with a USB plug that have no bulk pipes: the ICCD specification,
 * revision 1.0, versions A and B. A CCID message goes in as to a reader, and
 * becomes control transfers of the class; the answer that a reader would have
 * given comes out. So all that stands on CCID messages stands on ICCD as well.
 *
 * Version A carries T=0 commands: the header, then data in one direction, then
 * SW1 SW2, with a status byte that says what comes next. Version B carries what
 * an XfrBlock does. Both are polled for an answer that is not ready.
 *
 * The requests and the meaning of their bytes are those that the CCID project's
 * driver uses with the published devices; none was seen at work here.
 */

#include <stdbool.h>

#include "protocols/ccid_msg.h"
#include "protocols/step.h"

enum iccd_version {
	ICCD_VERSION_A,
	ICCD_VERSION_B,
};

enum {
	ICCD_CONTROL_MS = 5000,		/* for each transfer */
	ICCD_POLL_MS = 10,		/* unit of the delay that it asks for */
	ICCD_READ_MAX = 4096,		/* bytes that are read at once */
};

enum iccd_state {
	ICCD_IDLE,
	ICCD_POWERING_OFF,
	ICCD_OFF_FIRST,		/* of a power on */
	ICCD_SETTLING,		/* A: until it is ready to be powered */
	ICCD_POWERING_ON,
	ICCD_STATUS,
	ICCD_SENDING,		/* a block, or the header of a command */
	ICCD_READING,		/* B: the answer */
	ICCD_AFTER_HEADER,	/* A: what comes next */
	ICCD_SENDING_DATA,	/* A */
	ICCD_READING_DATA,	/* A */
	ICCD_AFTER_DATA,	/* A */
	ICCD_READING_SW,	/* A */
};

struct iccd {
	/* set once */
	enum iccd_version version;
	uint8_t interface;
	uint8_t *buf;		/* requests, and the answer in the making */
	size_t cap;
	/* the command under way */
	enum iccd_state state;
	bool polling;		/* a pause; then the state's request again */
	struct ccid_cmd cmd;	/* its data borrowed */
	size_t n;		/* A: response data in the answer so far */
	uint32_t left_ms;
	/* the card */
	bool active;
};

/* Bytes of buf for commands and answers whose data has at most n bytes. */
#define ICCD_BUF(n) ((n) + CCID_HEADER + USB_SETUP_SIZE)

void		iccd_init(struct iccd *, enum iccd_version, uint8_t interface,
		    uint8_t *buf, size_t cap);

/*
 * A message to the reader, borrowed until the end; wait_ms is how long its
 * answer may take. STEP_CONTROL and STEP_PAUSE follow, in the end STEP_DONE with
 * the message of a reader, in buf until the next call. What ICCD has no request
 * for is answered with "not supported"; an abort powers the card off, for there
 * is no other way to end a command. STEP_FAIL: ERR_TIMEOUT when it was not ready
 * in its time, ERR_TOO_LONG, ERR_FORMAT, or what iccd_failed was told.
 */
struct step	iccd_send(struct iccd *, struct view message,
		    uint32_t wait_ms);
struct step	iccd_input(struct iccd *, struct view);
/* A pause is over, or a transfer took too long: FAIL with ERR_TIMEOUT. */
struct step	iccd_timeout(struct iccd *);
struct step	iccd_failed(struct iccd *, enum err);

#endif
