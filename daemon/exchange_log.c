/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "daemon/exchange_log.h"

#include "base/log.h"
#include "protocols/sw.h"

static const char *const words[REQUEST_KINDS] = {
	[REQUEST_TRANSMIT] = "APDU",
	[REQUEST_ATR] = "power on",
	[REQUEST_RESET_WARM] = "reset",
	[REQUEST_RESET_COLD] = "cold reset",
	[REQUEST_POWER_OFF] = "power off",
	[REQUEST_PROTOCOL] = "protocol",
	[REQUEST_CONTROL] = "control",
	[REQUEST_LOCK] = "lock",
};

void
log_request(const char *subject, const struct peer *peer,
    enum request_kind kind, struct view apdu)
{
	char who[80];
	struct rd r = { .in = apdu };
	uint8_t cla = rd_u8(&r), ins = rd_u8(&r), p1 = rd_u8(&r),
		p2 = rd_u8(&r);

	if (!log_is_on(LOG_LEVEL_DEBUG))
		return;
	peer_text(who, sizeof(who), peer);
	if (kind == REQUEST_TRANSMIT && !r.bad)
		log_at(LOG_LEVEL_DEBUG, subject,
		    "%s: > %02x %02x %02x %02x, %zu bytes", who, cla, ins, p1,
		    p2, apdu.n);
	else
		log_at(LOG_LEVEL_DEBUG, subject, "%s: > %s, %zu bytes", who,
		    words[kind], apdu.n);
}

void
log_result(const char *subject, enum request_kind kind, const struct result *r)
{
	char text[SW_TEXT_MAX];
	uint16_t sw = sw_of(r->data);

	if (!log_is_on(LOG_LEVEL_DEBUG))
		return;
	if (r->err != ERR_OK)
		log_at(LOG_LEVEL_DEBUG, subject, "< %s", err_text(r->err));
	else if (kind == REQUEST_TRANSMIT)
		log_at(LOG_LEVEL_DEBUG, subject, "< %zu bytes, %02x %02x: %s",
		    r->data.n, sw >> 8, sw & 0xff,
		    sw_text(text, sizeof(text), sw));
	else
		log_at(LOG_LEVEL_DEBUG, subject, "< done");
}
