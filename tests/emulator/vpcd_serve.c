/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "tests/emulator/vpcd_serve.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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
	perror("connect to the virtual reader");
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
get(int fd, uint8_t *p, size_t n)
{
	int one = 1;

	/* pcscd's vpcd sends length and message apart: do not delay the ACK */
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
serve(int fd, vpcd_answer_fn answer, void *card)
{
	static uint8_t in[VPCD_FRAME_MAX], out[VPCD_FRAME_MAX];

	for (;;) {
		struct wr head = { .p = out, .cap = VPCD_HEADER };
		struct wr w = { .p = out + VPCD_HEADER,
			.cap = VPCD_MESSAGE_MAX };
		size_t n;

		if (!get(fd, in, VPCD_HEADER))
			return;
		n = (size_t)in[0] << 8 | in[1];
		if (!get(fd, in, n))
			return;
		answer(card, (struct view){ in, n }, &w);
		if (w.n == 0)
			continue;
		wr_be16(&head, (uint16_t)w.n);
		if (write(fd, out, VPCD_HEADER + w.n) !=
		    (ssize_t)(VPCD_HEADER + w.n))
			return;
	}
}

bool
vpcd_serve(const char *port, vpcd_answer_fn answer, void *card)
{
	int fd = connect_local(port);

	if (fd < 0)
		return false;
	serve(fd, answer, card);
	close(fd);
	return true;
}
