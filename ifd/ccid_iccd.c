/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/ccid.h"

#include <stdlib.h>

/* Cards with a USB plug: messages become control transfers on their way down,
   and these messages on their way up. */

enum err
ccid_open_iccd(struct ccid_slot *s, const struct ccid_plan *p)
{
	s->iccd_buf = calloc(1, ICCD_BUF(p->max_data));
	if (s->iccd_buf == NULL)
		return ERR_MEMORY;
	iccd_init(&s->iccd, p->transport == CCID_ICCD_A ? ICCD_VERSION_A :
	    ICCD_VERSION_B, p->interface, s->iccd_buf, ICCD_BUF(p->max_data));
	return ERR_OK;
}

/* A machine above has had its answer, or hears that there is none. */
static struct step
up(struct ifd_slot *slot, struct step step)
{
	if (step.kind == STEP_DONE)
		return ccid_on_message(slot, step.out);
	if (step.err == ERR_TIMEOUT)
		return ccid_on_timeout(slot);
	return ccid_on_failed(slot, step.err);
}

static bool
is_over(struct step step)
{
	return step.kind == STEP_DONE || step.kind == STEP_FAIL;
}

struct step
ccid_down(struct ifd_slot *slot, struct step step)
{
	struct ccid_slot *s = slot->state;

	if (s->iccd_buf == NULL)
		return step;
	while (step.kind == STEP_SEND || step.kind == STEP_ABORT) {
		if (step.kind == STEP_ABORT)	/* it powers the card off */
			slot->card &= ~(uint32_t)CHANNEL_POWERED;
		step = iccd_send(&s->iccd, step.out, step.wait_ms);
		if (!is_over(step))
			break;
		step = up(slot, step);
	}
	return step;
}

struct step
ccid_from_iccd(struct ifd_slot *slot, struct step step)
{
	return is_over(step) ? ccid_down(slot, up(slot, step)) : step;
}
