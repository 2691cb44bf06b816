/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One PC/SC program, for the benchmarks, with the system's libpcsclite, which
 * it loads, so that the same program meets slotd and pcscd:
 *
 *	bench_pcsc transactions COUNT HOLD_US GAP_US
 *	bench_pcsc apdus COUNT HEX
 *
 * It takes the first reader, says "ready" and waits for a line. A transaction
 * holds the card for HOLD_US, the next one is begun GAP_US after its end. Each
 * is printed at the end as "CALLED BEGUN ENDING ENDED RESETS" in nanoseconds of
 * the monotonic clock; RESETS: how often the card was another one on the way.
 * For `apdus' it prints the nanoseconds of each. SIGTERM ends the series after
 * the transaction or APDU under way. Then it waits for the end of its input.
 */
#include "config.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"

enum {
	SCOPE_SYSTEM = 2, SHARED = 2, T0_OR_T1 = 3, LEAVE = 0,
	RESET_CARD = 0x80100068 & 0xffff,
};

#define RV(rv)	((rv) & 0xffff)		/* 0x8010xxxx */

struct pci {
	unsigned long protocol, n;
};

/* The part of libpcsclite's interface that is used here. */
#define CALLS(X)							\
	X(SCardEstablishContext, unsigned long, const void *,		\
	    const void *, long *)					\
	X(SCardListReaders, long, const char *, char *, unsigned long *)\
	X(SCardConnect, long, const char *, unsigned long, unsigned long,\
	    long *, unsigned long *)					\
	X(SCardReconnect, long, unsigned long, unsigned long,		\
	    unsigned long, unsigned long *)				\
	X(SCardBeginTransaction, long)					\
	X(SCardEndTransaction, long, unsigned long)			\
	X(SCardTransmit, long, const struct pci *, const uint8_t *,	\
	    unsigned long, struct pci *, uint8_t *, unsigned long *)	\
	X(SCardDisconnect, long, unsigned long)				\
	X(SCardReleaseContext, long)

struct pcsc {
#define X(name, ...)	long (*name)(__VA_ARGS__);
	CALLS(X)
#undef X
	long context, card;
	struct pci pci;
};

struct transaction {
	uint64_t called, begun, ending, ended;
	unsigned resets;
};

static volatile sig_atomic_t over;

static void
on_term(int number)
{
	(void)number;
	over = 1;
}

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void
sleep_until(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / 1000000000u),
		(long)(ns % 1000000000u) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) != 0)
		;
}

static void
must(long rv, const char *what)
{
	if (rv == 0)
		return;
	fprintf(stderr, "bench_pcsc: %s: %#lx\n", what, (unsigned long)rv);
	exit(EXIT_FAILURE);
}

static bool
load(struct pcsc *p)
{
	void *lib = dlopen("libpcsclite.so.1", RTLD_NOW), *f;

#define X(name, ...)							\
	f = lib != NULL ? dlsym(lib, #name) : NULL;			\
	if (f == NULL)							\
		return false;						\
	memcpy(&p->name, &f, sizeof(f));
	CALLS(X)
#undef X
	return true;
}

static void
connect_card(struct pcsc *p)
{
	char readers[4096];
	unsigned long n = sizeof(readers);

	must(p->SCardEstablishContext(SCOPE_SYSTEM, NULL, NULL, &p->context),
	    "SCardEstablishContext");
	must(p->SCardListReaders(p->context, NULL, readers, &n),
	    "SCardListReaders");
	must(p->SCardConnect(p->context, readers, SHARED, T0_OR_T1, &p->card,
	    &p->pci.protocol), "SCardConnect");
	p->pci.n = sizeof(p->pci);
}

static void
transmit(struct pcsc *p, const uint8_t *apdu, size_t n)
{
	uint8_t answer[65548];
	unsigned long got = sizeof(answer);

	must(p->SCardTransmit(p->card, &p->pci, apdu, n, NULL, answer, &got),
	    "SCardTransmit");
}

/* Whoever had the card before may have left it reset. */
static void
begin(struct pcsc *p, struct transaction *t)
{
	long rv;

	while (RV(rv = p->SCardBeginTransaction(p->card)) == RESET_CARD) {
		must(p->SCardReconnect(p->card, SHARED, T0_OR_T1, LEAVE,
		    &p->pci.protocol), "SCardReconnect");
		t->resets++;
	}
	must(rv, "SCardBeginTransaction");
}

static void
start(void)
{
	puts("ready");
	fflush(stdout);
	if (getchar() == EOF)
		exit(EXIT_FAILURE);
}

static void
transactions(struct pcsc *p, size_t count, uint64_t hold_us, uint64_t gap_us)
{
	static const uint8_t challenge[] = { 0x00, 0x84, 0x00, 0x00, 0x08 };
	struct transaction *all = calloc(count, sizeof(*all)), *t;
	size_t n;

	if (all == NULL)
		exit(EXIT_FAILURE);
	for (n = 0; n < count && !over; n++) {
		t = &all[n];
		t->called = now_ns();
		begin(p, t);
		t->begun = now_ns();
		transmit(p, challenge, sizeof(challenge));
		sleep_until(t->begun + hold_us * 1000);
		t->ending = now_ns();
		must(p->SCardEndTransaction(p->card, LEAVE),
		    "SCardEndTransaction");
		t->ended = now_ns();
		sleep_until(t->ending + gap_us * 1000);
	}
	for (t = all; t < all + n; t++)
		printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u\n",
		    t->called, t->begun, t->ending, t->ended, t->resets);
	free(all);
}

static void
apdus(struct pcsc *p, size_t count, const uint8_t *apdu, size_t n)
{
	uint64_t *ns = calloc(count, sizeof(*ns)), from;
	size_t done;

	if (ns == NULL)
		exit(EXIT_FAILURE);
	for (done = 0; done < count && !over; done++) {
		from = now_ns();
		transmit(p, apdu, n);
		ns[done] = now_ns() - from;
	}
	for (size_t i = 0; i < done; i++)
		printf("%" PRIu64 "\n", ns[i]);
	free(ns);
}

int
main(int argc, char **argv)
{
	const struct sigaction sa = { .sa_handler = on_term };
	struct pcsc p = { .context = 0 };
	uint8_t apdu[1024];
	size_t n, count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	bool series = argc == 5 && strcmp(argv[1], "transactions") == 0;

	if (count == 0 || (!series && (argc != 4 ||
	    strcmp(argv[1], "apdus") != 0 ||
	    hex_to_bytes(apdu, sizeof(apdu), &n, argv[3]) != ERR_OK))) {
		fputs("usage: bench_pcsc transactions COUNT HOLD_US GAP_US\n"
		    "       bench_pcsc apdus COUNT HEX\n", stderr);
		return 2;
	}
	if (!load(&p)) {
		fputs("bench_pcsc: no libpcsclite\n", stderr);
		return EXIT_FAILURE;
	}
	sigaction(SIGTERM, &sa, NULL);
	connect_card(&p);
	start();
	if (series)
		transactions(&p, count, strtoul(argv[3], NULL, 10),
		    strtoul(argv[4], NULL, 10));
	else
		apdus(&p, count, apdu, n);
	fflush(stdout);
	while (getchar() != EOF)
		;
	must(p.SCardDisconnect(p.card, LEAVE), "SCardDisconnect");
	must(p.SCardReleaseContext(p.context), "SCardReleaseContext");
	return EXIT_SUCCESS;
}
