/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offers an emulated card to vpcd, the virtual reader of vsmartcard for pcscd,
 * so that programs written for PC/SC can judge the card:
 *
 *	vpcd_bridge CARD PORT [TALK]
 *
 * TALK gets what was said, as test_cardos.c plays it. Ends when vpcd does.
 */
#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "emulator/card.h"

/* A message is a length of two bytes, then so many; one byte is a command. */
enum { MESSAGE_MAX = 2 + 65535, OFF = 0, ON = 1, RESET = 2, GET_ATR = 4 };

static int
connect_local(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(port)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0)
		return fd;
	perror("vpcd_bridge: connect");
	return -1;
}

static bool
get(int fd, uint8_t *p, size_t n)
{
	int one = 1;

	/* vpcd sends length and message apart: do not delay the ACK */
	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
	while (n != 0) {
		ssize_t k = read(fd, p, n);

		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

static void
say(FILE *talk, char mark, struct view v)
{
	if (talk == NULL)
		return;
	fprintf(talk, "%c ", mark);
	for (size_t i = 0; i < v.n; i++)
		fprintf(talk, "%02x", v.p[i]);
	fputc('\n', talk);
	fflush(talk);
}

/* Writes the answer to one message; nothing: there is none. */
static void
answer(struct card *c, struct view msg, struct wr *w, FILE *talk)
{
	if (msg.n != 1) {
		say(talk, '>', msg);
		card_apdu(c, msg, w);
		say(talk, '<', wr_done(w));
		usleep(c->busy_ms * 1000);
		return;
	}
	switch (msg.p[0]) {
	case GET_ATR:
		wr_view(w, (struct view){ c->atr, c->atr_len });
		return;
	case OFF:
		return;
	case ON:
	case RESET:
		if (talk != NULL)
			fputs("reset\n", talk);
		card_reset(c);
	}
}

static void
serve(int fd, struct card *c, FILE *talk)
{
	static uint8_t in[MESSAGE_MAX], out[MESSAGE_MAX];

	for (;;) {
		struct wr w = { out + 2, sizeof(out) - 2, 0, false };
		size_t n;

		if (!get(fd, in, 2))
			return;
		n = (size_t)in[0] << 8 | in[1];
		if (!get(fd, in, n))
			return;
		answer(c, (struct view){ in, n }, &w, talk);
		if (w.n == 0)
			continue;
		out[0] = (uint8_t)(w.n >> 8);
		out[1] = (uint8_t)w.n;
		if (write(fd, out, 2 + w.n) != (ssize_t)(2 + w.n))
			return;
	}
}

int
main(int argc, char **argv)
{
	char why[2 * CARD_WHY_MAX];
	struct card *c;
	FILE *talk = NULL;
	int fd;

	if (argc < 3) {
		fputs("usage: vpcd_bridge CARD PORT [TALK]\n", stderr);
		return 2;
	}
	c = card_load(argv[1], why, sizeof(why));
	if (c == NULL) {
		fprintf(stderr, "vpcd_bridge: %s\n", why);
		return 1;
	}
	if (argc > 3 && (talk = fopen(argv[3], "ae")) == NULL) {
		perror(argv[3]);
		card_free(c);
		return 1;
	}
	fd = connect_local(argv[2]);
	if (fd >= 0) {
		serve(fd, c, talk);
		close(fd);
	}
	if (talk != NULL)
		fclose(talk);
	card_free(c);
	return fd < 0;
}
