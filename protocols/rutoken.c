/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "protocols/rutoken.h"

#include "protocols/tlv.h"

enum {
	HEADER_SIZE = 32,
	ACCESS_AT = 17,		/* in the header: 8 + 7 bytes */
	ACCESS_PLAIN = 8,	/* as they are, then ... */
	ACCESS_WORDS = 7,	/* ... the first byte of each four */
	ACCESS_SIZE = 40,	/* value of tag 86; the last four are unused */
	SW_SIZE = 2,
	TAG_SIZE = 0x80,
	TAG_SIZE_ALL = 0x81,
	TAG_TYPE = 0x82,
	TAG_ID = 0x83,
	TAG_OPTIONS = 0x85,
	TAG_ACCESS = 0x86,
	TAG_LIFE_CYCLE = 0x8a,
	TAG_CONTENTS = 0xa5,
	TAG_FCP = 0x62,
	FCP_SIZE = 61,
	ANY = -1,
};

/* Writes what becomes of `in`. False: it stays as it is. */
typedef bool	conversion(struct wr *, struct view in);

/* ---- bytes in another order ---- */

/* In groups of n; what is left over stays. */
static bool
turn(struct wr *w, struct view in, size_t n)
{
	struct rd r = { .in = in };

	while (r.in.n >= n) {
		struct view group = rd_take(&r, n);

		for (size_t i = n; i-- != 0;)
			wr_u8(w, group.p[i]);
	}
	wr_view(w, r.in);
	return true;
}

static bool
turn_pairs(struct wr *w, struct view in)
{
	return turn(w, in, 2);
}

static bool
turn_words(struct wr *w, struct view in)
{
	return turn(w, in, 4);
}

/* ---- TLVs to headers ---- */

/* The value of a tag, if it has n bytes; else n zeros. */
static bool
wr_tag(struct wr *w, struct view in, uint32_t tag, size_t n)
{
	struct view v;

	if (!tlv_find(&v, in, tag) || v.n != n) {
		wr_fill(w, 0, n);
		return false;
	}
	wr_view(w, v);
	return true;
}

static bool
wr_tag_turned(struct wr *w, struct view in, uint32_t tag)
{
	uint8_t value[2];
	struct wr v = { .p = value, .cap = sizeof(value) };
	bool found = wr_tag(&v, in, tag, sizeof(value));

	turn_pairs(w, wr_done(&v));
	return found;
}

/* The rest of a header, with its access rules. */
static void
wr_access(struct wr *w, struct view in)
{
	uint8_t rules[ACCESS_SIZE];
	struct wr v = { .p = rules, .cap = sizeof(rules) };

	wr_tag(&v, in, TAG_ACCESS, sizeof(rules));
	wr_fill(w, 0, ACCESS_AT - w->n);
	wr_view(w, (struct view){ rules, ACCESS_PLAIN });
	for (size_t i = 0; i < ACCESS_WORDS; i++)
		wr_u8(w, rules[ACCESS_PLAIN + 4 * i]);
}

static bool
fcp_to_header(struct wr *w, struct view in)
{
	struct view fcp;
	bool described;

	if (!tlv_find(&fcp, in, TAG_FCP))
		return false;
	wr_tag_turned(w, fcp, TAG_SIZE_ALL);
	wr_tag_turned(w, fcp, TAG_SIZE);
	described = wr_tag(w, fcp, TAG_TYPE, 2);
	described = wr_tag_turned(w, fcp, TAG_ID) && described;
	wr_access(w, fcp);
	return described;
}

/* OpenCT took the contents only where the low byte of their size is right. */
static bool
object_to_header(struct wr *w, struct view in)
{
	struct view contents;

	wr_tag_turned(w, in, TAG_SIZE);
	wr_tag(w, in, TAG_ID, 2);
	wr_tag(w, in, TAG_OPTIONS, 3);
	wr_access(w, in);
	if (!w->bad && tlv_find(&contents, in, TAG_CONTENTS) &&
	    contents.n == w->p[1])
		wr_view(w, contents);
	return true;
}

/* ---- headers to TLVs ---- */

static void
wr_head(struct wr *w, uint8_t tag, size_t n)
{
	wr_u8(w, tag);
	if (n > 0x7f)
		wr_u8(w, 0x81);
	wr_u8(w, (uint8_t)n);
}

static void
wr_access_tag(struct wr *w, struct view header)
{
	struct rd r = { .in = view_skip(header, ACCESS_AT) };

	wr_head(w, TAG_ACCESS, ACCESS_SIZE);
	wr_view(w, rd_take(&r, ACCESS_PLAIN));
	for (size_t i = 0; i < ACCESS_WORDS; i++) {
		wr_u8(w, rd_u8(&r));
		wr_fill(w, 0, 3);
	}
	wr_fill(w, 0, 4);
}

static bool
header_to_fcp(struct wr *w, struct view in)
{
	struct rd r = { .in = in };

	if (in.n != HEADER_SIZE)
		return false;
	wr_head(w, TAG_FCP, FCP_SIZE);
	wr_head(w, TAG_SIZE_ALL, 2);
	wr_be16(w, rd_le16(&r));
	wr_head(w, TAG_SIZE, 2);
	wr_be16(w, rd_le16(&r));
	wr_head(w, TAG_TYPE, 2);
	wr_view(w, rd_take(&r, 2));
	wr_head(w, TAG_ID, 2);
	wr_be16(w, rd_le16(&r));
	wr_head(w, TAG_LIFE_CYCLE, 1);
	wr_u8(w, rd_u8(&r));
	wr_access_tag(w, in);
	return true;
}

static bool
header_to_object(struct wr *w, struct view in)
{
	struct rd r = { .in = in };
	uint16_t size = rd_le16(&r);
	struct view contents = view_skip(in, HEADER_SIZE);

	if (in.n < HEADER_SIZE)
		return false;
	if ((size & 0xff) != 0) {
		wr_head(w, TAG_SIZE, 2);
		wr_be16(w, size);
	}
	wr_head(w, TAG_ID, 2);
	wr_view(w, rd_take(&r, 2));
	wr_head(w, TAG_OPTIONS, 3);
	wr_view(w, rd_take(&r, 3));
	wr_access_tag(w, in);
	if ((size & 0xff) == 0)
		return true;
	wr_head(w, TAG_CONTENTS, size & 0xff);
	wr_view(w, view_first(contents, size & 0xff));
	return contents.n >= (size & 0xff);
}

/* ---- which of it for which command ---- */

static const struct rule {
	uint8_t cla, ins;
	int p1, p2;
	conversion *command;	/* of the data; NULL: as they are */
	conversion *response;
	uint8_t le;		/* of the command without data; 0: as it is */
} rules[] = {
	{ 0x00, 0xa4, ANY, ANY, turn_pairs, header_to_fcp, 0x20 },
	{ 0x00, 0xe4, ANY, ANY, turn_pairs, NULL, 0 },
	{ 0x00, 0xe0, ANY, ANY, fcp_to_header, NULL, 0 },
	{ 0x00, 0xda, 0x01, 0x62, object_to_header, NULL, 0 },
	{ 0x00, 0xda, 0x01, 0x65, object_to_header, NULL, 0 },
	{ 0x80, 0x30, ANY, ANY, NULL, header_to_object, 0xff },
	{ 0x00, 0xca, 0x01, 0x81, NULL, turn_words, 0 },
	{ 0x00, 0xca, 0x01, 0x8a, NULL, turn_words, 0 },
	{ 0x00, 0xca, 0x01, 0x11, NULL, turn_pairs, 0 },
};

static const struct rule *
find(const struct apdu *a)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];

		if (r->cla == a->cla && r->ins == a->ins &&
		    (r->p1 == ANY || r->p1 == a->p1) &&
		    (r->p2 == ANY || r->p2 == a->p2))
			return r;
	}
	return NULL;
}

/* The Le as it came in case 4. */
static void
wr_le(struct wr *w, const struct apdu *a)
{
	if (a->ne != 0)
		wr_u8(w, (uint8_t)a->ne);
}

struct view
rutoken_command(uint8_t buf[APDU_SHORT_MAX], struct view apdu)
{
	struct wr w = { .p = buf, .cap = APDU_SHORT_MAX };
	struct wr data = { .p = buf + 5, .cap = 255 };
	const struct rule *rule;
	struct apdu a;

	if (apdu_parse(&a, apdu) != ERR_OK || a.extended ||
	    (rule = find(&a)) == NULL)
		return apdu;
	wr_view(&w, view_first(apdu, APDU_HEADER));
	if (a.kind == APDU_CASE_2 && rule->le != 0) {
		wr_u8(&w, rule->le);
		return wr_done(&w);
	}
	if (a.data.n == 0 || rule->command == NULL ||
	    !rule->command(&data, a.data) || data.bad)
		return apdu;
	wr_u8(&w, (uint8_t)data.n);
	w.n += data.n;
	wr_le(&w, &a);
	return w.bad ? apdu : wr_done(&w);
}

struct view
rutoken_response(uint8_t buf[RUTOKEN_RESPONSE_MAX], struct view apdu,
    struct view rsp)
{
	struct wr w = { .p = buf, .cap = RUTOKEN_RESPONSE_MAX };
	struct view data, sw;
	const struct rule *rule;
	struct apdu a;

	if (apdu_parse(&a, apdu) != ERR_OK || rsp.n < SW_SIZE ||
	    (rule = find(&a)) == NULL || rule->response == NULL)
		return rsp;
	data = view_first(rsp, rsp.n - SW_SIZE);
	sw = view_skip(rsp, data.n);
	if (sw.p[0] != 0x90 || sw.p[1] != 0 || data.n == 0 ||
	    !rule->response(&w, data) || w.bad)
		return rsp;
	if (w.n > a.ne)
		w.n = a.ne;
	wr_view(&w, sw);
	return wr_done(&w);
}
