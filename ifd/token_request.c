/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "ifd/token_request.h"

static const struct view nothing = { NULL, 0 };

static struct step
power_off(struct ifd_slot *slot)
{
	slot->card = CHANNEL_PRESENT;
	slot->atr_n = 0;
	return step_done(nothing);
}

/* It is spoken already; starting T=1 anew would lose the count of blocks. */
static struct step
choose(struct ifd_slot *slot, uint32_t wanted, uint32_t spoken)
{
	if ((slot->card & CHANNEL_POWERED) == 0)
		return step_fail(ERR_UNPOWERED);
	if ((wanted & spoken) == 0)
		return step_fail(ERR_PROTOCOL);
	slot->result = spoken;
	return step_done(nothing);
}

struct step
token_request(struct ifd_slot *slot, const struct ifd_request *r,
    const struct token_requests *t)
{
	switch (r->op) {
	case IFD_OPEN:
	case IFD_STATUS:
		return step_done(nothing);	/* it cannot be otherwise */
	case IFD_POWER_ON:
		return t->power_on(slot);
	case IFD_POWER_OFF:
		return power_off(slot);
	case IFD_TRANSMIT:
		return t->transmit(slot, r->data);
	case IFD_PROTOCOL:
		return choose(slot, r->arg, t->protocol);
	case IFD_CONTROL:
		break;
	}
	return step_fail(ERR_UNSUPPORTED);
}
