/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_apdu READER COUNT HEX...: sends the APDU COUNT times through libopenct
 * and prints one JSON object with the median, the 99th percentile and the
 * smallest time of a transaction in microseconds.
 */
#include "config.h"

#include <openct/logging.h>
#include <openct/openct.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hex.h"

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
measure(ct_handle *h, const uint8_t *apdu, size_t n, double *us, size_t count)
{
	uint8_t answer[65544];

	for (size_t i = 0; i < count; i++) {
		double start = now_us();
		int rc = ct_card_transact(h, 0, apdu, n, answer, sizeof(answer));

		us[i] = now_us() - start;
		if (rc < 2) {
			fprintf(stderr, "transact: %s\n", ct_strerror(rc));
			return 1;
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	uint8_t apdu[65544], atr[64];
	size_t n, count;
	double *us;
	ct_handle *h;

	if (argc != 4 || hex_to_bytes(apdu, sizeof(apdu), &n, argv[3]) != ERR_OK ||
	    (count = strtoul(argv[2], NULL, 10)) < 100) {
		fprintf(stderr, "usage: bench_apdu READER COUNT HEX\n");
		return 2;
	}
	h = ct_reader_connect((unsigned)strtoul(argv[1], NULL, 10));
	us = calloc(count, sizeof(*us));
	if (h == NULL || us == NULL ||
	    ct_card_request(h, 0, 0, NULL, atr, sizeof(atr)) <= 0) {
		fprintf(stderr, "no reader or no card\n");
		return 1;
	}
	if (measure(h, apdu, n, us, 100) != 0 ||	/* warm up */
	    measure(h, apdu, n, us, count) != 0)
		return 1;
	qsort(us, count, sizeof(*us), by_size);
	printf("{\"count\": %zu, \"min_us\": %.1f, \"median_us\": %.1f, "
	       "\"p99_us\": %.1f}\n",
	    count, us[0], us[count / 2], us[count * 99 / 100]);
	ct_reader_disconnect(h);
	free(us);
	return 0;
}
