/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/ifdh.h"
#include "lib/ifdh_name.h"
#include "tests/lib/fake_server.h"

enum { LUN = 0x10000, LONG_MS = 60 * 1000 };

static struct openct_record records[OPENCT_READERS_MAX];
static uint8_t out[70000];
static ifdh_dword n;

static void
put(unsigned i, const char *name)
{
	snprintf(records[i].name, sizeof(records[i].name), "%s", name);
	records[i].slots = 1;
	records[i].card[0] = 7;
	records[i].pid = getpid();
	fake_status(records, sizeof(records));
}

static void
setup(void)
{
	memset(records, 0, sizeof(records));
	fake_dir();
	put(0, "Test Reader");
}

static void
open_lun(const char *device)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", device);
	ck_assert_int_eq(IFDHCreateChannelByName(LUN, copy), IFDH_SUCCESS);
}

static const struct {
	const char *device, *which;	/* NULL: refused */
} devices[] = {
	{ "slotd:", "" },
	{ "slotd:3", "3" },
	{ "SlotD:Cherry", "Cherry" },
	{ "openct:a:b", "a:b" },
	{ "\"slotd:Cherry GmbH\"", "Cherry GmbH" },
	{ "'slotd:x'", "x" },
	{ "\"slotd:\"", "" },
	{ "", NULL },
	{ "\"", NULL },
	{ "\"\"", NULL },
	{ "slotd", NULL },
	{ "slotd\"", NULL },
	{ "'slotd'", NULL },
	{ "/dev/null", NULL },
	{ "/dev/ttyS0:GemPCTwin", NULL },
};

START_TEST(device_names)
{
	char which[16];
	enum err e = ifdh_name_which(which, sizeof(which), devices[_i].device);

	ck_assert_int_eq(e, devices[_i].which != NULL ? ERR_OK : ERR_ARG);
	if (e == ERR_OK)
		ck_assert_str_eq(which, devices[_i].which);
}
END_TEST

START_TEST(a_device_name_too_long_is_refused)
{
	char which[16];

	ck_assert_int_eq(ifdh_name_which(which, 4, "slotd:abc"), ERR_OK);
	ck_assert_int_eq(ifdh_name_which(which, 3, "slotd:abc"), ERR_TOO_LONG);
}
END_TEST

static const struct {
	const char *which;
	enum err e;
	unsigned reader;
} finds[] = {
	{ "1", ERR_OK, 1 },
	{ "0", ERR_OK, 0 },
	{ "4", ERR_NO_READER, 0 },
	{ "16", ERR_NO_READER, 0 },
	{ "99999999999999999999", ERR_NO_READER, 0 },
	{ "test reader", ERR_OK, 0 },	/* whole, not a part of the others */
	{ "Test Reader 2", ERR_OK, 2 },
	{ "reader 2", ERR_OK, 2 },
	{ "Reader", ERR_ARG, 0 },
	{ "", ERR_ARG, 0 },
	{ "twin", ERR_ARG, 0 },
	{ "nobody's", ERR_NO_READER, 0 },
};

START_TEST(readers_are_found_by_name)
{
	struct openct_record r;
	unsigned reader = 99;

	put(1, "My Test Reader");
	put(2, "Test Reader 2");
	put(5, "Twin");
	put(6, "Twin");
	ck_assert_int_eq(ifdh_name_find(finds[_i].which, &reader, &r),
	    finds[_i].e);
	if (finds[_i].e == ERR_OK) {
		ck_assert_uint_eq(reader, finds[_i].reader);
		ck_assert_str_eq(r.name, records[reader].name);
	}
}
END_TEST

START_TEST(a_lun_that_is_not_open_is_no_device)
{
	struct ifdh_pci pci = { IFDH_T1, sizeof(pci) };
	char device[] = "nonsense";

	n = sizeof(out);
	ck_assert_int_eq(IFDHCreateChannelByName(LUN, device), IFDH_E_NO_DEVICE);
	ck_assert_int_eq(IFDHCreateChannel(LUN, 0x200000), IFDH_E_NO_DEVICE);
	ck_assert_int_eq(IFDHCloseChannel(LUN), IFDH_E_NO_DEVICE);
	ck_assert_int_eq(IFDHICCPresence(LUN), IFDH_E_NO_DEVICE);
	ck_assert_int_eq(IFDHGetCapabilities(LUN, IFDH_TAG_SLOTS, &n, out),
	    IFDH_E_NO_DEVICE);
	ck_assert_int_eq(IFDHSetCapabilities(LUN, 1, 0, out), IFDH_E_NO_DEVICE);
	ck_assert_int_eq(IFDHSetProtocolParameters(LUN, IFDH_T1, 0, 0, 0, 0),
	    IFDH_E_NO_DEVICE);
	ck_assert_int_eq(IFDHPowerICC(LUN, IFDH_POWER_UP, out, &n),
	    IFDH_E_NO_DEVICE);
	ck_assert_int_eq(IFDHTransmitToICC(LUN, pci, out, 4, out, &n, &pci),
	    IFDH_E_NO_DEVICE);
	ck_assert_int_eq(IFDHControl(LUN, 1, NULL, 0, out, 9, &n),
	    IFDH_E_NO_DEVICE);
}
END_TEST

static const struct {
	ifdh_dword tag, room;
	ifdh_result rv;
	struct view value;
} capabilities[] = {
	{ IFDH_TAG_THREAD_SAFE, 1, IFDH_SUCCESS, B("\1") },
	{ IFDH_TAG_SLOT_THREAD_SAFE, 1, IFDH_SUCCESS, B("\1") },
	{ IFDH_TAG_READERS, 1, IFDH_SUCCESS, B("\20") },
	{ IFDH_TAG_SLOTS, 1, IFDH_SUCCESS, B("\3") },
	{ IFDH_TAG_SLOTS, 0, IFDH_E_BUFFER, B("") },
	{ IFDH_TAG_ATTR_PRESENT, 264, IFDH_SUCCESS, B("\2") },
	{ IFDH_TAG_ATTR_ACTIVE, 264, IFDH_SUCCESS, B("\0") },
	{ IFDH_TAG_ATTR_ATR, 264, IFDH_SUCCESS, B("") },
	{ IFDH_TAG_WAIT, 264, IFDH_E_TAG, B("") },
	{ IFDH_TAG_STOP_WAIT, 264, IFDH_E_TAG, B("") },
	{ 0xfb4, 264, IFDH_E_TAG, B("") },
};

START_TEST(capabilities_are_told)
{
	records[0].slots = 3;
	put(0, "Three");
	records[0].slots = 3;
	fake_status(records, sizeof(records));
	open_lun("slotd:0");
	n = capabilities[_i].room;
	ck_assert_int_eq(IFDHGetCapabilities(LUN, capabilities[_i].tag, &n,
	    out), capabilities[_i].rv);
	if (capabilities[_i].rv == IFDH_SUCCESS)
		ck_view_eq(((struct view){ out, n }), capabilities[_i].value);
	ck_assert_int_eq(IFDHCloseChannel(LUN), IFDH_SUCCESS);
}
END_TEST

START_TEST(nothing_can_be_set)
{
	open_lun("slotd:");
	ck_assert_int_eq(IFDHSetCapabilities(LUN, IFDH_TAG_ATR, 0, out),
	    IFDH_E_READ_ONLY);
	ck_assert_int_eq(IFDHSetCapabilities(LUN, 0xfb4, 0, out), IFDH_E_TAG);
	ck_assert_int_eq(IFDHCloseChannel(LUN), IFDH_SUCCESS);
}
END_TEST

/* What slotd is asked, and what it answers. */
static const struct fake_turn lock = { B("\x01\0\xc2\0\1\1"), 0,
	B("\x44\0\1\5"), FAKE_PLAIN };
static const struct fake_turn reset = { B("\x10\0"), 0,
	B("\x43\0\2\x3b\0"), FAKE_PLAIN };
static const struct fake_turn unlock = { B("\x02\0\x44\0\1\5"), 0, B(""),
	FAKE_PLAIN };

#define SERVE(...)							\
	const struct fake_turn turns[] = { __VA_ARGS__ };		\
	fake_start(0, turns, sizeof(turns) / sizeof(turns[0]));		\
	open_lun("slotd:");						\
	ck_assert_int_eq(IFDHICCPresence(LUN), IFDH_PRESENT)

static void
finish(void)
{
	ck_assert_int_eq(IFDHCloseChannel(LUN), IFDH_SUCCESS);
	fake_finish();
}

static ifdh_result
power(unsigned action)
{
	n = IFDH_ATR_MAX;
	return IFDHPowerICC(LUN, action, out, &n);
}

static ifdh_result
transmit(void)
{
	struct ifdh_pci send = { 1, sizeof(send) }, receive = { 9, 9 };
	uint8_t apdu[] = { 0, 0x84, 0, 0, 8 };
	ifdh_result rv;

	n = sizeof(out);
	rv = IFDHTransmitToICC(LUN, send, apdu, sizeof(apdu), out, &n,
	    &receive);
	ck_assert_uint_eq(receive.protocol, rv == IFDH_SUCCESS ? 1 : 9);
	return rv;
}

#define APDU	B("\x20\0\0\x84\0\0\x08")

START_TEST(a_card_is_powered_used_and_given_back)
{
	SERVE(lock, reset, { B("\x22\0\xc8\0\1\1"), 0, B(""), FAKE_PLAIN },
	    { APDU, 0, B("12345678\x90\0"), FAKE_PLAIN }, reset,
	    { APDU, 0, B("\x69\x82"), FAKE_PLAIN }, reset, unlock);
	ck_assert_int_eq(transmit(), IFDH_E_COMM);	/* not powered */
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_SUCCESS);
	ck_view_eq(((struct view){ out, n }), B("\x3b\0"));
	ck_assert_int_eq(IFDHSetProtocolParameters(LUN, IFDH_T1, 1, 0x11, 0,
	    0), IFDH_SUCCESS);
	ck_assert_int_eq(transmit(), IFDH_SUCCESS);
	ck_view_eq(((struct view){ out, n }), B("12345678\x90\0"));
	ck_assert_int_eq(power(IFDH_POWER_RESET), IFDH_SUCCESS);
	n = sizeof(out);
	ck_assert_int_eq(IFDHGetCapabilities(LUN, IFDH_TAG_ATR, &n, out),
	    IFDH_SUCCESS);
	ck_view_eq(((struct view){ out, n }), B("\x3b\0"));
	ck_assert_int_eq(transmit(), IFDH_SUCCESS);	/* and used: a reset */
	ck_assert_int_eq(power(IFDH_POWER_DOWN), IFDH_SUCCESS);
	ck_assert_int_eq(transmit(), IFDH_E_COMM);
	finish();
}
END_TEST

static const struct {
	int error;
	ifdh_result power, protocol, transmit;
} results[] = {
	{ OPENCT_E_NO_CARD, IFDH_ABSENT, IFDH_ABSENT, IFDH_ABSENT },
	{ OPENCT_E_GONE, IFDH_ABSENT, IFDH_ABSENT, IFDH_ABSENT },
	{ OPENCT_E_TIMEOUT, IFDH_E_TIMEOUT, IFDH_E_TIMEOUT, IFDH_E_TIMEOUT },
	{ OPENCT_E_COMM, IFDH_E_POWER, IFDH_E_PTS, IFDH_E_COMM },
	{ OPENCT_E_NO_ATR, IFDH_E_POWER, IFDH_E_PTS, IFDH_E_COMM },
	{ OPENCT_E_INCOMPATIBLE, IFDH_E_POWER, IFDH_E_PROTOCOL, IFDH_E_COMM },
	{ OPENCT_E_UNSUPPORTED, IFDH_E_UNSUPPORTED, IFDH_E_PROTOCOL,
	    IFDH_E_UNSUPPORTED },
	{ OPENCT_E_BUFFER, IFDH_E_BUFFER, IFDH_E_BUFFER, IFDH_E_BUFFER },
};

START_TEST(errors_of_power_are_passed_on)
{
	SERVE(lock, { B("\x10\0"), results[_i].error, B(""), FAKE_LEAVES });
	ck_assert_int_eq(power(IFDH_POWER_UP), results[_i].power);
	ck_assert_uint_eq(n, 0);
	finish();
}
END_TEST

START_TEST(errors_of_protocol_are_passed_on)
{
	SERVE(lock, reset, { B("\x22\0\xc8\0\1\0"), results[_i].error, B(""),
	    FAKE_LEAVES });
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_SUCCESS);
	ck_assert_int_eq(IFDHSetProtocolParameters(LUN, IFDH_T0, 0, 0, 0, 0),
	    results[_i].protocol);
	finish();
}
END_TEST

START_TEST(errors_of_transmit_are_passed_on)
{
	SERVE(lock, reset, { APDU, results[_i].error, B(""), FAKE_LEAVES });
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_SUCCESS);
	ck_assert_int_eq(transmit(), results[_i].transmit);
	ck_assert_uint_eq(n, 0);
	finish();
}
END_TEST

START_TEST(an_atr_longer_than_its_room_is_refused)
{
	SERVE(lock, { B("\x10\0"), 0, B("\x43\0\2\x3b\0"), FAKE_LEAVES });
	n = 1;
	ck_assert_int_eq(IFDHPowerICC(LUN, IFDH_POWER_UP, out, &n),
	    IFDH_E_BUFFER);
	ck_assert_uint_eq(n, 0);
	finish();
}
END_TEST

/* pcscd's loop: look, then wait. */
static ifdh_wait_fn
waiting(void)
{
	ifdh_wait_fn fn;

	n = sizeof(fn);
	ck_assert_int_eq(IFDHGetCapabilities(LUN, IFDH_TAG_WAIT, &n, out),
	    IFDH_SUCCESS);
	memcpy(&fn, out, sizeof(fn));
	return fn;
}

/* The card leaves for pcscd, which then sees the one that is in. */
static void
see_it_leave(void)
{
	ifdh_wait_fn await = waiting();

	ck_assert_int_eq(IFDHICCPresence(LUN), IFDH_ABSENT);
	ck_assert_int_eq(await(LUN, LONG_MS), IFDH_SUCCESS);
	ck_assert_int_eq(IFDHICCPresence(LUN), IFDH_ABSENT);
	ck_assert_int_eq(await(LUN, LONG_MS), IFDH_SUCCESS);
	ck_assert_int_eq(IFDHICCPresence(LUN), IFDH_PRESENT);
}

START_TEST(a_card_taken_away_by_slotd_leaves)
{
	SERVE(lock, reset, { APDU, OPENCT_E_NO_LOCK, B(""), FAKE_LEAVES });
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_SUCCESS);
	ck_assert_int_eq(transmit(), IFDH_E_COMM);
	ck_assert_int_eq(transmit(), IFDH_ABSENT);
	see_it_leave();
	finish();
}
END_TEST

START_TEST(a_card_whose_slotd_hung_up_leaves)
{
	SERVE(lock, reset, { APDU, 0, B(""), FAKE_CLOSE });
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_SUCCESS);
	ck_assert_int_eq(transmit(), IFDH_E_COMM);
	see_it_leave();
	finish();
}
END_TEST

/* The reader was away for a moment that nobody saw; slotd hung up. */
START_TEST(a_card_is_powered_again_after_slotd_hung_up_unseen)
{
	const struct fake_turn again[] = { lock, reset, unlock };

	SERVE(lock, reset, { B("\x02\0\x44\0\1\5"), 0, B(""), FAKE_LEAVES });
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_SUCCESS);
	ck_assert_int_eq(power(IFDH_POWER_DOWN), IFDH_SUCCESS);
	fake_finish();
	fake_start(0, again, sizeof(again) / sizeof(again[0]));
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_SUCCESS);
	finish();
}
END_TEST

/* A slotd that was stuck takes locks again, on another connection. */
START_TEST(a_card_is_powered_again_after_a_lock_failed)
{
	const struct fake_turn again[] = { lock, reset, unlock };

	SERVE({ B("\x01\0\xc2\0\1\1"), 0, B(""), FAKE_CLOSE });
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_E_POWER);
	fake_finish();
	fake_start(0, again, sizeof(again) / sizeof(again[0]));
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_SUCCESS);
	finish();
}
END_TEST

START_TEST(a_card_changed_between_two_looks_leaves)
{
	SERVE(lock, reset, unlock);
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_SUCCESS);
	records[0].card[0]++;
	fake_status(records, sizeof(records));
	ck_assert_int_eq(transmit(), IFDH_ABSENT);
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_ABSENT);
	see_it_leave();
	finish();
}
END_TEST

START_TEST(what_slotd_writes_ends_the_wait)
{
	ifdh_wait_fn await;

	records[0].card[0] = 0;
	fake_status(records, sizeof(records));
	open_lun("slotd:");
	await = waiting();
	ck_assert_int_eq(IFDHICCPresence(LUN), IFDH_ABSENT);
	ck_assert_int_eq(await(LUN, 0), IFDH_SUCCESS);
	if (fork() == 0) {
		records[0].card[0] = 8;
		fake_status(records, sizeof(records));
		_exit(0);
	}
	ck_assert_int_eq(await(LUN, LONG_MS), IFDH_SUCCESS);
	ck_assert_int_eq(IFDHICCPresence(LUN), IFDH_PRESENT);
	ck_assert_int_eq(IFDHCloseChannel(LUN), IFDH_SUCCESS);
}
END_TEST

START_TEST(pcscd_can_end_the_wait)
{
	ifdh_wait_fn await;
	ifdh_stop_fn stop;

	open_lun("slotd:");
	await = waiting();
	ck_assert_int_eq(IFDHICCPresence(LUN), IFDH_PRESENT);
	n = sizeof(stop);
	ck_assert_int_eq(IFDHGetCapabilities(LUN, IFDH_TAG_STOP_WAIT, &n, out),
	    IFDH_SUCCESS);
	memcpy(&stop, out, sizeof(stop));
	ck_assert_int_eq(stop(LUN), IFDH_SUCCESS);
	ck_assert_int_eq(await(LUN, LONG_MS), IFDH_SUCCESS);
	ck_assert_int_eq(IFDHCloseChannel(LUN), IFDH_SUCCESS);
	ck_assert_int_eq(stop(LUN), IFDH_E_NO_DEVICE);
	ck_assert_int_eq(await(LUN, LONG_MS), IFDH_E_NO_DEVICE);
}
END_TEST

START_TEST(nothing_is_there_without_slotd)
{
	fake_status(records, 0);
	open_lun("slotd:Test");
	ck_assert_int_eq(IFDHICCPresence(LUN), IFDH_ABSENT);
	ck_assert_int_eq(power(IFDH_POWER_UP), IFDH_ABSENT);
	ck_assert_int_eq(transmit(), IFDH_ABSENT);
	ck_assert_int_eq(power(IFDH_POWER_DOWN), IFDH_SUCCESS);
	ck_assert_int_eq(IFDHControl(LUN, 0x42000d48, NULL, 0, out, 9, &n),
	    IFDH_SUCCESS);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(IFDHControl(LUN, 0x42000001, NULL, 0, out, 9, &n),
	    IFDH_E_CONTROL);
	ck_assert_int_eq(IFDHSetProtocolParameters(LUN, 4, 0, 0, 0, 0),
	    IFDH_E_PROTOCOL);
	ck_assert_int_eq(power(503), IFDH_E_UNSUPPORTED);
	ck_assert_int_eq(IFDHCloseChannel(LUN), IFDH_SUCCESS);
}
END_TEST

#define ROWS(t)	(int)(sizeof(t) / sizeof((t)[0]))

int
main(void)
{
	Suite *s = suite_create("ifdh");
	TCase *tc = tcase_create("ifdh");

	tcase_add_checked_fixture(tc, setup, fake_cleanup);
	tcase_add_loop_test(tc, device_names, 0, ROWS(devices));
	tcase_add_test(tc, a_device_name_too_long_is_refused);
	tcase_add_loop_test(tc, readers_are_found_by_name, 0, ROWS(finds));
	tcase_add_test(tc, a_lun_that_is_not_open_is_no_device);
	tcase_add_loop_test(tc, capabilities_are_told, 0, ROWS(capabilities));
	tcase_add_test(tc, nothing_can_be_set);
	tcase_add_test(tc, a_card_is_powered_used_and_given_back);
	tcase_add_loop_test(tc, errors_of_power_are_passed_on, 0,
	    ROWS(results));
	tcase_add_loop_test(tc, errors_of_protocol_are_passed_on, 0,
	    ROWS(results));
	tcase_add_loop_test(tc, errors_of_transmit_are_passed_on, 0,
	    ROWS(results));
	tcase_add_test(tc, an_atr_longer_than_its_room_is_refused);
	tcase_add_test(tc, a_card_taken_away_by_slotd_leaves);
	tcase_add_test(tc, a_card_whose_slotd_hung_up_leaves);
	tcase_add_test(tc, a_card_is_powered_again_after_slotd_hung_up_unseen);
	tcase_add_test(tc, a_card_is_powered_again_after_a_lock_failed);
	tcase_add_test(tc, a_card_changed_between_two_looks_leaves);
	tcase_add_test(tc, what_slotd_writes_ends_the_wait);
	tcase_add_test(tc, pcscd_can_end_the_wait);
	tcase_add_test(tc, nothing_is_there_without_slotd);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
