/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Another card in the middle of a session with libctapi, at every point and
 * without waiting for anybody to notice. Run by ctapi_swaps.py.
 *
 *	ctapi_swaps LIBRARY
 */

#include "config.h"
#include "tests/lib/ctapi_client.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

/* A program that goes on, whatever it is told, while the card is exchanged. */
struct writer {
	pthread_t thread;
	_Atomic int done;		/* writes that were */
	_Atomic bool refused;		/* the card is another one */
	int wrong;			/* answered after that */
	char answer[16];		/* the last of those */
};

/* What may be answered for a card that is not the one that was requested. */
static bool
is_refusal(const char *sw)
{
	return strcmp(sw, "64a1") == 0 || strcmp(sw, "64a2") == 0 ||
	    strcmp(sw, "6f00") == 0;
}

static void *
write_on(void *arg)
{
	struct writer *w = arg;

	for (int after = 0; after < 200; after += w->refused) {
		uint8_t command[] = { 0, 0xdc, 1, 0xe4, 2, 0, 0x29 }, buf[16];
		uint8_t dad = 0, sad = 2;
		uint16_t n = sizeof(buf);
		char sw[16];

		if (ct.data(0, &dad, &sad, sizeof(command), command, &n,
		    buf) != 0)
			n = 0;
		hex_from_bytes(sw, sizeof(sw), (struct view){ buf, n }, 0);
		if (!w->refused && strcmp(sw, "9000") == 0) {
			w->done++;
			continue;
		}
		w->refused = true;
		w->wrong += !is_refusal(sw);
		if (!is_refusal(sw))
			memcpy(w->answer, sw, sizeof(sw));
	}
	return NULL;
}

/* The card is another one: nothing reaches it until it is requested. */
static void
expect_refusal(const char *command)
{
	char sw[16];
	int rc = send_command(0, 0, command, 300);

	want(rc, 0, command);
	hex_from_bytes(sw, sizeof(sw), last_answer(), 0);
	if (rc == 0 && !is_refusal(sw))
		complain("%s: %s", command, sw);
}

/* How a session goes on after a number of these, the card exchanged. */
static const struct talk steps[] = {
	{ 1, "20120101", ATR1 "9001" },
	{ 0, AID1, "9000" },
	{ 0, PIN, "9000" },
	{ 0, UPDATE, "9000" },
	{ 0, "0084000008", "..9000" },
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static void
swap_between(uint16_t pn, const char *swap)
{
	for (size_t after = 1; after <= STEPS; after++) {
		want(ct.init(0, pn), 0, "CT_init");
		for (size_t i = 0; i < after; i++)
			expect(0, steps[i].dad, steps[i].command,
			    steps[i].answer, ROOM_4096);
		have(swap);
		for (size_t i = 1; i < STEPS; i++)
			expect_refusal(steps[i].command);
		expect_refusal(PIN);
		expect(0, 1, "20120101013c00", ATR1 "9001", ROOM_4096);
		expect(0, 0, MF, "9000", ROOM_4096);
		want(ct.close(0), 0, "CT_close");
	}
}

static void
swap_during(uint16_t pn, const char *swap)
{
	for (int i = 0; i < 10; i++) {
		struct writer w = { .done = 0 };

		want(ct.init(0, pn), 0, "CT_init");
		for (size_t j = 0; j < 3; j++)
			expect(0, steps[j].dad, steps[j].command,
			    steps[j].answer, ROOM_4096);
		if (pthread_create(&w.thread, NULL, write_on, &w) != 0)
			exit(1);
		while (w.done < 10 * i && !w.refused)
			sched_yield();
		have(swap);
		pthread_join(w.thread, NULL);
		if (w.wrong != 0)
			complain("port %u: %d times, at last %s", pn, w.wrong,
			    w.answer);
		expect(0, 1, "20120101013c00", ATR1 "9001", ROOM_4096);
		expect(0, 0, MF, "9000", ROOM_4096);
		want(ct.close(0), 0, "CT_close");
	}
}

int
main(int argc, char **argv)
{
	static const struct {
		uint16_t pn;
		const char *swap;
	} rows[] = {
		{ DDV1, "swap 1-1" }, { POWERING, "swap 1-4" },
		{ BLOCKS, "swap 1-5" }, { ASKED, "swap 1-6" },
	};

	if (argc != 2)
		return 2;
	ct_load(argv[1]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		swap_between(rows[i].pn, rows[i].swap);
		done("a card exchanged between any two commands");
		swap_during(rows[i].pn, rows[i].swap);
		done("a card exchanged while a program is at work with it");
	}
	ct_unload();
	return 0;
}
