/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include "protocols/rutoken.h"

/* Access rules as in a TLV, 40 bytes, and as in a header, 15. */
#define RULES								\
	"\x43\x01\x02\x03\x04\x05\x06\x07"				\
	"\x11\0\0\0\x12\0\0\0\x13\0\0\0\x14\0\0\0\x15\0\0\0\x16\0\0\0"	\
	"\x17\0\0\0" "\0\0\0\0"
#define RULES_SHORT							\
	"\x43\x01\x02\x03\x04\x05\x06\x07\x11\x12\x13\x14\x15\x16\x17"

#define NINE_ZEROS "\0\0\0\0\0\0\0\0\0"

/* Of file 1234, type 0102, 0x0150 of 0x0180 bytes. */
#define HEADER								\
	"\x80\x01\x50\x01\x01\x02\x34\x12" NINE_ZEROS RULES_SHORT
#define FCP								\
	"\x62\x3d\x81\x02\x01\x80\x80\x02\x01\x50\x82\x02\x01\x02"	\
	"\x83\x02\x12\x34\x8a\x01\x00\x86\x28" RULES

/* Of an object of three bytes, type 01, id 02. */
#define TLVS								\
	"\x80\x02\x03\x00\x83\x02\x01\x02\x85\x03\x0a\x0b\x0c\x86\x28"	\
	RULES "\xa5\x03" "abc"
#define OBJECT_OUT							\
	"\x00\x03\x01\x02\x0a\x0b\x0c" NINE_ZEROS "\0" RULES_SHORT "abc"
#define OBJECT_IN							\
	"\x03\x00\x01\x02\x0a\x0b\x0c" NINE_ZEROS "\0" RULES_SHORT "abc"
#define TLVS_IN								\
	"\x80\x02\x00\x03\x83\x02\x01\x02\x85\x03\x0a\x0b\x0c\x86\x28"	\
	RULES "\xa5\x03" "abc"

static const struct {
	const char *name;
	struct view in, out;
} commands[] = {
	{ "SELECT an id", B("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	    B("\x00\xa4\x00\x00\x02\x00\x3f\x00") },
	{ "SELECT a path without Le",
	    B("\x00\xa4\x08\x0c\x04\x50\x15\x44\x01"),
	    B("\x00\xa4\x08\x0c\x04\x15\x50\x01\x44") },
	{ "SELECT, an odd number of bytes",
	    B("\x00\xa4\x00\x00\x03\x01\x02\x03"),
	    B("\x00\xa4\x00\x00\x03\x02\x01\x03") },
	{ "SELECT without data", B("\x00\xa4\x00\x00\x00"),
	    B("\x00\xa4\x00\x00\x20") },
	{ "SELECT, case 1", B("\x00\xa4\x00\x00"), B("\x00\xa4\x00\x00") },
	{ "SELECT of another class", B("\x80\xa4\x00\x00\x02\x3f\x00"),
	    B("\x80\xa4\x00\x00\x02\x3f\x00") },
	{ "DELETE FILE", B("\x00\xe4\x00\x00\x02\x12\x34"),
	    B("\x00\xe4\x00\x00\x02\x34\x12") },
	{ "CREATE FILE", B("\x00\xe0\x00\x00\x3f" FCP),
	    B("\x00\xe0\x00\x00\x20" HEADER) },
	{ "CREATE FILE without an id",
	    B("\x00\xe0\x00\x00\x06\x62\x04\x82\x02\x01\x02"),
	    B("\x00\xe0\x00\x00\x06\x62\x04\x82\x02\x01\x02") },
	{ "CREATE FILE, no FCP", B("\x00\xe0\x00\x00\x02\x01\x02"),
	    B("\x00\xe0\x00\x00\x02\x01\x02") },
	{ "create an object", B("\x00\xda\x01\x62\x3c" TLVS),
	    B("\x00\xda\x01\x62\x23" OBJECT_OUT) },
	{ "make a key", B("\x00\xda\x01\x65\x04\x80\x02\x20\x00"),
	    B("\x00\xda\x01\x65\x20\x00\x20" NINE_ZEROS NINE_ZEROS
	    NINE_ZEROS "\0\0\0") },
	{ "delete an object", B("\x00\xda\x01\x64\x01\x05"),
	    B("\x00\xda\x01\x64\x01\x05") },
	{ "the first object", B("\x80\x30\x00\x00\x00"),
	    B("\x80\x30\x00\x00\xff") },
	{ "an object by its id", B("\x80\x30\x00\x00\x01\x05\xff"),
	    B("\x80\x30\x00\x00\x01\x05\xff") },
	{ "serial number", B("\x00\xca\x01\x81\x04"),
	    B("\x00\xca\x01\x81\x04") },
	{ "READ BINARY", B("\x00\xb0\x00\x00\x10"),
	    B("\x00\xb0\x00\x00\x10") },
	{ "extended SELECT", B("\x00\xa4\x00\x00\x00\x00\x02\x3f\x00"),
	    B("\x00\xa4\x00\x00\x00\x00\x02\x3f\x00") },
	{ "no APDU", B("\x00\xa4\x00\x00\x05\x3f\x00"),
	    B("\x00\xa4\x00\x00\x05\x3f\x00") },
};

START_TEST(command)
{
	uint8_t buf[APDU_SHORT_MAX];
	struct view got = rutoken_command(buf, commands[_i].in);

	ck_assert_msg(view_eq(got, commands[_i].out), "%s", commands[_i].name);
}
END_TEST

static const struct {
	const char *name;
	struct view apdu, in, out;
} responses[] = {
	{ "SELECT", B("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	    B(HEADER "\x90\x00"), B(FCP "\x90\x00") },
	{ "SELECT without data", B("\x00\xa4\x00\x00\x00"),
	    B(HEADER "\x90\x00"), B(FCP "\x90\x00") },
	{ "SELECT, no more than Ne", B("\x00\xa4\x00\x00\x02\x3f\x00\x06"),
	    B(HEADER "\x90\x00"), B("\x62\x3d\x81\x02\x01\x80\x90\x00") },
	{ "SELECT, no header", B("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	    B("\x6f\x00\x90\x00"), B("\x6f\x00\x90\x00") },
	{ "SELECT, not found", B("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	    B("\x6a\x82"), B("\x6a\x82") },
	{ "SELECT, with a warning", B("\x00\xa4\x00\x00\x02\x3f\x00\x00"),
	    B(HEADER "\x62\x83"), B(HEADER "\x62\x83") },
	{ "an object", B("\x80\x30\x00\x00\x00"),
	    B(OBJECT_IN "\x90\x00"), B(TLVS_IN "\x90\x00") },
	{ "an object whose contents are cut", B("\x80\x30\x00\x00\x00"),
	    B("\x04\x00\x01\x02\x0a\x0b\x0c" NINE_ZEROS "\0" RULES_SHORT
	    "abc\x90\x00"),
	    B("\x04\x00\x01\x02\x0a\x0b\x0c" NINE_ZEROS "\0" RULES_SHORT
	    "abc\x90\x00") },
	{ "serial number", B("\x00\xca\x01\x81\x04"),
	    B("\x01\x02\x03\x04\x90\x00"), B("\x04\x03\x02\x01\x90\x00") },
	{ "free memory", B("\x00\xca\x01\x8a\x04"),
	    B("\x01\x02\x03\x04\x90\x00"), B("\x04\x03\x02\x01\x90\x00") },
	{ "current file", B("\x00\xca\x01\x11\x02"),
	    B("\x34\x12\x90\x00"), B("\x12\x34\x90\x00") },
	{ "other data", B("\x00\xca\x01\x89\x04"),
	    B("\x01\x02\x03\x04\x90\x00"), B("\x01\x02\x03\x04\x90\x00") },
	{ "READ BINARY", B("\x00\xb0\x00\x00\x04"),
	    B("\x01\x02\x03\x04\x90\x00"), B("\x01\x02\x03\x04\x90\x00") },
	{ "no status", B("\x00\xca\x01\x11\x02"), B("\x34"), B("\x34") },
};

START_TEST(response)
{
	uint8_t buf[RUTOKEN_RESPONSE_MAX];
	struct view got = rutoken_response(buf, responses[_i].apdu,
	    responses[_i].in);

	ck_assert_msg(view_eq(got, responses[_i].out), "%s",
	    responses[_i].name);
}
END_TEST

/* Contents of more than 127 bytes have a longer length. */
START_TEST(large_object)
{
	uint8_t in[32 + 200 + 2] = { 200 }, buf[RUTOKEN_RESPONSE_MAX];
	struct view got;

	in[32 + 200] = 0x90;
	got = rutoken_response(buf, B("\x80\x30\x00\x00\x00"),
	    (struct view){ in, sizeof(in) });
	ck_assert_uint_eq(got.n, 256 - 1 + 1 + 2);	/* cut at Ne */
	ck_view_eq(((struct view){ got.p + 4 + 4 + 5 + 42, 3 }),
	    B("\xa5\x81\xc8"));
}
END_TEST

/* Cut anywhere, it comes out as long as a command or response may be. */
START_TEST(cut)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (size_t n = 1; n < commands[i].in.n; n++) {
			uint8_t buf[APDU_SHORT_MAX];
			uint8_t rsp[RUTOKEN_RESPONSE_MAX];
			uint8_t *copy = malloc(n);
			struct view v = { copy, n };

			ck_assert_ptr_nonnull(copy);
			memcpy(copy, commands[i].in.p, n);
			ck_assert_uint_le(rutoken_command(buf, v).n,
			    sizeof(buf));
			ck_assert_uint_le(rutoken_response(rsp, v, v).n,
			    sizeof(rsp));
			free(copy);
		}
	}
	for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
		for (size_t n = 1; n < responses[i].in.n; n++) {
			uint8_t rsp[RUTOKEN_RESPONSE_MAX];
			uint8_t *copy = malloc(n);

			ck_assert_ptr_nonnull(copy);
			memcpy(copy, responses[i].in.p, n);
			ck_assert_uint_le(rutoken_response(rsp,
			    responses[i].apdu, (struct view){ copy, n }).n,
			    sizeof(rsp));
			free(copy);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rutoken");
	TCase *t = tcase_create("rutoken");

	tcase_add_loop_test(t, command, 0,
	    (int)(sizeof(commands) / sizeof(commands[0])));
	tcase_add_loop_test(t, response, 0,
	    (int)(sizeof(responses) / sizeof(responses[0])));
	tcase_add_test(t, large_object);
	tcase_add_test(t, cut);
	suite_add_tcase(s, t);
	return unit_run(s);
}
