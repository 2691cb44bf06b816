/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A program that uses libopenct: sends the APDU on standard input to reader 0
 * and prints the status word. It waits for a second line before it leaves, so
 * that its memory can be looked at.
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/openct/openct.h"

enum { APDU_MAX = 64 };

static size_t
read_apdu(unsigned char *apdu)
{
	size_t n = 0;
	unsigned byte;

	setvbuf(stdin, NULL, _IONBF, 0);
	while (n < APDU_MAX && scanf("%2x", &byte) == 1)
		apdu[n++] = (unsigned char)byte;
	return n;
}

int
main(void)
{
	unsigned char apdu[APDU_MAX], answer[258];
	ct_handle *h = ct_reader_connect(0);
	size_t apdu_n;
	int n;

	if (h == NULL)
		return 1;
	apdu_n = read_apdu(apdu);
	n = ct_card_transact(h, 0, apdu, apdu_n, answer, sizeof(answer));
	explicit_bzero(apdu, sizeof(apdu));
	if (n < 2)
		printf("error %d\n", n);
	else
		printf("%02x%02x\n", answer[n - 2], answer[n - 1]);
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	ct_reader_disconnect(h);
	return n < 2;
}
