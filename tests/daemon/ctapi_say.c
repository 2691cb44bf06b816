/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One CT-API program, told what to do by lines on standard input:
 *
 *	init PORT	what CT_init returns
 *	data DAD HEX	what CT_data returns, and the answer in hex
 *	close		what CT_close returns
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#define CTAPI_LONG_NAMES
#include "lib/ctapi.h"

enum { CTN = 7, ROOM = 300 };

static void
data(const char *words)
{
	uint8_t command[ROOM], answer[ROOM], dad, sad = CTAPI_HOST;
	uint16_t room = sizeof(answer);
	char text[2 * ROOM + 1], *hex;
	size_t n;
	int rc;

	dad = (uint8_t)strtoul(words, &hex, 10);
	if (hex_to_bytes(command, sizeof(command), &n, hex) != ERR_OK)
		exit(2);
	rc = CT_data(CTN, &dad, &sad, (uint16_t)n, command, &room, answer);
	hex_from_bytes(text, sizeof(text), (struct view){ answer,
	    rc == CTAPI_OK ? room : 0 }, 0);
	printf("%d %s\n", rc, text);
}

int
main(void)
{
	char line[2 * ROOM];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strncmp(line, "init ", 5) == 0)
			printf("%d\n", CT_init(CTN,
			    (uint16_t)strtoul(line + 5, NULL, 10)));
		else if (strncmp(line, "data ", 5) == 0)
			data(line + 5);
		else
			printf("%d\n", CT_close(CTN));
	}
	return EXIT_SUCCESS;
}
