/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/apdu.h"

#include <stdio.h>

static enum apdu_case
case_of(bool has_data, bool has_le)
{
	if (has_data)
		return has_le ? APDU_CASE_4 : APDU_CASE_3;
	return has_le ? APDU_CASE_2 : APDU_CASE_1;
}

/* Behind the header: Le, or Lc data, or Lc data Le; a byte each. */
static enum err
parse_short(struct apdu *a, struct rd body)
{
	bool has_data = body.in.n > 1, has_le;
	uint8_t le;

	if (has_data)
		a->data = rd_take(&body, rd_u8(&body));
	has_le = body.in.n != 0;
	le = has_le ? rd_u8(&body) : 0;
	if (body.bad || body.in.n != 0)
		return ERR_FORMAT;
	a->ne = !has_le ? 0 : le == 0 ? 256 : le;
	a->kind = case_of(has_data, has_le);
	return ERR_OK;
}

/* Behind the header: 00, then the same with two bytes each. */
static enum err
parse_extended(struct apdu *a, struct rd body)
{
	bool has_data, has_le;
	uint16_t le;

	a->extended = true;
	rd_u8(&body);
	has_data = body.in.n > 2;
	if (has_data) {
		a->data = rd_take(&body, rd_be16(&body));
		if (a->data.n == 0)
			return ERR_FORMAT;
	}
	has_le = body.in.n != 0;
	le = has_le ? rd_be16(&body) : 0;
	if (body.bad || body.in.n != 0)
		return ERR_FORMAT;
	a->ne = !has_le ? 0 : le == 0 ? 65536 : le;
	a->kind = case_of(has_data, has_le);
	return ERR_OK;
}

enum err
apdu_parse(struct apdu *a, struct view in)	/* ISO 7816-3:2006 §12.1.3 */
{
	struct rd r = { .in = in };

	*a = (struct apdu){ .kind = APDU_CASE_1 };
	a->cla = rd_u8(&r);
	a->ins = rd_u8(&r);
	a->p1 = rd_u8(&r);
	a->p2 = rd_u8(&r);
	if (r.bad)
		return ERR_SHORT;
	if (r.in.n > 1 && r.in.p[0] == 0)
		return parse_extended(a, r);
	return parse_short(a, r);
}

size_t
apdu_response_max(const struct apdu *a)
{
	return (size_t)a->ne + 2;
}

char *
apdu_describe(char *dst, size_t cap, struct view apdu)
{
	size_t rounded = (apdu.n + 15) / 16 * 16;

	if (apdu.n < APDU_HEADER)
		snprintf(dst, cap, "%zu bytes", rounded);
	else
		snprintf(dst, cap, "%02x %02x %02x %02x, %zu bytes",
		    apdu.p[0], apdu.p[1], apdu.p[2], apdu.p[3], rounded);
	return dst;
}
