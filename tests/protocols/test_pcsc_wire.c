/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/pcsc_wire.h"

enum { INPUT_MAX = PCSC_REQUEST_MAX + 16 };

/* A request of these words, then n bytes; returns the length. */
static size_t
build(uint8_t *p, uint32_t size, uint32_t cmd, size_t n)
{
	struct wr w = { .p = p, .cap = INPUT_MAX };

	pcsc_word_write(&w, size);
	pcsc_word_write(&w, cmd);
	wr_fill(&w, 0, n);
	ck_assert(!w.bad);
	return w.n;
}

static const struct row {
	const char *why;
	uint32_t size, cmd;
	size_t n;		/* bytes of zeros behind the header */
	unsigned minor;
	enum err err;
	size_t used;
} rows[] = {
	{ "version", 12, 0x11, 12, 0, ERR_OK, 20 },
	{ "cancel needs no version", 8, 0x0d, 8, 0, ERR_OK, 16 },
	{ "nothing else goes without", 12, 0x01, 12, 0, ERR_UNSUPPORTED, 0 },
	{ "establish", 12, 0x01, 12, 3, ERR_OK, 20 },
	{ "two at once", 8, 0x02, 24, 6, ERR_OK, 16 },
	{ "wait of 4.3", 8, 0x13, 8, 3, ERR_OK, 16 },
	{ "wait of 4.4", 0, 0x13, 0, 4, ERR_OK, 8 },
	{ "wait of 4.3 to a 4.4", 8, 0x13, 8, 4, ERR_FORMAT, 0 },
	{ "stop of 4.4 to a 4.3", 0, 0x14, 0, 3, ERR_FORMAT, 0 },
	{ "events", 0, 0x15, 0, 5, ERR_OK, 8 },
	{ "events in 4.4", 0, 0x15, 0, 4, ERR_UNSUPPORTED, 0 },
	{ "size", 0, 0x16, 0, 6, ERR_OK, 8 },
	{ "size in 4.5", 0, 0x16, 0, 5, ERR_UNSUPPORTED, 0 },
	{ "list readers was never there", 0, 0x03, 0, 6, ERR_UNSUPPORTED, 0 },
	{ "status change neither", 0, 0x0c, 0, 6, ERR_UNSUPPORTED, 0 },
	{ "cancel transaction neither", 0, 0x0e, 0, 6, ERR_UNSUPPORTED, 0 },
	{ "no such command", 8, 0x18, 8, 6, ERR_UNSUPPORTED, 0 },
	{ "a huge number", 8, 0xffffffff, 8, 6, ERR_UNSUPPORTED, 0 },
	{ "body too small", 148, 0x04, 152, 4, ERR_FORMAT, 0 },
	{ "body too large", 156, 0x04, 156, 4, ERR_FORMAT, 0 },
	{ "body of 4 GB", 0xffffffff, 0x04, 152, 4, ERR_FORMAT, 0 },
	{ "wrong size is seen in the header", 9, 0x02, 0, 4, ERR_FORMAT, 0 },
	{ "transmit of nothing", 32, 0x09, 32, 4, ERR_OK, 40 },
};

/* Parses an exact-size copy, so that a byte too many is noticed. */
static enum err
parse(struct pcsc_request *q, size_t *used, const uint8_t *p, size_t n,
    unsigned minor)
{
	uint8_t *copy = malloc(n + (n == 0));
	enum err e;

	if (n != 0)
		memcpy(copy, p, n);
	e = pcsc_request_parse(q, used, (struct view){ copy, n }, minor);
	free(copy);
	return e;
}

START_TEST(requests_are_told_apart)
{
	const struct row *r = &rows[_i];
	static uint8_t buf[INPUT_MAX];
	struct pcsc_request q;
	size_t used, n = build(buf, r->size, r->cmd, r->n);

	ck_assert_msg(parse(&q, &used, buf, n, r->minor) == r->err, "%s",
	    r->why);
	ck_assert_msg(used == r->used, "%s: %zu", r->why, used);
}
END_TEST

/* Every command, cut everywhere. */
START_TEST(what_is_cut_waits_for_more)
{
	static const struct { uint32_t cmd, size; } all[] = {
#define X(name, number, size, minor) { number, size },
		PCSC_CMD_LIST(X)
#undef X
	};
	uint8_t buf[PCSC_HEADER + PCSC_BODY_MAX];
	struct pcsc_request q;
	size_t used;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t n = build(buf, all[i].size, all[i].cmd, all[i].size);

		for (size_t cut = 0; cut < n; cut++)
			ck_assert_int_eq(parse(&q, &used, buf, cut, 6),
			    ERR_SHORT);
		ck_assert_int_eq(parse(&q, &used, buf, n, 6), ERR_OK);
		ck_assert_uint_eq(used, n);
		ck_assert_uint_eq(q.n, all[i].size);
		ck_assert_str_eq(pcsc_cmd_name(q.cmd),
		    pcsc_cmd_name(all[i].cmd));
	}
	ck_assert_ptr_null(pcsc_cmd_name(3));
}
END_TEST

/* TRANSMIT and CONTROL: the bytes that the header does not count. */
START_TEST(data_follows_the_body)
{
	static const struct { uint32_t cmd, size; size_t at; } both[] = {
		{ 0x09, 32, 12 }, { 0x0a, 24, 8 },
	};
	static const uint32_t lens[] = { 1, 5, 300, PCSC_DATA_MAX };
	uint8_t *buf = malloc(INPUT_MAX);
	struct pcsc_request q;
	size_t used;

	for (size_t i = 0; i < 8; i++) {
		uint32_t len = lens[i / 2];
		size_t head = PCSC_HEADER + both[i % 2].size;
		size_t n = build(buf, both[i % 2].size, both[i % 2].cmd,
		    both[i % 2].size + len);

		memcpy(buf + PCSC_HEADER + both[i % 2].at, &len, 4);
		buf[n - 1] = 0x5a;
		ck_assert_int_eq(parse(&q, &used, buf, head, 4), ERR_SHORT);
		ck_assert_int_eq(parse(&q, &used, buf, n - 1, 4), ERR_SHORT);
		ck_assert_uint_eq(used, 0);
		ck_assert_int_eq(pcsc_request_parse(&q, &used,
		    (struct view){ buf, n }, 4), ERR_OK);
		ck_assert_uint_eq(used, n);
		ck_assert_uint_eq(q.data.n, len);
		ck_assert_ptr_eq(q.data.p, buf + head);
		ck_assert_uint_eq(q.data.p[len - 1], 0x5a);

		len = PCSC_DATA_MAX + 1;
		memcpy(buf + PCSC_HEADER + both[i % 2].at, &len, 4);
		ck_assert_int_eq(parse(&q, &used, buf, head, 4), ERR_TOO_LONG);
	}
	free(buf);
}
END_TEST

START_TEST(words_stay_in_the_body)
{
	struct pcsc_request q = { .cmd = PCSC_STATUS, .n = 8 };
	uint32_t got;

	memset(q.body, 0xee, sizeof(q.body));
	pcsc_set(&q, PCSC_STATUS_CARD, 0x01020304);
	ck_assert_uint_eq(pcsc_get(&q, PCSC_STATUS_CARD), 0x01020304);
	pcsc_set_rv(&q, PCSC_RV_SHARING_VIOLATION);
	memcpy(&got, q.body + 4, 4);
	ck_assert_uint_eq(got, 0x8010000b);
	pcsc_set(&q, PCSC_CONNECT_MODE, 1);		/* behind the end */
	ck_assert_uint_eq(q.body[PCSC_CONNECT_MODE], 0xee);
	ck_assert_uint_eq(pcsc_get(&q, PCSC_CONNECT_MODE), 0);
	ck_assert_uint_eq(pcsc_bytes(&q, PCSC_CONNECT_NAME, 5).n, 0);
	ck_assert_uint_eq(pcsc_bytes(&q, PCSC_CONNECT_NAME, 4).n, 4);
	q.n = 0;
	pcsc_set_rv(&q, PCSC_RV_SUCCESS);		/* has no result */
	ck_assert_uint_eq(q.body[0], 0x04);
}
END_TEST

START_TEST(an_attribute_leaves_nothing_behind_it)
{
	struct pcsc_request q = { .cmd = PCSC_GET_ATTRIB, .n = 280 };
	uint8_t big[PCSC_ATTR_MAX + 1] = { 0 };

	memset(q.body, 0xee, sizeof(q.body));
	ck_assert_int_eq(pcsc_set_attrib(&q, B("\x3b\x00")), ERR_OK);
	ck_assert_uint_eq(pcsc_get(&q, PCSC_GET_ATTRIB_LEN), 2);
	ck_view_eq(pcsc_bytes(&q, PCSC_GET_ATTRIB_VALUE, 4), B("\x3b\0\0\0"));
	ck_assert_uint_eq(q.body[271], 0);
	ck_assert_int_eq(pcsc_set_attrib(&q,
	    (struct view){ big, PCSC_ATTR_MAX }), ERR_OK);
	ck_assert_int_eq(pcsc_set_attrib(&q, (struct view){ big, sizeof(big) }),
	    ERR_BUFFER);
}
END_TEST

/* As pcscd 1.9.9 sent it for a card in an ST-1044U, and for an empty place. */
START_TEST(a_state_has_184_bytes)
{
	static const char name[] = "Cherry GmbH SmartTerminal XX44 00 00";
	const struct pcsc_reader_state s = { .name = name, .events = 7,
		.state = 0x34, .sharing = -1, .atr = B("\x3b\x80\x80\x01\x01"),
		.protocol = PCSC_T1 };
	const struct pcsc_reader_state none = { .name = NULL };
	uint8_t buf[2 * PCSC_STATE], want[2 * PCSC_STATE] = { 0 };
	static const struct { size_t at; uint32_t x; } words[] = {
		{ 128, 7 }, { 132, 0x34 }, { 136, UINT32_MAX }, { 176, 5 },
		{ 180, 2 }, { 184 + 176, 34 },
	};
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	memset(buf, 0xee, sizeof(buf));
	memcpy(want, name, sizeof(name));
	memcpy(want + 140, "\x3b\x80\x80\x01\x01", 5);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		memcpy(want + words[i].at, &words[i].x, 4);
	pcsc_state_write(&w, &s);
	pcsc_state_write(&w, &none);
	ck_view_eq(wr_done(&w), ((struct view){ want, sizeof(want) }));
	pcsc_state_write(&w, &none);
	ck_assert(w.bad);
}
END_TEST

START_TEST(a_state_that_cannot_be_is_not_written)
{
	char name[PCSC_NAME_MAX + 2];
	uint8_t buf[PCSC_STATE], atr[PCSC_ATR_MAX + 1] = { 0x3b };
	struct pcsc_reader_state s = { .name = name };
	struct wr w = { .p = buf, .cap = sizeof(buf) };

	memset(name, 'x', sizeof(name));
	name[PCSC_NAME_MAX] = '\0';
	pcsc_state_write(&w, &s);
	ck_assert(!w.bad);
	name[PCSC_NAME_MAX] = 'x';
	name[PCSC_NAME_MAX + 1] = '\0';
	w = (struct wr){ .p = buf, .cap = sizeof(buf) };
	pcsc_state_write(&w, &s);
	ck_assert(w.bad);
	w = (struct wr){ .p = buf, .cap = sizeof(buf) };
	s = (struct pcsc_reader_state){ .name = "a",
		.atr = { atr, sizeof(atr) } };
	pcsc_state_write(&w, &s);
	ck_assert(w.bad);
}
END_TEST

START_TEST(every_error_has_a_result_with_a_name)
{
	for (unsigned e = 0; e < ERR_COUNT; e++)
		ck_assert_ptr_nonnull(pcsc_rv_name(pcsc_rv_from((enum err)e)));
	ck_assert_uint_eq(pcsc_rv_from(ERR_OK), 0);
	ck_assert_uint_eq(pcsc_rv_from(ERR_UNSUPPORTED), 0x8010001f);
	ck_assert_uint_eq(pcsc_rv_from((enum err)ERR_COUNT),
	    PCSC_RV_F_INTERNAL);
	ck_assert_ptr_null(pcsc_rv_name(1));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pcsc_wire");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, requests_are_told_apart, 0,
	    (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tc, what_is_cut_waits_for_more);
	tcase_add_test(tc, data_follows_the_body);
	tcase_add_test(tc, words_stay_in_the_body);
	tcase_add_test(tc, an_attribute_leaves_nothing_behind_it);
	tcase_add_test(tc, a_state_has_184_bytes);
	tcase_add_test(tc, a_state_that_cannot_be_is_not_written);
	tcase_add_test(tc, every_error_has_a_result_with_a_name);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
