/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_LIB_CTAPI_CLIENT_H
#define TESTS_LIB_CTAPI_CLIENT_H

/*
 * A program that uses libctapi, loaded the way such programs load it, and what
 * it expects. Run by a script that has these readers (ctapi_world.py): port 1
 * with a DDV-1 card, port 2 with a DDV-0 card, port 3 with eight slots, and,
 * with DDV-1 cards, port 4, which powers them by itself, port 5, which works block by
 * block, port 6, which must be asked whether there is a card, and port 7, whose
 * card is slow.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#define CTAPI_LONG_NAMES
#include "lib/ctapi.h"

enum { DDV1 = 1, DDV0, EIGHT, POWERING, BLOCKS, ASKED, SLOW };

/* libctapi's functions, between ct_load and ct_unload. */
struct library {
	void *handle;
	/* int, as some programs declare it: the sign must be there */
	int (*init)(uint16_t, uint16_t);
	int (*data)(uint16_t, uint8_t *, uint8_t *, uint16_t, uint8_t *,
	    uint16_t *, uint8_t *);
	int (*close)(uint16_t);
};
extern struct library ct;

/* path is remembered; a later load may have NULL for it. Ends the program when
   it cannot be loaded. */
void	ct_load(const char *path);
void	ct_unload(void);

/* What is wrong, on standard error; the scenario has failed then. */
void	complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool	has_complained(void);
void	want(int got, int wanted, const char *what);

/* Ends a scenario: a line "ok N - what" or "not ok N - what". */
void	done(const char *what);

/* Has the script do something ("do what") and waits until it is done. */
void	have(const char *what);

/* How much room the program has for an answer: 4096 bytes; 2, 10 or 300, as the
   library that Hibiscus comes with; exactly what it expects, as OpenSC. */
enum room { ROOM_4096, ROOM_2_10_300, ROOM_EXACT, ROOMS };

/* One command and its answer, in hexadecimal digits; ".." in an answer stands
   for any bytes. A talk ends with a command that is NULL. */
struct talk {
	uint8_t dad;
	const char *command, *answer;
};

void	expect(uint16_t ctn, uint8_t dad, const char *command,
	    const char *answer, enum room);
void	talk(uint16_t ctn, const struct talk *, enum room);

/* CT_data with room for so many bytes; its return code. Complains when
   something was changed that must not be. */
int	send_command(uint16_t ctn, uint8_t dad, const char *hex, uint16_t room);

/* The answer to the last command that returned 0. */
struct view	last_answer(void);

/* The card on ports with a DDV-1 card: its answer to reset, some commands. */
#define ATR1	"3bff1800ff8131fe4565631106400250001012345678900" "59d"
#define MF	"00a4000c023f00"
#define AID0	"00a4040c09d27600002548420100"
#define AID1	"00a4040c09d27600002548420200"
#define PIN	"00200081082512345fffffffff"
#define UPDATE	"00dc01e4020029"	/* needs the PIN */

#endif
